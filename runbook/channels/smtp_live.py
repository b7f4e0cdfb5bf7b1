"""The half of e-mail that touches the network.

Imported on use: `smtplib` and the e-mail package take their time.
"""

from datetime import timedelta

from runbook.channels.context import Context
from runbook.channels.smtp_message import Text, address_of, message_id, render
from runbook.channels.smtp_relay import Relay
from runbook.channels.smtp_settings import Settings
from runbook.channels.smtp_staging import SmtpStaging
from runbook.clock import Clock
from runbook.errors import NotReady
from runbook.model.message import Payload
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
        draft, settings = payload.draft, self._settings
        identity = self._message_id(key)
        try:
            message = render(
                subject=draft.text("subject"),
                body=draft.text("body"),
                sender=settings.sender,
                to=settings.to_header,
                reply_to=settings.reply_to,
                identity=identity,
                at=self._clock.now(),
            )
        except ValueError as error:
            raise NotReady(f"The e-mail cannot be written: {error}.", "Change its subject or the sender.") from error
        staging = SmtpStaging(
            self._relay(),
            Text(message),
            draft.addresses,
            batch=settings.batch,
            summary=payload.summary,
            identity=identity,
            answer_timeout=timedelta(seconds=settings.answer_timeout),
        )
        staging.connect()
        return staging

    def find(self, payload: Payload, key: str) -> Found:  # noqa: ARG002  # the protocol's
        """Return that a relay cannot be asked what it has sent."""
        return Found(
            answer=Answer.CANNOT_TELL,
            detail="A mail server cannot be asked whether it has sent a message.",
            look_at=f"a colleague's inbox, or the log of {self._settings.host}, for Message-ID {self._message_id(key)}",
        )

    def _message_id(self, key: str) -> str:
        return message_id(key, self._context.domain)

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
