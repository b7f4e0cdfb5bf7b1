"""E-mail to a server without manners: it resets, refuses later what it took before, says more than it was asked."""

import signal
import socket
import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest

from runbook.channels import smtp_line
from runbook.errors import NotReady
from runbook.model.outcome import Outcome
from support import channel_rigs
from support.certificates import authority
from support.patience import until
from support.rude_mail import rude

KEY = "run-1/announce.press/1/1"
WAIT = timedelta(seconds=10)
PEOPLE = tuple(f"desk{number}@example.org" for number in range(10))


def channel(tmp_path, server, **settings):
    security = {"security": "tls", "ca_file": str(authority().ca_file)} if server.trust else {"security": "none"}
    table = {"kind": "smtp", "host": "127.0.0.1", "port": server.port, "from": "press@example.org", "timeout": 5}
    return channel_rigs.open_channel(
        "press-email", table | security | settings, channel_rigs.context("press-email", tmp_path)
    )


def ready(tmp_path, server, *people, body=channel_rigs.BODY, **settings):
    mail = channel(tmp_path, server, **settings)
    return mail.ready(mail.build(channel_rigs.email(*people or PEOPLE, body=body)), KEY)


def staged(tmp_path, server, *people, **settings):
    staging = ready(tmp_path, server, *people, **settings)
    staging.stage()
    assert staging.held()
    return staging


# A reset after the end was taken --------------------------------------------------------------------------------------


@pytest.mark.parametrize("encrypted", [False, True])
@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (b"250 2.0.0 Ok: queued as Q1\r\n", Outcome.SENT),
        (b"554 5.6.0 no\r\n", Outcome.NOT_SENT),
        (b"", Outcome.UNKNOWN),
    ],
)
def test_after_a_reset_only_the_servers_answer_says_what_became_of_it(tmp_path, encrypted, answer, outcome):
    trust = authority().server_context() if encrypted else None
    with rude(after_dot=answer, reset=True, trust=trust) as server:
        staging = staged(tmp_path, server)
        staging.release()
        until(lambda: server.taken)
        time.sleep(0.05)  # the reset is here before anybody reads
        assert staging.result(WAIT).outcome is outcome


@pytest.mark.parametrize("answer", [b"250 2.0.0 Ok: queued as Q1\r\n", b""])
def test_one_by_one_a_reset_leaves_one_and_stops(tmp_path, answer):
    with rude(after_dot=answer, reset=True) as server:
        staging = staged(tmp_path, server, one_each=True, connections=1)
        staging.release()
        until(lambda: server.taken)
        time.sleep(0.05)
        result = staging.result(WAIT)
        assert result.outcome is (Outcome.SENT if answer else Outcome.UNKNOWN)
        assert server.taken == [PEOPLE[:1]]
        assert set(result.recipients) == set(PEOPLE[1:])


# Given up while another thread waits ----------------------------------------------------------------------------------


def in_the_background(act):
    """Start it in a thread; return the thread, and a list that gets what it raised."""
    raised = []

    def run():
        try:
            act()
        except Exception as error:  # noqa: BLE001 — whatever it is, the test looks at it
            raised.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread, raised


@pytest.mark.parametrize("encrypted", [False, True])
@pytest.mark.parametrize(("command", "act"), [(b"DATA", "stage"), (b"NOOP", "keep_warm")])
def test_giving_up_waits_for_nobody_who_waits_for_the_server(tmp_path, monkeypatch, encrypted, command, act):
    monkeypatch.setattr(smtp_line, "IDLE_SECONDS", 0.0)
    trust = authority().server_context() if encrypted else None
    with rude(answers={command: b""}, trust=trust) as server:
        staging = ready(tmp_path, server, timeout=60)
        thread, raised = in_the_background(getattr(staging, act))
        until(lambda: server.silent)
        begun = time.monotonic()
        staging.discard()
        assert time.monotonic() - begun < 5
        thread.join(10)
        assert not thread.is_alive()
        assert all(isinstance(error, NotReady) for error in raised)
        assert staging.result(WAIT).outcome is Outcome.NOT_SENT


def test_whoever_is_beside_the_giving_up_raises_nothing_unforeseen_and_leaves_nothing_open(tmp_path, monkeypatch):
    monkeypatch.setattr(smtp_line, "IDLE_SECONDS", 0.0)
    with rude() as server:
        mail = channel(tmp_path, server, batch=1)
        for number in range(30):
            staging = mail.ready(mail.build(channel_rigs.email(*PEOPLE[:3])), KEY)
            thread, raised = in_the_background(staging.stage if number % 2 else staging.keep_warm)
            time.sleep(number * 0.0002)
            staging.discard()
            thread.join(10)
            assert not thread.is_alive()
            assert all(isinstance(error, NotReady) for error in raised)
            assert not staging.held()
        until(lambda: not server.open)
        assert server.taken == []


def test_the_program_ends_at_once_though_a_server_is_silent(tmp_path):
    with rude(answers={b"DATA": b""}) as server:
        begun = time.monotonic()
        program = subprocess.Popen([sys.executable, "-c", STUCK, str(server.port), str(tmp_path)])
        until(lambda: server.silent)
        program.send_signal(signal.SIGINT)
        program.wait(30)
        assert time.monotonic() - begun < 30


STUCK = f"""
import sys
sys.path[:0] = {[str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]}
from pathlib import Path
from support import channel_rigs
table = {{"kind": "smtp", "host": "127.0.0.1", "port": int(sys.argv[1]), "security": "none", "timeout": 200}}
table["from"] = "press@example.org"
mail = channel_rigs.open_channel("press-email", table, channel_rigs.context("press-email", Path(sys.argv[2])))
staging = mail.ready(mail.build(channel_rigs.email("desk@example.org")), "key")
staging.stage()
"""


# Not what was shown, or not what was asked ----------------------------------------------------------------------------


def only_once(connection, address):
    """The first connection takes everybody, the later ones the first address only."""
    return b"250 fine\r\n" if connection == 1 or address == PEOPLE[0] else b"450 4.7.1 try later\r\n"


@pytest.mark.parametrize("each", [False, True])
@pytest.mark.parametrize("kept_warm", [False, True])
def test_who_is_refused_on_a_new_connection_stops_the_sending_until_people_have_seen_it(tmp_path, each, kept_warm):
    with rude(rcpt=only_once) as server:
        settings = {"one_each": True, "connections": 1} if each else {}
        staging = ready(tmp_path, server, **settings)
        assert staging.refused == {}
        server.clients[0].shutdown(socket.SHUT_RDWR)
        if kept_warm:
            until(lambda: staging.keep_warm() and staging.refused)
            assert set(staging.refused) == set(PEOPLE[1:])
        with pytest.raises(NotReady, match=r'^9 more addresses are refused now: "desk1@example.org" with: 450') as why:
            staging.stage()
        assert why.value.remedy == "Make it ready again; the table then shows them."
        assert not staging.held()
        assert staging.result(WAIT).outcome is Outcome.NOT_SENT
        assert server.taken == []


def test_a_whole_line_that_is_refused_on_a_new_connection_stops_the_sending(tmp_path):
    with rude(rcpt=lambda n, address: b"250 fine\r\n" if n <= 2 or address == PEOPLE[0] else b"450 no\r\n") as server:
        staging = ready(tmp_path, server, *PEOPLE[:2], batch=1)
        for client in list(server.clients):
            client.shutdown(socket.SHUT_RDWR)
        with pytest.raises(NotReady, match=r'^1 more address is refused now: "desk1@example.org" with: 450 no\.'):
            staging.stage()
        assert server.taken == []


def test_who_was_refused_and_is_accepted_now_gets_it(tmp_path):
    refusing = [PEOPLE[1]]
    with rude(rcpt=lambda n, address: b"450 no\r\n" if address in refusing else b"250 fine\r\n") as server:
        staging = ready(tmp_path, server, *PEOPLE[:2])
        refusing.clear()
        server.clients[0].shutdown(socket.SHUT_RDWR)
        staging.stage()
        staging.release()
        assert staging.result(WAIT).recipients == {}
        assert server.taken == [PEOPLE[:2]]


@pytest.mark.parametrize("encrypted", [False, True])
@pytest.mark.parametrize("stray", [b"250 queued as STRAY\r\n", b"451 try later\r\n", b"2"])
def test_what_nobody_asked_for_is_not_taken_for_the_answer_to_the_end(tmp_path, encrypted, stray):
    trust = authority().server_context() if encrypted else None
    with rude(answers={b"DATA": b"354 go ahead\r\n" + stray}, trust=trust) as server:
        staging = ready(tmp_path, server)
        with pytest.raises(NotReady, match="it said more than it was asked"):
            staging.stage()
        assert not staging.held()
        assert server.taken == []


def test_one_by_one_what_nobody_asked_for_is_not_taken_for_the_next_answer(tmp_path):
    with rude(after_dot=b"250 queued as Q1\r\n250 queued as STRAY\r\n") as server:
        staging = staged(tmp_path, server, one_each=True, connections=1)
        staging.release()
        result = staging.result(WAIT)
        assert result.outcome is Outcome.SENT
        assert server.taken == [PEOPLE[:1]]
        assert set(result.recipients) == set(PEOPLE[1:])


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
def test_a_text_that_the_other_machine_does_not_take_is_not_held(tmp_path):
    with rude(reads_text=False) as server:
        staging = ready(tmp_path, server, body="word " * 400_000, timeout=0.3)
        with pytest.raises(NotReady, match="did not answer in time"):
            staging.stage()
        assert not staging.held()


@pytest.mark.parametrize("each", [False, True])
def test_what_is_still_being_staged_is_not_sent_and_nobody_waits_for_it(tmp_path, each):
    with rude(answers={b"DATA": b""}) as server:
        staging = ready(tmp_path, server, timeout=60, **({"one_each": True} if each else {}))
        thread, raised = in_the_background(staging.stage)
        until(lambda: server.silent)
        begun = time.monotonic()
        assert staging.result(WAIT).outcome is Outcome.NOT_SENT
        assert time.monotonic() - begun < 5
        thread.join(10)
        assert [type(error) for error in raised] == [NotReady]


# One by one, slowly ---------------------------------------------------------------------------------------------------


def test_one_by_one_goes_on_for_as_long_as_answers_come(tmp_path):
    with rude(pause=0.2) as server:
        staging = staged(tmp_path, server, one_each=True, connections=1)
        staging.release()
        one = timedelta(seconds=1)
        assert staging.longest_result(one) == 10 * one
        result = staging.result(one)
        assert result.outcome is Outcome.SENT
        assert result.recipients == {}
        assert server.taken == [(who,) for who in PEOPLE]


def test_a_message_to_all_takes_no_longer_than_its_deadline_or_its_settings(tmp_path):
    with rude() as server:
        staging = staged(tmp_path, server, answer_timeout=7)
        assert staging.longest_result(timedelta(seconds=5)) == timedelta(seconds=5)
        assert staging.longest_result(timedelta(seconds=60)) == timedelta(seconds=7)
        staging.discard()
