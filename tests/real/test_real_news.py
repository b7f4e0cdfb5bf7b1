"""Articles against WordPress, on PHP's own server and behind Apache as Debian sets it up."""

import html
import time
from datetime import timedelta

import pytest

from runbook.channels.held import HOLD_LIMIT
from runbook.channels.registry import open_channel
from runbook.errors import NotReady
from runbook.instant import write_at_once
from runbook.model.message import Part
from runbook.model.outcome import Answer, Outcome
from runbook.planner.pages import paragraphs
from support import channel_rigs, real_rigs
from support.certificates import Authority
from support.killed import killed
from support.patience import until

pytestmark = pytest.mark.real

KEY = "run-1/news-story.article/1/1"
WAIT = timedelta(seconds=30)
TOO_LONG = 25
"""Seconds; Apache waits 20 for the rest of a request where nobody sets anything, and Debian sets 10."""

AWKWARD = """It's "here" & there, 1 < 2, at 09:30 \N{EN DASH} \N{POUND SIGN}5 \N{GRINNING FACE} -- C:\\temp

- The report (PDF, 1.2 MB): https://alternate.example.org/a.pdf?part=1&page=2
- 'Data' [caption] <b>not bold</b>

First line
second line
"""


@pytest.fixture(params=real_rigs.NEWS_RIGS)
def rig(request, real_news, tmp_path):
    with real_rigs.wordpress(real_news, tmp_path, real_rigs.NEWS_RIGS[request.param]) as made:
        made.extra["front"] = real_rigs.NEWS_RIGS[request.param]
        yield made


@pytest.fixture
def apache(real_news, tmp_path):
    with real_rigs.wordpress(real_news, tmp_path, "apache") as made:
        yield made


def staged(rig, draft=None, key=KEY):
    staging = rig.channel.ready(rig.channel.build(draft or rig.draft), key)
    staging.stage()
    return staging


def sent(rig, draft=None, key=KEY):
    staging = staged(rig, draft, key)
    assert staging.held()
    staging.release()
    return staging.result(WAIT)


def find(rig, draft=None, key=KEY):
    return rig.channel.find(rig.channel.build(draft or rig.draft), key)


def drafts(rig):
    return rig.server.as_admin("GET", "posts?status=draft&context=edit")


def corrected(receipt):
    parts = {"title": Part(text="Put right"), "body": Part(text="<p>The right words</p>", html=True)}
    return channel_rigs.article().model_copy(update={"parts": parts, "replaces": receipt.id})


def test_a_draft_is_there_and_nobody_sees_it(rig):
    staging = staged(rig)
    [draft] = drafts(rig)
    url = rig.server.url(rig.extra["front"])
    assert rig.server.public() == []
    assert rig.server.fetch(f"{url}/wp-json/wp/v2/posts/{draft['id']}")[0] == 401
    assert rig.server.fetch(f"{url}/?p={draft['id']}")[0] == 404
    assert "All documents" not in rig.server.fetch(f"{url}/feed/")[1]
    assert find(rig).answer is Answer.ABSENT
    staging.discard()


def test_the_public_page_and_the_feed_have_the_article(rig):
    result = sent(rig)
    assert result.outcome is Outcome.SENT, result
    [post] = rig.server.public(rig.extra["front"])
    assert (str(post["id"]), post["link"]) == (result.receipt.id, result.receipt.address)
    assert html.unescape(post["title"]["rendered"]) == "Malpractice & more"
    status, page = rig.server.fetch(result.receipt.address)
    assert status == 200
    assert rig.text in page
    assert "Malpractice &amp; more" in page.replace("&#038;", "&amp;")
    assert rig.text in rig.server.fetch(f"{rig.server.url(rig.extra['front'])}/feed/")[1]


def test_the_receipts_time_is_the_sites_own(rig):
    receipt = sent(rig).receipt
    [post] = rig.server.public()
    assert f"{receipt.at:%Y-%m-%dT%H:%M:%S}" == post["date_gmt"]
    assert receipt.at_within == 1


def test_the_commit_follows_the_warm_ups_on_their_connection_and_the_clock_is_known(rig):
    staging = rig.channel.ready(rig.channel.build(rig.draft), KEY)
    for _ in range(6):
        wait = staging.keep_warm()
        assert 0 < wait <= 15
        time.sleep(min(wait, 1.1))
    assert abs(staging.offset.seconds) <= staging.offset.within < 0.1
    warmed = staging._request._connection
    staging.stage()
    assert staging._request._connection is warmed
    [write] = staging.arm()
    assert rig.server.public() == []
    staging.fired(write_at_once([write]))
    result = staging.result(WAIT)
    assert result.outcome is Outcome.SENT, result
    assert 0 < result.way < result.took < 10
    assert rig.extra["front"] == "php" or staging._request.patience == 5, "what Apache says where nothing is set"
    assert list(rig.public()) == [rig.text]


def test_plain_text_becomes_paragraphs_that_say_the_same(rig):
    parts = {"title": Part(text="1 < 2 & more"), "body": Part(text="First & <b>foremost</b>\n\nSecond £ \N{EN DASH}\n")}
    receipt = sent(rig, rig.draft.model_copy(update={"parts": parts})).receipt
    [post] = rig.server.as_admin("GET", f"posts?include={receipt.id}&context=edit")
    assert post["content"]["raw"] == "<p>First &amp; &lt;b&gt;foremost&lt;/b&gt;</p>\n<p>Second £ \N{EN DASH}</p>"
    assert html.unescape(post["title"]["raw"]) == "1 < 2 & more"


def test_after_a_lost_answer_it_is_found(rig, tmp_path):
    killed(rig, rig.server.settings(rig.extra["front"]), tmp_path, release=True)
    until(rig.server.public)
    found = find(rig, key="run-1/step.message/1/1")
    assert found.answer is Answer.THERE
    assert rig.text in rig.server.fetch(found.receipt.address)[1]
    assert sent(rig, key="run-1/step.message/1/1").receipt.id == found.receipt.id
    assert list(rig.public()) == [rig.text]


def test_killed_while_staged_it_stays_a_draft(rig, tmp_path):
    killed(rig, rig.server.settings(rig.extra["front"]), tmp_path, release=False)
    time.sleep(1)  # nothing tells that a torn request was thrown away
    assert rig.server.public() == []
    assert find(rig, key="run-1/step.message/1/1").answer is Answer.CANNOT_TELL, "another process sent it"
    assert len(drafts(rig)) == 1


def test_what_is_given_up_leaves_the_site_as_it_is(rig):
    staging = rig.channel.ready(rig.channel.build(rig.draft), KEY)
    [before] = drafts(rig)
    time.sleep(1.1)  # the site's times are cut to the second
    staging.stage()
    time.sleep(0.3)  # the head of the request is there
    staging.discard()
    time.sleep(1.5)  # nothing tells that a torn request was thrown away
    [after] = drafts(rig)
    assert after["modified_gmt"] == before["modified_gmt"]
    assert after["_links"]["version-history"][0]["count"] == 0


def test_what_is_given_up_never_undoes_what_is_published_next(apache):
    for turn in range(8):
        key = f"run-1/news-story.article/{turn + 1}/1"
        staging = apache.channel.ready(apache.channel.build(apache.draft), key)
        staging.stage()
        staging.stage()
        staging.release()
        assert staging.result(WAIT).outcome is Outcome.SENT
    time.sleep(0.5)
    assert (drafts(apache), len(apache.public())) == ([], 8)


def test_what_is_given_up_and_made_ready_again_is_one_draft(rig):
    staged(rig).discard()
    staged(rig).discard()
    assert len(drafts(rig)) == 1
    assert sent(rig).outcome is Outcome.SENT
    assert (drafts(rig), list(rig.public())) == ([], [rig.text])


def test_what_is_withdrawn_is_a_draft_again(rig):
    receipt = sent(rig).receipt
    assert rig.channel.withdraw(receipt).outcome is Outcome.SENT
    assert rig.server.public() == []
    assert rig.server.fetch(receipt.address)[0] == 404
    assert [str(draft["id"]) for draft in drafts(rig)] == [receipt.id]


def test_what_was_withdrawn_can_be_published_again_at_the_same_address(rig):
    receipt = sent(rig).receipt
    rig.channel.withdraw(receipt)
    assert find(rig).answer is Answer.ABSENT
    again = sent(rig).receipt
    assert (again.id, again.address) == (receipt.id, receipt.address)


def test_a_correction_takes_the_same_address(rig):
    wrong = sent(rig).receipt
    draft = corrected(wrong)
    staging = staged(rig, draft, "run-1/news-story.article/2/1")
    assert list(rig.public()) == [rig.text], "the words change with the commit, not before"
    assert find(rig, draft, "run-1/news-story.article/2/1").answer is not Answer.THERE
    staging.release()
    result = staging.result(WAIT)
    assert result.outcome is Outcome.SENT
    assert (result.receipt.id, result.receipt.address) == (wrong.id, wrong.address)
    [post] = rig.server.public()
    assert f"{result.receipt.at:%Y-%m-%dT%H:%M:%S}" == post["modified_gmt"]
    page = rig.server.fetch(wrong.address)[1]
    assert "The right words" in page
    assert "All documents" not in page
    assert find(rig, draft, "run-1/news-story.article/2/1").answer is Answer.THERE


def test_what_is_planned_is_stored_letter_for_letter_so_that_a_correction_is_found(rig):
    wrong = sent(rig).receipt
    body = paragraphs(AWKWARD)
    parts = {"title": Part(text='It\'s "1 < 2" & more \\ \N{EN DASH}'), "body": Part(text=body, html=True)}
    draft = corrected(wrong).model_copy(update={"parts": parts})
    assert sent(rig, draft, "run-1/news-story.article/2/1").outcome is Outcome.SENT
    post = rig.server.as_admin("GET", f"posts/{wrong.id}?context=edit")
    assert post["content"]["raw"] == body
    assert find(rig, draft, "run-1/news-story.article/2/1").answer is Answer.THERE


def test_a_correction_that_is_given_up_leaves_the_page_as_it_is(rig):
    wrong = sent(rig).receipt
    staged(rig, corrected(wrong), "run-1/news-story.article/2/1").discard()
    assert list(rig.public()) == [rig.text]


def test_a_correction_of_a_page_that_is_gone_is_not_ready(rig):
    wrong = sent(rig).receipt
    rig.server.empty()
    with pytest.raises(NotReady):
        staged(rig, corrected(wrong), "run-1/news-story.article/2/1")


def test_a_wrong_password_is_told_in_words(rig, monkeypatch):
    monkeypatch.setenv("WORDPRESS_PASSWORD", "wrong")
    health = rig.channel.check()
    assert not health.ok
    assert "401" in health.detail
    assert "password" in health.remedy
    with pytest.raises(NotReady, match="401"):
        staged(rig)
    assert find(rig).answer is Answer.CANNOT_TELL


def test_a_user_who_may_only_write_drafts_is_told_so(rig):
    [user] = rig.server.as_admin("GET", f"users?search={rig.server.user}")
    rig.server.as_admin("POST", f"users/{user['id']}", {"roles": ["contributor"]})
    try:
        health = rig.channel.check()
    finally:
        rig.server.as_admin("POST", f"users/{user['id']}", {"roles": ["author"]})
    assert not health.ok
    assert "may not publish" in health.detail
    assert rig.channel.check().ok


def test_a_certificate_that_is_not_trusted_is_told_in_words(apache, tmp_path):
    stranger = Authority(tmp_path)
    table = apache.server.settings("apache") | {"ca_file": str(stranger.ca_file)}
    channel = open_channel("news", table, channel_rigs.context("news", tmp_path))
    health = channel.check()
    assert not health.ok
    assert "not trusted" in health.detail
    with pytest.raises(NotReady, match="not trusted"):
        channel.ready(channel.build(apache.draft), KEY)


def test_a_held_article_is_kept_for_as_long_as_the_channel_says(apache):
    staging = staged(apache)
    time.sleep(HOLD_LIMIT.total_seconds())
    assert staging.held()
    staging.release()
    assert staging.result(WAIT).outcome is Outcome.SENT
    assert list(apache.public()) == [apache.text]


def test_what_apache_gave_up_is_known_before_the_release_and_can_be_staged_again(apache):
    staging = staged(apache)
    until(lambda: not staging.held(), TOO_LONG)
    assert apache.server.public() == []
    assert find(apache).answer is Answer.ABSENT
    staging.release()
    assert apache.server.public() == []
    staging.stage()
    assert staging.held()
    staging.release()
    assert staging.result(WAIT).outcome is Outcome.SENT
    assert list(apache.public()) == [apache.text]


def test_a_last_byte_that_comes_too_late_is_certainly_not_sent(apache):
    staging = staged(apache)
    time.sleep(TOO_LONG)
    staging.release()  # nobody asked before whether it is still held
    result = staging.result(WAIT)
    assert result.outcome is Outcome.NOT_SENT, result
    assert apache.server.public() == []
    assert find(apache).answer is Answer.ABSENT
    assert sent(apache).outcome is Outcome.SENT
