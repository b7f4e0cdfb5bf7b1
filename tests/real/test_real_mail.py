"""E-mail against Postfix: what the stand-in cannot know of a mail server that others have made."""

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import pytest

from runbook.channels import smtp_line
from runbook.channels.registry import open_channel
from runbook.channels.smtp_message import render
from runbook.clock import SimulatedClock
from runbook.errors import NotReady
from runbook.model.outcome import Answer, Outcome
from support import channel_rigs, real_rigs
from support.certificates import Authority
from support.killed import killed
from support.patience import until
from support.real_mail import FEW, HASTY_SECONDS, REFUSED, by_message

pytestmark = pytest.mark.real

KEY = "run-1/announce.press/1/1"
WAIT = timedelta(seconds=30)
DESKS = tuple(f"desk{number}@example.org" for number in range(250))
NOW = datetime(2018, 1, 5, 9, 30, tzinfo=UTC)
HARD = (
    "From the top\n.\n..\n. dot\nFrom here: £ é \N{EN DASH} \N{EURO SIGN}\n" + "long " * 400 + "\n\ttab \n" + "x" * 3000
)


@pytest.fixture
def rig(real_mail, tmp_path):
    with real_rigs.postfix(real_mail, tmp_path) as made:
        yield made


@pytest.fixture
def through(real_mail, rig, tmp_path):
    """Return what makes a channel through a service of the server, with settings of one's own."""

    def make(service="starttls", clock=None, **settings):
        table = real_mail.settings(service) | settings
        return open_channel("press-email", table, channel_rigs.context("press-email", tmp_path), clock)

    return make


def staged(channel, *recipients, **parts):
    staging = channel.ready(channel.build(channel_rigs.email(*recipients, **parts)), KEY)
    staging.stage()
    return staging


def sent(channel, *recipients, **parts):
    staging = staged(channel, *recipients, **parts)
    assert staging.held()
    staging.release()
    return staging.result(WAIT)


def left(mail, before, count=1):
    """Wait until so many clients more than `before` have left."""
    until(lambda: mail.log().count(" disconnect from ") >= before + count, 30)


# What arrives ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("service", ["starttls", "tls", "old"])  # in chunks, and without
def test_every_recipient_gets_it_once_and_byte_for_byte(rig, through, service):
    assert (
        sent(through(service, clock=SimulatedClock(NOW)), "a@example.org", "b@example.org", body=HARD).outcome
        is Outcome.SENT
    )
    copies = rig.server.delivered()
    assert Counter(copy.recipient for copy in copies) == {"a@example.org": 1, "b@example.org": 1}
    [identity] = {copy.message["Message-ID"] for copy in copies}
    wanted = render(
        subject="Malpractice: summer 2017",
        body=HARD,
        sender="Press office <press@example.org>",
        to="undisclosed-recipients:;",
        reply_to=None,
        identity=identity,
        at=NOW,
    )
    assert {copy.raw for copy in copies} == {wanted}
    message = copies[0].message
    assert message.get_content().replace("\r\n", "\n") == HARD + "\n"
    assert parsedate_to_datetime(message["Date"]) == NOW
    assert message["Subject"] == "Malpractice: summer 2017"


@pytest.mark.parametrize("service", ["starttls", "tls", "stock"])
def test_no_recipient_reads_of_another(rig, through, service):
    everybody = ("a@example.org", "b@example.org", "c@example.org")
    assert sent(through(service), *everybody).outcome is Outcome.SENT
    for copy in rig.server.delivered():
        assert not [one for one in everybody if one.encode() in copy.raw]
        assert copy.message["To"] == "undisclosed-recipients:;"


def test_a_long_subject_arrives_as_it_was_written(rig, through):
    subject = "Malpractice for GCSE \N{EN DASH} “A level”: " + "summer 2017 exam series, " * 10
    assert sent(through(), "a@example.org", subject=subject.strip()).outcome is Outcome.SENT
    [copy] = rig.server.delivered()
    assert copy.message["Subject"] == subject.strip()


def test_the_receipt_has_the_servers_own_queue_id(rig, through):
    result = sent(through(), "a@example.org")
    [copy] = rig.server.delivered()
    assert result.receipt.id == copy.queue_id
    assert f"queued as {copy.queue_id}" in result.receipt.text
    assert f"{copy.queue_id}: removed" in rig.server.log()


def test_three_batches_are_held_together_and_released_together(rig, through):
    channel = through(batch=100)
    assert channel.build(channel_rigs.email(*DESKS)).summary == "250 addresses in 3 batches"
    staging = staged(channel, *DESKS)
    assert staging.held()
    assert rig.server.delivered() == []
    staging.release()
    result = staging.result(WAIT)
    assert result.outcome is Outcome.SENT
    assert result.recipients == {}
    copies = rig.server.delivered()
    assert Counter(copy.recipient for copy in copies) == Counter(DESKS)
    assert len({copy.raw for copy in copies}) == 1
    assert sorted(len(batch) for batch in by_message(copies)) == [50, 100, 100]
    assert all(batch[0].queue_id in result.receipt.text for batch in by_message(copies))


# What is refused ------------------------------------------------------------------------------------------------------


def test_refused_recipients_are_known_before_anything_is_sent(rig, through):
    channel = through()
    staging = channel.ready(channel.build(channel_rigs.email("a@example.org", *REFUSED)), KEY)
    assert {who: words.split()[0] for who, words in staging.refused.items()} == {
        "gone@example.org": "550",
        "full@example.org": "450",
    }
    staging.stage()
    staging.release()
    result = staging.result(WAIT)
    assert result.outcome is Outcome.SENT
    assert set(result.recipients) == set(REFUSED)
    assert [copy.recipient for copy in rig.server.delivered()] == ["a@example.org"]


def test_when_all_are_refused_it_is_not_ready(rig, through):
    with pytest.raises(NotReady, match="refused every recipient"):
        staged(through(), *REFUSED)
    assert rig.server.delivered() == []


def test_a_wrong_password_is_told_in_words(rig, through, monkeypatch):
    monkeypatch.setenv("MAIL_PASSWORD", "wrong")
    health = through().check()
    assert not health.ok
    assert "does not accept the password" in health.detail
    assert "535" in health.detail
    with pytest.raises(NotReady, match="does not accept the password"):
        staged(through(), "a@example.org")
    assert rig.server.delivered() == []


def test_who_does_not_sign_in_may_send_to_nobody(rig, through):
    with pytest.raises(NotReady, match="refused every recipient") as refused:
        staged(through(user=None, password=None), "a@example.org")
    assert "554" in refused.value.message
    assert rig.server.delivered() == []


@pytest.mark.parametrize("service", ["starttls", "tls"])
def test_a_certificate_that_is_not_trusted_is_told_in_words(rig, through, tmp_path, service):
    stranger = Authority(tmp_path)
    health = through(service, ca_file=str(stranger.ca_file)).check()
    assert not health.ok
    assert "not trusted" in health.detail
    with pytest.raises(NotReady, match="not trusted"):
        staged(through(service, ca_file=str(stranger.ca_file)), "a@example.org")
    assert rig.server.delivered() == []


@pytest.mark.parametrize(
    ("service", "security", "found"),
    [("starttls", "tls", "does not speak TLS as it should"), ("tls", "starttls", "then said nothing")],
)
def test_the_wrong_kind_of_encryption_is_told_in_words(through, service, security, found):
    health = through(service, security=security, timeout=2).check()
    assert not health.ok
    assert found in health.detail
    assert "port" in health.remedy.lower()
    assert "security" in health.remedy


def test_sixty_connections_where_fifty_are_allowed_is_not_ready_rather_than_half_sent(rig, through):
    channel = through("stock", batch=1, connections=100)
    before = rig.server.log().count(" disconnect from ")
    with pytest.raises(NotReady, match="too many connections") as refused:
        channel.ready(channel.build(channel_rigs.email(*DESKS[:60])), KEY)
    assert "took 50 of the 60 connections that 60 addresses need (421 4.7.0 " in refused.value.message
    assert "raise `batch`" in refused.value.remedy
    left(rig.server, before, 50)
    assert rig.server.delivered() == []


def test_a_server_that_allows_few_connections_is_told_of_with_the_number(rig, through):
    channel = through("few")
    before = rig.server.log().count(" disconnect from ")
    with pytest.raises(NotReady) as refused:
        channel.ready(channel.build(channel_rigs.email(*(f"desk{n}@example.org" for n in range(1000)))), KEY)
    assert f"took {FEW} of the 10 connections that 1,000 addresses need (421 4.7.0 " in refused.value.message
    assert "batch" not in refused.value.remedy
    left(rig.server, before, FEW)
    assert rig.server.delivered() == []


def test_fifty_connections_are_what_a_stock_server_allows(rig, through):
    result = sent(through("stock", batch=1, connections=100), *DESKS[:50])
    assert result.outcome is Outcome.SENT
    assert Counter(copy.recipient for copy in rig.server.delivered()) == Counter(DESKS[:50])


# What is held ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("service", "command"), [("starttls", "BDAT"), ("tls", "BDAT"), ("old", "DATA")])
def test_what_is_discarded_was_never_a_message_for_the_server(rig, through, service, command):
    before, marked = rig.server.log().count(" disconnect from "), len(rig.server.log())
    staging = staged(through(service, batch=1), *DESKS[:3])
    staging.arm()
    staging.discard()
    left(rig.server, before, 3)
    assert rig.server.delivered() == []
    assert rig.server.log()[marked:].count(f"lost connection after {command}") == 3


@pytest.mark.parametrize("service", ["starttls", "old"])
def test_killed_while_staged_nothing_is_delivered(rig, tmp_path, service):
    before = rig.server.log().count(" disconnect from ")
    killed(rig, rig.server.settings(service), tmp_path, release=False)
    left(rig.server, before)
    assert rig.server.delivered() == []


@pytest.mark.parametrize("service", ["starttls", "old"])
def test_killed_after_the_last_bytes_it_is_delivered_once(rig, tmp_path, service):
    before = rig.server.log().count(" disconnect from ")
    killed(rig, rig.server.settings(service), tmp_path, release=True)
    left(rig.server, before)
    assert list(rig.public()) == [rig.text]


def test_a_server_that_waited_too_long_has_taken_nothing_and_it_can_be_staged_again(rig, through):
    staging = staged(through("hasty"), "a@example.org")
    assert staging.held()
    until(lambda: not staging.held(), 10 * HASTY_SECONDS)
    assert rig.server.delivered() == []
    staging.stage()
    assert staging.held()
    staging.release()
    assert staging.result(WAIT).outcome is Outcome.SENT
    assert [copy.recipient for copy in rig.server.delivered()] == ["a@example.org"]


def test_a_final_dot_that_came_too_late_is_never_said_to_be_sent(rig, through):
    before = rig.server.log().count("timeout after BDAT")
    staging = staged(through("hasty"), "a@example.org")
    until(lambda: rig.server.log().count("timeout after BDAT") > before, 10 * HASTY_SECONDS)
    staging.release()  # nobody asked before whether it is still held
    result = staging.result(WAIT)
    assert result.outcome is Outcome.NOT_SENT, result
    assert rig.server.delivered() == []


def test_a_ready_message_is_kept_warm_and_what_was_lost_is_made_again(rig, through, monkeypatch):
    channel = through("hasty")
    staging = channel.ready(channel.build(channel_rigs.email("a@example.org")), KEY)
    monkeypatch.setattr(smtp_line, "IDLE_SECONDS", 0.0)
    staging.keep_warm()
    before = rig.server.log().count("timeout after NOOP")
    until(lambda: rig.server.log().count("timeout after NOOP") > before, 10 * HASTY_SECONDS)
    staging.keep_warm()
    assert "timeout after NOOP" in rig.server.log()
    staging.stage()
    staging.release()
    assert staging.result(WAIT).outcome is Outcome.SENT
    assert [copy.recipient for copy in rig.server.delivered()] == ["a@example.org"]


def test_a_server_cannot_be_asked_what_it_has_sent_and_its_log_can(rig, through):
    channel = through()
    sent(channel, "a@example.org")
    found = channel.find(channel.build(channel_rigs.email("a@example.org")), KEY)
    assert found.answer is Answer.CANNOT_TELL
    identity = re.search(r"<[^>]+>", found.look_at).group()
    assert f"message-id={identity}" in rig.server.log()
