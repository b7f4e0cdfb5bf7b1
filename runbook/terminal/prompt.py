"""How a question stands on the screen: its text with the time beside it, the choices, and the keys. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import zip_longest

from rich.cells import cell_len

from runbook.model.questions import ALWAYS, GO_BACK, Ask, Choice, Question
from runbook.model.state import State
from runbook.model.text import one_line
from runbook.terminal.reading import commands, key_name
from runbook.terminal.styled import BLANK, Ink, Styled, marked, wrap
from runbook.terminal.words import BADGES, due_in_words, step_of, t_plus

_SHOWN_FIRST = "enh"
"""The keys that work everywhere and stand on the line of keys, as many as fit; `?` shows the others."""
_SHOWN_WAITING = "enp"
_SHOWN_TYPING = (GO_BACK, *(choice for choice in ALWAYS if choice.key == "e"))
"""Where a text is typed, each with `/` before it."""
_ROOM = 3
"""Columns kept free on the line for what is typed."""


def question_lines(question: Question, state: State, now: datetime, width: int = 80) -> tuple[Styled, ...]:
    """Return what stands above the line that is typed on."""
    return tuple(_above(question, state, now, width))


def _above(question: Question, state: State, now: datetime, width: int) -> Iterator[Styled]:
    if question.ask is Ask.TYPED:
        return
    where = standing(question, state, now)
    if question.ask is Ask.TEXT:
        yield marked(_text_asked(question), Ink.STRONG, right=where)
        return
    if first_of_roll_call(question, state):
        yield BLANK
        yield Styled("Who is on?  Enter accepts; a number changes.")
    if any(choice.step for choice in question.options):
        yield BLANK
    if one_choice(question):
        # "Press Enter to practise": its text is the line that is typed on.
        yield Styled(right=where)
    else:
        yield marked(question.text, Ink.STRONG, right=where)
    if question.listed:
        deputies = _called_in_turn(question)
        yield from _listed(
            [_deputy(c, n) for n, c in enumerate(question.options)] if deputies else question.options, width
        )


def first_of_roll_call(question: Question, state: State) -> bool:
    """Whether it is the roll-call's first question: nobody is on yet."""
    return _called_in_turn(question) and not state.holders


def _called_in_turn(question: Question) -> bool:
    """Whether the choices are a role's people in the order of succession, as the roll-call shows them."""
    return question.listed and question.id.startswith("roll-call.")


def _deputy(choice: Choice, place: int) -> Choice:
    """Return the choice of a person as it is shown: whoever is not first in the line of succession is a deputy."""
    return replace(choice, label=f"{choice.label}, deputy") if place > 0 and choice.key.isdigit() else choice


def _listed(options: Sequence[Choice], width: int) -> Iterator[Styled]:
    """Yield the choices in two columns, the hints in the second; a long text goes on beneath itself in its column."""
    keys = max((cell_len(choice.key) for choice in options), default=0)
    texts = [(choice.key, one_line(choice.label), one_line(choice.hint)) for choice in options]
    room = width - 2 - keys - 1 - (2 if any(hint for _, _, hint in texts) else 0)
    hints = max((cell_len(hint) for _, _, hint in texts), default=0)
    # Titles are what is read first: they have at least eleven twentieths, and all that the hints leave.
    labels = min(max((cell_len(label) for _, label, _ in texts), default=0), max(room - hints, room * 11 // 20))
    for key, label, hint in texts:
        left = wrap(label, labels, labels) if hint else wrap(label, room, room)
        right = wrap(hint, room - labels, room - labels) if hint else ()
        for number, (one, other) in enumerate(zip_longest(left, right, fillvalue="")):
            column = one + " " * (labels - cell_len(one))
            yield Styled(f"{key if number == 0 else '':<{keys}} {column}  {other}".rstrip(), indent=2)


def standing(question: Question, state: State, now: datetime) -> str:
    """Return what is visible at every question: real or exercise, the time against the due time, what is late."""
    planned = step_of(state, question.step)
    due = due_in_words(planned, now, state.plan) if planned and state.plan else ""
    time = "" if question.text.startswith(("T+", "T-")) else t_plus(now, state.plan)
    return " · ".join(part for part in (time, due, BADGES[state.status]) if part)


def one_choice(question: Question) -> bool:
    """Whether there is one answer and Enter gives it, so that its text says everything."""
    keys = [choice.key for choice in question.options]
    return question.ask is Ask.CHOICE and keys in ([], [question.default]) and question.default is not None


def typing_line(question: Question, width: int) -> tuple[tuple[str, ...], str]:
    """Return the line that is typed on, and the lines of keys before it where they need more than one."""
    if question.ask is Ask.TEXT:
        return (), _text_keys(width)
    if question.ask is Ask.TYPED or one_choice(question):
        return (), _ended(one_line(question.text))
    first = _choices(question)
    extra = [f"{choice.key} {choice.label}" for choice in _extra(question)]
    while extra and not _fits([*first, *extra, "? all keys"], width):
        extra.pop()
    *rows, last = _rows([*first, *extra, "? all keys"], width)
    return tuple(rows), f"{last}: "


def _text_keys(width: int) -> str:
    keys = [f"/{choice.key} {choice.label}" for choice in _SHOWN_TYPING]
    while keys and not _fits([*keys, "/? all keys"], width):
        keys.pop()
    return f"{' · '.join([*keys, '/? all keys'])}: "


def _text_asked(question: Question) -> str:
    text = one_line(question.text)
    if question.default:
        text += f" (Enter: {one_line(question.default)})"
    elif not question.required:
        text += " (Enter if none yet)" if "(enter" not in text.lower() else ""
    return text


def _ended(text: str) -> str:
    return f"{text} " if text.endswith(("?", ":")) else f"{text.rstrip('.')}: "


def _choices(question: Question) -> list[str]:
    if not question.listed:
        return [_choice(choice, question.default) for choice in question.options]
    if not question.options:
        return []
    number = "Number" if all(choice.key.isdigit() for choice in question.options) else "Key"
    return [f"{number} (Enter: {question.default})" if question.default else number]


def _choice(choice: Choice, default: str | None) -> str:
    if not choice.key:
        return one_line(choice.label)
    return f"{choice.key} {one_line(choice.label)}{' (Enter)' if choice.key == default else ''}"


def _extra(question: Question) -> list[Choice]:
    own = {choice.key.casefold() for choice in question.options}
    shown = _SHOWN_WAITING if question.ask is Ask.WAIT else _SHOWN_FIRST
    return [choice for choice in ALWAYS if choice.key in shown and choice.key not in own]


def _fits(keys: Sequence[str], width: int) -> bool:
    return cell_len(" · ".join(keys)) + 2 + _ROOM <= width


def _rows(keys: Sequence[str], width: int) -> list[str]:
    rows = [keys[0]]
    for key in keys[1:]:
        if _fits([rows[-1], key], width):
            rows[-1] = f"{rows[-1]} · {key}"
        else:
            rows.append(key)
    return rows


def all_keys(question: Question, state: State) -> tuple[Styled, ...]:
    """Return every key that works here, one a line: the question's own, then those that work at any prompt."""
    return tuple(_all_keys(question, state))


def _all_keys(question: Question, state: State) -> Iterator[Styled]:
    own = {choice.key.casefold() for choice in question.options}
    for choice in question.options:
        yield _key_line(key_name(choice), choice)
    if question.ask is Ask.TEXT:
        yield Styled(f"A line of text, at most {question.longest} characters.", indent=2)
    if question.ask is Ask.TYPED:
        yield Styled(f"Exactly {question.expected}, typed out.", indent=2)
    typed = question.ask in (Ask.TEXT, Ask.TYPED)
    yield Styled("At any prompt:" if not typed else "At any prompt; here with / before the key:")
    for choice in commands(question, state.status):
        if choice is GO_BACK and GO_BACK.key in own:
            continue
        yield _key_line(f"/{choice.key}" if typed or choice.key in own else choice.key, choice)
    yield Styled(f"Text may follow on the same line: {'/' if typed else ''}e Herald news desk, when is it out?")
    yield Styled("Ctrl-C leaves at any time: nothing is lost, `runbook resume` carries on.")
    yield BLANK


def _key_line(key: str, choice: Choice) -> Styled:
    hint = f"  {choice.hint}" if choice.hint else ""
    return Styled(f"{one_line(choice.label):<14}{hint}", mark=key, indent=2)
