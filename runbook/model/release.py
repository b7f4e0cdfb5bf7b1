"""What is being published: title, due time, original address, and its documents."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from runbook.model.noun import Line, Noun, Slug
from runbook.model.times import ClockTime, local_time

Address = Annotated[str, StringConstraints(pattern=r"^https?://[^\s<>\"]+$", max_length=500)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class Asset(Noun):
    """One document of the release."""

    id: Slug
    file: Annotated[str, StringConstraints(pattern=r"^[^/\\\x00-\x1f][^\\\x00-\x1f]*$", max_length=200)]
    """Where it lies, from the release file's folder."""
    title: Line
    kind: Literal["main", "background", "data"]
    size: Annotated[int, Field(ge=1)]
    """In bytes."""
    sha256: Sha256


class Contact(Noun):
    """Somebody who is named in public as the one to ask: a role, with an address."""

    name: Line
    email: Line
    phone: Line | None = None


class Release(Noun):
    """One release, as its file declares it."""

    release: Slug
    title: Line
    status: Line
    """As the public knows it: `Official statistics`, `Accredited official statistics`."""
    producer: Line
    date: date
    time: ClockTime
    """When it is due: quoted, `"09:30"`; with an offset (`"01:30+01:00"`) on the night the clocks change."""
    zone: Line = "Europe/London"
    url: Address
    """The original address: where the public looks for it."""
    announcement: Address | None = None
    """The page that announced it."""
    statistician: Contact
    press: Contact
    assets: Annotated[tuple[Asset, ...], Field(min_length=1)]

    @property
    def id(self) -> str:
        """The release's id."""
        return self.release

    @property
    def due(self) -> datetime:
        """When it is due, in UTC. Raises `times.NoSuchTime`; the loader has refused that already."""
        return local_time(self.date, self.time, self.zone)
