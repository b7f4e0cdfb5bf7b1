"""Taking up a run again: its plan and its state come from the log, its channels from the workspace as it is now."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from runbook.cli.earlier import RUN_BEFORE, earlier_runs
from runbook.cli.place import open_workspace
from runbook.cli.stored import find_run, open_journal, state_of
from runbook.cli.wiring import How, Ports, channels_for, live_channels, places, wire
from runbook.engine.run import Run
from runbook.errors import JournalError, Unavailable, Usage
from runbook.model.entries import Kind
from runbook.model.plan import Plan
from runbook.model.state import State
from runbook.model.times import in_words
from runbook.terminal.header import header, status_lines
from runbook.terminal.scripted import Answers


@dataclass(frozen=True)
class Going:
    """What was asked for on the command line."""

    run: str | None
    workspace: Path | None
    answers: Path | None
    yes: bool
    terminal: bool


@contextmanager
def take_up(going: Going) -> Iterator[Run]:
    """Open a run's log and wire the run to go on. Raises `Usage`, `Unavailable`, `JournalError`."""
    if not going.terminal and not going.yes and not going.answers:
        raise Usage("There is no terminal to ask questions on.", "Run it in a terminal, or give --answers FILE.")
    with open_journal(going.workspace) as journal:
        summary = find_run(journal, going.run, unfinished=True)
        state = state_of(journal, summary.run)
    plan = _plan(state, summary.run)
    if going.yes and plan.status == "actual":
        raise Usage("This run is real; --yes goes with exercises only.", "Leave --yes out.")
    clock = How(yes=going.yes).chosen_clock(state)
    _refuse_a_second_start(going.workspace, state, plan, clock.now())
    given = _given(going.answers)
    loaded = open_workspace(going.workspace, people=False)
    live, _ = live_channels(loaded)
    path = going.workspace or None
    with open_journal(path, clock) as journal:
        ports = Ports(journal, channels_for(plan.status, live), clock, How(going.yes, given, clock))
        wired = wire(summary.run, plan, state, loaded.required(), ports)
        _enter(wired.run)
        wired.paper.put(header(plan, summary.run, clock.now(), places=places(loaded.required())))
        wired.paper.put(status_lines(state, clock.now()))
        yield wired.run


def _plan(state: State, run: str) -> Plan:
    """Return the plan that the run started with. Raises `Unavailable` for a run that is over."""
    if state.plan is None:
        raise JournalError(f'The log of "{run}" has no plan in it.', "`runbook export` shows what it has.")
    if state.over:
        raise Unavailable(f'The run "{run}" has been stood down.', f"`runbook log {run}` shows it.")
    return state.plan


def _given(answers: Path | None) -> Answers | None:
    """Return the answers of a file. Reading YAML takes its time, so that it is loaded only where there is one."""
    if answers is None:
        return None
    from runbook.cli import answers as answer_files  # loads the reader of YAML

    return answer_files.read(answers)


def _enter(run: Run) -> None:
    last = run.state.last_at or run.clock.now()
    away = run.clock.now() - last
    run.append(run.fact(Kind.RESUMED, away=f"{away.total_seconds():.0f}", away_in_words=in_words(away)))


def _refuse_a_second_start(folder: Path | None, state: State, plan: Plan, now: datetime) -> None:
    """Refuse to begin a live run that nobody confirmed when another one of the release has been begun since."""
    known = any(problem.code == RUN_BEFORE for problem in state.to_settle)
    if plan.status != "actual" or state.confirmed or known:
        return
    for problem in earlier_runs(open_workspace(folder).required(), plan, now):
        raise Usage(problem.found, f"{problem.remedy} To begin anew all the same: `runbook execute … --again`.")
