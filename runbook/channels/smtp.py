"""E-mail: one message, recipients in the envelope only, batches on parallel connections, the last bytes held.

By a setting, a message to each instead: then the first of each connection are held, and the others follow them.

Nothing is delivered before the final dot (RFC 5321 4.1.1.4); closing before it, or being killed, delivers nothing.
"""

import unicodedata
from functools import cached_property
from typing import TYPE_CHECKING

from runbook.channels import wire
from runbook.channels.context import Context
from runbook.channels.smtp_settings import PLAIN_ADDRESS, Settings
from runbook.clock import Clock
from runbook.errors import CannotSay, CannotWithdraw
from runbook.model.exercise_mark import unmarked
from runbook.model.message import Draft, Form, Length, Payload
from runbook.model.outcome import Found, Health, Receipt, Result
from runbook.model.ports import Staging

if TYPE_CHECKING:
    from runbook.channels.smtp_live import SmtpLive


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
            if not PLAIN_ADDRESS.fullmatch(address):
                raise CannotSay(f'"{wire.plain(address)}" is not an e-mail address.', "Correct it in the list.")
        return Payload(draft=draft, length=Length(used=len(body)), summary=self._summary(draft))

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

    def _summary(self, draft: Draft) -> str:
        settings, count = self._settings, len(draft.addresses)
        addresses, batches = f"{count:,} address{'' if count == 1 else 'es'}", -(-count // settings.batch)
        if settings.one_each:
            return f"{addresses}, one by one"
        if batches > settings.connections:
            most = settings.connections * settings.batch
            raise CannotSay(
                f"There are {count:,} addresses, and {self._context.table} holds at most {most:,} at once.",
                "Raise `connections` there, if the mail server allows so many, or use a mailing list.",
            )
        return f"{addresses} in {batches} batches" if batches > 1 else addresses

    @cached_property
    def _live(self) -> "SmtpLive":
        from runbook.channels.smtp_live import SmtpLive  # noqa: PLC0415  # loads smtplib: not in a rehearsal

        return SmtpLive(self._settings, self._context, self._clock)


def _printable(name: str, text: str, *, allowed: str) -> None:
    for character in text:
        if unicodedata.category(character) in {"Cc", "Zl", "Zp"} and character not in allowed:
            what = "a line break" if character in "\r\n" else f"the control character U+{ord(character):04X}"
            raise CannotSay(f"The {name} of the e-mail has {what}.", "Take it out.")


def open_channel(settings: Settings, context: Context, clock: Clock) -> SmtpChannel:
    """Return the channel."""
    return SmtpChannel(settings, context, clock)
