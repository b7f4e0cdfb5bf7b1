"""A message of their own to each recipient, against Postfix; with what it can do, and with what every server can."""

import re
from collections import Counter
from datetime import timedelta

import pytest

from runbook.channels.registry import open_channel
from runbook.channels.smtp_message import numbered_id
from runbook.errors import NotReady
from runbook.model.outcome import Outcome
from support import channel_rigs, real_rigs
from support.patience import until
from support.real_mail import FEW, REFUSED

pytestmark = pytest.mark.real

KEY = "run-1/announce.press/1/1"
WAIT = timedelta(seconds=60)
PEOPLE = tuple(f"desk{number}@example.org" for number in range(60))
HARD = "From the top\n.\n..\n. dot\nFrom here: £ é \N{EN DASH} \N{EURO SIGN}\n" + "long " * 400 + "\n" + "x" * 3000


@pytest.fixture
def rig(real_mail, tmp_path):
    with real_rigs.postfix(real_mail, tmp_path) as made:
        yield made


@pytest.fixture
def through(real_mail, rig, tmp_path):
    """Return what makes a channel through a service of the server, with settings of one's own."""

    def make(service="starttls", **settings):
        table = real_mail.settings(service) | {"one_each": True, "connections": 5} | settings
        return open_channel("press-email", table, channel_rigs.context("press-email", tmp_path))

    return make


def staged(channel, *recipients, body=channel_rigs.BODY):
    staging = channel.ready(channel.build(channel_rigs.email(*recipients, body=body)), KEY)
    staging.stage()
    return staging


@pytest.mark.parametrize("service", ["starttls", "tls", "old"])
def test_each_gets_their_own_once(rig, through, service):
    staging = staged(through(service), *PEOPLE, body=HARD)
    assert staging.held()
    assert rig.server.delivered() == []
    staging.release()
    result = staging.result(WAIT)
    assert result.outcome is Outcome.SENT, result
    assert result.recipients == {}
    assert re.match(r"60 accepted one by one over 5 connections; first and last ", result.detail)
    copies = rig.server.delivered()
    assert Counter(copy.recipient for copy in copies) == Counter(PEOPLE)
    assert len({copy.queue_id for copy in copies}) == len(PEOPLE)
    assert result.receipt.id in {copy.queue_id for copy in copies}
    for copy in copies:
        assert copy.message["To"] == copy.recipient
        assert copy.message["Message-ID"] == numbered_id(KEY, "example.org", PEOPLE.index(copy.recipient) + 1)
        assert copy.message.get_content().replace("\r\n", "\n") == HARD + "\n"
    assert len({copy.raw.split(b"\r\n", 2)[2] for copy in copies}) == 1


@pytest.mark.parametrize("service", ["starttls", "old"])
def test_refused_recipients_are_known_before_anything_is_sent(rig, through, service):
    everybody = (*REFUSED, *PEOPLE[:6])
    staging = staged(through(service, connections=2), *everybody)
    assert set(staging.refused) == set(REFUSED)
    staging.release()
    result = staging.result(WAIT)
    assert result.outcome is Outcome.SENT
    assert set(result.recipients) == set(REFUSED)
    assert Counter(copy.recipient for copy in rig.server.delivered()) == Counter(PEOPLE[:6])


def test_given_up_nobody_gets_any(rig, through):
    before = rig.server.log().count(" disconnect from ")
    staging = staged(through(), *PEOPLE)
    staging.arm()
    staging.discard()
    until(lambda: rig.server.log().count(" disconnect from ") >= before + 5, 30)
    assert rig.server.delivered() == []


def test_a_server_that_allows_fewer_connections_is_told_with_what_helps(rig, through):
    channel = through("few", connections=FEW + 2)
    with pytest.raises(NotReady, match=rf"took {FEW} of the {FEW + 2} connections that 60 addresses need") as refused:
        channel.ready(channel.build(channel_rigs.email(*PEOPLE)), KEY)
    assert "set a lower `connections`" in refused.value.remedy
    assert rig.server.delivered() == []
