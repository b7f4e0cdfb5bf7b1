"""Time, handed in. Nothing else in the package asks the machine for it."""

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Wall time for the log, monotonic time for durations."""

    def now(self) -> datetime:
        """Return the wall time, in UTC."""

    def monotonic(self) -> float:
        """Return seconds on a clock that never steps. Only differences mean anything."""

    def sleep(self, seconds: float) -> None:
        """Let so many seconds pass; none if it is negative."""

    def sleep_until(self, moment: float) -> None:
        """Return at a moment of the monotonic clock: never before it, and within some tens of microseconds after."""


_SPIN_SECONDS = 0.002
"""A sleep ends late by as much as this on a busy machine; the rest is waited for awake."""


class SystemClock:
    """The machine's clock."""

    monotonic = staticmethod(time.monotonic)
    """Return seconds on the machine's monotonic clock. A function of C: reading it lets no other thread in."""

    def now(self) -> datetime:
        """Return the wall time, in UTC."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Sleep; none if it is negative."""
        if seconds > 0:
            time.sleep(seconds)

    def sleep_until(self, moment: float) -> None:
        """Sleep until shortly before the moment, and wait awake for the rest."""
        self.sleep(moment - time.monotonic() - _SPIN_SECONDS)
        while time.monotonic() < moment:
            pass


class SimulatedClock:
    """A clock that moves only when somebody sleeps: a rehearsal of three hours takes a moment."""

    def __init__(self, start: datetime) -> None:
        self._start = start
        self._passed = 0.0

    def now(self) -> datetime:
        """Return the simulated wall time, in UTC."""
        return self._start + timedelta(seconds=self._passed)

    def monotonic(self) -> float:
        """Return the simulated seconds since the start."""
        return self._passed

    def sleep(self, seconds: float) -> None:
        """Move the clock on at once."""
        self._passed += max(0.0, seconds)

    def sleep_until(self, moment: float) -> None:
        """Move the clock on at once, to the moment if it is still to come."""
        self._passed = max(self._passed, moment)  # a sleep of the difference would be rounded, and may be too short
