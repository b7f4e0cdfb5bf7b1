"""Trials: which cells there are, and each tool run in each of them, in turn, round after round."""

import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from receiving import Condition
from scene import Noted, Receivers, Scene, Session, Start, Tool, addresses
from typist import seat

CONDITIONS = {
    "no-delay": Condition(),
    "round-trip": Condition(delay=0.05),
    "unlike": Condition(mail_needs=0.35, post_needs=0.6),
}
RECIPIENTS = (1, 100, 1000)
LEARNING_RUNS = 5
"""So many runs of `runbook` come first where the channels are unlike: it learns from its own log."""
PATIENCE_SECONDS = 900
SLOW_SECONDS = 10
"""A tool whose first trial in a cell takes longer has fewer there."""


@dataclass(frozen=True)
class Cell:
    """One condition, so many recipients, with TLS or without."""

    condition: str
    recipients: int
    tls: bool

    @property
    def name(self) -> str:
        """`no-delay/100/tls`."""
        return f"{self.condition}/{self.recipients}/{'tls' if self.tls else 'plain'}"


CELLS = tuple(Cell(c, r, tls) for c in CONDITIONS for r in RECIPIENTS for tls in (False, True))
QUICK = tuple(c for c in CELLS if c.condition == "no-delay" or c.recipients == 100)
"""The cells that something is wanted of, each kind once."""


@dataclass(frozen=True)
class Trial:
    """One run of one tool."""

    tool: str
    cell: str
    wrong: str
    """Why it does not count; empty if every recipient and the post had the message exactly once."""
    skew: float
    """Seconds from the first message to the last: at their committing bytes, with unlike channels when they count."""
    start: float
    """Seconds from the start of the command to the first committing byte, without the countdown."""
    countdown: float
    clock_within: float
    """Seconds; 0 if it does not say."""
    memory: float
    """Mebibytes, of the tool's largest process."""
    took: float
    """Seconds that the command ran."""


@dataclass(frozen=True)
class Bench:
    """What all cells share."""

    receivers: Receivers
    folder: Path
    authority: Path
    say: Callable[[str], None]
    """Told what is going on, a line at a time."""

    def cell(self, cell: Cell, tools: Sequence[Tool], trials: int, slow_trials: int) -> list[Trial]:
        """Run every tool in turn, round after round, and return the trials that count, in their order."""
        self.receivers.set(CONDITIONS[cell.condition])
        sessions = {tool.name: self._open(cell, tool) for tool in tools}
        for name, session in sessions.items():
            for number in range(_uncounted(name, cell)):
                self.say(f"{cell.name}: {name}, not counted, {number + 1}")
                self._trial(name, cell, session)
        done: list[Trial] = []
        wanted = dict.fromkeys(sessions, trials)
        for turn in range(trials):
            for name, session in sessions.items():
                if turn >= wanted[name]:
                    continue
                trial = self._trial(name, cell, session)
                done.append(trial)
                if not turn and trial.took > SLOW_SECONDS:
                    wanted[name] = min(trials, slow_trials)
                said = trial.wrong or f"{trial.skew * 1000:.3f} ms, start {trial.start:.2f} s"
                self.say(f"{cell.name}: {name} {turn + 1} of {wanted[name]}: {said}")
        return done

    def _open(self, cell: Cell, tool: Tool) -> Session:
        folder = self.folder / cell.name.replace("/", "-") / tool.name
        folder.mkdir(parents=True)
        return tool.open(Scene(folder, self.receivers.ports, cell.tls, addresses(cell.recipients), self.authority))

    def _trial(self, name: str, cell: Cell, session: Session) -> Trial:
        start = session.start()
        self.receivers.collect()
        began = time.time_ns()
        code, memory, said = run(start)
        took = (time.time_ns() - began) / 1e9
        messages = self.receivers.collect()
        wrong = judged(messages, addresses(cell.recipients))
        if code and not wrong:
            wrong = f"the command ended with {code}"
        if wrong:
            self.say(f"{cell.name}: {name} went wrong ({wrong}):\n{said[-1500:]}")
        noted = session.noted() if not code else Noted()
        stamps = [message["stamp"] for message in messages] or [began]
        counted = [message["counted"] for message in messages] or [began]
        return Trial(
            tool=name,
            cell=cell.name,
            wrong=wrong,
            skew=(max(counted) - min(counted)) / 1e9,
            start=(min(stamps) - began) / 1e9 - noted.countdown,
            countdown=noted.countdown,
            clock_within=noted.clock_within,
            memory=memory,
            took=took,
        )


def _uncounted(name: str, cell: Cell) -> int:
    """Return how many runs come before those that count: `runbook` fills its workspace, the others have nothing to."""
    if name != "runbook":
        return 0
    return LEARNING_RUNS if cell.condition == "unlike" else 1


def judged(messages: Sequence[dict[str, Any]], expected: Sequence[str]) -> str:
    """Return what is wrong with what was received; empty if all had the message, each exactly once."""
    mails = [message for message in messages if message["channel"] == "mail"]
    posts = len(messages) - len(mails)
    had = sorted(recipient for mail in mails for recipient in mail["recipients"])
    if had != sorted(expected):
        missing, more = len(set(expected) - set(had)), len(had) - len(set(had) & set(expected))
        return f"of {len(expected)} recipients {missing} had no e-mail, and {more} were too many"
    if posts != 1:
        return f"{posts} posts"
    if not all(message["marked"] for message in messages):
        return "a message did not have its text"
    return ""


def run(start: Start) -> tuple[int, float, str]:
    """Run a command; return its exit code, the memory of its largest process in mebibytes, and what it said.

    The memory is that of the command and of what it waited for (wait4(2)); what it sent into the background is not in
    it. A process inherits the greatest memory of whoever started it, so less than this one's own is not seen.
    """
    with (start.cwd / "said.txt").open("w+b") as said, seat(start, said) as (stdin, stdout):
        process = subprocess.Popen(
            start.argv,
            cwd=start.cwd,
            env=start.environment,
            stdin=stdin,
            stdout=stdout,
            stderr=stdout,
            start_new_session=True,
        )
        timer = threading.Timer(PATIENCE_SECONDS, os.killpg, (process.pid, signal.SIGKILL))
        timer.start()
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        finally:
            timer.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        return process.returncode, _mebibytes(usage), said.read().decode("utf-8", "replace")


def least_memory() -> float:
    """Return the mebibytes below which nothing is seen: this process's own."""
    return _mebibytes(resource.getrusage(resource.RUSAGE_SELF))


def _mebibytes(usage: resource.struct_rusage) -> float:
    # Kibibytes on Linux, bytes on macOS (getrusage(2)).
    return usage.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
