"""One TOML file: its values, and the place of each key. The standard library reads it, and tells no places."""

import re
import tomllib
from pathlib import Path as FilePath

from runbook.loader.raw import Fault, Raw, read_text
from runbook.model.problem import Path, Problem, Source, Where

_PART = r"""(?:"(?:[^"\\]|\\.)*"|'[^']*'|[A-Za-z0-9_-]+)"""
_NAME = rf"{_PART}(?:\s*\.\s*{_PART})*"
_HEADING = re.compile(rf"\s*(?P<open>\[\[?)\s*(?P<name>{_NAME})\s*\]")
_KEY = re.compile(rf"\s*(?P<name>{_NAME})\s*=\s*(?P<value>.*)")
_INLINE = re.compile(rf"[{{,]\s*(?P<name>{_NAME})\s*=")
_SAID = re.compile(r"(?P<what>.*?) \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)", re.DOTALL)


def read_toml(path: FilePath) -> Raw:
    """Read one file. Never raises for what is in it: `data` is None if there is nothing to go on with."""
    text, source, faults = read_text(path)
    if text is None:
        return Raw(None, source, tuple(faults), path=path)
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        faults.append(_syntax(str(error), text, source.file))
        return Raw(None, source, tuple(faults), path=path)
    except RecursionError:
        found = "This is nested too deeply."
        faults.append(Fault((), Problem("nesting", Where(source.file), found, "Name the right file.")))
        return Raw(None, source, tuple(faults), path=path)
    return Raw(data, Source(source.file, places(text)), tuple(faults), path=path)


def places(text: str) -> dict[Path, tuple[int, int]]:
    """Return where each key stands in a text that is known to be TOML.

    Headings, keys and dotted keys are found, and keys of inline tables that are on their line; what is not found has
    the place of what is around it. Texts over several lines are passed over.
    """
    found: dict[Path, tuple[int, int]] = {(): (1, 1)}
    heading: Path = ()
    counts: dict[Path, int] = {}
    closing = ""
    for number, line in enumerate(text.split("\n"), 1):
        if closing:
            closing = "" if closing in line else closing
            continue
        if match := _HEADING.match(line):
            heading = _resolved(_parts(match["name"]), counts, another=len(match["open"]) == 2)
            _note(found, heading, (number, match.start("name") + 1))
        elif match := _KEY.match(line):
            key = (*heading, *_parts(match["name"]))
            _note(found, key, (number, match.start("name") + 1))
            _inline(found, key, (number, match.start("value") + 1), match["value"])
            closing = _opened(match["value"])
    return found


def _syntax(said: str, text: str, file: str) -> Fault:
    match = _SAID.fullmatch(said)
    what = match["what"] if match else said
    last = text.split("\n")
    line, column = (
        (int(match["line"]), int(match["column"])) if match and match["line"] else (len(last), len(last[-1]) + 1)
    )
    found = f"This cannot be read as TOML: {what[:1].lower()}{what[1:]}."
    remedy = 'Write `key = "value"`, with the quotation marks, and each [heading] on a line of its own.'
    return Fault((), Problem("syntax", Where(file, line, column), found, remedy))


def _parts(name: str) -> Path:
    return tuple(part.strip("\"'") for part in re.findall(_PART, name))


def _resolved(parts: Path, counts: dict[Path, int], *, another: bool) -> Path:
    """Return the path of a heading, with the numbers of the tables that come several times (`[[name]]`)."""
    path: Path = ()
    for place, part in enumerate(parts):
        path = (*path, part)
        if place == len(parts) - 1 and another:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path


def _note(found: dict[Path, tuple[int, int]], path: Path, place: tuple[int, int]) -> None:
    for length in range(1, len(path) + 1):
        found.setdefault(path[:length], place)


def _inline(found: dict[Path, tuple[int, int]], key: Path, place: tuple[int, int], value: str) -> None:
    if not value.startswith("{"):
        return
    line, column = place
    for match in _INLINE.finditer(value):
        _note(found, (*key, *_parts(match["name"])), (line, column + match.start("name")))


def _opened(value: str) -> str:
    """Return what ends a text over several lines that begins here; empty if none does."""
    for mark in ('"""', "'''"):
        if value.startswith(mark) and mark not in value[3:]:
            return mark
    return ""
