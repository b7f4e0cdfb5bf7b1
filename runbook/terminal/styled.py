"""A line of the screen before it is printed: its words, its mark, and how it breaks at a width.

Everything that reaches the screen passes through here, and is cleaned of what a terminal would obey. Colour is an
extra, laid over words that say the same without it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from rich.cells import cell_len

from runbook.model.text import clean


class Ink(StrEnum):
    """How words look where colour can be shown. Each value is a style in rich's language."""

    PLAIN = "none"
    STRONG = "bold"
    QUIET = "dim"
    GOOD = "green"
    BAD = "bold red"
    UNSURE = "bold yellow"
    ALERT = "bold white on red"
    PRACTICE = "bold black on cyan"


MARKS = {"ok": Ink.GOOD, "??": Ink.UNSURE, "no": Ink.BAD, "--": Ink.QUIET, "!!": Ink.ALERT}
"""The marks that stand beside any colour."""

Row = tuple[tuple[str, Ink], ...]
"""One line as it is printed: stretches of text, each in one ink."""


@dataclass(frozen=True, slots=True)
class Styled:
    """One thing to print. It becomes one line, or several if it is long.

    text      the words; a line break in them begins a new line
    mark      stands before the words: one of `MARKS`, a time, a badge
    right     stands at the right-hand edge, on the last line or on one of its own
    column    cells kept free for `right`, so that several lines have it in one column
    indent    blanks before all of it
    prefix    stands before each line of the words: `| ` for a text that goes out
    """

    text: str = ""
    mark: str = ""
    right: str = ""
    column: int = 0
    indent: int = 0
    prefix: str = ""
    ink: Ink = Ink.PLAIN
    mark_ink: Ink | None = None
    """None: the mark's own, from `MARKS`."""
    right_ink: Ink = Ink.QUIET

    def __str__(self) -> str:
        """Return the words as they stand at a width of 80."""
        return "\n".join(words(row) for row in rows(self, 80))


BLANK = Styled()


def marked(text: str, ink: Ink = Ink.PLAIN, right: str = "") -> Styled:
    """Return a line whose text may begin with a mark of its own: `!!  The original page is back`."""
    mark, gap, rest = text[:2], text[2:4], text[4:]
    if mark in MARKS and gap == "  " and rest:
        return Styled(rest, mark=mark, ink=ink, right=right)
    return Styled(text, ink=ink, right=right)


def words(row: Row) -> str:
    """Return a row's text without its inks."""
    return "".join(text for text, _ in row)


def rows(line: Styled, width: int) -> Iterator[Row]:
    """Yield the rows that a line takes at a width. No row is longer than `width` cells, but for one thing.

    An address that does not fit is left in one piece, on a row of its own: broken by us it could not be copied.
    """
    mark = clean(line.mark)
    head = " " * line.indent + (mark.ljust(2) + "  " if mark else "")
    hang = cell_len(head) if cell_len(head) <= width // 2 else line.indent
    broken = _broken(line, width - cell_len(head), width - hang)
    right = clean(line.right).replace("\n", " ")
    kept = max(cell_len(right), min(line.column, width))
    for number, (text, last) in enumerate(broken):
        start = _start(line, mark) if number == 0 else ((" " * hang, Ink.PLAIN),)
        row = (*start, (clean(line.prefix) + text, line.ink))
        if not (last and right):
            yield _trimmed(row)
            continue
        free = width - cell_len(words(row)) - kept
        if free >= (2 if words(row).strip() else 0):
            yield (*row, (" " * max(0, free), Ink.PLAIN), (right, line.right_ink))
        else:
            yield _trimmed(row)
            yield from _pushed(right, width, line.right_ink)


def _start(line: Styled, mark: str) -> Row:
    indent = (" " * line.indent, Ink.PLAIN)
    if not mark:
        return (indent,)
    ink = line.mark_ink or MARKS.get(mark, Ink.STRONG)
    return (indent, (mark, ink), (" " * (max(0, 2 - len(mark)) + 2), Ink.PLAIN))


def _broken(line: Styled, first: int, later: int) -> Iterator[tuple[str, bool]]:
    """Yield each row of the words, and whether it is the last."""
    prefix = cell_len(line.prefix)
    paragraphs = clean(line.text).split("\n")
    for number, paragraph in enumerate(paragraphs):
        room = (first if number == 0 else later) - prefix
        found = list(wrap(paragraph, max(1, room), max(1, later - prefix)))
        for position, text in enumerate(found):
            yield text, number == len(paragraphs) - 1 and position == len(found) - 1


def _trimmed(row: Row) -> Row:
    """Leave out the blanks at the end: they are nothing to see and a nuisance to copy."""
    *rest, (text, ink) = row
    if text.strip() or not rest:
        return (*rest, (text.rstrip(), ink))
    return _trimmed(tuple(rest))


def _pushed(text: str, width: int, ink: Ink) -> Iterator[Row]:
    for part in wrap(text, width, width):
        yield ((" " * max(0, width - cell_len(part)), Ink.PLAIN), (part, ink))


def wrap(text: str, first: int, later: int) -> Iterator[str]:
    """Yield a paragraph in rows of at most `first`, then `later` cells; blanks between words are kept as they are.

    A word that is too long is cut, but an address (with `://`) is not.
    """
    row, room = "", first
    for piece in re.findall(r" *[^ ]+", text.rstrip()) or [""]:
        if cell_len(row + piece) <= room:
            row += piece
            continue
        if row.strip():
            yield row
            row, room, piece = "", later, piece.lstrip()  # noqa: PLW2901 - the blanks went with the row's end
        if "://" not in piece:
            *full, piece = _cut(piece, room, later)  # noqa: PLW2901 - what is left of it begins the next row
            yield from full
            room = later if full else room
        row += piece
    yield row


def _cut(word: str, first: int, later: int) -> list[str]:
    parts, part, room = [], "", first
    for character in word:
        if part and cell_len(part + character) > room:
            parts.append(part)
            part, room = "", later
        part += character
    return [*parts, part]
