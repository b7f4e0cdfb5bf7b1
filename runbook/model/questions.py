"""What the engine asks of people, and what they answer. A default is the safe answer, or there is none."""

from dataclasses import dataclass, field
from enum import StrEnum

from runbook.model.outcome import Outcome


class Ask(StrEnum):
    """The shapes of a question."""

    CHOICE = "choice"
    """One of `options`."""
    TEXT = "text"
    """A line of text."""
    TYPED = "typed"
    """Exactly `expected`, typed out."""
    WAIT = "wait"
    """Nothing is asked: something else is waited for. Only the keys that are always there are taken."""


@dataclass(frozen=True)
class Choice:
    """One answer to choose: the key to press, and what it means.

    `label` is short, for the line of keys; `hint` is shown beside it where the choices are listed one a line.
    """

    key: str
    label: str
    hint: str = ""
    step: str = ""
    """The step that the choice leads to, where it leads to one."""
    name: str = ""
    """What a file of answers may call it, besides its key and its label."""


@dataclass(frozen=True)
class Question:
    """One thing to ask.

    id        a stable name, `STEP` or `STEP.PART`: the key in an answers file
    text      the question, one line
    ask       its shape
    options   for a choice, in the order in which they are shown
    listed    the choices stand one a line with their hints, rather than on the line of keys
    default   the answer that Enter gives; None: Enter asks again
    example   what a rehearsal with `--yes` answers
    expected  for `TYPED`
    required  for `TEXT`: an empty answer is not taken
    longest   for `TEXT`: the greatest length, in characters
    address   for `TEXT`: the answer must be a public http(s) address
    step      the step it belongs to, if any
    """

    id: str
    text: str
    ask: Ask = Ask.CHOICE
    options: tuple[Choice, ...] = ()
    listed: bool = False
    default: str | None = None
    example: str = ""
    expected: str = ""
    required: bool = True
    longest: int = 500
    address: bool = False
    step: str = ""


ALWAYS: tuple[Choice, ...] = (
    Choice("e", "enquiry", "log a question from outside in one line, and see the line to take"),
    Choice("n", "note", "add a note to the log"),
    Choice("h", "hand over", "give a role to somebody else"),
    Choice("w", "withdraw", "withdraw or correct something that was sent"),
    Choice("x", "fix the log", "correct an entry; the first one stays, with the correction beside it"),
    Choice("o", "open again", "do a skipped step after all, or decide anew"),
    Choice("i", "where are we", "steps, people and times so far"),
    Choice("p", "pause", "leave the run; `runbook resume` continues it"),
    Choice("z", "stand down", "end the run before its last step, with a reason"),
)
"""The keys that work at any prompt. A question's own keys come first; with `/` before it, a key is one of these."""

REAL_EVENT = Choice("!", "real event", "end this exercise at once")
"""In an exercise only."""

GO_BACK = Choice("b", "go back", "give up this question")
"""A way back from a question inside a step or a command.

Taken as a command (`/b`) where a text is typed, and where a choice has no `b` of its own.
"""


@dataclass(frozen=True)
class Reply:
    """What somebody answered: an option's key or a text; with `command`, one of the keys that work at any prompt."""

    value: str
    who: str = ""
    """The person, where the way of answering names one; else the holder of the role."""
    command: bool = False
    rest: str = ""
    """What was typed after a command's key: `e Herald, when is it out?`."""


@dataclass(frozen=True)
class MessageRow:
    """One line of the go/no-go table."""

    id: str
    title: str
    kind: str
    summary: str
    ready: bool
    detail: str = ""
    refused: dict[str, str] = field(default_factory=dict)
    left_out: bool = False
    outcome: Outcome | None = None


@dataclass(frozen=True)
class Sheet:
    """Something to read before answering: a step's instructions, a text to copy, a message as it will go out.

    `heading` names it; each block is a title and the lines of its text. Nothing in it is markup.
    """

    heading: str
    blocks: tuple[tuple[str, str], ...] = ()
    rows: tuple[MessageRow, ...] = ()
    notes: tuple[str, ...] = ()
    step: str = ""
