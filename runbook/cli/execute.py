"""`runbook execute PLAYBOOK`: load, plan, check, confirm, run, report."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from runbook.cli.options import ReleaseOption, WorkspaceOption


def command(
    playbook: Annotated[str, typer.Argument(help="The playbook's id; `runbook list` shows them.")],
    release: ReleaseOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Practise: nothing can leave this computer.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="With --dry-run: take every question's example.")] = False,
    answers: Annotated[
        Path | None, typer.Option("--answers", metavar="FILE", help="Answers for a run without a terminal.")
    ] = None,
    due: Annotated[
        str | None,
        typer.Option("--due", metavar="WHEN", help="With --dry-run: due now (default), as planned, or at 09:30."),
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="For real, although this release has a live run already.")
    ] = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Work through a playbook, step by step: for real, or as a rehearsal."""
    from runbook.cli import starting
    from runbook.cli.working import work_to_its_end

    wish = starting.Wish(playbook, release, workspace, answers, due, dry_run=dry_run, yes=yes, again=again)
    starting.check_usage(wish, terminal=sys.stdin.isatty())
    files = starting.load(wish)
    prepared = starting.prepare(wish, files)
    starting.check(prepared)
    with starting.begin(prepared) as run:
        work_to_its_end(run, prepared.to_settle)
