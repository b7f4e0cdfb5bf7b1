"""How times, people, steps and messages are called on the screen."""

import re
from datetime import datetime, timedelta

from runbook.model.entries import Entry
from runbook.model.plan import Plan, PlannedMessage, PlannedStep
from runbook.model.state import State
from runbook.model.times import after_due, duration, exact_time, in_words, short_after_due

BADGES = {"actual": "ACTUAL", "exercise": "EXERCISE"}


def clock(at: datetime, plan: Plan | None) -> str:
    """Return a time in the release's zone, `09:32:31`, with its day if that is not the release's."""
    return exact_time(at, plan.release.due, plan.release.zone) if plan else at.strftime("%H:%M:%S UTC")


def t_plus(at: datetime, plan: Plan | None) -> str:
    """Return `T+4 min`, or nothing while there is no plan."""
    return after_due(at, plan.release.due) if plan else ""


def short_t(at: datetime, plan: Plan | None) -> str:
    """Return `T+4`; from two hours on `T+2 h 49 min`."""
    return short_after_due(at, plan.release.due) if plan else ""


def when(entry: Entry, state: State) -> str:
    """Return an entry's time as it stands at the right-hand edge: `09:34:05  T+4 min`."""
    return f"{clock(entry.at, state.plan)}  {t_plus(entry.at, state.plan)}".rstrip()


def due_in_words(step: PlannedStep, now: datetime, plan: Plan, over_at: datetime | None = None) -> str:
    """Return `due T+5`, with how late it is, or was; nothing for a step without a due time."""
    if step.due is None:
        return ""
    text = f"due {short_t(step.due, plan)}"
    late = (over_at or now) - step.due
    if late < timedelta(seconds=1):
        return text
    return f"{text}, {in_words(late)} late" if over_at else f"{text}, overdue by {in_words(late)}"


def step_of(state: State, step_id: str) -> PlannedStep | None:
    """Return a planned step, or None if the plan does not know it."""
    if state.plan is None:
        return None
    return next((step for step in state.plan.steps if step.id == step_id), None)


def step_title(state: State, step_id: str) -> str:
    """Return a step's title, else its id."""
    step = step_of(state, step_id)
    return step.step.title if step else step_id


def role_title(plan: Plan | None, role_id: str) -> str:
    """Return a role's title, else its id."""
    roles = plan.roles if plan else ()
    return next((role.title for role in roles if role.id == role_id), role_id)


def message_of(state: State, message_id: str) -> PlannedMessage | None:
    """Return a planned message or correction, or None if the plan does not know it."""
    for message in state.plan.messages() if state.plan else ():
        for candidate in (message, message.correction):
            if candidate is not None and candidate.id == message_id:
                return candidate
    return None


def message_title(state: State, message_id: str, *, correction: bool = False) -> str:
    """Return what a message is called on the screen."""
    message = message_of(state, message_id)
    title = message.title if message else message_id
    return f"Correction of {title}" if correction else title


def seconds_in_words(seconds: float) -> str:
    """Return a number of seconds as a person says it: `0.04 seconds`, `12 seconds`, `9 min`."""
    if seconds < 0.01:
        return "less than 0.01 seconds"
    if seconds >= 60:
        return in_words(timedelta(seconds=seconds))
    text = f"{seconds:.2f}" if seconds < 1 else f"{seconds:.1f}" if seconds < 10 else f"{seconds:.0f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return f"{text} second{'' if text == '1' else 's'}"


def limit_in_words(text: str) -> str:
    """Return a limit as a person says it: `1s` and `1.0` are `1 second`. What is neither stays as it is."""
    if re.fullmatch(r"\d{1,5}[smhd]", text):
        return seconds_in_words(duration(text).total_seconds())
    if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", text):
        return seconds_in_words(float(text))
    return text
