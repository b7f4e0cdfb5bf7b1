"""A file as it was read, before anybody asks what it means: plain values, where each stood, what is wrong so far."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

from runbook.model.problem import Path, Problem, Source, Where
from runbook.workspace.label import label

LARGEST = 1024 * 1024
"""Bytes of a file."""
MOST_FAULTS = 50
"""More than that are not listed: the file is of another kind."""


@dataclass(frozen=True)
class Fault:
    """A problem, and the keys that lead to the value it is about."""

    path: Path
    problem: Problem


@dataclass(frozen=True)
class Raw:
    """A file's values: dict, list, str, int, float, bool, None. `data` is None if nothing could be read.

    `written` has the text of those values that are not texts, as the person wrote them: `02079460001`.
    """

    data: Any
    source: Source
    faults: tuple[Fault, ...] = ()
    written: Mapping[Path, str] = field(default_factory=dict)
    unread: frozenset[Path] = frozenset()
    """The values that are not what the person wrote; what is found about them has its problem already."""
    path: FilePath | None = None
    """Where the file lies."""


def is_forbidden(char: str) -> bool:
    """Tell whether a character may stand in no file: invisible ones, and the two that mark slots.

    Tabs and line ends are allowed. Unicode's own line separators are not: programs disagree on which line comes next.
    """
    code = ord(char)
    if code < 0xA0:
        return (code < 0x20 and char not in "\t\n\r") or code >= 0x7F
    return char in "\u2028\u2029\ue000\ue001\ufeff\ufffe\uffff" or 0xD800 <= code <= 0xDFFF


def forbidden(char: str, where: Where) -> Problem:
    """Return the problem of such a character."""
    found = f"There is a character that cannot be seen, U+{ord(char):04X}."
    return Problem("control-character", where, found, "Type the text around it again.")


def read_text(path: FilePath) -> tuple[str | None, Source, list[Fault]]:
    """Return the text of a file, or None, and what is wrong with it. Forbidden characters are replaced by U+FFFD.

    Bounds: 1 MiB. Never raises for what is in the file, or for a file that is not there.
    """
    source = Source(label(path), {(): (1, 1)})
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST + 1)
    except FileNotFoundError:
        return None, source, [_whole(source, "no-file", "There is no such file.", "Look at its name and its folder.")]
    except OSError as error:
        found = f"This file cannot be read ({error.strerror or error})."
        return None, source, [_whole(source, "unreadable", found, "Make it a file that you may read.")]
    if len(raw) > LARGEST:
        found = f"This file is larger than {LARGEST // 1024 // 1024} MiB."
        return None, source, [_whole(source, "too-large", found, "Name the right file; a playbook is far smaller.")]
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return None, source, [_not_utf8(source, raw, error.start)]
    faults = [
        Fault((), forbidden(char, Where(source.file, number, column)))
        for number, line in enumerate(re.split("\r\n|\r|\n", text), 1)
        for column, char in enumerate(line, 1)
        if is_forbidden(char)
    ]
    if faults:
        text = "".join("\ufffd" if is_forbidden(char) else char for char in text)
    return text, source, faults[:MOST_FAULTS]


def _whole(source: Source, code: str, found: str, remedy: str) -> Fault:
    return Fault((), Problem(code, Where(source.file), found, remedy))


def _not_utf8(source: Source, raw: bytes, at: int) -> Fault:
    before = raw[:at]
    line = before.count(b"\n") + 1
    column = len(before.rpartition(b"\n")[2].decode("utf-8", "replace")) + 1
    found = f'This file is not UTF-8: byte {at + 1} is "{raw[at]:02x}".'
    remedy = "Save it again with the encoding UTF-8."
    return Fault((), Problem("not-utf-8", Where(source.file, line, column), found, remedy))
