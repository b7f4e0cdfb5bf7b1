"""A log at a terminal is broken where it can be read; in a pipe each entry stays on its line."""

from pathlib import Path

import pytest

from support.commands import Home
from support.terminal_session import at_terminal


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("home"))
    done = home.runbook("execute", "gov-uk-failure", "--dry-run", "--yes")
    assert done.code == 0, done.err
    return home


@pytest.mark.parametrize(("command", "hang"), [("log", 27), ("runs", 32)])
def test_at_a_terminal_no_line_is_too_long_and_a_later_one_hangs(home: Home, command: str, hang: int) -> None:
    env = {"RUNBOOK_DATA": home.environment["RUNBOOK_DATA"], "HOME": str(Path(home.folder))}
    with at_terminal(("-m", "runbook", command), env) as session:
        lines = session.end().splitlines()
    assert [line for line in lines if len(line) > 80 and "://" not in line] == []
    whole = home.runbook(command).out.splitlines()
    if command == "log":
        assert len(lines) > len(whole)
        assert all(line.startswith(" " * hang) for line in lines if not line[:4].strip().isdigit())
    assert " ".join(" ".join(lines).split()) == " ".join(" ".join(whole).split())


def test_in_a_pipe_every_entry_is_one_line(home: Home) -> None:
    lines = home.runbook("log", "--all").out.splitlines()
    assert [int(line[:4]) for line in lines] == list(range(1, len(lines) + 1))
    assert any(len(line) > 80 for line in lines)


def test_problems_at_a_terminal_are_broken_between_words_and_hang(home: Home) -> None:
    office = home.folder / "office"
    assert home.runbook("init", str(office)).code == 0
    settings = office / "runbook.toml"
    text = settings.read_text("utf-8").replace('"env:RUNBOOK_SMTP_PASSWORD"', '"hunter2"')
    settings.write_text(text.replace("[roles.statistician]", "[roles.statistican]"), "utf-8")
    command = ("execute", "gov-uk-failure", "--dry-run", "--yes")
    whole = home.runbook(*command, at=office).err.splitlines()
    assert any(len(line) > 80 for line in whole)
    env = {"RUNBOOK_WORKSPACE": str(office), "HOME": str(Path(home.folder))}
    with at_terminal(("-m", "runbook", *command), env) as session:
        lines = session.end().splitlines()
    assert [line for line in lines if len(line) > 80 and "://" not in line and str(office) not in line] == []
    assert any(line.startswith(" " * 10) and line[10] != " " for line in lines)
    at_the_terminal = " ".join(" ".join(lines).split()).replace(f"{office}/", "")
    assert at_the_terminal == " ".join(" ".join(whole).split()).replace(f"{office}/", "")
