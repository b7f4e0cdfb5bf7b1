"""From "send now" to the outcomes: the countdown, the staging, the intents, the release, the receipts."""

from collections.abc import Sequence

from runbook.engine.apart import apart
from runbook.engine.barrier import Job, all_held, arm, discard, release, results, stage
from runbook.engine.gate import Gate
from runbook.engine.interrupts import Unbroken
from runbook.engine.lining import line_up
from runbook.engine.preparing import refresh
from runbook.engine.run import MACHINE, Run
from runbook.instant import armed
from runbook.model.entries import Entry, Fact, Kind
from runbook.model.outcome import Offset, Outcome, Result
from runbook.model.plan import PlannedStep, digest_of
from runbook.model.questions import Sheet
from runbook.model.steps import TogetherStep
from runbook.model.times import duration

_BY_HAND = "stopped by hand in the countdown"


def fire(run: Run, planned: PlannedStep, jobs: list[Job], actor: str, gate: Gate, *, correction: bool = False) -> None:
    """Send jobs together. All of them armed, or none fires; Ctrl-C before the instant stops it with nothing sent.

    On return the outcome of each that the machine sends is in the log, or (if the other side was silent) that it is
    unknown. Of those that a person sends only the intent is: now is the time to do it, and to ask for it.

    From the staging to the last release no look begins, nothing is drawn, and the interpreter changes threads quickly.
    """
    machine = [job for job in jobs if not job.by_hand]
    with run.looks.hush(), armed():
        try:
            told, ready = _count_down(run, planned, jobs, machine)
        except KeyboardInterrupt:
            _stop(run, planned, jobs, _BY_HAND)
            return
        why = _unready(jobs) if not ready else gate.shut()
        sent = why is None and _released(run, planned, jobs, actor, told, correction=correction)
    if why is not None:
        run.tell(told)
        _stop(run, planned, jobs, why)
    elif sent:
        for job, result in results(machine, run.limits.result, run.clock):
            run.record(outcome_fact(run, planned, job.message.id, job.key, result))
        _measure(run, planned, machine)


def _released(
    run: Run, planned: PlannedStep, jobs: list[Job], actor: str, told: Sequence[Entry], *, correction: bool
) -> bool:
    """Log the intents and release. False if nothing was sent: one could not be armed, or Ctrl-C came before.

    Once the first is released the others follow, whatever is pressed; Ctrl-C is passed on when all have gone.
    """
    machine = [job for job in jobs if not job.by_hand]
    with Unbroken() as ctrl_c:
        intents = run.append(*(intent_fact(run, planned, job, actor, correction=correction) for job in jobs))
        why = None if arm(machine) else _unready(machine)
        if ctrl_c.pressed:
            why, ctrl_c.pressed = _BY_HAND, False
        if why is None:
            release(machine, run.clock)
    run.tell((*told, *intents))
    if why is not None:
        discard(jobs)
        unsent = Result(outcome=Outcome.NOT_SENT, detail=f"It was {why}." if why is _BY_HAND else why)
        run.record(*(outcome_fact(run, planned, job.message.id, job.key, unsent) for job in jobs))
        _stop(run, planned, jobs, why)
    return why is None


def _count_down(run: Run, planned: PlannedStep, jobs: list[Job], machine: list[Job]) -> tuple[tuple[Entry, ...], bool]:
    """Count down with every message staged meanwhile. Returns what is to be told later, and whether all are held.

    Where nothing goes by machine there is nothing to count down to: a person sends it when they have it before them.
    """
    if not machine:
        refresh(run, jobs)
        return (), not any(job.problem for job in jobs)
    seconds = run.limits.countdown
    counting = " … ".join(str(n) for n in range(seconds, 0, -1))
    run.desk.show(Sheet(f"Sending in {counting}   Ctrl-C stops it, nothing is sent", step=planned.id), run.state)
    zero = run.clock.monotonic() + seconds
    refresh(run, jobs)
    if any(job.problem for job in jobs):
        return (), False
    lining = line_up(run, machine)
    begun = run.clock.monotonic()
    stage(machine, run.limits.stage, run.clock)
    if any(job.problem for job in jobs):
        return (), False
    took = f"{run.clock.monotonic() - begun:.3f}"
    messages = [job.message.id for job in machine]
    staged = run.fact(Kind.STAGED, planned, messages=messages, seconds=took, **lining.data())
    told = run.append(staged, *_clock_facts(run, planned, machine))
    run.clock.sleep(zero - run.clock.monotonic())
    return told, all_held(machine, run.clock)


def offsets_of(jobs: Sequence[Job]) -> list[Offset]:
    """Return what the services' clocks say of this computer's, each service once."""
    known = [job.staging.offset for job in jobs if job.staging is not None]
    return list({offset.source: offset for offset in known if offset is not None}.values())


def _clock_facts(run: Run, planned: PlannedStep, jobs: Sequence[Job]) -> list[Fact]:
    """Return what is known of this computer's clock, as a fact; none if no service told the time."""
    offsets = [
        {"source": offset.source, "seconds": f"{offset.seconds:.6f}", "within": f"{offset.within:.6f}"}
        for offset in offsets_of(jobs)
    ]
    return [run.fact(Kind.CLOCK, planned, actor=MACHINE, offsets=offsets)] if offsets else []


def _unready(jobs: Sequence[Job]) -> str:
    return " ".join(dict.fromkeys(job.problem for job in jobs if job.problem))


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


def _measure(run: Run, planned: PlannedStep, jobs: list[Job]) -> None:
    """Log how far apart the machine's channels were, if there were several and all were sent."""
    machine = [job for job in jobs if job.answered_at]
    sent = all(run.state.sendings[job.key].outcome is Outcome.SENT for job in machine)
    if len(machine) < 2 or not sent:  # one channel is always in step with itself
        return
    measured = apart(machine)
    tolerance = planned.step.tolerance if isinstance(planned.step, TogetherStep) else "1s"
    more = {"held_seconds": f"{longest:.6f}"} if (longest := max(job.hold for job in machine)) else {}
    if measured.server is not None:
        more |= {"server_seconds": f"{measured.server:.6f}", "server_within": f"{measured.within:.6f}"}
    run.record(
        run.fact(
            Kind.SKEW,
            planned,
            messages=[job.message.id for job in machine],
            seconds=f"{measured.answer:.4f}",
            commit_seconds=f"{measured.commit:.6f}",
            measured_at="acknowledgement",
            tolerance=tolerance,
            within=measured.answer <= duration(tolerance).total_seconds(),
            **more,
        )
    )
