"""A run in one Markdown document, to read and to keep: who, what, when, and how it stood against its objectives."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TextIO

from runbook.model.entries import Entry, Kind
from runbook.model.outcome import Outcome
from runbook.model.plan import Plan, short
from runbook.model.scores import exactly, scores
from runbook.model.state import Sending, State
from runbook.model.text import one_line
from runbook.reports.names import Names
from runbook.reports.timeline import Line, tell, with_corrections

_MARKUP = re.compile(r"([\\`*_\[\]<>#|~&$])")
_ADDRESS = re.compile(r"https?://[^\s<>\"'`\\|()\[\]{}]*[^\s<>\"'`\\|()\[\]{}.,;:!?]")
_MET = {True: "met", False: "**not met**", None: ""}


def write_markdown(entries: Iterable[Entry], out: TextIO) -> None:
    """Write the document. Holds a line an entry in memory: what stands above the timeline is known only at its end."""
    state, names, told, holders = State(), Names(), [], []
    for entry in entries:
        state.apply(entry)
        line = tell(entry, names)
        told.append((line, short(entry.hash)))
        if entry.kind is Kind.ON:
            holders.append((line, entry))
    out.writelines(f"{part}\n" for part in _document(state, names, told, holders))


def escaped(text: object) -> str:
    """Return a text that Markdown shows as it is, on one line; addresses stay links, and nothing else is markup."""
    bare, parts, end = one_line(text), [], 0
    for address in _ADDRESS.finditer(bare):
        parts += [_MARKUP.sub(r"\\\1", bare[end : address.start()]), f"<{address[0]}>"]
        end = address.end()
    return "".join([*parts, _MARKUP.sub(r"\\\1", bare[end:])])


def _document(
    state: State, names: Names, told: Sequence[tuple[Line, str]], holders: Sequence[tuple[Line, Entry]]
) -> Iterator[str]:
    if not told:
        yield "The log is empty."
        return
    plan = state.plan
    yield f"# Action log: {escaped(plan.title if plan else state.run)}\n"
    yield from _head(state, names)
    if plan is not None:
        yield from _objectives(state, plan)
        yield from _people(holders, names)
        yield from _messages(state, plan, names)
    yield "\n## Timeline\n"
    yield from _table(
        ("Entry", "Time", "After due", "Who", "What", "Kind", "Hash"),
        (
            (line.sequence, line.clock, line.t_plus, line.who, line.text, line.kind, seal)
            for line, (_, seal) in zip(with_corrections([line for line, _ in told]), told, strict=True)
        ),
    )
    yield "\n## Log seal\n"
    yield f"`{state.head}`\n"
    yield f"The hash of the last entry, number {state.sequence:,}. Noted down, it proves that nothing was altered."


def _head(state: State, names: Names) -> Iterator[str]:
    plan = state.plan
    if plan is None:
        yield f"Run {escaped(state.run)}. The log does not begin with a plan."
        return
    actual = "**ACTUAL**"
    exercise = "**EXERCISE EXERCISE EXERCISE**: nothing in this run left the computer"
    release = plan.release
    rows = [
        ("Status", actual if state.status == "actual" else exercise),
        ("Playbook", escaped(f"{plan.title} ({plan.playbook})")),
        ("Release", escaped(f"{release.title}, {release.status}, {release.producer}")),
        ("Address", escaped(release.url)),
        ("Due", escaped(names.day(release.due))),
        ("Run", escaped(state.run)),
        ("Started", escaped(names.day(state.started_at)) if state.started_at else ""),
        ("Stood down", _stood_down(state, names)),
        ("Enquiries received", str(state.enquiries)),
    ]
    yield "| | |\n| --- | --- |"
    for name, value in rows:
        yield f"| {name} | {value} |"
    if state.simulated:
        yield "\nThe time in this exercise is simulated."


def _stood_down(state: State, names: Names) -> str:
    if state.stood_down_at is None:
        return "not yet"
    return escaped(names.day(state.stood_down_at)) + (", before the last step" if state.early else "")


def _objectives(state: State, plan: Plan) -> Iterator[str]:
    yield "\n## Objectives\n"
    yield "| Objective | Limit | Measured | |\n| --- | --- | --- | --- |"
    for score in scores(state):
        limit = exactly(score.limit) if score.limit is not None else ""
        remarks = "; ".join(part for part in (_MET[score.met], _left_out(state, plan, score.measure)) if part)
        yield f"| {escaped(score.title)} | {limit} | {score.in_words} | {remarks} |"


def _left_out(state: State, plan: Plan, milestone: str) -> str:
    """Return which messages are missing from what a milestone stands for."""
    titles = [m.title for s in plan.steps if milestone in s.step.marks for m in s.messages if m.id in state.dropped]
    return escaped(f"left out: {', '.join(titles)}") if titles else ""


def _people(holders: Sequence[tuple[Line, Entry]], names: Names) -> Iterator[str]:
    yield "\n## Who held which role\n"
    rows = (
        (
            names.role(entry.data.get("role", "")),
            entry.data.get("name", ""),
            "deputy" if entry.data.get("deputy") else "",
            line.clock,
        )
        for line, entry in holders
    )
    yield from _table(("Role", "Held by", "", "From"), rows)


def _messages(state: State, plan: Plan, names: Names) -> Iterator[str]:
    yield "\n## Messages\n"
    rows = [_sent(sending, names) for sending in state.sendings.values()]
    rows += [
        (message.title, step.step.title, message.channel, "", f"left out: {state.dropped[message.id]}", "")
        for step in plan.steps
        for message in step.messages
        if message.id in state.dropped
    ]
    yield from _table(("Message", "Step", "Channel", "Time", "Outcome", "Receipt"), rows)


def _sent(sending: Sending, names: Names) -> tuple[object, ...]:
    outcome = Outcome.UNKNOWN if sending.outcome is None else sending.outcome
    words = [outcome.value]
    if sending.recipients:
        words.append(f"{len(sending.recipients):,} of its addresses not")
    if sending.withdrawn:
        words.append("withdrawn since")
    receipt = sending.receipt
    proof = "; ".join(part for part in (receipt.address, receipt.id) if part) if receipt else sending.detail
    title = names.message({"message": sending.message, "key": sending.key, "correction": sending.correction})
    time = names.clock(sending.outcome_at or sending.intent_at)
    return title, names.step(sending.step), sending.channel, time, ", ".join(words), proof


def _table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{' --- |' * len(heads)}"
    for row in rows:
        yield f"| {' | '.join(escaped(cell) for cell in row)} |"
