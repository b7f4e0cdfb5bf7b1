"""What a channel is given.

A playbook declares a `Message`; planning turns it into a `Draft` (rendered, addressed, with its documents); a channel's
`build` turns the draft into a `Payload`, the exact thing it would send, measured.
"""

from enum import StrEnum
from pathlib import PurePath
from typing import Literal

from pydantic import Field

from runbook.model import slots
from runbook.model.noun import Noun, Slug, Template


def size_in_words(size: int) -> str:
    """Return a size in bytes as readers know it: `840 bytes`, `12 KB`, `1.2 MB` (powers of ten)."""
    if size < 1000:
        return f"{size} bytes"
    if size < 1_000_000:
        return f"{round(size / 1000)} KB"
    return f"{size / 1_000_000:.1f} MB"


class Form(StrEnum):
    """The shapes a message can have. Each needs its own named parts."""

    EMAIL = "email"
    """Parts `subject` and `body`."""
    POST = "post"
    """Part `text`."""
    ARTICLE = "article"
    """Parts `title` and `body`; documents are listed in the body."""
    FILES = "files"
    """Documents, and a part `page`, the landing page's HTML."""


Audience = Literal["public", "press", "roles"]


class Correction(Noun):
    """The words that put a message right, cleared together with it. The parts are those of the message it corrects."""

    subject: Template | None = None
    body: Template | None = None
    text: Template | None = None
    title: Template | None = None


class Message(Noun):
    """One message of a `together` step, as the playbook declares it."""

    title: str | None = None
    """What to call it on the screen; the channel's name if absent."""
    channel: Slug
    """A channel of the workspace (`[channels.NAME]` in runbook.toml)."""
    to: Slug | None = None
    """For e-mail: a contact list (`contacts/NAME.csv`), or `roles` for the people of the roll-call."""
    audience: Audience = "public"
    """`roles` exempts the message from the release's due time: it tells the team, nobody else."""
    subject: Template | None = None
    body: Template | None = None
    text: Template | None = None
    correction: Correction | None = None
    """Required unless the audience is `roles`."""
    corrects: str | None = None
    """`STEP.MESSAGE` that this one puts right; exempts it from the due time, since that one is out already."""
    otherwise: Slug | None = None
    """A channel to use instead when this one certainly did not send."""
    optional: bool = False
    """The others may go without it."""


class Document(Noun):
    """One document of the release, as a channel is given it. `path` is where the bytes lie on this computer."""

    id: str
    title: str
    kind: Literal["main", "background", "data"]
    path: str
    name: str
    """The file's name in public."""
    size: int
    sha256: str

    @property
    def format(self) -> str:
        """The format as a reader knows it: `PDF`, `XLSX`."""
        return PurePath(self.name).suffix.lstrip(".").upper()


class Part(Noun):
    """One text of a message, with slots where later values go."""

    text: str
    html: bool = False

    def filled(self, values: dict[str, str]) -> str:
        """Return the text with every slot filled. Raises `slots.Unfilled`."""
        return slots.fill(self.text, values, as_html=self.html)


class Draft(Noun):
    """A message ready to be built: texts, recipients, documents. Its texts may still have slots."""

    form: Form
    parts: dict[str, Part]
    recipients: tuple[str, ...] = ()
    documents: tuple[Document, ...] = ()
    folder: str = ""
    """For files and articles: the last part of the public address."""
    replaces: str = ""
    """The receipt's id of what this one takes the place of, at the same address; set for corrections of pages."""

    @property
    def addresses(self) -> tuple[str, ...]:
        """The recipients, each once, in their order."""
        return tuple(dict.fromkeys(self.recipients))

    @property
    def slots(self) -> tuple[str, ...]:
        """The names of the values that are still to come."""
        return tuple(dict.fromkeys(name for part in self.parts.values() for name in slots.names(part.text)))

    def filled(self, values: dict[str, str]) -> "Draft":
        """Return the draft with every slot filled. Raises `slots.Unfilled` for a value that is not known."""
        parts = {name: Part(text=part.filled(values), html=part.html) for name, part in self.parts.items()}
        return self.model_copy(update={"parts": parts})

    def text(self, part: str) -> str:
        """Return the text of a part, or an empty one."""
        return self.parts[part].text if part in self.parts else ""


class Length(Noun):
    """How long a message is, in the channel's own counting."""

    used: int
    limit: int | None = None
    """None: the channel sets no limit that is known beforehand."""
    unit: str = "characters"

    def __str__(self) -> str:
        return f"{self.used} of {self.limit} {self.unit}" if self.limit else f"{self.used} {self.unit}"


class Payload(Noun):
    """The exact thing a channel would send. Pure: made of the draft and the channel's settings alone."""

    draft: Draft
    length: Length
    summary: str
    """One line for the go/no-go table: `214 addresses in 3 batches`, `231 of 280`."""
    planned: dict[str, str] = Field(default_factory=dict)
    """Addresses that are known before anything is sent: by document id, and `page`."""
