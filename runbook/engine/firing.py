"""From "send now" to the outcomes: the countdown, the staging, the intents, the release, the receipts."""

from runbook.engine.barrier import Job, all_held, discard, release, results, skews, stage
from runbook.engine.decide import must_wait
from runbook.engine.interrupts import Unbroken
from runbook.engine.preparing import refresh
from runbook.engine.run import Run
from runbook.model.entries import Fact, Kind
from runbook.model.outcome import Outcome, Result
from runbook.model.plan import PlannedStep, digest_of
from runbook.model.questions import Sheet
from runbook.model.steps import TogetherStep
from runbook.model.times import duration

_BY_HAND = "stopped by hand in the countdown"


def fire(run: Run, planned: PlannedStep, jobs: list[Job], actor: str, *, correction: bool = False) -> None:
    """Send jobs together. All of them armed, or none fires; Ctrl-C before the instant stops it with nothing sent.

    On return the outcome of each that the machine sends is in the log, or (if the other side was silent) that it is
    unknown. Of those that a person sends only the intent is: now is the time to do it, and to ask for it.
    """
    machine = [job for job in jobs if not job.by_hand]
    try:
        armed = _arm(run, planned, jobs, machine)
    except KeyboardInterrupt:
        _stop(run, planned, jobs, _BY_HAND)
        return
    if not armed:
        _stop(run, planned, jobs, " ".join(dict.fromkeys(job.problem for job in jobs if job.problem)))
        return
    if not correction and must_wait(run.plan, run.state, planned, run.clock.now()):
        _stop(run, planned, jobs, "the release is not due yet; the clock may have been set back")
        return
    if _released(run, planned, jobs, actor, correction=correction):
        for job, result in results(machine, run.limits.result, run.clock):
            run.record(outcome_fact(run, planned, job.message.id, job.key, result))
        _measure(run, planned, machine)


def _released(run: Run, planned: PlannedStep, jobs: list[Job], actor: str, *, correction: bool) -> bool:
    """Log the intents and release. False if Ctrl-C came before the first release: then nothing was sent.

    Once the first is released the others follow, whatever is pressed; Ctrl-C is passed on when all have gone.
    """
    with Unbroken() as ctrl_c:
        intents = run.append(*(intent_fact(run, planned, job, actor, correction=correction) for job in jobs))
        stopped = ctrl_c.pressed
        ctrl_c.pressed = False
        if not stopped:
            release([job for job in jobs if not job.by_hand], run.clock)
    run.tell(intents)
    if stopped:
        discard(jobs)
        unsent = Result(outcome=Outcome.NOT_SENT, detail=f"It was {_BY_HAND}.")
        run.record(*(outcome_fact(run, planned, job.message.id, job.key, unsent) for job in jobs))
        _stop(run, planned, jobs, _BY_HAND)
    return not stopped


def _arm(run: Run, planned: PlannedStep, jobs: list[Job], machine: list[Job]) -> bool:
    """Count down with every message staged meanwhile. Whether all of them are held at zero.

    Where nothing goes by machine there is nothing to count down to: a person sends it when they have it before them.
    """
    if not machine:
        refresh(run, jobs)
        return not any(job.problem for job in jobs)
    seconds = run.limits.countdown
    counting = " … ".join(str(n) for n in range(seconds, 0, -1))
    run.desk.show(Sheet(f"Sending in {counting}   Ctrl-C stops it, nothing is sent", step=planned.id), run.state)
    zero = run.clock.monotonic() + seconds
    refresh(run, jobs)
    if any(job.problem for job in jobs):
        return False
    begun = run.clock.monotonic()
    stage(machine, run.limits.stage)
    if any(job.problem for job in jobs):
        return False
    took = f"{run.clock.monotonic() - begun:.3f}"
    run.record(run.fact(Kind.STAGED, planned, messages=[job.message.id for job in machine], seconds=took))
    run.clock.sleep(zero - run.clock.monotonic())
    return all_held(machine)


def _stop(run: Run, planned: PlannedStep, jobs: list[Job], why: str) -> None:
    discard(jobs)
    run.record(run.fact(Kind.STOPPED, planned, messages=[job.message.id for job in jobs], why=why))


def intent_fact(run: Run, planned: PlannedStep, job: Job, actor: str, *, correction: bool = False) -> Fact:
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
    receipt = result.receipt.model_dump(mode="json") if result.receipt else None
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
    )


def _measure(run: Run, planned: PlannedStep, jobs: list[Job]) -> None:
    """Log how far apart the machine's channels were, if there were several and all were sent."""
    machine = [job for job in jobs if job.answered_at]
    sent = all(run.state.sendings[job.key].outcome is Outcome.SENT for job in machine)
    if len(machine) < 2 or not sent:  # one channel is always in step with itself
        return
    commit, answer = skews(machine)
    tolerance = planned.step.tolerance if isinstance(planned.step, TogetherStep) else "1s"
    run.record(
        run.fact(
            Kind.SKEW,
            planned,
            messages=[job.message.id for job in machine],
            seconds=f"{answer:.4f}",
            commit_seconds=f"{commit:.6f}",
            measured_at="acknowledgement",
            tolerance=tolerance,
            within=answer <= duration(tolerance).total_seconds(),
        )
    )
