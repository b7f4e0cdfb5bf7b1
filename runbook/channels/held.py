"""An HTTP request that is held at its last byte, so that writing one byte is the commit.

    request = HeldRequest(ca_file=None, connect_timeout=3)
    request.open("https://…")     connected, TLS verified, nothing said
    request.stage(outgoing)       everything but the last byte
    request.release()             the last byte
    request.answer(timedelta(…))  the response

The body must end in the brace that closes its JSON object. A server that takes a torn request for a whole one (some
gateways do) then still cannot read it, so that giving a request up certainly does nothing.

Servers give a held body up after a while: nginx by default after 60 s, gateways after 30 s, Apache after 20 s, and
Debian's Apache after 10 s (`reqtimeout.conf`).
"""

import contextlib
import http.client
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from runbook.channels import wire
from runbook.model.outcome import Outcome, Receipt, Result

HOLD_LIMIT = timedelta(seconds=8)
LONGEST_ANSWER = 1_000_000
REFUSALS = frozenset({400, 401, 402, 403, 404, 422, 429})
"""The statuses with which a service says that it did nothing. Any other failure leaves the outcome unknown."""
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


class HeldRequest:
    """One request on one connection of its own. Not for two threads at once, but any thread may release it.

    `ca_file` is the only authority trusted, else the system's are. No proxy is used and no redirect followed.
    """

    def __init__(self, *, ca_file: Path | None, connect_timeout: float) -> None:
        self._ca_file, self._timeout = ca_file, connect_timeout
        self._connection: http.client.HTTPConnection | None = None
        self._last = b""
        self._staged = self._written = self._lost = self._given_up = False

    def open(self, address: str) -> None:
        """Connect to the server of an address, and say nothing. Raises OSError."""
        parts = urlsplit(address)
        host = parts.hostname or ""
        self._staged = self._lost = False
        self._close()
        self._still_wanted()
        if parts.scheme == "https":
            context = wire.tls(self._ca_file)
            connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                host, parts.port, timeout=self._timeout, context=context
            )
        elif wire.is_loopback(host):
            connection = http.client.HTTPConnection(host, parts.port, timeout=self._timeout)
        else:
            raise OSError(f'"{address}" is not encrypted')
        try:
            connection.connect()
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        # Somebody who waited too long may have given it up while this thread was connecting.
        self._still_wanted()

    def stage(self, outgoing: Outgoing) -> None:
        """Write everything but the last byte. Raises OSError; then the server has no whole request.

        Connects (again) when there is no live connection. One request is staged only once after it was released.
        """
        if self._written:
            raise OSError("it was released already")
        if self._staged or not self._alive():
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
        except (OSError, http.client.HTTPException, ValueError) as error:
            self._close()
            raise error if isinstance(error, OSError) else OSError(str(error)) from error
        self._last, self._staged = outgoing.body[-1:], True

    def held(self) -> bool:
        """Whether everything but the last byte is out, and the server has not hung up or answered early."""
        if self._staged and not self._written and not self._lost and not self._alive():
            # Whatever it said early is gone; the last byte must not follow it.
            self._lost = True
        return self._staged and not self._written and not self._lost

    def release(self) -> None:
        """Write the last byte. Never raises; whether it could be written, `answer` says."""
        connection = self._connection
        if not self._staged or self._written or self._lost or connection is None:
            return
        # Set before, so that an interrupt just after the write cannot make a request that is out look held.
        self._written = True
        try:
            connection.sock.sendall(self._last)
        except (OSError, ValueError):
            self._written, self._lost = False, True

    def answer(self, within: timedelta) -> Answered:
        """Wait for the response, at most so long, and close. Raises `Unreleased`, or `Unanswered` with a reason."""
        connection = self._connection
        if not self._written or connection is None:
            self.discard()
            raise Unreleased
        try:
            with wire.bounded(connection.sock, max(0.01, within.total_seconds())) as over:
                try:
                    return _read(connection)
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
        self._close()

    def _still_wanted(self) -> None:
        if self._given_up:
            self._close()
            raise ConnectionAbortedError("it was given up")

    def _alive(self) -> bool:
        return self._connection is not None and self._connection.sock is not None and wire.quiet(self._connection.sock)

    def _close(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(OSError):
                self._connection.close()
            self._connection = None


def _read(connection: http.client.HTTPConnection) -> Answered:
    response = connection.getresponse()
    try:
        headers = {name.lower(): value for name, value in response.getheaders()}
        try:
            body = response.read(LONGEST_ANSWER)
        except (OSError, http.client.HTTPException):
            # The status alone says what was done; the rest would only have been its proof.
            body = b""
        return Answered(response.status, headers, body)
    finally:
        response.close()


def _why(error: Exception) -> str:
    if isinstance(error, ConnectionError):
        return "the connection was lost before an answer came"
    return f"the answer could not be read ({wire.plain(str(error)) or type(error).__name__})"


class HeldStaging:
    """A message that is one held request: how every HTTP channel stages.

    `make` returns the request at the moment of staging (signatures carry the time), `read` what an answer means. Both
    are called by the thread that calls `stage` and `result`.
    """

    def __init__(
        self,
        request: HeldRequest,
        make: Callable[[], Outgoing],
        read: Callable[[Answered], Result],
        *,
        service: str,
        summary: str,
        answer_timeout: timedelta,
        look_at: str = "",
    ) -> None:
        self.hold_limit = HOLD_LIMIT
        self.summary = summary
        self.refused: Mapping[str, str] = {}
        self._request, self._make, self._read = request, make, read
        self._service, self._look_at, self._longest = service, look_at, answer_timeout
        self._result: Result | None = None

    def stage(self) -> None:
        """Send everything but the last byte. Raises `NotReady`; then nothing was sent."""
        outgoing = self._make()
        try:
            self._request.stage(outgoing)
        except OSError as error:
            raise wire.not_ready(error, urlsplit(outgoing.address).hostname or "") from error

    def held(self) -> bool:
        """Whether the service still waits for the last byte."""
        return self._request.held()

    def release(self) -> None:
        """Write the last byte."""
        self._request.release()

    def result(self, deadline: timedelta) -> Result:
        """Return what became of it; the same again when asked again. Waits at most `deadline` and the channel's own."""
        if self._result is None:
            self._result = self._ask(min(deadline, self._longest))
        return self._result

    def discard(self) -> None:
        """Close; the service never saw a whole request."""
        self._request.discard()

    def _ask(self, within: timedelta) -> Result:
        try:
            return self._read(self._request.answer(within))
        except Unreleased:
            return Result(outcome=Outcome.NOT_SENT, detail="The connection was lost before the last byte was written.")
        except Unanswered as error:
            where = f" Look at {self._look_at}." if self._look_at else ""
            seconds = f"{within.total_seconds():g} s"
            detail = f"Everything was sent to {self._service}, but {error} (limit {seconds}).{where}"
            return Result(outcome=Outcome.UNKNOWN, detail=detail)


def failed(service: str, answered: Answered, words: str) -> Result:
    """Return what an answer means that is no success: refusals are not sent, everything else is unknown."""
    said = f"{answered.status} {words}".strip()
    receipt = Receipt(text=wire.plain(said, 500))
    if answered.status in REFUSALS:
        return Result(outcome=Outcome.NOT_SENT, detail=f"{service} refused it: {wire.plain(said)}.", receipt=receipt)
    return Result(
        outcome=Outcome.UNKNOWN,
        detail=f"{service} answered {wire.plain(said)}; that does not tell whether it was done.",
        receipt=receipt,
    )
