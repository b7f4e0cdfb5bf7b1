"""One look at a location: the page and every document, each fetched twice. Importing this loads httpx."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from runbook.lookout.content_api import Item, item_address, read_item
from runbook.lookout.fetch import Fetched, Fetcher, unanswered
from runbook.lookout.judge import Pair, judge_document, judge_page, missing_link, verdict
from runbook.lookout.page import Page, seen
from runbook.model.message import Document
from runbook.model.ports import Look, LookAt, Sighting

CANDIDATES = 3
"""How many links of a document's name are tried: a page may list last year's file of the same name too."""


@dataclass(frozen=True)
class _Api:
    address: str
    fetched: Fetched
    item: Item


def look_once(fetcher: Fetcher, at: LookAt, content_api: str) -> Look:
    """Look once, within the fetcher's bound. `content_api` is empty where there is none to ask."""
    api_address = item_address(content_api, at.page) if content_api else ""
    plain, fresh, api = _fetch_pages(fetcher, at.page, api_address)
    page_plain, read_plain = judge_page(plain, at.title)
    page_fresh, read_fresh = judge_page(fresh, at.title)
    page = Pair("The page", page_plain, page_fresh)
    pages = tuple(read for read in (read_fresh, read_plain) if read is not None)
    places = {document.id: _places(document, at.addresses, pages, api) for document in at.documents}
    documents, found, answered = _look_at_documents(fetcher, at, places)
    answered = answered or plain.answered or fresh.answered or (api is not None and api.fetched.answered)
    sightings = [page_plain, page_fresh]
    sightings += [_api_sighting(api, at)] if api else []
    sightings += [s for pair in documents for s in (pair.plain, pair.fresh) if s is not None]
    missing = [document for document in at.documents if not places[document.id]]
    if pages:
        sightings += [missing_link(at.page, document) for document in missing]
    if page_plain.right or page_fresh.right:
        found["page"] = at.page
    what, detail = verdict(page, documents, missing, answered=answered, pages=bool(pages))
    return Look(what, detail, tuple(sightings), found)


def _fetch_pages(fetcher: Fetcher, address: str, api_address: str) -> tuple[Fetched, Fetched, _Api | None]:
    jobs: list[Callable[[], Fetched]] = [
        partial(fetcher.page, address, bypass=False),
        partial(fetcher.page, address, bypass=True),
    ]
    if api_address:
        jobs.append(partial(fetcher.page, api_address, bypass=True, follow=False))
    fetched = fetcher.gather(jobs, lambda place: unanswered(address, bypass=place > 0))
    if not api_address:
        return fetched[0], fetched[1], None
    answer = fetched[2]
    item = Item(answer.failure) if answer.failure else read_item(answer.code, answer.body, answer.location, address)
    return fetched[0], fetched[1], _Api(api_address, answer, item)


def _places(document: Document, known: Mapping[str, str], pages: tuple[Page, ...], api: _Api | None) -> tuple[str, ...]:
    """Return where a document may be: its known address, else links of its name, the freshest page's first."""
    if known.get(document.id):
        return (known[document.id],)
    links = [link for page in pages for link in page.links_to(document.name)]
    attached = api.item.addresses_of(document.name) if api else ()
    return tuple(dict.fromkeys((*links, *attached)))[:CANDIDATES]


def _look_at_documents(
    fetcher: Fetcher, at: LookAt, places: Mapping[str, tuple[str, ...]]
) -> tuple[list[Pair], dict[str, str], bool]:
    asked = [
        (document, address, bypass)
        for document in at.documents
        for address in places[document.id]
        for bypass in (False, True)
    ]
    jobs = [partial(fetcher.document, address, bypass=bypass) for _, address, bypass in asked]
    fetched = fetcher.gather(jobs, lambda place: unanswered(asked[place][1], bypass=asked[place][2]))
    pairs, found = [], {}
    for document in at.documents:
        seen_here = [
            judge_document(answer, document)
            for (asked_for, _, _), answer in zip(asked, fetched, strict=True)
            if asked_for is document
        ]
        candidates = [Pair(document.title, *seen_here[i : i + 2]) for i in range(0, len(seen_here), 2)]
        if candidates:
            best = max(candidates, key=lambda pair: pair.rank)
            pairs.append(best)
            found[document.id] = best.fresh.address
    return pairs, found, any(answer.answered for answer in fetched)


def _api_sighting(api: _Api, at: LookAt) -> Sighting:
    names = {document.name for document in at.documents}
    listed = {name for name, _ in api.item.attachments}
    right = seen(api.item.title) == seen(at.title) and names <= listed
    return Sighting(api.address, True, api.fetched.status, right, f"Content API: {api.item.words}")
