"""Where the steps of a run stand, sorted for the screen. Pure: looking changes nothing."""

from dataclasses import dataclass, field
from datetime import datetime

from runbook.model.plan import Plan, PlannedStep
from runbook.model.state import Progress, State, StepState
from runbook.model.steps import condition
from runbook.model.times import duration


@dataclass(frozen=True)
class Places:
    """The steps of a run in the playbook's order, each in one place.

    later     waiting: for other steps, for a clearance, for a moment
    unneeded  not needed: a decision went the other way, or what the step bridges is over
    """

    done: list[PlannedStep] = field(default_factory=list)
    skipped: list[PlannedStep] = field(default_factory=list)
    begun: list[PlannedStep] = field(default_factory=list)
    possible: list[PlannedStep] = field(default_factory=list)
    later: list[PlannedStep] = field(default_factory=list)
    unneeded: list[PlannedStep] = field(default_factory=list)


def places(plan: Plan, state: State, now: datetime) -> Places:
    """Sort every step of the plan by how far it is at `now`."""
    found = Places()
    for planned in plan.steps:
        _place(found, plan, state, planned, now).append(planned)
    return found


def step_state(state: State, step_id: str) -> StepState:
    """Return how far a step is. `State.step` would add one that nothing is known of."""
    return state.steps.get(step_id, StepState())


def _place(found: Places, plan: Plan, state: State, planned: PlannedStep, now: datetime) -> list[PlannedStep]:
    progress = step_state(state, planned.id).progress
    again = planned.step.repeat is not None and not _unneeded(plan, state, planned)
    if progress is Progress.SKIPPED:
        return found.skipped
    if progress is Progress.DONE and not again:
        return found.done
    if _unneeded(plan, state, planned):
        return found.unneeded
    if progress is Progress.BEGUN:
        return found.begun
    return found.possible if _can_start(plan, state, planned, now) else found.later


def _over(plan: Plan, state: State, planned: PlannedStep) -> bool:
    progress = step_state(state, planned.id).progress
    if progress is Progress.SKIPPED or _unneeded(plan, state, planned):
        return True
    return progress is Progress.DONE and planned.step.repeat is None


def _unneeded(plan: Plan, state: State, planned: PlannedStep) -> bool:
    until, when = planned.step.unless, planned.step.when
    if until is not None and _over(plan, state, plan.step(until)):
        return True
    if when is None:
        return False
    decision, option = condition(when)
    chosen = state.decisions.get(decision)
    return chosen != option if chosen is not None else _over(plan, state, plan.step(decision))


def _can_start(plan: Plan, state: State, planned: PlannedStep, now: datetime) -> bool:
    if not all(_over(plan, state, plan.step(need)) for need in planned.needs):
        return False
    last = step_state(state, planned.id).over_at
    again = planned.step.repeat
    start = last + duration(again) if again is not None and last is not None else planned.after
    return (start is None or start <= now) and all(_cleared(plan, state, i) for i in planned.cleared_by)


def _cleared(plan: Plan, state: State, clearance_id: str) -> bool:
    given = state.clearances.get(clearance_id)
    return given is not None and not given.lapsed and given.digest == plan.cleared_digest(clearance_id)
