"""A mail server over aiosmtpd: STARTTLS or TLS, signing in required, every message kept with its envelope.

with MailServer(authority()) as mail:
    mail.faults.refuse["gone@example.org"] = "550 5.1.1 no such user"
    ... mail.host, mail.port, mail.user, mail.password, mail.received ...
"""

# ruff: noqa: N802  # aiosmtpd finds its handlers by these names

import asyncio
import ssl
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, Literal, Self

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from support.certificates import Authority


@dataclass(frozen=True)
class Received:
    """One message that the server has taken."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes
    """As it came, dots un-stuffed."""
    at: float
    """Monotonic seconds, when the final dot was there."""

    @property
    def message(self) -> EmailMessage:
        parsed = message_from_bytes(self.raw, policy=default)
        assert isinstance(parsed, EmailMessage)
        return parsed


@dataclass
class Faults:
    """What goes wrong. All may be changed while the server runs."""

    refuse: dict[str, str] = field(default_factory=dict)
    """Recipient → the answer to its RCPT."""
    sender: str = ""
    """The answer to every MAIL."""
    data: str = ""
    """The answer to every DATA command, before any text."""
    bdat: str = ""
    """The answer to every BDAT command, though it is offered: `502 5.5.1 not here`."""
    most: int = 1000
    """So many connections at once are taken; each more is turned away, when it is greeted or at MAIL."""
    crowded: str = "421 4.7.0 Error: too many connections"
    """What those are told. Empty: the connection is closed without a word."""
    crowded_at: Literal["greeting", "MAIL"] = "greeting"
    after_dot: Literal["", "silent", "close", "keep-silent"] = ""
    """What happens once the final dot is there: `silent` and `close` take the message first, `keep-silent` does not."""
    answer: str = ""
    """The answer to the final dot, instead of taking the message: `451 4.3.0 try later`."""
    only: str = ""
    """If set, `after_dot` and `answer` hold only for the message with this recipient."""


class _Handler:
    def __init__(self, mail: "MailServer") -> None:
        self.mail = mail

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, name: str, responses: list[str]
    ) -> list[str]:
        session.host_name = name
        return [responses[0], *(f"250-{word}" for word in sorted(self.mail.offers)), *responses[1:]]

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.mail.faults.crowded_at == "MAIL" and not self.mail.takes(server):
            return self.mail.faults.crowded
        if self.mail.faults.sender:
            return self.mail.faults.sender
        envelope.mail_from, envelope.mail_options = address, options
        return "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.mail.named.append(address)
        if address in self.mail.faults.refuse:
            return self.mail.faults.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_NOOP(self, server: SMTP, session: Session, envelope: Envelope, arg: str) -> str:
        self.mail.noops += 1
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        at = time.monotonic()
        faults = self.mail.faults
        hit = not faults.only or faults.only in envelope.rcpt_tos
        if hit and faults.answer:
            return faults.answer
        content = envelope.original_content or b""
        if not (hit and faults.after_dot == "keep-silent"):
            self.mail.received.append(Received(envelope.mail_from or "", tuple(envelope.rcpt_tos), content, at))
        if hit and faults.after_dot == "close":
            server.transport.abort()
        elif hit and faults.after_dot:
            await self.mail.stopping.wait()
        return f"250 2.0.0 Ok: queued as Q{len(self.mail.received):06d}"


class _Server(SMTP):
    """Knows when its connections come and go, speaks BDAT (RFC 3030), and refuses text when told to."""

    mail: "MailServer"
    chunks = b""

    def connection_made(self, transport: Any) -> None:
        # After STARTTLS the same connection comes again, wrapped.
        self.mail.transports[transport.get_extra_info("peername")] = transport
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        with suppress(AttributeError):  # aiosmtpd forgets its transport when the other side leaves during STARTTLS
            super().connection_lost(error)
        self.mail.taken.discard(self)
        self.mail.transports = {who: t for who, t in self.mail.transports.items() if not t.is_closing()}

    async def _handle_client(self) -> None:
        if self.mail.faults.crowded_at == "MAIL" or self.mail.takes(self):
            await super()._handle_client()
            return
        assert self.transport is not None
        if self.mail.faults.crowded:
            await self.push(self.mail.faults.crowded)
        self.transport.close()

    def _set_post_data_state(self) -> None:
        super()._set_post_data_state()
        self.chunks = b""

    async def smtp_BDAT(self, arg: str | None) -> None:
        size, _, last = (arg or "").partition(" ")
        chunk = await self._reader.readexactly(int(size))
        assert self.envelope is not None
        if "CHUNKING" not in self.mail.offers or self.mail.faults.bdat or not self.envelope.rcpt_tos:
            self.mail.refused_chunks += 1
            await self.push(self.mail.faults.bdat or "503 5.5.1 bad sequence of commands")
            return
        if not self.chunks:
            self.mail.staged.append(tuple(self.envelope.rcpt_tos))
        self.chunks += chunk
        if last.upper() != "LAST":
            await self.push(f"250 2.0.0 Ok: {size} bytes")
            return
        self.envelope.content = self.envelope.original_content = self.chunks
        self.mail.chunked += 1
        answer = await self._call_handler_hook("DATA")
        self._set_post_data_state()
        await self.push(answer)

    async def smtp_DATA(self, arg: str | None) -> None:
        if self.mail.faults.data:
            await self.push(self.mail.faults.data)
            return
        self.mail.staged.append(tuple(self.envelope.rcpt_tos) if self.envelope else ())
        await super().smtp_DATA(arg)


class MailServer:
    """Listens on a loopback port for as long as its `with` block. `security` is `starttls`, `tls` or `none`."""

    user = "press"
    password = "let-me-through"

    def __init__(
        self,
        ca: Authority,
        *,
        security: Literal["starttls", "tls", "none"] = "starttls",
        offers: Iterable[str] = (),
    ) -> None:
        self.host, self.port = "127.0.0.1", 0
        self.security = security
        self.faults = Faults()
        self.offers = set(offers)
        """What it can do besides: `CHUNKING`, `PIPELINING`."""
        self.taken: set[SMTP] = set()
        """The connections that were not turned away."""
        self.received: list[Received] = []
        self.named: list[str] = []
        """Every recipient that was named, accepted or not."""
        self.staged: list[tuple[str, ...]] = []
        """The accepted recipients of each DATA command or first chunk, in order."""
        self.noops = self.chunked = self.refused_chunks = 0
        """How many NOOPs, messages that came whole in chunks, and chunks that were refused."""
        self.transports: dict[Any, Any] = {}
        self._context = ca.server_context() if security != "none" else None
        self._up = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="mail server")

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._up.wait(10)
        return self

    def __exit__(self, *reason: object) -> None:
        self._loop.call_soon_threadsafe(self.stopping.set)
        self._thread.join()

    @property
    def settings(self) -> dict[str, Any]:
        """The settings of a channel that sends through this server; the password is in the variable MAIL_PASSWORD."""
        return {
            "kind": "smtp",
            "host": self.host,
            "port": self.port,
            "security": self.security,
            "user": self.user,
            "password": "env:MAIL_PASSWORD",
            "from": "Press office <press@example.org>",
        }

    def takes(self, server: SMTP) -> bool:
        """Whether a connection is one of those that are not too many."""
        if server not in self.taken and len(self.taken) >= self.faults.most:
            return False
        self.taken.add(server)
        return True

    def drop_connections(self, most: int = 1000) -> None:
        """Hang up, on everybody or on so many, as a server does that has waited long enough."""
        done = threading.Event()

        def drop() -> None:
            for transport in list(self.transports.values())[:most]:
                transport.abort()
            done.set()

        self._loop.call_soon_threadsafe(drop)
        assert done.wait(5)

    def open_connections(self) -> int:
        """How many clients are connected now."""
        return sum(not transport.is_closing() for transport in self.transports.values())

    def _authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        right = isinstance(data, LoginPassword) and (data.login, data.password) == (
            self.user.encode(),
            self.password.encode(),
        )
        return AuthResult(success=right, handled=False)

    def _protocol(self) -> SMTP:
        server = _Server(
            _Handler(self),
            hostname="mail.example.org",
            ident="test",
            data_size_limit=50_000_000,
            tls_context=self._context if self.security == "starttls" else None,
            require_starttls=self.security == "starttls",
            auth_required=True,
            authenticator=self._authenticate,
            loop=self._loop,
        )
        # Set here: the constructor warns, and aiosmtpd does not know that a connection was TLS from the start.
        server._auth_require_tls = self.security == "starttls"
        server.mail = self
        return server

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.stopping = asyncio.Event()
        context: ssl.SSLContext | None = self._context if self.security == "tls" else None
        listener = await self._loop.create_server(self._protocol, self.host, 0, ssl=context, backlog=200)
        self.port = listener.sockets[0].getsockname()[1]
        self._up.set()
        await self.stopping.wait()
        listener.close()
        for transport in list(self.transports.values()):
            transport.abort()
        await listener.wait_closed()
        running = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
