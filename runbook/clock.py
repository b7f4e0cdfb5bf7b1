"""Time, handed in. Nothing else in the package asks the machine for it."""

import time
from collections.abc import Iterable
from contextlib import suppress
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

    def watch_until(self, moment: float, descriptors: Iterable[int]) -> dict[int, float]:
        """Let the time pass as `sleep_until` does, and return when each connection first had something to read.

        Those that had nothing by then are not in it. Nothing is read.
        """


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

    def watch_until(self, moment: float, descriptors: Iterable[int]) -> dict[int, float]:
        """Sleep until shortly before the moment, woken by what comes in, and wait awake for the rest."""
        from selectors import EVENT_READ, DefaultSelector  # noqa: PLC0415  # few runs hold a message back

        seen: dict[int, float] = {}
        with suppress(OSError), DefaultSelector() as selector:  # too many open files: then nothing is watched
            for descriptor in descriptors:
                with suppress(ValueError, KeyError, OSError):  # closed meanwhile: nothing will come in there
                    selector.register(descriptor, EVENT_READ)
            while selector.get_map() and (left := moment - time.monotonic() - _SPIN_SECONDS) > 0:
                for key, _ in selector.select(left):
                    seen[key.fd] = time.monotonic()
                    selector.unregister(key.fd)
        self.sleep_until(moment)
        return seen


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

    def watch_until(self, moment: float, descriptors: Iterable[int]) -> dict[int, float]:  # noqa: ARG002  # the protocol's
        """Move the clock on at once; nothing comes in while nothing passes."""
        self.sleep_until(moment)
        return {}
