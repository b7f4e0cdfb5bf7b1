"""Armed, every message held up to its last byte, and then gone: whatever ends it, every receiver has nothing."""

import os
import signal

import pytest

from runbook.journal import chain
from runbook.model.entries import Kind
from support.patience import until
from support.received import Log, assert_everything_received_once
from support.screen import KEYS
from support.stage import PLAYBOOK, RUN, Stage, answers_for, of_kind


@pytest.fixture(autouse=True)
def _hung_up_is_heard():
    """Whoever starts the tests under nohup has them, and with them every program they start, ignore a hang-up."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


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


@pytest.fixture
def armed(stage, answers):
    """Yield a terminal in which everything is staged and the countdown runs."""
    running = stage.start("execute", PLAYBOOK, answers=answers)
    stage.wait_for(of_kind(Kind.READY, "announce"), running)
    running.kill()
    with stage.spawn_pty("resume", RUN) as terminal:
        terminal.expect("To be sent")
        terminal.answer("g send now", "g")
        stage.wait_for(of_kind(Kind.STAGED, "announce"), terminal)
        assert stage.mail.staged
        assert stage.x.connections
        yield terminal


def assert_nobody_has_anything(stage):
    """Every connection is closed, and no receiver has a message: nor will it, for a torn one is none."""
    until(lambda: not stage.mail.open_connections() and not stage.x.connections)
    assert (stage.mail.received, stage.x.made) == ([], [])
    log = Log.of(stage)
    assert [e for e in log.entries if e.kind is Kind.INTENT and e.step == "announce"] == []
    assert chain.verify(stage.sealed()) == []


def close_the_window(terminal):
    terminal.close()
    terminal.process.wait(60)


def killed_by(number):
    def kill(terminal):
        os.kill(terminal.process.pid, number)
        terminal.process.wait(60)

    return kill


@pytest.mark.parametrize(
    "end",
    [
        pytest.param(killed_by(signal.SIGKILL), id="kill -9"),
        pytest.param(killed_by(signal.SIGTERM), id="terminated"),
        pytest.param(killed_by(signal.SIGHUP), id="hung up"),
        pytest.param(close_the_window, id="window closed"),
    ],
)
def test_a_program_that_ends_while_armed_leaves_every_receiver_with_nothing(stage, answers, armed, end):
    end(armed)
    assert_nobody_has_anything(stage)
    stage.restore_original()
    assert stage.run("resume", RUN, answers=answers).code == 0
    assert_everything_received_once(stage, Log.of(stage))


def test_ctrl_c_while_armed_leaves_every_receiver_with_nothing_and_the_table_returns(stage, answers, armed):
    armed.control_c()
    armed.expect("To be sent")
    armed.expect(KEYS)
    log = Log.of(stage)
    assert [e.data["why"] for e in log.entries if e.kind is Kind.STOPPED] == ["stopped by hand in the countdown"]
    assert (stage.mail.received, stage.x.made) == ([], [])
    armed.kill()
    assert_nobody_has_anything(stage)
    stage.restore_original()
    assert stage.run("resume", RUN, answers=answers).code == 0
    assert_everything_received_once(stage, Log.of(stage))
