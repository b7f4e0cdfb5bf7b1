"""GOV.UK's Content API: its shapes, from GOV.UK's own examples, and what a look makes of them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runbook.lookout.content_api import Item, item_address, read_item
from runbook.lookout.eye import PublicEye
from runbook.model.ports import Look, Sighting, Verdict
from support.certificates import authority
from support.release_site import FILES, PAGE, TITLE, look_at, path_of, publish
from support.web_site import Fault, WebSite, missing, other, redirect, slow

EXAMPLES = Path(__file__).parents[2].parent / "shared" / "data" / "govuk"
needs_examples = pytest.mark.skipif(
    not EXAMPLES.is_dir(), reason="GOV.UK's schema examples are not part of this repository"
)
GOV_UK = "https://www.gov.uk"


def example(name: str) -> tuple[Item, dict[str, Any]]:
    body = (EXAMPLES / f"{name}.json").read_bytes()
    fields = json.loads(body)
    return read_item(200, body, "", GOV_UK + fields["base_path"]), fields


@needs_examples
def test_the_attachments_of_a_publication_are_found_by_their_file_name() -> None:
    item, fields = example("publication-with-attachments")
    [attachment] = fields["details"]["attachments"]
    assert item.addresses_of(attachment["filename"]) == (attachment["url"],)
    assert item.addresses_of(attachment["filename"].lower()) == ()
    assert item.title == fields["title"]
    assert item.words == "foi release, 1 attachment, updated 2014-05-29T10:48:35.000+00:00"


@needs_examples
def test_a_redirect_item_says_where_it_leads_though_its_status_is_200() -> None:
    item, fields = example("redirect")
    assert item == Item(f"the page redirects to {fields['redirects'][0]['destination']}")


@needs_examples
@pytest.mark.parametrize("name", sorted(p.stem for p in EXAMPLES.glob("*.json")) or ["none"])
def test_every_example_is_read_and_none_has_documents_that_it_does_not_list(name: str) -> None:
    item, fields = example(name)
    assert len(item.attachments) == len(fields["details"].get("attachments", []))
    assert item.title == (fields["title"] or "")
    assert item.words


def test_an_empty_404_is_nothing_there() -> None:
    assert read_item(404, b"", "", GOV_UK) == Item("nothing there")


def test_a_303_names_the_other_path() -> None:
    assert read_item(303, b"", "/api/content/other", GOV_UK) == Item("the page has moved to /api/content/other")


def test_a_410_is_gone_with_its_explanation_as_plain_text() -> None:
    body = {
        "schema_name": "gone",
        "details": {"explanation": "<p>Published\nin <b>error</b></p>", "alternative_path": "/x"},
    }
    assert read_item(410, json.dumps(body).encode(), "", GOV_UK) == Item("gone: Published in error, see /x")
    assert read_item(410, b"{}", "", GOV_UK) == Item("gone")


def test_a_late_scheduled_publication_says_so_by_its_own_record() -> None:
    body = {"document_type": "official_statistics", "scheduled_publishing_delay_seconds": 1110, "details": {}}
    item = read_item(200, json.dumps(body).encode(), "", GOV_UK)
    assert item.words == "official statistics, 0 attachments, published 1,110 seconds late by its own record"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"null",
        b'{"details": []}',
        b'{"details": {"attachments": {}}}',
        b'{"details": {"attachments": [1, {"url": 5}, {"url": "https://[x"}]}, "redirects": 7}',
        b'{"schema_name": "redirect", "redirects": ["x"]}',
    ],
)
def test_an_answer_of_another_shape_has_no_attachments(body: bytes) -> None:
    item = read_item(200, body, "", GOV_UK)
    assert item.attachments == ()
    assert item.words


def test_an_attachment_without_a_file_name_goes_by_its_address() -> None:
    body = {"details": {"attachments": [{"url": "/media/5/data%20tables.xlsx"}]}}
    item = read_item(200, json.dumps(body).encode(), "", GOV_UK + "/government/x")
    assert item.attachments == (("data tables.xlsx", GOV_UK + "/media/5/data%20tables.xlsx"),)


def test_only_pages_of_the_same_host_are_asked_about() -> None:
    api = GOV_UK + "/api/content"
    assert item_address(api, GOV_UK + "/government/statistics/x") == api + "/government/statistics/x"
    assert item_address(api + "/", GOV_UK + "/government/statistics/x/?a=b") == api + "/government/statistics/x"
    assert item_address(api, "https://alternate.example.org/x") == ""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[WebSite]:
    publish(tmp_path)
    with WebSite(tmp_path, authority()) as web:
        yield web


API = "/api/content/malpractice-2017"


def answer(status: int, value: object) -> Fault:
    return Fault(status, json.dumps(value).encode(), "application/json")


def item_of(site: WebSite, *documents: str) -> Fault:
    attachments = [{"url": f"{site.url}/media/{d}", "filename": FILES[d][2]} for d in documents]
    return answer(
        200, {"title": TITLE, "document_type": "official_statistics", "details": {"attachments": attachments}}
    )


def look(site: WebSite, **at: Any) -> Look:
    eye = PublicEye(timeout=5, ca_file=authority().ca_file, content_api=f"{site.url}/api/content")
    return eye.look(look_at(site.url, **at))


def api_sighting(look: Look) -> Sighting:
    [sighting] = [s for s in look.sightings if "/api/content/" in s.address]
    return sighting


def test_documents_that_the_page_does_not_link_to_are_found_through_the_api(site: WebSite) -> None:
    heading = TITLE.replace("&", "&amp;")
    site.faults[PAGE] = other(f"<h1>{heading}</h1>".encode(), "text/html")
    site.faults[API] = item_of(site, *FILES)
    for document, (_, _, _, content) in FILES.items():
        site.faults[f"/media/{document}"] = other(content)
    seen = look(site)
    assert seen.verdict is Verdict.PUBLIC
    assert (seen.addresses or {})["data"] == f"{site.url}/media/data"
    assert api_sighting(seen).right
    assert api_sighting(seen).found == "Content API: official statistics, 3 attachments"


def test_the_api_makes_nothing_public_that_is_not_seen(site: WebSite) -> None:
    site.faults[PAGE] = missing()
    site.faults[API] = item_of(site, *FILES)
    for document, (_, _, _, content) in FILES.items():
        site.faults[f"/media/{document}"] = other(content)
    seen = look(site)
    assert seen.verdict is Verdict.NOT_PUBLIC
    assert seen.detail == ("The page: not found, also when stored copies are bypassed; 3 of 3 documents are right.")


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault(404, b"", "text/plain"), "nothing there"),
        (answer(410, {"details": {"explanation": "Published in error"}}), "gone: Published in error"),
        (answer(200, {"schema_name": "redirect", "redirects": [{"destination": "/y"}]}), "the page redirects to /y"),
        (redirect("/api/content/other"), "no use, status 302"),
        (answer(500, {}), "no use, status 500"),
    ],
)
def test_what_the_api_says_is_noted_and_does_not_unmake_what_is_seen(site: WebSite, fault: Fault, words: str) -> None:
    site.faults[API] = fault
    seen = look(site)
    assert seen.verdict is Verdict.PUBLIC
    assert api_sighting(seen).found == f"Content API: {words}"
    assert not api_sighting(seen).right


def test_an_api_that_lists_another_title_or_too_few_documents_is_not_right(site: WebSite) -> None:
    site.faults[API] = item_of(site, "report", "notes")
    assert not api_sighting(look(site)).right
    site.faults[API] = answer(200, {"title": "Another", "details": {}})
    assert not api_sighting(look(site)).right


def test_a_site_whose_api_answers_is_there_even_if_its_page_does_not(site: WebSite) -> None:
    site.faults[PAGE] = slow(60)
    site.faults[API] = Fault(404, b"", "text/plain")
    eye = PublicEye(timeout=0.3, ca_file=authority().ca_file, content_api=f"{site.url}/api/content")
    seen = eye.look(look_at(site.url))
    assert seen.verdict is Verdict.NOT_PUBLIC
    assert seen.detail == "The page: timed out, also when stored copies are bypassed."


def test_the_api_of_another_host_is_not_asked(site: WebSite) -> None:
    eye = PublicEye(timeout=5, ca_file=authority().ca_file, content_api="https://www.example.org/api/content")
    seen = eye.look(look_at(site.url))
    assert seen.verdict is Verdict.PUBLIC
    assert len(seen.sightings) == 8


def test_the_document_at_a_known_address_is_preferred_to_what_the_api_lists(site: WebSite) -> None:
    site.faults[API] = item_of(site, "data")
    seen = look(site, addresses={"data": f"{site.url}{path_of('data')}"})
    assert seen.verdict is Verdict.PUBLIC
    assert (seen.addresses or {})["data"] == f"{site.url}{path_of('data')}"
