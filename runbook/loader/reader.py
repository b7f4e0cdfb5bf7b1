"""From a file's plain values to a noun, with every problem at once.

A value that does not fit is noted, then put right for the moment (a misspelt key takes the name that was meant, a wrong
value gives way to a stand-in), so that the rest of the file can be checked too. Nothing is made of stand-ins: the noun
itself is given out only if everything in it was written by the person.
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from runbook.loader.explain import explain, meant
from runbook.loader.raw import Fault, Raw
from runbook.loader.shape import NoStandIn, Spot, fields, kinds, required, spot, stand_in
from runbook.model.problem import Path, Problem, Refused, Source, broken

T = TypeVar("T")
N = TypeVar("N", bound=BaseModel)

_ROUNDS = 8
"""Putting one thing right can show another; each round goes one deeper."""


@dataclass(frozen=True)
class Loaded(Generic[T]):
    """What a file says, and what is wrong with it.

    `value` may be there although there are problems: enough was understood to look for more of them. Whoever goes on
    must refuse if `broken(problems)`; `required` does both.
    """

    value: T | None
    source: Source
    problems: tuple[Problem, ...] = ()
    path: FilePath | None = None
    """Where the file lies."""

    def required(self) -> T:
        """Return the value. Raises `Refused` with every problem if one of them stops."""
        if self.value is None or broken(self.problems):
            raise Refused(self.problems)
        return self.value


@dataclass
class Findings:
    """The problems of one file, gathered; what is found about a value that has a problem already is not told."""

    source: Source
    faults: list[Fault]
    unread: frozenset[Path]
    usable: bool = True
    """False once it is plain that the noun must not be worked with, not even to look for more problems."""
    _misread: frozenset[Path] = frozenset()

    def add(self, path: Path, code: str, found: str, remedy: str) -> None:
        """Note a problem that stops, at the place of `path`."""
        if not self.known(path):
            self.faults.append(Fault(path, Problem(code, self.source.where(path), found, remedy)))

    def note(self, path: Path, problem: Problem) -> None:
        """Note a problem that is made already."""
        if not self.known(path):
            self.faults.append(Fault(path, problem))

    def known(self, path: Path) -> bool:
        """Tell whether the value at `path`, something around it or something in it has a problem already."""
        told = {fault.path for fault in self.faults if fault.path and fault.problem.code not in _HARMLESS} | self.unread
        return any(path[: len(other)] == other or (path and other[: len(path)] == path) for other in told)

    def about(self, section: str, key: str = "") -> bool:
        """Tell whether a value of a section (`steps`), or below that `key` of it, could not be read.

        What rests on it cannot be judged then. What the checks themselves have found does not count.
        """
        return any(path[0] == section and (not key or key in path or len(path) <= 2) for path in self._misread)

    def settle(self) -> None:
        """Call what was found so far the values that could not be read."""
        found = (fault.path for fault in self.faults if fault.path and fault.problem.code not in _HARMLESS)
        self._misread = frozenset(found) | frozenset(path for path in self.unread if path)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """All of them, in the file's order."""
        found = (fault.problem for fault in self.faults)
        return tuple(sorted(found, key=lambda problem: (problem.where.line, problem.where.column)))


_HARMLESS = frozenset({"bare-time", "control-character", "tag", "duplicate-key"})
"""The value was read for all that; more may be wrong with it."""


def load(model: type[N], raw: Raw, check: Callable[[N, Findings], None] | None = None) -> Loaded[N]:
    """Make a noun of what was read; `check` then looks for what no single value shows. Never raises for the file."""
    findings = Findings(raw.source, list(raw.faults), raw.unread)
    value: N | None = None
    sound = True
    if isinstance(raw.data, dict):
        value, sound = _validated(model, raw, findings)
    elif not findings.faults:
        findings.add((), "wrong-value", "This file is not a table of keys.", "Write `key: value`, each on its line.")
    findings.settle()
    if value is not None and check is not None:
        check(value, findings)
    whole = sound and findings.usable and not raw.unread
    return Loaded(value if whole else None, raw.source, findings.problems, raw.path)


def _validated(model: type[N], raw: Raw, findings: Findings) -> tuple[N | None, bool]:
    """Return the noun, if one could be made, and whether it is all the person's own."""
    data = deepcopy(raw.data)
    sound = True
    for _ in range(_ROUNDS):
        try:
            return model.model_validate(data), sound
        except ValidationError as error:
            errors = error.errors(include_url=False)
        renamed = _rename(model, data, errors, raw, findings)
        for details in errors:
            place = spot(model, details["loc"])
            if place.path in renamed:
                continue
            _tell(details, place, raw, findings)
            sound = sound and details["type"] == "extra_forbidden"
            try:
                _put_right(data, details, place)
            except (NoStandIn, LookupError, TypeError):
                return None, False
    return None, False


def _tell(details: ErrorDetails, place: Spot, raw: Raw, findings: Findings) -> None:
    code, found, remedy = explain(details, place, raw.written.get(place.path))
    if code == "missing-key" and any(fault.problem.code == "alias" for fault in raw.faults):
        return  # what is missing may be what the aliases were to stand for: they are the cause
    path: Path = (*place.path, "kind") if details["type"] == "union_tag_invalid" else place.path
    findings.note(path, Problem(code, raw.source.where(path), found, remedy))


def _rename(
    model: type[BaseModel], data: Any, errors: list[ErrorDetails], raw: Raw, findings: Findings
) -> frozenset[Path]:
    """Give misspelt keys the name that was meant. Return the places that need nothing more."""
    done: set[Path] = set()
    for details in errors:
        place = spot(model, details["loc"])
        if details["type"] != "extra_forbidden" or place.owner is None:
            continue
        table, key = _at(data, place.path[:-1]), str(place.path[-1])
        near = meant(key, (name for name in fields(place.owner) if name not in table))
        if near:
            _tell(details, place, raw, findings)
            table[near] = table.pop(key)
            done |= {place.path, (*place.path[:-1], near)}
    return frozenset(done)


def _put_right(data: Any, details: ErrorDetails, place: Spot) -> None:
    """Change what does not fit into something that does. Raises `NoStandIn` where nothing simple would."""
    if not place.path:
        raise NoStandIn
    table, key = _at(data, place.path[:-1]), place.path[-1]
    if details["type"] == "union_tag_invalid":
        near = meant(str(details["ctx"]["tag"]), kinds(place.expected))
        if not near:
            raise NoStandIn
        table[key]["kind"] = near
    elif details["type"] == "extra_forbidden" or place.is_key:
        del table[key]
    elif place.owner is not None and key not in required(place.owner):
        table.pop(key, None)
    else:
        table[key] = stand_in(place.expected)


def _at(data: Any, path: Path) -> Any:
    for part in path:
        data = data[part]
    return data
