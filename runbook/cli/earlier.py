"""Live runs of the same release that the log has already: nobody starts a second one without knowing of the first."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from runbook.journal.sqlite import SqliteJournal
from runbook.model.entries import Kind
from runbook.model.outcome import Outcome
from runbook.model.plan import Plan
from runbook.model.problem import Problem, Severity, Where
from runbook.model.state import State, fold
from runbook.model.times import clock_time, day
from runbook.model.words import counted
from runbook.workspace.folder import Workspace
from runbook.workspace.label import label

RUN_BEFORE = "run-before"
"""The code of the problem that there is an earlier run."""
SETTLE = "A new run begins beside it, and nothing that was sent is known to it."


def has_begun(journal: SqliteJournal, run: str) -> bool:
    """Tell whether anybody confirmed the start of a run; in one that nobody did, nothing was done."""
    return any(entry.kind is Kind.CONFIRMED for entry in journal.read(run))


def earlier_runs(workspace: Workspace, plan: Plan, now: datetime) -> tuple[Problem, ...]:
    """Return a problem if this release is being run for real already, or has been and something was sent.

    Raises `JournalError` if there is a log that cannot be read.
    """
    if not workspace.journal.is_file():
        return ()
    with SqliteJournal(workspace.journal) as journal:
        live = [r for r in journal.runs() if r.release == plan.release.id and r.status == "actual"]
        going_on = [fold(journal.read(r.run)) for r in live if not r.stood_down]
        over = [r.run for r in live if r.stood_down]
        told = [*_open(going_on, now), *_finished((fold(journal.read(run)) for run in over), len(over), now)]
    if not told:
        return ()
    found, remedies = (list(dict.fromkeys(column)) for column in zip(*told, strict=True))
    where = Where(label(workspace.journal))
    return (Problem(RUN_BEFORE, where, " ".join(found), " ".join(remedies), Severity.REMARK, SETTLE),)


def _open(states: Iterable[State], now: datetime) -> Iterator[tuple[str, str]]:
    """Yield what there is to say of each run that goes on, and what to do about it, the newest first."""
    for state in states:
        if state.confirmed and state.plan is not None and state.started_at is not None:
            since = _when(state.started_at, now, state.plan.release.zone)
            yield (
                f"Run {state.run} of this release is open since {since}: {_sent(state)}.",
                f"`runbook resume {state.run}` goes on with it.",
            )


def _finished(states: Iterable[State], count: int, now: datetime) -> Iterator[tuple[str, str]]:
    """Yield what there is to say of the newest run that is over and sent something; those before it are counted.

    `count` is how many states there are. No more of them are taken than it needs: to fold one takes a while.
    """
    for number, state in enumerate(states, 1):
        sent = any(s.outcome is Outcome.SENT or s.unknown for s in state.sendings.values())
        if state.confirmed and state.plan is not None and state.stood_down_at is not None and sent:
            over = _when(state.stood_down_at, now, state.plan.release.zone)
            before = f"; {counted(count - number, 'run')} before it" if number < count else ""
            yield (
                f"This release has been run for real already ({state.run}, stood down {over}, {_sent(state)}{before}).",
                f"`runbook log {state.run}` shows what was done.",
            )
            return


def _when(at: datetime, now: datetime, zone: str) -> str:
    same = at.astimezone(ZoneInfo(zone)).date() == now.astimezone(ZoneInfo(zone)).date()
    return clock_time(at, zone) if same else f"{day(at, zone)}, {clock_time(at, zone)}"


def _sent(state: State) -> str:
    sent = sum(sending.outcome is Outcome.SENT for sending in state.sendings.values())
    unknown = sum(sending.unknown for sending in state.sendings.values())
    words = f"{counted(sent, 'message')} sent" if sent else "nothing sent"
    return f"{words}, {unknown} of unknown outcome" if unknown else words
