"""What is said when a command is left: once, in words that fit, and with the right exit code."""

import subprocess
import sys
from pathlib import Path

import pytest

from support.terminal_session import at_terminal, environment

EXECUTE = ("-m", "runbook", "execute", "gov-uk-failure", "--dry-run")
CTRL_C = "\x03"
CRASHING = """
import sys
from runbook.cli import main
from runbook.engine import opening

def fail(run):
    password = "not to be written down"
    raise ZeroDivisionError("by " + str(len(password)))

opening.confirm = fail
sys.argv = ["runbook", "execute", "gov-uk-failure", "--dry-run", "--yes"]
main.main()
"""


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return {"RUNBOOK_DATA": str(tmp_path / "data"), "NO_COLOR": "1", "HOME": str(tmp_path)}


def test_ctrl_c_in_a_run_is_said_once_and_how_it_goes_on(env: dict[str, str]) -> None:
    with at_terminal(EXECUTE, env) as session:
        session.expect("? all keys:")
        session.type(CTRL_C, end="")
        said = session.end()
    assert session.process.returncode == 130
    assert "Paused with Ctrl-C. Nothing is lost." in said
    assert said.count("runbook resume") == 1
    assert "Stopped" not in said


def test_a_pause_is_said_once_and_how_it_goes_on(env: dict[str, str]) -> None:
    with at_terminal(EXECUTE, env) as session:
        session.expect("? all keys:")
        session.type("p")
        said = session.end()
    assert session.process.returncode == 3
    assert said.count("paused") == 1
    assert said.count("runbook resume") == 1


def test_ctrl_c_before_there_is_a_run_does_not_speak_of_one_to_resume(env: dict[str, str], tmp_path: Path) -> None:
    office = tmp_path / "office"
    made = (sys.executable, "-m", "runbook", "init", str(office))
    subprocess.run(made, env=environment(env), check=True, capture_output=True, timeout=60)
    release = next((office / "releases").rglob("release.yaml"))
    second = release.parent.parent / "second" / "release.yaml"
    second.parent.mkdir()
    second.write_bytes(release.read_bytes())
    with at_terminal((*EXECUTE, "--workspace", str(office)), env) as session:
        session.expect("Which release?")
        session.expect("Number")
        session.type("3")
        session.expect('"3" is not one of them. Type a number from 1 to 2.')
        session.expect("Number")
        session.type("second")
        session.expect('"second" is not one of them. Type a number from 1 to 2.')
        session.expect("Number")
        session.type(CTRL_C, end="")
        said = session.end()
    assert session.process.returncode == 130
    assert "Stopped. No run was started or changed." in said
    assert "resume" not in said


def test_a_fault_of_ours_is_three_lines_and_a_report_without_any_value(env: dict[str, str], tmp_path: Path) -> None:
    command = (sys.executable, "-c", CRASHING)
    failed = subprocess.run(
        command, env=environment(env), check=False, capture_output=True, text=True, encoding="utf-8", timeout=60
    )
    [report] = (tmp_path / "data" / "crashes").iterdir()
    assert failed.returncode == 1
    assert failed.stderr.splitlines() == [
        "Something failed that was not foreseen (ZeroDivisionError): a fault in runbook.",
        f"What happened is written down for whoever looks after it: {report}",
        "A run that was going on is not lost: `runbook resume` carries on.",
    ]
    assert "Traceback" not in failed.stdout
    text = report.read_text("utf-8")
    assert "ZeroDivisionError: by 22" in text
    assert "command runbook execute gov-uk-failure --dry-run --yes" in text
    assert "not to be written down" not in text
    assert report.stat().st_mode & 0o077 == 0
