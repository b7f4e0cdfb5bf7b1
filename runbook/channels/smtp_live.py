"""The half of e-mail that touches the network.

Imported on use: `smtplib` and the e-mail package take their time.
"""

from collections.abc import Mapping
from datetime import timedelta

from runbook.channels.context import Context
from runbook.channels.smtp_each import EachStaging, lines
from runbook.channels.smtp_line import Line
from runbook.channels.smtp_message import Text, address_of, message_id, numbered_id, render
from runbook.channels.smtp_relay import Relay
from runbook.channels.smtp_settings import LARGEST_BATCH, Settings
from runbook.channels.smtp_staging import SmtpStaging
from runbook.clock import Clock
from runbook.errors import NotReady
from runbook.model.message import Draft, Payload
from runbook.model.outcome import Answer, Found, Health
from runbook.model.ports import Staging


class SmtpLive:
    """One relay, one sender."""

    def __init__(self, settings: Settings, context: Context, clock: Clock) -> None:
        self._settings, self._context, self._clock = settings, context, clock

    def check(self) -> Health:
        """Connect, sign in, and ask whether the sender is accepted. No recipient is named; nothing is sent."""
        try:
            self._relay().check()
        except NotReady as error:
            return Health(ok=False, detail=error.message, remedy=error.remedy)
        who = f" for {self._settings.user}" if self._settings.user else ""
        return Health(ok=True, detail=f"{self._settings.host} takes mail from {self._settings.sender}{who}.")

    def ready(self, payload: Payload, key: str) -> Staging:
        """Render the message, connect, and have every recipient accepted or refused. Raises `NotReady`."""
        staging = (self._to_each if self._settings.one_each else self._in_batches)(payload, key)
        staging.connect()
        return staging

    def _in_batches(self, payload: Payload, key: str) -> SmtpStaging:
        settings, relay, identity = self._settings, self._relay(), self._message_id(key)
        text = self._text(payload.draft, settings.to_header, identity)
        people = payload.draft.addresses
        shares = [people[start : start + settings.batch] for start in range(0, len(people), settings.batch)]
        larger = f", raise `batch` in {relay.table} (at most {LARGEST_BATCH})" if settings.batch < LARGEST_BATCH else ""
        return SmtpStaging(
            relay,
            [Line(relay, share, text) for share in shares],
            summary=payload.summary,
            identity=identity,
            answer_timeout=timedelta(seconds=settings.answer_timeout),
            fewer=f"Ask whoever runs the mail server to allow more{larger}, or use a mailing list.",
        )

    def _to_each(self, payload: Payload, key: str) -> SmtpStaging:
        settings, relay = self._settings, self._relay()
        text = self._text(payload.draft, "", "")
        identities = self._identities(payload.draft, key)
        shares = lines(relay, identities, text, batch=settings.batch, connections=settings.connections)
        return EachStaging(
            relay,
            shares,
            summary=payload.summary,
            identity=_span(identities),
            answer_timeout=timedelta(seconds=settings.answer_timeout),
            fewer=f"Ask whoever runs the mail server to allow more, or set a lower `connections` in {relay.table}.",
        )

    def _text(self, draft: Draft, to: str, identity: str) -> Text:
        settings = self._settings
        try:
            message = render(
                subject=draft.text("subject"),
                body=draft.text("body"),
                sender=settings.sender,
                to=to,
                reply_to=settings.reply_to,
                identity=identity,
                at=self._clock.now(),
            )
        except ValueError as error:
            raise NotReady(f"The e-mail cannot be written: {error}.", "Change its subject or the sender.") from error
        return Text(message)

    def find(self, payload: Payload, key: str) -> Found:
        """Return that a relay cannot be asked what it has sent."""
        named = _span(self._identities(payload.draft, key)) if self._settings.one_each else self._message_id(key)
        return Found(
            answer=Answer.CANNOT_TELL,
            detail="A mail server cannot be asked whether it has sent a message.",
            look_at=f"a colleague's inbox, or the log of {self._settings.host}, for Message-ID {named}",
        )

    def _message_id(self, key: str) -> str:
        return message_id(key, self._context.domain)

    def _identities(self, draft: Draft, key: str) -> dict[str, str]:
        """Return each recipient's own Message-ID, by the place on the list."""
        domain = self._context.domain
        return {address: numbered_id(key, domain, number) for number, address in enumerate(draft.addresses, 1)}

    def _relay(self) -> Relay:
        settings = self._settings
        return Relay(
            host=settings.host,
            port=settings.port,
            security=settings.security,
            user=settings.user,
            password=self._context.reveal(settings.password) if settings.password else "",
            sender=address_of(settings.sender),
            hello=settings.local_hostname or self._context.domain,
            timeout=settings.timeout,
            ca_file=self._context.authority(settings.ca_file),
            table=self._context.table,
        )


def _span(identities: Mapping[str, str]) -> str:
    """Return the Message-IDs from the first to the last."""
    named = list(identities.values())
    return f"{named[0]} to {named[-1]}" if len(named) > 1 else "".join(named)
