"""Runs that are in a log: finding one, and reading where it stands."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runbook.cli.earlier import has_begun
from runbook.clock import Clock
from runbook.errors import Unavailable
from runbook.journal.sqlite import SqliteJournal
from runbook.model.ports import RunSummary
from runbook.model.state import State, fold
from runbook.workspace.folder import find_root
from runbook.workspace.shipped import user_data


def journal_path(folder: Path | None) -> Path:
    """Return where the log lies: in the workspace, else in the user's data folder. The file may not exist yet."""
    root = folder or find_root(Path.cwd())
    return (root or user_data()) / "runbook.db"


@contextmanager
def open_journal(folder: Path | None, clock: Clock | None = None) -> Iterator[SqliteJournal]:
    """Open the log of the workspace, or of the user. Raises `Unavailable` if nothing has been run yet."""
    path = journal_path(folder)
    if not path.is_file():
        raise Unavailable(f"Nothing has been run yet: there is no {path}.", "Start with `runbook execute PLAYBOOK`.")
    with SqliteJournal(path, clock) as journal:
        yield journal


def find_run(journal: SqliteJournal, named: str | None, *, unfinished: bool = False) -> RunSummary:
    """Return the run that was named, else the newest; with `unfinished`, the newest that is not stood down.

    Of the unfinished ones, those come first whose start somebody confirmed. Raises `Unavailable`, with the runs there
    are.
    """
    runs = tuple(journal.runs())
    if named is None:
        wanted = [run for run in runs if not (unfinished and run.stood_down)]
        if wanted and unfinished:
            return next((run for run in wanted if has_begun(journal, run.run)), wanted[0])
        if wanted:
            return wanted[0]
        raise Unavailable("There is no run that could be resumed.", "`runbook runs` lists them all.")
    for run in runs:
        if run.run == named:
            return run
    known = ", ".join(run.run for run in runs[:10]) or "none"
    raise Unavailable(f'There is no run "{named}".', f"There are: {known}.")


def state_of(journal: SqliteJournal, run: str) -> State:
    """Return where a run stands: the fold of its entries."""
    return fold(journal.read(run))
