"""A request held at its last byte: what the other side has, and when."""

import socket
import sys
import threading
import time
from datetime import timedelta

import pytest

from runbook.channels.held import LONGEST_ANSWER, Answered, HeldRequest, Outgoing, Unanswered, Unreleased
from runbook.channels.held_staging import failed
from runbook.channels.wire import explain, is_loopback, plain, public_address, quiet, web_address
from runbook.clock import SystemClock
from runbook.instant import Written, write_at_once
from runbook.model.outcome import Outcome
from support.certificates import Authority, authority
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


def test_the_body_is_whole_only_after_the_release(server, request_):
    request_.open(server.url)
    request_.stage(outgoing(server, Authorization="Basic x"))
    until(lambda: server.heads)
    assert request_.held()
    assert server.bodies == []
    request_.release()
    answer = request_.answer(WAIT)
    assert (answer.status, answer.body) == (200, BODY)
    assert server.bodies == [BODY]
    assert server.heads == ["/wp-json/posts/11?x=1"]
    assert server.headers[0]["authorization"] == "Basic x"
    assert server.headers[0]["content-length"] == str(len(BODY))
    assert not request_.held()


def test_whoever_keeps_the_instant_writes_what_is_armed(server, request_):
    request_.stage(outgoing(server))
    until(lambda: server.heads)
    write = request_.arm()
    assert request_.arm() == write
    assert request_.held()
    assert server.bodies == []
    [written] = write_at_once([write])
    request_.fired(written)
    assert not request_.held()
    answer = request_.answer(WAIT)
    assert answer.body == BODY
    assert 0 < answer.took < 10
    assert 0 < request_.way < 1
    assert server.bodies == [BODY]


def test_what_is_armed_may_still_be_given_up(server, request_):
    request_.stage(outgoing(server))
    request_.arm()
    request_.discard()
    with pytest.raises(Unreleased):
        request_.answer(WAIT)
    assert request_.out_for() is None
    until(lambda: server.connections == 0)
    assert server.bodies == []


def test_a_write_that_the_system_did_not_take_is_certainly_not_sent(server, request_):
    request_.stage(outgoing(server))
    request_.arm()
    request_.fired(Written(0, 1.0))
    request_.release()
    with pytest.raises(Unreleased):
        request_.answer(WAIT)
    assert server.bodies == []


def test_what_was_written_and_nobody_told_of_may_be_out_and_its_answer_tells(server, request_):
    request_.stage(outgoing(server))
    assert request_.out_for() is None
    write_at_once([request_.arm()])
    assert request_.out_for() == 0
    answer = request_.answer(WAIT)
    assert (answer.body, answer.took, answer.reading) == (BODY, 0, None)
    assert server.bodies == [BODY]


def test_what_is_armed_and_nobody_told_of_is_unknown_without_an_answer(server, request_):
    request_.stage(outgoing(server))
    request_.arm()
    with pytest.raises(Unanswered, match="no answer came in time"):
        request_.answer(timedelta(seconds=0.3))
    assert 0 < request_.out_for() < 10
    assert server.bodies == []


def test_what_was_told_of_after_it_was_given_up_is_out(server, request_):
    request_.stage(outgoing(server))
    [written] = write_at_once([request_.arm()])
    request_.discard()
    request_.fired(written)
    with pytest.raises(Unanswered, match="closed before an answer"):
        request_.answer(WAIT)


def test_what_the_system_left_of_a_write_follows(server, request_):
    request_.stage(outgoing(server))
    write = request_.arm()
    half = max(1, len(write.data) // 2)
    [written] = write_at_once([type(write)(write.descriptor, write.data[:half])])
    request_.fired(written)
    assert request_.answer(WAIT).body == BODY
    assert server.bodies == [BODY]


def test_what_is_not_held_cannot_be_armed(server, request_):
    with pytest.raises(OSError, match="not held"):
        request_.arm()
    request_.stage(outgoing(server))
    until(lambda: server.heads)
    server.drop_connections()
    until(lambda: not request_.held())
    with pytest.raises(OSError, match="not held"):
        request_.arm()


def test_what_was_armed_and_is_staged_anew_is_armed_anew(server, request_):
    request_.stage(outgoing(server))
    request_.arm()
    request_.stage(outgoing(server))
    request_.release()
    assert request_.answer(WAIT).body == BODY
    assert server.bodies == [BODY]


@pytest.fixture
def sluggish():
    """A listening server whose machine has little room; it never reads by itself."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener


def held_by(listener, seconds):
    address = f"http://127.0.0.1:{listener.getsockname()[1]}/"
    request = HeldRequest(ca_file=None, connect_timeout=seconds, clock=SystemClock())
    return request, Outgoing(address, {}, b'{"text": "' + b"x" * 40_000 + b'"}')


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
def test_what_the_servers_machine_does_not_take_is_not_held(sluggish):
    request, long = held_by(sluggish, 0.3)
    with pytest.raises(TimeoutError, match="does not take"):
        request.stage(long)
    assert not request.held()
    with pytest.raises(Unreleased):
        request.answer(WAIT)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
def test_what_the_servers_machine_takes_slowly_is_held_once_it_has_it(sluggish):
    request, long = held_by(sluggish, 5)
    thread = threading.Thread(target=request.stage, args=[long])
    thread.start()
    theirs, _ = sluggish.accept()
    with theirs:
        theirs.settimeout(5)
        time.sleep(0.1)
        assert thread.is_alive()
        assert not request.held()
        got = b""
        while len(got) < 40_000:
            got += theirs.recv(65_536)
        thread.join(5)
        assert request.held()
        request.discard()
        until(lambda: not request.held())


def test_giving_up_beside_a_reader_leaves_it_an_error_that_it_expects(server):
    """A thread that asks for a head is given up at any point of it: it ends in OSError or in nothing."""
    raised = []

    def ask(request):
        try:
            request.ask(f"{server.url}/blank.gif")
        except OSError:
            pass
        except Exception as error:  # noqa: BLE001  # whatever else it is must not be
            raised.append(error)

    for turn in range(60):
        request = HeldRequest(ca_file=authority().ca_file, connect_timeout=5, clock=SystemClock())
        request.open(server.url)
        thread = threading.Thread(target=ask, args=[request])
        thread.start()
        time.sleep(turn * 0.00005)
        request.discard()
        thread.join(5)
    assert raised == []


def test_any_thread_may_release(server, request_):
    request_.stage(outgoing(server))
    thread = threading.Thread(target=request_.release)
    thread.start()
    thread.join()
    assert request_.answer(WAIT).body == BODY


def test_what_is_given_up_never_becomes_whole(server, request_):
    request_.stage(outgoing(server))
    until(lambda: server.heads)
    request_.discard()
    request_.release()
    with pytest.raises(Unreleased):
        request_.answer(WAIT)
    until(lambda: server.connections == 0)
    assert server.bodies == []
    with pytest.raises(OSError, match="given up"):
        request_.stage(outgoing(server))


def test_giving_up_while_another_thread_connects_leaves_nothing_open(server, request_):
    request_.discard()
    with pytest.raises(OSError, match="given up"):
        request_.open(server.url)
    assert server.heads == []


def test_a_server_that_hangs_up_no_longer_holds(server, request_):
    request_.stage(outgoing(server))
    until(lambda: server.heads)
    server.drop_connections()
    until(lambda: not request_.held())
    request_.release()
    with pytest.raises(Unreleased):
        request_.answer(WAIT)
    assert server.bodies == []


def test_a_server_that_answers_early_no_longer_holds(server, request_):
    server.early = True
    request_.stage(outgoing(server))
    until(lambda: not request_.held())
    request_.release()
    with pytest.raises(Unreleased):
        request_.answer(WAIT)


def test_a_connection_that_died_before_staging_is_made_again(server, request_):
    request_.open(server.url)
    server.drop_connections()
    request_.stage(outgoing(server))
    request_.release()
    assert request_.answer(WAIT).body == BODY


def test_an_answer_that_trickles_ends_in_time(server, request_):
    server.trickle = True
    request_.stage(outgoing(server))
    request_.release()
    with pytest.raises(Unanswered, match="no answer came in time"):
        request_.answer(timedelta(seconds=0.3))


def test_a_status_counts_even_if_the_rest_is_torn_off(server, request_):
    server.torn = True
    request_.stage(outgoing(server))
    request_.release()
    assert request_.answer(WAIT).status == 200


def test_a_long_answer_is_clipped(server, request_):
    server.body = b"x" * (LONGEST_ANSWER + 10)
    request_.stage(outgoing(server))
    request_.release()
    assert len(request_.answer(WAIT).body) == LONGEST_ANSWER


def test_a_released_request_is_not_staged_again(server, request_):
    request_.stage(outgoing(server))
    request_.release()
    request_.answer(WAIT)
    with pytest.raises(OSError, match="released already"):
        request_.stage(outgoing(server))
    assert server.bodies == [BODY]


def test_an_untrusted_certificate_is_refused(tmp_path):
    with EchoServer(Authority(tmp_path)) as server:
        request = HeldRequest(ca_file=authority().ca_file, connect_timeout=5, clock=SystemClock())
        with pytest.raises(OSError, match=r"(?i)certificate"):
            request.open(server.url)
        assert server.heads == []


def test_http_leaves_this_computer_never():
    request = HeldRequest(ca_file=None, connect_timeout=5, clock=SystemClock())
    with pytest.raises(OSError, match="not encrypted"):
        request.open("http://203.0.113.7/")


def test_a_body_must_end_in_its_closing_brace():
    with pytest.raises(ValueError, match="brace"):
        Outgoing("https://example.org", {}, b"[1]")


def test_a_header_with_a_line_break_is_refused(server, request_):
    with pytest.raises(OSError, match=r"(?i)header"):
        request_.stage(outgoing(server, Authorization="a\r\nX: b"))
    assert server.bodies == []


@pytest.mark.parametrize(
    ("body", "value"), [(b'{"a": 1}', {"a": 1}), (b"[1]", {}), (b"<html>", {}), (b"", {}), (b"\xff", {})]
)
def test_an_answer_that_is_no_object_is_an_empty_one(body, value):
    assert Answered(200, {}, body).object() == value


@pytest.mark.parametrize(
    ("status", "outcome"), [(401, Outcome.NOT_SENT), (409, Outcome.UNKNOWN), (500, Outcome.UNKNOWN)]
)
def test_only_a_plain_refusal_is_not_sent(status, outcome):
    assert failed("The site", Answered(status), "no", own=False).outcome is Outcome.UNKNOWN
    result = failed("The site", Answered(status), "no", own=True)
    assert result.outcome is outcome
    assert f"{status} no" in result.detail


# what the protocols share


def test_loopback_is_told_by_address_not_by_name():
    assert all(map(is_loopback, ["127.0.0.1", "127.9.9.9", "::1", "[::1]", "localhost", "LOCALHOST"]))
    assert not any(map(is_loopback, ["localhost.example.org", "127.0.0.1.example.org", "10.0.0.1", ""]))


@pytest.mark.parametrize(
    "address", ["example.org", "https://", "ftp://example.org", "https://u@example.org", "https://e.org/?a"]
)
def test_an_address_that_is_none_is_refused(address):
    with pytest.raises(ValueError, match="is not an address"):
        public_address(address)


def test_credentials_go_over_https_only():
    assert web_address("https://example.org/news/") == "https://example.org/news"
    assert web_address("http://127.0.0.1:80") == "http://127.0.0.1:80"
    with pytest.raises(ValueError, match="not encrypted"):
        web_address("http://example.org")


def test_a_quiet_line_is_there_and_silent():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert quiet(ours)
        theirs.sendall(b"421 closing")
        assert not quiet(ours)
    ours, theirs = socket.socketpair()
    with ours:
        theirs.close()
        assert not quiet(ours)
    assert not quiet(ours)


@pytest.mark.parametrize(
    ("error", "found"),
    [
        (ConnectionRefusedError(), "does not accept connections"),
        (TimeoutError(), "did not answer in time"),
        (socket.gaierror(), "There is no server called"),
        (OSError(101, "Network is unreachable"), "Network is unreachable"),
        (ConnectionResetError(), "failed: ConnectionResetError"),
    ],
)
def test_a_failed_connection_is_said_in_a_sentence_with_what_to_do(error, found):
    message, remedy = explain(error, "mail.example.org")
    assert found in message
    assert "mail.example.org" in message
    assert remedy.endswith(".")


def test_a_servers_words_are_shown_on_one_line():
    assert plain("one\r\n\ttwo\x1b[31m\x00 three") == "one two [31m three"
    assert plain("x" * 300) == "x" * 199 + "…"
