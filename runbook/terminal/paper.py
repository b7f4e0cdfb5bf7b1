"""What is printed on: lines, one under the other, never painted over.

Colour comes from rich, and only where there is a terminal that wants it: with `NO_COLOR` set, with `TERM=dumb`, into a
pipe or a file, the same words go out without it, and rich's console is not even loaded.
"""

import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from io import StringIO
from typing import TYPE_CHECKING, TextIO

from runbook.model.text import clean
from runbook.terminal.styled import Ink, Row, Styled, rows, words

if TYPE_CHECKING:
    from rich.console import Console

WIDEST = 80
"""Columns. On a wider screen the lines stay as short as they can be read."""
NARROWEST = 30


class Paper:
    """Lines go to `file` (standard output if none is named), at most 80 columns wide.

    plain     no colour; None: find out from the file and the environment (https://no-color.org)
    record    keep what is printed, with its colours, for `picture`; nothing goes to the file
    """

    def __init__(self, file: TextIO | None = None, *, plain: bool | None = None, record: bool = False) -> None:
        self._file = file if file is not None else sys.stdout
        self._plain = (not record and _plain(self._file)) if plain is None else plain
        self._record = record
        self._console: Console | None = None
        self._gone = False
        self._open = False
        self.count = 0
        """How many times something was printed; it tells whether a prompt still stands at the bottom."""

    @property
    def width(self) -> int:
        """The width in columns, asked again each time: a window can be made smaller."""
        try:
            columns = os.get_terminal_size(self._file.fileno()).columns
        except (OSError, ValueError):
            columns = 0
        return min(WIDEST, max(NARROWEST, columns)) if columns else WIDEST

    def put(self, lines: Iterable[Styled]) -> None:
        """Print lines. A prompt that was still open is closed first. Never raises."""
        width = self.width
        printed = [row for line in lines for row in rows(line, width)]
        if not printed:
            return
        self.close()
        self.count += 1
        for row in printed:
            self._write(row, "\n")

    def prompt(self, text: str, ink: Ink = Ink.STRONG) -> None:
        """Print the end of a question; what is typed follows it on the same line. Never raises."""
        self.close()
        self.count += 1
        self._write(((clean(text), ink),), "")
        self._open = True

    def answered(self, echo: str | None = None) -> None:
        """Note that the prompt was answered: the terminal has shown the answer; elsewhere `echo` is printed for it."""
        if echo is not None and self._open:
            self._write(((clean(echo), Ink.PLAIN),), "\n")
        self._open = False

    def close(self) -> None:
        """End the line of an open prompt."""
        if self._open:
            self._open = False
            self._write((), "\n")

    def after_ctrl_c(self) -> None:
        """Begin a new line at a terminal, which has just shown `^C` at the cursor."""
        with suppress(ValueError):
            if self._file.isatty() and not self._open:
                self._write((), "\n")

    def picture(self, title: str) -> str:
        """Return what was printed so far as an SVG. Only for a paper that records."""
        return self._rich().export_svg(title=title)

    def _write(self, row: Row, end: str) -> None:
        # The window may be closed at any moment. The run goes on with its log; the next question finds nobody there.
        if self._gone:
            return
        try:
            if self._plain:
                self._file.write(_carried(words(row), self._file) + end)
            else:
                self._coloured(row, end)
            self._file.flush()
        except (OSError, ValueError):
            self._gone = True
            _discard(self._file)

    def _coloured(self, row: Row, end: str) -> None:
        from rich.text import Text  # noqa: PLC0415 - rich's console costs as much to load as all our models

        text = Text(end="")
        for part, ink in row:
            text.append(_carried(part, self._file), style=ink.value)
        self._rich().print(text, end=end, soft_wrap=True, markup=False, highlight=False, emoji=False)

    def _rich(self) -> "Console":
        if self._console is None:
            from rich.console import Console  # noqa: PLC0415 - as above

            if self._record:
                self._console = Console(file=StringIO(), record=True, width=WIDEST, color_system="truecolor")
            else:
                self._console = Console(file=self._file, force_terminal=True, no_color=False)
        return self._console


def _discard(file: TextIO) -> None:
    """Lead a broken file into nothing, so that what is still in its buffer raises no error when the program ends."""
    with suppress(OSError, ValueError):
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, file.fileno())
        os.close(nothing)


def _plain(file: TextIO) -> bool:
    try:
        terminal = file.isatty()
    except ValueError:
        terminal = False
    return not terminal or bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM", "") in {"dumb", "unknown"}


def _carried(text: str, file: TextIO) -> str:
    """Return a text as the file's encoding can carry it: an old code page must not end a run."""
    encoding = getattr(file, "encoding", None) or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return text.encode(encoding, errors="replace").decode(encoding)
    return text
