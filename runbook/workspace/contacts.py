"""Contact lists as Excel saves them: `contacts/NAME.csv`, in UTF-8 or cp1252, with commas, semicolons or tabs.

The first line names the columns: `address` (or `email`, `e-mail`), and, if wanted, `name`, `outlet`, `group` and
`verified_on`. A row that is not right is a problem and left out; the others are read.
"""

import csv
import difflib
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from runbook.errors import Unavailable
from runbook.model.problem import Problem, Severity, Where
from runbook.workspace.addresses import NotAnAddress, checked_address
from runbook.workspace.label import label

LARGEST = 5 * 1024 * 1024
"""Bytes of a list; a larger file is not a contact list."""
COLUMNS = ("name", "address", "outlet", "group", "verified_on")
_SAME = {"email": "address", "e_mail": "address", "email_address": "address", "e_mail_address": "address"}
_DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs"}
_ONE = {",": "a comma", ";": "a semicolon", "\t": "a tab"}
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""What the files of Excel begin with, the new ones (ZIP) and the old (OLE 2)."""
_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
WITHOUT = "Go on without this address."


@dataclass(frozen=True, slots=True)
class Contact:
    """One good row. `line` is where it stands in the file, from 1."""

    name: str
    address: str
    outlet: str
    group: str
    verified_on: date | None
    line: int


@dataclass(frozen=True)
class ContactList:
    """A list that has been read: the good rows, and what is wrong with the others."""

    name: str
    file: str
    encoding: str
    """`utf-8`, `utf-8-sig`, `cp1252` or `utf-16`; empty if it could not be told."""
    delimiter: str
    contacts: tuple[Contact, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def addresses(self) -> tuple[str, ...]:
        """The good addresses, in the file's order; each once."""
        return tuple(contact.address for contact in self.contacts)

    @property
    def read_as(self) -> str:
        """How it was read, if not as UTF-8 with commas: `cp1252 with semicolons`. Else empty."""
        if self.encoding in ("utf-8", "utf-8-sig", "") and self.delimiter == ",":
            return ""
        return f"{self.encoding} with {_DELIMITERS[self.delimiter]}"


class _Undecodable(ValueError):
    """Not a text that can be read. `args` are why, the line, and what to do."""


_AGAIN = "Save it again from Excel as “CSV UTF-8 (comma delimited)”."


@dataclass
class _Reading:
    """What is gathered while a list is read."""

    file: str
    lines: list[str]
    delimiter: str
    contacts: list[Contact] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    seen: dict[str, int] = field(default_factory=dict)

    def unready(self, code: str, at: tuple[int, str], found: str, remedy: str, settle: str = WITHOUT) -> None:
        """Note a problem at a cell of a line."""
        line, cell = at
        column = self.lines[line - 1].find(cell) + 1 if cell and line <= len(self.lines) else 0
        where = Where(self.file, line, max(column, 1))
        self.problems.append(Problem(code, where, found, remedy, Severity.UNREADY, settle))


def read_lists(root: Path) -> dict[str, ContactList]:
    """Read every `contacts/*.csv` of a workspace, by name. Never raises for what is in a file."""
    return {path.stem: read_list(path, path.stem) for path in sorted((root / "contacts").glob("*.csv"))}


def read_list(path: Path, name: str) -> ContactList:
    """Read one list. Everything that is wrong with it is in `problems`; it never raises for what is in the file.

    A row that is not right is `UNREADY`: a live run can go on without it. A file that cannot be understood stops.
    """
    shown = label(path)
    try:
        text, encoding = _text(path)
    except OSError as error:
        why = f"This list cannot be read ({error.strerror or error})."
        return _broken(name, Problem("unreadable", Where(shown), why, "Make the file readable."))
    except _Undecodable as error:
        why, line, remedy = error.args
        return _broken(name, Problem("encoding", Where(shown, line, 1), why, remedy))
    text, delimiter = _delimited(text)
    reading = _Reading(shown, _lines(text), delimiter)
    try:
        rows = list(_rows(reading.lines, delimiter))
    except csv.Error as error:
        why = f"This list cannot be read as a table ({error})."
        return _broken(name, Problem("table", Where(shown, 1, 1), why, "Save it again from Excel."))
    _read_rows(reading, rows)
    return ContactList(name, shown, encoding, delimiter, tuple(reading.contacts), tuple(reading.problems))


def convert(path: Path) -> bytes:
    """Return the list as UTF-8 with commas, every row and column kept. Raises `Unavailable` if it cannot be read."""
    try:
        text, _ = _text(path)
        text, delimiter = _delimited(text)
        rows = [row for _, row in _rows(_lines(text), delimiter)]
    except (OSError, _Undecodable, csv.Error) as error:
        raise Unavailable(
            f"{label(path)} cannot be read ({error.args[0]}).", "Save it again from Excel as “CSV UTF-8”."
        ) from error
    clean = io.StringIO()
    csv.writer(clean, lineterminator="\n").writerows(row for row in rows if any(cell.strip() for cell in row))
    return clean.getvalue().encode("utf-8")


def _broken(name: str, problem: Problem) -> ContactList:
    return ContactList(name, problem.where.file, "", ",", (), (problem,))


def _text(path: Path) -> tuple[str, str]:
    with path.open("rb") as file:
        raw = file.read(LARGEST + 1)
    if raw.startswith(_WORKBOOKS):
        raise _Undecodable("This is an Excel workbook.", 1, "Save it as “CSV UTF-8 (comma delimited)” first.")
    if len(raw) > LARGEST:
        why = f"This file is larger than {LARGEST // 1024 // 1024} MiB; that is no contact list."
        raise _Undecodable(why, 1, _AGAIN)
    encodings = [encoding for bom, encoding in _BOMS if raw.startswith(bom)] or ["utf-8", "cp1252"]
    for encoding in encodings:
        try:
            return raw.decode(encoding), encoding
        except UnicodeDecodeError as error:
            line = raw.count(b"\n", 0, error.start) + 1
            byte = raw[error.start]
    raise _Undecodable(f'This list is neither UTF-8 nor cp1252: it has the byte "{byte:02x}".', line, _AGAIN)


def _delimited(text: str) -> tuple[str, str]:
    """Return the text and its delimiter: the one that is most frequent in the heading. Excel may say it: `sep=;`."""
    heading, _, rest = text.partition("\n")
    told = heading.strip().lower()
    if told.startswith("sep=") and told[4:5] in _DELIMITERS:
        # The line is emptied, not taken away: line numbers stay those of the file.
        return "\n" + rest, told[4:5]
    return text, max(_DELIMITERS, key=heading.count)


def _lines(text: str) -> list[str]:
    """Split at line ends alone; `splitlines` would also split at the other separators of Unicode."""
    return list(io.StringIO(text, newline=""))


def _rows(lines: list[str], delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each row with the line it begins on."""
    reader = csv.reader(lines, delimiter=delimiter)
    begins = 1
    for row in reader:
        yield begins, row
        begins = reader.line_num + 1


def _read_rows(reading: _Reading, rows: list[tuple[int, list[str]]]) -> None:
    rows = [(line, row) for line, row in rows if any(cell.strip() for cell in row)]
    if rows:
        columns = _columns(reading, *rows[0])
        if "address" not in columns:
            return
        if len(rows) > 2 and all(_too_long(columns, row) for _, row in rows[1:]):
            _short_heading(reading, columns, rows)
            return
        for line, row in rows[1:]:
            _read_row(reading, columns, line, row)
    if not rows[1:]:
        found = "This list is empty."
        reading.unready("empty-list", (1, ""), found, "Add the addresses.", "Go on; nobody is on this list.")


def _too_long(columns: list[str], row: list[str]) -> bool:
    return any(cell.strip() for cell in row[len(columns) :])


def _short_heading(reading: _Reading, columns: list[str], rows: list[tuple[int, list[str]]]) -> None:
    """Note once that a column has no name: every row would say the same."""
    fewest = min(len(row) for _, row in rows[1:])
    apart = _DELIMITERS[reading.delimiter]
    found = f"Every row has {fewest} cells or more, read with {apart} between them, and the heading has {len(columns)}."
    remedy = (
        f"Name every column in the heading, or put the cells that have {_ONE[reading.delimiter]} in them into quotes."
    )
    reading.unready("heading", (rows[0][0], ""), found, remedy, "Go on; nobody is on this list.")


def _columns(reading: _Reading, line: int, heading: list[str]) -> list[str]:
    """Return the column that each cell belongs to; a name that is not ours is kept, and its cells are ignored."""
    columns = []
    for cell in heading:
        name = "_".join(cell.strip().lower().replace("-", " ").replace("_", " ").split())
        columns.append(_SAME.get(name, name))
    strange = [name for name in columns if name not in COLUMNS]
    for missing in (name for name in COLUMNS if name not in columns):
        near = difflib.get_close_matches(missing, strange, n=1, cutoff=0.7)
        cell = heading[columns.index(near[0])].strip() if near else ""
        if missing == "address":
            seen = ", ".join(f'"{cell.strip()}"' for cell in heading)
            remedy = f'Did you mean "address" by "{cell}"?' if near else "Name the column of addresses “address”."
            where = Where(reading.file, line, 1)
            found = f'This list has no column "address"; it has {seen}.'
            reading.problems.append(Problem("missing-column", where, found, remedy))
        elif near:
            settle = "Go on without this column."
            found = f'"{cell}" is not a column of a contact list.'
            reading.unready("unknown-column", (line, cell), found, f'Did you mean "{missing}"?', settle)
    return columns


def _read_row(reading: _Reading, columns: list[str], line: int, row: list[str]) -> None:
    cells: dict[str, str] = {}
    for name, cell in zip(columns, row, strict=False):
        cells.setdefault(name, cell.strip())
    written = cells.get("address", "")
    control = next((c for cell in row for c in cell if not c.isprintable() and c not in "\xa0\u3000"), None)
    if control is not None:
        found = f"This row has the control character U+{ord(control):04X} in it."
        reading.unready("control-character", (line, written), found, "Type the row again.")
    elif _too_long(columns, row):
        found = f"This row has {len(row)} cells, and the heading has {len(columns)}."
        reading.unready(
            "cells", (line, written), found, f"Put a name with {_ONE[reading.delimiter]} in it into quotes."
        )
    elif not written:
        reading.unready("no-address", (line, ""), "This row has no address.", "Add it, or take the row out.")
    else:
        _add(reading, cells, line, written)


def _add(reading: _Reading, cells: dict[str, str], line: int, written: str) -> None:
    try:
        address = checked_address(written)
    except NotAnAddress as error:
        found = f'"{written}" is not an e-mail address: {error}'
        reading.unready("malformed-address", (line, written), found, "Correct it, or take the row out.")
        return
    first = reading.seen.setdefault(address.lower(), line)
    if first != line:
        found = f'"{written}" stands on line {first} already.'
        reading.unready("duplicate-address", (line, written), found, "Take one out.", "Go on with the first one alone.")
        return
    verified = _verified(reading, line, cells.get("verified_on", ""))
    contact = Contact(cells.get("name", ""), address, cells.get("outlet", ""), cells.get("group", ""), verified, line)
    reading.contacts.append(contact)


def _verified(reading: _Reading, line: int, written: str) -> date | None:
    """Return the day; as people write it here (`2017-12-01`), or as Excel shows it there (`01/12/2017`)."""
    if not written:
        return None
    for shape in ("%Y-%m-%d", "%d/%m/%Y"):
        try:
            return datetime.strptime(written, shape).date()  # noqa: DTZ007 - a day, without a time
        except ValueError:
            continue
    settle = "Go on as if this address had never been verified."
    reading.unready("date", (line, written), f'"{written}" is not a date.', "Write it like 2017-12-01.", settle)
    return None
