"""`runbook log RUN`: the readable timeline."""

from typing import Annotated

import typer

from runbook.cli.options import JsonOption, WorkspaceOption
from runbook.cli.result import Result, deliver
from runbook.cli.status import RunArgument

_HANG = 27
"""Where who and what begin, after the number, the time and T+."""


def command(
    run: RunArgument = None,
    every: Annotated[bool, typer.Option("--all", help="Show every entry, each question too.")] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show a run's action log as a timeline."""
    from runbook.cli.stored import find_run, open_journal
    from runbook.reports.timeline import folded, timeline, with_corrections

    with open_journal(workspace) as journal:
        lines = tuple(timeline(journal.read(find_run(journal, run).run)))
    data = [
        {
            "sequence": line.sequence,
            "clock": line.clock,
            "t_plus": line.t_plus,
            "who": line.who,
            "kind": str(line.kind),
            "text": line.text,
        }
        for line in lines
    ]
    marked = with_corrections(lines)
    shown = marked if every else folded(marked)
    text = [f"{line.sequence:>4}  {line.clock}  {line.t_plus:<9}  {line.who}: {line.text}" for line in shown]
    deliver(Result("log", data, text, hang=_HANG), as_json=as_json)
