"""A mail server: connecting, encrypting, signing in; and what to say when it will not.

Imported on use: loads `smtplib`.
"""

import re
import smtplib
import socket
import ssl
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, cast

from runbook.channels import wire
from runbook.channels.smtp_message import Text
from runbook.errors import NotReady

if TYPE_CHECKING:
    from runbook.channels.tls import Encrypted

FAILURES = (smtplib.SMTPException, OSError, ValueError)
"""What smtplib raises: its own, the socket's, and ValueError for what cannot stand in a command."""
GONE = 421
"""The server's word for hanging up (RFC 5321 4.2.2)."""
ACCEPTED = frozenset({250, 251, 252})
_GREETING = 220
_SLICE = 65_536
"""Bytes that are written at once: encrypting makes a copy of as many."""
_LINE_BREAK = re.compile(r"[\r\n]")


class TurnedAway(NotReady):
    """A connection that the server did not want, or did not want any more; another one may do. `words` says why."""

    def __init__(self, why: NotReady, words: str) -> None:
        super().__init__(why.message, why.remedy, passing=why.passing)
        self.words = words


class Connection(smtplib.SMTP):
    """smtplib's protocol over a connection of ours, whose last bytes can be encrypted ahead of their moment."""

    def __init__(self, relay: "Relay") -> None:
        self._relay = relay
        self.round_trip = 0.0
        """Seconds to the server and back, by what connecting took."""
        super().__init__(local_hostname=relay.hello, timeout=relay.timeout)  # without a host: not connected yet

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        sock, self.round_trip = wire.connect(host, port, timeout)
        return self.wrap_socket(sock) if self._relay.security == "tls" else sock

    def wrap_socket(self, sock: socket.socket, server_hostname: str = "") -> socket.socket:  # noqa: ARG002  # smtplib's
        """Encrypt: the one thing that smtplib asks of an SSL context."""
        return cast("socket.socket", self._relay.encrypt(sock))

    def encrypt(self) -> None:
        """Say STARTTLS, and encrypt from there."""
        self.starttls(context=cast("ssl.SSLContext", self))

    def send_all(self, *pieces: bytes | memoryview) -> None:
        """Write all pieces, one after the other. Raises SMTPServerDisconnected."""
        for piece in pieces:
            view = memoryview(piece)
            for start in range(0, len(view), _SLICE):
                self.send(view[start : start + _SLICE])

    def chunks(self, text: Text) -> bool:
        """Whether a text goes in chunks (RFC 3030)."""
        return text.chunked and self.has_extn("chunking")

    @property
    def wired(self) -> "socket.socket | Encrypted":
        """The connection itself. Raises SMTPServerDisconnected once it is closed."""
        if self.sock is None:
            raise smtplib.SMTPServerDisconnected("the server hung up")
        return self.sock

    def said_nothing_more(self) -> bool:
        """Whether all that has come was read. Never waits. Raises OSError, SMTPServerDisconnected.

        What is left would be taken for the answer to the next command; and the socket does not show what smtplib has
        read ahead of it.
        """
        if self.file is None:
            return True
        before = self.wired.gettimeout()
        self.wired.settimeout(0)
        try:
            return not self.file.peek(1)
        finally:
            self.wired.settimeout(before)

    def refusals(self, recipients: Sequence[str]) -> dict[str, str]:
        """Name recipients of the message that MAIL has begun; return those that are refused, with the server's answer.

        In one go where the server lets commands be sent ahead (RFC 2920). Raises when it hangs up.
        """
        told = [r for r in recipients if r.isascii()]
        refused = dict.fromkeys((r for r in recipients if not r.isascii()), "this address needs a server with SMTPUTF8")
        for recipient, (code, words) in zip(told, self.replies([rcpt(r) for r in told]), strict=True):
            if code == GONE:
                raise smtplib.SMTPResponseException(code, words)
            if code not in ACCEPTED:
                refused[recipient] = said(code, words)
        return refused

    def replies(self, commands: Sequence[str]) -> Iterator[tuple[int, bytes]]:
        """Say commands, and yield the answer to each: in one go where they may be sent ahead (RFC 2920).

        One at a time else; then a command is said only when the answer to the one before has been taken.
        """
        ahead = self.has_extn("pipelining")
        for group in [commands] if ahead else [[command] for command in commands]:
            self.send("".join(group))
            for _ in group:
                yield self.getreply()


@dataclass(frozen=True)
class Relay:
    """A mail server, and who signs in to it."""

    host: str
    port: int
    security: str
    user: str | None
    password: str = field(repr=False)
    sender: str
    hello: str
    timeout: float
    ca_file: Path | None
    table: str

    def dial(self, smtp: Connection) -> None:
        """Connect, encrypt, sign in. Raises `NotReady`; closed, then. Each command waits at most the time-out."""
        try:
            code, words = smtp.connect(self.host, self.port)
            if code != _GREETING:
                raise smtplib.SMTPConnectError(code, words)
        except FAILURES as error:
            smtp.close()
            if isinstance(error, smtplib.SMTPServerDisconnected) and isinstance(error.__context__, TimeoutError):
                raise NotReady(
                    f'"{self.host}" took the connection and then said nothing.',
                    f'If its port speaks TLS from the start, set security = "tls" in {self.table}; else try again.',
                ) from error
            raise self.not_ready(error) from error
        try:
            if self.security == "starttls":
                smtp.encrypt()
            smtp.ehlo_or_helo_if_needed()
            if self.user is not None:
                smtp.login(self.user, self.password)
        except FAILURES as error:
            smtp.close()
            raise self.not_ready(error) from error

    def check(self) -> None:
        """Dial, name the sender, take it back, leave. Raises `NotReady`."""
        smtp = Connection(self)
        self.dial(smtp)
        try:
            self.name_sender(smtp, 0)
            smtp.rset()
            smtp.quit()
        except FAILURES as error:
            raise self.not_ready(error) from error
        finally:
            smtp.close()

    def encrypt(self, sock: socket.socket) -> "Encrypted":
        """Return the connection, encrypted and verified. Raises OSError; the socket is then closed."""
        from runbook.channels.tls import Encrypted  # noqa: PLC0415  # loads urllib3: only for a relay that encrypts

        try:
            return Encrypted(sock, self._trust, server_hostname=self.host)
        except BaseException:
            sock.close()
            raise

    def name_sender(self, smtp: Connection, size: int) -> None:
        """Say MAIL. Raises `NotReady` when the sender, or a message of that size, is refused."""
        options = [f"SIZE={size}"] if size and smtp.has_extn("size") else []
        code, words = smtp.mail(self.sender, options)
        if code == GONE:
            raise smtplib.SMTPResponseException(code, words)
        if code != 250:
            raise NotReady(
                f'{self.host} does not accept mail from "{self.sender}": {said(code, words)}.',
                f"Check `from` in {self.table}, and whether {self.user or 'this computer'} may send for it.",
            )

    def not_ready(self, error: Exception) -> NotReady:
        """Return what to say of a failure before the commit; `TurnedAway` where it was about this connection only."""
        if isinstance(error, smtplib.SMTPNotSupportedError):
            message = f"{self.host} does not offer what {self.table} asks for: {wire.plain(str(error))}"
            return NotReady(message, "Check `port`, `security` and `user`.")
        if isinstance(error, smtplib.SMTPResponseException):
            return self._answered(error, said(error.smtp_code, error.smtp_error))
        if isinstance(error, smtplib.SMTPException) and isinstance(error.__context__, OSError):
            return self.not_ready(error.__context__)
        why = wire.not_ready(error, self.host)
        if isinstance(error, smtplib.SMTPServerDisconnected):
            return TurnedAway(why, "it hung up")
        return TurnedAway(why, why.message.rstrip(".")) if isinstance(error, ConnectionError | TimeoutError) else why

    def _answered(self, error: smtplib.SMTPResponseException, words: str) -> NotReady:
        for_now = 400 <= error.smtp_code < 500
        if isinstance(error, smtplib.SMTPAuthenticationError) and not for_now:
            message = f'{self.host} does not accept the password of "{self.user}": {words}.'
            return NotReady(message, f"Check `user` and `password` in {self.table}.")
        remedy = "Try again."
        if error.smtp_code == GONE:
            remedy += f" If it allows fewer connections at once, raise `batch` in {self.table}."
        why = NotReady(f"{self.host} answered {words}.", remedy)
        return TurnedAway(why, words) if for_now or isinstance(error, smtplib.SMTPConnectError) else why

    @cached_property
    def _trust(self) -> ssl.SSLContext:
        """Whom to trust: read once, for all connections."""
        return wire.tls(self.ca_file)


def mail(sender: str, size: int | None) -> str:
    """Return the command that begins a message, with its size in bytes if the server wants to know."""
    return f"MAIL FROM:{smtplib.quoteaddr(sender)}{'' if size is None else f' SIZE={size}'}\r\n"


def rcpt(recipient: str) -> str:
    """Return the command that names a recipient. Raises ValueError for a line break in it."""
    if _LINE_BREAK.search(recipient):
        raise ValueError("an address with a line break")
    return f"RCPT TO:{smtplib.quoteaddr(recipient)}\r\n"


def said(code: int, words: bytes | str) -> str:
    """Return a server's answer on one line."""
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return wire.plain(f"{code} {text}")
