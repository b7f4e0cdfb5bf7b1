"""What a typed line means as the answer to a question. Pure; the same for a person, a file and a rehearsal."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from runbook.model.plan import Status
from runbook.model.questions import ALWAYS, GO_BACK, REAL_EVENT, Ask, Choice, Question, Reply
from runbook.model.text import SHOWN_INSTEAD, clean


@dataclass(frozen=True, slots=True)
class Wrong:
    """The line is not an answer. `why` says what was found and what to do."""

    why: str


@dataclass(frozen=True, slots=True)
class Help:
    """Somebody asks which keys there are."""


def read(question: Question, typed: str, status: Status) -> Reply | Wrong | Help:
    """Return what a line means, as a person typed it."""
    line = tidy(typed)
    if line in ("?", "/?"):
        return Help()
    if line.startswith("/"):
        return _command(question, line[1:], status) or _unknown(question, line)
    if question.ask in (Ask.TEXT, Ask.TYPED):
        return answer(question, line)
    found = answer(question, line)
    if isinstance(found, Reply):
        return found
    own = {choice.key.casefold() for choice in question.options}
    command = _command(question, line, status)
    # `n no idea yet` where `n` is an option too: it may mean either, so it is neither.
    return command if command is not None and command.value not in own else found


def tidy(typed: str) -> str:
    """Return a typed line without what is no text: escape sequences of arrow keys, control characters, line breaks."""
    return clean(typed).replace(SHOWN_INSTEAD, "").replace("\n", " ").strip()


def answer(question: Question, line: str) -> Reply | Wrong:
    """Return the answer that a line gives to the question itself; the keys that always work are not among them."""
    if question.ask is Ask.TEXT:
        return _text(question, line)
    if question.ask is Ask.TYPED:
        if line == question.expected:
            return Reply(line)
        return Wrong(f'"{line}" is not it. Type {question.expected} exactly; Ctrl-C leaves, with nothing done.')
    if not line and question.default is not None:
        return Reply(question.default)
    for choice in question.options:
        if choice.key.casefold() == line.casefold():
            return Reply(choice.key)
    return _unknown(question, line)


def _unknown(question: Question, line: str) -> Wrong:
    if question.ask in (Ask.TEXT, Ask.TYPED):
        return Wrong(f'"{line}" is not one of the keys that work here. /? shows all keys.')
    named = ", ".join(key_name(choice) for choice in question.options)
    which = f"The keys here are {named}." if named else "Nothing is asked."
    found = f'"{line}" is not one of the keys.' if line else "Enter alone says nothing here."
    return Wrong(f"{found} {which} ? shows all keys.")


def key_name(choice: Choice) -> str:
    """Return what a key is called: Enter has no letter."""
    return choice.key or "Enter"


def _text(question: Question, line: str) -> Reply | Wrong:
    if not line:
        if question.default is not None:
            return Reply(question.default)
        return Wrong("An answer is needed here.") if question.required else Reply("")
    over = len(line) - question.longest
    if over > 0:
        return Wrong(f"That is {len(line)} characters long; at most {question.longest} fit. Shorten it by {over}.")
    if question.address and not is_public_address(line):
        return Wrong(f'"{line}" is not a web address. Paste it whole, beginning with https://.')
    return Reply(line)


def is_public_address(text: str) -> bool:
    """Whether a text is an http or https address with a host, and nothing that could not be pasted into a browser."""
    if not text.isprintable() or any(character in text for character in ' <>"\\'):
        return False
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.username and port != 0


def commands(question: Question, status: Status) -> tuple[Choice, ...]:
    """Return the keys that work at a question besides its own. A choice's own `b` is its way back."""
    own = {choice.key for choice in question.options}
    back = question.ask is Ask.TEXT or (question.ask is Ask.CHOICE and GO_BACK.key not in own)
    return (*((GO_BACK,) if back else ()), *ALWAYS, *((REAL_EVENT,) if status == "exercise" else ()))


def doubted(question: Question, line: str) -> str:
    """Return what to ask once about a text that may be meant as a key: `e Herald, when?`; empty if it is plainly text.

    A capital letter is none: "X is down" and "I rang them" begin like that.
    """
    if question.ask is not Ask.TEXT:
        return ""
    key, blank, _ = line.partition(" ")
    meant = next((choice for choice in ALWAYS if blank and choice.key == key), None)
    return f"Did you mean /{meant.key} ({meant.label})? Type it again to take it as the answer." if meant else ""


def _command(question: Question, line: str, status: Status) -> Reply | None:
    """Return the command that a line begins with: `e`, `e Herald, when?`, `e: Herald, when?`."""
    key, rest = line[:1].casefold(), line[1:]
    keys = {choice.key for choice in commands(question, status)}
    if key not in keys or (rest and not rest.startswith((" ", ":"))):
        return None
    return Reply(key, command=True, rest=rest.removeprefix(":").strip())
