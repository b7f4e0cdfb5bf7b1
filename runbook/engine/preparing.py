"""From planned messages to jobs: which are still to be sent, by which channel, with every slot filled."""

from collections.abc import Collection, Mapping

from runbook.engine import again
from runbook.engine.barrier import Job, discard, make_ready
from runbook.engine.run import BY_HAND, MACHINE, Run
from runbook.engine.values import not_known, slot_values
from runbook.errors import CannotSay
from runbook.model.entries import Fact, Kind
from runbook.model.message import Draft, Length, Payload
from runbook.model.outcome import Outcome
from runbook.model.plan import PlannedMessage, PlannedStep
from runbook.model.questions import MessageRow
from runbook.model.slots import Unfilled
from runbook.model.state import Sending
from runbook.model.words import counted


def key_prefix(run: Run, planned: PlannedStep, message: PlannedMessage) -> str:
    """Return what the keys of one message begin with, this time round."""
    return f"{run.id}/{message.id}/{run.state.step(planned.id).times + 1}/"


def next_key(run: Run, planned: PlannedStep, message: PlannedMessage) -> str:
    """Return the key of the next attempt to send a message. An attempt is new only once the last certainly failed."""
    return f"{key_prefix(run, planned, message)}{len(_attempts(run, planned, message)) + 1}"


def outcome_of(run: Run, planned: PlannedStep, message: PlannedMessage) -> Outcome | None:
    """Return what became of a message this time round; None if nothing was committed yet."""
    latest = _attempts(run, planned, message)
    return (latest[-1].outcome or Outcome.UNKNOWN) if latest else None


def _attempts(run: Run, planned: PlannedStep, message: PlannedMessage) -> list[Sending]:
    """Return the attempts to send a message this time round. What corrects it has keys beneath its own: it is none."""
    prefix = key_prefix(run, planned, message)
    return [s for key, s in run.state.sendings.items() if key.startswith(prefix) and not s.correction]


def pending(run: Run, planned: PlannedStep) -> list[PlannedMessage]:
    """Return the messages of a step that are still to be sent: not those that went out or were left out."""
    settled = (Outcome.SENT, Outcome.SKIPPED)
    return [
        m for m in planned.messages if m.id not in run.state.left_out and outcome_of(run, planned, m) not in settled
    ]


def make_job(run: Run, planned: PlannedStep, message: PlannedMessage, channel_name: str) -> Job:
    """Return a message as a job, built with the values of this moment; its `problem` says what it lacks."""
    name = channel_name if channel_name in run.channels else BY_HAND
    empty = Payload(draft=message.draft, length=Length(used=0), summary=message.summary)
    job = Job(message, next_key(run, planned, message), name, run.channel(name), empty)
    payload = _built(run, job)
    job.payload = payload or empty
    return job


def _built(run: Run, job: Job) -> Payload | None:
    """Return a job's payload with the values of this moment; None if there is none: its `problem` says what it lacks.

    What it replaces (a correction of a page) stays.
    """
    try:
        draft = filled(run, job.message.draft).model_copy(update={"replaces": job.payload.draft.replaces})
        return job.channel.build(draft)
    except Unfilled as missing:
        job.problem = not_known(run.plan, missing.args[0])
    except CannotSay as error:
        job.problem = f"{error.message} {error.remedy}".strip()
    return None


def filled(run: Run, draft: Draft) -> Draft:
    """Return a draft with the values of this moment. Raises `Unfilled`."""
    return draft.filled(slot_values(run.plan, run.state, run.clock.now()))


def prepare(run: Run, planned: PlannedStep, messages: Collection[PlannedMessage], ways: Mapping[str, str]) -> list[Job]:
    """Make messages ready, all in parallel, and log which are; `ways` are channels to use instead, by message."""
    jobs = [make_job(run, planned, m, ways.get(m.id, m.channel)) for m in messages]
    make_ready([job for job in jobs if not job.problem], run.limits.ready, run.clock)
    run.record(*retries(run, planned, jobs), *(_readiness(run, planned, job) for job in jobs))
    return jobs


def retries(run: Run, planned: PlannedStep, jobs: list[Job]) -> list[Fact]:
    """Return a fact for each time that a channel was tried again, and forget them."""
    facts = [
        run.fact(
            Kind.RETRIED,
            planned,
            actor=MACHINE,
            what=job.message.id,
            attempt=number,
            why=why,
            wait=f"{again.PAUSE:.0f}",
        )
        for job in jobs
        for number, why in enumerate(job.tries, 1)
    ]
    for job in jobs:
        job.tries.clear()
    return facts


def refresh(run: Run, jobs: list[Job]) -> None:
    """Build again the messages whose text has changed since (the time moved on), and make those ready anew."""
    stale: list[Job] = []
    for job in jobs:
        payload = _built(run, job)
        if payload is not None and payload.draft != job.payload.draft:
            job.payload = payload
            stale.append(job)
    shown = {job.key: set(job.staging.refused) if job.staging else set() for job in stale}
    discard(stale)
    make_ready(stale, run.limits.ready, run.clock)
    for job in stale:
        more = set(job.staging.refused) - shown[job.key] if job.staging else set()
        if more and not job.problem:
            who = ", ".join(sorted(more)[:3]) + (" …" if len(more) > 3 else "")
            job.problem = f"{counted(len(more), 'more address is', 'more addresses are')} refused now: {who}."


def _readiness(run: Run, planned: PlannedStep, job: Job) -> Fact:
    if job.problem or job.staging is None:
        return run.fact(Kind.NOT_READY, planned, message=job.message.id, detail=job.problem, remedy="")
    return run.fact(
        Kind.READY,
        planned,
        message=job.message.id,
        channel=job.channel_name,
        summary=job.staging.summary,
        refused=dict(job.staging.refused),
    )


def rows(run: Run, planned: PlannedStep, jobs: list[Job]) -> tuple[MessageRow, ...]:
    """Return the go/no-go table: every message of the step, those that are settled too."""
    by_id = {job.message.id: job for job in jobs}
    return tuple(_row(run, planned, message, by_id.get(message.id)) for message in planned.messages)


def _row(run: Run, planned: PlannedStep, message: PlannedMessage, job: Job | None) -> MessageRow:
    return MessageRow(
        id=message.id,
        title=message.title,
        kind=job.channel.kind if job else message.kind,
        summary=job.staging.summary if job and job.staging else message.summary,
        ready=bool(job and job.staging and not job.problem),
        detail=job.problem if job else run.state.left_out.get(message.id, ""),
        refused=dict(job.staging.refused) if job and job.staging else {},
        left_out=message.id in run.state.left_out,
        outcome=outcome_of(run, planned, message),
    )
