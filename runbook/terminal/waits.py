"""The long wait on the screen: what was seen last, how often it is looked, who is on, and that one may go. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from runbook.model.questions import Ask, Choice, Question
from runbook.model.state import Progress, State
from runbook.model.steps import LookStep
from runbook.model.times import duration, in_words
from runbook.terminal.places import step_state
from runbook.terminal.styled import Styled
from runbook.terminal.words import clock, role_title, step_of

Looked = Mapping[str, tuple[datetime, str]]
"""By step that looks: when it looked last, UTC, and its verdict."""


def with_looks(question: Question, state: State, looked: Looked) -> Question:
    """Return a question whose choices say of each repeated look when it was last made and what it saw."""
    return replace(question, options=tuple(_with_look(choice, state, looked) for choice in question.options))


def _with_look(choice: Choice, state: State, looked: Looked) -> Choice:
    step = _repeated(choice, state)
    if step is None or choice.step not in looked:
        return choice
    at, verdict = looked[choice.step]
    return replace(
        choice, hint=f"last look {clock(at, state.plan)}: {verdict}; one every {in_words(duration(step.every))}"
    )


def _repeated(choice: Choice, state: State) -> LookStep | None:
    planned = step_of(state, choice.step) if choice.step else None
    return planned.step if planned and isinstance(planned.step, LookStep) and planned.step.wait else None


def is_long_wait(question: Question, state: State) -> bool:
    """Whether nothing but a look that is repeated is waited for: no single look is on its way."""
    if question.ask is not Ask.WAIT or not any(_repeated(choice, state) for choice in question.options):
        return False
    steps = state.plan.steps if state.plan else ()
    return not any(
        isinstance(planned.step, LookStep)
        and not planned.step.wait
        and step_state(state, planned.id).progress is Progress.BEGUN
        for planned in steps
    )


def waiting_lines(state: State, *, first: bool) -> Iterator[Styled]:
    """Yield who is on, and the first time that the window may be closed."""
    people: dict[str, list[str]] = {}
    for role, person in state.holders.items():
        people.setdefault(person.name, []).append(role_title(state.plan, role))
    if people:
        on = (f"{name} ({' and '.join(roles)})" for name, roles in people.items())
        yield Styled(f"On: {', '.join(on)}")
    if first:
        yield Styled("You may close this window; `runbook resume` carries on.")
