"""What the screen says for each kind of entry. Pure: an entry and the state after it, to lines."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from itertools import groupby
from typing import Any
from urllib.parse import unquote

from runbook.model.entries import Entry, Kind
from runbook.model.plan import short
from runbook.model.ports import Verdict
from runbook.model.state import State
from runbook.model.steps import LookStep, ManualStep, StandDownStep
from runbook.model.times import in_words
from runbook.terminal import sent, summary
from runbook.terminal.styled import BLANK, Ink, Styled
from runbook.terminal.words import (
    BADGES,
    clock,
    due_in_words,
    message_title,
    role_title,
    short_t,
    step_of,
    step_title,
    when,
)


def line(entry: Entry, state: State) -> tuple[Styled, ...]:
    """Return what the screen says for an entry that was just logged; `state` has taken it in already.

    Nothing for what a person has just read or typed: the question, the answer, the readiness that the table shows.
    """
    lines = tuple(LINES[entry.kind](entry, state))
    if lines and entry.late:
        entered = f"Entered late, at {clock(entry.recorded_at, state.plan)}: {entry.late}"
        return (*lines, Styled(entered, indent=4, ink=Ink.QUIET))
    return lines


def quiet(_: Entry, __: State) -> Iterable[Styled]:
    """Say nothing."""
    return ()


def _settled(entry: Entry, state: State) -> Iterator[Styled]:
    data = entry.data
    yield Styled(f"Settled by {_who(entry)}: {data.get('reason', '')}", mark="ok", right=when(entry, state))
    yield from _below(str(data.get("found", "")), str(data.get("settle", "")))


def _confirmed(entry: Entry, state: State) -> Iterator[Styled]:
    begins = "Confirmed. From here on it is real." if state.status == "actual" else "The exercise begins."
    yield Styled(begins, mark="ok", right=when(entry, state))


_PAUSED = {
    "asked": "Paused.",
    "interrupted": "Paused with Ctrl-C.",
    "unanswered": "Paused: a question has no answer.",
}
"""What is said for a reason; any other reason is a sentence and said as it is."""


def _paused(entry: Entry, state: State) -> Iterator[Styled]:
    reason = str(entry.data.get("reason", ""))
    text = _PAUSED.get(reason, reason or "Paused.")
    unknown = [sending for sending in state.sendings.values() if sending.unknown]
    waits = ", ".join(message_title(state, sending.message) for sending in unknown)
    lost = f"Not known yet: {waits}." if waits else "Nothing is lost."
    yield Styled(f"{text} {lost}", mark="--", right=when(entry, state))
    waiting = str(entry.data.get("waiting_for", ""))
    yield from _below(f"Waiting for: {waiting}" if waiting else "", f"`runbook resume {entry.run}` carries on.")


def _resumed(entry: Entry, state: State) -> Iterator[Styled]:
    away = _seconds(entry.data.get("away"))
    after = f" after {in_words(timedelta(seconds=away))}" if away is not None else ""
    yield Styled(f"Resumed{after}", mark="ok", right=when(entry, state))


def _on(entry: Entry, state: State) -> Iterator[Styled]:
    data = entry.data
    text = f"{role_title(state.plan, data['role'])}: {data.get('name', '')}"
    text += ", deputy" if data.get("deputy") else ""
    text += f", {data['phone']}" if data.get("phone") else ""
    text += f" ({data['reason']})" if data.get("reason") else ""
    yield Styled(text, mark="ok", right=when(entry, state))


def _called(entry: Entry, state: State) -> Iterator[Styled]:
    if entry.data.get("answered"):
        yield Styled(f"{entry.data.get('name', '')} answered", mark="ok", right=when(entry, state))
    else:
        yield Styled(f"{entry.data.get('name', '')}: no answer, logged", mark="no", right=when(entry, state))


def _noted(entry: Entry, state: State) -> Iterator[Styled]:
    yield Styled(f"Noted: {entry.data.get('text', '')}", mark="ok", right=when(entry, state))


def _enquiry(entry: Entry, state: State) -> Iterator[Styled]:
    yield Styled(f"Line to take: {entry.data.get('answered_with', '')}", ink=Ink.STRONG)
    yield Styled(f"Enquiry logged: {entry.data.get('text', '')}", mark="ok", right=when(entry, state))


def _corrected(entry: Entry, state: State) -> Iterator[Styled]:
    text = f"Entry {entry.data.get('entry', '?')} corrected: {entry.data.get('text', '')}"
    yield Styled(text, mark="ok", right=when(entry, state))
    yield from _below("The first one stays in the log, with this beside it.")


def _begun(entry: Entry, state: State) -> Iterator[Styled]:
    planned, plan = step_of(state, entry.step), state.plan
    if planned is None or plan is None:
        return
    due = due_in_words(planned, entry.at, plan)
    times = int(entry.data.get("times", 1))
    parts = (
        f"{planned.number} of {len(plan.steps)}",
        short_t(entry.at, plan),
        planned.step.title,
        f"time {times}" if times > 1 else "",
        role_title(plan, planned.step.role),
        due,
    )
    badge, ink = BADGES[state.status], Ink.ALERT if state.status == "actual" else Ink.PRACTICE
    heading = " · ".join(part for part in parts if part)
    yield BLANK
    yield Styled(heading, mark=badge, mark_ink=ink, ink=Ink.BAD if "overdue" in due else Ink.STRONG)


def _looked(entry: Entry, state: State) -> Iterator[Styled]:
    data = entry.data
    time = clock(entry.at, state.plan)
    fetched = (seen for seen in data.get("sightings", ()) if seen.get("status") != _REHEARSED)
    for (found, says), same in groupby(_sighting(seen, state) for seen in fetched):
        times = len(list(same))
        text = f"{found} ({times} times)" if times > 1 else found
        yield Styled(text, mark=time, mark_ink=Ink.QUIET, indent=2, right=says, column=10)
    verdict = str(data.get("verdict", ""))
    detail = str(data.get("detail", "")) or verdict.capitalize()
    yield Styled(detail, mark=_mark_of(verdict, entry, state), right=when(entry, state))


_REHEARSED = "rehearsed"
"""The status of a sighting in a rehearsal: nothing was fetched, and the verdict says so."""
_NO_ANSWER = frozenset({"407", "429"})
"""Answers that speak of our network and not of the page: its proxy wants a sign-in, we asked too often."""


def _sighting(seen: Mapping[str, Any], state: State) -> tuple[str, str]:
    """Return what one fetch found, with the document's name if it was one, and what that says of its being public."""
    status, address = str(seen.get("status", "")), str(seen.get("address", ""))
    found = str(seen.get("found") or status) + (", stored copies bypassed" if seen.get("bypass") else "")
    last = address.partition("?")[0].rpartition("/")[2]
    page = state.plan.release.url if state.plan else ""
    text = (
        f"{unquote(last)}: {found}" if "." in last and "/" in address.partition("://")[2] and address != page else found
    )
    # Without a number there was no answer: it was too late, the name is not known, the certificate does not hold.
    known = status == "redirects" or (status.isdigit() and status not in _NO_ANSWER)
    return text, "public" if seen.get("seen") else "not public" if known else "not known"


def _mark_of(verdict: str, entry: Entry, state: State) -> str:
    """Return `ok` for what was hoped for, `!!` for the release public against it, `--` while it is waited for."""
    planned = step_of(state, entry.step)
    step = planned.step if planned else None
    if verdict == Verdict.CANNOT_TELL:
        return "??"
    if not isinstance(step, LookStep):
        return "ok"
    if (verdict == Verdict.PUBLIC) == (step.expect == "public"):
        return "ok"
    if verdict == Verdict.PUBLIC:
        return "!!"
    return "--" if step.wait else "no"


def _done(entry: Entry, state: State) -> Iterator[Styled]:
    planned, data = step_of(state, entry.step), entry.data
    step = planned.step if planned else None
    hand = data.get("by") == "hand"
    if isinstance(step, StandDownStep) or (isinstance(step, LookStep) and not hand):
        return
    by = ", by hand" if hand and not isinstance(step, ManualStep) else ""
    evidence = ", ".join(_evidence(step, data))
    text = f"{step_title(state, entry.step)}{by}" + (f" · {evidence}" if evidence else "")
    yield Styled(text, mark="ok", right=when(entry, state))
    addresses = dict.fromkeys(str(address) for address in (data.get("addresses") or {}).values())
    yield from _below(*(addresses if not isinstance(step, LookStep) else ()))


def _evidence(step: object, data: Mapping[str, Any]) -> Iterator[str]:
    declared = step.evidence if isinstance(step, ManualStep) else {}
    listed = set((data.get("addresses") or {}).values())
    for name, value in (data.get("evidence") or {}).items():
        if value and value not in listed:  # addresses stand below, one a line
            title = declared[name].title if name in declared else name
            yield f"{title}{' ' if title.endswith('?') else ': '}{value}"


def _skipped(entry: Entry, state: State) -> Iterator[Styled]:
    text = f"{step_title(state, entry.step)}: skipped by {_who(entry)}: {entry.data.get('reason', '')}"
    yield Styled(text, mark="--", right=when(entry, state))


def _reopened(entry: Entry, state: State) -> Iterator[Styled]:
    text = f"{step_title(state, entry.step)}: open again. {entry.data.get('reason', '')}"
    yield Styled(text, mark="ok", right=when(entry, state))


_AGREED = "It was agreed beforehand for when nobody can be reached in time."


def _decided(entry: Entry, state: State) -> Iterator[Styled]:
    data = entry.data
    yield Styled(f"Decided: {data.get('title') or data.get('option', '')}", mark="ok", right=when(entry, state))
    agreed = bool(data.get("agreed_beforehand"))
    yield from _below(_AGREED if agreed else f"{_who(entry)}: {data.get('reason', '')}")


def _cleared(entry: Entry, state: State) -> Iterator[Styled]:
    data = entry.data
    code = f"Code {short(str(data.get('digest', '')))}"
    if data.get("agreed_beforehand"):
        yield Styled("Cleared as agreed beforehand", mark="ok", right=when(entry, state))
        yield from _below(_AGREED, code)
        return
    text = f"Cleared by {_who(entry)}" + (f", {data['how']}" if data.get("how") else "")
    text += f"; entered by {entry.actor}" if entry.actor and entry.actor != _who(entry) else ""
    yield Styled(text, mark="ok", right=when(entry, state))
    yield from _below(code)


def _not_cleared(entry: Entry, state: State) -> Iterator[Styled]:
    data = entry.data
    agreed = bool(data.get("agreed_beforehand"))
    text = "Not cleared" + ("" if agreed else f" by {_who(entry)}: {data.get('reason', '')}")
    yield Styled(text, mark="no", right=when(entry, state))
    yield from _below(_AGREED if agreed else "")


def _lapsed(entry: Entry, state: State) -> Iterator[Styled]:
    text = f'"{step_title(state, str(entry.data.get("clearance", "")))}" has lapsed: {entry.data.get("reason", "")}'
    yield Styled(text, mark="!!", right=when(entry, state))
    yield from _below("It must be given again before anything it covers can go out.")


def _retried(entry: Entry, state: State) -> Iterator[Styled]:
    data = entry.data
    text = f"{message_title(state, str(data.get('what', '')))} did not work: {str(data.get('why', '')).rstrip('.')}. "
    text += f"Trying again in {data.get('wait', '?')} s (attempt {data.get('attempt', '?')})."
    yield Styled(text, mark="--", right=when(entry, state))


def _who(entry: Entry) -> str:
    return str(entry.data.get("who") or entry.actor)


def _below(*texts: str) -> Iterator[Styled]:
    """Yield lines that stand beneath a marked one."""
    for text in texts:
        if text:
            yield Styled(text, indent=4)


def _seconds(text: object) -> float | None:
    try:
        return float(str(text))
    except ValueError:
        return None


LINES: dict[Kind, Callable[[Entry, State], Iterable[Styled]]] = {
    Kind.STARTED: quiet,
    Kind.SETTLED: _settled,
    Kind.CONFIRMED: _confirmed,
    Kind.PAUSED: _paused,
    Kind.RESUMED: _resumed,
    Kind.STOOD_DOWN: summary.stood_down,
    Kind.ON: _on,
    Kind.CALLED: _called,
    Kind.ASKED: quiet,
    Kind.ANSWERED: quiet,
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
    Kind.READY: quiet,
    Kind.NOT_READY: sent.not_ready,
    Kind.LEFT_OUT: sent.left_out,
    Kind.STAGED: sent.staged,
    Kind.CLOCK: sent.clock_is_wrong,
    Kind.STOPPED: sent.stopped,
    Kind.INTENT: quiet,
    Kind.OUTCOME: sent.outcome,
    Kind.SKEW: sent.skew,
    Kind.SOUGHT: sent.sought,
    Kind.WITHDRAWN: sent.withdrawn,
    Kind.RETRIED: _retried,
}
"""Every kind of entry and what it says."""
