"""`runbook list`: the playbooks there are."""

from typing import Any

from runbook.cli.options import JsonOption, WorkspaceOption
from runbook.cli.result import Result, deliver


def command(workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """List the playbooks: your own, and those that come along."""
    from runbook.cli.files import open_workspace

    found = open_workspace(workspace).required()
    rows = [_row(playbook, found.playbook_path(playbook)) for playbook in found.playbook_ids()]
    deliver(Result("list", rows, [line for row in rows for line in _lines(row)]), as_json=as_json)


def _row(playbook: str, path: Any) -> dict[str, Any]:
    from runbook.loader.playbook import load_playbook

    loaded = load_playbook(path)
    row: dict[str, Any] = {"id": playbook, "file": str(path), "problems": [str(problem) for problem in loaded.problems]}
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
    if "title" not in row:
        return [row["id"], *(f"  {problem}" for problem in row["problems"])]
    return [
        f"{row['id']}   {row['title']}",
        f"  When: {row['activate_when']}",
        f"  {row['steps']} steps, {len(row['roles'])} roles; agreed {row['agreed_on']}; owner {row['owner']}",
        *(f"  {problem}" for problem in row["problems"]),
    ]
