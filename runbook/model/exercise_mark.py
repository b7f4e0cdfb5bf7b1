"""The mark that every message of an exercise begins and ends with, so that none can be taken for real.

A channel measures and refuses a message without its mark: the words that would go out for real are what must fit.
"""

from collections.abc import Callable

from runbook.model.message import Draft, Part

MARK = "EXERCISE EXERCISE EXERCISE"
_TITLES = ("subject", "title")


def marked(draft: Draft) -> Draft:
    """Return the draft with the mark around each of its texts. Harmless when repeated."""
    return _each(draft, _mark)


def unmarked(draft: Draft) -> Draft:
    """Return the draft as it would go out for real."""
    return _each(draft, _unmark)


def _each(draft: Draft, change: Callable[[str, Part], str]) -> Draft:
    parts = {name: part.model_copy(update={"text": change(name, part)}) for name, part in draft.parts.items()}
    return draft.model_copy(update={"parts": parts})


def _around(name: str, part: Part) -> tuple[str, str]:
    if name in _TITLES:
        return f"{MARK}: ", ""
    if part.html:
        return f"<p><strong>{MARK}</strong></p>\n", f"\n<p><strong>{MARK}</strong></p>"
    return f"{MARK}\n", f"\n{MARK}"


def _mark(name: str, part: Part) -> str:
    before, after = _around(name, part)
    if part.text.startswith(before):
        return part.text
    return f"{before}{part.text}{after}"


def _unmark(name: str, part: Part) -> str:
    before, after = _around(name, part)
    return part.text.removeprefix(before).removesuffix(after)
