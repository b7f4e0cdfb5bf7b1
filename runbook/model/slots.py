"""Values that are known only when the run has come so far: an address, the actual time, a ticket number.

Templates are rendered once, at planning. What is not known then leaves a *slot* in the text, and the cleared text is
the text with its slots. Filling them later is substitution, nothing else; there is no template language at run time.

A slot stands between U+E000 and U+E001, two private characters that no file may contain.
"""

import html
import re
from collections.abc import Callable, Mapping

OPEN, CLOSE = "\ue000", "\ue001"
_UNKNOWN = "\u2039\u203a"
_SLOT = re.compile(f"{OPEN}([^{OPEN}{CLOSE}]+){CLOSE}")


class Unfilled(KeyError):
    """A slot has no value yet. `args[0]` is its name."""


def slot(name: str) -> str:
    """Return the slot called `name`, as it stands in a text."""
    return f"{OPEN}{name}{CLOSE}"


def names(text: str) -> tuple[str, ...]:
    """Return the names of the slots in `text`, each once, in the order in which they appear."""
    return tuple(dict.fromkeys(_SLOT.findall(text)))


def fill(text: str, values: Mapping[str, str], *, as_html: bool = False) -> str:
    """Return `text` with every slot filled. Raises `Unfilled` for the first that has no value.

    With `as_html` the values are escaped; the text around them is taken to be HTML already.
    """

    def value(name: str) -> str:
        if name not in values:
            raise Unfilled(name)
        return html.escape(values[name]) if as_html else values[name]

    return _replace(text, value)


def reading(text: str, values: Mapping[str, str] | None = None) -> str:
    """Return `text` for a person to read: known values filled in, the others by name in angle quotation marks."""
    known = values or {}
    return _replace(text, lambda name: known.get(name, f"{_UNKNOWN[0]}{name}{_UNKNOWN[1]}"))


def _replace(text: str, value: Callable[[str], str]) -> str:
    return _SLOT.sub(lambda match: value(match.group(1)), text)
