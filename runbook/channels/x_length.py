"""How long X counts a text: every character 1 or 2, every address 23, every emoji 2 (twitter-text, configuration v3).

twitter-text-parser, which passes all of X's own conformance cases, is what counts. It takes a quarter of a second to
load, so a text of which nothing can be in doubt is counted here: plain letters and full addresses between white space.
A test holds the two against each other.
"""

import importlib
import re
import sys
from functools import cache
from importlib.resources import files
from types import ModuleType
from typing import Any

ADDRESS = 23
"""What X counts for an address, however long it is (t.co)."""

_LABEL = r"[a-z0-9]+(?:-[a-z0-9]+)*"
_PLAIN_ADDRESS = re.compile(
    rf"https?://(?=[^/]{{1,60}}(?:/|$)){_LABEL}(?:\.{_LABEL})*\.(?:org|com|uk)(?:/[A-Za-z0-9]+(?:[-/.][A-Za-z0-9]+)*/?)?"
)
_PLAIN_WORD = re.compile(r"[!-\-/-~\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u017f\u2013\u2014\u2018-\u201d]+\.?")
"""No full stop but the last: `ons.gov.uk` is an address too, with or without `https`."""


def weighted(text: str) -> tuple[int, bool]:
    """Return how long X counts a text, and whether it has only characters that X takes."""
    simple = plain_length(text)
    if simple is not None:
        return simple, True
    parsed = _library().parse_tweet(text)
    return int(parsed.weightedLength), bool(parsed.valid)


@cache
def _library() -> Any:
    """Return twitter-text-parser, loaded with a stand-in for the one thing that it wants of setuptools.

    It reads a file of its own through `pkg_resources`, without asking for setuptools to be installed; environments of
    Python 3.12 and later have none, and setuptools itself has dropped it.
    """
    stand_in = ModuleType("pkg_resources")
    stand_in.resource_string = _resource  # type: ignore[attr-defined]
    before = {name: module for name, module in sys.modules.items() if name == "pkg_resources"}
    sys.modules["pkg_resources"] = stand_in
    try:
        return importlib.import_module("twitter_text")
    finally:
        del sys.modules["pkg_resources"]
        sys.modules.update(before)


def _resource(module: str, name: str) -> bytes:
    return files(module.rpartition(".")[0]).joinpath(name).read_bytes()


def plain_length(text: str) -> int | None:
    """Return the length of a text of plain words and whole addresses; None for any other."""
    length = 0
    for piece in re.split("([ \n])", text):
        if piece in {"", " ", "\n"} or _PLAIN_WORD.fullmatch(piece):
            length += len(piece)
        elif _PLAIN_ADDRESS.fullmatch(piece):
            length += ADDRESS
        else:
            return None
    return length
