"""The gate: no message of the release leaves before its due time, whatever the clock of this computer does."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from runbook.clock import Clock
from runbook.model.outcome import Offset
from runbook.model.times import in_words

WRONG = 1.0
"""Seconds that the clock may be off before people are told to set it right."""


CLOSE = 0.1
"""Seconds of doubt about the clock that nobody need be told of."""


class Gate:
    """Made when people say "send now"; asked again at the instant.

    `due` is the moment before which nothing may leave; None where nothing is held back. `offsets` says what is known of
    this computer's clock by now. Two readings must agree that it
    has come: the wall clock, and the wall clock of the beginning with the monotonic time since. So a clock that is set
    forward meanwhile does not let anything out early, and neither does one that is set back.

    Where the services' own clocks show for certain that this computer's is ahead, the moment comes so much later.
    """

    def __init__(self, clock: Clock, due: datetime | None, offsets: Callable[[], Iterable[Offset]]) -> None:
        self._clock, self._due, self._offsets = clock, due, offsets
        self._wall, self._monotonic = clock.now(), clock.monotonic()

    @property
    def opens_at(self) -> datetime | None:
        """The moment from which it may leave, by this computer's clock as far as its error is known now."""
        return None if self._due is None else self._due + timedelta(seconds=ahead(self._offsets()))

    def why(self) -> str:
        """Return why people wait for the moment, and what they can do if it is wrong."""
        seconds = ahead(self._offsets())
        if not seconds:
            return "Held until it is due. Nothing leaves before."
        sources = ", ".join(o.source for o in self._offsets() if o.for_certain < 0)
        by = f"{seconds:.1f} s" if seconds < 60 else in_words(timedelta(seconds=seconds))
        return (
            f"Held until it is due by the clock of {sources} too: this computer's is {by} ahead."
            " If theirs is wrong: b, then leave that message out (d) or do it by hand (m)."
        )

    def shut(self) -> str | None:
        """Return why nothing may leave now, in a sentence's words; None if it may."""
        opens_at, wall = self.opens_at, self._clock.now()
        counted = self._wall + timedelta(seconds=self._clock.monotonic() - self._monotonic)
        if opens_at is None or min(wall, counted) >= opens_at:
            return None
        if max(wall, counted) < opens_at:
            return "the release is not due yet"
        return "the release is not due yet; this computer's clock was set while it was held"


def ahead(offsets: Iterable[Offset]) -> float:
    """Return by how many seconds this computer's clock is ahead for certain; 0 if it is not, or nobody can tell.

    The middle one of the services' clocks is believed, so that one service with a wrong clock holds nothing up; of two,
    the one by which it is earlier.
    """
    certain = sorted(offset.for_certain for offset in offsets)
    return max(0.0, -certain[(len(certain) - 1) // 2]) if certain else 0.0


def remarks(offsets: Iterable[Offset]) -> tuple[str, ...]:
    """Return what people are told of this computer's clock before they send: one line, or one for each that differs."""
    known = list(offsets)
    wrong = tuple(
        f"!! This computer's clock is {abs(o.seconds):.0f} s {'behind' if o.seconds > 0 else 'ahead of'} {o.source}'s."
        " Set it right."
        for o in known
        if abs(o.for_certain) > WRONG
    )
    if wrong or not known:
        return wrong
    within = max(abs(offset.seconds) + offset.within for offset in known)
    meanwhile = "; measured more closely while this stands here" if within > CLOSE else ""
    return (f"This computer's clock is right (within {max(0.01, within):.2g} s{meanwhile}).",)
