"""Sessions in the documentation are real output: this runs them, compares them, and writes them anew.

A session is a fenced block whose first line is a command:

    ```console
    $ runbook execute gov-uk-failure --dry-run --yes
    EXERCISE EXERCISE EXERCISE  Practising: GOV.UK publication failure
    …
    ```

The sessions of one document are run in the order in which they stand, in one folder, as somebody would who types along.
Commands are `runbook …`, `cd DIR` and `cat FILE`. A block of another language whose first line is `# save as PATH` is
saved there first. A command ends with 0, or as the fence says: ```` ```console exit=2 ````.

A line that is `…` alone stands for any lines. The rest is compared word by word, so that a longer date may break a line
elsewhere; and what is different each time counts as the same: times, dates, digests, seals. The folder is written `~`.

`python tests/support/readme.py --write` writes what the commands really say into README.md and docs/*.md. It keeps the
`…` of a block: as many lines before the first and after the last as there were, and between two of them those that
begin with the same line.
"""

import argparse
import re
import shlex
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support.commands import Home
from support.sources import CHECKOUT

ANY = "…"
_FENCE = re.compile(r"^```(?P<info>\S[^`\n]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
_SAVE = re.compile(r"^# save as (\S+)$")
_DAY = r"(?:Mon|Tues?|Wed(?:nes)?|Thu(?:rs)?|Fri|Sat(?:ur)?|Sun)(?:day)?"
_MONTH = (
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December"
    r"|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
)
CHANGING = (
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?"), "<moment>"),
    (re.compile(rf"({_DAY} )?\d{{1,2}} {_MONTH}( \d{{4}})?"), "<date>"),
    (re.compile(r"\d{4}-\d\d-\d\d"), "<date>"),
    (re.compile(r"\b\d\d:\d\d(:\d\d)?( (GMT|BST|UTC))?"), "<clock>"),
    # A run that is practised late in the evening names the day once it has changed.
    (re.compile(r"<date> <clock>"), "<clock>"),
    (re.compile(r"\b[0-9a-f]{12,64}\b"), "<digest>"),
    (re.compile(r"\b(code|seal) [0-9a-f]{4} [0-9a-f]{4}\b", re.IGNORECASE), r"\1 <seal>"),
)
"""What is different each time, and what it counts as."""


@dataclass(frozen=True)
class Command:
    """One command of a session, with the lines that stand below it. `code` is how it ends."""

    words: tuple[str, ...]
    line: str
    shown: tuple[str, ...] = ()
    code: int = 0


@dataclass(frozen=True)
class Block:
    """One fenced block: where its body stands in the text, and what it says."""

    start: int
    end: int
    commands: tuple[Command, ...] = ()
    save_as: str = ""
    body: str = ""


@dataclass(frozen=True)
class Ran:
    """A command, and what it really said."""

    command: Command
    said: tuple[str, ...]
    code: int


@dataclass
class Session:
    """A folder in which the commands of one document are run, one after the other."""

    home: Home
    at: Path = field(init=False)

    def __post_init__(self) -> None:
        self.at = self.home.folder

    def run(self, command: Command) -> Ran:
        name, *arguments = command.words
        if name == "cd":
            self.at = (self.at / arguments[0]).resolve()
            return Ran(command, (), 0)
        if name == "cat":
            return Ran(command, tuple((self.at / arguments[0]).read_text(encoding="utf-8").splitlines()), 0)
        if name != "runbook":
            raise ValueError(f"A session runs runbook, cd and cat; found {command.line!r}.")
        done = self.home.runbook(*arguments, at=self.at)
        said = (done.out + done.err).replace(str(self.home.folder), "~")
        return Ran(command, tuple(line.rstrip() for line in said.splitlines()), done.code)

    def save(self, block: Block) -> None:
        path = self.at / block.save_as
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.body, encoding="utf-8")


def documents() -> list[Path]:
    """Return the documents that can hold sessions."""
    return [CHECKOUT / "README.md", *sorted((CHECKOUT / "docs").glob("*.md"))]


def blocks(text: str) -> Iterator[Block]:
    """Yield the sessions of a document, and the files that they use."""
    for fence in _FENCE.finditer(text):
        body = fence["body"]
        first = body.partition("\n")[0]
        if fence["info"].split()[0] == "console" and re.match(r"\$ (runbook|cd|cat) ", first):
            commands = tuple(_commands(body, _code(fence["info"])))
            yield Block(fence.start("body"), fence.end("body"), commands)
        elif save := _SAVE.match(first):
            yield Block(fence.start("body"), fence.end("body"), save_as=save[1], body=body)


def _code(info: str) -> int:
    found = re.search(r"\bexit=(\d+)", info)
    return int(found[1]) if found else 0


def _commands(body: str, code: int) -> Iterator[Command]:
    """Yield the commands of one body; the code is that of its last."""
    parts = re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]
    for number, part in enumerate(parts, 1):
        line, *shown = part.splitlines()
        while shown and not shown[-1]:
            shown.pop()
        yield Command(tuple(shlex.split(line)), line, tuple(shown), code if number == len(parts) else 0)


def run_document(text: str, folder: Path) -> Iterator[tuple[Block, tuple[Ran, ...]]]:
    """Run every session of a document in `folder`, and yield each block with what its commands said."""
    session = Session(Home(folder))
    for block in blocks(text):
        if block.save_as:
            session.save(block)
        else:
            yield block, tuple(session.run(command) for command in block.commands)


def same(shown: tuple[str, ...], said: tuple[str, ...]) -> bool:
    """Whether the lines that are shown are what was said."""
    pieces = [re.escape(_words(piece)) for piece in _pieces(shown)]
    # A piece begins and ends at a word; an empty one, before a first `…`, asks nothing.
    pattern = r"(?:.*)".join(f"(?:^| ){piece}(?= |$)" if piece else "" for piece in pieces)
    if len(pieces) == 1:
        return _words(shown) == _words(said)
    ends = (r"\A" if pieces[0] else "", r"\Z" if pieces[-1] else "")
    return re.search(ends[0] + pattern + ends[1], _words(said)) is not None


def _pieces(lines: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Split lines at each `…`."""
    pieces: list[tuple[str, ...]] = [()]
    for line in lines:
        if line.strip() == ANY:
            pieces.append(())
        else:
            pieces[-1] = (*pieces[-1], line)
    return pieces


def _words(lines: tuple[str, ...]) -> str:
    text = " ".join(" ".join(lines).split())
    for pattern, name in CHANGING:
        text = pattern.sub(name, text)
    return text


def anew(shown: tuple[str, ...], said: tuple[str, ...]) -> tuple[str, ...]:
    """Return what was said, shortened where `shown` is. Raises ValueError if a piece between two `…` is gone."""
    first, *rest = _pieces(shown)
    if not rest:
        return said
    *middle, last = rest
    lines = [*said[: len(first)], ANY]
    at = len(first)
    for piece in middle:
        begins = next((n for n in range(at, len(said)) if _words(said[n : n + 1]) == _words(piece[:1])), None)
        if begins is None:
            raise ValueError(f"No line says {piece[0]!r} any more; choose another to show.")
        at = begins + len(piece)
        lines += [*said[begins:at], ANY]
    return (*lines, *said[max(at, len(said) - len(last)) :]) if last else tuple(lines)


def rewritten(text: str, folder: Path) -> str:
    """Return the document with what its commands really say. Raises ValueError where one ends with another code."""
    changes = []
    for block, ran in run_document(text, folder):
        bodies = []
        for one in ran:
            if one.code != one.command.code:
                raise ValueError(f"`{one.command.line}` ended with {one.code}: {' '.join(one.said)}")
            shown = anew(one.command.shown, one.said)
            bodies.append("\n".join([f"$ {one.command.line}", *shown]) + "\n")
        changes.append(replace(block, body="".join(bodies)))
    for block in reversed(changes):
        text = text[: block.start] + block.body + text[block.end :]
    return text


def main() -> int:
    """Say which documents differ from what the commands say, or with `--write` put that right."""
    parser = argparse.ArgumentParser(description="Run the sessions in README.md and docs/*.md.")
    parser.add_argument("--write", action="store_true", help="write what the commands really say")
    wish = parser.parse_args()
    differing = 0
    for path in documents():
        text = path.read_text(encoding="utf-8")
        with tempfile.TemporaryDirectory() as folder:
            new = rewritten(text, Path(folder).resolve())
        if new != text:
            differing += 1
            said = "is written anew" if wish.write else "differs"
            print(f"{path.relative_to(CHECKOUT)} {said}.")  # noqa: T201  # a script's answer
            if wish.write:
                path.write_text(new, encoding="utf-8")
    return 0 if wish.write else min(differing, 1)


if __name__ == "__main__":
    sys.exit(main())
