"""A ready message: its connection kept warm, the server's clock told by it, and the last byte handed over."""

import threading
from datetime import timedelta

import pytest

from runbook.channels.held import HeldRequest
from runbook.channels.held_staging import WARM_SECONDS, HeldStaging
from runbook.channels.server_clock import ServerClock
from runbook.clock import SystemClock
from runbook.errors import NotReady
from runbook.instant import write_at_once
from runbook.model.outcome import Outcome, Result
from support.certificates import authority
from support.echo import BODY, EchoServer, outgoing
from support.patience import until

WAIT = timedelta(seconds=10)


@pytest.fixture(params=["https", "http"])
def server(request):
    with EchoServer(authority() if request.param == "https" else None) as made:
        yield made


@pytest.fixture
def request_(server):
    made = HeldRequest(ca_file=authority().ca_file, connect_timeout=5, clock=SystemClock())
    yield made
    made.discard()


DATELESS = ["silent", "hangs up", "has no date", "is no answer", "comes from a store"]


def asked(server, **settings):
    request = HeldRequest(ca_file=authority().ca_file, connect_timeout=settings.pop("connect_timeout", 5), **settings)
    return request, request.ask(f"{server.url}/blank.gif")


def test_the_commit_goes_over_the_connection_that_was_warmed(server, request_):
    for _ in range(3):
        assert request_.ask(f"{server.url}/blank.gif") is not None
    request_.stage(outgoing(server))
    request_.release()
    assert request_.answer(WAIT).body == BODY
    assert [method for method, _ in server.lines] == ["HEAD", "HEAD", "HEAD", "POST"]
    assert len({port for _, port in server.lines}) == 1


def test_a_warm_up_tells_the_servers_clock_and_its_patience(server, request_):
    server.clock_ahead = 3600
    reading = request_.ask(server.url)
    assert 3595 < (reading.date - reading.before).total_seconds() < 3605
    assert reading.before < reading.after
    assert request_.patience == 5


@pytest.mark.parametrize("how", ["closes", "has a body", *DATELESS])
def test_whatever_a_warm_up_is_answered_there_is_a_connection_after_it(server, how):
    server.warmth = how
    request, reading = asked(server, connect_timeout=0.3, clock=SystemClock())
    assert (reading is None) == (how in DATELESS)
    request.ask(server.url)
    request.stage(outgoing(server))
    assert request.held()
    request.release()
    assert request.answer(WAIT).body == BODY
    assert server.bodies == [BODY]


def test_a_server_that_says_nothing_to_a_warm_up_is_not_asked_again(server):
    server.warmth = "silent"
    request, _ = asked(server, connect_timeout=0.3, clock=SystemClock())
    assert request.ask(server.url) is None
    assert [method for method, _ in server.lines] == ["HEAD"]
    assert request.alive()
    request.discard()


def test_nothing_is_asked_once_a_request_is_staged(server, request_):
    request_.stage(outgoing(server))
    with pytest.raises(OSError, match="on its way"):
        request_.ask(server.url)
    assert request_.held()
    until(lambda: server.lines)
    assert [method for method, _ in server.lines] == ["POST"]


def test_a_warm_up_of_what_was_given_up_connects_to_nobody(server, request_):
    request_.discard()
    with pytest.raises(OSError, match="on its way"):
        request_.ask(server.url)
    assert server.lines == []


@pytest.fixture
def staging(server, request_):
    return HeldStaging(
        request_,
        f"{server.url}/blank.gif",
        lambda: outgoing(server),
        lambda answered: Result(outcome=Outcome.SENT, detail=str(answered.status)),
        service="the site",
        summary="1 page",
        clock=SystemClock(),
        server=ServerClock(),
        answer_timeout=WAIT,
    )


def test_a_ready_message_knows_the_servers_clock_and_better_with_each_warm_up(server, staging):
    server.clock_ahead = 42.4
    assert staging.offset is None
    staging.connect()
    first = staging.offset
    assert abs(first.seconds - 42.4) <= first.within < 5
    assert first.source == "127.0.0.1"
    assert 0 < staging.keep_warm() <= 4  # before it would hang up
    assert abs(staging.offset.seconds - 42.4) <= staging.offset.within
    staging.stage()
    before = staging.offset
    assert staging.keep_warm() > 0
    assert staging.offset == before
    staging.release()
    result = staging.result(WAIT)
    assert result.outcome is Outcome.SENT
    assert 0 < result.took < 10
    assert 0 < result.way < 1
    assert [method for method, _ in server.lines] == ["HEAD", "HEAD", "POST"]


def test_a_server_that_tells_no_time_is_ready_all_the_same_and_not_hurried(server, staging):
    server.warmth = "has no date"
    staging.connect()
    assert staging.offset is None
    assert staging.keep_warm() == WARM_SECONDS
    staging.stage()
    assert staging.held()


def test_keeping_warm_what_has_gone_away_is_no_trouble(tmp_path):
    with EchoServer(None) as server:
        address = server.url
    request = HeldRequest(ca_file=None, connect_timeout=5, clock=SystemClock())
    staging = HeldStaging(
        request,
        address,
        list,
        list,
        service="",
        summary="",
        clock=SystemClock(),
        server=ServerClock(),
        answer_timeout=WAIT,
    )
    assert staging.keep_warm() == WARM_SECONDS
    with pytest.raises(NotReady, match="does not accept connections"):
        staging.connect()


def test_giving_up_ends_a_warm_up_that_waits(server, staging):
    server.warmth = "silent"
    waits = []
    thread = threading.Thread(target=lambda: waits.append(staging.keep_warm()))
    thread.start()
    until(lambda: server.lines)
    staging.discard()
    thread.join(3)  # less than the time-out
    assert not thread.is_alive()
    assert waits == [WARM_SECONDS]
    with pytest.raises(NotReady, match="given up"):
        staging.stage()


def test_what_nobody_told_of_was_sent_if_the_answer_says_so_and_teaches_no_time(staging):
    staging.connect()
    staging.stage()
    assert staging.over(WAIT)
    write_at_once(staging.arm())
    assert not staging.over(timedelta(0))
    result = staging.result(WAIT)
    assert (result.outcome, result.took) == (Outcome.SENT, None)
    assert staging.over(WAIT)


def test_what_is_armed_and_nobody_told_of_is_unknown_unless_it_is_given_up(staging):
    staging.connect()
    staging.stage()
    staging.arm()
    assert staging.result(timedelta(seconds=0.3)).outcome is Outcome.UNKNOWN
    assert not staging.over(WAIT)
    assert staging.over(timedelta(0))


def test_what_is_no_longer_held_is_not_armed(server, staging):
    staging.connect()
    with pytest.raises(NotReady, match=r'"127\.0\.0\.1" no longer holds the message'):
        staging.arm()
    staging.stage()
    assert len(staging.arm()) == 1
    staging.discard()
    with pytest.raises(NotReady):
        staging.arm()
