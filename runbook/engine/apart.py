"""How far apart the channels were: when their last bytes left, when they confirmed, and by their own clocks."""

from collections.abc import Sequence
from dataclasses import dataclass

from runbook.engine.barrier import Job


@dataclass(frozen=True)
class Apart:
    """Distances in seconds, latest less earliest.

    commit    between the last bytes, as they were handed over
    answer    between the acknowledgements
    server    by the services' own clocks, each set right by its measured offset; None unless two of them tell the time
    within    the bound of `server`: both clocks' steps and the bounds of their offsets
    """

    commit: float
    answer: float
    server: float | None = None
    within: float = 0.0


def apart(jobs: Sequence[Job]) -> Apart:
    """Return how far apart jobs were that have all been confirmed."""
    released = [job.released_at for job in jobs]
    answered = [job.answered_at for job in jobs]
    commit, answer = max(released) - min(released), max(answered) - min(answered)
    told = [moment for job in jobs if (moment := _own_time(job)) is not None]
    if len(told) < 2:
        return Apart(commit, answer)
    moments = [at for at, _ in told]
    bounds = sorted(bound for _, bound in told)
    return Apart(commit, answer, max(moments) - min(moments), sum(bounds[-2:]))


def _own_time(job: Job) -> tuple[float, float] | None:
    """Return when a service did it by our clock, and the bound; None if it does not say, or its clock is not known."""
    receipt = job.result.receipt if job.result else None
    offset = job.staging.offset if job.staging else None
    if receipt is None or receipt.at is None or offset is None:
        return None
    return receipt.at.timestamp() - offset.seconds, receipt.at_within + offset.within
