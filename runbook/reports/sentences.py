"""What each kind of entry says, as one sentence in plain English. Pure."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from runbook.model.entries import Entry, Kind
from runbook.model.outcome import Answer, Outcome
from runbook.model.plan import short
from runbook.model.text import one_line
from runbook.model.times import in_milliseconds, in_seconds, in_words
from runbook.model.words import counted
from runbook.reports.names import Names

Sentence = Callable[[Entry, Names], str]

_STOPS = re.compile(r"(?<!\.)([.!?])\.(?=\s|$)")
"""Where somebody typed a full stop and the sentence around it has one too."""


def sentence(entry: Entry, names: Names) -> str:
    """Return what an entry says, on one line; `names` has learnt it already."""
    text = SENTENCES[entry.kind](entry, names)
    if entry.late:
        text += f" Entered late, at {names.clock(entry.recorded_at)}: {entry.late}."
    return _STOPS.sub(r"\1", one_line(text))


def _started(entry: Entry, names: Names) -> str:
    plan = entry.data.get("plan") or {}
    status = entry.data.get("status") or plan.get("status", "")
    title, release = plan.get("title", ""), (plan.get("release") or {}).get("title", "")
    due = f", due {names.day(names.due)}" if names.due else ""
    simulated = " Its time is simulated." if entry.data.get("simulated") else ""
    return f"{str(status).upper()}: {title}, for “{release}”{due}.{simulated}"


def _settled(entry: Entry, _: Names) -> str:
    data = entry.data
    return f"{_who(entry)} settled: {_text(data, 'found')} {_text(data, 'settle')}{_reason(data)}"


def _confirmed(entry: Entry, _: Names) -> str:
    typed = _text(entry.data, "typed")
    return f"Confirmed the run by typing “{typed}”." if typed else "Confirmed the run."


_PAUSES = {"asked": "as asked", "interrupted": "with Ctrl-C", "unanswered": "because a question had no answer"}


def _paused(entry: Entry, _: Names) -> str:
    reason, waiting = _text(entry.data, "reason"), _text(entry.data, "waiting_for")
    text = f"Paused {_PAUSES[reason]}." if reason in _PAUSES else f"Paused. {reason}"
    return f"{text} Waiting for: {waiting}." if waiting else text


def _resumed(entry: Entry, _: Names) -> str:
    away = _length(_text(entry.data, "away"))
    return f"Resumed after {away}." if away else "Resumed."


def _stood_down(entry: Entry, names: Names) -> str:
    data = entry.data
    text = f"Stood down before the last step: {_text(data, 'reason')}." if data.get("early") else "Stood down."
    lessons = names.evidence(entry.step, _mapping(data, "debrief"))
    return f"{text} {_ended(lessons)}" if lessons else text


def _on(entry: Entry, names: Names) -> str:
    data = entry.data
    deputy = ", as deputy" if data.get("deputy") else ""
    before = f", instead of {_text(data, 'before')}" if data.get("before") else ""
    reason = f": {_text(data, 'reason')}" if data.get("reason") else ""
    return f"{_text(data, 'name')} is {names.role(data.get('role', entry.role))} from now on{deputy}{before}{reason}."


def _called(entry: Entry, _: Names) -> str:
    return f"Tried {_text(entry.data, 'name')}: {'answered' if entry.data.get('answered') else 'no answer'}."


def _asked(entry: Entry, _: Names) -> str:
    return f"Asked: {_text(entry.data, 'text')}"


def _answered(entry: Entry, names: Names) -> str:
    # A log of an earlier version has the key that was pressed, and not what it stood for.
    answer = _text(entry.data, "label") or _text(entry.data, "answer")
    return f"Answered “{names.question(entry.data.get('question', ''))}”: {answer or 'nothing'}"


def _noted(entry: Entry, _: Names) -> str:
    return f"Note: {_text(entry.data, 'text')}"


def _enquiry(entry: Entry, _: Names) -> str:
    line = _text(entry.data, "answered_with")
    return f"Enquiry: {_text(entry.data, 'text')}" + (f" Line to take: {line}" if line else "")


def _corrected(entry: Entry, names: Names) -> str:
    number = corrects(entry)
    said = f", which says “{names.said[number]}”" if number in names.said else ""
    return f"Corrects entry {number}{said}. It should say: {_text(entry.data, 'text')}"


def _begun(entry: Entry, names: Names) -> str:
    times = entry.data.get("times", 1)
    again = f", time {times}" if isinstance(times, int) and times > 1 else ""
    return f"Begun: {names.step(entry.step)}{again}{', after it was due' if entry.data.get('late') else ''}."


def _looked(entry: Entry, _: Names) -> str:
    data = entry.data
    return (
        f"Looked at {_text(data, 'location') or 'it'} from outside: {_text(data, 'verdict')}. {_text(data, 'detail')}"
    )


def _done(entry: Entry, names: Names) -> str:
    data = entry.data
    by = "by hand" if data.get("by") == "hand" else "by machine"
    evidence = names.evidence(entry.step, _mapping(data, "evidence"))
    page = _mapping(data, "addresses").get("page", "")
    text = f"Done, {by}: {names.step(entry.step)}."
    text += f" {_ended(evidence)}" if evidence else ""
    return f"{text} Public at {page}" if page else text


def _skipped(entry: Entry, names: Names) -> str:
    return f"Skipped: {names.step(entry.step)}.{_reason(entry.data)}"


def _reopened(entry: Entry, names: Names) -> str:
    return f"Opened again: {names.step(entry.step)}.{_reason(entry.data)}"


def _decided(entry: Entry, names: Names) -> str:
    data = entry.data
    title = _text(data, "title") or _text(data, "option")
    return f"{names.step(entry.step)}: {_who(entry)} decided: {title}.{_reason(data)}{_agreed(data)}"


def _cleared(entry: Entry, names: Names) -> str:
    data = entry.data
    how = f", {_text(data, 'how')}" if data.get("how") and data["how"] != data.get("who") else ""
    code = f" (code {short(_text(data, 'digest'))})" if data.get("digest") else ""
    return f"{names.step(entry.step)}: cleared by {_who(entry)}{how}{code}.{_agreed(data)}"


def _not_cleared(entry: Entry, names: Names) -> str:
    data = entry.data
    text = f"{names.step(entry.step)}: not cleared by {_who(entry)}.{_reason(data)}"
    return text + _agreed(data)


def _lapsed(entry: Entry, names: Names) -> str:
    return f"The yes to “{names.step(entry.data.get('clearance', entry.step))}” lapsed: {_text(entry.data, 'reason')}."


def _ready(entry: Entry, names: Names) -> str:
    summary, refused = _text(entry.data, "summary"), len(_mapping(entry.data, "refused"))
    text = f"{names.message(entry.data)}: ready" + (f", {summary}" if summary else "")
    return f"{text}; {counted(refused, 'address', 'addresses')} refused by the server." if refused else f"{text}."


def _not_ready(entry: Entry, names: Names) -> str:
    data = entry.data
    return f"{names.message(data)}: not ready, nothing was sent. {_text(data, 'detail')} {_text(data, 'remedy')}"


def _left_out(entry: Entry, names: Names) -> str:
    how = "taken in again" if entry.data.get("taken_in") else "left out"
    return f"{names.message(entry.data)}: {how} by {_who(entry)}.{_reason(entry.data)}"


def _staged(entry: Entry, names: Names) -> str:
    took = _text(entry.data, "seconds")
    text = f"Staged{f' in {took} s' if took else ''}: {names.messages(entry.data.get('messages'))}."
    return " ".join((text, *_held_back(entry.data, names)))


def _held_back(data: Mapping[str, Any], names: Names) -> Iterator[str]:
    holds, learnt = _mapping(data, "holds"), _mapping(data, "learnt").values()
    behind = names.messages([data["behind"]]) if data.get("behind") else "the slowest"
    # An estimate is as good as the channel of which less is known.
    sendings = min((known.get("sendings", 0) for known in learnt), default=0)
    for message, seconds in holds.items():
        title, by = names.messages([message]), _number(seconds)
        if by is not None:
            yield f"{title} is held back {by:.3f} s behind {behind} (learnt from {counted(sendings, 'sending')})."


def _clock(entry: Entry, _: Names) -> str:
    return f"This computer's clock: {'; '.join(_offsets(entry.data)) or 'compared with no other'}."


def _offsets(data: Mapping[str, Any]) -> Iterator[str]:
    for offset in data.get("offsets") or ():
        seconds, within = _number(offset.get("seconds")), _number(offset.get("within"))
        if seconds is not None and within is not None:
            side = "ahead of" if seconds < 0 else "behind"
            yield f"{in_seconds(abs(seconds))} {side} {_text(offset, 'source')} (within {in_seconds(within)})"


def _stopped(entry: Entry, names: Names) -> str:
    return f"Stopped, nothing was sent: {names.messages(entry.data.get('messages'))}; {_text(entry.data, 'why')}"


def _intent(entry: Entry, names: Names) -> str:
    data = entry.data
    count = data.get("recipients")
    to = f" to {counted(count, 'recipient')}" if isinstance(count, int) and count else ""
    return f"{names.message(data)}: about to be sent on {_text(data, 'channel')}{to}."


_OUTCOMES: dict[str, str] = {
    Outcome.SENT: "sent",
    Outcome.NOT_SENT: "certainly not sent",
    Outcome.UNKNOWN: "not known whether it was sent",
    Outcome.SKIPPED: "skipped",
}


def _outcome(entry: Entry, names: Names) -> str:
    data = entry.data
    address, others = _mapping(data, "receipt").get("address", ""), len(_mapping(data, "recipients"))
    text = f"{names.message(data)}: {_OUTCOMES.get(_text(data, 'outcome'), 'unknown')}"
    text += ", by hand" if data.get("by_hand") and "by hand" not in _text(data, "detail") else ""
    text += f"; {counted(others, 'address', 'addresses')} did not share this outcome" if others else ""
    text = f"{text}. {_text(data, 'detail')}"
    return f"{_ended(text)} It is at {address}" if address and address not in text else text


def _skew(entry: Entry, names: Names) -> str:
    data = entry.data
    within = "within" if data.get("within") else "more than"
    by = f" by their {_text(data, 'measured_at')}" if data.get("measured_at") else ""
    apart = f"{_text(data, 'seconds')} s apart{by}, {within} the limit of {_text(data, 'tolerance')}"
    return " ".join((f"{names.messages(data.get('messages'))}: {apart}.", *_more_exactly(data)))


def _more_exactly(data: Mapping[str, Any]) -> Iterator[str]:
    commit, server = _number(data.get("commit_seconds")), _number(data.get("server_seconds"))
    if commit:  # none at all: nothing was written, in a rehearsal
        yield f"Last bytes {in_milliseconds(commit)} apart."
    if server is not None:
        bound = in_seconds(_number(data.get("server_within")) or 0.0)
        yield f"By the services' own clocks {in_seconds(server)} apart (within {bound})."


_ANSWERS: dict[str, str] = {
    Answer.THERE: "it is there",
    Answer.ABSENT: "it is not there",
    Answer.CANNOT_TELL: "it cannot be told whether it is there",
}


def _sought(entry: Entry, names: Names) -> str:
    data = entry.data
    answer = _ANSWERS.get(_text(data, "answer"), "no answer")
    look = f" Look at {_text(data, 'look_at')}" if data.get("look_at") else ""
    return f"{names.message(data)}: asked for; {answer}. {_text(data, 'detail')}{look}"


_WITHDRAWALS: dict[str, str] = {
    Outcome.SENT: "taken down",
    Outcome.NOT_SENT: "could not be taken down, it is still out",
    Outcome.UNKNOWN: "not known whether it was taken down",
    Outcome.SKIPPED: "left as it is",
}


def _withdrawn(entry: Entry, names: Names) -> str:
    data = entry.data
    outcome = _WITHDRAWALS.get(_text(data, "outcome"), "unknown")
    return f"{names.message(data)}: {outcome}. {_text(data, 'detail')}"


def _retried(entry: Entry, _: Names) -> str:
    data = entry.data
    attempt = f" (attempt {data['attempt']})" if data.get("attempt") else ""
    wait = f" after {_text(data, 'wait')} s" if data.get("wait") else ""
    return f"{_text(data, 'what')}: tried again{wait}{attempt}, because: {_text(data, 'why')}."


def corrects(entry: Entry) -> int:
    """Return the sequence of the entry that this one corrects; 0 if it corrects none."""
    number = entry.data.get("entry") if entry.kind is Kind.CORRECTED else 0
    return number if isinstance(number, int) else 0


def _who(entry: Entry) -> str:
    return str(entry.data.get("who") or entry.actor)


def _text(data: Mapping[str, Any], key: str) -> str:
    value = data.get(key)
    return "" if value is None else one_line(value)


def _number(text: object) -> float | None:
    """Return the seconds that a text has; None for what an earlier version did not write."""
    try:
        return float(text) if isinstance(text, str) else None
    except ValueError:
        return None


def _mapping(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = data.get(key)
    return value if isinstance(value, Mapping) else {}


def _reason(data: Mapping[str, Any]) -> str:
    reason = _text(data, "reason")
    return f" Reason: {reason}." if reason else ""


def _ended(text: str) -> str:
    """Return a text with its full stop; an address has none, or it would be taken for a part of it."""
    text = text.rstrip()
    return text if text.rpartition(" ")[2].startswith(("http://", "https://")) else f"{text}."


def _agreed(data: Mapping[str, Any]) -> str:
    return " This was agreed beforehand." if data.get("agreed_beforehand") else ""


def _length(seconds: str) -> str:
    try:
        return in_words(timedelta(seconds=float(seconds)))
    except (ValueError, OverflowError):
        return seconds


SENTENCES: dict[Kind, Sentence] = {
    Kind.STARTED: _started,
    Kind.SETTLED: _settled,
    Kind.CONFIRMED: _confirmed,
    Kind.PAUSED: _paused,
    Kind.RESUMED: _resumed,
    Kind.STOOD_DOWN: _stood_down,
    Kind.ON: _on,
    Kind.CALLED: _called,
    Kind.ASKED: _asked,
    Kind.ANSWERED: _answered,
    Kind.NOTED: _noted,
    Kind.ENQUIRY: _enquiry,
    Kind.CORRECTED: _corrected,
    Kind.BEGUN: _begun,
    Kind.LOOKED: _looked,
    Kind.DONE: _done,
    Kind.SKIPPED: _skipped,
    Kind.REOPENED: _reopened,
    Kind.DECIDED: _decided,
    Kind.CLEARED: _cleared,
    Kind.NOT_CLEARED: _not_cleared,
    Kind.LAPSED: _lapsed,
    Kind.READY: _ready,
    Kind.NOT_READY: _not_ready,
    Kind.LEFT_OUT: _left_out,
    Kind.STAGED: _staged,
    Kind.CLOCK: _clock,
    Kind.STOPPED: _stopped,
    Kind.INTENT: _intent,
    Kind.OUTCOME: _outcome,
    Kind.SKEW: _skew,
    Kind.SOUGHT: _sought,
    Kind.WITHDRAWN: _withdrawn,
    Kind.RETRIED: _retried,
}
"""Every kind of entry and its sentence."""
