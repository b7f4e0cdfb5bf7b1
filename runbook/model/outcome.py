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
    at_within: float = 0.001
    """How exact `at` is, in seconds: the step of the channel's clock (X: 0.001; a `Date` header: 1)."""
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
    took: float | None = None
    """Seconds from the last byte to the acknowledgement, the median where there are several; None: not timed."""
    lasted: float = 0.0
    """Seconds from then until the last was acknowledged, where messages follow one another."""
    way: float = 0.0
    """Seconds that one way over the network takes, as estimated from the connection (half a round trip)."""


class Offset(Noun):
    """How far another clock is from this computer's."""

    seconds: float
    """The other clock less ours: positive if ours is slow."""
    within: float
    """The bound: the true offset is at most so many seconds away, for certain."""
    source: str
    """Whose clock it is: a host."""

    @property
    def for_certain(self) -> float:
        """The part of the offset that is sure, with its sign: nothing while the bound is greater than the offset."""
        sure = max(0.0, abs(self.seconds) - self.within)
        return sure if self.seconds > 0 else -sure


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
