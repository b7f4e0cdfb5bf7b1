"""A log of a whole run with an entry of every kind, sealed by a real journal, for the tests of the reports."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from runbook.clock import SimulatedClock
from runbook.journal.sqlite import SqliteJournal
from runbook.model.entries import Entry, Fact, Kind
from runbook.model.plan import Plan
from support.terminal_plan import DATA, DUE, RUN, STEP_OF, plan


@dataclass(frozen=True)
class Told:
    """A fact as a test writes it: so many seconds after the due time."""

    seconds: float
    kind: Kind
    data: Mapping[str, Any]
    step: str = ""
    actor: str = "Digital officer"
    role: str = "comms"
    late: str = ""


def started(status: str = "actual", due: datetime = DUE, *, simulated: bool = False) -> Told:
    """Return the first fact of a run."""
    planned: Plan = plan(status, due)
    data = {"plan": planned.model_dump(mode="json"), "status": status, "simulated": simulated}
    return Told(130, Kind.STARTED, data, actor="runbook", role="")


def every_kind() -> list[Told]:
    """Return a run with each kind of entry once, the intent before what follows from it."""
    kinds = [kind for kind in Kind if kind not in (Kind.STARTED, Kind.STOOD_DOWN)]
    told = [started()]
    told += [Told(140 + 7 * n, kind, DATA[kind], STEP_OF.get(kind, "report-fault")) for n, kind in enumerate(kinds)]
    return [*told, Told(600, Kind.STOOD_DOWN, DATA[Kind.STOOD_DOWN], "stand-down")]


def seal(folder: Path, told: Sequence[Told], run: str = RUN) -> tuple[Entry, ...]:
    """Return the log that a journal makes of the facts; `late` ones are entered ten minutes after they happened."""
    with SqliteJournal(folder / f"{run}.sqlite", SimulatedClock(DUE)) as journal:
        for number, fact in enumerate(told):
            at = DUE + timedelta(seconds=fact.seconds)
            journal._clock = SimulatedClock(at + timedelta(minutes=10 if fact.late else 0))
            sealed = Fact(fact.kind, at, fact.actor, fact.role, fact.step, fact.data, fact.late)
            journal.append(run, [sealed], number)
        return tuple(journal.read(run))
