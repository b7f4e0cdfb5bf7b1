"""The documents of a release as they lie on the disk, compared with what the release file says of them."""

import hashlib
from pathlib import Path, PurePosixPath

from runbook.loader.reader import Loaded
from runbook.loader.release import leaves
from runbook.model.message import Document
from runbook.model.problem import Problem, Severity, Source
from runbook.model.release import Asset, Release

CHUNK = 1024 * 1024
"""Bytes that are held at a time."""


def documents(loaded: Loaded[Release]) -> tuple[tuple[Document, ...], tuple[Problem, ...]]:
    """Return the documents that are there, with their real sizes and digests, and what is not as the release says.

    A document that is missing, or not the same any more, is `UNREADY`: a live run can go on without it, or with the
    file as it is now. One whose path leads out of the folder is left out: `load_release` has refused it. If none is
    there, that stops. Nothing is read if there is no release in `loaded`.
    """
    release, path = loaded.value, loaded.path
    if release is None or path is None:
        return (), ()
    found: list[Document] = []
    problems: list[Problem] = []
    for number, asset in enumerate(release.assets):
        if leaves(path.parent, asset.file):
            continue
        try:
            document = _read(path.parent / asset.file, asset)
        except OSError as error:
            problems.append(_missing(loaded.source, number, asset, error))
            continue
        found.append(document)
        problems.extend(_changed(loaded.source, number, asset, document))
    if not found:
        remedy = "Copy the documents there, or name another release."
        problems.append(Problem("no-documents", loaded.source.where(("assets",)), "No document is there.", remedy))
    return tuple(found), tuple(problems)


def digest(path: Path) -> tuple[int, str]:
    """Return a file's size in bytes and its SHA-256, as 64 hexadecimal digits. Raises OSError."""
    sha256 = hashlib.sha256()
    size = 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            sha256.update(chunk)
            size += len(chunk)
    return size, sha256.hexdigest()


def _read(path: Path, asset: Asset) -> Document:
    size, sha256 = digest(path)
    return Document(
        id=asset.id,
        title=asset.title,
        kind=asset.kind,
        path=str(path.resolve()),
        name=PurePosixPath(asset.file).name,
        size=size,
        sha256=sha256,
    )


def _missing(source: Source, number: int, asset: Asset, error: OSError) -> Problem:
    where = source.where(("assets", number, "file"))
    if isinstance(error, FileNotFoundError):
        found = f'The document "{asset.file}" is not there.'
    else:
        found = f'The document "{asset.file}" cannot be read ({error.strerror or error}).'
    remedy = "Put it beside the release file, or correct its name."
    return Problem("missing-asset", where, found, remedy, Severity.UNREADY, "Go on without this document.")


def _changed(source: Source, number: int, asset: Asset, document: Document) -> list[Problem]:
    if (document.size, document.sha256) == (asset.size, asset.sha256):
        return []
    key = "size" if document.size != asset.size else "sha256"
    sizes = f"it has {document.size} bytes, and {asset.size} are declared" if key == "size" else "its size is the same"
    found = f'The document "{asset.file}" is not the one that was declared: {sizes}.'
    remedy = f"If it is the right one, write size: {document.size} and sha256: {document.sha256}."
    where = source.where(("assets", number, key))
    return [Problem("changed-asset", where, found, remedy, Severity.UNREADY, "Use the file as it is now.")]
