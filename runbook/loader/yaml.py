"""One YAML 1.2 file, read safely: plain values, the place of each, and every problem that can be found at once.

The parser's events are read, never its objects: no tag makes anything, and an alias is refused where it stands, so that
nothing is ever expanded. Bounds: 1 MiB, 40 levels, 100,000 events.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path as FilePath
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from runbook.loader.raw import MOST_FAULTS, Fault, Raw, forbidden, is_forbidden, read_text
from runbook.loader.scalars import base_60, clock_time, meaning
from runbook.loader.syntax import syntax_problems
from runbook.model.problem import Path, Problem, Source, Where

DEEPEST = 40
MOST_EVENTS = 100_000
_WRITE_OUT = "Write the text out in each place."


class _Enough(Exception):
    """Reading on would find nothing more that helps."""


def read_yaml(path: FilePath) -> Raw:
    """Read one file. Never raises for what is in it: `data` is None if there is nothing to go on with."""
    text, source, faults = read_text(path)
    if text is None:
        return Raw(None, source, tuple(faults), path=path)
    return replace(parse_yaml(text, source.file, faults), path=path)


def parse_yaml(text: str, file: str, faults: list[Fault] | None = None) -> Raw:
    """Read a text that `read_text` has cleaned. `file` is its name in problems."""
    tree = _Tree(file, list(faults or ()))
    whole = False
    try:
        for event in _events(text):
            tree.take(event)
        whole = True
    except _Enough:
        pass
    except MarkedYAMLError as error:
        tree.faults.extend(Fault((), problem) for problem in syntax_problems(error, text, file))
    except (YAMLError, ValueError, OverflowError) as error:
        # A character's number that is too large comes as a plain ValueError, without its place.
        tree.fault((), "syntax", f"After this something cannot be read as YAML ({error}).", "Look at what follows.")
    source = Source(file, tree.places)
    root = tree.root if whole else None
    if whole and root is None and not tree.faults:
        tree.fault((), "empty", "This file is empty.", "Name the right file.")
    return Raw(root, source, tuple(tree.faults[:MOST_FAULTS]), tree.written, frozenset(tree.unread))


def _events(text: str) -> Iterator[Event]:
    parser = YAML(typ="safe", pure=True)
    parser.version = (1, 2)
    yield from parser.parse(text)


@dataclass
class _Open:
    """A mapping or list that is being read."""

    path: Path
    value: dict[str, Any] | list[Any]
    kept: bool
    """False for one that stands where it cannot be kept: as a key, or under a key that stands twice."""
    key: str | None = None
    """Of a mapping: the key whose value comes next; None if a key comes next."""
    key_kept: bool = True


class _Tree:
    """Builds the values from events, and notes places and problems."""

    def __init__(self, file: str, faults: list[Fault]) -> None:
        self.file = file
        self.faults = faults
        self.places: dict[Path, tuple[int, int]] = {(): (1, 1)}
        self.written: dict[Path, str] = {}
        self.unread: set[Path] = set()
        self.root: Any = None
        self._open: list[_Open] = []
        self._place = (1, 1)
        self._documents = 0
        self._events = 0
        self._anchors: set[str] = set()

    def fault(self, path: Path, code: str, found: str, remedy: str) -> None:
        """Note a problem with the event that was taken last."""
        self.faults.append(Fault(path, Problem(code, Where(self.file, *self._place), found, remedy)))

    def take(self, event: Event) -> None:
        """Take the next event. Raises `_Enough` when a bound is passed."""
        self._place = (event.start_mark.line + 1, event.start_mark.column + 1)
        self._events += 1
        if self._events > MOST_EVENTS:
            self.fault((), "too-large", "This file has too many values.", "Name the right file.")
            raise _Enough
        if len(self.faults) > MOST_FAULTS:
            raise _Enough
        match event:
            case DocumentStartEvent():
                self._document(event)
            case ScalarEvent():
                self._scalar(event)
            case AliasEvent():
                self._alias(event)
            case MappingStartEvent():
                self._start(event, {})
            case SequenceStartEvent():
                self._start(event, [])
            case MappingEndEvent() | SequenceEndEvent():
                self._end()

    def _document(self, event: DocumentStartEvent) -> None:
        self._documents += 1
        if self._documents > 1:
            found = "A second document begins here."
            self.fault((), "documents", found, "Take the line `---` or `...` out, or make two files.")
            raise _Enough
        if event.version not in (None, (1, 2)):
            version = ".".join(map(str, event.version))
            self.fault((), "version", f'This file says that it is YAML "{version}".', "Take that line out.")

    def _start(self, event: MappingStartEvent | SequenceStartEvent, value: dict[str, Any] | list[Any]) -> None:
        if len(self._open) >= DEEPEST:
            found = f"This is nested deeper than {DEEPEST} levels."
            self.fault((), "nesting", found, "Name the right file; a playbook is far flatter.")
            raise _Enough
        path, kept = self._next()
        self._decorated(event, path)
        if self._key_comes():
            self._strange_key(path, isinstance(event, MappingStartEvent) and event.flow_style)
            kept = False
        if kept:
            self.places.setdefault(path, self._place)
        self._open.append(_Open(path, value, kept))

    def _strange_key(self, path: Path, braces: bool | None) -> None:
        self.unread.add(path)
        if braces:
            found = "A text that begins with {{ is not quoted."
            self.fault(path, "unquoted-template", found, "Put the whole text in quotes.")
        else:
            self.fault(path, "key", "This key is a list or a table.", "A key is a word.")

    def _end(self) -> None:
        ended = self._open.pop()
        if self._key_comes():
            self._open[-1].key, self._open[-1].key_kept = "", False
        else:
            self._put(ended.value)

    def _scalar(self, event: ScalarEvent) -> None:
        path, kept = self._next()
        self._decorated(event, path)
        text = self._visible(path, event.value)
        if self._key_comes():
            self._key(path, text)
            return
        value = text if event.style else self._plain(path, text)
        if kept:
            self.places.setdefault(path, self._place)
            if not isinstance(value, str):
                self.written[path] = text
        self._put(value)

    def _key(self, path: Path, text: str) -> None:
        mapping = self._open[-1]
        mapping.key, mapping.key_kept = text, text not in mapping.value
        whole = (*path, text)
        if not mapping.kept:
            return
        if mapping.key_kept:
            self.places[whole] = self._place
        else:
            line, _ = self.places[whole]
            found = f'The key "{text}" stands on line {line} already.'
            self.fault(whole, "duplicate-key", found, "Take one of them out.")

    def _alias(self, event: AliasEvent) -> None:
        path, _ = self._next()
        self.unread.add(path)
        if event.anchor not in self._anchors:
            # An alias of an anchor is told with the anchor, once: a bomb has a great many.
            found = f'"*{event.anchor}" stands for something that is not there.'
            self.fault(path, "alias", found, "Write the text itself, or put it in quotes.")
        if self._key_comes():
            self._open[-1].key, self._open[-1].key_kept = "", False
        else:
            self._put(None)

    def _decorated(self, event: ScalarEvent | MappingStartEvent | SequenceStartEvent, path: Path) -> None:
        if event.anchor is not None:
            self._anchors.add(event.anchor)
            found = f'The anchor "&{event.anchor}" is not read here, nor "*{event.anchor}".'
            self.fault(path, "alias", found, "Write the text out in each place.")
        if event.tag is not None:
            self.fault(path, "tag", f'The tag "{event.tag}" is not read here.', "Take it out.")

    def _visible(self, path: Path, text: str) -> str:
        """Return the text without what may not stand in it: an escape in double quotes can still have made it."""
        strange = next((char for char in text if is_forbidden(char) or char == "\r"), None)
        if strange is None:
            return text
        self.faults.append(Fault(path, forbidden(strange, Where(self.file, *self._place))))
        return "".join("\ufffd" if is_forbidden(char) or char == "\r" else char for char in text)

    def _plain(self, path: Path, text: str) -> str | int | float | bool | None:
        quoted = clock_time(text)
        if quoted is None:
            return meaning(text)
        name = next((f"{part}: " for part in reversed(path) if isinstance(part, str)), "")
        number = base_60(text)
        others = f"; other programs read it as {number}" if number is not None else ""
        self.fault(path, "bare-time", f"{name}{text} is not quoted{others}.", f'Write "{quoted}".')
        return quoted

    def _key_comes(self) -> bool:
        return bool(self._open) and isinstance(self._open[-1].value, dict) and self._open[-1].key is None

    def _next(self) -> tuple[Path, bool]:
        """Return the path of what comes next, and whether it is kept. A key has its mapping's path."""
        if not self._open:
            return (), True
        inside = self._open[-1]
        if isinstance(inside.value, list):
            return (*inside.path, len(inside.value)), inside.kept
        if inside.key is None:
            return inside.path, inside.kept
        return (*inside.path, inside.key), inside.kept and inside.key_kept

    def _put(self, value: Any) -> None:
        if not self._open:
            self.root = value
            return
        inside = self._open[-1]
        if isinstance(inside.value, list):
            inside.value.append(value)
            return
        if inside.key is not None and inside.key_kept:
            inside.value[inside.key] = value
        inside.key, inside.key_kept = None, True
