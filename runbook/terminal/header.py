"""The first screen of a run, and where it stands: real and exercise are told apart by words, marks and colour."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import get_args

from rich.cells import cell_len

from runbook.model.exercise_mark import MARK
from runbook.model.message import Audience, Form
from runbook.model.outcome import Outcome
from runbook.model.plan import Plan, PlannedMessage, PlannedStep
from runbook.model.scores import scores
from runbook.model.state import Sending, State
from runbook.model.times import full_time
from runbook.model.words import counted, kind_in_words, readers
from runbook.terminal.places import places, step_state
from runbook.terminal.styled import BLANK, Ink, Styled
from runbook.terminal.summary import judged_lines
from runbook.terminal.words import (
    BADGES,
    clock,
    due_in_words,
    message_title,
    role_title,
    step_of,
    t_plus,
)


def header(
    plan: Plan, run: str, now: datetime, *, places: Mapping[str, str] | None = None, notes: Sequence[str] = ()
) -> tuple[Styled, ...]:
    """Return the start screen, with everything that a live run will do named before anything is asked.

    places    by channel name, what a person calls it: `@ofqual`, `https://alternate.example.org`
    notes     further lines: when it was last rehearsed, what the last check found
    """
    real = plan.status == "actual"
    return tuple(_real(plan, run, now, places or {}, notes) if real else _practice(plan, run, now, notes))


def _real(plan: Plan, run: str, now: datetime, places: Mapping[str, str], notes: Sequence[str]) -> Iterator[Styled]:
    yield Styled(plan.title, mark=BADGES["actual"], mark_ink=Ink.ALERT, ink=Ink.STRONG)
    yield Styled(plan.release.title)
    yield Styled(f"Due {full_time(plan.release.due, plan.release.zone)} · now {clock(now, plan)} · {t_plus(now, plan)}")
    yield Styled(f"Run {run} · Ctrl-C at any time: nothing is lost, `runbook resume`")
    yield BLANK
    effects = what_it_will_do(plan, places)
    if effects:
        yield Styled(f"For real: it will {effects}, each only when you say so.", ink=Ink.STRONG)
    else:
        yield Styled("For real. It sends nothing by itself: every message goes by hand.", ink=Ink.STRONG)
    for note in notes:
        yield Styled(note)


def _practice(plan: Plan, run: str, now: datetime, notes: Sequence[str]) -> Iterator[Styled]:
    yield Styled(f"Practising: {plan.title}", mark=MARK, mark_ink=Ink.PRACTICE, ink=Ink.STRONG)
    yield Styled(plan.release.title)
    yield Styled(f"Practised as if due {full_time(plan.release.due, plan.release.zone)} · now {clock(now, plan)}")
    yield Styled(f"{t_plus(now, plan)} · Run {run} · Ctrl-C pauses, `runbook resume` goes on")
    yield BLANK
    yield Styled("Nothing in this run can leave this computer. `!` ends it at once for a real event.")
    for note in notes:
        yield Styled(note)


def what_it_will_do(plan: Plan, places: Mapping[str, str]) -> str:
    """Return what the machine sends and publishes at most in a live run, with counts; empty if all goes by hand."""
    messages = [message for message in plan.messages() if message.kind != BY_HAND]
    effects = [
        *_emails(messages),
        *_by_channel(messages, Form.POST, places),
        *_by_channel(messages, Form.FILES, places),
        *_by_channel(messages, Form.ARTICLE, places),
    ]
    return f"{', '.join(effects[:-1])} and {effects[-1]}" if len(effects) > 1 else "".join(effects)


BY_HAND = "manual"
"""The kind of channel that is a person: what goes out on it, no machine does."""


def _emails(messages: list[PlannedMessage]) -> Iterator[str]:
    for audience in get_args(Audience):
        found = [m for m in messages if m.draft.form is Form.EMAIL and m.audience == audience]
        addresses = {address for message in found for address in message.draft.recipients}
        if addresses:
            yield f"e-mail {readers(len(addresses), audience)}"


def _by_channel(messages: list[PlannedMessage], form: Form, places: Mapping[str, str]) -> Iterator[str]:
    found = [message for message in messages if message.draft.form is form]
    for channel in dict.fromkeys(message.channel for message in found):
        of_channel = [message for message in found if message.channel == channel]
        yield _effect(form, of_channel, channel, places.get(channel, ""))


def _effect(form: Form, messages: list[PlannedMessage], channel: str, place: str) -> str:
    if form is Form.POST:
        return f"{kind_in_words(messages[0].kind)}{f' as {place}' if place else ''}"
    if form is Form.FILES:
        documents = {document.id for message in messages for document in message.draft.documents}
        return f"publish {counted(len(documents), 'document')} on {place or channel}"
    return f"publish {counted(len(messages), 'page')} on {place or channel}"


_SHOWN_POSSIBLE = 4
"""Steps that can be done next and stand one a line; where we are must fit a screen of 24 rows with its question."""


def status_lines(state: State, now: datetime) -> tuple[Styled, ...]:
    """Return where a run stands: steps, people, messages and objectives so far, short enough for one screen."""
    return tuple(_status(state, now)) if state.plan is not None else (Styled("No run has been started.", mark="--"),)


def _status(state: State, now: datetime) -> Iterator[Styled]:
    plan = state.plan
    if plan is None:
        return
    ink = Ink.ALERT if state.status == "actual" else Ink.PRACTICE
    yield Styled(plan.title, mark=BADGES[state.status], mark_ink=ink, ink=Ink.STRONG)
    yield Styled(plan.release.title)
    at = state.stood_down_at or now
    yield Styled(f"Due {full_time(plan.release.due, plan.release.zone)} · {_standing(state, now)} · {t_plus(at, plan)}")
    entries = counted(state.sequence, "entry", "entries")
    yield Styled(f"Run {state.run} · {entries} · {counted(state.enquiries, 'enquiry', 'enquiries')}")
    yield BLANK
    yield from _steps(plan, state, at)
    yield from _people(plan, state)
    yield from _messages(state)
    if state.over:
        yield BLANK
        yield from judged_lines(state)
    else:
        yield from _objectives(state)


def _standing(state: State, now: datetime) -> str:
    if state.stood_down_at is not None:
        return f"stood down {clock(state.stood_down_at, state.plan)}"
    return f"{'paused, ' if state.paused else ''}now {clock(now, state.plan)}"


def _steps(plan: Plan, state: State, now: datetime) -> Iterator[Styled]:
    found = places(plan, state, now)
    unneeded = f", {len(found.unneeded)} not needed" if found.unneeded else ""
    yield Styled(f"{len(found.done)} of {counted(len(plan.steps), 'step')} done{unneeded}", mark="ok")
    for planned in found.skipped:
        yield Styled(f"{_called(planned)}: skipped. {step_state(state, planned.id).reason}".rstrip(), mark="--")
    if state.over:
        yield from _together("Not done", [*found.begun, *found.possible, *found.later])
        return
    for planned in found.begun:
        yield _step_line(planned, ">>", "begun", plan, now)
    if found.possible:
        yield Styled("Can be done now:", indent=4)
    for planned in found.possible[:_SHOWN_POSSIBLE]:
        yield _step_line(planned, "  ", "", plan, now)
    yield from _together("Can be done too", found.possible[_SHOWN_POSSIBLE:])
    yield from _together("Later", found.later)


def _called(planned: PlannedStep) -> str:
    """Return a step's number and title: two steps may have one title."""
    return f"{planned.number} {planned.step.title}"


def _step_line(planned: PlannedStep, mark: str, word: str, plan: Plan, now: datetime) -> Styled:
    due = due_in_words(planned, now, plan)
    right = " · ".join(part for part in (due, word) if part)
    late = Ink.BAD if "overdue" in due else Ink.QUIET
    return Styled(_called(planned), mark=mark, right=right, ink=Ink.STRONG, right_ink=late)


_ONE_ROW = 76


def _together(heading: str, steps: Sequence[PlannedStep]) -> Iterator[Styled]:
    """Yield several steps on one row, as many by name as fit; nothing for none."""
    names = [_called(planned) for planned in steps]
    for count in range(len(names), 0, -1):
        more = f" and {len(names) - count} more" if count < len(names) else ""
        text = f"{heading}: {', '.join(names[:count])}{more}"
        if cell_len(text) <= _ONE_ROW or count == 1:
            yield Styled(text, indent=4, ink=Ink.QUIET)
            return


def _people(plan: Plan, state: State) -> Iterator[Styled]:
    for role, person in state.holders.items():
        phone = f"  {person.phone}" if person.phone else ""
        yield Styled(f"{role_title(plan, role)}: {person.name}{phone}", mark="On:", mark_ink=Ink.QUIET)


def _messages(state: State) -> Iterator[Styled]:
    out = [s for s in state.sendings.values() if s.outcome is Outcome.SENT and not s.withdrawn]
    if out and not state.over:
        names = (f"{_message(s, state)} {clock(s.outcome_at or s.intent_at, state.plan)}" for s in out)
        yield Styled(f"Sent: {', '.join(names)}", mark="ok")
    for sending in state.sendings.values():
        if state.over or sending not in out:
            yield _message_line(sending, state)
    for message, reason in state.dropped.items():
        yield Styled(f"{message_title(state, message)}: left out. {reason}", mark="--")


def _message(sending: Sending, state: State) -> str:
    """Return what a message is called, with its step's number where another step sent one of the same title."""
    titles = [message_title(state, s.message, correction=s.correction) for s in state.sendings.values()]
    title = message_title(state, sending.message, correction=sending.correction)
    planned = step_of(state, sending.step)
    return f"{title} (step {planned.number})" if planned and titles.count(title) > 1 else title


def _message_line(sending: Sending, state: State) -> Styled:
    title = _message(sending, state)
    time = clock(sending.outcome_at or sending.intent_at, state.plan)
    if sending.unknown:
        return Styled(f"{title}: we don't know whether it went out", mark="??", ink=Ink.STRONG, right=time)
    word = "taken down" if sending.withdrawn else str(sending.outcome)
    address = sending.receipt.address if sending.receipt else ""
    mark = "ok" if word == "sent" else "no" if word == "not sent" else "--"
    return Styled(f"{title}: {word}{'  ' + address if address else ''}", mark=mark, right=time)


def _objectives(state: State) -> Iterator[Styled]:
    """Yield what is judged already, in a line for those that were met and one for the others."""
    judged = [score for score in scores(state) if score.met is not None]
    for met, words, mark in ((True, "Met", "ok"), (False, "Not met", "no")):
        titles = [score.title for score in judged if score.met is met]
        if titles:
            yield Styled(f"{words}: {', '.join(titles)}", mark=mark)
