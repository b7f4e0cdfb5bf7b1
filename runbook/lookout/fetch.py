"""One address fetched as the public fetches it: not signed in, no cookies, stored copies bypassed or not.

Every wait is bounded, every body too, and what went wrong is said in words rather than raised.
"""

import hashlib
import queue
import re
import secrets
import socket
import ssl
import threading
import urllib.parse
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import httpx

from runbook.clock import Clock

Result = TypeVar("Result")

PAGE_LIMIT = 5 * 1024 * 1024
DOCUMENT_LIMIT = 200 * 1024 * 1024
"""The greatest sizes that are read, in bytes; more is not the page or the document."""

REDIRECTS = 5
AT_ONCE = 6

_HEADERS = {
    "User-Agent": "Mozilla/5.0 (compatible; release-runbook; looks whether a release is public)",
    "Accept": "text/html,application/xhtml+xml,*/*;q=0.8",
    "Accept-Language": "en-GB,en;q=0.8",
}
_BYPASS_HEADERS = {"Cache-Control": "no-cache", "Pragma": "no-cache"}
_BYPASS = "runbook"
_SIGNED = re.compile(r"(?:^|[&-])(?:signature|sig)=", re.IGNORECASE)
_OURS = frozenset({407, 429})
"""Answers that speak of us, not of what the public sees: our proxy wants a sign-in, we asked too often."""

_REDIRECTS = frozenset({301, 302, 303, 307, 308})

# From the nearest class to the widest: the first that fits says what happened.
_FAILURES: tuple[tuple[type[Exception], str, str], ...] = (
    (httpx.TimeoutException, "timed out", "timed out"),
    (httpx.ProxyError, "no answer", "the proxy of this network did not let us through"),
    (httpx.ConnectError, "no answer", "no connection"),
    (httpx.UnsupportedProtocol, "no answer", "not an address of the web"),
    (httpx.InvalidURL, "no answer", "not an address of the web"),
    (httpx.ProtocolError, "broken off", "the answer broke off"),
    (httpx.NetworkError, "broken off", "the connection broke off"),
    (httpx.DecodingError, "broken off", "the answer cannot be decoded"),
    (httpx.HTTPError, "no answer", "no answer"),
)


@dataclass(frozen=True)
class Fetched:
    """What came of one fetch. `code` is 0 and `failure` says why when there was no answer from the site."""

    address: str
    """As it was asked for, without what bypasses stored copies."""
    bypassed: bool
    status: str
    code: int = 0
    failure: str = ""
    final: str = ""
    """Where the redirects led, without what bypasses stored copies."""
    content_type: str = ""
    location: str = ""
    """Where a redirect that was not followed points to."""
    body: bytes = b""
    """Of a page; a document's bytes are counted and hashed, not kept."""
    size: int = 0
    sha256: str = ""
    whole: bool = True
    """Whether it ended within the limit."""

    @property
    def answered(self) -> bool:
        """Whether the site answered, so that what was seen is what the public sees."""
        return self.code != 0 and self.code not in _OURS


class _Stopped(Exception):
    """The fetch ended without a usable answer; says how, in words."""

    def __init__(self, status: str, words: str, code: int = 0) -> None:
        super().__init__(words)
        self.status, self.words, self.code = status, words, code


class Fetcher:
    """Fetches within a bound of so many seconds in all. Use it in a `with` block; any thread may fetch."""

    def __init__(self, clock: Clock, within: float, timeout: float, context: ssl.SSLContext) -> None:
        self._clock = clock
        self._end = clock.monotonic() + within
        self._timeout = timeout
        nobody = DefaultCookiePolicy(allowed_domains=[])
        self._client = httpx.Client(verify=context, headers=_HEADERS, cookies=CookieJar(nobody), follow_redirects=False)
        self._users = 0
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        self._come()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._go()

    @property
    def left(self) -> float:
        """Seconds that are left; 0 if none are."""
        return max(0.0, self._end - self._clock.monotonic())

    def page(self, address: str, *, bypass: bool, follow: bool = True) -> Fetched:
        """Fetch a page and keep its body, up to `PAGE_LIMIT` bytes. Never raises."""
        return self._fetch(address, bypass=bypass, follow=follow, limit=PAGE_LIMIT, keep=True)

    def document(self, address: str, *, bypass: bool) -> Fetched:
        """Fetch a document, count and hash it, up to `DOCUMENT_LIMIT` bytes. Never raises."""
        return self._fetch(address, bypass=bypass, follow=True, limit=DOCUMENT_LIMIT, keep=False)

    def gather(self, jobs: Sequence[Callable[[], Result]], otherwise: Callable[[int], Result]) -> list[Result]:
        """Do jobs side by side and return their results in order; `otherwise(place)` for those out of time."""
        results: list[Future[Result]] = [Future() for _ in jobs]
        waiting: queue.SimpleQueue[tuple[Future[Result], Callable[[], Result]]] = queue.SimpleQueue()
        for result, job in zip(results, jobs, strict=True):
            waiting.put((result, job))

        def work() -> None:
            with self._user():
                while self.left:
                    try:
                        result, job = waiting.get_nowait()
                    except queue.Empty:
                        return
                    try:
                        result.set_result(job())
                    except Exception as error:  # noqa: BLE001 - raised again below, in the thread that asked
                        result.set_exception(error)

        # Daemons: a server that dribbles its headers cannot keep the program from ending.
        threads = [threading.Thread(target=work, daemon=True, name="look") for _ in jobs[:AT_ONCE]]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(self.left)
        return [result.result() if result.done() else otherwise(place) for place, result in enumerate(results)]

    # Whoever leaves last closes the client: closing it under a thread that is out of time would make that one raise.
    @contextmanager
    def _user(self) -> Iterator[None]:
        self._come()
        try:
            yield
        finally:
            self._go()

    def _come(self) -> None:
        with self._lock:
            self._users += 1

    def _go(self) -> None:
        with self._lock:
            self._users -= 1
            if self._users == 0:
                self._client.close()

    def _fetch(self, address: str, *, bypass: bool, follow: bool, limit: int, keep: bool) -> Fetched:
        try:
            return self._follow(address, bypass=bypass, follow=follow, limit=limit, keep=keep)
        except _Stopped as stop:
            return Fetched(address, bypass, stop.status, stop.code, stop.words)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return Fetched(address, bypass, *_in_words(error))

    def _follow(self, address: str, *, bypass: bool, follow: bool, limit: int, keep: bool) -> Fetched:
        current = address
        for _ in range(REDIRECTS + 1):
            _refuse_sign_in(current)
            url = _bypassing(current) if bypass else current
            with self._client.stream(
                "GET", url, headers=_BYPASS_HEADERS if bypass else None, timeout=self._patience()
            ) as response:
                location = response.headers.get("location", "")
                if not (follow and response.status_code in _REDIRECTS and location):
                    asked = Fetched(address, bypass, "", final=current, location=location)
                    return self._read(response, asked, limit, keep)
                current = _next(current, location, response.status_code)
        raise _Stopped("redirects", f"more than {REDIRECTS} redirects", code=310)

    def _read(self, response: httpx.Response, asked: Fetched, limit: int, keep: bool) -> Fetched:
        size, digest, kept = 0, hashlib.sha256(), bytearray()
        for chunk in self._chunks(response):
            size += len(chunk)
            if size > limit:
                break
            digest.update(chunk)
            if keep:
                kept += chunk
        return replace(
            asked,
            status=str(response.status_code),
            code=response.status_code,
            content_type=response.headers.get("content-type", ""),
            body=bytes(kept),
            size=size,
            sha256=digest.hexdigest(),
            whole=size <= limit,
        )

    def _chunks(self, response: httpx.Response) -> Iterator[bytes]:
        for chunk in response.iter_bytes():
            yield chunk
            if not self.left:
                raise _Stopped("timed out", "timed out")

    def _patience(self) -> float:
        if not self.left:
            raise _Stopped("timed out", "timed out")
        return min(self._timeout, self.left)


def trust(ca_file: Path | None) -> ssl.SSLContext:
    """Return what certificates are checked with: the public authorities, and those in `ca_file` besides."""
    context = httpx.create_ssl_context()
    if ca_file is not None:
        context.load_verify_locations(ca_file)
    return context


def unanswered(address: str, *, bypass: bool) -> Fetched:
    """Return what is said of an address for which no time was left."""
    return Fetched(address, bypass, "timed out", failure="timed out")


def _bypassing(address: str) -> str:
    # A signed address of a file store must not be changed; a query string that is new to every cache does the same.
    parts = urllib.parse.urlsplit(address)
    if _SIGNED.search(parts.query):
        return address
    query = f"{parts.query}&" if parts.query else ""
    return urllib.parse.urlunsplit(parts._replace(query=f"{query}{_BYPASS}={secrets.token_hex(8)}"))


def _next(current: str, location: str, code: int) -> str:
    try:
        target = urllib.parse.urljoin(current, location)
        scheme = urllib.parse.urlsplit(target).scheme
    except ValueError as error:
        raise _Stopped(str(code), f"it redirects to what is not an address, {location!r}", code) from error
    if scheme not in ("http", "https"):
        raise _Stopped(str(code), f"it redirects to what is not a web page, {target}", code)
    if scheme == "http" and urllib.parse.urlsplit(current).scheme == "https":
        raise _Stopped(str(code), f"it redirects from https to http, {target}", code)
    return target


def _refuse_sign_in(address: str) -> None:
    try:
        signed_in = urllib.parse.urlsplit(address).username is not None
    except ValueError as error:
        raise _Stopped("no answer", "not an address of the web") from error
    if signed_in:
        raise _Stopped("no answer", "its address carries a sign-in, which the public does not have")


def _in_words(error: Exception) -> tuple[str, int, str]:
    """Return status, code and words for what httpx raised."""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return "certificate", 0, f"its certificate is not valid ({cause.verify_message})"
        if isinstance(cause, ssl.SSLError):
            return "no answer", 0, "no secure connection could be made"
        if isinstance(cause, socket.gaierror):
            return "no answer", 0, "its name is not known on this network"
        if isinstance(cause, ConnectionRefusedError):
            return "no answer", 0, "the connection was refused"
    for kind, status, words in _FAILURES:
        if isinstance(error, kind):
            return status, 0, words
    raise error


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
