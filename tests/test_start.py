"""Starting is quick because nothing is imported before it is used. Which modules are, is asked of real processes."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from runbook.channels.registry import KINDS
from support.commands import Home

NETWORK = {"httpx", "requests", "smtplib", "tweepy", "twitter_text", "urllib3"}
HEAVY = NETWORK | {"jinja2", "pydantic", "rich", "ruamel", "tenacity"}
EXECUTE = ("execute", "gov-uk-failure", "--dry-run", "--yes")

NO_SOCKETS = """
import runpy, sys

def refuse(event, arguments):
    if event in ("socket.connect", "socket.bind", "socket.getaddrinfo", "socket.sendto"):
        raise SystemExit(f"a dry run came to {event} {arguments[1:]}")

sys.addaudithook(refuse)
sys.argv = ["runbook", *sys.argv[1:]]
runpy.run_module("runbook", run_name="__main__")
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


@pytest.fixture(scope="module")
def rehearsed(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home in which one run has been rehearsed to its end."""
    home = Home(tmp_path_factory.mktemp("rehearsed"))
    done = home.runbook(*EXECUTE)
    assert done.code == 0, done.err
    return home


def _of(modules: Iterable[str], libraries: set[str]) -> set[str]:
    return {module for module in modules if module.partition(".")[0] in libraries}


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_the_first_answer_imports_nothing_heavy(home: Home, option: str) -> None:
    imported = home.imported_by([option])
    assert "typer" in imported
    assert _of(imported, HEAVY) == set()
    assert [name for name in imported if name.startswith("runbook.") and not name.startswith("runbook.cli")] == [
        "runbook.errors"
    ]


@pytest.mark.parametrize("command", ["runs", "log", "status", "export"])
def test_reading_a_log_loads_no_adapter(rehearsed: Home, command: str) -> None:
    run = _only_run(rehearsed)
    arguments = {"runs": [], "log": [run], "status": [run], "export": [run, "--format", "jsonl"]}[command]
    imported = rehearsed.imported_by([command, *arguments])
    assert "sqlite3" in imported
    assert _of(imported, NETWORK) == set()
    assert imported.isdisjoint(KINDS.values())
    assert not any(name.startswith("runbook.lookout") for name in imported)


def _only_run(home: Home) -> str:
    lines = home.runbook("runs", "--json")
    assert lines.code == 0, lines.err
    import json

    (run,) = json.loads(lines.out)["data"]
    name = run["run"]
    assert isinstance(name, str)
    return name


def test_a_dry_run_loads_nothing_that_could_send(home: Home) -> None:
    imported = home.imported_by(EXECUTE)
    assert "jinja2" in imported
    assert _of(imported, NETWORK - {"twitter_text"}) == set()


def test_a_dry_run_opens_no_socket(home: Home) -> None:
    done = home.python("-c", NO_SOCKETS, *EXECUTE)
    assert (done.code, done.err) == (0, "")
    assert "STOOD DOWN" in done.out


def test_the_module_and_the_command_are_one(home: Home) -> None:
    code = "import sys; sys.argv = ['runbook', '--version']; from runbook.cli.main import main; main()"
    assert home.runbook("--version") == home.python("-c", code)
