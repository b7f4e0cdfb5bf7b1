"""What a reading command returns, and the one place that prints it."""

import json
from collections.abc import Iterable
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


def deliver(result: Result, *, as_json: bool) -> None:
    """Print a result, one way or the other, and end the command with its code if that is not 0."""
    if as_json:
        envelope = {"version": VERSION, "command": result.command, "data": result.data}
        typer.echo(json.dumps(envelope, indent=2, ensure_ascii=False, default=str))
    else:
        for line in result.lines:
            typer.echo(line)
    if result.exit_code:
        raise typer.Exit(result.exit_code)
