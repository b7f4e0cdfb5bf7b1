"""The barrier: several messages made ready, staged up to their last byte, and released from one thread at one instant.

Nothing in here talks to people or to the log. Until `release` is called nothing has been sent, and every way out before
it (a channel that fails, an exception, Ctrl-C) ends in `discard`: also for a channel that answers only after its time
is up, when nobody waits for it any more.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, as_completed
from concurrent.futures import TimeoutError as FuturesTimeout
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Thread
from typing import TypeVar

from runbook.clock import Clock
from runbook.engine.again import while_nobody_answers
from runbook.engine.run import HANDS
from runbook.errors import ChannelError, NotReady, RunbookError
from runbook.model.message import Payload
from runbook.model.outcome import Outcome, Result
from runbook.model.plan import PlannedMessage
from runbook.model.ports import Channel, Staging

_T = TypeVar("_T")


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
    tries: list[str] = field(default_factory=list)
    """Why it was tried again to make it ready, each time."""

    @property
    def by_hand(self) -> bool:
        """Whether a person sends it, not the machine."""
        return self.channel.kind == HANDS


def make_ready(jobs: Sequence[Job], limit: timedelta, clock: Clock) -> None:
    """Make every job ready, in parallel, at most `limit`. What fails has its `problem` set and nothing was sent.

    Where nobody answers it is tried again, a few times (`runbook.engine.again`); `tries` says why.
    """

    def one(job: Job) -> Staging:
        return while_nobody_answers(
            lambda: job.channel.ready(job.payload, job.key), clock, lambda _, why: job.tries.append(why)
        )

    _each(jobs, one, limit)


def stage(jobs: Sequence[Job], limit: timedelta) -> None:
    """Stage every job, in parallel, at most `limit`. What is not held afterwards has its `problem` set."""
    _each(jobs, _staged, limit)


def _staged(job: Job) -> Staging:
    staging = job.staging
    if staging is None:
        raise NotReady("It was not made ready.")
    staging.stage()
    if not staging.held():
        raise NotReady("The other side did not keep it.")
    return staging


def all_held(jobs: Iterable[Job]) -> bool:
    """Whether every job is staged and still held by its other side. Those that are not have their `problem` set."""
    held = True
    for job in jobs:
        try:
            kept = job.staging is not None and job.staging.held()
        except Exception as error:  # noqa: BLE001 — whatever it is, a message that may not be held stops them all
            job.problem = _why(error)
            kept = False
        if not kept:
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

    futures = _started(jobs, one, "result")
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


def discard(jobs: Iterable[Job]) -> None:
    """Give up every job. Nothing of them was sent."""
    for job in jobs:
        if job.staging is not None:
            job.staging.discard()
            job.staging = None


def _each(jobs: Sequence[Job], action: Callable[[Job], Staging], limit: timedelta) -> None:
    """Let each job have its staging from `action`. What comes too late, or after Ctrl-C, is given up when it comes."""
    futures = _started(jobs, action, "channel")
    waiting = dict(futures)
    try:
        for future in as_completed(futures, timeout=limit.total_seconds()):
            job, error = futures[future], future.exception()
            job.problem = _why(error) if error is not None else ""
            job.staging = job.staging if error is not None else future.result()
            del waiting[future]
    except FuturesTimeout:
        for job in waiting.values():
            job.problem = f"It was not ready in {int(limit.total_seconds())} s."
    finally:
        for future in waiting:
            future.add_done_callback(_too_late)


def _too_late(future: Future[Staging]) -> None:
    if future.exception() is None:
        future.result().discard()


def _started(jobs: Sequence[Job], action: Callable[[Job], _T], name: str) -> dict[Future[_T], Job]:
    """Start `action` for every job, each in a thread that never keeps the program from ending."""

    def run(job: Job, future: Future[_T]) -> None:
        try:
            value = action(job)
        except BaseException as error:  # noqa: BLE001 — it is handed to the thread that waits for it
            future.set_exception(error)
        else:
            future.set_result(value)

    futures: dict[Future[_T], Job] = {Future(): job for job in jobs}
    for future, job in futures.items():
        Thread(target=run, args=(job, future), name=f"{name}-{job.message.id}", daemon=True).start()
    return futures


def _why(error: BaseException) -> str:
    if isinstance(error, ChannelError | RunbookError):
        return f"{error.message} {error.remedy}".strip()
    return f"It failed in a way that was not foreseen: {type(error).__name__}: {error}."


def skews(jobs: Sequence[Job]) -> tuple[float, float]:
    """Return how far apart the commits and the answers were, in seconds: latest less earliest."""
    released = [job.released_at for job in jobs]
    answered = [job.answered_at for job in jobs]
    return max(released) - min(released), max(answered) - min(answered)
