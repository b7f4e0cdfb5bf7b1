"""Another computer's clock, as the `Date` of its answers bounds it. Pure: times are handed in.

A `Date` is a whole second, rounded down (RFC 9110 6.6.1, 5.6.7), of some moment between the sending of the request and
the reading of the answer. So one answer bounds the offset (theirs less ours) to a second and a round trip; the bounds
of several answers are intersected. A request that arrives just when the server's second turns, by the middle of what is
known, tells which half is right: `next_in` aims at that, and each answer then halves the bound down to a round trip.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from threading import Lock

from runbook.model.outcome import Offset

EXACT_SECONDS = 0.05
"""A bound that is good enough to stop asking for better: no screen or log says more."""
SOON_SECONDS = 0.1
"""The least time between two requests; an aimed one follows within a second after that."""
SETTLED_SECONDS = 15.0
"""How often at most to ask when the bound is good, or does not become better."""
AIMED = 12
"""After so many readings in a row without a good bound, the connection allows no better."""
STEP_SECONDS = 0.1
"""Wall and monotonic time that moved apart by more: our clock was set, or the computer slept."""
DRIFT = 0.0001
"""Seconds a second by which two clocks may run apart. Crystals do less (RFC 5905 reckons with 0.000015)."""
_ROUNDING = 0.00001
_RELUCTANT = 0.75
"""Aiming can bring the bound down to half a round trip; nearly there is near enough."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One answer's `Date`.

    before     our wall time, just before the request was sent
    after      our wall time, when the head of the answer had been read
    date       what the server said, UTC
    monotonic  our monotonic time at `after`
    """

    before: datetime
    after: datetime
    date: datetime
    monotonic: float


def date_of(headers: Mapping[str, str]) -> datetime | None:
    """Return the `date` of an answer, UTC; None if it has none that can be read. Names are in lower case."""
    try:
        said = parsedate_to_datetime(headers.get("date", ""))
    except (ValueError, TypeError, OverflowError):
        return None
    return said.replace(tzinfo=UTC) if said.tzinfo is None else said.astimezone(UTC)


def reading(headers: Mapping[str, str], before: datetime, took: float, monotonic: float) -> Reading | None:
    """Return what an answer says of its server's clock; None if it does not.

    `took` is the seconds from `before` to the answer's head, by the monotonic clock, which then said `monotonic`. An
    answer with an `Age` comes out of a store, with the date of another moment (RFC 9111 5.1).
    """
    date = date_of(headers)
    if date is None or "age" in headers:
        return None
    return Reading(before, before + timedelta(seconds=took), date, monotonic)


class ServerClock:
    """What the readings of one server's clock say together. Several threads may add some."""

    def __init__(self) -> None:
        self._adding = Lock()
        self._bounds: tuple[float, float] | None = None
        self._last: Reading | None = None
        self._shortest = 0.0
        self._tried = 0

    def add(self, new: Reading) -> None:
        """Take a reading in. Readings come (nearly) in the order of their time.

        Older ones are forgotten when the new one contradicts them, or our own clock was set since: then they say
        nothing of the clocks as they are now.
        """
        with self._adding:
            self._take_in(new)

    def _take_in(self, new: Reading) -> None:
        date, took = new.date.timestamp(), (new.after - new.before).total_seconds()
        low = date - new.after.timestamp() - _ROUNDING
        high = date + 1 - new.before.timestamp() + _ROUNDING
        known = self._carried_to(new)
        if known is not None and max(low, known[0]) < min(high, known[1]):
            low, high = max(low, known[0]), min(high, known[1])
            self._shortest = min(took, self._shortest)
        else:
            self._shortest, self._tried = took, 0
        self._bounds, self._last = (low, high), new
        good = (high - low) / 2 <= max(EXACT_SECONDS, self._shortest * _RELUCTANT)
        self._tried = 0 if good else self._tried + 1

    def offset(self, source: str) -> Offset | None:
        """Return how far it was off at the last reading; None before the first. `source` is whose clock it is."""
        if self._bounds is None:
            return None
        low, high = self._bounds
        return Offset(seconds=(low + high) / 2, within=(high - low) / 2, source=source)

    def next_in(self, wall_now: datetime, longest: float = SETTLED_SECONDS) -> float:
        """Return the seconds after which to ask again, so that the request arrives as the server's second turns.

        At most 1.1 while the bound wants to be better, else at most `longest`, and at least a second less.
        """
        if self._bounds is None:
            return longest
        low, high = self._bounds
        rough = 0 < self._tried < AIMED
        least = SOON_SECONDS if rough else max(SOON_SECONDS, longest - 1)
        arrives = wall_now.timestamp() + least + self._shortest / 2 + (low + high) / 2
        return least + -arrives % 1.0

    def _carried_to(self, new: Reading) -> tuple[float, float] | None:
        """Return what was known, as wide as it has become by now; None if our clock was set in between."""
        if self._bounds is None or self._last is None:
            return None
        passed = new.monotonic - self._last.monotonic
        moved = abs((new.after - self._last.after).total_seconds() - passed)
        if moved > STEP_SECONDS:
            return None
        wider = moved + max(0.0, passed) * DRIFT
        return self._bounds[0] - wider, self._bounds[1] + wider
