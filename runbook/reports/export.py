"""A log for other programs, for a spreadsheet, or to read. The three agree with each other entry by entry."""

import csv
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TextIO

from runbook.model.entries import Entry, Kind
from runbook.model.times import stamp
from runbook.reports.markdown import write_markdown
from runbook.reports.names import Names
from runbook.reports.timeline import tell

COLUMNS = (
    "sequence",
    "at",
    "recorded_at",
    "clock",
    "t_plus",
    "actor",
    "role",
    "step",
    "kind",
    "text",
    "data",
    "late",
    "previous",
    "hash",
)
"""The columns of the CSV. They stay; new ones would come after them."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a spreadsheet takes for a formula when a cell begins with it, in full width too (OWASP, CSV injection)."""

LONGEST_CELL = 32_767
"""Characters that Excel keeps of a cell, counted in UTF-16 (Excel specifications and limits)."""

_BOM = "\ufeff"  # without it Excel takes UTF-8 for the code page of the machine
_ELSEWHERE = "is in the JSONL export"


def export(entries: Iterable[Entry], form: str, out: TextIO) -> None:
    """Write a whole log to `out`, which should be open as UTF-8 with `newline=""`. Raises KeyError for another form.

    jsonl     an entry a line: exactly the canonical JSON (RFC 8785) that its hash is made of, with the hash. Streams
    csv       an entry a line below `COLUMNS`, RFC 4180, after a byte order mark; times as in the log, data as JSON
              without the plan, nothing a formula, no cell beyond `LONGEST_CELL`. Streams
    markdown  the run in one document to read: header, objectives, people, messages, timeline, seal
    """
    FORMATS[form](entries, out)


def canonical(entry: Entry) -> str:
    """Return an entry as RFC 8785 writes it, its hash included: without `hash`, the very bytes that were hashed.

    The log holds no fractions, and for all else this is JSON without blanks, its keys in the order of UTF-16.
    """
    fields = {name: getattr(entry, name) for name in Entry.__slots__}
    return json.dumps(_in_order(fields), ensure_ascii=False, separators=(",", ":"), default=stamp)


def write_jsonl(entries: Iterable[Entry], out: TextIO) -> None:
    """Write an entry a line."""
    out.writelines(f"{canonical(entry)}\n" for entry in entries)


def write_csv(entries: Iterable[Entry], out: TextIO) -> None:
    """Write a spreadsheet. What no cell can hold says that it is in the JSONL export."""
    out.write(_BOM)
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    names = Names()
    for entry in entries:
        line = tell(entry, names)
        row = (
            entry.sequence,
            stamp(entry.at),
            stamp(entry.recorded_at),
            line.clock,
            line.t_plus,
            entry.actor,
            entry.role,
            entry.step,
            entry.kind.value,
            line.text,
            _data(entry),
            entry.late,
            entry.previous,
            entry.hash,
        )
        writer.writerow(_harmless(cell) for cell in row)


def _data(entry: Entry) -> str:
    data = dict(entry.data)
    if entry.kind is Kind.STARTED and "plan" in data:
        data = {k: v for k, v in data.items() if k != "order"} | {"plan": f"the plan {_ELSEWHERE}"}
    text = json.dumps(_in_order(data), ensure_ascii=False)
    return text if _fits(text) else json.dumps({"left out": f"what does not fit in a cell {_ELSEWHERE}"})


def _fits(cell: str) -> bool:
    return len(cell.encode("utf-16-le")) // 2 <= LONGEST_CELL


FORMATS: dict[str, Callable[[Iterable[Entry], TextIO], None]] = {
    "jsonl": write_jsonl,
    "csv": write_csv,
    "markdown": write_markdown,
}


def _harmless(cell: object) -> object:
    if not isinstance(cell, str):
        return cell
    shown = f"'{cell}" if cell.startswith(_FORMULA) else cell
    # Half of the greatest length fits whatever the characters are: none is more than two in UTF-16.
    return shown if _fits(shown) else f"{shown[: LONGEST_CELL // 2 - 50]} … (all of it {_ELSEWHERE})"


def _in_order(value: Any) -> Any:
    """Return JSON with the keys of every object in the order of UTF-16 code units (RFC 8785, section 3.2.3)."""
    if isinstance(value, Mapping):
        return {key: _in_order(value[key]) for key in sorted(value, key=lambda key: key.encode("utf-16-be"))}
    if isinstance(value, list | tuple):
        return [_in_order(item) for item in value]
    return value
