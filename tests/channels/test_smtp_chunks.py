"""E-mail in chunks (RFC 3030): the server confirms every byte but two before the instant, and nothing is stuffed."""

from datetime import timedelta

import pytest

from runbook.channels.smtp_line import FINAL_CHUNK, FINAL_DOT
from runbook.channels.smtp_message import Text, message_id, render
from runbook.errors import NotReady
from runbook.model.outcome import Outcome
from support import channel_rigs
from support.certificates import authority
from support.killed import killed
from support.patience import until

KEY = "run-1/announce.press/1/1"
WAIT = timedelta(seconds=10)
HARD = "From the top\n.\n..\n. dot\n.." + "long " * 400 + "\n\ttab \n" + "x" * 200_000 + "\n.end without a line break"


@pytest.fixture(params=["starttls", "tls", "none"])
def rig(request, tmp_path):
    with channel_rigs.smtp(tmp_path, authority(), security=request.param, offers=["CHUNKING"]) as made:
        yield made


def staged(rig, draft=None):
    staging = rig.channel.ready(rig.channel.build(draft or rig.draft), KEY)
    staging.stage()
    return staging


def last_bytes(staging):
    """Return what the relay is sent at the instant, of the first connection. Only for one that is not encrypted."""
    return staging.arm()[0].data


def test_it_arrives_byte_for_byte(rig):
    staging = staged(rig, channel_rigs.email(body=HARD))
    assert rig.server.received == []
    staging.release()
    assert staging.result(WAIT).outcome is Outcome.SENT
    [received] = rig.server.received
    assert received.raw == render(
        subject="Malpractice: summer 2017",
        body=HARD,
        sender="Press office <press@example.org>",
        to="undisclosed-recipients:;",
        reply_to=None,
        identity=message_id(KEY, "example.org"),
        at=received.message["Date"].datetime,
    )
    assert received.message.get_content().replace("\r\n", "\n") == HARD + "\n"
    assert rig.server.chunked == 1


@pytest.mark.parametrize("offers", [[], ["CHUNKING"]])
def test_the_last_bytes_are_few(tmp_path, offers):
    with channel_rigs.smtp(tmp_path, authority(), security="none", offers=offers) as rig:
        staging = staged(rig)
        assert last_bytes(staging) == (FINAL_CHUNK if offers else FINAL_DOT)
        staging.discard()


@pytest.mark.parametrize("refusal", ["502 5.5.1 not here", "500 5.5.2 unknown", "503 5.5.1 bad sequence"])
def test_a_server_that_offers_chunks_and_refuses_them_gets_it_without(rig, refusal):
    rig.server.faults.bdat = refusal
    staging = staged(rig)
    assert staging.held()
    staging.stage()
    assert rig.server.refused_chunks == 1
    staging.release()
    assert staging.result(WAIT).outcome is Outcome.SENT
    assert list(rig.public()) == [rig.text]
    assert rig.server.chunked == 0


def test_a_server_that_takes_no_chunk_now_is_not_ready(rig):
    staging = rig.channel.ready(rig.channel.build(rig.draft), KEY)
    rig.server.faults.bdat = "452 4.3.1 no room"
    with pytest.raises(NotReady, match=r"452 4\.3\.1 no room"):
        staging.stage()
    assert rig.server.received == []


def test_what_is_held_in_chunks_and_given_up_is_not_sent(rig):
    staging = staged(rig)
    assert staging.held()
    staging.arm()
    staging.discard()
    until(lambda: rig.server.open_connections() == 0)
    assert rig.server.received == []


def test_a_server_that_hangs_up_while_it_holds_chunks_has_nothing(rig):
    staging = staged(rig)
    rig.server.drop_connections()
    until(lambda: not staging.held())
    staging.release()
    assert staging.result(WAIT).outcome is Outcome.NOT_SENT
    assert rig.server.received == []


@pytest.mark.parametrize("release", [False, True])
def test_killed_with_chunks_it_was_sent_only_with_the_last(rig, tmp_path, release):
    table = {**rig.server.settings, "ca_file": str(authority().ca_file)}
    killed(rig, table, tmp_path, release=release)
    until(lambda: not rig.server.open_connections())
    until(lambda: len(rig.public()) == release)
    assert list(rig.public()) == [rig.text] * release


def test_batches_share_one_text(tmp_path):
    with channel_rigs.smtp(tmp_path, authority(), offers=["CHUNKING", "PIPELINING"], batch=1) as rig:
        people = [f"desk{number}@example.org" for number in range(10)]
        staging = staged(rig, channel_rigs.email(*people))
        staging.release()
        assert staging.result(WAIT).outcome is Outcome.SENT
        assert rig.server.chunked == 10
        assert len({received.raw for received in rig.server.received}) == 1


def test_a_text_ends_its_last_line_whatever_was_written():
    assert Text(b"one\r\ntwo").plain == b"one\r\ntwo\r\n"
    assert Text(b"one\r\n").plain == b"one\r\n"
