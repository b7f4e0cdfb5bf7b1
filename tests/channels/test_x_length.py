"""What is counted without the library is what the library counts."""

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook.channels.x_length import _library, plain_length, weighted

parse_tweet = _library().parse_tweet

words = st.text(
    st.sampled_from("abzAZ019.,;:!?'\"()[]{}<>@#$%&*+-/=_~^|`\\éÀßőŽ\u2013\u2014\u2018\u2019“”©…€ x"),
    min_size=1,
    max_size=12,
)
addresses = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["https://", "http://", "HTTPS://", "", "ftp://"]),
    st.sampled_from(
        ["example.org", "www.gov.uk", "a-b.example.com", "x.test", "example", "a--b.org", "1.org", "-a.org"]
    ),
    st.sampled_from(["", "/", ":8443"]),
    st.from_regex(r"[A-Za-z0-9/._~?=&#()-]{0,30}", fullmatch=True),
)
texts = st.lists(words | addresses, max_size=12).map(" ".join) | st.text(max_size=60)


@settings(max_examples=1500, deadline=None)
@given(texts)
def test_a_text_that_is_counted_here_is_counted_as_the_library_does(text: str) -> None:
    counted = plain_length(text)
    if counted is not None and text:
        parsed = parse_tweet(text)
        assert (counted, True) == (parsed.weightedLength, parsed.valid or counted > 280)


@pytest.mark.parametrize(
    "text",
    [
        "Late: Malpractice for GCSE and A level: summer 2017 exam series\n\nNext news by 10:15.",
        "Out now\nhttps://www.gov.uk/government/statistics/malpractice-for-gcse-and-a-level-summer-2017-exam-series",
        "https://example.org/" + "x" * 180,
    ],
)
def test_the_posts_of_the_shipped_playbook_need_no_library(text: str) -> None:
    assert plain_length(text) == parse_tweet(text).weightedLength


@pytest.mark.parametrize(
    "text", ["ons.gov.uk/economy", "🐦‍🔥 hello", "see (https://example.org/a)", "汉字", "a © b", "x\ty"]
)
def test_anything_in_doubt_is_left_to_the_library(text: str) -> None:
    assert plain_length(text) is None
    assert weighted(text)[0] == parse_tweet(text).weightedLength


def test_the_library_loads_where_setuptools_is_not_installed() -> None:
    code = """
import sys
sys.modules["setuptools"] = sys.modules["pkg_resources"] = None
from runbook.channels.x_length import weighted
assert weighted("\\U0001F600 hello") == (8, True)
assert sys.modules["pkg_resources"] is None
"""
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)
