"""The values of the slots, from the state: addresses from receipts, answers, times, names."""

from datetime import datetime, timedelta

from runbook.model.plan import Plan
from runbook.model.state import Progress, State
from runbook.model.steps import ManualStep
from runbook.model.times import clock_time, day

_NEXT_NEWS = timedelta(minutes=30)
_ROUND = timedelta(minutes=5)


def slot_values(plan: Plan, state: State, now: datetime) -> dict[str, str]:
    """Return every value that is known at `now`, by slot name. What is not known is not in it."""
    zone = plan.release.zone
    values = {
        "now.clock": clock_time(now, zone),
        "now.day": day(now, zone),
        "next_news": clock_time(_rounded_up(now + _NEXT_NEWS), zone),
        "run.id": state.run,
    }
    for location, addresses in state.addresses.items():
        values |= {f"address.{location}.{place}": address for place, address in addresses.items()}
    for step_id, step_state in state.steps.items():
        # A step that repeats has been done also while it is being done again.
        if step_state.times and step_state.progress is not Progress.SKIPPED and step_state.over_at is not None:
            values[f"done.{step_id}"] = clock_time(step_state.over_at, zone)
    for role in plan.roles:
        held = state.holders.get(role.id) or (role.people[0] if role.people else None)
        values[f"holder.{role.id}"] = held.name if held else role.title
        values[f"phone.{role.id}"] = (held.phone if held else "") or "number not known"
    return values | _answers(plan, state)


def not_known(plan: Plan, name: str) -> str:
    """Return what is missing where a slot has no value, as a sentence for whoever wants to send the message."""
    kind, _, rest = name.partition(".")
    first, _, last = rest.partition(".")
    titles = {step.id: step.step.title for step in plan.steps}
    if kind == "address":
        return f'It needs the address of "{first}", which is not published yet (or was skipped).'
    if kind == "done" and rest in titles:
        return f'It needs the time at which "{titles[rest]}" was done, and it is not done yet (or was skipped).'
    if kind == "answers" and first in titles:
        step = plan.step(first).step
        noted = step.evidence[last].title if isinstance(step, ManualStep) and last in step.evidence else last
        return f'It needs what "{titles[first]}" notes down ({noted}), and it is not done yet (or was skipped).'
    return f"It needs a value that is not known: {name}."


def _answers(plan: Plan, state: State) -> dict[str, str]:
    values: dict[str, str] = {}
    for step in plan.steps:
        if isinstance(step.step, ManualStep):
            given = state.answers.get(step.id, {})
            for name, evidence in step.step.evidence.items():
                if given.get(name):
                    values[f"answers.{step.id}.{name}"] = given[name]
                elif not evidence.required:
                    values[f"answers.{step.id}.{name}"] = evidence.absent
    return values


def _rounded_up(at: datetime) -> datetime:
    past = timedelta(minutes=at.minute % 5, seconds=at.second, microseconds=at.microsecond)
    return at if not past else at + (_ROUND - past)
