"""What is wrong with a file, where, and what to do: all of it at once.

A `Source` remembers where in its file each value stood, so that a problem found much later (by the planner, say) still
names the line and column. A problem either *stops* (it cannot be understood) or is *unready* (it is understood but not
right): a rehearsal refuses both, a live run shows the unready ones, has a named person settle each with a reason, and
goes on. A *remark* is only shown in a rehearsal. Section 4.11 of the design.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from runbook.errors import RunbookError

Path = tuple[str | int, ...]
"""The keys that lead to a value: `('steps', 3, 'due')`."""


class Severity(StrEnum):
    """Whether a live run may go on once a named person has settled the problem."""

    STOPS = "stops"
    """It cannot be understood. Nothing starts."""
    UNREADY = "unready"
    """It is understood but not right. A rehearsal is refused; a live run has it settled."""
    REMARK = "remark"
    """It is right but getting old. A rehearsal shows it and goes on; a live run has it settled."""


@dataclass(frozen=True)
class Where:
    """A place in a file. Lines and columns count from 1; 0 means that the place in the file is not known."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        if not self.line:
            return self.file
        return f"{self.file}:{self.line}:{self.column}" if self.column else f"{self.file}:{self.line}"


@dataclass(frozen=True)
class Source:
    """The file a value was read from, and where in it each key stood: path of keys → (line, column)."""

    file: str
    places: Mapping[Path, tuple[int, int]] = field(default_factory=dict)

    def where(self, path: Path = ()) -> Where:
        """Return the place of `path`, or of the nearest thing around it that has one."""
        for length in range(len(path), -1, -1):
            place = self.places.get(tuple(path[:length]))
            if place is not None:
                return Where(self.file, *place)
        return Where(self.file)


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong.

    code      stable, for machines: `unknown-key`, `too-long`, `unheld-role` …
    where     the place
    found     what was found, a full sentence with the finding in quotes
    remedy    what to do, a full sentence
    settle    for an unready problem: what a live run does when a person says to go on, a full sentence
    """

    code: str
    where: Where
    found: str
    remedy: str
    severity: Severity = Severity.STOPS
    settle: str = ""

    @property
    def key(self) -> str:
        """A name for this problem that stays the same when the run is resumed."""
        return f"{self.code}@{self.where}"

    def __str__(self) -> str:
        return f"{self.where}: {self.found} {self.remedy}".rstrip()

    def to_json(self) -> dict[str, str | int]:
        """Return the problem as the log keeps it, so that a run that is taken up again still has it settled."""
        return {
            "code": self.code,
            "found": self.found,
            "remedy": self.remedy,
            "settle": self.settle,
            "file": self.where.file,
            "line": self.where.line,
            "column": self.where.column,
        }


def from_json(data: Mapping[str, Any]) -> Problem:
    """Return the unready problem that `to_json` wrote."""
    where = Where(data["file"], data["line"], data["column"])
    return Problem(data["code"], where, data["found"], data["remedy"], Severity.UNREADY, data["settle"])


class Refused(RunbookError):
    """Bad input. Nothing was started; every problem is named."""

    exit_code = 2

    def __init__(self, problems: Iterable[Problem], *, nothing: str = "Nothing was started.") -> None:
        self.problems = tuple(
            sorted(dict.fromkeys(problems), key=lambda p: (p.where.file, p.where.line, p.where.column))
        )
        count = len(self.problems)
        super().__init__(f"{count} problem{'s' if count != 1 else ''} found.", nothing)


def broken(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Return the problems that stop even a live run."""
    return tuple(p for p in problems if p.severity is Severity.STOPS)
