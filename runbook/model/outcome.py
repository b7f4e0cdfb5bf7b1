"""What became of a message, and the proof. Four outcomes, never a boolean; per recipient where there are several."""

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from runbook.model.noun import Noun


class Outcome(StrEnum):
    """What became of a message."""

    SENT = "sent"
    NOT_SENT = "not sent"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"


class Receipt(Noun):
    """A channel's own proof of a sending."""

    id: str = ""
    """The channel's name for what was sent: a post's id, a queue line, a page's number."""
    address: str = ""
    """The one public address to give to people, if there is one."""
    addresses: dict[str, str] = Field(default_factory=dict)
    """Public addresses by asset id, and `page` for the page that lists them."""
    at: datetime | None = None
    """The channel's own time, UTC, where it gives one."""
    text: str = ""
    """The channel's own words, as they came; at most 500 characters."""


class Result(Noun):
    """What a channel knows after a release.

    `recipients` has an entry for each address that did *not* share the outcome of the whole; its value says why.
    """

    outcome: Outcome
    detail: str = ""
    """One sentence for the screen: what was answered, or what was tried."""
    receipt: Receipt | None = None
    recipients: dict[str, str] = Field(default_factory=dict)
    by_hand: bool = False
    """A person is doing it: the engine asks them, rather than the channel."""


class Answer(StrEnum):
    """What a channel answers when it is asked whether a message is there."""

    THERE = "there"
    ABSENT = "absent"
    CANNOT_TELL = "cannot tell"


class Found(Noun):
    """A channel's answer to `find`. Absence within a bound is `CANNOT_TELL` unless the channel is certain."""

    answer: Answer
    detail: str = ""
    """One sentence: what was asked, how often, for how long."""
    receipt: Receipt | None = None
    look_at: str = ""
    """What a person may look at to answer instead: an address, a mailbox."""


class Health(Noun):
    """A channel's own word on whether it could send now. `check` has no public effect."""

    ok: bool
    detail: str
    remedy: str = ""
