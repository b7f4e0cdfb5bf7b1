"""Keeping ready messages ready while people decide, each in a thread of its own that ends before anything is staged."""

from collections.abc import Sequence
from threading import Event, Thread
from types import TracebackType
from typing import Self

from runbook.engine.barrier import Job

LEAST = 0.02
"""Seconds between two requests, at least, whatever a channel asks for."""


class Warmth:
    """Keeps jobs warm while its `with` block lasts. Afterwards no thread begins anything on a connection any more.

    One that is still waiting for an answer goes on until its channel's time-out; whoever stages that job waits for it.
    """

    def __init__(self, jobs: Sequence[Job]) -> None:
        self._jobs = [job for job in jobs if job.staging is not None and not job.by_hand]
        self._over = Event()

    def __enter__(self) -> Self:
        for job in self._jobs:
            Thread(target=self._keep, args=(job,), name=f"warm-{job.message.id}", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def end(self) -> None:
        """Keep nothing warm any more. Harmless when repeated."""
        self._over.set()

    def _keep(self, job: Job) -> None:
        staging, pause = job.staging, 0.0
        while staging is not None and not self._over.wait(max(LEAST, pause)):
            with job.in_use:
                if self._over.is_set():
                    return
                pause = staging.keep_warm()
