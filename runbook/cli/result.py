"""What a reading command returns, and the one place that prints it."""

import json
import shutil
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import typer

VERSION = 1
"""Of the envelope around `--json`. It rises when a key changes its meaning or goes."""


@dataclass(frozen=True)
class Result:
    """Data for programs, lines for people, and the exit code."""

    command: str
    data: Any
    lines: Iterable[str]
    exit_code: int = 0
    hang: int = 0
    """Where a line goes on that is too long for the terminal, in columns; 0: the terminal breaks it."""


def deliver(result: Result, *, as_json: bool) -> None:
    """Print a result, one way or the other, and end the command with its code if that is not 0."""
    if as_json:
        envelope = {"version": VERSION, "command": result.command, "data": result.data}
        typer.echo(json.dumps(envelope, indent=2, ensure_ascii=False, default=str))
    else:
        for line in fitted(result.lines, result.hang) if result.hang and sys.stdout.isatty() else result.lines:
            typer.echo(line)
    if result.exit_code:
        raise typer.Exit(result.exit_code)


def fitted(lines: Iterable[str], hang: int) -> Iterator[str]:
    """Yield lines that fit the terminal; what is too long goes on at column `hang`, and no word is broken.

    Into a file or a pipe lines go whole: others can search and cut them then.
    """
    from textwrap import TextWrapper

    columns = shutil.get_terminal_size().columns
    indent = " " * (hang if hang <= columns // 2 else 4)
    wrapper = TextWrapper(columns, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
    for line in lines:
        yield from wrapper.wrap(line) or [""]
