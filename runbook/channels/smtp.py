"""E-mail: one message, recipients in the envelope only, batches on parallel connections, the final dots held.

Nothing is delivered before the final dot (RFC 5321 4.1.1.4); closing before it, or being killed, delivers nothing.
"""

import re
import unicodedata
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from runbook.channels import wire
from runbook.channels.context import Context
from runbook.clock import Clock
from runbook.errors import CannotSay, CannotWithdraw
from runbook.model.exercise_mark import unmarked
from runbook.model.message import Draft, Form, Length, Payload
from runbook.model.noun import Noun
from runbook.model.outcome import Found, Health, Receipt, Result
from runbook.model.ports import Staging
from runbook.workspace.secrets import Secret

if TYPE_CHECKING:
    from runbook.channels.smtp_live import SmtpLive

_ADDRESS = r"[^\s<>@,;:\"()\x00-\x1f\x7f]+@[^\s<>@,;:\"()\x00-\x1f\x7f]+"
_NAMED = rf"^(?:{_ADDRESS}|[^<>\x00-\x1f\x7f]*<{_ADDRESS}>)$"
_PLAIN = re.compile(_ADDRESS)
_PRINTABLE = r"^[^\x00-\x1f\x7f]+$"

Named = Annotated[str, StringConstraints(pattern=_NAMED, max_length=300)]
"""`press@example.org` or `Press office <press@example.org>`."""


class Settings(Noun):
    """`[channels.NAME]` with kind `smtp`."""

    kind: Literal["smtp"] = "smtp"
    host: Annotated[str, StringConstraints(pattern=r"^[^\s/@]+$", max_length=253)]
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    """`none` to this computer only."""
    user: str | None = None
    password: Secret | None = None
    sender: Annotated[Named, Field(alias="from")]
    reply_to: Named | None = None
    to_header: Annotated[str, StringConstraints(pattern=_PRINTABLE, max_length=300)] = "undisclosed-recipients:;"
    """What recipients read after `To:`; they are in the envelope only."""
    batch: Annotated[int, Field(ge=1, le=100)] = 100
    """Recipients a connection; every server must take 100 (RFC 5321 4.5.3.1.8)."""
    connections: Annotated[int, Field(ge=1, le=100)] = 10
    """At most so many at once. All batches are held at the same time, so this times `batch` is the most recipients."""
    timeout: Annotated[float, Field(gt=0, le=300)] = 20.0
    """Seconds for each command before the final dot."""
    answer_timeout: Annotated[float, Field(gt=0, le=3600)] = 600.0
    """Seconds after the final dot (RFC 5321 4.5.3.2.6); a shorter wait leaves it unknown more often."""
    ca_file: str | None = None
    """The only authority to trust, from the workspace's folder."""
    local_hostname: Annotated[str, StringConstraints(pattern=r"^[^\s]+$")] | None = None
    """How this computer introduces itself; by default the organisation's domain."""

    @model_validator(mode="after")
    def _safe(self) -> Self:
        if self.security == "none" and not wire.is_loopback(self.host):
            raise ValueError(f'security = "none" is for this computer only, and the host is "{self.host}"')
        if (self.user is None) != (self.password is None):
            raise ValueError("user and password go together; give both, or neither")
        return self


class SmtpChannel:
    """One relay, one sender."""

    kind = "smtp"

    def __init__(self, settings: Settings, context: Context, clock: Clock) -> None:
        self._settings, self._context, self._clock = settings, context, clock

    def build(self, draft: Draft) -> Payload:
        """Count the batches. Raises `CannotSay` for what is no e-mail, and for characters that a mail cannot carry."""
        if draft.form is not Form.EMAIL:
            raise CannotSay(f"E-mail cannot carry a message of the form {draft.form}.", "Use another channel.")
        real = unmarked(draft)
        subject, body = real.text("subject"), real.text("body")
        _printable("subject", subject, allowed="")
        _printable("text", body, allowed="\n\r\t")
        for name, text in (("subject", subject), ("text", body)):
            if not text.strip():
                raise CannotSay(f"The {name} of the e-mail is empty.", "Write it.")
        for address in draft.recipients:
            if not _PLAIN.fullmatch(address):
                raise CannotSay(f'"{wire.plain(address)}" is not an e-mail address.', "Correct it in the list.")
        count, batches = self._batches(draft)
        if batches > self._settings.connections:
            most = self._settings.connections * self._settings.batch
            raise CannotSay(
                f"There are {count:,} addresses, and {self._context.table} holds at most {most:,} at once.",
                "Raise `connections` there, if the mail server allows so many, or use a mailing list.",
            )
        summary = f"{count:,} address{'' if count == 1 else 'es'}" + (f" in {batches} batches" if batches > 1 else "")
        return Payload(draft=draft, length=Length(used=len(body)), summary=summary)

    def check(self) -> Health:
        """Connect, sign in, and ask whether the sender is accepted. No recipient is named; nothing is sent."""
        return self._live.check()

    def ready(self, payload: Payload, key: str) -> Staging:
        """Render the message, connect, and have every recipient accepted or refused. Raises `NotReady`."""
        return self._live.ready(payload, key)

    def find(self, payload: Payload, key: str) -> Found:
        """Return `CANNOT_TELL`: a relay cannot be asked what it has sent."""
        return self._live.find(payload, key)

    def withdraw(self, receipt: Receipt) -> Result:  # noqa: ARG002  # the protocol's
        """Raise `CannotWithdraw`: an e-mail is gone when it is gone."""
        raise CannotWithdraw("An e-mail cannot be taken back.", "Send its correction.")

    def _batches(self, draft: Draft) -> tuple[int, int]:
        count = len(recipients(draft))
        return count, -(-count // self._settings.batch)

    @cached_property
    def _live(self) -> "SmtpLive":
        from runbook.channels.smtp_live import SmtpLive  # noqa: PLC0415  # loads smtplib: not in a rehearsal

        return SmtpLive(self._settings, self._context, self._clock)


def recipients(draft: Draft) -> tuple[str, ...]:
    """Return each address once."""
    return tuple(dict.fromkeys(draft.recipients))


def _printable(name: str, text: str, *, allowed: str) -> None:
    for character in text:
        if unicodedata.category(character) in {"Cc", "Zl", "Zp"} and character not in allowed:
            what = "a line break" if character in "\r\n" else f"the control character U+{ord(character):04X}"
            raise CannotSay(f"The {name} of the e-mail has {what}.", "Take it out.")


def open_channel(settings: Settings, context: Context, clock: Clock) -> SmtpChannel:
    """Return the channel."""
    return SmtpChannel(settings, context, clock)
