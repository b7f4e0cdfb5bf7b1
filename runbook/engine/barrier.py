"""The barrier: several messages made ready, staged up to their last byte, and released by one thread at one instant.

Nothing in here talks to people or to the log. Until `release` is called nothing has been sent, and every way out before
it (a channel that fails, an exception, Ctrl-C) ends in `discard`: also for a channel that answers only after its time
is up, when nobody waits for it any more.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, as_completed
from concurrent.futures import TimeoutError as FuturesTimeout
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import groupby
from math import inf
from threading import Lock, Thread
from typing import TypeVar

from runbook.clock import Clock
from runbook.engine.again import while_nobody_answers
from runbook.engine.run import HANDS
from runbook.errors import ChannelError, NotReady, RunbookError
from runbook.instant import Write, Written, write_at_once
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
    hold: float = 0.0
    """Seconds it is held back behind the first, so that those that take longer are level with it."""
    staged_at: float = 0.0
    writes: tuple[Write, ...] = ()
    """Its last writes, once it is armed; none where the commit is no write."""
    written: tuple[Written, ...] = ()
    """What became of them."""
    heard: dict[int, float] = field(default_factory=dict)
    """Descriptor → when an answer came in there, monotonic; of those that came while another was held back."""
    released_at: float = 0.0
    """Monotonic seconds, when the last byte was handed over."""
    answered_at: float = 0.0
    result: Result | None = None
    in_use: Lock = field(default_factory=Lock)
    """Held by whoever uses the staging, while it may be kept warm beside."""
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

    try:
        _each(jobs, one, limit)
    except BaseException:  # Ctrl-C: those that are ready already are nobody's any more
        discard(jobs)
        raise


def stage(jobs: Sequence[Job], limit: timedelta, clock: Clock) -> None:
    """Stage every job, in parallel, at most `limit`. What is not held afterwards has its `problem` set.

    One that was held for half its server's patience while it waited for a slower one is staged once more.
    """

    def one(job: Job) -> Staging:
        staging = _staged(job)
        job.staged_at = clock.monotonic()
        return staging

    _each(jobs, one, limit)
    _each([job for job in jobs if not job.problem and _age(job, clock) > _patience(job) / 2], one, limit)


def _staged(job: Job) -> Staging:
    staging = job.staging
    if staging is None:
        raise NotReady("It was not made ready.")
    with job.in_use:
        staging.stage()
        if not staging.held():
            raise NotReady("The other side did not keep it.")
    return staging


def _age(job: Job, clock: Clock) -> float:
    return clock.monotonic() - job.staged_at


def _patience(job: Job) -> float:
    return job.staging.hold_limit.total_seconds() if job.staging else 0.0


def all_held(jobs: Iterable[Job], clock: Clock) -> None:
    """Look whether every job is staged and still held by its other side; one that is not has its `problem` set."""
    for job in jobs:
        job.problem = _lost(job, clock)


def _lost(job: Job, clock: Clock) -> str:
    try:
        if job.staging is None or not job.staging.held():
            return "The connection was lost while it was held. Nothing was sent."
    except Exception as error:  # noqa: BLE001 — whatever it is, a message that may not be held stops them all
        return _why(error)
    if _age(job, clock) + job.hold > _patience(job):
        return "Staging took so long that its server would not have waited. Nothing was sent."
    return ""


def arm(jobs: Iterable[Job]) -> None:
    """Have the last writes of every job ready. Those of which they are not have their `problem` set."""
    for job in jobs:
        try:
            job.writes = tuple(job.staging.arm()) if job.staging else ()
        except Exception as error:  # noqa: BLE001 — whatever it is, one that is not armed stops them all
            job.problem = _why(error)


def release(jobs: Sequence[Job], clock: Clock) -> None:
    """Commit every armed job from this thread: the first at once, each that is held back so much later.

    What goes at one instant is written in one go; its bookkeeping comes after. One that raises does not stop the
    others, nor does Ctrl-C: it is raised once all have gone. What raised is left to `results` to find out: its last
    byte may have left.
    """
    interrupted: BaseException | None = None
    begun, gone = clock.monotonic(), list[Job]()
    for hold, group in groupby(sorted(jobs, key=lambda job: job.hold), key=lambda job: job.hold):
        now = list(group)
        try:
            _wait(begun + hold, gone, clock)
        except BaseException as error:  # noqa: BLE001 — the first has gone; the others follow, though it be too early
            interrupted = error
        interrupted = _commit(now, clock) or interrupted
        gone += now
    if interrupted is not None:
        raise interrupted


def _wait(moment: float, gone: Sequence[Job], clock: Clock) -> None:
    """Wait for the next instant, and note the answers that come in meanwhile to those that have gone."""
    seen = clock.watch_until(
        moment, [w.descriptor for job in gone for w in job.writes if w.descriptor not in job.heard]
    )
    for job in gone:
        job.heard |= {w.descriptor: seen[w.descriptor] for w in job.writes if w.descriptor in seen}


def _commit(jobs: Sequence[Job], clock: Clock) -> BaseException | None:
    """Commit jobs at this instant. Returns what interrupted it, if something did; all have gone all the same."""
    interrupted: BaseException | None = None
    written = iter(write_at_once([write for job in jobs for write in job.writes], clock.monotonic))
    for job in jobs:
        job.written = tuple(next(written) for _ in job.writes)
        try:
            if job.written and job.staging is not None:
                job.released_at = job.written[-1].at
                job.staging.fired(job.written)
            elif job.staging is not None:
                job.staging.release()
                job.released_at = clock.monotonic()
        except Exception as error:  # noqa: BLE001 — whatever it is, the others go out
            job.problem, job.released_at = f"{error}", job.released_at or clock.monotonic()
        except BaseException as error:  # noqa: BLE001 — Ctrl-C comes too late here
            job.released_at, interrupted = job.released_at or clock.monotonic(), error
    return interrupted


def results(jobs: Sequence[Job], limit: timedelta, clock: Clock) -> Iterator[tuple[Job, Result]]:
    """Return each job with its result as it comes, all awaited in parallel from now. No answer in `limit` is *unknown*.

    A staging that sends many messages one after the other has more time in all: as much as it says.
    """
    longest = max((job.staging.longest_result(limit) for job in jobs if job.staging), default=limit)

    def one(job: Job) -> Result:
        result = job.staging.result(limit) if job.staging else Result(outcome=Outcome.NOT_SENT)
        result = job.result = _timed(job, result)
        job.answered_at = clock.monotonic() if result.took is None else job.released_at + result.took + result.lasted
        return result

    futures: dict[Future[Result], Job] = {Future(): job for job in jobs}
    _start(futures, one, "result")
    return _as_they_come(futures, longest.total_seconds())


def _as_they_come(futures: Mapping[Future[Result], Job], longest: float) -> Iterator[tuple[Job, Result]]:
    waiting = dict(futures)
    try:
        for future in as_completed(futures, timeout=longest + 5):
            job = waiting.pop(future)
            error = future.exception()
            if error is not None:
                yield job, Result(outcome=Outcome.UNKNOWN, detail=f"No answer could be read: {error}.")
            else:
                yield job, future.result()
    except FuturesTimeout:
        for job in waiting.values():
            yield job, Result(outcome=Outcome.UNKNOWN, detail=f"No answer in {int(longest)} s.")


def _timed(job: Job, result: Result) -> Result:
    """Return a result with the time that it really took: an answer may have lain there while another was held back."""
    if result.took is None or 2 * len(job.heard) <= len(job.writes):
        return result  # its channel saw the answer come in, or at least the middle one of them
    took = sorted(
        job.heard.get(write.descriptor, inf) - written.at
        for write, written in zip(job.writes, job.written, strict=True)
    )
    return result.model_copy(update={"took": min(result.took, took[(len(took) - 1) // 2])})


def discard(jobs: Iterable[Job]) -> None:
    """Give up every job. Nothing of them was sent."""
    for job in jobs:
        if job.staging is not None:
            job.staging.discard()
            job.staging = None


def _each(jobs: Sequence[Job], action: Callable[[Job], Staging], limit: timedelta) -> None:
    """Let each job have its staging from `action`. What comes too late, or after Ctrl-C, is given up when it comes."""
    futures: dict[Future[Staging], Job] = {Future(): job for job in jobs}
    waiting = dict(futures)
    try:
        _start(futures, action, "channel")
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


def _start(futures: Mapping[Future[_T], Job], action: Callable[[Job], _T], name: str) -> None:
    """Start `action` for every job, each in a thread that never keeps the program from ending."""

    def run(job: Job, future: Future[_T]) -> None:
        try:
            value = action(job)
        except BaseException as error:  # noqa: BLE001 — it is handed to the thread that waits for it
            future.set_exception(error)
        else:
            future.set_result(value)

    for future, job in futures.items():
        Thread(target=run, args=(job, future), name=f"{name}-{job.message.id}", daemon=True).start()


def _why(error: BaseException) -> str:
    if isinstance(error, ChannelError | RunbookError):
        return f"{error.message} {error.remedy}".strip()
    return f"It failed in a way that was not foreseen: {type(error).__name__}: {error}."
