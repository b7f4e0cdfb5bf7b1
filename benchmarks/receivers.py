"""A mail server and a web server that say when each message was committed: `python receivers.py [CERTIFICATE KEY]`.

One process, one thread, one loop, so that it is quick and nothing in it waits. Stamps are the kernel's receive time of
the read that brought the committing byte (`SO_TIMESTAMPNS`, read before anything is decrypted), else this process's
clock after the read; both are nanoseconds of CLOCK_REALTIME. What is promised of a stamp: the byte had arrived by then.

It prints one line of JSON with its ports, then answers each line of JSON on its standard input with one:

    {"do": "set", "delay": 0.05, "mail_needs": 0.35, "post_needs": 0.6, "chunking": true}   seconds
    {"do": "collect", "mark": "text that every message must have"}     → {"messages": […], "kernel": true, "open": 0}

`delay` holds every reply back, as a round trip does. `…_needs` is how long a message takes, after its committing byte,
until it counts and is acknowledged. It ends when its standard input does.
"""

import contextlib
import heapq
import itertools
import json
import os
import selectors
import socket
import ssl
import struct
import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from receiving import Condition, Mail, Message, Web

SO_TIMESTAMPNS = 35
"""Linux's number, which Python does not name; also the type of what comes with a read (socket(7))."""
_ANCILLARY = socket.CMSG_SPACE(16)
_READ = 256 * 1024
_LINGER = 2.0
"""Seconds that `collect` waits for the connections of a tool that has ended to close."""


class Speaks(Protocol):
    """A protocol: takes what was read, answers through its connection."""

    def feed(self, data: bytes, stamp: int) -> None:
        """Take what has arrived, decrypted. `stamp` is when, in nanoseconds."""


class Loop:
    """Sockets and timers, in one thread. Everything that happened since the last `collect` is in `messages`."""

    def __init__(self, tls: ssl.SSLContext | None) -> None:
        self.tls = tls
        self.condition = Condition()
        self.messages: list[Message] = []
        self.connections: set[Connection] = set()
        self.kernel = True
        """Whether every stamp so far is the kernel's."""
        self._selector = selectors.DefaultSelector()
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._over = False

    def at(self, due: float, act: Callable[[], None]) -> None:
        """Do something at a monotonic time."""
        heapq.heappush(self._timers, (due, next(self._order), act))

    def watch(self, file: Any, events: int, act: Callable[[int], None]) -> None:
        """Call `act` with the events whenever one of them is there. Without events: no longer."""
        known = file in self._selector.get_map()
        if not events:
            if known:
                self._selector.unregister(file)
        elif known:
            self._selector.modify(file, events, act)
        else:
            self._selector.register(file, events, act)

    def listen(self, speaks: "Callable[[Connection], Speaks]", *, encrypted: bool) -> int:
        """Accept connections on a loopback port, and return it. Raises OSError."""
        listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        # Set on the listener, so that a connection has it before its first byte arrives.
        with contextlib.suppress(OSError):
            listener.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        listener.setblocking(False)

        def accept(_: int) -> None:
            with contextlib.suppress(BlockingIOError):
                while True:
                    Connection(self, listener.accept()[0], speaks, encrypted=encrypted)

        self.watch(listener, selectors.EVENT_READ, accept)
        return int(listener.getsockname()[1])

    def stop(self) -> None:
        """Leave `run` after this round."""
        self._over = True

    def run(self) -> None:
        """Go round until `stop`."""
        while not self._over:
            wait = max(0.0, self._timers[0][0] - time.monotonic()) if self._timers else None
            for key, events in self._selector.select(wait):
                key.data(events)
            while self._timers and self._timers[0][0] <= time.monotonic():
                heapq.heappop(self._timers)[2]()


class Connection:
    """One connection: reads with the kernel's stamp, decrypts, and holds every reply back as the condition says."""

    def __init__(
        self, loop: Loop, sock: socket.socket, speaks: "Callable[[Connection], Speaks]", *, encrypted: bool
    ) -> None:
        self.loop, self._sock = loop, sock
        self._waiting: deque[tuple[float, bytes]] = deque()
        self._ready = bytearray()
        self._closing = self._gone = False
        self._tls: Encryption | None = None
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        loop.connections.add(self)
        loop.watch(sock, selectors.EVENT_READ, self._happened)
        if encrypted:
            self.encrypt()
        self._speaks = speaks(self)

    @property
    def encrypted(self) -> bool:
        """Whether TLS has begun."""
        return self._tls is not None

    @property
    def can_encrypt(self) -> bool:
        """Whether there is a certificate to offer TLS with."""
        return self.loop.tls is not None

    def encrypt(self) -> None:
        """Take everything that comes from now on as TLS."""
        if self.loop.tls is None:
            raise RuntimeError("TLS was begun, and there is no certificate.")
        self._tls = Encryption(self.loop.tls)

    def say(self, data: bytes) -> None:
        """Answer, after the delay."""
        self._hold(self._tls.encrypted(data) if self._tls else data)

    def leave(self) -> None:
        """Close, once everything has been said."""
        self._closing = True
        self._hold(b"")

    def commit(self, message: Message, acknowledge: Callable[[], None]) -> None:
        """Note a message whose last byte has come; acknowledge it when it counts."""
        self.loop.messages.append(message)
        needs = message.needs / 1e9
        if needs:
            self.loop.at(time.monotonic() + needs, acknowledge)
        else:
            acknowledge()

    def _hold(self, data: bytes) -> None:
        delay = self.loop.condition.delay
        if delay:
            self._waiting.append((time.monotonic() + delay, data))
            self.loop.at(self._waiting[-1][0], self._let_go)
        else:
            self._ready += data
            self._write()

    def _let_go(self) -> None:
        now = time.monotonic()
        while self._waiting and self._waiting[0][0] <= now:
            self._ready += self._waiting.popleft()[1]
        self._write()

    def _write(self) -> None:
        if self._gone:
            return
        try:
            while self._ready:
                del self._ready[: self._sock.send(self._ready)]
        except BlockingIOError:
            self.loop.watch(self._sock, selectors.EVENT_READ | selectors.EVENT_WRITE, self._happened)
            return
        except OSError:
            self._close()
            return
        self.loop.watch(self._sock, selectors.EVENT_READ, self._happened)
        if self._closing and not self._waiting:
            self._close()

    def _happened(self, events: int) -> None:
        if events & selectors.EVENT_WRITE:
            self._write()
        if events & selectors.EVENT_READ and not self._gone:
            self._read()

    def _read(self) -> None:
        try:
            data, ancillary, _, _ = self._sock.recvmsg(_READ, _ANCILLARY)
        except BlockingIOError:
            return
        except OSError:
            data, ancillary = b"", []
        if not data:
            self._close()
            return
        stamp = self._stamp(ancillary)
        try:
            for part in self._tls.decrypted(data) if self._tls else (data,):
                self._speaks.feed(part, stamp)
        except ssl.SSLError:
            self._close()
            return
        if self._tls and (handshake := self._tls.to_send()):
            self._hold(handshake)

    def _stamp(self, ancillary: list[tuple[int, int, bytes]]) -> int:
        for level, kind, data in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, SO_TIMESTAMPNS) and len(data) >= 16:
                seconds, nanoseconds = struct.unpack_from("@qq", data)
                return int(seconds * 1_000_000_000 + nanoseconds)
        self.loop.kernel = False
        return time.time_ns()

    def _close(self) -> None:
        if not self._gone:
            self._gone = True
            self.loop.watch(self._sock, 0, self._happened)
            self.loop.connections.discard(self)
            self._sock.close()


class Encryption:
    """TLS without a socket, so that the stamps come from plain reads."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._in, self._out, server_side=True)
        self._shaken = False
        self._to_say = b""
        """What was said before the handshake was over: a greeting."""

    def decrypted(self, data: bytes) -> list[bytes]:
        """Take what arrived and return what it says, maybe nothing yet. Raises SSLError."""
        self._in.write(data)
        found: list[bytes] = []
        try:
            if not self._shaken:
                self._tls.do_handshake()
                self._shaken = True
                if self._to_say:
                    self._tls.write(self._to_say)
            while part := self._tls.read(_READ):
                found.append(part)
        except (ssl.SSLWantReadError, ssl.SSLZeroReturnError):
            pass
        return [b"".join(found)] if found else []

    def encrypted(self, data: bytes) -> bytes:
        """Return what is to be sent to say this."""
        if not self._shaken:
            self._to_say += data
            return b""
        self._tls.write(data)
        return self.to_send()

    def to_send(self) -> bytes:
        """Return what TLS itself has to send."""
        return self._out.read()


@dataclass
class Control:
    """What the benchmark says on standard input."""

    loop: Loop
    _said: bytearray = field(default_factory=bytearray)

    def heard(self, _: int) -> None:
        """Read orders and follow them; stop at the end."""
        data = os.read(0, 65536)
        if not data:
            self.loop.stop()
        self._said += data
        while b"\n" in self._said:
            line, _, rest = self._said.partition(b"\n")
            self._said = bytearray(rest)
            order = json.loads(line)
            if order.pop("do") == "set":
                self.loop.condition = Condition(**order)
                _print({"set": asdict(self.loop.condition)})
            else:
                self._collect(order["mark"], time.monotonic() + _LINGER)

    def _collect(self, mark: str, until: float) -> None:
        if self.loop.connections and time.monotonic() < until:
            self.loop.at(time.monotonic() + 0.01, lambda: self._collect(mark, until))
            return
        messages, self.loop.messages = self.loop.messages, []
        told = [message.told(mark) for message in messages]
        _print({"messages": told, "kernel": self.loop.kernel, "open": len(self.loop.connections)})


def _print(told: dict[str, Any]) -> None:
    print(json.dumps(told), flush=True)


def main() -> None:
    """Listen, say where, and go round."""
    context = None
    if len(sys.argv) == 3:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[1], sys.argv[2])
    loop = Loop(context)
    ports = {"mail": loop.listen(Mail, encrypted=False), "web": loop.listen(Web, encrypted=False)}
    if context:
        ports |= {"mail_tls": loop.listen(Mail, encrypted=True), "web_tls": loop.listen(Web, encrypted=True)}
    loop.watch(0, selectors.EVENT_READ, Control(loop).heard)
    _print(ports)
    loop.run()


if __name__ == "__main__":
    main()
