"""What does not fit, in the words of somebody who writes files: what was found, in quotes, and what to write."""

import difflib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, get_args

from pydantic_core import ErrorDetails

from runbook.loader.shape import Spot, bare, fields, kinds
from runbook.model.noun import Line, Slug
from runbook.model.release import Address, Asset, Sha256
from runbook.model.steps import When
from runbook.model.times import ClockTime, Duration, Moment

Words = tuple[str, str, str]
"""A problem's code, what was found, and what to do."""


def pattern_of(annotation: Any) -> str:
    """Return the pattern that a text of this kind must match."""
    return next(str(rule.pattern) for rule in get_args(annotation)[1:] if getattr(rule, "pattern", None))


_PATTERNS: Mapping[str, tuple[str, str]] = {
    pattern_of(Slug): (
        "a name that can stand here",
        "Begin with a letter; use lower-case letters, digits and hyphens, 60 at most.",
    ),
    pattern_of(Duration): ("a length of time", "Write a whole number and s, m, h or d: 45s, 15m, 2h or 180d."),
    pattern_of(Moment): ("a moment", 'Write T+5m (after the due time), T-30m, or a quoted clock time such as "09:45".'),
    pattern_of(ClockTime): ("a clock time", 'Write it in quotes with two digits each: "09:30".'),
    pattern_of(When): ("a condition", "Write STEP == OPTION, with one space on each side: long-outage == long."),
    pattern_of(Address): ("a web address", "Write it whole, from https:// on, without spaces."),
    pattern_of(Sha256): (
        "a SHA-256 digest",
        "Write its 64 digits, in lower case; `runbook new release FOLDER` works it out.",
    ),
    pattern_of(Line): ("one line", "Take the line breaks out."),
    pattern_of(fields(Asset)["file"]): (
        "the name of a file in the release's folder",
        "Write it from that folder, with / between the parts.",
    ),
}
_CODES = {"missing": "missing-key", "extra_forbidden": "unknown-key"}


def meant(word: str, known: Iterable[str]) -> str:
    """Return the known word that was probably meant, or an empty text."""
    candidates = {name.lower(): name for name in known}
    near = difflib.get_close_matches(word.lower(), candidates, n=1, cutoff=0.6)
    return candidates[near[0]] if near else ""


def did_you_mean(word: str, known: Iterable[str], what: str) -> str:
    """Return the remedy for a word that is not known: the one that was probably meant, or all there are."""
    names = list(dict.fromkeys(known))
    near = meant(word, names)
    if near:
        return f'Did you mean "{near}"?'
    listed = ", ".join(f'"{name}"' for name in names)
    return f"{what}: {listed}." if names else f"{what}: none."


def explain(error: ErrorDetails, place: Spot, written: str | None) -> Words:
    """Return the problem's code, what was found and what to do, for one finding of pydantic.

    `written` is the value as it stands in the file, where that is known better than from the finding.
    """
    name = next((str(part) for part in reversed(place.path) if isinstance(part, str)), "this file")
    value = f'"{written if written is not None else _short(error.get("input"))}"'
    words = _WORDS.get(error["type"])
    context = error.get("ctx", {})
    if _lacks_unit(value, place):
        number = value.strip('"')
        return (
            "wrong-value",
            f"{name}: {value} has no unit.",
            f'Write "{number}d" for days, or "{number}m" for minutes.',
        )
    if error["type"] == "string_pattern_mismatch":
        kind, remedy = _PATTERNS.get(context["pattern"], ("right", "Look at what may stand here in the documentation."))
        found = f"{value} is not {kind}" if place.is_key else f"{name}: {value} is not {kind}"
        return "wrong-value", f"{found}.", remedy
    if words is None:
        return "wrong-value", f"{name}: {value} is not right ({error['msg'].rstrip('.')}).", "Correct it."
    found, remedy = words(name, value, context, place)
    return _CODES.get(error["type"], "wrong-value"), found, remedy


def _lacks_unit(value: str, place: Spot) -> bool:
    """Tell whether a bare number stands where a length of time is expected."""
    return value.strip('"').isdecimal() and Duration in (place.expected, *get_args(place.expected))


def _short(value: object) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


_Wording = Callable[[str, str, Mapping[str, Any], Spot], tuple[str, str]]


def _missing(name: str, _value: str, _context: Mapping[str, Any], _place: Spot) -> tuple[str, str]:
    return f'The key "{name}" is missing.', f"Add `{name}: …`."


def _unknown(name: str, _value: str, _context: Mapping[str, Any], place: Spot) -> tuple[str, str]:
    return f'Unknown key "{name}".', did_you_mean(name, fields(place.owner) if place.owner else (), "The keys here are")


def _choice(name: str, value: str, _context: Mapping[str, Any], place: Spot) -> tuple[str, str]:
    known = [str(word) for word in get_args(bare(place.expected))]
    return f"{name}: {value} is not known here.", did_you_mean(value.strip('"'), known, "It can be")


def _unknown_kind(_name: str, _value: str, context: Mapping[str, Any], place: Spot) -> tuple[str, str]:
    tag = str(context["tag"])
    return f'kind: "{tag}" is no kind of step.', did_you_mean(tag, kinds(place.expected), "The kinds are")


def _no_kind(_name: str, _value: str, _context: Mapping[str, Any], place: Spot) -> tuple[str, str]:
    listed = ", ".join(f'"{kind}"' for kind in kinds(place.expected))
    return "This step has no kind.", f"Add `kind: …`. The kinds are: {listed}."


def _not_text(name: str, value: str, _context: Mapping[str, Any], _place: Spot) -> tuple[str, str]:
    if value == '"None"' or value in ('""', '"~"', '"null"'):
        return f"{name}: nothing stands here.", "Write a text, or take the key out."
    if value[1] in "[{":
        return f"{name}: a list or table stands here, and a text is expected.", "Write a text; put it in quotes."
    return f"{name}: {value} is not in quotes, so it is not a text.", f"Write {value}, with the quotation marks."


def _says(found: str, remedy: str) -> _Wording:
    """Return a wording from two templates with `{name}`, `{value}` and what pydantic gives: limits and lengths."""

    def wording(name: str, value: str, context: Mapping[str, Any], _place: Spot) -> tuple[str, str]:
        values = {"name": name, "value": value, **context}
        return found.format_map(values), remedy.format_map(values)

    return wording


_TABLE = _says(
    "{name}: {value} stands here, and a table of keys is expected.", "Write `key: value` on lines of their own."
)
_LIST = _says(
    "{name}: {value} stands here, and a list is expected.", "Write [one, two], or each item on a line after `- `."
)
_NUMBER = _says("{name}: {value} is not a whole number.", "Write digits alone.")
_DATE = _says("{name}: {value} is not a date.", "Write it like 2026-11-02.")
_TRUTH = _says("{name}: {value} is neither true nor false.", "Write true or false.")

_WORDS: Mapping[str, _Wording] = {
    "missing": _missing,
    "extra_forbidden": _unknown,
    "literal_error": _choice,
    "union_tag_invalid": _unknown_kind,
    "union_tag_not_found": _no_kind,
    "string_type": _not_text,
    "string_too_short": _says("{name}: the text is empty.", "Write something, or take the key out."),
    "string_too_long": _says("{name}: the text is longer than {max_length} characters.", "Shorten it."),
    "too_short": _says(
        "{name}: there are {actual_length} here, and at least {min_length} are needed.", "Add what is missing."
    ),
    "model_type": _TABLE,
    "model_attributes_type": _TABLE,
    "dict_type": _TABLE,
    "list_type": _LIST,
    "tuple_type": _LIST,
    "int_type": _NUMBER,
    "int_parsing": _NUMBER,
    "int_from_float": _NUMBER,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "greater_than": _says("{name}: {value} is too small; it must be more than {gt}.", "Correct it."),
    "greater_than_equal": _says("{name}: {value} is too small; it must be at least {ge}.", "Correct it."),
    "less_than": _says("{name}: {value} is too large; it must be less than {lt}.", "Correct it."),
    "less_than_equal": _says("{name}: {value} is too large; it may be {le} at most.", "Correct it."),
    "bool_type": _TRUTH,
    "bool_parsing": _TRUTH,
    "date_type": _DATE,
    "date_parsing": _DATE,
    "date_from_datetime_parsing": _DATE,
    "date_from_datetime_inexact": _DATE,
    "channel_kind": _says("The channel “{name}” has no kind.", 'Add `kind = "…"`; `runbook channels` lists the kinds.'),
}
