"""How quickly `runbook` starts, as ratios to a bare Typer hello-world: `python benchmarks/start.py [--check]`.

Every row is started in turn, round after round, so that whatever else the machine does falls on all of them alike;
the medians are compared. It measures the `runbook` of the interpreter that runs it, in an empty folder, with its data
in another. One round before the first is not counted: it fills the caches.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

HELLO = """
import typer

app = typer.Typer()


@app.command()
def hello(name: str = "world") -> None:
    print(f"Hello {name}")


app()
"""


@dataclass(frozen=True)
class Row:
    """One thing that is started. `wanted` is the greatest ratio to the hello-world that is good enough."""

    name: str
    arguments: tuple[str, ...]
    wanted: float | None = None


ROWS = (
    Row("`runbook --help`", ("-m", "runbook", "--help"), 1.5),
    Row("`runbook --version`", ("-m", "runbook", "--version"), 1.5),
    Row(
        "`runbook execute gov-uk-failure --dry-run --yes`",
        ("-m", "runbook", "execute", "gov-uk-failure", "--dry-run", "--yes"),
        5.0,
    ),
    Row("`runbook list`", ("-m", "runbook", "list")),
)


def main() -> int:
    """Measure, print the table, and say with `--check` what took too long. Returns the exit code."""
    parser = argparse.ArgumentParser(description="Start runbook, and compare with a bare Typer hello-world.")
    parser.add_argument("--rounds", type=int, default=15, help="how often each is started (default: 15)")
    parser.add_argument("--check", action="store_true", help="fail when a ratio is above the one that is wanted")
    wish = parser.parse_args()
    if wish.rounds < 1:
        parser.error("--rounds is at least 1")
    with tempfile.TemporaryDirectory() as folder:
        seconds = measure(Path(folder), wish.rounds)
    hello, *medians = (statistics.median(times) for times in seconds)
    ratios = [median / hello for median in medians]
    print(table(hello, medians, ratios))
    slow = [
        f"{row.name} takes {ratio:.2f} times as long as a hello-world; wanted is at most {row.wanted}."
        for row, ratio in zip(ROWS, ratios, strict=True)
        if row.wanted is not None and ratio > row.wanted
    ]
    if wish.check and slow:
        print("\n".join(slow), file=sys.stderr)
        return 1
    return 0


def measure(folder: Path, rounds: int) -> list[list[float]]:
    """Start everything in turn, `rounds` times, and return the seconds: the hello-world's first, then each row's."""
    hello = folder / "hello.py"
    hello.write_text(HELLO, encoding="utf-8")
    empty = folder / "empty"
    empty.mkdir()
    commands = [(str(hello),), *(row.arguments for row in ROWS)]
    seconds: list[list[float]] = [[] for _ in commands]
    for counted in [False, *[True] * rounds]:
        for times, arguments in zip(seconds, commands, strict=True):
            taken = start(arguments, empty, folder / "data")
            if counted:
                times.append(taken)
    return seconds


def start(arguments: tuple[str, ...], cwd: Path, data: Path) -> float:
    """Run this interpreter once and return the seconds it took. Exits with what it said if it failed."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("RUNBOOK_", "PYTHON"))}
    environment |= {"RUNBOOK_DATA": str(data)}
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    taken = time.perf_counter() - began
    if done.returncode:
        sys.exit(f"{' '.join(arguments)} ended with {done.returncode}:\n{done.stderr or done.stdout}")
    return taken


def table(hello: float, medians: list[float], ratios: list[float]) -> str:
    """Return the result as a Markdown table."""
    lines = [
        "| start | median | ratio | wanted |",
        "|---|---:|---:|---:|",
        f"| bare Typer hello-world | {hello * 1000:.0f} ms | 1 | |",
    ]
    for row, median, ratio in zip(ROWS, medians, ratios, strict=True):
        wanted = f"at most {row.wanted:g}" if row.wanted is not None else ""
        lines.append(f"| {row.name} | {median * 1000:.0f} ms | {ratio:.2f} | {wanted} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
