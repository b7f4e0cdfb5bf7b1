"""The end of a run on the screen: when, how much, the log's seal, the milestones against their objectives."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import get_args

from runbook.model.entries import Entry
from runbook.model.plan import Plan, short
from runbook.model.playbook import Objective
from runbook.model.state import State
from runbook.model.steps import Milestone
from runbook.model.times import duration, in_words
from runbook.terminal.styled import BLANK, Ink, Styled
from runbook.terminal.words import clock, counted, message_title, seconds_in_words, step_title

_MILESTONES = {
    "noticed": "Noticed",
    "reported": "Reported",
    "cleared": "Cleared",
    "main-public": "Main report public",
    "all-public": "Every document public",
    "told": "Journalists and public told",
    "restored": "Original page back",
}


@dataclass(frozen=True, slots=True)
class Judged:
    """One line of the summary: what happened when, and how that stands against its objective."""

    title: str
    reached: str
    objective: str = ""
    met: bool | None = None
    """None: there is no objective for it."""


def stood_down(entry: Entry, state: State) -> Iterator[Styled]:
    """Say that the run is over and what it came to."""
    yield BLANK
    plan = state.plan
    parts = [f"STOOD DOWN {clock(entry.at, plan)}"]
    if plan is not None:
        length = entry.at - plan.release.due
        parts.append(f"{in_words(abs(length))} {'before' if length < timedelta() else 'after'} due")
    parts.append(counted(entry.sequence, "entry", "entries"))
    if state.status == "exercise":
        parts.append("exercise")
    yield Styled(" · ".join(parts), ink=Ink.STRONG)
    if entry.data.get("early"):
        yield Styled(f"Before its last step: {entry.data.get('reason', '')}", mark="--")
    yield Styled(f"Log seal {short(entry.hash)}: note it down; it proves that nothing was altered.")
    yield from judged_lines(state)
    yield from _unknowns(state)
    yield Styled(f"runbook log {entry.run}", mark="Next:", mark_ink=Ink.QUIET)
    yield Styled(f"runbook export {entry.run} --format markdown", indent=7)


def judged_lines(state: State) -> Iterator[Styled]:
    """Yield a line for each milestone and each objective."""
    if state.plan is None:
        return
    found = list(judged(state.plan, state))
    widest = max((len(item.title) for item in found if item.objective), default=0)
    longest = max((len(item.reached) for item in found), default=0)
    for item in found:
        word = "" if item.met is None else "met" if item.met else "not met"
        text = f"{item.title:<{widest}}   {item.reached:<{longest}}   {item.objective}".rstrip()
        ink = Ink.GOOD if item.met else Ink.BAD
        yield Styled(text, indent=2, right=word, column=7, right_ink=ink)


def judged(plan: Plan, state: State) -> Iterator[Judged]:
    """Yield the milestones in the order of a release, those with an objective judged to the second; then the skews."""
    for milestone in get_args(Milestone):
        objectives = [o for o in plan.objectives if o.measure == milestone]
        for objective in objectives:
            yield _timed(plan, state, objective)
        if not objectives and milestone in state.milestones:
            yield Judged(_MILESTONES[milestone], _after(state.milestones[milestone] - plan.release.due))
    for objective in plan.objectives:
        if objective.measure == "skew":
            yield _apart(state, objective)
    judged_steps = {objective.of for objective in plan.objectives if objective.measure == "skew"}
    for step_id, seconds in state.skews.items():
        if step_id not in judged_steps:
            yield Judged(f"Apart: {step_title(state, step_id)}", _short(seconds))


def _timed(plan: Plan, state: State, objective: Objective) -> Judged:
    limit, goal = duration(objective.within), f"objective {in_words(duration(objective.within))}"
    reached = state.milestones.get(objective.measure)
    if reached is None:
        return Judged(objective.title, "not reached", goal, met=False)
    length = timedelta(seconds=int((reached - plan.release.due).total_seconds()))
    met = length <= limit
    decides = not met and in_words(length) == in_words(limit)
    return Judged(objective.title, _after(length, exact=decides), goal, met)


def _apart(state: State, objective: Objective) -> Judged:
    seconds = state.skews.get(objective.of or "")
    goal = f"objective {in_words(duration(objective.within))}"
    if seconds is None:
        return Judged(objective.title, "not measured", goal, met=False)
    met = seconds <= duration(objective.within).total_seconds()
    return Judged(objective.title, _short(seconds), goal, met)


def _after(length: timedelta, *, exact: bool = False) -> str:
    if length < timedelta():
        return f"{in_words(-length)} before due"
    if exact:
        minutes, seconds = divmod(int(length.total_seconds()), 60)
        return f"after {in_words(timedelta(minutes=minutes))} {seconds} s"
    return f"after {in_words(length)}"


def _short(seconds: float) -> str:
    return (
        f"{seconds:.2f} s" if 0.01 <= seconds < 1 else "0.01 s or less" if seconds < 0.01 else seconds_in_words(seconds)
    )


def _unknowns(state: State) -> Iterator[Styled]:
    for sending in state.sendings.values():
        if sending.unknown:
            title = message_title(state, sending.message, correction=sending.correction)
            yield Styled(f"{title}: still unknown whether it went out.", mark="??", ink=Ink.STRONG)
