"""What every channel holds to, each against what really stands at its other end."""

import gc
import os
import subprocess
import sys
import threading
from datetime import timedelta

import pytest

from runbook.channels.registry import KINDS, UnknownKind, open_channel
from runbook.errors import CannotSay, CannotWithdraw, NotReady
from runbook.model.exercise_mark import marked
from runbook.model.outcome import Answer, Outcome, Receipt
from support import channel_rigs, real_rigs
from support.certificates import Authority, authority

KEY = "run-1/announce.press/1/1"
WAIT = timedelta(seconds=10)
HEAVY = ["httpx", "tweepy", "requests", "twitter_text", "smtplib", "http.client", "concurrent.futures"]


REAL = dict.fromkeys(real_rigs.MAIL_RIGS, "smtp") | dict.fromkeys(real_rigs.NEWS_RIGS, "wordpress")
"""Rig with a real server at its other end → the kind of its channel."""


def rigs(*kinds):
    """Return the rigs of these kinds, in the manner of parametrize; of all, without any."""
    own = [kind for kind in sorted(KINDS) if not kinds or kind in kinds]
    real = [pytest.param(name, marks=pytest.mark.real) for name, kind in REAL.items() if not kinds or kind in kinds]
    return [*own, *real]


@pytest.fixture(params=rigs())
def rig(request, tmp_path):
    making = _rig(request, request.param, tmp_path)
    threads = set(threading.enumerate())
    with making as made:
        yield made
    gc.collect()  # a socket that nobody closed warns here, and a warning is an error
    assert set(threading.enumerate()) <= threads


def _rig(request, name, root):
    if name in real_rigs.MAIL_RIGS:
        return real_rigs.postfix(request.getfixturevalue("real_mail"), root, real_rigs.MAIL_RIGS[name])
    if name in real_rigs.NEWS_RIGS:
        return real_rigs.wordpress(request.getfixturevalue("real_news"), root, real_rigs.NEWS_RIGS[name])
    return channel_rigs.RIGS[name](root, authority())


def ready(rig, key=KEY):
    return rig.channel.ready(rig.channel.build(rig.draft), key)


def sent(rig, key=KEY):
    staging = ready(rig, key)
    staging.stage()
    staging.release()
    return staging.result(WAIT)


def test_the_suite_has_a_rig_for_every_kind():
    assert set(channel_rigs.RIGS) == set(KINDS)


def test_it_calls_itself_by_its_kind(rig):
    assert rig.channel.kind == rig.kind


def test_building_is_pure_and_needs_no_secret(rig, monkeypatch):
    for name in rig.secrets:
        monkeypatch.delenv(name)
    first, second = rig.channel.build(rig.draft), rig.channel.build(rig.draft)
    assert first == second
    assert first.draft == rig.draft
    assert first.summary
    assert first.length.used > 0
    assert rig.public() == []


def test_building_does_not_count_the_mark_of_an_exercise(rig):
    plain, practice = rig.channel.build(rig.draft), rig.channel.build(marked(rig.draft))
    assert practice.draft == marked(rig.draft)
    # The mark takes the spaces at the end of a text with it; nothing more may differ.
    assert 0 <= plain.length.used - practice.length.used <= 1


def test_building_refuses_another_form_by_name(rig):
    if rig.kind == "manual":
        assert rig.channel.build(rig.wrong).summary == "by hand"
        return
    with pytest.raises(CannotSay, match=rig.wrong.form) as refused:
        rig.channel.build(rig.wrong)
    assert refused.value.remedy


def test_a_check_is_healthy_and_has_no_public_effect(rig):
    health = rig.channel.check()
    assert health.ok, health
    assert health.detail
    assert rig.public() == []


def test_a_check_without_the_secret_says_what_to_set(rig, monkeypatch):
    for name in rig.secrets:
        monkeypatch.delenv(name)
        health = rig.channel.check()
        assert not health.ok
        assert name in health.detail + health.remedy
        with pytest.raises(NotReady):
            ready(rig)
        monkeypatch.setenv(name, "wrong")


def test_ready_has_no_public_effect(rig):
    staging = ready(rig)
    assert rig.public() == []
    assert staging.summary
    assert staging.refused == {}
    assert staging.hold_limit > timedelta(0)
    assert not staging.held()
    staging.discard()


def test_a_staged_message_is_held_and_nothing_is_out(rig):
    staging = ready(rig)
    staging.stage()
    assert staging.held()
    assert rig.public() == []
    staging.discard()


def test_what_is_given_up_is_not_sent(rig):
    staging = ready(rig)
    staging.stage()
    staging.discard()
    staging.discard()
    assert not staging.held()
    staging.release()
    if rig.kind != "manual":
        assert staging.result(WAIT).outcome is Outcome.NOT_SENT
        with pytest.raises(NotReady):
            staging.stage()
    assert rig.public() == []


def test_what_is_not_released_is_not_sent(rig):
    staging = ready(rig)
    staging.stage()
    result = staging.result(WAIT)
    assert result.outcome is (Outcome.UNKNOWN if rig.kind == "manual" else Outcome.NOT_SENT)
    assert rig.public() == []
    staging.discard()


def test_staging_twice_still_sends_once(rig):
    staging = ready(rig)
    staging.stage()
    staging.stage()
    assert staging.held()
    staging.release()
    staging.result(WAIT)
    assert list(rig.public()) == ([] if rig.kind == "manual" else [rig.text])


def test_a_release_delivers_exactly_once_what_was_built(rig):
    staging = ready(rig)
    staging.stage()
    staging.release()
    staging.release()
    result = staging.result(WAIT)
    if rig.kind == "manual":
        assert result.by_hand
        assert result.outcome is Outcome.UNKNOWN
        return
    assert result.outcome is Outcome.SENT, result
    assert result.detail
    assert result.receipt.id
    assert result.recipients == {}
    assert staging.result(WAIT) == result
    staging.discard()
    assert staging.result(WAIT) == result
    assert not staging.held()
    assert list(rig.public()) == [rig.text]


@pytest.mark.parametrize(
    "rig", rigs("smtp", "upload", "wordpress", "x"), indirect=True
)  # a program cannot stop a person
def test_what_is_released_cannot_be_staged_again(rig):
    staging = ready(rig)
    staging.stage()
    staging.release()
    staging.result(WAIT)
    with pytest.raises(NotReady):
        staging.stage()
    assert list(rig.public()) == [rig.text]


def test_planned_addresses_are_those_of_the_receipt(rig):
    planned = rig.channel.build(rig.draft).planned
    result = sent(rig)
    if planned:
        assert result.receipt.addresses == planned
        assert result.receipt.address == planned["page"]


@pytest.mark.parametrize("rig", rigs("upload", "wordpress"), indirect=True)  # the other protocols have no key
def test_the_same_key_never_makes_two_where_the_service_can_tell(rig):
    assert sent(rig).outcome is Outcome.SENT
    again = sent(rig)
    assert again.outcome is Outcome.SENT
    assert list(rig.public()) == [rig.text]


def test_find_before_the_release_never_says_there(rig):
    staging = ready(rig)
    staging.stage()
    found = rig.channel.find(rig.channel.build(rig.draft), KEY)
    assert found.answer is not Answer.THERE
    assert found.detail
    staging.discard()


def test_find_after_the_release_says_there_or_where_to_look(rig):
    sent(rig)
    found = rig.channel.find(rig.channel.build(rig.draft), KEY)
    if rig.kind in {"manual", "smtp"}:
        assert found.answer is Answer.CANNOT_TELL
        assert found.look_at
    else:
        assert found.answer is Answer.THERE
        assert found.receipt.id


def test_find_never_raises_without_its_secret(rig, monkeypatch):
    for name in rig.secrets:
        monkeypatch.delenv(name)
    assert rig.channel.find(rig.channel.build(rig.draft), KEY).answer in set(Answer)


def test_withdrawing_takes_it_down_or_is_refused_by_name(rig):
    receipt = sent(rig).receipt
    if rig.kind in {"manual", "smtp"}:
        with pytest.raises(CannotWithdraw) as refused:
            rig.channel.withdraw(receipt or Receipt(id="none"))
        assert refused.value.remedy
        return
    assert rig.channel.withdraw(receipt).outcome is Outcome.SENT
    assert rig.public() == []


@pytest.mark.parametrize("rig", rigs("upload", "wordpress", "x"), indirect=True)  # these take nothing back
def test_withdrawing_what_is_no_receipt_of_ours_does_nothing(rig):
    sent(rig)
    assert rig.channel.withdraw(Receipt(id="../../elsewhere")).outcome is Outcome.NOT_SENT
    assert list(rig.public()) == [rig.text]


@pytest.mark.parametrize("kind", ["smtp", "wordpress", "x"])
def test_a_server_that_is_not_there_is_not_ready_and_says_so(kind, tmp_path):
    with channel_rigs.RIGS[kind](tmp_path, authority()) as rig:
        pass
    with channel_rigs.set_environment(dict.fromkeys(rig.secrets, "secret")):
        health = rig.channel.check()
        assert not health.ok
        assert "does not accept connections" in health.detail
        assert health.remedy
        with pytest.raises(NotReady, match="does not accept connections"):
            ready(rig)
        assert rig.channel.find(rig.channel.build(rig.draft), KEY).answer is Answer.CANNOT_TELL


@pytest.mark.parametrize("kind", ["smtp", "wordpress", "x"])
def test_a_server_whose_certificate_is_not_trusted_is_not_ready(kind, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    stranger = Authority(other)
    with channel_rigs.RIGS[kind](tmp_path, authority(), ca_file=str(stranger.ca_file)) as rig:
        health = rig.channel.check()
        assert not health.ok
        assert "not trusted" in health.detail
        with pytest.raises(NotReady, match="not trusted"):
            ready(rig)
        assert rig.public() == []


@pytest.mark.parametrize("kind", ["smtp", "wordpress", "x"])
def test_an_authority_that_is_not_there_is_not_ready(kind, tmp_path):
    with channel_rigs.RIGS[kind](tmp_path, authority(), ca_file="gone.pem") as rig:
        health = rig.channel.check()
        assert not health.ok
        assert "gone.pem" in health.detail
        assert "ca_file" in health.remedy
        with pytest.raises(NotReady, match=r"gone\.pem"):
            ready(rig)


def test_an_unknown_kind_is_refused_with_those_there_are(tmp_path):
    with pytest.raises(UnknownKind, match="fax") as refused:
        open_channel("press", {"kind": "fax"}, channel_rigs.context("press", tmp_path))
    assert refused.value.known == tuple(sorted(KINDS))
    assert "smtp, upload" in refused.value.remedy


def test_no_adapter_loads_its_library_before_it_is_used():
    modules = ", ".join(sorted(KINDS.values()))
    program = f"import sys, {modules}; print([m for m in {HEAVY!r} if m in sys.modules])"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.strip() == "[]"
