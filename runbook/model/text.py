"""Texts that people, servers and files wrote, as they may be shown: nothing in them is obeyed by what shows them."""

import re
import unicodedata

from runbook.model import slots

SHOWN_INSTEAD = "\N{REPLACEMENT CHARACTER}"
_ESCAPES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # control sequences: colours, cursor, modes
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)"  # titles, clipboard
    r"|\x1b[ -/]*[0-~]?"  # everything else that begins with an escape
)
_LINE_BREAKS = re.compile("\r\n|[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_JOINERS = "\u200c\u200d\u00ad"
"""Format characters that words and emoji need; the others can turn a text round or hide a part of it."""
_UNSHOWN = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})


def clean(text: str) -> str:
    """Return a text with nothing in it that a terminal or a reader would obey, and each open slot by its name.

    Escape sequences and control characters become U+FFFD each, tabs four blanks, line breaks of every kind a line feed.
    Letters of every script and emoji stay, but not the characters that turn the direction of a text round or stand in
    it unseen.
    """
    if text.isprintable():  # nearly every text
        return text
    text = _LINE_BREAKS.sub("\n", _ESCAPES.sub(SHOWN_INSTEAD, slots.reading(text)))
    return "".join(_shown(character) for character in text.replace("\t", "    "))


def one_line(text: object) -> str:
    """Return a text cleaned and on one line, with single blanks."""
    return " ".join(clean(str(text)).split())


def _shown(character: str) -> str:
    if character == "\n" or character in _JOINERS:
        return character
    return SHOWN_INSTEAD if unicodedata.category(character) in _UNSHOWN else character
