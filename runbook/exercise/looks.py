"""Looks without a network: what the playbook hopes to see is seen, the second time where it is waited for."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from runbook.clock import Clock
from runbook.model.ports import Look, LookAt, Sighting, Verdict


class RehearsalEye:
    """Sees what is expected, so that a rehearsal takes the branch of the day; where it waits, once in vain."""

    def __init__(self) -> None:
        self._looks: Counter[tuple[str, Verdict]] = Counter()

    def look(self, at: LookAt) -> Look:
        """Look at nothing, and say so."""
        self._looks[at.location, at.expect] += 1
        early = at.expect is Verdict.PUBLIC and at.location == "original" and self._looks[at.location, at.expect] == 1
        verdict = Verdict.NOT_PUBLIC if early else at.expect
        seen = Sighting(
            address=at.page,
            bypassed=True,
            status="rehearsed",
            right=verdict is Verdict.PUBLIC,
            found="nothing was fetched",
        )
        return Look(verdict, f"Rehearsed as {verdict}; nothing was fetched", (seen,))


class SimulatedLooks:
    """Looks on a clock that moves only when somebody sleeps: each look is over before `start` returns."""

    def __init__(self, eye: RehearsalEye, clock: Clock, post: Callable[[str, Look], None]) -> None:
        self._eye = eye
        self._clock = clock
        self._post = post

    def start(self, step: str, at: LookAt, every: float | None) -> None:
        """Look, again and again if it waits, until the verdict is the one that is expected."""
        look = self._eye.look(at)
        self._post(step, look)
        while every is not None and look.verdict is not at.expect:
            self._clock.sleep(every)
            look = self._eye.look(at)
            self._post(step, look)

    def stop(self, step: str) -> None:
        """Nothing is running."""

    def stop_all(self) -> None:
        """Nothing is running."""

    def running(self) -> frozenset[str]:
        """Return nothing: every look is over."""
        return frozenset()

    @contextmanager
    def hush(self) -> Iterator[None]:
        """Hold nothing back: no look runs beside anything."""
        yield
