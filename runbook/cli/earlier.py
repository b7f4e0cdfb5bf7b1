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
        live = [r.run for r in journal.runs() if r.release == plan.release.id and r.status == "actual"]
        told = list(_told((fold(journal.read(run)) for run in live), now))
    if not told:
        return ()
    found, remedies = (list(dict.fromkeys(column)) for column in zip(*told, strict=True))
    where = Where(label(workspace.journal))
    return (Problem(RUN_BEFORE, where, " ".join(found), " ".join(remedies), Severity.REMARK, SETTLE),)


def _told(states: Iterable[State], now: datetime) -> Iterator[tuple[str, str]]:
    """Yield what there is to say of each run, and what to do about it, the newest first."""
    for state in states:
        if not state.confirmed or state.plan is None or state.started_at is None:
            continue
        zone = state.plan.release.zone
        if state.stood_down_at is None:
            since = _when(state.started_at, now, zone)
            yield (
                f"Run {state.run} of this release is open since {since}: {_sent(state)}.",
                f"`runbook resume {state.run}` goes on with it.",
            )
        elif any(s.outcome is Outcome.SENT or s.unknown for s in state.sendings.values()):
            over = _when(state.stood_down_at, now, zone)
            yield (
                f"This release has been run for real already ({state.run}, stood down {over}, {_sent(state)}).",
                f"`runbook log {state.run}` shows what was done.",
            )


def _when(at: datetime, now: datetime, zone: str) -> str:
    same = at.astimezone(ZoneInfo(zone)).date() == now.astimezone(ZoneInfo(zone)).date()
    return clock_time(at, zone) if same else f"{day(at, zone)}, {clock_time(at, zone)}"


def _sent(state: State) -> str:
    sent = sum(sending.outcome is Outcome.SENT for sending in state.sendings.values())
    unknown = sum(sending.unknown for sending in state.sendings.values())
    words = f"{counted(sent, 'message')} sent" if sent else "nothing sent"
    return f"{words}, {unknown} of unknown outcome" if unknown else words
