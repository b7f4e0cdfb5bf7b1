"""What was fetched, judged: each sighting in words, and the verdict of the whole. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

from runbook.lookout.fetch import DOCUMENT_LIMIT, PAGE_LIMIT, Fetched
from runbook.lookout.page import Page, read_page
from runbook.model.message import Document
from runbook.model.ports import Sighting, Verdict

_HTML = ("text/html", "application/xhtml+xml")
_CHARSET = re.compile(rb"""charset=["']?([A-Za-z0-9_.:-]{1,40})""", re.IGNORECASE)

_ANSWERS = {
    401: "a sign-in is asked for",
    403: "refused",
    404: "not found",
    407: "the proxy of this network asks for a sign-in",
    410: "gone",
    429: "we have asked too often",
}


@dataclass(frozen=True)
class Pair:
    """The page or a document, seen as it comes and with stored copies bypassed."""

    name: str
    plain: Sighting
    fresh: Sighting

    @property
    def right(self) -> bool:
        """Whether it is right both times."""
        return self.plain.right and self.fresh.right

    @property
    def rank(self) -> tuple[bool, bool, bool]:
        """What compares two addresses of one document: the better is the greater."""
        return self.right, self.fresh.right, self.plain.right

    @property
    def found(self) -> str:
        """What is not right about it, in words."""
        if self.fresh.right:
            return f"stored copies are old ({self.plain.found})"
        if self.plain.right:
            return f"right in stored copies only ({self.fresh.found})"
        return self.fresh.found


def judge_page(fetched: Fetched, title: str) -> tuple[Sighting, Page | None]:
    """Return what was seen of the release's page, and the page itself if it is one that people could read."""
    page = _readable(fetched)
    if page is None:
        return _sighting(fetched, _not_a_page(fetched)), None
    if page.is_error(title):
        return _sighting(fetched, "an error page, though its status says 200"), None
    if not page.carries(title):
        return _sighting(fetched, "a page without the title"), page
    return _sighting(fetched, "the page, with the title", right=True), page


def judge_document(fetched: Fetched, document: Document) -> Sighting:
    """Return what was seen at a document's address."""
    if fetched.failure or fetched.code != HTTPStatus.OK:
        return _sighting(fetched, _no_answer(fetched))
    if fetched.whole and fetched.size == document.size and fetched.sha256 == document.sha256:
        return _sighting(fetched, "the document, byte for byte", right=True)
    if not fetched.whole:
        return _sighting(fetched, f"a file of more than {DOCUMENT_LIMIT // 1024 // 1024} MB")
    if fetched.size == 0:
        return _sighting(fetched, "an empty file")
    if fetched.content_type.startswith(_HTML) and not document.name.lower().endswith((".html", ".htm")):
        return _sighting(fetched, "a web page instead of the document")
    length = "the same size" if fetched.size == document.size else f"{fetched.size:,} bytes"
    return _sighting(fetched, f"another file of {length}")


def missing_link(page: str, document: Document) -> Sighting:
    """Return what is said of a document that the page, as it is, does not link to."""
    return Sighting(page, True, "200", False, f"no link to {document.name}")


def verdict(
    page: Pair, documents: Sequence[Pair], missing: Sequence[Document], *, answered: bool, pages: bool
) -> tuple[Verdict, str]:
    """Return the verdict on a location and one sentence that says what it rests on.

    `missing` are the documents no address of which is known; `answered` says whether the site answered at all, `pages`
    whether there was a page that could have linked to them.
    """
    if not answered:
        return Verdict.CANNOT_TELL, f"Nobody answered at {page.fresh.address}: {page.fresh.found}."
    wrong = [f"{pair.name}: {pair.found}" for pair in documents if not pair.right]
    wrong += [f"{document.title}: no link to it on the page" for document in missing]
    count, right = len(documents) + len(missing), len(documents) + len(missing) - len(wrong)
    if page.right and not wrong:
        all_of = {0: "", 1: " and the document"}.get(count, f" and all {count} documents")
        are = "are" if count else "is"
        return Verdict.PUBLIC, f"The page{all_of} {are} public, also when stored copies are bypassed."
    of_documents = f"{right} of {count} document{'' if count == 1 else 's'} {'is' if right == 1 else 'are'} right"
    if page.right:
        return Verdict.NOT_PUBLIC, f"{of_documents}; {'; '.join(wrong)}."
    sentence = f"The page: {page.found}"
    if page.plain.found == page.fresh.found:
        sentence += ", also when stored copies are bypassed"
    return Verdict.NOT_PUBLIC, f"{sentence}; {of_documents}." if documents or pages else f"{sentence}."


def _sighting(fetched: Fetched, found: str, *, right: bool = False) -> Sighting:
    return Sighting(fetched.address, fetched.bypassed, fetched.status, right, found)


def _readable(fetched: Fetched) -> Page | None:
    if fetched.failure or fetched.code != HTTPStatus.OK or not fetched.whole:
        return None
    return read_page(_text(fetched), fetched.final) if fetched.content_type.lower().startswith(_HTML) else None


def _not_a_page(fetched: Fetched) -> str:
    if fetched.failure or fetched.code != HTTPStatus.OK:
        return _no_answer(fetched)
    if not fetched.whole:
        return f"a page of more than {PAGE_LIMIT // 1024 // 1024} MB"
    kind = fetched.content_type.partition(";")[0].strip()[:80]
    return f"not a web page but {kind}" if kind else "not a web page"


def _no_answer(fetched: Fetched) -> str:
    if fetched.failure:
        return fetched.failure
    if fetched.code in _ANSWERS:
        return _ANSWERS[fetched.code]
    return f"an error of the site, {fetched.code}" if fetched.code >= 500 else f"no page, status {fetched.code}"


def _text(fetched: Fetched) -> str:
    declared = _CHARSET.search(fetched.content_type.encode()) or _CHARSET.search(fetched.body[:2048])
    try:
        return fetched.body.decode(declared[1].decode() if declared else "utf-8", "replace")
    except LookupError:
        return fetched.body.decode("utf-8", "replace")
