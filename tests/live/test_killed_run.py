"""A live run killed with SIGKILL, and taken up again: nothing is sent twice, nothing is lost, the log holds."""

import pytest

from runbook.journal import chain
from runbook.model.entries import Kind
from runbook.model.outcome import Outcome
from runbook.model.state import fold
from support.received import Log, assert_everything_received_once
from support.screen import KEYS
from support.stage import PLAYBOOK, RUN, Stage, answers_for, of_kind

JOURNALISTS, POST = "announce.journalists", "announce.post"


@pytest.fixture
def stage(tmp_path):
    with Stage(tmp_path) as stage:
        yield stage


@pytest.fixture
def answers():
    """A run by machine through a short outage; telling the team takes time and is skipped."""
    told = {"tell-roles": "s", "tell-roles.reason": "told by telephone"}
    over = {"tell-stand-down": "s", "tell-stand-down.reason": "told by telephone"}
    return answers_for("by-machine", "short") | told | over


def killed_between_the_receipts(stage, answers, first):
    """Run until the outcome of one message of `announce` is in the log, and kill it there. Return the log."""
    running = stage.start("execute", PLAYBOOK, answers=answers)
    stage.wait_for(of_kind(Kind.OUTCOME, "announce", message=first), running)
    running.kill()
    killed = Log.of(stage)
    outcomes = [e.data["message"] for e in killed.entries if e.kind is Kind.OUTCOME and e.step == "announce"]
    assert outcomes == [first]
    assert [e.data["message"] for e in killed.entries if e.kind is Kind.INTENT and e.step == "announce"] == [
        JOURNALISTS,
        POST,
    ]
    assert len([s for s in killed.state.sendings.values() if s.unknown]) == 1
    return killed


def resumed(stage, answers):
    """Take the run up to its stand-down and return the whole log."""
    stage.restore_original()
    finished = stage.run("resume", RUN, answers=answers)
    assert finished.code == 0, finished.err
    assert "STOOD DOWN" in finished.out
    return Log.of(stage)


def assert_the_log_goes_on(stage, before, after):
    """What was in the log is its beginning still, the chain holds, and folding the rest on to it gives the whole."""
    assert after.entries[: len(before.entries)] == before.entries
    assert [e.sequence for e in after.entries] == list(range(1, len(after.entries) + 1))
    assert chain.verify(stage.sealed(), head=after.state.head) == []
    rest = after.entries[len(before.entries) :]
    assert rest[0].kind is Kind.RESUMED
    state = fold(before.entries)
    for entry in rest:
        state.apply(entry)
    assert state == after.state == fold(stage.entries())
    assert state.over
    assert not any(sending.unknown for sending in state.sendings.values())


def attempts(log, message):
    return [e for e in log.entries if e.kind is Kind.INTENT and e.data["message"] == message]


def test_killed_before_the_mail_server_answered_a_person_is_asked_and_the_mail_is_not_sent_again(stage, answers):
    stage.mail.faults.only = stage.journalists[0]
    stage.mail.faults.after_dot = "silent"
    before = killed_between_the_receipts(stage, answers, POST)
    stage.mail.faults.after_dot = ""

    unanswered = stage.run("resume", RUN, answers=answers)
    assert unanswered.code == 3
    assert f'"{JOURNALISTS}.there" has no answer' in unanswered.err
    assert "we don't know whether it went out" in unanswered.out

    after = resumed(stage, answers | {f"{JOURNALISTS}.there": "it is there"})
    assert_the_log_goes_on(stage, before, after)
    assert_everything_received_once(stage, after)
    assert len(attempts(after, JOURNALISTS)) == len(attempts(after, POST)) == 1
    outcome = after.one(Kind.OUTCOME, message=JOURNALISTS)
    assert (outcome.data["outcome"], outcome.data["by"]) == (Outcome.SENT, "person")
    assert {e.data["answer"] for e in after.entries if e.kind is Kind.SOUGHT} == {"cannot tell"}


def test_killed_before_x_answered_x_is_asked_and_the_post_is_not_made_again(stage, answers):
    stage.x.faults.after_commit = "silent"
    before = killed_between_the_receipts(stage, answers, JOURNALISTS)
    stage.x.faults.after_commit = ""

    after = resumed(stage, answers)
    assert_the_log_goes_on(stage, before, after)
    assert_everything_received_once(stage, after)
    assert len(attempts(after, POST)) == 1
    outcome = after.one(Kind.OUTCOME, message=POST)
    assert (outcome.data["outcome"], outcome.data["by"]) == (Outcome.SENT, "channel")
    assert outcome.data["receipt"]["id"] == stage.x.made[0].id


def test_what_a_person_says_did_not_arrive_is_offered_again_alone(stage, answers):
    stage.mail.faults.after_dot = "keep-silent"
    before = killed_between_the_receipts(stage, answers, POST)
    stage.mail.faults.after_dot = ""
    assert stage.mail.received == []

    after = resumed(stage, answers | {f"{JOURNALISTS}.there": "it is not", f"{JOURNALISTS}.nobody": "n"})
    assert_the_log_goes_on(stage, before, after)
    assert_everything_received_once(stage, after)
    assert len(attempts(after, JOURNALISTS)) == 2
    assert len(attempts(after, POST)) == 1


def test_killed_while_staged_nothing_was_received_and_the_run_goes_on(stage, answers):
    running = stage.start("execute", PLAYBOOK, answers=answers)
    stage.wait_for(of_kind(Kind.STAGED, "announce"), running)
    running.kill()
    before = Log.of(stage)
    assert attempts(before, POST) == []
    assert (stage.mail.received, stage.x.made) == ([], [])
    assert not any(s.unknown for s in before.state.sendings.values())

    after = resumed(stage, answers)
    assert_the_log_goes_on(stage, before, after)
    assert_everything_received_once(stage, after)


def test_killed_at_a_question_the_same_question_stands_again(stage, answers):
    with stage.spawn_pty("execute", PLAYBOOK) as terminal:
        terminal.answer(f"Type {PLAYBOOK} to begin", PLAYBOOK, prompt="")
        terminal.answer("Incident lead", "2")
        terminal.expect("Communications officer")
        terminal.expect(KEYS)
        terminal.kill()
    before = Log.of(stage)
    assert before.entries[-1].kind is Kind.ASKED
    assert before.entries[-1].data["question"] == "roll-call.comms"

    with stage.spawn_pty("resume") as terminal:
        terminal.answer("Communications officer", "1")
        terminal.expect("Press officer")
        terminal.expect(KEYS)
        assert "ACTUAL" in terminal.shown
        terminal.kill()
    after = Log.of(stage)
    assert after.entries[: len(before.entries)] == before.entries
    assert chain.verify(stage.sealed()) == []
    assert after.state.holders["lead"].name == "Head of news"
    assert after.state.holders["comms"].name == "Digital officer"
    assert len([e for e in after.entries if e.kind is Kind.CONFIRMED]) == 1
    assert (stage.mail.received, stage.x.connected) == ([], [])
