"""Files in a folder that a web server serves. Copied beside it under a private name; one rename makes them public.

The staged copy is kept when it is given up: it is private, and staging the same key again finds it.
"""

import html
import os
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import quote

from pydantic import AfterValidator, Field, StringConstraints

from runbook.channels import wire
from runbook.channels.context import Context
from runbook.channels.shelf import INDEX, Shelf
from runbook.clock import Clock
from runbook.errors import CannotSay, NotReady
from runbook.instant import Write, Written
from runbook.model.exercise_mark import unmarked
from runbook.model.message import Draft, Form, Length, Payload
from runbook.model.noun import Noun
from runbook.model.outcome import Answer, Found, Health, Outcome, Receipt, Result
from runbook.model.ports import Staging

PAGE = "page"
_NAME = re.compile(r"[^./\\\x00-\x1f:*?\"<>|][^/\\\x00-\x1f:*?\"<>|]*")
_FOLDER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")

WebAddress = Annotated[str, AfterValidator(wire.public_address)]
Place = Annotated[str, StringConstraints(min_length=1, pattern=r"^[^\x00]+$")]


class Settings(Noun):
    """`[channels.NAME]` with kind `upload`."""

    kind: Literal["upload"] = "upload"
    folder: Place
    """What the web server serves; from the workspace's folder, if it is not absolute."""
    url: WebAddress
    """The public address of that folder."""
    staging_folder: Place | None = None
    """A private folder on the same file system; by default beside it, with `.staging` added to its name."""
    hold: Annotated[int, Field(ge=1)] = 86_400
    """Seconds that a staged copy may be taken to stay."""


class UploadStaging:
    """One folder on its way."""

    offset = None

    def __init__(self, shelf: Shelf, payload: Payload, hold: int) -> None:
        self.hold_limit = timedelta(seconds=hold)
        self.summary = payload.summary
        self.refused: Mapping[str, str] = {}
        self._shelf, self._planned = shelf, payload.planned
        self._staged = self._released = self._given_up = False
        self._trouble = ""

    def keep_warm(self) -> float:
        """Do nothing: a folder does not hang up."""
        return self.hold_limit.total_seconds()

    def stage(self) -> None:
        """Copy every document and the page, and verify each. Raises `NotReady`; nothing is public."""
        if self._released:
            raise NotReady("The files were released already.", "Look into the log of the run.")
        if self._given_up:
            raise NotReady("The files were given up.", "Make them ready again.")
        self._shelf.fill()
        self._staged = True

    def held(self) -> bool:
        """Whether the staged copy is complete."""
        return self._staged and not self._released and self._shelf.full()

    def arm(self) -> Sequence[Write]:
        """Return nothing to write: a rename commits."""
        return ()

    def fired(self, written: Sequence[Written]) -> None:
        """Take nothing in: nothing was written."""

    def release(self) -> None:
        """Rename. Never raises."""
        if not self._staged or self._released:
            return
        self._released = True
        try:
            self._shelf.publish()
        except OSError as error:
            self._trouble = wire.plain(f"{error.strerror or error}")

    def result(self, deadline: timedelta) -> Result:  # noqa: ARG002  # a file system answers at once
        """Return what is public now, as found by reading it again."""
        if not self._released:
            return Result(outcome=Outcome.NOT_SENT, detail="The files were not released.")
        try:
            return self._read()
        except OSError as error:
            detail = f"What is public cannot be read: {wire.plain(error.strerror or str(error))}."
            return Result(outcome=Outcome.UNKNOWN, detail=f"{detail} Look at {self._planned[PAGE]}.")

    def _read(self) -> Result:
        if self._trouble and self._shelf.untouched():
            return Result(outcome=Outcome.NOT_SENT, detail=f"The folder could not be published: {self._trouble}.")
        if not self._shelf.public():
            why = self._trouble or "not every file is there as it was cleared"
            detail = f"The folder is there, but {why}. Look at {self._planned[PAGE]}."
            return Result(outcome=Outcome.UNKNOWN, detail=detail)
        self._shelf.settle()
        receipt = receipt_for(self._shelf.name, self._planned)
        return Result(outcome=Outcome.SENT, detail=receipt.address, receipt=receipt)

    def longest_result(self, deadline: timedelta) -> timedelta:
        """Return the deadline: a file system answers at once."""
        return deadline

    def discard(self) -> None:
        """Leave the staged copy where it is: it is private, and the next staging of this key finds it."""
        self._given_up, self._staged = True, False


class UploadChannel:
    """One folder of one web server."""

    kind = "upload"

    def __init__(self, settings: Settings, context: Context) -> None:
        self._settings, self._context = settings, context

    def build(self, draft: Draft) -> Payload:
        """Tell every public address. Raises `CannotSay` for what are no files, and for names that cannot be served."""
        if draft.form is not Form.FILES:
            raise CannotSay(
                f"A web folder carries files, and this is a message of the form {draft.form}.", "Use another channel."
            )
        if not _FOLDER.fullmatch(draft.folder):
            raise CannotSay(f'"{draft.folder}" cannot be the name of a public folder.', "Use letters, digits, hyphens.")
        if not unmarked(draft).text(PAGE).strip():
            raise CannotSay("The landing page is empty.", "Write its text.")
        seen = {INDEX}
        for document in draft.documents:
            if not _NAME.fullmatch(document.name) or document.name.lower() in seen:
                found = f'"{document.name}" cannot be the name of a public file, or there are two of it.'
                raise CannotSay(found, "Rename the file.")
            seen.add(document.name.lower())
        page = f"{self._settings.url}/{draft.folder}/"
        planned = {document.id: page + quote(document.name) for document in draft.documents} | {PAGE: page}
        count, size = len(draft.documents), sum(document.size for document in draft.documents)
        summary = f"{count} document{'' if count == 1 else 's'} and a page"
        return Payload(draft=draft, length=Length(used=size, unit="bytes"), summary=summary, planned=planned)

    def check(self) -> Health:
        """Look whether both folders can be written, on one file system."""
        try:
            self._shelf_places()
        except NotReady as error:
            return Health(ok=False, detail=error.message, remedy=error.remedy)
        return Health(ok=True, detail=f"{self._settings.folder} can be written; it is public at {self._settings.url}/.")

    def ready(self, payload: Payload, key: str) -> Staging:
        """Look whether the folder can be published. Raises `NotReady`. The same content there is no obstacle."""
        public, private = self._shelf_places()
        shelf = self._shelf(payload.draft, key, public, private)
        try:
            free = shelf.free()
        except OSError as error:
            found = f'"{error.filename}" cannot be read: {error.strerror or error}.'
            raise NotReady(found, "Ask for the right to read there.") from error
        if payload.draft.replaces and not free:
            raise NotReady(f'There is nothing at "{payload.planned[PAGE]}" to replace.', "Look at it.")
        if not free:
            raise NotReady(
                f'There is something else at "{payload.planned[PAGE]}" already.',
                "Look at it; move it away, or give the release another id.",
            )
        return UploadStaging(shelf, payload, self._settings.hold)

    def find(self, payload: Payload, key: str) -> Found:
        """Read what is public and compare it, byte for byte."""
        public, private = self._folders()
        shelf = self._shelf(payload.draft, key, public, private)
        page = payload.planned.get(PAGE, self._settings.url)
        try:
            if shelf.public():
                receipt = receipt_for(shelf.name, payload.planned)
                return Found(answer=Answer.THERE, detail="The folder is public, byte for byte.", receipt=receipt)
            if shelf.untouched():
                found = (
                    "The page is still as it was." if payload.draft.replaces else "There is no such folder in public."
                )
                return Found(answer=Answer.ABSENT, detail=found)
        except OSError as error:
            detail = f"The folder cannot be read: {wire.plain(error.strerror or str(error))}."
            return Found(answer=Answer.CANNOT_TELL, detail=detail, look_at=page)
        return Found(answer=Answer.CANNOT_TELL, detail="The folder is public with other content.", look_at=page)

    def withdraw(self, receipt: Receipt) -> Result:
        """Move the folder out of the public one, in one rename. It stays in the private one."""
        if not _FOLDER.fullmatch(receipt.id):
            return Result(outcome=Outcome.NOT_SENT, detail=f'"{receipt.id}" is not the name of a public folder.')
        try:
            public, private = self._shelf_places()
            if not (public / receipt.id).exists():
                return Result(outcome=Outcome.SENT, detail="The folder was not public any more.", receipt=receipt)
            away = next(p for n in range(1, 10_000) if not (p := private / f"{receipt.id}.withdrawn-{n}").exists())
            (public / receipt.id).rename(away)
        except NotReady as error:
            return Result(outcome=Outcome.NOT_SENT, detail=error.message)
        except OSError as error:
            detail = f"The folder could not be moved away: {wire.plain(error.strerror or str(error))}."
            return Result(outcome=Outcome.NOT_SENT, detail=detail)
        return Result(outcome=Outcome.SENT, detail="The folder is not public any more.", receipt=receipt)

    def _folders(self) -> tuple[Path, Path]:
        public = self._context.path(self._settings.folder)
        setting = self._settings.staging_folder
        return public, self._context.path(setting) if setting else public.with_name(f"{public.name}.staging")

    def _shelf_places(self) -> tuple[Path, Path]:
        """Return the public and the private folder. Raises `NotReady` unless a rename between them will do."""
        public, private = self._folders()
        try:
            if not public.is_dir():
                raise NotReady(f'There is no folder "{public}" to publish in.', f"Make it, or correct {self._table}.")
            private.mkdir(mode=0o700, parents=True, exist_ok=True)
            if private.resolve().is_relative_to(public.resolve()):
                remedy = f"Set staging_folder in {self._table} to a folder outside of it."
                raise NotReady(f'The staging folder "{private}" lies in the public one.', remedy)
            if private.stat().st_dev != public.stat().st_dev:
                remedy = f"Set staging_folder in {self._table} to a folder on the same disk."
                raise NotReady(f'"{private}" and "{public}" are not on one file system.', remedy)
            for folder in (public, private):
                if not os.access(folder, os.W_OK | os.X_OK):
                    raise NotReady(f'"{folder}" cannot be written.', "Ask for the right to write there.")
        except OSError as error:
            found = f'"{error.filename}" cannot be written: {error.strerror or error}.'
            raise NotReady(found, "Ask for the right to write there.") from error
        return public, private

    @property
    def _table(self) -> str:
        return self._context.table

    def _shelf(self, draft: Draft, key: str, public: Path, private: Path) -> Shelf:
        page = draft.parts[PAGE]
        text = (
            page.text if page.html else f"<!doctype html>\n<meta charset=utf-8>\n<pre>{html.escape(page.text)}</pre>\n"
        )
        files = {document.name: document for document in draft.documents}
        return Shelf(
            name=draft.folder,
            public_root=public,
            private_root=private,
            key=key,
            page=text.encode(),
            documents=files,
            sources={name: self._context.path(document.path) for name, document in files.items()},
            replaces=bool(draft.replaces),
        )


def receipt_for(folder: str, planned: Mapping[str, str]) -> Receipt:
    """Return the proof that a folder is public: its name and every address."""
    return Receipt(id=folder, address=planned[PAGE], addresses=dict(planned), text=f"published as {folder}/")


def open_channel(settings: Settings, context: Context, clock: Clock) -> UploadChannel:  # noqa: ARG001  # as every adapter is
    """Return the channel."""
    return UploadChannel(settings, context)
