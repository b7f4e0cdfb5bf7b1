"""E-mail at the instant: what is handed over to be written, what became of it, and how a ready message is kept warm."""

import os
import select
import time
from datetime import timedelta

import pytest

from runbook.channels import smtp_line
from runbook.errors import NotReady
from runbook.instant import Written, write_at_once
from runbook.model.outcome import Outcome
from support import channel_rigs
from support.certificates import authority
from support.patience import until

KEY = "run-1/announce.press/1/1"
WAIT = timedelta(seconds=10)
PEOPLE = tuple(f"desk{number}@example.org" for number in range(5))


@pytest.fixture(params=["starttls", "tls", "none"])
def rig(request, tmp_path):
    with channel_rigs.smtp(tmp_path, authority(), security=request.param, batch=2) as made:
        yield made


def ready(rig, *people):
    return rig.channel.ready(rig.channel.build(channel_rigs.email(*people or PEOPLE)), KEY)


def staged(rig, *people):
    staging = ready(rig, *people)
    staging.stage()
    return staging


# The last writes ------------------------------------------------------------------------------------------------------


def test_what_is_armed_is_one_write_a_connection_and_nothing_is_out(rig):
    staging = staged(rig)
    writes = staging.arm()
    assert len(writes) == 3
    assert len({write.descriptor for write in writes}) == 3
    assert staging.held()
    assert rig.server.received == []
    staging.discard()


def test_whoever_makes_the_writes_has_sent_it(rig):
    staging = staged(rig)
    staging.fired(write_at_once(staging.arm()))
    result = staging.result(WAIT)
    assert result.outcome is Outcome.SENT
    assert sorted(r for received in rig.server.received for r in received.recipients) == sorted(PEOPLE)
    assert 0 < result.took < WAIT.total_seconds()
    assert 0 < result.way < WAIT.total_seconds()


def test_what_was_armed_and_given_up_is_not_sent(rig):
    staging = staged(rig)
    staging.arm()
    staging.discard()
    until(lambda: rig.server.open_connections() == 0)
    result = staging.result(WAIT)
    assert result.outcome is Outcome.NOT_SENT
    assert result.took is None
    assert rig.server.received == []


def test_what_was_armed_and_not_released_is_staged_again(rig):
    staging = staged(rig)
    staging.arm()
    staging.stage()
    staging.release()
    assert staging.result(WAIT).outcome is Outcome.SENT
    assert sorted(r for received in rig.server.received for r in received.recipients) == sorted(PEOPLE)


def test_a_write_that_was_not_made_is_not_sent(rig):
    staging = staged(rig, "desk@example.org")
    staging.fired([Written(0, time.monotonic()) for _ in staging.arm()])
    result = staging.result(WAIT)
    assert result.outcome is Outcome.NOT_SENT
    assert "took no more" in result.detail
    until(lambda: rig.server.open_connections() == 0)
    assert rig.server.received == []


def test_one_write_of_three_that_was_not_made_is_told_of_its_people(rig):
    staging = staged(rig)
    first, *others = staging.arm()
    staging.fired([Written(0, time.monotonic()), *write_at_once(others)])
    result = staging.result(WAIT)
    assert result.outcome is Outcome.SENT
    assert set(result.recipients) == set(PEOPLE[:2])
    assert all(why.startswith("not sent: ") for why in result.recipients.values())
    assert first.data


def test_a_write_that_was_made_in_part_is_finished(rig):
    staging = staged(rig, "desk@example.org")
    [write] = staging.arm()
    assert os.write(write.descriptor, write.data[:2]) == 2
    staging.fired([Written(2, time.monotonic())])
    assert rig.server.received == []
    assert staging.result(WAIT).outcome is Outcome.SENT
    assert list(rig.public()) == [rig.text]


@pytest.mark.parametrize("written", [True, False])
def test_a_write_that_nobody_told_of_is_sent_if_it_is_answered_and_else_unknown(rig, written):
    staging = staged(rig, "desk@example.org")
    [write] = staging.arm()
    if written:
        assert os.write(write.descriptor, write.data) == len(write.data)
    result = staging.result(WAIT if written else timedelta(seconds=0.3))
    assert result.outcome is (Outcome.SENT if written else Outcome.UNKNOWN)
    assert result.took is None
    with pytest.raises(NotReady):
        staging.stage()
    assert len(rig.server.received) == written


def test_a_line_that_is_lost_lets_none_be_armed_or_released(rig):
    staging = staged(rig)
    rig.server.drop_connections(1)
    until(lambda: not staging.held())
    with pytest.raises(NotReady):
        staging.arm()
    staging.release()
    assert staging.result(WAIT).outcome is Outcome.NOT_SENT
    assert rig.server.received == []


def test_what_is_not_staged_cannot_be_armed(rig):
    staging = ready(rig)
    with pytest.raises(NotReady, match="does not hold"):
        staging.arm()
    staging.discard()


def test_a_server_that_hangs_up_after_it_was_looked_at_last_is_noticed_when_the_e_mail_is_armed(rig):
    staging = ready(rig)
    staging.stage()
    assert staging.held()
    rig.server.drop_connections()
    until(lambda: select.select([line._smtp.wired.fileno() for line in staging._lines], [], [], 0)[0])
    with pytest.raises(NotReady, match="no longer holds"):
        staging.arm()
    assert staging.result(WAIT).outcome is Outcome.NOT_SENT
    assert rig.server.received == []


# Kept warm ------------------------------------------------------------------------------------------------------------


def test_a_ready_message_is_left_alone_while_its_lines_are_fresh(rig):
    staging = ready(rig)
    assert 0 < staging.keep_warm() <= 60
    assert rig.server.noops == 0
    staging.discard()


def test_a_line_that_was_silent_for_long_says_something(rig, monkeypatch):
    staging = ready(rig)
    monkeypatch.setattr(smtp_line, "IDLE_SECONDS", 0.0)
    staging.keep_warm()
    assert rig.server.noops == 3
    assert rig.server.open_connections() == 3
    staging.stage()
    staging.release()
    assert staging.result(WAIT).outcome is Outcome.SENT


def test_a_lost_line_is_made_again_with_its_people(rig):
    staging = ready(rig)
    rig.server.drop_connections()
    until(lambda: rig.server.open_connections() == 0)
    rig.server.faults.refuse = {"desk1@example.org": "550 5.1.1 gone since"}
    until(lambda: staging.keep_warm() and rig.server.open_connections() == 3)
    assert staging.refused == {"desk1@example.org": "550 5.1.1 gone since"}
    staging.discard()


def test_a_server_that_went_away_is_no_error_until_it_is_staged(tmp_path):
    with channel_rigs.smtp(tmp_path, authority()) as rig:
        staging = ready(rig)
    assert staging.keep_warm() > 0
    with channel_rigs.set_environment({"MAIL_PASSWORD": "any"}), pytest.raises(NotReady, match="does not accept"):
        staging.stage()


def test_nothing_is_kept_warm_that_was_given_up_staged_or_sent(rig):
    staging = ready(rig)
    staging.discard()
    staging.keep_warm()
    until(lambda: rig.server.open_connections() == 0)
    staging = staged(rig)
    staging.keep_warm()
    assert staging.held()
    staging.release()
    staging.result(WAIT)
    staging.keep_warm()
    until(lambda: rig.server.open_connections() == 0)
    assert len(rig.server.received) == 3
