"""A new release file for the documents in a folder: what can be read off them is there, the rest is marked."""

import json
import re
import unicodedata
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from runbook.errors import Unavailable
from runbook.loader.assets import digest
from runbook.loader.raw import is_forbidden
from runbook.loader.release import PLACEHOLDER, leaves
from runbook.model.release import Asset

TEXT_FORMATS = frozenset({".pdf", ".odt", ".docx", ".doc", ".html", ".htm", ".rtf"})
DATA_FORMATS = frozenset({".csv", ".xlsx", ".xls", ".ods", ".json", ".zip"})

_BESIDE = re.compile("annex|background|guid|method|note|quality|readme|table")
"""In the names of documents that go with the main one."""

_HEAD = """\
# One release: what is due, when, where the public looks for it, and every document that belongs to it.
# Everything that says FILL IN is for you; the file is refused until nothing says so any more. Then practise:
#   runbook execute PLAYBOOK --dry-run
release: {release}
title: {title}    # as the public will read it
status: FILL IN    # as the public knows it: Official statistics, Accredited official statistics
producer: FILL IN    # who publishes
date: FILL IN    # the day it is due: {today}
time: FILL IN    # like "09:30"; keep the quotes: some programs read 9:30 as a number
zone: Europe/London
url: FILL IN    # where the public looks for it: https://www.gov.uk/government/statistics/{release}
# announcement: https://www.gov.uk/government/statistics/announcements/{release}    # the page that announced it

# Whom the public may ask. These stand in the messages; a role's name and telephone are best.
statistician: {{name: FILL IN, email: FILL IN, phone: FILL IN}}
press: {{name: FILL IN, email: FILL IN, phone: FILL IN}}

# Every document, the main one first. Sizes and digests are those of the files on {today}.
assets:
"""
_ASSET = """\
  - id: {id}
    file: {file}
    title: {title}    # its name; check it, the public will read it
    kind: {kind}    # main, background or data
    size: {size}
    sha256: {sha256}
"""


def describe_folder(folder: Path, today: date) -> str:
    """Return the text of a new `release.yaml` for the documents in `folder`; nothing is written.

    The documents are its files, without hidden ones and those that an office program keeps while it has one open.
    What a person must say is `PLACEHOLDER`, which no release may say. Raises `Unavailable` if there is no document, or
    one cannot be read or has a name that no release can hold.
    """
    assets = list(_assets(folder))
    title = next(asset.title for asset in assets if asset.kind == "main")
    release = _slug(folder.absolute().name, "release", ())
    head = _HEAD.format(release=release, title=_quoted(f"{PLACEHOLDER}: {title}"), today=today.isoformat())
    return head + "".join(
        _ASSET.format(
            id=asset.id,
            file=_quoted(asset.file),
            title=_quoted(asset.title),
            kind=asset.kind,
            size=asset.size,
            sha256=f'"{asset.sha256}"',
        )
        for asset in assets
    )


def _assets(folder: Path) -> Iterable[Asset]:
    """Yield the documents, the main one first, then the others, data last."""
    files = _files(folder)
    texts = [file for file in files if file.suffix.lower() in TEXT_FORMATS]
    main = next((file for file in texts if not _BESIDE.search(file.stem.lower())), (texts or files)[0])
    order = sorted(files, key=lambda file: (file != main, file.suffix.lower() in DATA_FORMATS, file.name))
    ids: list[str] = []
    for file in order:
        ids.append(_slug(file.stem, "document", ids))
        yield _asset(file, ids[-1], "main" if file == main else _kind(file))


def _files(folder: Path) -> list[Path]:
    try:
        files = sorted(file for file in folder.iterdir() if file.is_file() and _is_document(folder, file))
    except OSError as error:
        raise Unavailable(
            f"{folder} cannot be read ({error.strerror}).", "Name the folder of the documents."
        ) from error
    if not files:
        raise Unavailable(f"There is no document in {folder}.", "Put the documents there first.")
    return files


def _is_document(folder: Path, file: Path) -> bool:
    ours = file.suffix.lower() in (".yaml", ".yml")
    return not file.name.startswith((".", "~")) and not ours and not leaves(folder, file.name)


def _kind(file: Path) -> Literal["background", "data"]:
    return "data" if file.suffix.lower() in DATA_FORMATS else "background"


def _asset(file: Path, name: str, kind: Literal["main", "background", "data"]) -> Asset:
    words = re.sub(r"[-_\s]+", " ", file.stem).strip() or name
    title = words[0].upper() + words[1:]
    try:
        size, sha256 = digest(file)
        asset = Asset(id=name, file=file.name, title=title, kind=kind, size=size, sha256=sha256)
    except OSError as error:
        raise Unavailable(f'"{file.name}" cannot be read ({error.strerror}).', "Make it readable.") from error
    except ValidationError as error:
        why = "is empty" if not size else f"has a name that no release can hold: {file.name!r}"
        raise Unavailable(f"A document {why}.", f"Look at {file.name!r} in {file.parent}.") from error
    if any(is_forbidden(char) for char in file.name):
        raise Unavailable(f"A document has a name with invisible characters: {file.name!r}.", "Rename it.")
    return asset


def _slug(text: str, otherwise: str, taken: Iterable[str]) -> str:
    """Return a name made of a text: `Table 1 (final)` → `table-1-final`; with a number if it is taken already."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    if not name or not name[0].isalpha():
        name = f"{otherwise}-{name}".strip("-")
    name = name[:50].rstrip("-")
    names = set(taken)
    number = 2
    while (numbered := name if number == 2 else f"{name}-{number - 1}") in names:
        number += 1
    return numbered


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
