"""What a run is judged by, read off its state: what was measured, against what limit, met or not. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from runbook.model.plan import Plan
from runbook.model.playbook import Objective
from runbook.model.state import State
from runbook.model.times import duration

SKEW = "skew"
"""The measure that is a distance between channels; all others are milestones."""

MILESTONES: dict[str, str] = {
    "noticed": "Noticed",
    "reported": "Reported",
    "cleared": "Cleared",
    "main-public": "Main report public",
    "all-public": "Every document public",
    "told": "Journalists and public told",
    "restored": "Original page back",
}
"""What each milestone is called, in the order of a release; an objective has a title of its own."""


@dataclass(frozen=True, slots=True)
class Score:
    """One thing that was measured, or should have been.

    id        the objective's; without one the milestone, or the step whose channels are compared
    title     the objective's; without one that of the milestone or the step
    measure   a milestone, or `SKEW`
    limit     the objective's; None: there is no objective for it
    measured  after the release's due time; for `SKEW`, the greatest distance between two channels; None: not measured
    met       judged on whole seconds after the due time (a distance exactly); None without an objective, and while the
              run goes on and nothing is measured; False when it ended so
    """

    id: str
    title: str
    measure: str
    limit: timedelta | None
    measured: timedelta | None
    met: bool | None

    @property
    def in_words(self) -> str:
        """What was measured, to the second: `8 min 12 s`, `0.04 s`; `not measured`."""
        if self.measured is None:
            return "not measured"
        return apart_in_words(self.measured) if self.measure == SKEW else exactly(self.measured)


def scores(state: State) -> tuple[Score, ...]:
    """Return what a run is judged by: milestones in the order of a release, then how far channels were apart.

    Every objective is among them; of what has none, only what was measured. None for a log without a plan.
    """
    return (*_milestones(state.plan, state), *_distances(state.plan, state)) if state.plan else ()


def exactly(length: timedelta) -> str:
    """Return a length to the second: `40 s`, `8 min 12 s`, `2 h 49 min 3 s`."""
    seconds = int(length.total_seconds())
    if seconds < 0:
        return f"-{exactly(-length)}"
    parts = ((seconds // 3600, "h"), (seconds // 60 % 60, "min"), (seconds % 60, "s"))
    return " ".join(f"{number} {unit}" for number, unit in parts if number) or "0 s"


def apart_in_words(length: timedelta) -> str:
    """Return a distance between two channels: `0.04 s`, `less than 0.01 s`; whole units from a minute on."""
    seconds = length.total_seconds()
    if seconds >= 60:
        return exactly(length)
    return "less than 0.01 s" if seconds < 0.01 else f"{seconds:.2f} s"


def _milestones(plan: Plan, state: State) -> Iterator[Score]:
    for milestone, title in MILESTONES.items():
        reached = state.milestones.get(milestone)
        after = None if reached is None else reached - plan.release.due
        objectives = [o for o in plan.objectives if o.measure == milestone]
        for objective in objectives:
            whole = None if after is None else timedelta(seconds=int(after.total_seconds()))
            yield _judged(state, objective, after, whole)
        if after is not None and not objectives:
            yield Score(milestone, title, milestone, None, after, None)


def _distances(plan: Plan, state: State) -> Iterator[Score]:
    """Yield the distances. An objective that names no step is about the worst of all."""
    judged: set[str] = set()
    for objective in plan.objectives:
        if objective.measure == SKEW:
            of = [objective.of] if objective.of else list(state.skews)
            judged.update(of)
            seconds = max((state.skews[step] for step in of if step in state.skews), default=None)
            apart = None if seconds is None else timedelta(seconds=seconds)
            yield _judged(state, objective, apart, apart)
    for step, seconds in state.skews.items():
        if step not in judged:
            title = next((s.step.title for s in plan.steps if s.id == step), step)
            yield Score(step, f"Apart: {title}", SKEW, None, timedelta(seconds=seconds), None)


def _judged(state: State, objective: Objective, measured: timedelta | None, counted: timedelta | None) -> Score:
    limit = duration(objective.within)
    met = counted <= limit if counted is not None else False if state.over else None
    return Score(objective.id, objective.title, objective.measure, limit, measured, met)
