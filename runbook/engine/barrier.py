"""The barrier: several messages made ready, staged up to their last byte, and released from one thread at one instant.

Nothing in here talks to people or to the log. Until `release` is called nothing has been sent, and every way out before
it (a channel that fails, an exception, Ctrl-C) ends in `discard`.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from concurrent.futures import TimeoutError as FuturesTimeout
from dataclasses import dataclass
from datetime import timedelta

from runbook.clock import Clock
from runbook.errors import ChannelError, NotReady, RunbookError
from runbook.model.message import Payload
from runbook.model.outcome import Outcome, Result
from runbook.model.plan import PlannedMessage
from runbook.model.ports import Channel, Staging


@dataclass
class Job:
    """One message on its way through the barrier."""

    message: PlannedMessage
    key: str
    channel_name: str
    channel: Channel
    payload: Payload
    staging: Staging | None = None
    problem: str = ""
    """Why it is not ready, a sentence; empty if it is."""
    released_at: float = 0.0
    """Monotonic seconds, just after the last byte was handed over."""
    answered_at: float = 0.0


def make_ready(jobs: Sequence[Job], limit: timedelta) -> None:
    """Make every job ready, in parallel, at most `limit`. What fails has its `problem` set and nothing was sent."""

    def one(job: Job) -> None:
        job.staging = job.channel.ready(job.payload, job.key)

    _each(jobs, one, limit)


def stage(jobs: Sequence[Job], limit: timedelta) -> None:
    """Stage every job, in parallel, at most `limit`. What is not held afterwards has its `problem` set."""

    def one(job: Job) -> None:
        if job.staging is None:
            raise NotReady("It was not made ready.")
        job.staging.stage()
        if not job.staging.held():
            raise NotReady("The other side did not keep it.")

    _each(jobs, one, limit)


def all_held(jobs: Iterable[Job]) -> bool:
    """Whether every job is staged and still held by its other side. Those that are not have their `problem` set."""
    held = True
    for job in jobs:
        if job.staging is None or not job.staging.held():
            job.problem = job.problem or "The connection was lost while it was held. Nothing was sent."
            held = False
    return held


def release(jobs: Sequence[Job], clock: Clock) -> None:
    """Commit every job, one after the other from this thread. One that raises does not stop the others.

    What raised is left to `results` to find out: its last byte may have left.
    """
    interrupted: BaseException | None = None
    for job in jobs:
        try:
            if job.staging is not None:
                job.staging.release()
        except Exception as error:  # noqa: BLE001 — whatever it is, the others go out
            job.problem = f"{error}"
        except BaseException as error:  # noqa: BLE001 — Ctrl-C comes too late here; it is raised once all have gone
            interrupted = error
        job.released_at = clock.monotonic()
    if interrupted is not None:
        raise interrupted


def results(jobs: Sequence[Job], limit: timedelta, clock: Clock) -> Iterator[tuple[Job, Result]]:
    """Yield each job with its result as it comes, all awaited in parallel. No answer in `limit` is *unknown*."""

    def one(job: Job) -> Result:
        result = job.staging.result(limit) if job.staging else Result(outcome=Outcome.NOT_SENT)
        job.answered_at = clock.monotonic()
        return result

    pool = ThreadPoolExecutor(max(1, len(jobs)), thread_name_prefix="result")
    futures = {pool.submit(one, job): job for job in jobs}
    waiting = dict(futures)
    try:
        for future in as_completed(futures, timeout=limit.total_seconds() + 5):
            job = waiting.pop(future)
            error = future.exception()
            if error is not None:
                yield job, Result(outcome=Outcome.UNKNOWN, detail=f"No answer could be read: {error}.")
            else:
                yield job, future.result()
    except FuturesTimeout:
        for job in waiting.values():
            yield job, Result(outcome=Outcome.UNKNOWN, detail=f"No answer in {int(limit.total_seconds())} s.")
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def discard(jobs: Iterable[Job]) -> None:
    """Give up every job. Nothing of them was sent."""
    for job in jobs:
        if job.staging is not None:
            job.staging.discard()
            job.staging = None


def _each(jobs: Sequence[Job], action: Callable[[Job], None], limit: timedelta) -> None:
    pool = ThreadPoolExecutor(max(1, len(jobs)), thread_name_prefix="channel")
    futures = {pool.submit(action, job): job for job in jobs}
    waiting = dict(futures)
    try:
        for future in as_completed(futures, timeout=limit.total_seconds()):
            job = waiting.pop(future)
            error = future.exception()
            job.problem = _why(error) if error is not None else ""
    except FuturesTimeout:
        for job in waiting.values():
            job.problem = f"It was not ready in {int(limit.total_seconds())} s."
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _why(error: BaseException) -> str:
    if isinstance(error, ChannelError | RunbookError):
        return f"{error.message} {error.remedy}".strip()
    return f"It failed in a way that was not foreseen: {type(error).__name__}: {error}."


def skews(jobs: Sequence[Job]) -> tuple[float, float]:
    """Return how far apart the commits and the answers were, in seconds: latest less earliest."""
    released = [job.released_at for job in jobs]
    answered = [job.answered_at for job in jobs]
    return max(released) - min(released), max(answered) - min(answered)
