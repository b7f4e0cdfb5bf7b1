"""A release as it stands on a web site of the tests: its page, its documents, and what to look at."""

import hashlib
import urllib.parse
from collections.abc import Mapping
from pathlib import Path

from runbook.model.message import Document
from runbook.model.ports import LookAt, Verdict

TITLE = "Malpractice for GCSE & A level: summer 2017 exam series"
FOLDER = "malpractice-2017"
PAGE = f"/{FOLDER}/"

FILES = {
    "report": ("Report", "main", "Malpractice report 2017.pdf", b"%PDF-1.7 the report " * 500),
    "notes": ("Background notes", "background", "background-notes.pdf", b"%PDF-1.7 the notes " * 60),
    "data": ("Data tables", "data", "data-tables.xlsx", bytes(range(256)) * 40),
}


def documents() -> tuple[Document, ...]:
    """Return the release's documents, with the sizes and digests of what `publish` puts on the site."""
    return tuple(
        Document(
            id=id_,
            title=title,
            kind=kind,
            path=f"/nowhere/{name}",
            name=name,
            size=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
        )
        for id_, (title, kind, name, content) in FILES.items()
    )


def path_of(document: str) -> str:
    """Return a document's path on the site, as the site's faults name it."""
    return f"{PAGE}{FILES[document][2]}"


def publish(folder: Path) -> None:
    """Put the whole release on a site: the page that links to every document, and the documents."""
    place = folder / FOLDER
    place.mkdir(parents=True, exist_ok=True)
    links = ""
    for title, _, name, content in FILES.values():
        (place / name).write_bytes(content)
        links += f'<li><a href="{urllib.parse.quote(name)}">{title}</a></li>'
    heading = TITLE.replace("&", "&amp;")
    (place / "index.html").write_text(
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{heading} - Example</title></head>'
        f"<body><h1>{heading}</h1><ul>{links}</ul></body></html>"
    )


def look_at(site: str, addresses: Mapping[str, str] | None = None, page: str = PAGE) -> LookAt:
    """Return what to look at on the site at `site`."""
    return LookAt("alternate", f"{site}{page}", dict(addresses or {}), documents(), TITLE, Verdict.PUBLIC)
