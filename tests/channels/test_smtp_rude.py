"""E-mail to a server without manners: it resets, refuses later what it took before, says more than it was asked."""

import time
from datetime import timedelta

import pytest

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
