"""Every command and option has help, and stands in docs/commands.md; what stands there exists."""

import re
from collections.abc import Iterator
from typing import Any

import typer.main

from runbook import errors
from runbook.cli.main import INTERRUPTED, app
from support.sources import CHECKOUT

EVERYWHERE = {"--help", "--install-completion", "--show-completion"}
"""Options that the command line brings along."""
_OPTION = re.compile(r"`(--[a-z][a-z-]*)")


def _leaves(command: Any, name: str = "runbook") -> Iterator[tuple[str, Any]]:
    """Yield every command that does something, by its whole name."""
    inner = getattr(command, "commands", None)
    if inner is None:
        yield name, command
        return
    for word, below in inner.items():
        yield from _leaves(below, f"{name} {word}")


COMMANDS = dict(_leaves(typer.main.get_command(app)))
TEXT = (CHECKOUT / "docs" / "commands.md").read_text(encoding="utf-8")


def _sections() -> dict[str, str]:
    """Return the text about each command, by its whole name."""
    found = re.split(r"^## `(runbook [a-z ]*?)(?: [A-Z\[][^`]*)?`$", TEXT, flags=re.MULTILINE)
    ends = (re.split(r"^## ", text, flags=re.MULTILINE)[0] for text in found[2::2])
    return dict(zip(found[1::2], ends, strict=True))


def _options(command: Any) -> set[str]:
    return {name for option in command.params for name in option.opts if name.startswith("--")} - EVERYWHERE


def test_every_command_stands_in_the_docs_and_no_other() -> None:
    assert set(_sections()) == set(COMMANDS)


def test_every_option_stands_with_its_command_and_no_other() -> None:
    sections = _sections()
    documented = {name: set(_OPTION.findall(sections[name])) - EVERYWHERE for name in COMMANDS}
    # A section may speak of another command's options; its table lists its own.
    listed = {
        name: {
            found for line in sections[name].splitlines() if line.startswith("| `--") for found in _OPTION.findall(line)
        }
        for name in COMMANDS
    }
    assert listed == {name: _options(command) for name, command in COMMANDS.items()}
    every = set().union(*listed.values()) | EVERYWHERE | {"--version"}
    assert all(found <= every for found in documented.values())


def test_every_argument_stands_in_the_heading_of_its_command() -> None:
    headings = {line for line in TEXT.splitlines() if line.startswith("## `runbook ")}
    for name, command in COMMANDS.items():
        count = sum(1 for parameter in command.params if parameter.param_type_name == "argument")
        (heading,) = (line for line in headings if re.match(rf"## `{name}(?: [A-Z\[][^`]*)?`$", line))
        assert len(heading.removeprefix(f"## `{name}").strip("` ").split()) == count, heading


def test_every_command_and_parameter_has_help() -> None:
    silent = [name for name, command in COMMANDS.items() if not command.help]
    silent += [
        f"{name} {parameter.name}"
        for name, command in COMMANDS.items()
        for parameter in command.params
        if not getattr(parameter, "help", None)
    ]
    assert not silent


def test_every_reading_command_speaks_json() -> None:
    reading = ("list", "show", "runs", "status", "log")
    assert [name for name in reading if "--json" not in _options(COMMANDS[f"runbook {name}"])] == []


def test_every_exit_code_is_explained() -> None:
    explained = {int(code) for code in re.findall(r"^\| (\d+) \|", TEXT, re.MULTILINE)}
    own = {
        thing.exit_code for thing in vars(errors).values() if isinstance(thing, type) and hasattr(thing, "exit_code")
    }
    # 0 is success, and 2 is also what the command line itself says to a word that it does not know.
    assert explained == own | {0, 2, INTERRUPTED}
