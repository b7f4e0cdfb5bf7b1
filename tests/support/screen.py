"""A program at a terminal of 80 by 24, driven as a person drives it, with its screen as a person sees it."""

import os
import pty
import re
import signal
import subprocess
import sys
import termios
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyte
from pexpect.exceptions import EOF, TIMEOUT
from pexpect.fdpexpect import fdspawn

COLUMNS, ROWS = 80, 24
KEYS = "? all keys: "
"""What stands at the end of every question that is answered with a key."""
NOT_TAKEN = "so not taken"
"""What is said of a line that was typed before its question stood there."""
# The first terminal that the leader of a session opens becomes its own; without one Ctrl-C would reach nobody.
_OWN_TERMINAL = "import os, sys; os.close(os.open(os.ttyname(0), os.O_RDWR)); os.execv(sys.argv[1], sys.argv[1:])"
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal:
    """The program and the terminal it sits at.

    `screen` is what a person sees now; `seen` is all that was ever printed, without colours.
    """

    def __init__(self, descriptor: int, process: "subprocess.Popen[bytes]", patience: float) -> None:
        self.process = process
        self.screen = pyte.Screen(COLUMNS, ROWS)
        self.seen = ""
        self.typed: list[str] = []
        self._patience = patience
        self._stream = pyte.Stream(self.screen)
        self._spawn = fdspawn(descriptor, encoding="utf-8", timeout=patience)
        self._spawn.delaybeforesend = None
        self._spawn.logfile_read = self

    def write(self, text: str) -> None:
        """Take in what the program printed; pexpect calls it."""
        self._stream.feed(text)
        self.seen += _ESCAPES.sub("", text)

    def flush(self) -> None:
        """Nothing is kept back; pexpect calls it."""

    def expect(self, *texts: str) -> str:
        """Wait for the first of some texts to be printed, and return it. They must come after the last one."""
        try:
            return texts[self._spawn.expect_exact(list(texts))]
        except (EOF, TIMEOUT) as error:
            raise AssertionError(
                f"{texts} did not come ({type(error).__name__}). The last that did: {self.said}"
            ) from None

    def type(self, text: str, end: str = "\n") -> None:
        """Type a line."""
        self.typed.append(text)
        self._spawn.send(text + end)

    def answer(self, question: str, text: str, prompt: str = KEYS) -> None:
        """Wait for a question and type its answer."""
        self.expect(question)
        self.expect(prompt)
        self.type(text)

    def control_c(self) -> None:
        """Press Ctrl-C."""
        self._spawn.send("\x03")

    def kill(self) -> None:
        """Kill the program as a power cut does."""
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait(self._patience)

    def end(self) -> int:
        """Wait for the program to end and return its exit code."""
        self._spawn.expect(EOF)
        return self.process.wait(self._patience)

    def close(self) -> None:
        """Let the terminal go."""
        self._spawn.close()

    @property
    def shown(self) -> str:
        """The 24 lines that a person sees now."""
        return "\n".join(line.rstrip() for line in self.screen.display)

    @property
    def said(self) -> str:
        """The last of what it has printed."""
        return self.seen[-2000:]

    def too_wide(self) -> list[str]:
        """Return every line that is wider than the terminal, but for addresses in one piece and what was typed."""
        wide = []
        for line in self.seen.replace("\r\n", "\n").split("\n"):
            typed = next((t for t in self.typed if t and line.rstrip().endswith(t)), "")
            shown = line.rstrip().removesuffix(typed).replace("\r", "")
            if len(shown) > COLUMNS and "://" not in shown:
                wide.append(shown)
        return wide


@contextmanager
def at_terminal(argv: Sequence[str], *, cwd: Path, env: Mapping[str, str], patience: float = 60) -> Iterator[Terminal]:
    """Run a program at a terminal of its own; it is killed at the end if it still runs."""
    master, slave = pty.openpty()
    termios.tcsetwinsize(slave, (ROWS, COLUMNS))
    process = subprocess.Popen(
        [sys.executable, "-c", _OWN_TERMINAL, *argv],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
        cwd=cwd,
        env=dict(env),
    )
    os.close(slave)
    terminal = Terminal(master, process, patience)
    try:
        yield terminal
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        terminal.close()
