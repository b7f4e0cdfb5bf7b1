"""Texts as they may be shown: what people, servers and files wrote, without what a terminal or a reader would obey."""

import re
import unicodedata

_ESCAPES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # control sequences: colours, cursor
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)"  # titles, clipboard
    r"|\x1b[ -/]*[0-~]?"
)
_KEPT = "\u200c\u200d"  # joiners, which some scripts and emoji need; other format characters can turn a text round
_UNSHOWN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


def plain(text: object) -> str:
    """Return a text on one line: no escape sequences, no control or direction characters, single blanks."""
    bare = str(text)
    if bare.isprintable():  # nearly every text: nothing in it is a control or a format character
        return " ".join(bare.split())
    bare = _ESCAPES.sub("", bare)
    shown = (
        char if char in _KEPT or unicodedata.category(char) not in _UNSHOWN else " " if char.isspace() else ""
        for char in bare
    )
    return " ".join("".join(shown).split())
