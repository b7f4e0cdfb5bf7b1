"""What the YAML parser says when it gives up, in words for the person who wrote the file."""

import re

from ruamel.yaml.error import MarkedYAMLError

from runbook.loader.raw import MOST_FAULTS
from runbook.model.problem import Problem, Where

# What the parser says, what that means, and what to do. {line} is where the thing that was left open begins.
_WORDS: tuple[tuple[str, str, str], ...] = (
    (
        r"mapping values are not allowed here",
        "There is a colon here, where no new key can begin.",
        "Put a text with a colon in it into quotes, and look at how far this line is indented.",
    ),
    (
        r"found unexpected end of stream|found unexpected document separator",
        "A quotation mark is opened on line {line} and never closed.",
        "Close it.",
    ),
    (
        r"expected ',' or '(?P<found>[]}])'",
        'A bracket is opened on line {line}, and "{found}" or a comma is missing here.',
        "Close it, put a comma between the items, and quote a text that has brackets in it.",
    ),
    (
        r"found character '(?P<found>.+)' that cannot start any token",
        'A text cannot begin with "{found}".',
        "Put it in quotes.",
    ),
    (
        r"expected <block end>",
        "This does not fit the lines above it.",
        "Indent it as far as its neighbours; after a closing quotation mark nothing else may stand on a line.",
    ),
    (
        r"found unknown escape character '?(?P<found>.)|expected escape sequence",
        "A backslash in double quotes stands before something it has no meaning for.",
        "Use single quotes, or write two backslashes.",
    ),
    (
        r"could not find expected ':'",
        "There is no colon after this key.",
        "Write `key: value`, and indent a text that goes on over several lines.",
    ),
    (
        r"expected chomping or indentation indicators",
        "After | or > something stands on the same line.",
        "Begin the text on the next line, or put it in quotes.",
    ),
)
_TAB = re.compile(r"[ \t]*?\t")


def syntax_problems(error: MarkedYAMLError, text: str, file: str) -> list[Problem]:
    """Return the problem at which the parser gave up; for a tab, one for each line that is indented with tabs."""
    said = error.problem or error.context or ""
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    lines = re.split("\r\n|\r|\n", text)
    if line <= len(lines) and _TAB.match(lines[line - 1]):
        return _tabs(lines, file)
    if "\\t" in said:
        return [Problem("tab", Where(file, line, column), "There is a tab here.", "Use spaces, or quote the text.")]
    opened = error.context_mark.line + 1 if error.context_mark else line
    for pattern, found, remedy in _WORDS:
        match = re.search(pattern, said)
        if match:
            words = found.format(line=opened, found=match.groupdict().get("found", ""))
            return [Problem("syntax", Where(file, line, column), words, remedy)]
    found = f"This cannot be read as YAML ({said})."
    return [Problem("syntax", Where(file, line, column), found, "Look at this line and the one above it.")]


def _tabs(lines: list[str], file: str) -> list[Problem]:
    indented = [(number, match.end()) for number, line in enumerate(lines, 1) if (match := _TAB.match(line))]
    return [
        Problem("tab", Where(file, *place), "This line is indented with a tab.", "Use spaces.")
        for place in indented[:MOST_FAULTS]
    ]
