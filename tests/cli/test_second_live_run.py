"""A second live run for the same release never begins without a word: the first is told, and how to go on with it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from runbook.journal.sqlite import SqliteJournal
from runbook.model.entries import Fact, Kind
from runbook.model.state import fold
from support.stage import PLAYBOOK, RUN, Stage, answers_for

SECOND = RUN.removesuffix("1") + "2"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with Stage(tmp_path) as made:
        yield made


def stuck_at(step: str) -> dict[str, str]:
    """Return answers with which a run comes as far as a step, and no further."""
    return answers_for("by-machine", "long") | {step: "perhaps"}


def stand_down(stage: Stage) -> None:
    """Enter that the first run is over, as key z does."""
    with SqliteJournal(stage.workspace / "runbook.db") as journal:
        fact = Fact(Kind.STOOD_DOWN, datetime.now(UTC), "Duty lead", data={"early": True, "reason": "It is public."})
        journal.append(RUN, [fact], len(stage.entries()))


def test_a_run_that_is_open_refuses_a_second_until_a_person_says_why(stage: Stage) -> None:
    assert stage.run("execute", PLAYBOOK, answers=stuck_at("leave-route")).code == 3
    before = fold(stage.entries())
    assert len(before.sendings) == 1
    refused = stage.run("execute", PLAYBOOK, answers=stuck_at("begin"))
    assert refused.code == 2
    assert f"Run {RUN} of this release is open since " in refused.err
    assert ": 1 message sent." in refused.err
    assert f"`runbook resume {RUN}` goes on with it." in refused.err
    assert "--again" in refused.err
    assert stage.entries(SECOND) == ()
    settled = {
        "settle.who": "Duty lead",
        "settle.run-before.1": "y",
        "settle.run-before.1.reason": "The first is lost.",
    }
    again = stage.run("execute", PLAYBOOK, "--again", answers=stuck_at("tell-roles") | settled)
    assert f"Run {RUN} of this release is open since " in again.out
    [entry] = [entry for entry in stage.entries(SECOND) if entry.kind is Kind.SETTLED]
    assert (entry.data["who"], entry.data["reason"]) == ("Duty lead", "The first is lost.")
    assert fold(stage.entries()).sequence == before.sequence


def test_a_run_that_nobody_began_stands_in_nobodys_way(stage: Stage) -> None:
    assert stage.run("execute", PLAYBOOK, answers=stuck_at("tell-roles")).code == 3
    answers = stuck_at("begin") | {
        "settle.who": "Duty lead",
        "settle.run-before.1": "y",
        "settle.run-before.1.reason": "A trial.",
    }
    assert stage.run("execute", PLAYBOOK, "--again", answers=answers).code == 3
    assert not fold(stage.entries(SECOND)).confirmed
    runs = stage.run("runs").out.splitlines()
    assert runs[0].endswith("not begun: nothing was done")
    assert f"open: `runbook resume {RUN}`" in runs[1]
    resumed = stage.run("resume", answers=stuck_at("tell-roles"))
    assert resumed.code == 3
    assert any(entry.kind is Kind.RESUMED for entry in stage.entries())
    assert len(stage.entries(SECOND)) == fold(stage.entries(SECOND)).sequence
    assert not any(entry.kind is Kind.RESUMED for entry in stage.entries(SECOND))


def test_only_a_run_that_nobody_began_refuses_no_second(stage: Stage) -> None:
    assert stage.run("execute", PLAYBOOK, answers=stuck_at("begin")).code == 3
    second = stage.run("execute", PLAYBOOK, answers=stuck_at("tell-roles"))
    assert second.code == 3
    assert "of this release is open" not in second.out
    assert fold(stage.entries(SECOND)).confirmed


def test_a_rehearsal_neither_refuses_nor_is_refused(stage: Stage) -> None:
    assert stage.run("execute", PLAYBOOK, answers=stuck_at("tell-roles")).code == 3
    rehearsed = stage.run("execute", PLAYBOOK, "--dry-run", "--yes")
    assert rehearsed.code == 0
    assert "of this release is open" not in rehearsed.out
    wrong = stage.run("execute", PLAYBOOK, "--dry-run", "--yes", "--again")
    assert (wrong.code, "--again is for a second live run" in wrong.err) == (2, True)


def test_a_release_that_went_out_for_real_is_not_sent_again_unasked(stage: Stage) -> None:
    answers = stuck_at("leave-route")
    assert stage.run("execute", PLAYBOOK, answers=answers).code == 3
    stand_down(stage)
    refused = stage.run("execute", PLAYBOOK, answers=answers)
    assert refused.code == 2
    assert f"This release has been run for real already ({RUN}, stood down " in refused.err
    assert ", 1 message sent)." in refused.err
    assert f"`runbook log {RUN}` shows what was done." in refused.err


def test_a_run_that_was_stood_down_with_nothing_sent_refuses_no_second(stage: Stage) -> None:
    answers = stuck_at("tell-roles")
    assert stage.run("execute", PLAYBOOK, answers=answers).code == 3
    stand_down(stage)
    assert stage.run("execute", PLAYBOOK, answers=answers).code == 3
    assert fold(stage.entries(SECOND)).confirmed
