"""What GOV.UK's Content API says of a page: `GET /api/content/<path>`, no sign-in. Pure.

Its statuses: 200; 303, the content lives at another path; 404 with an empty body, nothing there; 410 with JSON, gone.
A redirect is 200 with `schema_name: redirect`, and an updated page that is not live yet is 200 with the old content: a
200 proves nothing. (alphagov/content-store `openapi.yaml`, `app/controllers/content_items_controller.rb`.)
"""

import json
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from runbook.lookout.page import last_part, read_page, seen

_STATUSES = {404: "nothing there", 303: "the page has moved to {location}"}


@dataclass(frozen=True)
class Item:
    """What the Content API says: in words, and where it says that the attachments are: (file name, address)."""

    words: str
    title: str = ""
    attachments: tuple[tuple[str, str], ...] = ()

    def addresses_of(self, name: str) -> tuple[str, ...]:
        """Return the addresses of the attachments with the file name `name`; upper and lower case count."""
        return tuple(address for file, address in self.attachments if file == name)


def item_address(content_api: str, page: str) -> str:
    """Return where the API speaks of a page; empty if the page is on another host than the API."""
    api, public = urllib.parse.urlsplit(content_api), urllib.parse.urlsplit(page)
    return content_api.rstrip("/") + public.path.rstrip("/") if api.netloc == public.netloc else ""


def read_item(code: int, body: bytes, location: str, page: str) -> Item:
    """Read an answer. `page` is the address that was asked about; relative addresses start from it."""
    if code not in (200, 410):
        return Item(_STATUSES.get(code, f"no use, status {code}").format(location=location))
    try:
        fields = json.loads(body)
    except ValueError:
        fields = None
    if not isinstance(fields, dict):
        return Item("an answer that is no JSON object")
    details = _object(fields, "details")
    if code == 410 or fields.get("schema_name") == "gone":
        return Item(_gone(details, page))
    if fields.get("schema_name") == "redirect":
        return Item(f"the page redirects to {_destination(fields)}")
    attachments = tuple(_attachments(details, page))
    return Item(_described(fields, len(attachments)), str(fields.get("title") or ""), attachments)


def _described(fields: dict[str, Any], attachments: int) -> str:
    kind = str(fields.get("document_type") or "a page").replace("_", " ")
    words = [kind, f"{attachments} attachment{'' if attachments == 1 else 's'}"]
    if fields.get("public_updated_at"):
        words.append(f"updated {fields['public_updated_at']}")
    delay = fields.get("scheduled_publishing_delay_seconds")
    if isinstance(delay, int) and delay > 0:
        words.append(f"published {delay:,} seconds late by its own record")
    return ", ".join(words)


def _gone(details: dict[str, Any], page: str) -> str:
    explanation = read_page(str(details.get("explanation") or ""), page).text[:200]
    other = str(details.get("alternative_path") or "")
    return "gone" + (f": {explanation}" if explanation else "") + (f", see {other}" if other else "")


def _destination(fields: dict[str, Any]) -> str:
    targets = [entry.get("destination") for entry in fields.get("redirects") or [] if isinstance(entry, dict)]
    return seen(str(targets[0])) if targets else "another page"


def _attachments(details: dict[str, Any], page: str) -> Iterator[tuple[str, str]]:
    listed = details.get("attachments")
    for attachment in listed if isinstance(listed, list) else []:
        url = attachment.get("url") if isinstance(attachment, dict) else None
        if not isinstance(url, str):
            continue
        try:
            address = urllib.parse.urljoin(page, url)
            yield str(attachment.get("filename") or last_part(address)), address
        except ValueError:  # a bracket in a host name: nobody can follow it
            continue


def _object(fields: dict[str, Any], key: str) -> dict[str, Any]:
    value = fields.get(key)
    return value if isinstance(value, dict) else {}
