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
        self.asked: list[str] = []
        """The screen at each question that was answered."""
        self._patience = patience
        self._prompt = KEYS
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
        """Wait for the first of some texts to be printed after what was waited for last, and return it.

        A line that came while the screen was moving is not taken by the program; it is typed again, as a person would.
        """
        patterns = [*texts, NOT_TAKEN]
        while True:
            try:
                found = patterns[self._spawn.expect_exact(patterns)]
                if found != NOT_TAKEN:
                    return found
                self._spawn.expect_exact(self._prompt)
            except (EOF, TIMEOUT) as error:
                what = f"{texts} did not come ({type(error).__name__})"
                raise AssertionError(f"{what}. The last that did: {self.said}") from None
            self._spawn.send(f"{self.typed[-1]}\n")

    def answer(self, question: str, text: str, prompt: str = KEYS) -> None:
        """Wait for a question and type its answer. An empty `prompt`: the question is what is typed on."""
        self.expect(question)
        if prompt:
            self.expect(prompt)
        self.asked.append(self.shown)
        self._prompt = prompt or question
        self.typed.append(text)
        self._spawn.send(f"{text}\n")

    def choose(self, title: str, heading: str = "Can be done now") -> None:
        """Wait for a list and type the number of the line that begins with a title."""
        self.expect(heading)
        self.expect(KEYS)
        listed = self.seen[self.seen.rindex(heading) :]
        found = re.search(rf"^ +(\d+) +{re.escape(title)}", listed, re.MULTILINE)
        assert found, f"{title!r} is not offered: {listed}"
        self.asked.append(self.shown)
        self._prompt = KEYS
        self.typed.append(found[1])
        self._spawn.send(f"{found[1]}\n")

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
        # What was typed at the very moment something came in stands above the question; it then ends no line there.
        for line in self.seen.replace(KEYS, f"{KEYS}\n").replace("\r\n", "\n").split("\n"):
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
