"""A web site over a folder, with faults that can be switched on for each path.

with WebSite(folder, authority()) as site:
    site.faults["/report.pdf"] = stale(b"last year's")
    ... site.url, site.requests ...
"""

import mimetypes
import urllib.parse
from dataclasses import dataclass, field
from pathlib import Path

from support.certificates import Authority
from support.serving import Handler, Serving

ERROR_PAGE = b"<!doctype html><title>Sorry</title><h1>Sorry, we're experiencing technical difficulties</h1>"


@dataclass(frozen=True)
class Fault:
    """What a path answers instead of its file."""

    status: int = 200
    body: bytes | None = None
    """None: the file's own bytes."""
    content_type: str = "text/html; charset=utf-8"
    stored: bool = False
    """Only where stored copies are not bypassed, that is, without a query string."""
    delay: float = 0.0
    """Seconds before the answer; the server stopping cuts it short."""
    dropped: bool = False
    """Close without an answer."""
    location: str = ""
    """Where to redirect to."""


def missing() -> Fault:
    """404."""
    return Fault(404, b"<h1>Page not found</h1>")


def status(code: int) -> Fault:
    """Any status, with an error page."""
    return Fault(code, ERROR_PAGE)


def error_page() -> Fault:
    """An error page that calls itself 200."""
    return Fault(200, ERROR_PAGE)


def other(body: bytes, content_type: str = "application/octet-stream") -> Fault:
    """Other bytes than the file's."""
    return Fault(200, body, content_type)


def stale(body: bytes | None = None, content_type: str = "application/octet-stream") -> Fault:
    """A stored copy: other bytes (or 404, if there are none) unless a query string bypasses it."""
    if body is None:
        return Fault(404, b"<h1>Page not found</h1>", stored=True)
    return Fault(200, body, content_type, stored=True)


def slow(seconds: float) -> Fault:
    """The right file, late."""
    return Fault(delay=seconds)


def dropped() -> Fault:
    """The connection closes without an answer."""
    return Fault(dropped=True)


def redirect(location: str) -> Fault:
    """302 to another address."""
    return Fault(302, b"", location=location)


@dataclass(frozen=True)
class Seen:
    """One request, as it came."""

    method: str
    path: str
    query: str
    headers: dict[str, str] = field(default_factory=dict)
    """Names in lower case."""


class _Handler(Handler):
    stand_in: "WebSite"

    def respond(self) -> None:
        path, _, query = self.path.partition("?")
        path = urllib.parse.unquote(path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.stand_in.requests.append(Seen(self.command, path, query, headers))
        fault = self.stand_in.faults.get(path)
        if fault is None or (fault.stored and query):
            self._file(path)
            return
        if fault.delay and self.server.closing.wait(fault.delay):
            self.close_connection = True
            return
        if fault.dropped:
            self.hang_up()
        elif fault.location:
            self.answer(fault.status, b"", headers={"Location": fault.location})
        elif fault.body is None:
            self._file(path)
        else:
            self.answer(fault.status, fault.body, fault.content_type)

    def _file(self, path: str) -> None:
        root = self.stand_in.folder.resolve()
        file = (root / path.lstrip("/")).resolve()
        if file.is_dir() and not path.endswith("/") and file.is_relative_to(root):
            self.answer(301, b"", headers={"Location": urllib.parse.quote(path) + "/"})
            return
        if file.is_dir():
            file /= "index.html"
        if not file.is_relative_to(root) or not file.is_file():
            self.answer(404, b"<h1>Page not found</h1>", "text/html; charset=utf-8")
            return
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        self.answer(200, file.read_bytes(), kind)


class WebSite(Serving):
    """Serves a folder over HTTPS (over HTTP without an authority)."""

    def __init__(self, folder: Path, ca: Authority | None = None) -> None:
        super().__init__(_Handler, ca)
        self.folder = folder
        self.faults: dict[str, Fault] = {}
        """By path, from `/`, without the query string."""
        self.requests: list[Seen] = []
