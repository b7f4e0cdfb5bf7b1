"""Published means seen from outside: a real HTTPS server, and every way in which a release can seem to be public."""

import http.server
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from runbook.clock import SystemClock
from runbook.lookout import fetch
from runbook.lookout.eye import PublicEye
from runbook.model.ports import Look, LookAt, Verdict
from support.certificates import Authority, authority
from support.release_site import FILES, PAGE, TITLE, look_at, path_of, publish
from support.web_site import (
    Fault,
    WebSite,
    dropped,
    error_page,
    missing,
    other,
    redirect,
    slow,
    stale,
    status,
)

LAST_YEAR = b"%PDF-1.7 last year's report"


@pytest.fixture(scope="module")
def eye() -> PublicEye:
    return PublicEye(timeout=5, ca_file=authority().ca_file)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[WebSite]:
    publish(tmp_path)
    with WebSite(tmp_path, authority()) as web:
        yield web


def found(look: Look, address: str, *, bypassed: bool) -> str:
    [words] = [s.found for s in look.sightings if s.address.endswith(address) and s.bypassed is bypassed]
    return words


def test_a_whole_release_is_public_and_every_sighting_says_so(eye: PublicEye, site: WebSite) -> None:
    look = eye.look(look_at(site.url))
    assert look.verdict is Verdict.PUBLIC
    assert look.detail == "The page and all 3 documents are public, also when stored copies are bypassed."
    assert len(look.sightings) == 8
    assert {(s.status, s.right) for s in look.sightings} == {("200", True)}
    assert {s.found for s in look.sightings} == {"the page, with the title", "the document, byte for byte"}
    assert look.addresses == {
        "page": f"{site.url}{PAGE}",
        "report": f"{site.url}{PAGE}Malpractice%20report%202017.pdf",
        "notes": f"{site.url}{PAGE}background-notes.pdf",
        "data": f"{site.url}{PAGE}data-tables.xlsx",
    }


def test_everything_is_fetched_as_it_comes_and_with_stored_copies_bypassed(eye: PublicEye, site: WebSite) -> None:
    eye.look(look_at(site.url))
    eye.look(look_at(site.url))
    for path in (PAGE, *(path_of(document) for document in FILES)):
        plain = [r for r in site.requests if r.path == path and not r.query]
        fresh = [r for r in site.requests if r.path == path and r.query.startswith("runbook=")]
        assert len(plain) == len(fresh) == 2
        assert len({r.query for r in fresh}) == 2, "a query string that was used before may be stored too"
        assert {r.headers.get("cache-control") for r in fresh} == {"no-cache"}
        assert {r.headers.get("cache-control") for r in plain} == {None}


def test_it_looks_as_the_public_does(eye: PublicEye, site: WebSite) -> None:
    eye.look(look_at(site.url))
    for request in site.requests:
        assert request.method == "GET"
        assert not {"cookie", "authorization", "if-none-match", "if-modified-since"} & set(request.headers)
        assert "release-runbook" in request.headers["user-agent"]


def test_nothing_there_is_not_public(eye: PublicEye, site: WebSite) -> None:
    look = eye.look(look_at(site.url, page="/elsewhere/"))
    assert look.verdict is Verdict.NOT_PUBLIC
    assert look.detail == "The page: not found, also when stored copies are bypassed."
    assert [(s.status, s.bypassed) for s in look.sightings] == [("404", False), ("404", True)]
    assert look.addresses == {}


def test_an_error_page_with_status_200_is_not_public(eye: PublicEye, site: WebSite) -> None:
    site.faults[PAGE] = error_page()
    look = eye.look(look_at(site.url))
    assert look.verdict is Verdict.NOT_PUBLIC
    assert look.detail == ("The page: an error page, though its status says 200, also when stored copies are bypassed.")
    assert {s.status for s in look.sightings} == {"200"}


def test_an_error_page_that_names_the_release_is_not_public(eye: PublicEye, site: WebSite) -> None:
    heading = TITLE.replace("&", "&amp;")
    page = (site.folder / "malpractice-2017" / "index.html").read_text().replace("<h1>", "<h1>Page not found: ")
    assert heading in page
    site.faults[PAGE] = other(page.encode(), "text/html")
    assert eye.look(look_at(site.url)).verdict is Verdict.NOT_PUBLIC


def test_a_page_without_the_title_is_not_public_though_its_documents_are_right(eye: PublicEye, site: WebSite) -> None:
    page = (site.folder / "malpractice-2017" / "index.html").read_text().replace("2017 exam", "2016 exam")
    site.faults[PAGE] = other(page.encode(), "text/html")
    look = eye.look(look_at(site.url))
    assert look.verdict is Verdict.NOT_PUBLIC
    assert look.detail == (
        "The page: a page without the title, also when stored copies are bypassed; 3 of 3 documents are right."
    )


def test_last_years_file_at_this_years_address_is_not_public(eye: PublicEye, site: WebSite) -> None:
    site.faults[path_of("report")] = other(LAST_YEAR, "application/pdf")
    look = eye.look(look_at(site.url))
    assert look.verdict is Verdict.NOT_PUBLIC
    assert look.detail == "2 of 3 documents are right; Report: another file of 27 bytes."


def test_a_file_of_the_same_size_that_differs_in_one_byte_is_not_public(eye: PublicEye, site: WebSite) -> None:
    content = bytearray(FILES["data"][3])
    content[-1] ^= 1
    site.faults[path_of("data")] = other(bytes(content))
    look = eye.look(look_at(site.url))
    assert look.verdict is Verdict.NOT_PUBLIC
    assert look.detail == "2 of 3 documents are right; Data tables: another file of the same size."


def test_a_large_other_file_is_named_by_its_size(eye: PublicEye, site: WebSite) -> None:
    site.faults[path_of("data")] = other(b"x" * 1204)
    assert "Data tables: another file of 1,204 bytes" in eye.look(look_at(site.url)).detail


def test_one_document_missing_is_not_public(eye: PublicEye, site: WebSite) -> None:
    site.faults[path_of("data")] = missing()
    look = eye.look(look_at(site.url))
    assert look.verdict is Verdict.NOT_PUBLIC
    assert look.detail == "2 of 3 documents are right; Data tables: not found."


def test_one_document_that_the_page_does_not_link_to_is_not_public(eye: PublicEye, site: WebSite) -> None:
    page = (site.folder / "malpractice-2017" / "index.html").read_text().replace("data-tables.xlsx", "Data-Tables.xlsx")
    site.faults[PAGE] = other(page.encode(), "text/html")
    look = eye.look(look_at(site.url))
    assert look.verdict is Verdict.NOT_PUBLIC
    assert look.detail == "2 of 3 documents are right; Data tables: no link to it on the page."
    assert look.sightings[-1].found == "no link to data-tables.xlsx"
    assert "data" not in (look.addresses or {})


def test_a_web_page_in_place_of_a_document_is_not_public(eye: PublicEye, site: WebSite) -> None:
    site.faults[path_of("notes")] = error_page()
    look = eye.look(look_at(site.url))
    assert look.verdict is Verdict.NOT_PUBLIC
    assert "Background notes: a web page instead of the document" in look.detail


def test_an_empty_document_is_not_public(eye: PublicEye, site: WebSite) -> None:
    site.faults[path_of("notes")] = other(b"", "application/pdf")
    assert "Background notes: an empty file" in eye.look(look_at(site.url)).detail


def test_a_document_that_is_right_only_past_the_caches_is_not_public(eye: PublicEye, site: WebSite) -> None:
    site.faults[path_of("report")] = stale(LAST_YEAR, "application/pdf")
    look = eye.look(look_at(site.url))
    assert look.verdict is Verdict.NOT_PUBLIC
    assert look.detail == ("2 of 3 documents are right; Report: stored copies are old (another file of 27 bytes).")
    assert found(look, "report%202017.pdf", bypassed=True) == "the document, byte for byte"


def test_a_page_that_is_right_only_past_the_caches_is_not_public(eye: PublicEye, site: WebSite) -> None:
    site.faults[PAGE] = stale()
    look = eye.look(look_at(site.url))
    assert look.verdict is Verdict.NOT_PUBLIC
    assert look.detail == "The page: stored copies are old (not found); 3 of 3 documents are right."


def test_a_page_that_is_right_only_in_stored_copies_is_not_public(
    eye: PublicEye, site: WebSite, tmp_path: Path
) -> None:
    page = (site.folder / "malpractice-2017" / "index.html").read_bytes()
    (site.folder / "malpractice-2017" / "index.html").unlink()
    site.faults[PAGE] = stale(page, "text/html")
    look = eye.look(look_at(site.url))
    assert look.verdict is Verdict.NOT_PUBLIC
    assert look.detail == "The page: right in stored copies only (not found); 3 of 3 documents are right."


def test_documents_at_known_addresses_are_looked_at_there(eye: PublicEye, site: WebSite) -> None:
    folder = site.folder / "store"
    folder.mkdir()
    (folder / "4711").write_bytes(FILES["data"][3])
    site.faults[path_of("data")] = missing()
    look = eye.look(look_at(site.url, {"data": f"{site.url}/store/4711?download=1"}))
    assert look.verdict is Verdict.PUBLIC
    assert (look.addresses or {})["data"] == f"{site.url}/store/4711?download=1"
    queries = {r.query.partition("&runbook=")[0] for r in site.requests if r.path == "/store/4711"}
    assert queries == {"download=1"}


def test_this_years_file_is_found_beside_last_years_of_the_same_name(eye: PublicEye, site: WebSite) -> None:
    (site.folder / "malpractice-2016").mkdir()
    (site.folder / "malpractice-2016" / "data-tables.xlsx").write_bytes(LAST_YEAR)
    page = (site.folder / "malpractice-2017" / "index.html").read_text()
    page = page.replace("<ul>", '<p><a href="/malpractice-2016/data-tables.xlsx">Last year</a></p><ul>')
    site.faults[PAGE] = other(page.encode(), "text/html")
    look = eye.look(look_at(site.url))
    assert look.verdict is Verdict.PUBLIC
    assert (look.addresses or {})["data"] == f"{site.url}{PAGE}data-tables.xlsx"


def test_redirects_are_followed_to_a_page_and_its_documents(eye: PublicEye, site: WebSite) -> None:
    site.faults["/short"] = redirect("/longer")
    site.faults["/longer"] = redirect(f"{site.url}{PAGE}")
    look = eye.look(look_at(site.url, page="/short"))
    assert look.verdict is Verdict.PUBLIC
    assert (look.addresses or {})["page"] == f"{site.url}/short"
    assert [bool(r.query) for r in site.requests if r.path == PAGE].count(True) == 1


def test_redirects_without_end_are_not_public(eye: PublicEye, site: WebSite) -> None:
    site.faults[PAGE] = redirect(PAGE)
    look = eye.look(look_at(site.url))
    assert look.verdict is Verdict.NOT_PUBLIC
    assert "more than 5 redirects" in look.detail
    assert len(site.requests) == 12


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("http://127.0.0.1:1/", "it redirects from https to http"),
        ("ftp://127.0.0.1/", "it redirects to what is not a web page"),
        ("file:///etc/passwd", "it redirects to what is not a web page"),
        ("https://[broken/", "it redirects to what is not an address"),
    ],
)
def test_a_redirect_away_from_the_secure_web_is_refused(eye: PublicEye, site: WebSite, target: str, words: str) -> None:
    site.faults[PAGE] = redirect(target)
    look = eye.look(look_at(site.url))
    assert look.verdict is Verdict.NOT_PUBLIC
    assert words in look.detail


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (status(500), "an error of the site, 500"),
        (status(403), "refused"),
        (status(410), "gone"),
        (status(418), "no page, status 418"),
        (other(b"%PDF-1.7", "application/pdf"), "not a web page but application/pdf"),
        (other(b"<h1>x</h1>", ""), "not a web page"),
        (other(b"x" * (fetch.PAGE_LIMIT + 1), "text/html"), "a page of more than 5 MB"),
    ],
)
def test_whatever_else_the_page_is_is_said(eye: PublicEye, site: WebSite, fault: Fault, words: str) -> None:
    site.faults[PAGE] = fault
    look = eye.look(look_at(site.url))
    assert look.verdict is Verdict.NOT_PUBLIC
    assert look.detail == f"The page: {words}, also when stored copies are bypassed."


@pytest.mark.parametrize("code", [407, 429])
def test_an_answer_that_speaks_of_us_tells_nothing_of_the_release(eye: PublicEye, site: WebSite, code: int) -> None:
    site.faults[PAGE] = status(code)
    assert eye.look(look_at(site.url)).verdict is Verdict.CANNOT_TELL


def test_a_page_in_an_older_encoding_is_read(eye: PublicEye, site: WebSite) -> None:
    title = "Café licences \u2013 2017"
    at = look_at(site.url)
    at = LookAt(at.location, at.page, {}, (), title, at.expect)
    markup = f'<meta charset="windows-1252"><h1>{title}</h1>'
    for content_type in ("text/html", "text/html; charset=windows-1252", "text/html; charset=no-such-thing"):
        site.faults[PAGE] = other(markup.encode("windows-1252"), content_type)
        look = eye.look(at)
        assert (look.verdict is Verdict.PUBLIC) is ("no-such" not in content_type)
    site.faults[PAGE] = other(markup.encode("windows-1252"), "text/html")
    assert eye.look(at).detail == "The page is public, also when stored copies are bypassed."


def test_without_an_address_nothing_can_be_told(eye: PublicEye) -> None:
    look = eye.look(look_at("", page=""))
    assert look == Look(Verdict.CANNOT_TELL, "No address is known yet.")


def test_a_server_that_hangs_up_tells_nothing(eye: PublicEye, site: WebSite) -> None:
    site.faults[PAGE] = dropped()
    look = eye.look(look_at(site.url))
    assert look.verdict is Verdict.CANNOT_TELL
    assert look.detail == f"Nobody answered at {site.url}{PAGE}: the answer broke off."


def test_a_document_that_breaks_off_on_a_site_that_answers_is_not_public(eye: PublicEye, site: WebSite) -> None:
    site.faults[path_of("data")] = dropped()
    look = eye.look(look_at(site.url))
    assert look.verdict is Verdict.NOT_PUBLIC
    assert look.detail == "2 of 3 documents are right; Data tables: the answer broke off."


def test_a_site_that_answers_too_late_is_timed_out(site: WebSite) -> None:
    site.faults[PAGE] = slow(60)
    look = PublicEye(timeout=0.2, ca_file=authority().ca_file).look(look_at(site.url))
    assert look.verdict is Verdict.CANNOT_TELL
    assert {s.status for s in look.sightings} == {"timed out"}
    assert look.detail.endswith("timed out.")


def test_nobody_listening_tells_nothing(eye: PublicEye) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        look = eye.look(look_at(f"https://127.0.0.1:{taken.getsockname()[1]}"))
    assert look.verdict is Verdict.CANNOT_TELL
    assert "the connection was refused" in look.detail


def test_a_name_that_is_not_known_tells_nothing(eye: PublicEye) -> None:
    look = eye.look(look_at("https://no-such-host.invalid"))
    assert look.verdict is Verdict.CANNOT_TELL
    assert "its name is not known on this network" in look.detail


def test_a_certificate_that_nobody_trusts_tells_nothing(site: WebSite) -> None:
    look = PublicEye(timeout=5).look(look_at(site.url))
    assert look.verdict is Verdict.CANNOT_TELL
    assert "its certificate is not valid" in look.detail
    assert {s.status for s in look.sightings} == {"certificate"}
    assert site.requests == []


def test_a_certificate_for_another_name_tells_nothing(site: WebSite, tmp_path: Path) -> None:
    look = PublicEye(timeout=5, ca_file=authority().ca_file).look(look_at(site.url.replace("127.0.0.1", "127.0.0.2")))
    assert look.verdict is Verdict.CANNOT_TELL


def test_certificates_that_cannot_be_read_are_said(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("not a certificate")
    for file in ("ca.pem", "absent.pem"):
        look = PublicEye(ca_file=tmp_path / file).look(look_at("https://127.0.0.1:1"))
        assert look.verdict is Verdict.CANNOT_TELL
        assert f'{file}" cannot be read' in look.detail


@pytest.mark.parametrize("page", ["https://", "https://exa mple/", "ftp://example.org/", "https://[x/", "nonsense"])
def test_what_is_no_address_of_the_web_tells_nothing(eye: PublicEye, page: str) -> None:
    look = eye.look(look_at("", page=page))
    assert look.verdict is Verdict.CANNOT_TELL
    assert {s.right for s in look.sightings} == {False}


def test_an_address_with_a_sign_in_is_not_what_the_public_sees(eye: PublicEye, site: WebSite) -> None:
    look = eye.look(look_at(site.url.replace("https://", "https://user:word@")))
    assert look.verdict is Verdict.CANNOT_TELL
    assert "carries a sign-in" in look.detail
    assert site.requests == []


class _CookieHandler(http.server.BaseHTTPRequestHandler):
    seen: list[str | None]

    def do_GET(self) -> None:
        self.seen.append(self.headers.get("Cookie"))
        self.send_response(302 if self.path.startswith("/first") else 404)
        self.send_header("Set-Cookie", "session=1; Path=/")
        self.send_header("Location", "/second")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


def test_a_cookie_that_is_set_is_never_sent_back(eye: PublicEye) -> None:
    _CookieHandler.seen = []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _CookieHandler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    eye.look(look_at(f"http://127.0.0.1:{server.server_port}", page="/first"))
    server.shutdown()
    thread.join()
    server.server_close()
    assert _CookieHandler.seen == [None] * 4


def dribble(listener: socket.socket, context: ssl.SSLContext, over: threading.Event) -> None:
    """Answer every connection with a header that never ends, a byte at a time."""
    open_: list[socket.socket] = []
    listener.settimeout(0.02)
    while not over.wait(0.02):
        try:
            connection, _ = listener.accept()
            connection.setblocking(True)
            open_.append(context.wrap_socket(connection, server_side=True))
            open_[-1].sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        except OSError:
            pass
        for connection in list(open_):
            try:
                connection.send(b"x")
            except OSError:
                open_.remove(connection)
                connection.close()
    for connection in open_:
        connection.close()


def test_a_server_that_dribbles_cannot_hold_a_look_beyond_its_bound() -> None:
    ca: Authority = authority()
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=dribble, args=(listener, ca.server_context(), over))
        thread.start()
        before = SystemClock().monotonic()
        look = PublicEye(timeout=0.4, ca_file=ca.ca_file, within=0.6).look(
            look_at(f"https://127.0.0.1:{listener.getsockname()[1]}")
        )
        took = SystemClock().monotonic() - before
        over.set()
        thread.join()
    for left in [t for t in threading.enumerate() if t.name == "look"]:
        left.join(5)
    assert look.verdict is Verdict.CANNOT_TELL
    assert {s.status for s in look.sightings} == {"timed out"}
    assert took < 10, "the bound is far below what the server would have taken"


def every_error(kind: type[Exception]) -> Iterator[type[Exception]]:
    yield kind
    for narrower in kind.__subclasses__():
        yield from every_error(narrower)


def test_every_error_of_httpx_has_its_words() -> None:
    plain = {httpx.HTTPError, httpx.RequestError, httpx.TransportError, httpx.HTTPStatusError, httpx.TooManyRedirects}
    kinds = {*every_error(httpx.HTTPError), httpx.InvalidURL}
    for kind in kinds:
        error = kind("x", request=None, response=None) if kind is httpx.HTTPStatusError else kind("x")
        status_, code, words = fetch._in_words(error)
        assert code == 0
        assert (words == "no answer") == (kind in plain), f"{kind.__name__} is new: give it words"
        assert status_ in {"timed out", "no answer", "broken off"}


def test_nothing_is_loaded_from_the_web_before_the_first_look() -> None:
    script = "import sys, runbook.lookout.again, runbook.lookout.eye as e; e.PublicEye(); print('httpx' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
