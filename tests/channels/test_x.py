"""X: counting, signing, every answer and every silence, and finding a post again."""

import logging
from datetime import UTC, datetime, timedelta

import pytest

from runbook.channels import x_settings
from runbook.channels.held import REFUSALS
from runbook.channels.x_live import PAUSE
from runbook.channels.x_session import same_text, words_of
from runbook.errors import CannotSay, NotReady
from runbook.model.outcome import Answer, Outcome, Receipt
from support import channel_rigs
from support.certificates import authority
from support.patience import until

KEY = "run-1/announce.post/1/1"
WAIT = timedelta(seconds=10)
SHORT = timedelta(seconds=0.3)


@pytest.fixture
def rig(tmp_path):
    with channel_rigs.x(tmp_path, authority()) as made:
        yield made


def staged(rig, text=channel_rigs.POST):
    staging = rig.channel.ready(rig.channel.build(channel_rigs.post(text)), KEY)
    staging.stage()
    return staging


def sent(rig, text=channel_rigs.POST, wait=WAIT):
    staging = staged(rig, text)
    staging.release()
    return staging.result(wait)


# counting


def test_a_post_is_measured_as_x_counts(rig):
    payload = rig.channel.build(channel_rigs.post("See https://alternate.example.org/" + "long/" * 40))
    assert payload.length.used == 4 + 23
    assert payload.summary == "27 of 280"
    assert rig.channel.build(channel_rigs.post("ons.gov.uk/economy")).length.used == 23
    assert rig.channel.build(channel_rigs.post("日本")).length.used == 4


def test_a_post_that_is_too_long_is_refused_with_by_how_much(rig):
    assert rig.channel.build(channel_rigs.post("x" * 280)).length.used == 280
    with pytest.raises(CannotSay, match="is 312 long for X, at most 280") as refused:
        rig.channel.build(channel_rigs.post("x" * 312))
    assert refused.value.remedy == "Shorten it by 32."


@pytest.mark.parametrize("text", ["", "  \n", "bell \x07", "mark \ufeff", "bad \uffff"])
def test_what_x_cannot_carry_is_refused_when_built(rig, text):
    with pytest.raises(CannotSay) as refused:
        rig.channel.build(channel_rigs.post(text))
    assert refused.value.remedy


# signing


def test_a_post_is_signed_for_x_wherever_it_goes(rig):
    result = sent(rig)
    assert result.outcome is Outcome.SENT
    assert rig.server.unsigned == []
    assert [r.method for r in rig.server.requests] == ["GET", "POST"]


def test_a_wrong_key_is_found_before_anything_is_said(rig, monkeypatch):
    monkeypatch.setenv("X_ACCESS_TOKEN_SECRET", "another")
    with pytest.raises(NotReady, match="401") as refused:
        staged(rig)
    assert "keys" in refused.value.remedy
    assert rig.server.unsigned == ["the signature is wrong"]
    assert "another" not in str(refused.value)


def test_the_receipt_has_id_address_and_the_time_of_x(rig):
    receipt = sent(rig).receipt
    (made,) = rig.server.posts
    assert receipt.id == made.id
    assert receipt.address == f"https://x.com/ofqual/status/{made.id}"
    assert receipt.at == made.made
    assert receipt.at_within == 0.001


def test_the_time_is_in_the_id():
    assert x_settings.made_at("1050118621198921728") == datetime(2018, 10, 10, 20, 19, 24, 211000, UTC)
    assert x_settings.made_at("") is None
    assert x_settings.made_at("12a") is None
    assert x_settings.made_at("9" * 40) is None


def test_nothing_at_debug_says_a_key(rig, caplog):
    for name in ("tweepy.client", "oauthlib", "requests_oauthlib"):
        logging.getLogger(name).setLevel(logging.NOTSET)
    with caplog.at_level(logging.DEBUG):
        sent(rig)
        rig.channel.find(rig.channel.build(rig.draft), KEY)
    logged = " ".join(record.getMessage() for record in caplog.records)
    assert all(secret not in logged for secret in rig.server.environment.values())
    assert "oauth_signature" not in logged


# the clock


@pytest.mark.parametrize(("ahead", "said"), [(-430, "7 min ahead of"), (430, "7 min behind")])
def test_a_clock_that_x_would_refuse_is_not_ready(rig, ahead, said):
    rig.server.clock_ahead = ahead
    with pytest.raises(NotReady) as refused:
        staged(rig)
    assert refused.value.message == f"This computer's clock is {said} 127.0.0.1's; X refuses posts signed with it."
    assert refused.value.remedy == "Set this computer's clock, then try again."
    assert rig.server.connected == ["HEAD"]


@pytest.mark.parametrize("ahead", [-290, 290])
def test_a_clock_that_x_takes_is_ready_and_its_offset_is_known(rig, ahead):
    rig.server.clock_ahead = ahead
    staging = staged(rig)
    assert abs(staging.offset.seconds - ahead) <= staging.offset.within
    staging.discard()


def test_a_clock_that_is_set_while_people_decide_is_found_before_the_staging(rig):
    staging = rig.channel.ready(rig.channel.build(rig.draft), KEY)
    rig.server.clock_ahead = -430
    staging.keep_warm()
    with pytest.raises(NotReady, match="clock is 7 min ahead"):
        staging.stage()
    staging.discard()
    assert rig.server.connected.count("POST") == 0


def test_a_refused_check_says_when_the_clock_is_the_cause(rig):
    rig.server.clock_ahead = 430
    health = rig.channel.check()
    assert not health.ok
    assert "401" in health.detail
    assert "This computer's clock is 7 min behind 127.0.0.1's" in health.detail
    assert health.remedy == "Set this computer's clock, then try again."


def test_a_refused_post_says_when_the_clock_is_the_cause(rig):
    staging = staged(rig)
    rig.server.clock_ahead = 430
    staging.release()
    result = staging.result(WAIT)
    assert result.outcome is Outcome.NOT_SENT
    assert "401" in result.detail
    assert "This computer's clock is 7 min behind 127.0.0.1's" in result.detail
    assert rig.server.made == []


def test_the_warm_up_carries_no_credentials_and_asks_for_nothing_that_costs(rig):
    staging = rig.channel.ready(rig.channel.build(rig.draft), KEY)
    staging.keep_warm()
    staging.discard()
    assert rig.server.connected == ["HEAD", "GET", "HEAD"]
    assert rig.server.heads == [("/", ""), ("/", "")]


# before the last byte


def test_an_account_that_may_only_read_is_not_ready(rig):
    rig.server.faults.access = "read"
    with pytest.raises(NotReady, match='may only "read"'):
        staged(rig)
    assert not rig.channel.check().ok


def test_no_word_on_access_is_no_obstacle(rig):
    rig.server.faults.access = ""
    assert rig.channel.check().ok


def test_the_keys_of_another_account_are_not_ready(rig):
    rig.server.faults.username = "someoneelse"
    with pytest.raises(NotReady, match='belong to "@someoneelse", and the settings say "@ofqual"'):
        staged(rig)


@pytest.mark.parametrize("status", [401, 402, 403, 429, 500, 503])
def test_a_refusal_to_sign_in_is_not_ready(rig, status):
    rig.server.faults.me = status
    with pytest.raises(NotReady, match=str(status)) as refused:
        staged(rig)
    assert refused.value.remedy
    assert rig.server.made == []


def test_a_connection_that_died_while_waiting_is_made_again(rig):
    staging = rig.channel.ready(rig.channel.build(rig.draft), KEY)
    rig.server.drop_connections()
    staging.stage()
    assert staging.held()
    staging.release()
    assert staging.result(WAIT).outcome is Outcome.SENT
    assert list(rig.public()) == [rig.text]


def test_a_server_that_hangs_up_while_it_holds_has_nothing(rig):
    staging = staged(rig)
    until(lambda: rig.server.connected.count("POST") == 1)
    rig.server.drop_connections()
    until(lambda: not staging.held())
    staging.release()
    assert staging.result(WAIT).outcome is Outcome.NOT_SENT
    assert rig.server.made == []


def test_what_is_given_up_after_the_server_has_read_its_head_is_not_made(rig):
    staging = staged(rig)
    until(lambda: rig.server.connected.count("POST") == 1)
    staging.discard()
    until(lambda: rig.server.connections == 0)
    assert rig.server.made == []


# after the last byte


@pytest.mark.parametrize("status", sorted(REFUSALS))
def test_a_refusal_is_not_sent(rig, status):
    rig.server.faults.post, rig.server.faults.detail = status, "CreditsDepleted"
    result = sent(rig)
    assert result.outcome is Outcome.NOT_SENT
    assert f"{status} CreditsDepleted" in result.detail
    assert rig.server.made == []


@pytest.mark.parametrize("status", [302, 408, 409, 418, 500, 502, 503, 504])
def test_any_other_failure_is_unknown(rig, status):
    rig.server.faults.post = status
    assert sent(rig).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("status", [401, 403, 429, 503, 200])
def test_a_page_of_html_comes_from_something_in_between_and_tells_nothing(rig, status):
    rig.server.faults.post, rig.server.faults.as_html = status, True
    assert sent(rig).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"title": "Forbidden", "detail": "Not allowed."}, "Not allowed."),
        ({"title": "Unauthorized", "detail": ""}, "Unauthorized"),
        ({"errors": [{"code": 32, "message": "Could not authenticate you."}]}, "Could not authenticate you."),
        ({"message": "Forbidden"}, ""),
        ({"errors": "none", "detail": 3}, ""),
    ],
)
def test_the_words_of_x_are_told_from_those_of_others(said, words):
    assert words_of(said) == words


def test_a_duplicate_is_probably_ours(rig):
    assert sent(rig).outcome is Outcome.SENT
    result = sent(rig)
    assert result.outcome is Outcome.UNKNOWN
    assert "probably ours" in result.detail
    assert "https://x.com/ofqual" in result.detail
    assert len(rig.server.made) == 1
    assert rig.channel.find(rig.channel.build(rig.draft), KEY).answer is Answer.THERE


@pytest.mark.parametrize("fault", ["silent", "close", "500", "no-id"])
def test_no_answer_after_the_last_byte_is_unknown_and_found_again(rig, fault):
    rig.server.faults.after_commit = fault
    staging = staged(rig)
    staging.release()
    result = staging.result(SHORT if fault == "silent" else WAIT)
    assert result.outcome is Outcome.UNKNOWN
    assert len(rig.server.made) == 1
    found = rig.channel.find(rig.channel.build(rig.draft), KEY)
    assert found.answer is Answer.THERE
    assert found.receipt.id == rig.server.made[0].id


def test_the_settings_may_shorten_the_wait(tmp_path):
    with channel_rigs.x(tmp_path, authority(), timeout={"connect": 3, "read": 0.3}) as rig:
        rig.server.faults.after_commit = "silent"
        result = sent(rig, wait=timedelta(minutes=5))
        assert result.outcome is Outcome.UNKNOWN
        assert "no answer came in time (limit 0.3 s)" in result.detail


# finding


def test_a_late_timeline_is_asked_again(rig):
    rig.server.faults.after_commit = "close"
    sent(rig)
    rig.server.faults.lag = 2
    assert rig.channel.find(rig.channel.build(rig.draft), KEY).answer is Answer.THERE
    assert [seconds for seconds in rig.clock.slept if seconds > 0.01] == [PAUSE, PAUSE]


def test_absence_is_never_certain(rig):
    found = rig.channel.find(rig.channel.build(rig.draft), KEY)
    assert found.answer is Answer.CANNOT_TELL
    assert "3 times in 10 s" in found.detail
    assert found.look_at == "https://x.com/ofqual"
    assert sum(rig.clock.slept) <= 15


def test_a_timeline_that_is_refused_is_said(rig):
    sent(rig)
    rig.server.faults.timeline = 503
    found = rig.channel.find(rig.channel.build(rig.draft), KEY)
    assert found.answer is Answer.CANNOT_TELL
    assert "0 of 3 times" in found.detail
    assert "503" in found.detail


def test_an_older_post_of_the_same_text_is_not_taken_for_this_one(rig):
    old = rig.server.make(rig.text, 0.0)
    rig.server.posts[0] = type(old)(old.id, old.text, old.at, old.made - timedelta(hours=1))
    rig.server.faults.post = 503
    sent(rig)
    assert rig.channel.find(rig.channel.build(rig.draft), KEY).answer is Answer.CANNOT_TELL


LINKED = {
    "text": "See https://t.co/1 and https://t.co/2 &amp; more",
    "entities": {
        "urls": [
            {"url": "https://t.co/1", "expanded_url": "https://example.org/x/"},
            {"url": "https://t.co/2", "expanded_url": "http://ons.gov.uk"},
        ]
    },
}


@pytest.mark.parametrize(
    ("post", "text", "same"),
    [
        ({"text": "A &amp; B &lt;c&gt;"}, "A & B <c>", True),
        (LINKED, "See https://example.org/x/ and ons.gov.uk & more", True),
        (LINKED, "See https://example.org/y/ and ons.gov.uk & more", False),
        ({"text": "plain"}, "other", False),
        ({"text": "cafe\u0301"}, "café", True),
        ({"text": "one  two"}, "one two", True),
        ({}, "one", False),
        ({"text": "one", "entities": {"urls": "odd"}}, "one", True),
    ],
)
def test_texts_are_compared_as_x_shows_them(post, text, same):
    assert same_text(post, text) is same


# taking back


def test_a_post_is_deleted_and_stays_deleted(rig):
    receipt = sent(rig).receipt
    assert rig.channel.withdraw(receipt).outcome is Outcome.SENT
    assert rig.server.posts == []
    assert rig.channel.withdraw(receipt).outcome is Outcome.SENT


@pytest.mark.parametrize(
    ("status", "outcome"), [(401, Outcome.NOT_SENT), (429, Outcome.NOT_SENT), (500, Outcome.UNKNOWN)]
)
def test_a_deletion_that_is_refused_or_not_answered_is_told_apart(rig, status, outcome):
    receipt = sent(rig).receipt
    rig.server.faults.delete = status
    result = rig.channel.withdraw(receipt)
    assert result.outcome is outcome
    assert str(status) in result.detail
    assert len(rig.server.posts) == 1


def test_a_deletion_with_nobody_there_is_not_done(tmp_path):
    with channel_rigs.x(tmp_path, authority()) as rig:
        receipt = sent(rig).receipt
    with channel_rigs.set_environment(rig.server.environment):
        assert rig.channel.withdraw(receipt).outcome is Outcome.NOT_SENT


def test_what_is_no_post_is_not_deleted(rig):
    assert rig.channel.withdraw(Receipt(id="../users/me")).outcome is Outcome.NOT_SENT
    assert rig.server.requests == []
