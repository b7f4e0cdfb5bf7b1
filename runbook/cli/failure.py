"""What the screen says when something goes wrong: two lines for what was foreseen, a report file for what was not."""

import platform
import shlex
import sys
import traceback
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import typer

from runbook.cli.result import fitted
from runbook.errors import RunbookError
from runbook.model.problem import Problem, Refused, Severity
from runbook.model.words import counted

_HANG = 10
"""Where a problem's words begin, after its line and column."""


def explain(error: RunbookError) -> int:
    """Print an expected error on standard error, all of its problems with it, and return the exit code.

    At a terminal its lines are broken between words; into a file or a pipe they go whole.
    """
    if isinstance(error, Refused):
        remarks = tuple(p for p in error.problems if p.severity is Severity.REMARK)
        problems = tuple(p for p in error.problems if p.severity is not Severity.REMARK)
        _say(f"{counted(len(problems), 'problem')} found.", *problem_lines(problems))
        if error.remedy:
            _say(error.remedy)
        if remarks:
            _say("Also noted:", *problem_lines(remarks))
    else:
        _say(*error.message.splitlines(), *error.remedy.splitlines())
    return error.exit_code


def _say(*lines: str) -> None:
    for line in lines:
        hang = _HANG if line.startswith(" ") else 2
        for part in fitted([line], hang) if sys.stderr.isatty() else [line]:
            typer.echo(part, err=True)


def problem_lines(problems: tuple[Problem, ...]) -> list[str]:
    """Return problems to read: by file, each with its line and column, what was found and what to do."""
    lines: list[str] = []
    file = ""
    for problem in problems:
        if problem.where.file != file:
            file = problem.where.file
            lines.append(f"{_near(file)}:")
        place = f"{problem.where.line}:{problem.where.column}" if problem.where.line else "-"
        lines.append(f"  {place:<8}{problem.found} {problem.remedy}".rstrip())
    return lines


def _near(file: str) -> str:
    """Return a path from the current folder, if it lies in it."""
    try:
        return str(Path(file).relative_to(Path.cwd()))
    except ValueError:
        return file


def report(error: Exception) -> int:
    """Write an unexpected error to a file of the user's own, say where it is, and return the exit code.

    The file holds versions, the command line and the places in the code; never the values that stood there.
    """
    from runbook.workspace.shipped import user_data

    folder = user_data() / "crashes"
    when = datetime.now(UTC)
    text = "".join(
        (
            f"runbook {version('release-runbook')} on Python {platform.python_version()}, {platform.platform()}\n",
            f"at {when:%Y-%m-%dT%H:%M:%SZ}, command {shlex.join((Path(sys.argv[0]).name, *sys.argv[1:]))}\n\n",
            *traceback.format_exception(error),
        )
    )
    typer.echo(f"Something failed that was not foreseen ({type(error).__name__}): a fault in runbook.", err=True)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = folder / f"{when:%Y%m%dT%H%M%S%f}.txt"
        file.write_text(text, encoding="utf-8")
        file.chmod(0o600)
    except OSError:
        typer.echo(text, err=True)
    else:
        typer.echo(f"What happened is written down for whoever looks after it: {file}", err=True)
    typer.echo("A run that was going on is not lost: `runbook resume` carries on.", err=True)
    return 1
