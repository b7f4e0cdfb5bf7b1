"""The subject that a reader reads is the subject that was cleared, to the last blank."""

from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook.channels.smtp_message import render

WORDS = ("Release", "of", "GCSE", "\N{EN DASH}", "Prüfungen", "“quoted”", '"q"', "5%", "(2017)", "=?utf-8?q?", "a" * 75)


def rendered(subject):
    return render(
        subject=subject,
        body="It is out.",
        sender="Press office <press@example.org>",
        to="undisclosed-recipients:;",
        reply_to=None,
        identity="<run@example.org>",
        at=datetime(2018, 1, 5, 9, 40, tzinfo=UTC),
    )


def read(message):
    return message_from_bytes(message, policy=default)["Subject"]


@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=30).map(" ".join))
def test_every_subject_is_read_as_it_was_written(subject):
    message = rendered(subject)
    assert read(message) == subject
    assert message.isascii()
    assert all(len(line) <= 998 for line in message.split(b"\r\n"))


def test_a_subject_just_too_long_for_one_line_gets_no_blank_before_it():
    subject = "New address: Malpractice for GCSE and A level: summer 2017 exam series"
    message = rendered(subject)
    assert f"Subject: {subject}\r\n".encode() in message
    assert read(message) == subject


@pytest.mark.parametrize("subject", ["one\r\nBcc: you@example.org", "one\ntwo"])
def test_a_line_break_is_refused(subject):
    with pytest.raises(ValueError, match="line break"):
        rendered(subject)
