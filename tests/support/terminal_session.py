"""A program at a real pseudo-terminal, driven as a person drives it."""

import os
import pty
import subprocess
import sys
import termios
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pexpect.exceptions import EOF
from pexpect.fdpexpect import fdspawn

import runbook

TESTS = Path(__file__).parent.parent
PACKAGE = Path(runbook.__file__).parent.parent
# The first terminal that the leader of a session opens becomes its own; without one Ctrl-C would reach nobody.
_OWN_TERMINAL = "import os, sys; os.close(os.open(os.ttyname(0), os.O_RDWR)); os.execv(sys.argv[1], sys.argv[1:])"


@dataclass
class Session:
    """The program, and the terminal it sits at."""

    screen: fdspawn
    process: subprocess.Popen[bytes]
    seen: str = ""

    def expect(self, text: str) -> str:
        """Return what was printed up to a text, and the text. Raises pexpect's errors after 20 s, or at the end."""
        self.screen.expect_exact(text)
        new = self.screen.before + text
        self.seen += new
        return new

    def type(self, text: str, end: str = "\n") -> None:
        """Type a line."""
        self.screen.send(text + end)

    def end(self) -> str:
        """Wait for the program to end, and return all that was printed since the last text that was expected."""
        self.screen.expect(EOF)
        self.seen += self.screen.before
        self.process.wait(20)
        return self.screen.before


@contextmanager
def at_terminal(
    argv: Sequence[str], env: Mapping[str, str] | None = None, rows: int = 24, columns: int = 80
) -> Iterator[Session]:
    """Run a Python program (its arguments) at a terminal of its own; it is killed at the end if it still runs."""
    master, slave = pty.openpty()
    termios.tcsetwinsize(slave, (rows, columns))
    process = subprocess.Popen(
        [sys.executable, "-c", _OWN_TERMINAL, sys.executable, *argv],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
        env=environment(env),
    )
    os.close(slave)
    screen = fdspawn(master, encoding="utf-8", timeout=20)
    screen.delaybeforesend = None
    try:
        yield Session(screen, process)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        screen.close()


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return an environment in which a child finds the package that is being tested, and the tests' helpers."""
    kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS")}
    paths = os.pathsep.join((str(TESTS), str(PACKAGE)))
    return {**kept, "TERM": "xterm-256color", "PYTHONPATH": paths, **(more or {})}
