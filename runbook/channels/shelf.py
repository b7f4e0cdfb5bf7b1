"""A folder of documents with its page: filled in private, made public by a rename, compared byte for byte."""

import contextlib
import hashlib
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from runbook.channels.names import safe_name
from runbook.errors import NotReady
from runbook.model.message import Document

INDEX = "index.html"
CHUNK = 1 << 20


@dataclass(frozen=True)
class Shelf:
    """One folder, in private and in public. `documents` and `sources` go by the public file name.

    With `replaces` the public folder stays, and only what differs in it is replaced, file by file, the page last: each
    address goes on answering throughout.
    """

    name: str
    public_root: Path
    private_root: Path
    key: str
    page: bytes
    documents: Mapping[str, Document]
    sources: Mapping[str, Path]
    replaces: bool

    @property
    def private(self) -> Path:
        """Where it is filled; the same for the same key."""
        return self.private_root / safe_name(self.key)

    @property
    def target(self) -> Path:
        """Where it is public."""
        return self.public_root / self.name

    def free(self) -> bool:
        """Whether publishing overwrites nothing else: nothing is there, or the same, or what it replaces."""
        if self.replaces:
            return self.target.is_dir()
        return self._nothing_there() or self.public()

    def fill(self) -> None:
        """Copy what is not there yet, and verify all of it. Raises `NotReady`, with a partial private copy left."""
        try:
            self.private.mkdir(mode=0o755, exist_ok=True)
            self.private.chmod(0o755)
            self._clear_strangers()
            for name, document in self.documents.items():
                if _digest(self.private / name) != document.sha256:
                    self._copy(name, document)
            if _bytes(self.private / INDEX) != self.page:
                self._write(INDEX, self.page)
            _sync_folder(self.private)
            _sync_folder(self.private_root)
        except OSError as error:
            found = f'"{error.filename or self.private}" cannot be copied: {error.strerror or error}.'
            raise NotReady(found, "Look whether the file is there and the disk has room.") from error

    def full(self) -> bool:
        """Whether the private copy has every file, by size."""
        sizes = {name: document.size for name, document in self.documents.items()} | {INDEX: len(self.page)}
        try:
            return all((self.private / name).stat().st_size == size for name, size in sizes.items())
        except OSError:
            return False

    def publish(self) -> None:
        """Make it public: one rename, or with `replaces` one for each file that differs. Raises OSError."""
        if self.replaces:
            for name, document in self.documents.items():
                if _digest(self.target / name) != document.sha256:
                    (self.private / name).replace(self.target / name)
            (self.private / INDEX).replace(self.target / INDEX)
        elif self._nothing_there() or not self.public():
            self.private.rename(self.target)

    def public(self) -> bool:
        """Whether exactly these documents and this page are public. Other files beside them do not matter."""
        if _bytes(self.target / INDEX) != self.page:
            return False
        return all(_digest(self.target / name) == document.sha256 for name, document in self.documents.items())

    def untouched(self) -> bool:
        """Whether certainly nothing of it is public. False also means that it cannot be told."""
        if self.replaces:
            # What was made public was moved out of the private copy, so that a full one was not touched.
            return self.full() and _bytes(self.target / INDEX) != self.page
        return self._nothing_there()

    def settle(self) -> None:
        """Make the rename survive a power cut, and clear away what is left in private. Never raises."""
        with contextlib.suppress(OSError):
            for folder in (self.target, self.public_root, self.private_root):
                _sync_folder(folder)
        shutil.rmtree(self.private, ignore_errors=True)

    def _nothing_there(self) -> bool:
        return not os.path.lexists(self.target) or (self.target.is_dir() and not any(self.target.iterdir()))

    def _clear_strangers(self) -> None:
        for entry in self.private.iterdir():
            if entry.name not in self.documents and entry.name != INDEX:
                if entry.is_dir():
                    shutil.rmtree(entry)
                else:
                    entry.unlink()

    def _copy(self, name: str, document: Document) -> None:
        part, digest = self.private / f".{name}.part", hashlib.sha256()
        with self.sources[name].open("rb") as source, part.open("wb") as copy:
            while chunk := source.read(CHUNK):
                digest.update(chunk)
                copy.write(chunk)
            copy.flush()
            os.fsync(copy.fileno())
        if digest.hexdigest() != document.sha256:
            part.unlink()
            raise NotReady(
                f'"{self.sources[name].name}" has changed since it was cleared.',
                "Put the cleared file back, or have the new one cleared.",
            )
        part.chmod(0o644)
        part.replace(self.private / name)

    def _write(self, name: str, content: bytes) -> None:
        part = self.private / f".{name}.part"
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.chmod(0o644)
        part.replace(self.private / name)


def _bytes(path: Path) -> bytes | None:
    """Return a file's bytes; None if there is no such file."""
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None


def _digest(path: Path) -> str:
    """Return a file's SHA-256; an empty text if there is no such file."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (FileNotFoundError, NotADirectoryError):
        return ""


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":
        return  # Windows neither opens folders nor needs it
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
