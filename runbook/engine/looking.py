"""Looks: started by the machine, their results taken in whenever they come."""

from runbook.engine.decide import Moves, over
from runbook.engine.run import MACHINE, Run
from runbook.model.entries import Kind
from runbook.model.plan import PlannedStep
from runbook.model.ports import Look, Verdict, look_at
from runbook.model.state import Progress
from runbook.model.steps import LookStep
from runbook.model.times import duration


def begin(run: Run, moves: Moves) -> None:
    """Start every look that can start and is not running; stop those that nobody needs any more."""
    for step_id in run.looks.running():
        if over(run.plan, run.state, run.plan.step(step_id)):
            run.looks.stop(step_id)
    for planned in (*moves.looks, *moves.watching):
        if planned.id not in run.looks.running():
            start(run, planned)


def start(run: Run, planned: PlannedStep) -> None:
    """Start the look of one step."""
    step = planned.step
    if not isinstance(step, LookStep):
        raise TypeError(planned.id)
    if run.state.step(planned.id).progress is Progress.WAITING:
        run.record(run.fact(Kind.BEGUN, planned, actor=MACHINE, times=1, late=False))
    expect = Verdict.PUBLIC if step.expect == "public" else Verdict.NOT_PUBLIC
    at = look_at(run.plan.release, step.location, run.state.addresses.get(step.location, {}), expect)
    every = duration(step.every).total_seconds() if step.wait else None
    run.looks.start(planned.id, at, every)


def take_in(run: Run, step_id: str, look: Look) -> None:
    """Log what a look saw. A step that saw what it hoped for is done."""
    planned = run.plan.step(step_id)
    step = planned.step
    if not isinstance(step, LookStep) or over(run.plan, run.state, planned):
        return
    facts = [
        run.fact(
            Kind.LOOKED,
            planned,
            actor=MACHINE,
            location=step.location,
            verdict=str(look.verdict),
            detail=look.detail,
            sightings=[
                {"address": s.address, "bypass": s.bypassed, "status": s.status, "seen": s.right, "found": s.found}
                for s in look.sightings
            ],
        )
    ]
    if as_expected(step, look.verdict):
        new = look.addresses and step.location not in run.state.addresses
        found = {"location": step.location, "addresses": dict(look.addresses or {})} if new else {}
        facts.append(run.fact(Kind.DONE, planned, actor=MACHINE, by="machine", evidence={}, **found))
        run.looks.stop(step_id)
    run.record(*facts)


def as_expected(step: LookStep, verdict: Verdict) -> bool:
    """Whether a look saw what its step hoped for. Not being able to tell is never that."""
    return (verdict is Verdict.PUBLIC) if step.expect == "public" else (verdict is Verdict.NOT_PUBLIC)
