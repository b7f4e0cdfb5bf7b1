"""`runbook runs`: every run in the log."""

from typing import Any

from runbook.cli.options import JsonOption, WorkspaceOption
from runbook.cli.result import Result, deliver

_HANG = 32
"""Where a run's name begins, after the time and the status."""


def command(workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """List the runs, the newest first."""
    from runbook.cli.earlier import has_begun
    from runbook.cli.stored import open_journal
    from runbook.model.times import stamp

    with open_journal(workspace) as journal:
        rows = [
            {
                "run": run.run,
                "status": run.status,
                "playbook": run.playbook,
                "release": run.release,
                "started_at": stamp(run.started_at),
                "entries": run.entries,
                "begun": run.stood_down or has_begun(journal, run.run),
                "stood_down": run.stood_down,
            }
            for run in journal.runs()
        ]
    deliver(Result("runs", rows, [_line(row) for row in rows], hang=_HANG), as_json=as_json)


def _line(row: dict[str, Any]) -> str:
    end = f"open: `runbook resume {row['run']}`" if row["begun"] else "not begun: nothing was done"
    if row["stood_down"]:
        end = "stood down"
    status = str(row["status"]).upper()
    return f"{row['started_at'][:16].replace('T', ' ')} UTC  {status:<8}  {row['run']}  {row['entries']} entries, {end}"
