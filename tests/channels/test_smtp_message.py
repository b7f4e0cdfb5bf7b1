"""E-mail before anything is sent: what is written, what is refused, what may be set."""

import re
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from runbook.channels import smtp_settings
from runbook.channels.smtp_message import Text, address_of, message_id, render
from runbook.errors import CannotSay
from support import channel_rigs
from support.certificates import authority


@pytest.fixture
def rig(tmp_path):
    with channel_rigs.smtp(tmp_path, authority()) as made:
        yield made


def many(count):
    return [f"desk{number}@example.org" for number in range(count)]


def settings(**changed):
    table = {"kind": "smtp", "host": "mail.example.org", "from": "press@example.org", **changed}
    return smtp_settings.Settings.model_validate(table)


def test_ids_are_safe_short_and_never_shared():
    keys = ["a/b", "a-b", "a b", "a--b", "\r\nBcc: x", "k" * 300, "k" * 301, "plain-key_1", "é"]
    ids = [message_id(key, "press.example.org") for key in keys]
    assert len(set(ids)) == len(keys)
    assert all(re.fullmatch(r"<[A-Za-z0-9_-]+@press\.example\.org>", one) for one in ids)
    assert all(len(one) <= 66 for one in ids)
    assert message_id("plain-key_1", "example.org") == "<plain-key_1@example.org>"


def test_the_header_of_the_id_is_never_folded():
    raw = render(
        subject="s",
        body="b",
        sender="a@example.org",
        to="undisclosed-recipients:;",
        reply_to=None,
        identity=message_id("run/" * 40, "statistics.example.org"),
        at=datetime(2026, 1, 5, 9, 39, 32, tzinfo=UTC),
    )
    assert re.search(rb"^Message-ID: <[^\r\n]+>\r$", raw, re.MULTILINE)
    assert b"Date: Mon, 05 Jan 2026 09:39:32 +0000\r\n" in raw


def test_dots_are_doubled_and_the_end_is_a_line_end():
    assert Text(b"a\r\n.\r\n..b\r\nc").stuffed == b"a\r\n..\r\n...b\r\nc\r\n"
    assert Text(b".").stuffed == b"..\r\n"


def test_a_sender_is_an_address_with_or_without_a_name():
    assert address_of("Press office <press@example.org>") == "press@example.org"
    assert address_of("press@example.org") == "press@example.org"


# building


@pytest.mark.parametrize(
    ("draft", "found"),
    [
        (channel_rigs.email(subject="one\r\nBcc: other@example.org"), "a line break"),
        (channel_rigs.email(subject="one\x00two"), r"U\+0000"),
        (channel_rigs.email(subject="one\u2028two"), r"U\+2028"),
        (channel_rigs.email(body="bell \x07"), r"U\+0007"),
        (channel_rigs.email(subject=" "), "subject of the e-mail is empty"),
        (channel_rigs.email(body="\n"), "text of the e-mail is empty"),
        (channel_rigs.email("desk@example.org\r\nRCPT TO:<x@example.org>"), "not an e-mail address"),
        (channel_rigs.email("nobody"), "not an e-mail address"),
    ],
)
def test_what_a_mail_cannot_carry_is_refused_when_built(rig, draft, found):
    with pytest.raises(CannotSay, match=found) as refused:
        rig.channel.build(draft)
    assert refused.value.remedy


def test_the_summary_counts_addresses_and_batches(rig):
    assert rig.channel.build(channel_rigs.email(*many(100))).summary == "100 addresses"
    assert rig.channel.build(channel_rigs.email(*many(214))).summary == "214 addresses in 3 batches"


def test_more_than_can_be_held_at_once_are_refused_when_built(rig):
    assert rig.channel.build(channel_rigs.email(*many(1000))).summary == "1,000 addresses in 10 batches"
    with pytest.raises(CannotSay, match="at most 1,000 at once"):
        rig.channel.build(channel_rigs.email(*many(1001)))


# settings


@pytest.mark.parametrize(
    "changed",
    [
        {"security": "none"},
        {"user": "press"},
        {"password": "env:MAIL_PASSWORD"},
        {"user": "press", "password": "hunter2"},
        {"from": "Press\r\nBcc: x@example.org"},
        {"from": "nobody"},
        {"reply_to": "a b"},
        {"to_header": "a\r\nb"},
        {"batch": 101},
        {"port": 0},
        {"hots": "mail.example.org"},
    ],
)
def test_settings_that_are_not_right_are_refused(changed):
    with pytest.raises(ValidationError) as refused:
        settings(**changed)
    assert "hunter2" not in "".join(error["msg"] for error in refused.value.errors())


def test_no_encryption_is_for_this_computer_only():
    for host in ("127.0.0.1", "::1", "localhost"):
        assert settings(host=host, security="none").security == "none"
