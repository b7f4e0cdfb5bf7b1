"""`runbook list`: the playbooks there are."""

from typing import Any

from runbook.cli.options import JsonOption, WorkspaceOption
from runbook.cli.result import Result, deliver


def command(workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """List the playbooks: your own, and those that come along."""
    from runbook.cli.place import open_workspace

    found = open_workspace(workspace).required()
    rows = [
        _row(playbook, found.playbook_path(playbook), found.replaces_shipped(playbook))
        for playbook in found.playbook_ids()
    ]
    deliver(Result("list", rows, [line for row in rows for line in _lines(row)]), as_json=as_json)


def _row(playbook: str, path: Any, replaces: bool) -> dict[str, Any]:
    from runbook.loader.playbook import load_playbook

    loaded = load_playbook(path)
    row: dict[str, Any] = {
        "id": playbook,
        "file": str(path),
        "replaces_shipped": replaces,
        "problems": [str(problem) for problem in loaded.problems],
    }
    if loaded.value is not None:
        value = loaded.value
        row |= {
            "title": value.title,
            "activate_when": value.activate_when,
            "owner": value.owner,
            "agreed_on": value.agreed_by.on.isoformat(),
            "steps": len(value.steps),
            "roles": list(value.roles),
        }
    return row


def _lines(row: dict[str, Any]) -> list[str]:
    from runbook.model.words import counted

    yours = " (yours, instead of the shipped one)" if row["replaces_shipped"] else ""
    if "title" not in row:
        return [f"{row['id']}{yours}", *(f"  {problem}" for problem in row["problems"])]
    size = f"{counted(row['steps'], 'step')}, {counted(len(row['roles']), 'role')}"
    return [
        f"{row['id']}   {row['title']}{yours}",
        f"  When: {row['activate_when']}",
        f"  {size}; agreed {row['agreed_on']}; owner {row['owner']}",
        *(f"  {problem}" for problem in row["problems"]),
    ]
