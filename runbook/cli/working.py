"""Working a run from the command line: what its own last line has said is not said again when it is left."""

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

import typer

from runbook.errors import Left

if TYPE_CHECKING:
    from runbook.engine.run import Run
    from runbook.model.problem import Problem

INTERRUPTED = 130
"""The exit code after Ctrl-C."""


def work_to_its_end(run: "Run", problems: "Iterable[Problem]" = ()) -> None:
    """Work a run until it is stood down, or left with the exit code of how it was left.

    Raises `Left` where its message must stand on standard error, for whoever reads only that.
    """
    from runbook.engine.runner import work

    try:
        work(run, problems)
    except KeyboardInterrupt as error:
        if not run.state.paused:  # pressed again, before the log could say that it is paused
            typer.echo(f"\nStopped. `runbook resume {run.id}` carries on.", err=True)
        raise typer.Exit(INTERRUPTED) from error
    except Left as left:
        if not (run.state.paused and sys.stdout.isatty() and sys.stderr.isatty()):
            raise
        if left.remedy:
            typer.echo(left.remedy)
        raise typer.Exit(left.exit_code) from left
