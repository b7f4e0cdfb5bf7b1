"""A message of their own to each recipient: the first of each connection together, the others after them."""

import re
import time
from collections import Counter
from datetime import timedelta

import pytest

from runbook.channels.registry import open_channel
from runbook.channels.smtp_message import numbered_id
from runbook.errors import NotReady
from runbook.instant import Written, write_at_once
from runbook.model.outcome import Outcome
from support import channel_rigs
from support.certificates import authority
from support.killed import killed
from support.patience import until

KEY = "run-1/announce.press/1/1"
WAIT = timedelta(seconds=10)
SHORT = timedelta(seconds=0.4)
PEOPLE = tuple(f"desk{number}@example.org" for number in range(10))
OFFERS = [(), ("PIPELINING",), ("CHUNKING",), ("CHUNKING", "PIPELINING")]


@pytest.fixture(params=OFFERS, ids=["plain", "pipelining", "chunking", "both"])
def rig(request, tmp_path):
    with channel_rigs.smtp(tmp_path, authority(), offers=request.param, one_each=True, connections=2, batch=3) as made:
        yield made


def ready(rig, *people):
    return rig.channel.ready(rig.channel.build(channel_rigs.email(*people or PEOPLE)), KEY)


def staged(rig, *people):
    staging = ready(rig, *people)
    staging.stage()
    return staging


def sent(rig, *people, wait=WAIT):
    staging = staged(rig, *people)
    staging.release()
    return staging.result(wait)


def got(rig):
    """Return who has got a message, in the order in which the server took them."""
    assert all(len(received.recipients) == 1 for received in rig.server.received)
    return [received.recipients[0] for received in rig.server.received]


def test_each_gets_one_message_addressed_to_them(rig):
    result = sent(rig)
    assert result.outcome is Outcome.SENT
    assert result.recipients == {}
    assert Counter(got(rig)) == Counter(PEOPLE)
    for received in rig.server.received:
        [recipient] = received.recipients
        assert received.message["To"] == recipient
        assert not [other for other in PEOPLE if other != recipient and other.encode() in received.raw]
        assert received.message["Message-ID"] == numbered_id(KEY, "example.org", PEOPLE.index(recipient) + 1)
        assert received.message["From"] == "Press office <press@example.org>"
        assert received.message.get_content().replace("\r\n", "\n") == channel_rigs.BODY
    assert len({received.message["Message-ID"] for received in rig.server.received}) == len(PEOPLE)
    assert len({received.message["Date"] for received in rig.server.received}) == 1


def test_a_long_text_is_the_same_for_each(rig):
    body = "From the top\n.\n..\n" + "long " * 4000 + "\n.end"
    staging = rig.channel.ready(rig.channel.build(channel_rigs.email(*PEOPLE, body=body)), KEY)
    staging.stage()
    staging.release()
    assert staging.result(WAIT).outcome is Outcome.SENT
    assert Counter(got(rig)) == Counter(PEOPLE)
    assert {r.message.get_content().replace("\r\n", "\n") for r in rig.server.received} == {body + "\n"}


def test_the_detail_says_over_how_many_connections_and_how_far_apart(rig):
    result = sent(rig)
    assert re.fullmatch(
        r"10 accepted one by one over 2 connections; first and last (\d+ ms|\d+\.\d s) apart", result.detail
    )
    assert 0 < result.took < WAIT.total_seconds()
    assert result.receipt.id.startswith("Q0")
    first, last = numbered_id(KEY, "example.org", 1), numbered_id(KEY, "example.org", 10)
    assert f"Message-ID {first} to {last}" in result.receipt.text
    assert f"{first} to {last}" in rig.channel.find(rig.channel.build(channel_rigs.email(*PEOPLE)), KEY).look_at


def test_nothing_is_out_before_the_release_and_everybody_has_been_named(rig):
    staging = staged(rig)
    assert rig.server.open_connections() == 2
    assert set(rig.server.named) == set(PEOPLE)
    assert staging.held()
    assert len(staging.arm()) == 2
    assert rig.server.received == []
    staging.discard()
    until(lambda: rig.server.open_connections() == 0)
    assert rig.server.received == []
    assert staging.result(WAIT).outcome is Outcome.NOT_SENT


def test_the_first_of_each_connection_go_at_the_instant_and_the_others_follow(rig):
    staging = staged(rig)
    staging.fired(write_at_once(staging.arm()))
    until(lambda: len(rig.server.received) == 2)
    assert set(got(rig)) == set(PEOPLE[:2])
    assert staging.result(WAIT).outcome is Outcome.SENT
    assert set(got(rig)) == set(PEOPLE)


def test_the_order_of_the_list_is_kept(rig):
    assert sent(rig).outcome is Outcome.SENT
    for share in (PEOPLE[::2], PEOPLE[1::2]):
        assert [recipient for recipient in got(rig) if recipient in share] == list(share)


def test_fewer_people_than_connections_take_fewer_connections(rig):
    staging = staged(rig, PEOPLE[0])
    assert rig.server.open_connections() == 1
    staging.release()
    result = staging.result(WAIT)
    assert result.detail.startswith("1 accepted one by one over 1 connection; ")


def test_refused_recipients_are_known_before_and_the_others_get_theirs(rig):
    refused = dict.fromkeys((PEOPLE[0], PEOPLE[3], PEOPLE[9]), "550 5.1.1 no such user")
    rig.server.faults.refuse = dict(refused)
    staging = ready(rig)
    assert staging.refused == refused
    staging.stage()
    staging.release()
    result = staging.result(WAIT)
    assert result.outcome is Outcome.SENT
    assert result.recipients == dict.fromkeys(refused, "refused: 550 5.1.1 no such user")
    assert Counter(got(rig)) == Counter(set(PEOPLE) - set(refused))


def test_a_connection_whose_people_are_all_refused_leaves_the_others(rig):
    rig.server.faults.refuse = dict.fromkeys(PEOPLE[::2], "550 5.1.1 no such user")
    assert sent(rig).outcome is Outcome.SENT
    assert set(got(rig)) == set(PEOPLE[1::2])


def test_everybody_refused_is_not_ready(rig):
    rig.server.faults.refuse = dict.fromkeys(PEOPLE, "550 5.1.1 no such user")
    with pytest.raises(NotReady, match="refused every recipient"):
        ready(rig)
    until(lambda: rig.server.open_connections() == 0)


def test_who_is_refused_only_at_their_turn_is_told_and_the_others_follow(rig):
    staging = staged(rig)
    rig.server.faults.refuse = {PEOPLE[4]: "452 4.2.2 mailbox full"}
    staging.release()
    result = staging.result(WAIT)
    assert result.outcome is Outcome.SENT
    assert result.recipients == {PEOPLE[4]: "not sent: 452 4.2.2 mailbox full"}
    assert "; 1 not sent; " in result.detail
    assert Counter(got(rig)) == Counter(set(PEOPLE) - {PEOPLE[4]})


def test_who_is_refused_at_their_turn_for_a_long_text_is_told_too(rig):
    staging = rig.channel.ready(rig.channel.build(channel_rigs.email(*PEOPLE, body="long " * 4000)), KEY)
    staging.stage()
    rig.server.faults.refuse = {PEOPLE[4]: "452 4.2.2 mailbox full"}
    staging.release()
    assert staging.result(WAIT).recipients == {PEOPLE[4]: "not sent: 452 4.2.2 mailbox full"}
    assert Counter(got(rig)) == Counter(set(PEOPLE) - {PEOPLE[4]})


@pytest.mark.parametrize("who", [PEOPLE[0], PEOPLE[6]])
def test_a_message_that_is_refused_is_told_and_the_others_follow(rig, who):
    rig.server.faults.answer, rig.server.faults.only = "451 4.3.0 try later", who
    result = sent(rig)
    assert result.outcome is Outcome.SENT
    assert result.recipients == {who: "not sent: 451 4.3.0 try later"}
    assert Counter(got(rig)) == Counter(set(PEOPLE) - {who})


def test_a_connection_that_breaks_half_way_leaves_one_unknown_and_its_rest_not_sent(rig):
    rig.server.faults.after_dot, rig.server.faults.only = "close", PEOPLE[4]
    result = sent(rig)
    assert result.outcome is Outcome.SENT
    assert result.recipients == {
        PEOPLE[4]: "unknown: the connection was lost before an answer",
        PEOPLE[6]: "not sent: its turn had not come when the connection was lost",
        PEOPLE[8]: "not sent: its turn had not come when the connection was lost",
    }
    assert "7 accepted one by one over 2 connections; 2 not sent; 1 unknown; " in result.detail
    assert Counter(got(rig)) == Counter(set(PEOPLE) - {PEOPLE[6], PEOPLE[8]})
    assert staging_is_over(rig)


def staging_is_over(rig):
    """Whether every connection is closed, so that nothing can follow."""
    until(lambda: rig.server.open_connections() == 0)
    return True


def test_a_server_that_falls_silent_leaves_one_unknown_and_the_time_ends_it(rig):
    rig.server.faults.after_dot, rig.server.faults.only = "keep-silent", PEOPLE[4]
    result = sent(rig, wait=SHORT)
    assert result.outcome is Outcome.SENT
    assert result.recipients == {
        PEOPLE[4]: "unknown: the connection was lost before an answer",
        PEOPLE[6]: "not sent: its turn had not come when the time was over",
        PEOPLE[8]: "not sent: its turn had not come when the time was over",
    }
    assert staging_is_over(rig)


def test_first_messages_without_an_answer_are_unknown_and_nothing_follows_them(rig):
    rig.server.faults.after_dot = "close"
    result = sent(rig)
    assert result.outcome is Outcome.UNKNOWN
    assert result.detail.startswith("A message was sent to 2 of 10 recipients, but ")
    assert set(result.recipients) == set(PEOPLE[2:])
    assert all(why.startswith("not sent: ") for why in result.recipients.values())
    assert set(got(rig)) == set(PEOPLE[:2])


def test_first_messages_that_were_not_written_are_not_sent_and_nothing_follows(rig):
    staging = staged(rig)
    staging.fired([Written(0, time.monotonic()) for _ in staging.arm()])
    result = staging.result(WAIT)
    assert result.outcome is Outcome.NOT_SENT
    assert staging_is_over(rig)
    assert rig.server.received == []


def test_asked_again_it_tells_the_same_and_sends_nothing_twice(rig):
    staging = staged(rig)
    staging.release()
    result = staging.result(WAIT)
    staging.release()
    assert staging.result(WAIT) == result
    with pytest.raises(NotReady):
        staging.stage()
    assert Counter(got(rig)) == Counter(PEOPLE)


def test_connections_that_were_lost_are_made_again_with_the_same_people(rig):
    staging = ready(rig)
    rig.server.drop_connections()
    until(lambda: rig.server.open_connections() == 0)
    until(lambda: staging.keep_warm() and rig.server.open_connections() == 2)
    staging.stage()
    rig.server.drop_connections()
    until(lambda: not staging.held())
    staging.stage()
    staging.release()
    assert staging.result(WAIT).outcome is Outcome.SENT
    assert Counter(got(rig)) == Counter(PEOPLE)


def test_killed_while_staged_nobody_gets_any(rig, tmp_path):
    rig.draft = channel_rigs.email(*PEOPLE)
    table = {**rig.server.settings, "ca_file": str(authority().ca_file), "one_each": True, "connections": 2}
    killed(rig, table, tmp_path, release=False)
    assert staging_is_over(rig)
    assert rig.server.received == []


def test_a_server_that_takes_fewer_connections_is_told_with_what_helps(rig):
    rig.server.faults.most = 1
    with pytest.raises(NotReady, match="took 1 of the 2 connections that 10 addresses need") as refused:
        ready(rig)
    assert "set a lower `connections` in [channels.press-email]" in refused.value.remedy


def test_any_number_of_recipients_can_be_planned(rig):
    many = channel_rigs.email(*(f"desk{number}@example.org" for number in range(1000)))
    assert rig.channel.build(many).summary == "1,000 addresses, one by one"
    assert rig.channel.build(channel_rigs.email("desk@example.org")).summary == "1 address, one by one"


def test_another_word_after_to_is_refused(tmp_path, rig):
    table = {**rig.server.settings, "one_each": True, "to_header": "Press list <list@example.org>"}
    with pytest.raises(ValueError, match="each recipient stands after To:"):
        open_channel("press-email", table, channel_rigs.context("press-email", tmp_path))
