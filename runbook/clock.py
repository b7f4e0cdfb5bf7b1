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


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the wall time, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds on the machine's monotonic clock."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Sleep; none if it is negative."""
        if seconds > 0:
            time.sleep(seconds)


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
