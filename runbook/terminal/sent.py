"""What the screen says of messages on their way: staged, sent, not sent, unknown, how far apart, taken down."""

from collections.abc import Iterator, Mapping
from typing import Any

from runbook.model.entries import Entry
from runbook.model.outcome import Answer, Offset, Outcome
from runbook.model.state import State
from runbook.model.times import in_milliseconds, in_seconds
from runbook.model.words import counted, with_kind
from runbook.terminal.styled import Ink, Styled
from runbook.terminal.words import (
    clock,
    limit_in_words,
    message_of,
    message_title,
    seconds_in_words,
    step_of,
    when,
)

OUTCOME_INK = {
    Outcome.SENT: Ink.GOOD,
    Outcome.NOT_SENT: Ink.BAD,
    Outcome.UNKNOWN: Ink.UNSURE,
    Outcome.SKIPPED: Ink.QUIET,
}
_LISTED = 20
"""Recipients that are listed one a line; the log has all of them."""
_WRONG_SECONDS = 1.0
"""A clock that is off by more for certain must be set right: times in the log would mislead."""


def not_ready(entry: Entry, state: State) -> Iterator[Styled]:
    """Say that something could not be prepared; nothing for a message of the step: the table says it with the rest."""
    planned = step_of(state, entry.step)
    if planned and any(message.id == _text(entry, "message") for message in planned.messages):
        return
    yield Styled(f"{_title(entry, state)}: not ready. {_text(entry, 'detail')}", mark="no", right=when(entry, state))
    if _text(entry, "remedy"):
        yield Styled(_text(entry, "remedy"), indent=4)


def left_out(entry: Entry, state: State) -> Iterator[Styled]:
    """Say that a message was dropped, or that it is to go out after all."""
    who = str(entry.data.get("who") or entry.actor)
    said = f"taken in again by {who}" if entry.data.get("taken_in") else f"left out by {who}: {_text(entry, 'reason')}"
    yield Styled(f"{_title(entry, state)}: {said}", mark="--", right=when(entry, state))


def staged(entry: Entry, state: State) -> Iterator[Styled]:
    """Say that every message is held at its last byte."""
    names = _titles(entry, state)
    yield Styled(f"Staged in {_text(entry, 'seconds') or '?'} s: {names}", mark="ok", right=when(entry, state))


def clock_is_wrong(entry: Entry, state: State) -> Iterator[Styled]:
    """Say that this computer's clock is wrong, if it certainly is; else the go/no-go table has said how right it is."""
    for data in entry.data.get("offsets") or ():
        offset = Offset(seconds=float(data["seconds"]), within=float(data["within"]), source=data["source"])
        if abs(offset.for_certain) > _WRONG_SECONDS:
            side = "behind" if offset.seconds > 0 else "ahead of"
            text = f"This computer's clock is {abs(offset.seconds):.0f} s {side} {offset.source}'s. Set it right."
            yield Styled(text, mark="!!", right=when(entry, state))


def stopped(entry: Entry, state: State) -> Iterator[Styled]:
    """Say that nothing was sent."""
    yield Styled(f"Stopped. Nothing was sent: {_titles(entry, state)}", mark="no", right=when(entry, state))
    if _text(entry, "why"):
        yield Styled(_sentence(_text(entry, "why")), indent=4)


def outcome(entry: Entry, state: State) -> Iterator[Styled]:
    """Say what became of a message, with the proof, and who did not get it."""
    result = Outcome(entry.data["outcome"])
    if result is Outcome.UNKNOWN:
        yield from _unknown(entry, state)
        return
    practised = state.status == "exercise" and result is Outcome.SENT
    word = f"{'EXERCISE ' if practised else ''}{result.upper()}"
    text = f"{_title(entry, state)}  {_proof(entry.data)}".rstrip()
    time = clock(entry.at, state.plan)
    yield Styled(text, mark=time, mark_ink=Ink.QUIET, indent=2, right=word, right_ink=OUTCOME_INK[result])
    yield from refused(entry.data.get("recipients") or {})
    if result is Outcome.NOT_SENT:
        sure = "is taken as not sent" if _text(entry, "by") == "person" else "certainly did not go out"
        yield Styled(f"{_title(entry, state)} {sure}.", mark="no", right=when(entry, state))


def _unknown(entry: Entry, state: State) -> Iterator[Styled]:
    message = message_of(state, _text(entry, "message"))
    title = with_kind(_title(entry, state), message.kind) if message else _title(entry, state)
    text = f"{title}: we don't know whether it went out."
    yield Styled(text, mark="??", ink=Ink.STRONG, right=when(entry, state))
    yield Styled(f"Do not send it again yet. {_text(entry, 'detail')}".rstrip(), indent=4)
    yield from refused(entry.data.get("recipients") or {})


def refused(recipients: Mapping[str, Any]) -> Iterator[Styled]:
    """List the recipients that did not share the outcome of the whole, with the reason for each."""
    if not recipients:
        return
    verb = "was" if len(recipients) == 1 else "were"
    yield Styled(f"{counted(len(recipients), 'address', 'addresses')} {verb} refused:", indent=6)
    for address, why in list(recipients.items())[:_LISTED]:
        yield Styled(f"{address}  {why}", indent=8)
    if len(recipients) > _LISTED:
        yield Styled(f"and {len(recipients) - _LISTED} more, in `runbook log`", indent=8)


def skew(entry: Entry, state: State) -> Iterator[Styled]:
    """Say how far apart the channels were."""
    within = bool(entry.data.get("within"))
    apart = seconds_in_words(float(entry.data["seconds"]))
    limit = limit_in_words(_text(entry, "tolerance"))
    text = f"Confirmed {apart} apart; limit {limit}"
    yield Styled(text, mark="ok" if within else "no", right=when(entry, state))
    commit = float(_text(entry, "commit_seconds") or 0)
    if commit:  # none at all: nothing was written, in a rehearsal
        lined_up = ", as intended: the quick waited for the slow" if _text(entry, "held_seconds") else ""
        yield Styled(f"Last bytes {in_milliseconds(commit)} apart{lined_up}.", indent=4)
    if _text(entry, "server_seconds"):
        own, bound = (in_seconds(float(entry.data[f"server_{name}"])) for name in ("seconds", "within"))
        yield Styled(f"By the services' own clocks {own} apart (within {bound}).", indent=4)


_SOUGHT = {
    Answer.THERE: ("ok", "it is there."),
    Answer.ABSENT: ("no", "it is not there."),
    Answer.CANNOT_TELL: ("??", "the channel cannot tell whether it is there."),
}


def sought(entry: Entry, state: State) -> Iterator[Styled]:
    """Say what a channel answered when it was asked whether a message is there."""
    answer = Answer(entry.data["answer"])
    mark, words = _SOUGHT[answer]
    yield Styled(f"{_title(entry, state)}: {words}", mark=mark, right=when(entry, state))
    if _text(entry, "detail"):
        yield Styled(_text(entry, "detail"), indent=4)
    if answer is Answer.CANNOT_TELL and _text(entry, "look_at"):
        yield Styled(f"Look at {_text(entry, 'look_at')}", indent=4)


_WITHDRAWN = {
    Outcome.SENT: ("ok", "taken down."),
    Outcome.NOT_SENT: ("no", "it could not be taken down; it is still out."),
    Outcome.UNKNOWN: ("??", "we don't know whether it was taken down. Look at it."),
    Outcome.SKIPPED: ("--", "left as it is."),
}


def withdrawn(entry: Entry, state: State) -> Iterator[Styled]:
    """Say whether a message was taken down again."""
    mark, words = _WITHDRAWN[Outcome(entry.data["outcome"])]
    yield Styled(f"{_title(entry, state)}: {words}", mark=mark, right=when(entry, state))
    if _text(entry, "detail"):
        yield Styled(_text(entry, "detail"), indent=4)


def _proof(data: Mapping[str, Any]) -> str:
    """Return the public address in full, if there is one; else the channel's own answer, or the person's."""
    address = str((data.get("receipt") or {}).get("address") or "")
    by = ", by hand" if data.get("by_hand") else ""
    return f"{address}{by}" if address else str(data.get("detail", ""))


def _title(entry: Entry, state: State) -> str:
    sending = state.sendings.get(_text(entry, "key"))
    return message_title(state, _text(entry, "message"), correction=sending.correction if sending else False)


def _sentence(words: str) -> str:
    """Return words as a sentence."""
    return f"{words[:1].upper()}{words[1:].rstrip('.')}."


def _titles(entry: Entry, state: State) -> str:
    return ", ".join(message_title(state, str(message)) for message in entry.data.get("messages", ()))


def _text(entry: Entry, name: str) -> str:
    return str(entry.data.get(name) or "")
