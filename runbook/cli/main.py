"""The command line: every command, and what becomes of an error.

A command imports what it needs when it runs, so that `--help` and `--version` start at once.
"""

import gc
import os
import sys

gc.set_threshold(300_000)  # a start makes many things that stay; to look through them again and again takes a while

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from runbook.cli import execute, export, init, listing, log, new, resume, runs, schema, show, status
from runbook.cli.working import INTERRUPTED
from runbook.errors import RunbookError


class Commands(TyperGroup):
    """Turns every error into a sentence and an exit code; no traceback reaches the screen."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was named."""
        try:
            return super().invoke(ctx)
        except RunbookError as error:
            from runbook.cli.failure import explain

            raise typer.Exit(explain(error)) from error
        except (KeyboardInterrupt, typer.Abort) as error:
            typer.echo("\nStopped. No run was started or changed.", err=True)
            raise typer.Exit(INTERRUPTED) from error
        except BrokenPipeError as error:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # whoever read has stopped reading
            raise typer.Exit(1) from error
        except Exception as error:
            if type(error).__module__.startswith(("typer", "click")):
                raise
            from runbook.cli.failure import report

            raise typer.Exit(report(error)) from error


app = typer.Typer(
    cls=Commands,
    name="runbook",
    help="The agreed plan for the day a publication fails, made executable.",
    epilog="Start with: runbook execute gov-uk-failure --dry-run",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"runbook {version('release-runbook')} (release-runbook: contingency plans for official releases)")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which runbook this is, and leave.")
    ] = False,
) -> None:
    """Work through the agreed plan for a failed publication, keep channels in step, and log each action's time."""


app.command("execute")(execute.command)
app.command("resume")(resume.command)
app.command("list")(listing.command)
app.command("show")(show.command)
app.command("runs")(runs.command)
app.command("status")(status.command)
app.command("log")(log.command)
app.command("export")(export.command)
app.command("init")(init.command)
app.command("schema")(schema.command)
app.add_typer(new.app, name="new")


def main() -> None:
    """Run the command line. The console script `runbook` and `python -m runbook` come here."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")  # an old console that lacks a letter must not end a run
    app()
