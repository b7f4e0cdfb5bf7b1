"""E-mail: what the server gets, who is told what, and every way it can end."""

from datetime import UTC, datetime, timedelta

import pytest

from runbook.channels.smtp_message import message_id
from runbook.channels.smtp_outcome import Answer, summarise
from runbook.errors import NotReady
from runbook.model.outcome import Outcome
from support import channel_rigs
from support.certificates import authority
from support.patience import until

KEY = "run-1/announce.press/1/1"
WAIT = timedelta(seconds=10)
SHORT = timedelta(seconds=0.3)


OFFERS = [(), ("CHUNKING",), ("CHUNKING", "PIPELINING")]


@pytest.fixture(params=OFFERS, ids=["plain", "chunking", "pipelining"])
def rig(request, tmp_path):
    with channel_rigs.smtp(tmp_path, authority(), offers=request.param) as made:
        yield made


def many(count):
    return [f"desk{number}@example.org" for number in range(count)]


def ready(rig, draft=None, key=KEY):
    return rig.channel.ready(rig.channel.build(draft or rig.draft), key)


def staged(rig, draft=None):
    staging = ready(rig, draft)
    staging.stage()
    return staging


def sent(rig, draft=None, wait=WAIT):
    staging = staged(rig, draft)
    staging.release()
    return staging.result(wait)


@pytest.mark.parametrize("security", ["starttls", "tls", "none"])
def test_it_goes_out_over_every_kind_of_connection(security, tmp_path):
    with channel_rigs.smtp(tmp_path, authority(), security=security) as rig:
        assert rig.channel.check().ok
        assert sent(rig).outcome is Outcome.SENT
        assert list(rig.public()) == [rig.text]


def test_recipients_stand_in_the_envelope_only(rig):
    sent(rig, channel_rigs.email("desk@example.org", "night@example.org"))
    (received,) = rig.server.received
    assert received.sender == "press@example.org"
    assert received.recipients == ("desk@example.org", "night@example.org")
    assert b"desk@" not in received.raw
    assert b"night@" not in received.raw
    assert received.message["To"] == "undisclosed-recipients:;"
    assert received.message["Bcc"] is None


def test_the_message_is_as_it_was_written(rig):
    sent(rig, channel_rigs.email(subject="Malpractice: £ and \N{EN DASH} a very long subject, " + "long " * 30 + "end"))
    message = rig.server.received[0].message
    assert message["Subject"] == "Malpractice: £ and \N{EN DASH} a very long subject, " + "long " * 30 + "end"
    assert message["From"] == "Press office <press@example.org>"
    assert message.get_content().replace("\r\n", "\n") == channel_rigs.BODY
    assert message.get_content_type() == "text/plain"
    raw = rig.server.received[0].raw
    assert raw.isascii()
    assert max(len(line) for line in raw.split(b"\r\n")) <= 78


def test_reply_to_and_to_are_the_settings(tmp_path):
    with channel_rigs.smtp(
        tmp_path, authority(), reply_to="Press desk <desk@example.org>", to_header="Press list <list@example.org>"
    ) as rig:
        sent(rig)
        message = rig.server.received[0].message
        assert message["Reply-To"] == "Press desk <desk@example.org>"
        assert message["To"] == "Press list <list@example.org>"


def test_an_address_on_the_list_twice_gets_one(rig):
    draft = channel_rigs.email("desk@example.org", "desk@example.org")
    assert rig.channel.build(draft).summary == "1 address"
    sent(rig, draft)
    assert rig.server.received[0].recipients == ("desk@example.org",)


def test_the_id_belongs_to_the_key_and_staging_again_keeps_the_bytes(rig):
    staging = ready(rig)
    staging.stage()
    rig.server.drop_connections()
    staging.stage()
    staging.release()
    assert staging.result(WAIT).outcome is Outcome.SENT
    (received,) = rig.server.received
    assert received.message["Message-ID"] == message_id(KEY, "example.org")
    assert message_id(KEY, "example.org") in rig.channel.find(rig.channel.build(rig.draft), KEY).look_at


# before the final dot


def test_nobody_to_send_to_is_not_ready(rig):
    draft = rig.draft.model_copy(update={"recipients": ()})
    assert rig.channel.build(draft).summary == "0 addresses"
    with pytest.raises(NotReady, match="nobody to send to"):
        ready(rig, draft)


def test_refused_recipients_are_named_and_the_others_get_it(rig):
    rig.server.faults.refuse = {"gone@example.org": "550 5.1.1 no such user", "later@example.org": "450 4.2.1 busy"}
    staging = ready(rig, channel_rigs.email("desk@example.org", "gone@example.org", "later@example.org"))
    assert staging.refused == {"gone@example.org": "550 5.1.1 no such user", "later@example.org": "450 4.2.1 busy"}
    staging.stage()
    staging.release()
    result = staging.result(WAIT)
    assert result.outcome is Outcome.SENT
    assert set(result.recipients) == {"gone@example.org", "later@example.org"}
    assert "550 5.1.1 no such user" in result.recipients["gone@example.org"]
    assert rig.server.received[0].recipients == ("desk@example.org",)
    assert result.detail == "1 accepted, queued as Q000001"


def test_an_address_beyond_ascii_is_refused_by_name_and_the_others_get_it(rig):
    staging = ready(rig, channel_rigs.email("desk@example.org", "büro@example.org"))
    assert "SMTPUTF8" in staging.refused["büro@example.org"]
    staging.discard()


def test_all_recipients_refused_is_not_ready(rig):
    rig.server.faults.refuse = dict.fromkeys(rig.draft.recipients, "550 5.1.1 no such user")
    with pytest.raises(NotReady, match=r"refused every recipient.*no such user"):
        ready(rig)
    until(lambda: rig.server.open_connections() == 0)


def test_a_sender_that_is_refused_is_not_ready(rig):
    rig.server.faults.sender = "553 5.7.1 not your address"
    with pytest.raises(NotReady, match="not your address") as refused:
        ready(rig)
    assert "from" in refused.value.remedy
    assert not rig.channel.check().ok


def test_a_wrong_password_is_not_ready_and_is_not_repeated(rig, monkeypatch):
    monkeypatch.setenv("MAIL_PASSWORD", "wrong-secret")
    with pytest.raises(NotReady, match='does not accept the password of "press"') as refused:
        ready(rig)
    assert "wrong-secret" not in f"{refused.value} {refused.value.remedy} {rig.channel.check()}"


def test_a_server_without_starttls_gets_no_password(tmp_path):
    with channel_rigs.smtp(tmp_path, authority(), security="none") as rig:
        table = {**rig.server.settings, "security": "starttls", "ca_file": str(authority().ca_file)}
        channel = channel_rigs.open_channel("press-email", table, channel_rigs.context("press-email", tmp_path))
        with pytest.raises(NotReady, match="STARTTLS"):
            channel.ready(channel.build(rig.draft), KEY)
        assert rig.server.named == []


def test_a_connection_that_died_while_waiting_is_made_again(rig):
    staging = ready(rig)
    rig.server.drop_connections()
    staging.stage()
    assert staging.held()
    staging.release()
    assert staging.result(WAIT).outcome is Outcome.SENT
    assert list(rig.public()) == [rig.text]


def test_a_server_that_takes_no_text_is_not_ready(rig):
    staging = ready(rig)
    rig.server.faults.data = rig.server.faults.bdat = "451 4.3.0 not now"
    with pytest.raises(NotReady, match=r"451 4\.3\.0 not now"):
        staging.stage()
    assert not staging.held()
    assert rig.server.received == []


def test_a_server_that_hangs_up_while_it_holds_has_nothing(rig):
    staging = staged(rig)
    rig.server.drop_connections()
    until(lambda: not staging.held())
    staging.release()
    result = staging.result(WAIT)
    assert result.outcome is Outcome.NOT_SENT
    assert result.recipients == {}
    assert rig.server.received == []


def test_one_batch_that_is_lost_is_enough_not_to_be_held(tmp_path):
    with channel_rigs.smtp(tmp_path, authority(), batch=2) as rig:
        staging = staged(rig, channel_rigs.email(*many(5)))
        assert staging.held()
        rig.server.drop_connections(1)
        until(lambda: not staging.held())
        staging.discard()
        assert rig.server.received == []


# after the final dot


def test_batches_go_out_together_as_one_message(tmp_path):
    with channel_rigs.smtp(tmp_path, authority(), batch=2) as rig:
        people = many(5)
        staging = staged(rig, channel_rigs.email(*people))
        assert rig.server.open_connections() == 3
        assert rig.server.received == []
        staging.release()
        result = staging.result(WAIT)
        assert result.outcome is Outcome.SENT
        assert result.detail.startswith("5 accepted, queued as ")
        assert sorted(r for received in rig.server.received for r in received.recipients) == sorted(people)
        assert len({received.raw for received in rig.server.received}) == 1


def test_a_whole_batch_refused_leaves_the_others(tmp_path):
    with channel_rigs.smtp(tmp_path, authority(), batch=2) as rig:
        rig.server.faults.refuse = dict.fromkeys(["desk2@example.org", "desk3@example.org"], "550 5.1.1 no such user")
        result = sent(rig, channel_rigs.email(*many(4)))
        assert result.outcome is Outcome.SENT
        assert set(result.recipients) == {"desk2@example.org", "desk3@example.org"}
        assert len(rig.server.received) == 1


def test_the_servers_queue_line_is_the_receipt(rig):
    result = sent(rig)
    assert result.receipt.id == "Q000001"
    assert "250 2.0.0 Ok: queued as Q000001" in result.receipt.text
    assert message_id(KEY, "example.org") in result.receipt.text


def test_googles_queue_line_tells_its_name_and_its_second(rig):
    rig.server.faults.answer = "250 2.0.0 OK  1515144605 a12-20020a05600c.78 - gsmtp"
    result = sent(rig)
    assert result.outcome is Outcome.SENT
    assert result.receipt.id == "a12-20020a05600c.78"
    assert result.receipt.at == datetime(2018, 1, 5, 9, 30, 5, tzinfo=UTC)
    assert result.receipt.at_within == 1.0


def test_a_queue_line_without_a_time_gives_none(rig):
    assert sent(rig).receipt.at is None


@pytest.mark.parametrize("answer", ["451 4.3.0 try later", "552 5.3.4 too large", "554 5.6.0 refused"])
def test_a_refusal_after_the_dot_is_not_sent(rig, answer):
    rig.server.faults.answer = answer
    result = sent(rig)
    assert result.outcome is Outcome.NOT_SENT
    assert answer in result.detail
    assert rig.server.received == []


@pytest.mark.parametrize("fault", ["silent", "close", "keep-silent"])
def test_no_answer_after_the_dot_is_unknown(rig, fault):
    rig.server.faults.after_dot = fault
    staging = staged(rig)
    staging.release()
    result = staging.result(SHORT)
    assert result.outcome is Outcome.UNKNOWN
    assert ("lost before an answer" if fault == "close" else "no answer came within 0.3 s") in result.detail
    with pytest.raises(NotReady):
        staging.stage()
    assert len(rig.server.received) == (0 if fault == "keep-silent" else 1)


def test_one_batch_refused_is_sent_with_its_people_named(tmp_path):
    with channel_rigs.smtp(tmp_path, authority(), batch=2) as rig:
        rig.server.faults.answer, rig.server.faults.only = "451 4.3.0 try later", "desk1@example.org"
        result = sent(rig, channel_rigs.email(*many(4)))
        assert result.outcome is Outcome.SENT
        assert set(result.recipients) == {"desk0@example.org", "desk1@example.org"}
        assert all("451 4.3.0 try later" in why for why in result.recipients.values())


def test_one_batch_unanswered_makes_the_whole_unknown(tmp_path):
    with channel_rigs.smtp(tmp_path, authority(), batch=2) as rig:
        rig.server.faults.after_dot, rig.server.faults.only = "silent", "desk3@example.org"
        result = sent(rig, channel_rigs.email(*many(4)), SHORT)
        assert result.outcome is Outcome.UNKNOWN
        assert set(result.recipients) == {"desk0@example.org", "desk1@example.org"}
        assert all(why.startswith("sent: 250") for why in result.recipients.values())


def test_the_settings_may_shorten_the_wait(tmp_path):
    with channel_rigs.smtp(tmp_path, authority(), answer_timeout=0.2) as rig:
        rig.server.faults.after_dot = "silent"
        assert sent(rig, wait=timedelta(minutes=10)).outcome is Outcome.UNKNOWN


S, N, U = Outcome.SENT, Outcome.NOT_SENT, Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("outcomes", "whole", "apart"),
    [
        ([S], S, {"refused"}),
        ([N], N, set()),
        ([U], U, {"refused"}),
        ([S, S], S, {"refused"}),
        ([S, N], S, {"refused", "1"}),
        ([N, S], S, {"refused", "0"}),
        ([S, U], U, {"refused", "0"}),
        ([N, U], U, {"refused", "0"}),
        ([N, S, U], U, {"refused", "0", "1"}),
        ([N, N], N, set()),
    ],
)
def test_the_outcome_of_the_whole_names_everybody_who_did_not_share_it(outcomes, whole, apart):
    answers = [Answer((str(i),), outcome, "said") for i, outcome in enumerate(outcomes)]
    result = summarise(answers, {"refused": "550"}, "<key@example.org>")
    assert result.outcome is whole
    assert set(result.recipients) == apart
    assert (result.receipt is None) is (whole is N)
