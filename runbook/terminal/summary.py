"""The end of a run on the screen: when, how much, the log's seal, the milestones against their objectives."""

from collections.abc import Iterator
from datetime import timedelta

from runbook.model.entries import Entry
from runbook.model.plan import short
from runbook.model.scores import SKEW, Score, apart_in_words, exactly, scores
from runbook.model.state import State
from runbook.model.times import in_words
from runbook.model.words import counted
from runbook.terminal.styled import BLANK, Ink, Styled
from runbook.terminal.words import clock, message_title


def stood_down(entry: Entry, state: State) -> Iterator[Styled]:
    """Say that the run is over and what it came to."""
    yield BLANK
    plan = state.plan
    parts = [f"STOOD DOWN {clock(entry.at, plan)}"]
    if plan is not None:
        length = entry.at - plan.release.due
        parts.append(f"{in_words(abs(length))} {'before' if length < timedelta() else 'after'} due")
    parts.append(counted(entry.sequence, "entry", "entries"))
    if state.status == "exercise":
        parts.append("exercise")
    yield Styled(" · ".join(parts), ink=Ink.STRONG)
    if entry.data.get("early"):
        yield Styled(f"Before its last step: {entry.data.get('reason', '')}", mark="--")
    yield Styled(f"Log seal {short(entry.hash)}: note it down; it proves that nothing was altered.")
    yield from judged_lines(state)
    yield from _unknowns(state)
    yield Styled(f"runbook log {entry.run}", mark="Next:", mark_ink=Ink.QUIET)
    yield Styled(f"runbook export {entry.run} --format markdown", indent=7)


def judged_lines(state: State) -> Iterator[Styled]:
    """Yield a line for each thing that the run is judged by."""
    found = [(score, _reached(score), _objective(score)) for score in scores(state)]
    widest = max((len(score.title) for score, _, objective in found if objective), default=0)
    longest = max((len(reached) for _, reached, _ in found), default=0)
    for score, reached, objective in found:
        word = "" if score.met is None else "met" if score.met else "not met"
        text = f"{score.title:<{widest}}   {reached:<{longest}}   {objective}".rstrip()
        ink = Ink.GOOD if score.met else Ink.BAD
        yield Styled(text, indent=2, right=word, column=7, right_ink=ink)


def _reached(score: Score) -> str:
    """Return what was measured as a person says it; to the second only where the minute would not explain `not met`."""
    if score.measured is None:
        return "not yet" if score.met is None else "not measured" if score.measure == SKEW else "not reached"
    if score.measure == SKEW:
        return apart_in_words(score.measured)
    if score.measured < timedelta():
        return f"{in_words(-score.measured)} before due"
    close = score.limit is not None and not score.met and in_words(score.measured) == in_words(score.limit)
    return f"after {exactly(score.measured) if close else in_words(score.measured)}"


def _objective(score: Score) -> str:
    return f"objective {in_words(score.limit)}" if score.limit is not None else ""


def _unknowns(state: State) -> Iterator[Styled]:
    for sending in state.sendings.values():
        if sending.unknown:
            title = message_title(state, sending.message, correction=sending.correction)
            yield Styled(f"{title}: still unknown whether it went out.", mark="??", ink=Ink.STRONG)
