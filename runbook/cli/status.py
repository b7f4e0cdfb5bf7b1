"""`runbook status [RUN]`: where a run stands."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from runbook.cli.options import JsonOption, WorkspaceOption
from runbook.cli.result import Result, deliver

if TYPE_CHECKING:
    from runbook.model.state import State

RunArgument = Annotated[str | None, typer.Argument(help="The run; else the newest.")]


def command(run: RunArgument = None, workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Say where a run stands: steps, people, messages, what is unknown."""
    from runbook.cli.stored import find_run, open_journal, state_of
    from runbook.clock import SystemClock
    from runbook.terminal.header import status_lines
    from runbook.terminal.paper import Paper

    with open_journal(workspace) as journal:
        state = state_of(journal, find_run(journal, run).run)
    if as_json:
        deliver(Result("status", _data(state), ()), as_json=True)
    else:
        now = state.stood_down_at or (state.last_at if state.simulated else None) or SystemClock().now()
        Paper().put(status_lines(state, now))


def _data(state: "State") -> dict[str, Any]:
    return {
        "run": state.run,
        "status": state.status,
        "stood_down": state.over,
        "entries": state.sequence,
        "head": state.head,
        "steps": {name: str(step.progress) for name, step in state.steps.items()},
        "decisions": state.decisions,
        "holders": {role: person.name for role, person in state.holders.items()},
        "addresses": state.addresses,
        "messages": _messages(state),
        "milestones": {name: at.isoformat() for name, at in state.milestones.items()},
        "skews": state.skews,
        "enquiries": state.enquiries,
    }


def _messages(state: "State") -> list[dict[str, Any]]:
    """Return what became of each message: what was committed, in that order, then what was left out."""
    sent = [
        {
            "message": s.message,
            "key": s.key,
            "channel": s.channel,
            "outcome": "unknown" if s.unknown else str(s.outcome),
            "detail": s.detail,
            "correction": s.correction,
            "withdrawn": s.withdrawn,
        }
        for s in state.sendings.values()
    ]
    nothing = {"key": "", "channel": "", "outcome": "skipped", "correction": False, "withdrawn": False}
    return sent + [{"message": message, "detail": why, **nothing} for message, why in state.dropped.items()]
