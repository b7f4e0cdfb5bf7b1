"""The README's picture: the go/no-go and the end of a rehearsal, as a real terminal showed them, exported by rich.

`python tests/support/picture.py --write` makes it anew.
"""

import io
import re
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from rich.console import Console
from rich.text import Text

from support.commands import Home
from support.readme import CHANGING
from support.terminal_session import at_terminal

PICTURE = Path(__file__).parents[2] / "docs" / "rehearsal.svg"
_SCENES = (
    (r"EXERCISE EXERCISE EXERCISE  Practising", r"T\+0 min · Run"),
    (r"To be sent", r"ok  Confirmed"),
    (r"STOOD DOWN", r"Next:"),
)
"""From a line to a line, each the first of its kind after the one before."""


def rehearse(folder: Path) -> list[str]:
    """Run a rehearsal at a terminal in an empty folder; return its lines with their colours."""
    home = Home(folder)
    colours = {name: value for name, value in home.environment.items() if name != "NO_COLOR"}
    arguments = ["-m", "runbook", "execute", "gov-uk-failure", "--dry-run", "--yes"]
    with at_terminal(arguments, {**colours, "TERM": "xterm-256color"}) as session:
        return session.end().replace("\r\n", "\n").split("\n")


def scenes(lines: list[str]) -> list[str]:
    """Return the lines that are shown, the scenes parted by an ellipsis."""
    plain = [Text.from_ansi(line).plain for line in lines]
    shown: list[str] = []
    at = 0
    for first, last in _SCENES:
        begin = next(n for n in range(at, len(plain)) if re.match(first, plain[n]))
        if first == "To be sent":
            begin = max(n for n in range(begin, len(plain)) if plain[n] == "To be sent" and _is_announce(plain, n))
        at = next(n for n in range(begin, len(plain)) if re.match(last, plain[n]))
        shown += ([""] if shown else []) + lines[begin : at + (last != "Next:")]
    return shown


def _is_announce(plain: list[str], line: int) -> bool:
    """Whether a table belongs to the step of the founding incident: journalists and the public told together."""
    heads = [text for text in plain[:line] if re.match(r"EXERCISE  \d+ of \d+", text)]
    return "Tell journalists and the public together" in heads[-1]


def draw(lines: list[str]) -> str:
    """Return the lines as SVG."""
    console = Console(record=True, width=80, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    for line in lines:
        console.print(Text.from_ansi(line), soft_wrap=True)
    return console.export_svg(title="runbook execute gov-uk-failure --dry-run --yes", unique_id="rehearsal")


def words(svg: str) -> str:
    """Return the words of a picture; what changes from run to run (times, dates, seals, figures) counts as the same."""
    texts = re.findall(r">([^<>]+)</text>", svg)
    said = " ".join(" ".join(texts).replace("&#160;", " ").split())
    for changing, instead in CHANGING:
        said = changing.sub(instead, said)
    return re.sub(r"[0-9]+", "0", said)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        made = draw(scenes(rehearse(Path(scratch))))
    if "--write" in sys.argv:
        PICTURE.write_text(made, encoding="utf-8")
    else:
        sys.stdout.write(f"{words(made)}\n")
