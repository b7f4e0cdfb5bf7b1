"""An HTTP request that is held at its last byte, so that writing one byte is the commit.

    request = HeldRequest(ca_file=None, connect_timeout=3, clock=clock)
    request.open("https://…")     connected, TLS verified, nothing said
    request.stage(outgoing)       everything but the last byte
    write = request.arm()         the last byte, encrypted; whoever wants may write it, at the instant
    request.fired(written)        what became of that
    request.answer(timedelta(…))  the response

`release` does both, for whoever has no instant to keep.

The body must end in the brace that closes its JSON object. A server that takes a torn request for a whole one (some
gateways do) then still cannot read it, so that giving a request up certainly does nothing. Nor may the request do
anything without its body: Apache runs PHP for a torn one with none at all.

Servers give a held body up after a while: nginx by default after 60 s, gateways after 30 s, Apache after 20 s, and
Debian's Apache after 10 s (`reqtimeout.conf`).
"""

import contextlib
import http.client
import json
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from runbook.channels import wire
from runbook.channels.server_clock import Reading, date_of, reading
from runbook.clock import Clock
from runbook.instant import Write, Written, write_at_once

if TYPE_CHECKING:
    from runbook.channels.tls import Encrypted

HOLD_LIMIT = timedelta(seconds=8)
LONGEST_ANSWER = 1_000_000
REFUSALS = frozenset({400, 401, 402, 403, 404, 422, 429})
"""The statuses with which a service says that it did nothing. Any other failure leaves the outcome unknown."""
AGENT = "runbook"
_PATIENCE = re.compile(r"\btimeout=(\d{1,6})\b", re.IGNORECASE)
_OURS = frozenset({"host", "content-length", "connection", "accept-encoding", "transfer-encoding"})


@dataclass(frozen=True)
class Outgoing:
    """A POST request, complete."""

    address: str
    headers: Mapping[str, str]
    body: bytes

    def __post_init__(self) -> None:
        if not self.body.endswith(b"}"):
            raise ValueError("a held body must end in the brace that closes it")


@dataclass(frozen=True)
class Answered:
    """A response, its body clipped to a million bytes."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    took: float = 0.0
    """Seconds from the last byte to the head of the response; 0 if nobody told when that byte was written."""
    reading: Reading | None = None
    """What it says of the server's clock."""

    @property
    def date(self) -> datetime | None:
        """Return the server's own time of it, UTC, to the second; None if it gives none."""
        return date_of(self.headers)

    def object(self) -> dict[str, Any]:
        """Return the body as a JSON object; an empty one if it is none."""
        try:
            value = json.loads(self.body)
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}


class Unanswered(Exception):
    """No response, or none that can be read. What the service did is not known."""


class Unreleased(Exception):
    """The last byte was never written. Certainly nothing was done."""


class _Connection(http.client.HTTPConnection):
    """HTTP over a connection that is there already, and is never made again behind our back."""

    auto_open = 0

    def __init__(self, host: str, port: int, sock: "socket.socket | Encrypted", *, usual: int) -> None:
        super().__init__(host, port)
        self.default_port = usual
        # Of a socket, http.client uses `sendall`, `makefile` and `close`.
        self.sock: Any = sock


class HeldRequest:
    """One request on one connection of its own. Not for two threads at once, but any thread may release it.

    `ca_file` is the only authority trusted, else the system's are. No proxy is used and no redirect followed. `clock`
    times the answer; whoever writes what `arm` returned must stamp it with the same clock's monotonic time.
    """

    way = 0.0
    """Seconds of one way over the network: half of what connecting took. 0 before the first connection."""
    patience: float | None = None
    """For how many seconds the server keeps an idle connection, if it has said so (header `Keep-Alive`)."""

    def __init__(self, *, ca_file: Path | None, connect_timeout: float, clock: Clock) -> None:
        self._ca_file, self._timeout, self._clock = ca_file, connect_timeout, clock
        self._connection: _Connection | None = None
        self._last, self._rest = b"", b""
        self._armed: Write | None = None
        self._out_at = 0.0
        self._staged = self._written = self._lost = self._given_up = self._mute = self._told = False

    def open(self, address: str) -> None:
        """Connect to the server of an address, and say nothing. Raises OSError."""
        parts = urlsplit(address)
        host, secure = parts.hostname or "", parts.scheme == "https"
        self._staged = self._lost = self._told = False
        self._armed = None
        self._close()
        self._still_wanted()
        if not secure and not wire.is_loopback(host):
            raise OSError(f'"{address}" is not encrypted')
        usual = http.client.HTTPS_PORT if secure else http.client.HTTP_PORT
        port = parts.port or usual
        sock: socket.socket | Encrypted
        sock, round_trip = wire.connect(host, port, self._timeout)
        if secure:
            from runbook.channels.tls import encrypt  # noqa: PLC0415  # loads urllib3

            sock = encrypt(sock, host, self._ca_file)
        self.way = round_trip / 2
        self._connection = _Connection(host, port, sock, usual=usual)
        # Somebody who waited too long may have given it up while this thread was connecting.
        self._still_wanted()

    def ask(self, address: str) -> Reading | None:
        """Send a HEAD request without credentials on the connection that will carry the commit; read all its answer.

        Connects first where nothing is connected, and again where the server hangs up, so that on return there is a
        connection that waits. Returns what the answer says of the server's clock; None if there is none, or nothing
        in it. A server that lets this request wait for the time-out is not asked again. Raises OSError when no
        connection can be had.
        """
        if not self.idle:
            raise OSError("a request is on its way")
        if not self.alive():
            self.open(address)
        found = None if self._mute else self._head(urlsplit(address).path or "/")
        if not self.alive():
            self.open(address)
        return found

    def stage(self, outgoing: Outgoing) -> None:
        """Write everything but the last byte, and wait until the server's machine has it, at most the time-out.

        Raises OSError; then the server has no whole request. Connects (again) when there is no live connection. What
        was released is not staged again.
        """
        if self._written:
            raise OSError("it was released already")
        if self._staged or not self.alive():
            self.open(outgoing.address)
        connection = self._connection
        if connection is None:
            raise OSError("there is no connection")
        parts = urlsplit(outgoing.address)
        try:
            connection.putrequest("POST", f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}")
            for name, value in outgoing.headers.items():
                if name.lower() not in _OURS:
                    connection.putheader(name, value)
            connection.putheader("Content-Length", str(len(outgoing.body)))
            connection.endheaders(outgoing.body[:-1])
            self._wait_until_delivered(connection.sock)
        except (OSError, http.client.HTTPException, ValueError) as error:
            self._close()
            raise error if isinstance(error, OSError) else OSError(str(error)) from error
        self._last, self._staged = outgoing.body[-1:], True

    def held(self) -> bool:
        """Whether the server's machine has everything but the last byte, and has not hung up or answered early."""
        if self._staged and not self._written and not self._lost and not self.alive():
            # Whatever it said early is gone; the last byte must not follow it.
            self._lost = True
        return self._staged and not self._written and not self._lost and self._delivered()

    def arm(self) -> Write:
        """Return the write of the last byte. Nothing is sent, and it may still be discarded.

        Raises OSError when it is not held. Called again, it returns the same: TLS can encrypt it only once.
        """
        connection = self._connection
        if connection is None or not self.held():
            raise OSError("it is not held")
        if self._armed is None:
            self._armed = wire.last_write(connection.sock, self._last)
        return self._armed

    def fired(self, written: Written) -> None:
        """Take in what became of the write. From now on it is out, unless nothing at all was written."""
        if self._armed is None or self._told:
            return
        self._told, self._written, self._lost = True, written.count > 0, written.count <= 0
        self._rest, self._out_at = self._armed.data[written.count :], written.at

    def release(self) -> None:
        """Write the last byte. Never raises; whether it could be written, `answer` says."""
        if self._written or self._told:
            return
        try:
            write = self.arm()
        except (OSError, ValueError):
            self._lost = True
            return
        # Set before, so that an interrupt just after the write cannot make a request that is out look held.
        self._written, self._out_at = True, self._clock.monotonic()
        [written] = write_at_once([write], self._clock.monotonic)
        self._written = False
        self.fired(written)

    def answer(self, within: timedelta) -> Answered:
        """Wait for the response, at most so long, and close. Raises `Unreleased`, or `Unanswered` with a reason.

        Armed, and nobody has told what became of the write (an interrupt): it may be out, and only a response can tell.
        """
        if self.out_for() is None:
            self.discard()
            raise Unreleased
        if not self._written:
            self._written, self._out_at = True, self._clock.monotonic()
        connection = self._connection
        if connection is None or self._given_up:
            raise Unanswered("the connection was closed before an answer came")
        try:
            with wire.bounded(connection.sock, max(0.01, within.total_seconds())) as over:
                try:
                    if self._rest:
                        # The beginning of a record: the rest must follow as it is, past the encryption.
                        beneath = (
                            connection.sock if isinstance(connection.sock, socket.socket) else connection.sock.socket
                        )
                        beneath.sendall(self._rest)
                    return self._read(connection)
                except (OSError, ValueError, http.client.HTTPException) as error:
                    raise Unanswered("no answer came in time" if over.is_set() else _why(error)) from error
        except OSError as error:
            raise Unanswered(_why(error)) from error
        finally:
            self._close()

    def discard(self) -> None:
        """Close, for good: a request without its last byte is none. Without effect once released."""
        if self._written:
            return
        self._given_up, self._staged, self._lost = True, False, False
        connection = self._connection
        sock = connection.sock if connection is not None else None
        if sock is not None:
            wire.shut_down(sock)  # wakes a thread that still reads from it
            # The socket alone: http.client would forget it under the hands of that thread, which then finds None there.
            with contextlib.suppress(OSError):
                sock.close()

    def out_for(self) -> float | None:
        """Return for how many seconds the whole request has been out; None if it is not.

        Armed, and nobody has told: it may be out, for 0 seconds.
        """
        if self._written:
            return self._clock.monotonic() - self._out_at
        return 0.0 if self._untold else None

    @property
    def _untold(self) -> bool:
        """Whether somebody was given the last byte to write, and nobody has told what became of it."""
        return self._armed is not None and not (self._told or self._given_up)

    @property
    def idle(self) -> bool:
        """Whether nothing was staged yet, or given up: its connection may be used for something else."""
        return not (self._staged or self._written or self._given_up)

    def alive(self) -> bool:
        """Whether there is a connection on which the server has said nothing that was not asked for."""
        connection = self._connection
        sock = connection.sock if connection is not None else None
        return sock is not None and wire.quiet(sock)

    def _delivered(self) -> bool:
        connection = self._connection
        sock = connection.sock if connection is not None else None
        return sock is not None and wire.delivered(sock)

    def _wait_until_delivered(self, sock: "socket.socket | Encrypted") -> None:
        """Wait until the server's machine has all; raise OSError if it does not take it within the time-out.

        Ends at once, and the request is lost, where the server hangs up or answers early. A machine may keep its
        confirmation back: on Linux for 40 ms, at most for 500 (RFC 9293, 3.8.6.3).
        """
        until = self._clock.monotonic() + self._timeout
        while not wire.delivered(sock):
            if not wire.quiet(sock):
                self._lost = True
                return
            if self._clock.monotonic() > until:
                raise TimeoutError("the server does not take what is sent")
            self._clock.sleep(0.001)

    def _head(self, path: str) -> Reading | None:
        connection = self._connection
        sock = connection.sock if connection is not None else None
        if connection is None or sock is None:  # given up meanwhile
            return None
        with wire.bounded(sock, self._timeout) as over:
            try:
                begun, before = self._clock.monotonic(), self._clock.now()
                # Apache tells for how long it keeps the connection only if it is asked to keep it.
                connection.request("HEAD", path, headers={"User-Agent": AGENT, "Connection": "keep-alive"})
                response = connection.getresponse()
                read = self._clock.monotonic()
                response.read()
                response.close()
            except (OSError, ValueError, http.client.HTTPException):
                self._close()
                return None
            finally:
                self._mute = self._mute or over.is_set()
        if connection.sock is not None:
            with contextlib.suppress(OSError):  # given up meanwhile
                sock.settimeout(self._timeout)
        headers = _headers(response)
        said = _PATIENCE.search(headers.get("keep-alive", ""))
        self.patience = float(said[1]) if said else None
        return reading(headers, before, read - begun, read)

    def _read(self, connection: http.client.HTTPConnection) -> Answered:
        response = connection.getresponse()
        read, now = self._clock.monotonic(), self._clock.now()
        took = read - self._out_at if self._told else 0.0
        try:
            try:
                body = response.read(LONGEST_ANSWER)
            except (OSError, http.client.HTTPException):
                # The status alone says what was done; the rest would only have been its proof.
                body = b""
            headers = _headers(response)
            clock = reading(headers, now - timedelta(seconds=took), took, read) if self._told else None
            return Answered(response.status, headers, body, took, clock)
        finally:
            response.close()

    def _still_wanted(self) -> None:
        if self._given_up:
            self._close()
            raise ConnectionAbortedError("it was given up")

    def _close(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(OSError):
                self._connection.close()
            self._connection = None


def _headers(response: http.client.HTTPResponse) -> dict[str, str]:
    return {name.lower(): value for name, value in response.getheaders()}


def _why(error: Exception) -> str:
    if isinstance(error, ConnectionError):
        return "the connection was lost before an answer came"
    return f"the answer could not be read ({wire.plain(str(error)) or type(error).__name__})"
