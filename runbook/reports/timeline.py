"""A log as a readable timeline: one line an entry, in the release's own time."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from runbook.model.entries import Entry, Kind
from runbook.reports.names import Names
from runbook.reports.sentences import corrects, sentence


@dataclass(frozen=True, slots=True)
class Line:
    """One entry, told. Every text is on one line and holds nothing that a terminal would obey."""

    sequence: int
    clock: str
    """In the release's zone, `09:32:31`, with its day if that is not the release's."""
    t_plus: str
    """`T+2 min`, completed minutes; empty while no due time is known."""
    who: str
    """`Digital officer (Communications)`; `runbook` for what the machine did."""
    step: str
    """The step's title; empty for what belongs to no step."""
    text: str
    kind: Kind
    corrects: int = 0
    """The sequence of the entry that this one corrects; 0 if none."""


def timeline(entries: Iterable[Entry]) -> Iterator[Line]:
    """Tell a log from its first entry on. Streams; keeps the texts that a later correction may quote."""
    names = Names()
    for entry in entries:
        yield tell(entry, names)


def folded(lines: Iterable[Line]) -> Iterator[Line]:
    """Leave out what was asked, since the answer repeats it; only a question at which the run stopped stays.

    Streams; holds what came in while a question stood.
    """
    held: list[Line] = []
    for line in lines:
        if held and line.kind in (Kind.ASKED, Kind.ANSWERED):
            yield from held[1:]
            held = []
        elif held and line.kind in (Kind.PAUSED, Kind.RESUMED):
            yield from held
            held = []
        if held or line.kind is Kind.ASKED:
            held.append(line)
        else:
            yield line
    yield from held


def with_corrections(lines: Sequence[Line]) -> Iterator[Line]:
    """Say beside each line that was corrected which entry corrects it: the last, if several do."""
    corrected = {line.corrects: line.sequence for line in lines if line.corrects}
    for line in lines:
        by = corrected.get(line.sequence)
        yield replace(line, text=f"{line.text} [Corrected by entry {by}.]") if by else line


def tell(entry: Entry, names: Names) -> Line:
    """Tell one entry. `names` learns from it; hand it every entry of the log, in order."""
    names.learn(entry)
    text = sentence(entry, names)
    names.remember(entry.sequence, text)
    return Line(
        sequence=entry.sequence,
        clock=names.clock(entry.at),
        t_plus=names.t_plus(entry.at),
        who=names.who(entry),
        step=names.step(entry.step) if entry.step else "",
        text=text,
        kind=entry.kind,
        corrects=corrects(entry),
    )
