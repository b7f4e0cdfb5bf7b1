"""What `runbook.toml` says: the organisation, who holds which role, the channels, in step, the eye and the lists."""

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, StrictBool
from pydantic_core import PydanticCustomError

from runbook.model.noun import Line, Noun, Slug
from runbook.model.plan import Person
from runbook.model.release import Address
from runbook.model.times import Duration


class Organisation(Noun):
    """Who publishes."""

    name: Line
    domain: Line
    """The organisation's own domain: `example.org`."""
    zone: Line = "Europe/London"
    """The zone of its clock times, an IANA name."""


def _nobody(value: object) -> object:
    """Return None for an empty table or a blank name: so a file says that nobody holds the role yet."""
    if isinstance(value, dict) and (not value or value.get("name") == ""):
        return None
    return value


class Seat(Noun):
    """Who holds a role, and who is next in line."""

    holder: Annotated[Person | None, BeforeValidator(_nobody)] = None
    deputies: tuple[Person, ...] = ()

    @property
    def people(self) -> tuple[Person, ...]:
        """The line of succession: the holder first, then the deputies in order; empty if nobody is named."""
        line = (self.holder, *self.deputies) if self.holder else self.deputies
        return tuple(person for person in line if person.name)


class Eye(Noun):
    """How the look from outside is made."""

    timeout: Annotated[float, Field(gt=0, le=120)] = 10
    """Seconds for one fetch."""
    ca_file: Line | None = None
    """A file of certificate authorities to trust instead of the system's, from the workspace's folder."""
    content_api: Address | None = None
    """Where GOV.UK's content API is; only a test needs another one."""


class Together(Noun):
    """How channels are kept in step."""

    line_up: StrictBool = True
    """Hold the fast channels back by what earlier sendings of this workspace took; false: all go at one instant."""


class Lists(Noun):
    """What holds for all contact lists."""

    stale_after: Duration = "90d"
    """How long an address counts as verified."""


def _with_kind(table: dict[str, Any]) -> dict[str, Any]:
    kind = table.get("kind")
    if not isinstance(kind, str) or not kind:
        raise PydanticCustomError("channel_kind", "This channel has no kind.")
    return table


ChannelTable = Annotated[dict[str, Any], AfterValidator(_with_kind)]
"""The settings of a channel as they stand in the file; its adapter knows what they mean. `kind` is always there."""


class Settings(Noun):
    """The whole file."""

    organisation: Organisation
    roles: dict[Slug, Seat] = Field(default_factory=dict)
    channels: dict[Slug, ChannelTable] = Field(default_factory=dict)
    together: Together = Field(default_factory=Together)
    eye: Eye = Field(default_factory=Eye)
    lists: Lists = Field(default_factory=Lists)
