"""WordPress: a draft, its commit by number, and every way it can end."""

import ssl
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from pydantic import ValidationError

from runbook.channels import wordpress, wordpress_live
from runbook.channels.held import REFUSALS
from runbook.channels.registry import open_channel
from runbook.channels.wordpress_live import LOOKS, PAUSE
from runbook.channels.wordpress_settings import slug_of
from runbook.errors import CannotSay, NotReady
from runbook.model.message import Draft, Form, Part
from runbook.model.outcome import Answer, Outcome, Receipt
from support import channel_rigs
from support.certificates import authority
from support.patience import until

KEY = "run-1/news-story.article/1/1"
WAIT = timedelta(seconds=10)
SHORT = timedelta(seconds=0.3)


@pytest.fixture
def rig(tmp_path):
    with channel_rigs.wordpress(tmp_path, authority()) as made:
        yield made


def again(rig):
    """Return a channel of the same settings that has sent nothing yet, as a program has that was started anew."""
    table = {**rig.server.settings, "ca_file": str(authority().ca_file)}
    return open_channel("news", table, channel_rigs.context("news", authority().ca_file.parent), rig.clock)


def ready(rig, draft=None, key=KEY):
    return rig.channel.ready(rig.channel.build(draft or rig.draft), key)


def staged(rig, draft=None, key=KEY):
    staging = ready(rig, draft, key)
    staging.stage()
    return staging


def sent(rig, draft=None, key=KEY, wait=WAIT):
    staging = staged(rig, draft, key)
    staging.release()
    return staging.result(wait)


def article(title="Malpractice", body="<p>words</p>", *, html=True, replaces=""):
    parts = {"title": Part(text=title), "body": Part(text=body, html=html)}
    return Draft(form=Form.ARTICLE, parts=parts, folder="malpractice-2017", replaces=replaces)


def test_it_is_stored_as_a_draft_and_published_by_its_number(rig):
    staging = ready(rig)
    (post,) = rig.server.posts.values()
    assert (post.status, post.slug) == ("draft", slug_of(rig.draft, KEY))
    staging.stage()
    until(lambda: rig.server.connections > 0)
    assert post.status == "draft"
    staging.release()
    result = staging.result(WAIT)
    assert result.outcome is Outcome.SENT
    assert post.published == 1
    assert rig.server.requests[-1].path == f"/news/wp-json/wp/v2/posts/{post.id}"
    assert rig.server.requests[-1].body == {"status": "publish"}


def test_the_receipt_has_the_number_the_link_and_the_sites_time(rig):
    receipt = sent(rig).receipt
    (post,) = rig.server.public
    assert receipt.id == str(post.id)
    assert receipt.address == f"{rig.server.url}/news/{post.slug}/"
    assert receipt.addresses == {"page": receipt.address}
    assert receipt.at == post.date.replace(microsecond=0)
    assert receipt.at.tzinfo is UTC
    assert receipt.at_within == 1
    assert abs(datetime.now(UTC) - receipt.at) < timedelta(minutes=5)


def test_a_title_is_escaped_and_a_body_of_html_is_not(rig):
    sent(rig, article("Cheating <2017> & more", "<p>A &amp; B</p>"))
    (post,) = rig.server.public
    assert post.title == "Cheating &lt;2017&gt; &amp; more"
    assert post.content == "<p>A &amp; B</p>"


def test_a_body_of_plain_text_becomes_paragraphs(rig):
    sent(rig, article(body="One & two\n\nThree", html=False))
    assert rig.server.public[0].content == "<p>One &amp; two</p>\n<p>Three</p>"


def test_making_it_ready_again_uses_the_same_draft_with_the_new_words(rig):
    ready(rig, article(body="<p>first</p>")).discard()
    assert sent(rig, article(body="<p>second</p>")).outcome is Outcome.SENT
    (post,) = rig.server.posts.values()
    assert post.content == "<p>second</p>"


def test_two_keys_are_two_pages(rig):
    assert sent(rig).outcome is Outcome.SENT
    assert sent(rig, key="run-1/news-story.article/2/1").outcome is Outcome.SENT
    assert len(rig.server.public) == 2


def test_the_slug_belongs_to_the_message_this_time_round_and_to_all_its_attempts():
    draft = article()
    assert slug_of(draft, KEY) == slug_of(draft, "run-1/news-story.article/1/2")
    others = ["run-2/news-story.article/1/1", "run-1/news-story.article/2/1", KEY + "/correction/1", "k"]
    assert len({slug_of(draft, key) for key in [KEY, *others]}) == 5
    assert slug_of(draft, KEY).startswith("malpractice-2017-")
    assert slug_of(draft.model_copy(update={"folder": "Ä /?&"}), KEY).startswith("release-")


def test_what_is_public_already_is_not_changed_before_the_release(rig):
    sent(rig)
    staging = staged(rig, article(body="<p>changed</p>"))
    assert [p.content for p in rig.server.public] == [rig.text]
    staging.discard()
    assert [p.content for p in rig.server.public] == [rig.text]


def test_the_warm_up_asks_for_a_file_that_every_wordpress_has(rig):
    staging = ready(rig)
    assert abs(staging.offset.seconds) <= staging.offset.within
    staging.keep_warm()
    staging.discard()
    heads = [request.path for request in rig.server.requests if request.method == "HEAD"]
    assert heads == ["/news/wp-includes/images/blank.gif"] * 2


def test_a_clock_that_is_wrong_is_told_and_no_obstacle(rig):
    rig.server.clock_ahead = 86_400
    staging = ready(rig)
    assert abs(staging.offset.seconds - 86_400) <= staging.offset.within
    staging.stage()
    staging.release()
    result = staging.result(WAIT)
    assert result.outcome is Outcome.SENT
    assert result.receipt.at - datetime.now(UTC) > timedelta(hours=23)


def test_where_the_site_gives_no_time_its_answers_date_stands(rig):
    rig.server.faults.timeless = True
    rig.server.clock_ahead = 86_400
    receipt = sent(rig).receipt
    assert timedelta(hours=23) < receipt.at - datetime.now(UTC) < timedelta(hours=25)
    assert receipt.at_within == 1


def test_a_commit_without_its_body_is_refused_and_changes_nothing(rig):
    sent(rig)
    (post,) = rig.server.posts.values()
    outgoing = rig.channel._live._outgoing(post.id, {})
    trust = ssl.create_default_context(cafile=str(authority().ca_file))
    answer = httpx.post(outgoing.address, headers=outgoing.headers, content=b"", verify=trust)
    assert answer.status_code == 400
    assert (post.status, post.published) == ("publish", 1)


@pytest.mark.parametrize("words", ["<p>words</p>", "<p>changed</p>"])
def test_what_takes_longer_than_its_limit_and_is_tried_again_is_one_page(rig, words):
    rig.server.faults.slow = 0.8
    first = sent(rig, article(), wait=SHORT)
    assert first.outcome is Outcome.UNKNOWN
    draft = rig.channel.build(article())
    found = rig.channel.find(draft, KEY)
    assert found.answer is Answer.CANNOT_TELL
    assert found.look_at.startswith(f"{rig.server.url}/news/?p=")
    assert again(rig).find(draft, KEY).answer is Answer.CANNOT_TELL
    rig.server.faults.slow = 0
    assert sent(rig, article(body=words), key="run-1/news-story.article/1/2").outcome is Outcome.SENT
    (post,) = rig.server.posts.values()
    until(lambda: post.published == 2)
    assert [p.id for p in rig.server.public] == [post.id]
    assert rig.channel.find(draft, KEY).answer is Answer.THERE


def test_what_another_attempt_may_still_publish_is_not_absent(rig):
    rig.server.faults.slow = 0.8
    sent(rig, wait=SHORT)
    second = ready(rig, key="run-1/news-story.article/1/2")
    second.discard()
    found = rig.channel.find(rig.channel.build(rig.draft), "run-1/news-story.article/1/2")
    assert found.answer is Answer.CANNOT_TELL
    until(lambda: rig.server.public)


def test_a_draft_is_absent_once_the_site_has_certainly_given_its_commit_up(rig, monkeypatch):
    rig.server.faults.publish = 500
    assert sent(rig).outcome is Outcome.UNKNOWN
    assert rig.channel.find(rig.channel.build(rig.draft), KEY).answer is Answer.CANNOT_TELL
    monkeypatch.setattr(wordpress_live, "OVER", timedelta(0))
    assert rig.channel.find(rig.channel.build(rig.draft), KEY).answer is Answer.ABSENT


def test_a_draft_on_its_way_is_looked_at_until_it_is_published(rig):
    ready(rig).discard()
    (post,) = rig.server.posts.values()
    other, draft = again(rig), rig.channel.build(rig.draft)
    assert other.find(draft, KEY).answer is Answer.CANNOT_TELL
    assert rig.clock.slept == [PAUSE] * (LOOKS - 1)
    rig.clock.sleep = lambda _: rig.server.publish(post)
    assert other.find(draft, KEY).answer is Answer.THERE


def test_a_repeat_of_what_is_published_publishes_nothing_new(rig):
    first = sent(rig).receipt
    again_ = sent(rig, article(body="<p>changed</p>"), key="run-1/news-story.article/1/2")
    assert again_.outcome is Outcome.SENT
    assert again_.receipt.id == first.id
    assert [p.content for p in rig.server.public] == [rig.text]


# replacing


def test_a_correction_takes_the_place_of_the_page_at_its_address(rig):
    first = sent(rig).receipt
    correction = article("Correction", "<p>right</p>", replaces=first.id)
    staging = staged(rig, correction, KEY + "/correction/1")
    assert [p.content for p in rig.server.public] == [rig.text]
    assert rig.channel.find(rig.channel.build(correction), KEY).answer is Answer.CANNOT_TELL
    rig.server.clock_ahead = 3600
    staging.release()
    result = staging.result(WAIT)
    assert result.outcome is Outcome.SENT
    assert result.receipt.address == first.address
    assert result.receipt.at - first.at > timedelta(minutes=59), "the time of the correction, not of the page"
    assert [(p.title, p.content) for p in rig.server.public] == [("Correction", "<p>right</p>")]
    assert rig.channel.find(rig.channel.build(correction), KEY).answer is Answer.THERE


def test_a_page_that_is_not_there_cannot_be_replaced(rig):
    with pytest.raises(NotReady, match="404"):
        ready(rig, article(replaces="99"))
    assert rig.server.posts == {}


# before the last byte


def test_a_user_who_may_not_publish_is_not_ready(rig):
    rig.server.faults.may_publish = False
    with pytest.raises(NotReady, match='"news" may not publish') as refused:
        ready(rig)
    assert "role" in refused.value.remedy
    assert not rig.channel.check().ok
    assert rig.server.posts == {}


def test_a_wrong_password_is_not_ready_and_not_repeated(rig, monkeypatch):
    monkeypatch.setenv("WORDPRESS_PASSWORD", "wrong-secret")
    with pytest.raises(NotReady, match="401 rest_not_logged_in") as refused:
        ready(rig)
    assert "application password" in refused.value.remedy
    assert "wrong-secret" not in f"{refused.value} {rig.channel.check()}"


def test_a_draft_that_is_not_stored_is_not_ready(rig):
    rig.server.faults.create = 500
    with pytest.raises(NotReady, match="500 db_insert_error"):
        ready(rig)
    assert rig.server.posts == {}


def test_a_site_without_its_rest_api_is_not_ready(rig):
    rig.server.faults.as_html = True
    with pytest.raises(NotReady, match="not as WordPress does") as refused:
        ready(rig)
    assert "REST API" in refused.value.remedy
    assert rig.channel.find(rig.channel.build(rig.draft), KEY).answer is Answer.CANNOT_TELL


def test_a_connection_that_died_while_waiting_is_made_again(rig):
    staging = ready(rig)
    rig.server.drop_connections()
    staging.stage()
    staging.release()
    assert staging.result(WAIT).outcome is Outcome.SENT


def test_a_site_that_hangs_up_while_it_holds_has_published_nothing(rig):
    staging = staged(rig)
    until(lambda: rig.server.connections > 0)
    rig.server.drop_connections()
    until(lambda: not staging.held())
    staging.release()
    assert staging.result(WAIT).outcome is Outcome.NOT_SENT
    assert rig.server.public == []
    assert rig.channel.find(rig.channel.build(rig.draft), KEY).answer is Answer.ABSENT


# after the last byte


@pytest.mark.parametrize("status", sorted(REFUSALS))
def test_a_refusal_is_not_sent(rig, status):
    rig.server.faults.publish = status
    result = sent(rig)
    assert result.outcome is Outcome.NOT_SENT
    assert f"{status} rest_cannot_publish" in result.detail
    assert rig.channel.find(rig.channel.build(rig.draft), KEY).answer is Answer.ABSENT


@pytest.mark.parametrize("status", [400, 403])
@pytest.mark.parametrize(
    "page", [b"<h1>Forbidden</h1>", b'{"message": "Forbidden"}', b"[]", b'{"code": 1, "message": 2}']
)
def test_a_refusal_that_is_not_wordpress_s_own_is_unknown_since_it_may_hide_its_answer(rig, status, page):
    rig.server.faults.after_commit, rig.server.faults.filtered = "filtered", (status, page)
    result = sent(rig)
    assert result.outcome is Outcome.UNKNOWN
    assert str(status) in result.detail
    assert rig.channel.find(rig.channel.build(rig.draft), KEY).answer is Answer.THERE


@pytest.mark.parametrize("status", [302, 409, 500, 503])
def test_any_other_failure_is_unknown(rig, status):
    rig.server.faults.publish = status
    assert sent(rig).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("fault", ["silent", "close", "500"])
def test_no_answer_after_the_last_byte_is_unknown_and_found_again(rig, fault):
    rig.server.faults.after_commit = fault
    result = sent(rig, wait=SHORT if fault == "silent" else WAIT)
    assert result.outcome is Outcome.UNKNOWN
    found = rig.channel.find(rig.channel.build(rig.draft), KEY)
    assert found.answer is Answer.THERE
    assert found.receipt.address == rig.server.url + f"/news/{slug_of(rig.draft, KEY)}/"


@pytest.mark.parametrize(
    ("status", "outcome"), [("pending", Outcome.NOT_SENT), ("draft", Outcome.NOT_SENT), ("future", Outcome.UNKNOWN)]
)
def test_a_site_that_keeps_it_with_another_status_is_believed(rig, status, outcome):
    rig.server.faults.keeps = status
    assert sent(rig).outcome is outcome
    assert rig.server.public == []


@pytest.mark.parametrize("status", ["pending", "future", "private"])
def test_a_page_in_another_state_cannot_be_told(rig, status):
    ready(rig).discard()
    next(iter(rig.server.posts.values())).status = status
    found = rig.channel.find(rig.channel.build(rig.draft), KEY)
    assert found.answer is Answer.CANNOT_TELL
    assert status in found.detail


def test_a_page_that_is_neither_there_nor_stored_cannot_be_told(rig):
    found = rig.channel.find(rig.channel.build(rig.draft), KEY)
    assert found.answer is Answer.CANNOT_TELL
    assert found.look_at == rig.server.url + "/news"


# taking back


def test_a_withdrawn_page_is_a_draft_again(rig):
    receipt = sent(rig).receipt
    assert rig.channel.withdraw(receipt).outcome is Outcome.SENT
    assert [p.status for p in rig.server.posts.values()] == ["draft"]


def test_a_withdrawal_that_is_refused_is_not_done(rig, monkeypatch):
    receipt = sent(rig).receipt
    monkeypatch.setenv("WORDPRESS_PASSWORD", "wrong")
    assert rig.channel.withdraw(receipt).outcome is Outcome.NOT_SENT
    assert rig.channel.withdraw(Receipt(id="999")).outcome is Outcome.NOT_SENT
    assert len(rig.server.public) == 1


# building and settings


@pytest.mark.parametrize("draft", [article(title=" "), article(body="")])
def test_an_article_without_words_is_refused_when_built(rig, draft):
    with pytest.raises(CannotSay, match="is empty"):
        rig.channel.build(draft)


def test_the_summary_counts_documents(rig, tmp_path):
    documents = channel_rigs.files(tmp_path).documents
    assert rig.channel.build(rig.draft).summary == "1 page"
    with_documents = rig.draft.model_copy(update={"documents": documents})
    assert rig.channel.build(with_documents).summary == "1 page with 2 documents"
    assert rig.channel.build(with_documents).planned == {}


@pytest.mark.parametrize(
    "changed", [{"url": "http://news.example.org"}, {"password": "hunter2"}, {"user": ""}, {"timeuot": 1}]
)
def test_settings_that_are_not_right_are_refused(rig, changed):
    with pytest.raises(ValidationError) as refused:
        wordpress.Settings.model_validate({**rig.server.settings, **changed})
    assert "hunter2" not in "".join(error["msg"] for error in refused.value.errors())
