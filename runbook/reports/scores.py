"""The objectives of a run, read off its state: what was measured, against what limit, met or not."""

from dataclasses import dataclass
from datetime import timedelta

from runbook.model.playbook import Objective
from runbook.model.state import State
from runbook.model.times import duration


@dataclass(frozen=True, slots=True)
class Score:
    """One objective.

    measured  after the release's due time; for `skew`, the greatest distance between two channels; None: not measured
    met       judged to the second (a skew exactly); None while the run goes on and nothing is measured, False when it
              ended so
    """

    id: str
    title: str
    measure: str
    limit: timedelta
    measured: timedelta | None
    met: bool | None

    @property
    def in_words(self) -> str:
        """What was measured, to the second: `8 min 12 s`, `0.04 s`; `not measured`."""
        if self.measured is None:
            return "not measured"
        return apart_in_words(self.measured) if self.measure == "skew" else exactly(self.measured)


def scores(state: State) -> tuple[Score, ...]:
    """Return the objectives in the playbook's order; none for a log without a plan."""
    return tuple(_score(state, objective) for objective in state.plan.objectives) if state.plan else ()


def milestones(state: State) -> tuple[tuple[str, timedelta], ...]:
    """Return each milestone that was reached and how long after the release's due time, the earliest first."""
    if state.plan is None:
        return ()
    due = state.plan.release.due
    return tuple((name, at - due) for name, at in sorted(state.milestones.items(), key=lambda item: item[1]))


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


def _score(state: State, objective: Objective) -> Score:
    measured, limit = _measured(state, objective), duration(objective.within)
    if measured is None:
        met = False if state.over else None
    elif objective.measure == "skew":
        met = measured <= limit
    else:
        met = timedelta(seconds=int(measured.total_seconds())) <= limit
    return Score(objective.id, objective.title, objective.measure, limit, measured, met)


def _measured(state: State, objective: Objective) -> timedelta | None:
    if objective.measure == "skew":
        seconds = state.skews.get(objective.of) if objective.of else max(state.skews.values(), default=None)
        return None if seconds is None else timedelta(seconds=seconds)
    reached = state.milestones.get(objective.measure)
    return reached - state.plan.release.due if reached and state.plan else None
