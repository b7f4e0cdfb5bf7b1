"""`runbook resume [RUN]`: go on with a run from where its log says it stands."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from runbook.cli.options import WorkspaceOption


def command(
    run: Annotated[str | None, typer.Argument(help="The run; else the newest that is not stood down.")] = None,
    answers: Annotated[
        Path | None, typer.Option("--answers", metavar="FILE", help="Answers for a run without a terminal.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="In an exercise: take every question's example.")] = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Go on with a run: after a pause, Ctrl-C, or when the computer stopped."""
    from runbook.cli.resuming import Going, take_up
    from runbook.cli.working import work_to_its_end

    going = Going(run, workspace, answers, yes=yes, terminal=sys.stdin.isatty())
    with take_up(going) as taken:
        work_to_its_end(taken, taken.state.to_settle)
