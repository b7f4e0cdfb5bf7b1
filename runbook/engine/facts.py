"""What the log says of a message that goes out: that it is about to, what became of it, how far apart all were."""

from runbook.engine.apart import apart
from runbook.engine.barrier import Job
from runbook.engine.run import Run
from runbook.model.entries import Fact, Kind
from runbook.model.outcome import Outcome, Result
from runbook.model.plan import PlannedStep, digest_of
from runbook.model.steps import TogetherStep
from runbook.model.times import duration


def intent_fact(run: Run, planned: PlannedStep, job: Job, actor: str, correction: bool = False) -> Fact:
    """Return the fact that a message is about to go out, word for word."""
    draft = job.payload.draft
    return run.fact(
        Kind.INTENT,
        planned,
        actor=actor,
        message=job.message.id,
        key=job.key,
        channel=job.channel_name,
        digest=digest_of(draft.model_dump(mode="json")),
        parts={name: part.text for name, part in draft.parts.items()},
        recipients=len(draft.recipients),
        correction=correction,
    )


def outcome_fact(run: Run, planned: PlannedStep, message: str, key: str, result: Result, by: str = "channel") -> Fact:
    """Return the fact of what became of a message, as the channel or a person says."""
    receipt = result.receipt.model_dump(mode="json", exclude={"at_within"}) if result.receipt else None
    timed: dict[str, str] = {}
    if result.took is not None:
        channel = run.state.sendings[key].channel
        timed = {"channel": channel, "took": f"{result.took:.6f}", "way": f"{result.way:.6f}"}
    return run.fact(
        Kind.OUTCOME,
        planned,
        message=message,
        key=key,
        outcome=str(result.outcome),
        detail=result.detail,
        receipt=receipt,
        recipients=result.recipients,
        by_hand=result.by_hand,
        by=by,
        **timed,
    )


def measured(run: Run, planned: PlannedStep, jobs: list[Job]) -> list[Fact]:
    """Return the fact of how far apart the machine's channels were; none unless there were several, all sent."""
    machine = [job for job in jobs if job.answered_at]
    sent = all(run.state.sendings[job.key].outcome is Outcome.SENT for job in machine)
    if len(machine) < 2 or not sent:  # one channel is always in step with itself
        return []
    found = apart(machine)
    tolerance = planned.step.tolerance if isinstance(planned.step, TogetherStep) else "1s"
    more = {"held_seconds": f"{longest:.6f}"} if (longest := max(job.hold for job in machine)) else {}
    if found.server is not None:
        more |= {"server_seconds": f"{found.server:.6f}", "server_within": f"{found.within:.6f}"}
    fact = run.fact(
        Kind.SKEW,
        planned,
        messages=[job.message.id for job in machine],
        seconds=f"{found.answer:.4f}",
        commit_seconds=f"{found.commit:.6f}",
        measured_at="acknowledgement",
        tolerance=tolerance,
        within=found.answer <= duration(tolerance).total_seconds(),
        **more,
    )
    return [fact]
