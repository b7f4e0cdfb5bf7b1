"""E-mail to a server that takes some of the connections and turns the others away: nothing is sent, and it is told."""

import pytest

from runbook.errors import NotReady
from support import channel_rigs
from support.certificates import authority
from support.patience import until

KEY = "run-1/announce.press/1/1"
PEOPLE = tuple(f"desk{number}@example.org" for number in range(10))


@pytest.fixture
def rig(tmp_path):
    with channel_rigs.smtp(tmp_path, authority(), batch=1) as made:
        yield made


def not_ready(rig, *people):
    with pytest.raises(NotReady) as refused:
        rig.channel.ready(rig.channel.build(channel_rigs.email(*people)), KEY)
    until(lambda: rig.server.open_connections() == 0)
    assert rig.server.received == []
    return refused.value


@pytest.mark.parametrize("at", ["greeting", "MAIL"])
def test_it_says_how_many_were_taken_and_what_to_do(rig, at):
    rig.server.faults.most, rig.server.faults.crowded_at = 6, at
    refused = not_ready(rig, *PEOPLE)
    assert refused.message == (
        "127.0.0.1 took 6 of the 10 connections that 10 addresses need (421 4.7.0 Error: too many connections)."
    )
    assert "raise `batch` in [channels.press-email] (at most 100)" in refused.remedy


def test_a_connection_that_is_closed_without_a_word_counts_too(rig):
    rig.server.faults.most, rig.server.faults.crowded = 9, ""
    refused = not_ready(rig, *PEOPLE)
    assert refused.message == "127.0.0.1 took 9 of the 10 connections that 10 addresses need (it hung up)."


def test_a_batch_that_is_as_large_as_it_may_be_is_not_to_be_raised(tmp_path):
    with channel_rigs.smtp(tmp_path, authority(), batch=100) as rig:
        rig.server.faults.most = 1
        refused = not_ready(rig, *(f"desk{number}@example.org" for number in range(150)))
        assert "took 1 of the 2 connections that 150 addresses need" in refused.message
        assert "batch" not in refused.remedy
        assert "mailing list" in refused.remedy


def test_a_server_that_takes_none_says_why(rig):
    rig.server.faults.most = 0
    assert not_ready(rig, *PEOPLE).message == "127.0.0.1 answered 421 4.7.0 Error: too many connections."


def test_it_is_told_as_well_when_connections_are_made_again(rig):
    staging = rig.channel.ready(rig.channel.build(channel_rigs.email(*PEOPLE)), KEY)
    rig.server.drop_connections()
    until(lambda: rig.server.open_connections() == 0)
    rig.server.faults.most = 6
    with pytest.raises(NotReady, match="took 6 of the 10 connections"):
        staging.stage()
    assert not staging.held()


def test_a_server_that_has_room_again_gets_all_of_it(rig):
    rig.server.faults.most = 6
    not_ready(rig, *PEOPLE)
    rig.server.faults.most = 10
    staging = rig.channel.ready(rig.channel.build(channel_rigs.email(*PEOPLE)), KEY)
    assert rig.server.open_connections() == 10
    staging.discard()
