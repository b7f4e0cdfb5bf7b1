"""Lining up: the channels that are quick wait for the slow one, by what earlier sendings of this workspace took."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from runbook.engine.barrier import Job
from runbook.engine.run import Run
from runbook.model.lining_up import REMEMBERED, Estimate, estimate, holds
from runbook.model.plan import PlannedMessage

_SPARE = 1.0
"""Seconds between the end of the longest hold and that of a server's patience."""


@dataclass(frozen=True)
class Lining:
    """Who waits for whom, and what that rests on."""

    holds: dict[str, float] = field(default_factory=dict)
    """By message id: seconds behind the first. Those that wait only."""
    slowest: PlannedMessage | None = None
    """The message that the others wait for."""
    learnt: dict[str, Estimate] = field(default_factory=dict)
    """By channel."""

    def data(self) -> dict[str, Any]:
        """Return what the log says of it; nothing where nobody waits."""
        if not self.holds:
            return {}
        learnt = {
            channel: {"seconds": f"{e.seconds:.6f}", "sendings": e.sendings, "newest": e.newest}
            for channel, e in self.learnt.items()
        }
        held = {message: f"{hold:.6f}" for message, hold in self.holds.items()}
        return {"holds": held, "behind": self.slowest.id if self.slowest else "", "learnt": learnt}


def line_up(run: Run, jobs: Sequence[Job]) -> Lining:
    """Set how long each job is held back, and return it. Raises `JournalError` when the log cannot be read."""
    machine = [job for job in jobs if not job.by_hand and job.staging is not None]
    for job in jobs:
        job.hold = 0.0
    if not run.limits.line_up or len(machine) < 2:
        return Lining()
    by_channel = {name: estimate(run.journal.timings(name, REMEMBERED)) for name in {j.channel_name for j in machine}}
    estimates = {job.message.id: by_channel[job.channel_name] for job in machine}
    held = holds(estimates, {job.message.id: _longest(run, job) for job in machine})
    for job in machine:
        job.hold = held[job.message.id]
    waiting = {message: seconds for message, seconds in held.items() if seconds}
    slowest = max(machine, key=lambda job: e.seconds if (e := estimates[job.message.id]) else 0.0)
    known = {channel: e for channel, e in by_channel.items() if e is not None}
    return Lining(waiting, slowest.message, known)


def _longest(run: Run, job: Job) -> float:
    patience = job.staging.hold_limit.total_seconds() if job.staging else 0.0
    return max(0.0, patience - run.limits.countdown - _SPARE)


def remarks(lining: Lining, jobs: Sequence[Job]) -> tuple[str, ...]:
    """Return what people are told before they send, one line for each that waits."""
    slowest = lining.slowest.title if lining.slowest else ""
    sendings = min((e.sendings for e in lining.learnt.values()), default=0)
    return tuple(
        f"{job.message.title}: waits {lining.holds[job.message.id]:.2f} s for {slowest}"
        f" (learnt from {sendings} sendings)."
        for job in jobs
        if job.message.id in lining.holds
    )
