"""Mending the log: an entry is never changed; another one beside it says what it should have said."""

from runbook.engine.asking import ask_text
from runbook.engine.run import Run
from runbook.model.entries import Entry, Kind
from runbook.model.questions import Sheet
from runbook.model.text import one_line
from runbook.model.times import exact_time

_LISTED = 10
_LOOKED_THROUGH = 80
_NOBODYS = (Kind.ASKED, Kind.BEGUN, Kind.READY, Kind.STAGED, Kind.CLOCK, Kind.INTENT, Kind.SOUGHT, Kind.RETRIED)
"""What the machine says of itself; people mend what people said, and what it means."""
_LONGEST = 90
_SAYS = ("text", "answer", "title", "reason", "found", "name", "outcome", "verdict", "detail")
"""Where an entry has the words by which people know it again: the first of these that it has."""


def correct_entry(run: Run, number: str) -> None:
    """Ask which entry is wrong, show it, and log what it should have said. Without `number` the last ones are shown."""
    number = number or _ask_number(run)
    while not (number.isascii() and number.isdigit() and 1 <= int(number) <= run.state.sequence):
        run.desk.show(Sheet(f"There is no entry {number!r}: the log has 1 to {run.state.sequence}."), run.state)
        number = _ask_number(run)
    entry = next(iter(list(run.journal.read(run.id, int(number) - 1))))
    run.desk.show(Sheet("This entry, which stays beside its correction", (("", _in_a_line(run, entry)),)), run.state)
    text = ask_text(run, "correct.text", "What should it say?", example="The time was 09:31")
    run.record(run.fact(Kind.CORRECTED, entry=int(number), text=text))


def _ask_number(run: Run) -> str:
    recent = run.journal.read(run.id, max(0, run.state.sequence - _LOOKED_THROUGH))
    lines = [_in_a_line(run, entry) for entry in recent if _worth_mending(entry)][-_LISTED:]
    run.desk.show(Sheet("The last entries", (("", "\n".join(lines)),)), run.state)
    return ask_text(run, "correct", "Number of the entry (`runbook log` shows them)", example="1", longest=9)


def _worth_mending(entry: Entry) -> bool:
    pressed = entry.kind is Kind.ANSWERED and len(entry.data["answer"]) <= 1  # a key: what came of it is an entry too
    return entry.kind not in _NOBODYS and not pressed


def _in_a_line(run: Run, entry: Entry) -> str:
    """Return an entry's number, its time and what it says, as far as people need to know which it is."""
    title = run.plan.step(entry.step).step.title if entry.step else ""
    said = next((str(entry.data[name]) for name in _SAYS if entry.data.get(name)), "")
    words = one_line(": ".join(text for text in (entry.kind, title, said) if text))
    short = words if len(words) <= _LONGEST else f"{words[:_LONGEST]} …"
    return f"{entry.sequence:>3}  {exact_time(entry.at, run.plan.release.due, run.plan.release.zone)}  {short}"
