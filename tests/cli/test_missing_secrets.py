"""Secrets that are not there are told at a live start, all at once; a rehearsal never looks."""

from pathlib import Path

from runbook.model.entries import Kind
from support.stage import PLAYBOOK, Stage, answers_for

STUCK = answers_for("by-machine", "long") | {"begin": "perhaps"}
SETTLED = {"settle.who": "Duty lead", "settle.no-secret.1": "y", "settle.no-secret.1.reason": "It comes by telephone."}


def without_secrets(stage: Stage) -> None:
    settings = stage.workspace / "runbook.toml"
    text = settings.read_text("utf-8").replace('"env:MAIL_PASSWORD"', '"file:nowhere/mail.txt"')
    settings.write_text(text.replace('"env:', '"env:NOT_SET_'), "utf-8")


def test_a_live_start_names_every_secret_that_is_not_there(tmp_path: Path) -> None:
    with Stage(tmp_path) as stage:
        without_secrets(stage)
        done = stage.run("execute", PLAYBOOK, answers=STUCK | SETTLED)
        assert done.code == 3, done.err
        [entry] = [entry for entry in stage.entries() if entry.kind is Kind.SETTLED]
        found = entry.data["found"]
        assert '[channels.press-email] password: The secret "file:nowhere/mail.txt" cannot be read' in found
        assert found.count("is not set") == 5
        assert all(f"[channels.x] {key}: " in found for key in ("consumer_key", "access_token_secret"))
        assert "[channels.news] password: " in found
        assert entry.data["settle"] == "A person does its part by hand."


def test_it_can_be_left_to_set_them_and_start_again(tmp_path: Path) -> None:
    with Stage(tmp_path) as stage:
        without_secrets(stage)
        left = stage.run("execute", PLAYBOOK, answers=STUCK | SETTLED | {"settle.no-secret.1": "q"})
        assert left.code == 3
        assert "Set them, or name another place in runbook.toml. Then start again." in left.out + left.err


def test_where_all_are_there_nothing_is_said_and_a_rehearsal_never_looks(tmp_path: Path) -> None:
    with Stage(tmp_path) as stage:
        assert stage.run("execute", PLAYBOOK, answers=STUCK).code == 3
        assert not any(entry.kind is Kind.SETTLED for entry in stage.entries())
        without_secrets(stage)
        done = stage.run("execute", PLAYBOOK, "--dry-run", "--yes")
        assert done.code == 0, done.err
        assert "secret" not in done.out
