"""`runbook export RUN`: the action log for other programs, for a spreadsheet, or to read."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from runbook.cli.options import WorkspaceOption
from runbook.cli.status import RunArgument


class Format(StrEnum):
    """The formats there are."""

    JSONL = "jsonl"
    CSV = "csv"
    MARKDOWN = "markdown"


def command(
    run: RunArgument = None,
    format_: Annotated[
        Format, typer.Option("--format", help="jsonl for programs, csv for a spreadsheet.")
    ] = Format.MARKDOWN,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write a new file, not the screen.")] = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Export a run's action log."""
    from runbook.cli.stored import find_run, open_journal
    from runbook.errors import Unavailable
    from runbook.reports.export import export

    with open_journal(workspace) as journal:
        found = find_run(journal, run)
        if out is None:
            export(journal.read(found.run), format_.value, sys.stdout)
            return
        try:
            with out.open("x", encoding="utf-8", newline="") as file:
                export(journal.read(found.run), format_.value, file)
        except FileExistsError as error:
            raise Unavailable(f"{out} exists already.", "Nothing was written. Name another file.") from error
        except OSError as error:
            raise Unavailable(f"{out} cannot be written: {error.strerror}.", "Name another place.") from error
    typer.echo(f"{found.entries} entries of {found.run} are in {out}.")
