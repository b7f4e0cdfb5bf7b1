"""Something to read before answering: instructions, texts to copy, the go/no-go table."""

from collections.abc import Iterator

from rich.cells import cell_len

from runbook.model.outcome import Outcome
from runbook.model.questions import MessageRow, Sheet
from runbook.model.text import one_line
from runbook.model.words import with_kind
from runbook.terminal.sent import OUTCOME_INK, refused
from runbook.terminal.styled import Ink, Styled, marked

_INDENT = 2
_WIDEST_TITLE = 30


def sheet_lines(sheet: Sheet) -> tuple[Styled, ...]:
    """Return the lines of a sheet. A block with a title is a text that goes out: each of its lines begins with `| `."""
    return tuple(_lines(sheet))


def _lines(sheet: Sheet) -> Iterator[Styled]:
    if sheet.heading:
        yield marked(sheet.heading, Ink.STRONG)
    for title, text in sheet.blocks:
        if title:
            yield Styled(f"{title.rstrip(':')}:", indent=_INDENT)
        for part in text.rstrip("\n").split("\n"):
            yield Styled(part, indent=_INDENT, prefix="| " if title else "")
    yield from row_lines(sheet.rows)
    for note in sheet.notes:
        yield marked(note) if note[:2] in {"!!", "??"} else Styled(note, indent=_INDENT)


def row_lines(rows: tuple[MessageRow, ...]) -> Iterator[Styled]:
    """Yield the go/no-go table: a line for each message with its status, and under it what is in the way."""
    names = [one_line(with_kind(row.title, row.kind)) for row in rows]
    widest = min(_WIDEST_TITLE, max(map(cell_len, names), default=0))
    for row, name in zip(rows, names, strict=True):
        status, ink = _status(row)
        text = f"{_padded(name, widest)}  {one_line(row.summary)}"
        yield Styled(text, indent=_INDENT, right=status, column=9, right_ink=ink)
        if row.detail:
            yield Styled(row.detail, indent=6)
        yield from refused(row.refused)


def _status(row: MessageRow) -> tuple[str, Ink]:
    if row.outcome is not None and row.outcome is not Outcome.SKIPPED:
        return row.outcome.upper(), OUTCOME_INK[row.outcome]
    if row.left_out or row.outcome is Outcome.SKIPPED:
        return "LEFT OUT", Ink.QUIET
    return ("READY", Ink.GOOD) if row.ready else ("NOT READY", Ink.BAD)


def _padded(text: str, width: int) -> str:
    text = one_line(text)
    return text + " " * max(0, width - cell_len(text))
