"""What can be done now: a pure function of the plan, the state and the time."""

from dataclasses import dataclass
from datetime import datetime

from runbook.model.outcome import Outcome
from runbook.model.plan import Plan, PlannedMessage, PlannedStep
from runbook.model.state import Progress, State
from runbook.model.steps import ClearanceStep, LookStep, TogetherStep, condition
from runbook.model.times import duration


@dataclass(frozen=True)
class Blocked:
    """A step whose needs are over but which may not start, and why, in a sentence."""

    step: PlannedStep
    why: str


@dataclass(frozen=True)
class Moves:
    """What can happen next.

    ready     steps that a person can start, in the playbook's order
    looks     looks that the machine starts by itself
    watching  looks that are repeated until they see what is expected
    blocked   steps that wait for a clearance that was refused, skipped or has lapsed
    wake_at   the next moment at which more becomes possible by itself, UTC
    """

    ready: tuple[PlannedStep, ...]
    looks: tuple[PlannedStep, ...]
    watching: tuple[PlannedStep, ...]
    blocked: tuple[Blocked, ...]
    wake_at: datetime | None


def decide(plan: Plan, state: State, now: datetime) -> Moves:
    """Return what can be done at `now`. The same arguments give the same moves."""
    ready: list[PlannedStep] = []
    looks: list[PlannedStep] = []
    watching: list[PlannedStep] = []
    blocked: list[Blocked] = []
    moments: list[datetime] = []
    for step in plan.steps:
        if over(plan, state, step) or not all(over(plan, state, plan.step(need)) for need in step.needs):
            continue
        start = starts_at(state, step)
        if start is not None and start > now:
            moments.append(start)
        elif (why := uncleared(plan, state, step)) is not None:
            blocked.append(Blocked(step, why))
        elif isinstance(step.step, LookStep):
            _place_look(step, step.step, state, looks=looks, watching=watching, ready=ready)
        else:
            ready.append(step)
    return Moves(tuple(ready), tuple(looks), tuple(watching), tuple(blocked), min(moments, default=None))


def _place_look(
    step: PlannedStep,
    look: LookStep,
    state: State,
    *,
    looks: list[PlannedStep],
    watching: list[PlannedStep],
    ready: list[PlannedStep],
) -> None:
    seen = state.seen.get(step.id)
    if look.wait:
        watching.append(step)
    elif seen is None:
        looks.append(step)
    else:
        ready.append(step)  # it did not see what was expected: a person says what that means


def over(plan: Plan, state: State, step: PlannedStep) -> bool:
    """Whether nothing more is to be done for a step: done, skipped, or not needed."""
    progress = state.steps[step.id].progress if step.id in state.steps else Progress.WAITING
    if progress is Progress.SKIPPED or unneeded(plan, state, step):
        return True
    return progress is Progress.DONE and step.step.repeat is None


def unneeded(plan: Plan, state: State, step: PlannedStep) -> bool:
    """Whether a decision went the other way, or what the step bridges has been done."""
    until = step.step.unless
    if until is not None and over(plan, state, plan.step(until)):
        return True
    if step.step.when is None:
        return False
    decision_id, option = condition(step.step.when)
    chosen = state.decisions.get(decision_id)
    return chosen != option if chosen is not None else over(plan, state, plan.step(decision_id))


def starts_at(state: State, step: PlannedStep) -> datetime | None:
    """Return the moment before which a step is not offered, if there is one."""
    done = state.steps[step.id].over_at if step.id in state.steps else None
    if step.step.repeat is not None and done is not None:
        return done + duration(step.step.repeat)
    return step.after


def uncleared(plan: Plan, state: State, step: PlannedStep) -> str | None:
    """Return why a step may not start for want of a clearance; None if it may."""
    return next((why for i in step.cleared_by if (why := not_given(plan, state, i)) is not None), None)


def not_given(plan: Plan, state: State, clearance_id: str) -> str | None:
    """Return why a clearance does not hold; None if it does."""
    title = plan.step(clearance_id).step.title
    given = state.clearances.get(clearance_id)
    if given is None:
        return f'"{title}" has not been given.'
    if given.lapsed or given.digest != plan.cleared_digest(clearance_id):
        return f'"{title}" has lapsed: what would go out is not what was cleared.'
    return None


def not_before(plan: Plan, state: State, step: PlannedStep) -> datetime | None:
    """Return the moment before which nothing of what the step sends may leave: the release's due time.

    None if none of it is of the release: alerts to the team, and corrections of what is out.
    """
    messages = (message for message in step.messages if message.id not in state.left_out)
    return plan.release.due if any(not _exempt(state, step, message) for message in messages) else None


def must_wait(plan: Plan, state: State, step: PlannedStep, now: datetime) -> bool:
    """Whether what the step sends may not leave yet, by the clock that says `now`."""
    moment = not_before(plan, state, step)
    return moment is not None and now < moment


def _exempt(state: State, step: PlannedStep, message: PlannedMessage) -> bool:
    """Whether a message may leave early: it is for the team, or what it puts right is out already."""
    if not message.exempt or message.audience == "roles" or not isinstance(step.step, TogetherStep):
        return message.exempt
    wrong = step.step.messages[message.id.removeprefix(f"{step.id}.")].corrects
    return any(s.message == wrong and s.outcome is Outcome.SENT for s in state.sendings.values())


def clearances_of(plan: Plan, step: PlannedStep) -> tuple[ClearanceStep, ...]:
    """Return the clearance steps that cover a step."""
    return tuple(c for i in step.cleared_by if isinstance(c := plan.step(i).step, ClearanceStep))
