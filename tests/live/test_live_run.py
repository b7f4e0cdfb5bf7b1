"""The live path of the shipped playbook, begin to stand-down, without a terminal, against real servers on loopback."""

import json
from collections import Counter

import pytest

from runbook.model.entries import Kind
from runbook.model.state import Progress
from support.received import Log, assert_as_shown, assert_everything_received_once, assert_nothing_before_its_go
from support.stage import PLAYBOOK, RUN, Stage, answers_for, of_kind


@pytest.fixture(scope="module")
def live(tmp_path_factory):
    """The run by machine with a long outage; the original page comes back while it is waited for."""
    with Stage(tmp_path_factory.mktemp("by-machine")) as stage:
        stage.shown = _shown(stage)
        running = stage.start("execute", PLAYBOOK, answers=answers_for("by-machine", "long"))
        stage.wait_for(of_kind(Kind.LOOKED, "restored", verdict="not public"), running)
        stage.restore_original()
        stage.finished = running.wait()
        yield stage


@pytest.fixture(scope="module")
def by_hand(tmp_path_factory):
    """The run by hand on another part of the original site, with a short outage."""
    with Stage(tmp_path_factory.mktemp("by-hand")) as stage:
        stage.shown = _shown(stage)
        stage.pasted = stage.publish_elsewhere()
        answers = answers_for("by-hand", "short", stage.pasted)
        running = stage.start("execute", PLAYBOOK, answers=answers)
        stage.wait_for(of_kind(Kind.LOOKED, "still-out"), running)
        stage.restore_original()
        stage.finished = running.wait()
        yield stage


def _shown(stage):
    shown = stage.run("show", PLAYBOOK, "--json")
    assert shown.code == 0, shown.err
    return {m["id"]: m for step in json.loads(shown.out)["data"]["steps"] for m in step["messages"]}


@pytest.fixture(params=["live", "by_hand"])
def stage(request):
    return request.getfixturevalue(request.param)


def test_it_ends_stood_down_with_nothing_left_over(stage):
    log = Log.of(stage)
    assert stage.finished.code == 0, stage.finished.err
    assert log.state.over
    assert not log.state.early
    assert not any(sending.unknown for sending in log.state.sendings.values())
    assert "STOOD DOWN" in stage.finished.out
    assert "ACTUAL" in stage.finished.out
    assert "EXERCISE" not in stage.finished.out


def test_every_message_is_received_once_and_word_for_word(stage):
    assert_everything_received_once(stage, Log.of(stage))


def test_every_message_goes_out_as_it_was_shown(stage):
    assert_as_shown(Log.of(stage), stage.shown)


def test_nothing_is_received_before_somebody_says_go(stage):
    assert_nothing_before_its_go(stage, Log.of(stage))


def test_email_and_post_were_both_staged_before_either_was_released(stage):
    log = Log.of(stage)
    for step in {sending.step for message, sending in log.sent() if message.kind == "x"}:
        kinds = [e.kind for e in log.entries if e.step == step]
        assert kinds.index(Kind.STAGED) < kinds.index(Kind.INTENT) < kinds.index(Kind.OUTCOME)
        skew = log.one(Kind.SKEW, messages=[f"{step}.journalists", f"{step}.post"])
        assert skew.data["within"] is (float(skew.data["seconds"]) <= 1)
        intents = [e for e in log.entries if e.step == step and e.kind is Kind.INTENT]
        assert intents[1].sequence == intents[0].sequence + 1, "both intents are in one append"


def test_by_machine_every_channel_has_carried_something(live):
    sent = [message.id for message, _ in Log.of(live).sent()]
    assert sorted(sent) == sorted(
        [
            "tell-roles.roles",
            "alternate.documents",
            "announce.journalists",
            "announce.post",
            "news-story.article",
            "second-pair.journalists",
            "second-pair.post",
            "tell-restored.journalists",
            "tell-restored.post",
            "tell-stand-down.roles",
        ]
    )


def test_by_hand_the_pasted_addresses_are_looked_at_from_outside(by_hand):
    log = Log.of(by_hand)
    looks = [e for e in log.entries if e.kind is Kind.LOOKED and e.step == "alternate-public"]
    assert looks[-1].data["verdict"] == "public"
    assert set(by_hand.pasted.values()) <= {s["address"].partition("?")[0] for s in looks[-1].data["sightings"]}
    assert log.state.addresses["alternate"] == by_hand.pasted
    assert list((by_hand.public / "releases").iterdir()) == []
    assert by_hand.pasted["page"] in by_hand.x.made[0].text


def test_the_needless_steps_are_left_alone(stage):
    log = Log.of(stage)
    waiting = {s.id for s in log.state.plan.steps if log.state.step(s.id).progress is Progress.WAITING}
    expected = {"holding-line", "announce-original", "statement-late"}
    if stage.shown and "alternate" in log.state.steps and log.state.decisions["which-route"] == "by-machine":
        assert waiting == expected | {"alternate-by-hand"}
    else:
        assert waiting == expected | {"alternate", "news-story", "news-public", "second-pair"}


def test_the_log_has_every_question_with_its_answer(live):
    log = Log.of(live)
    answered = Counter(e.data["question"] for e in log.entries if e.kind is Kind.ANSWERED)
    assert answered["begin"] == 1
    assert set(answered) <= {e.data["question"] for e in log.entries if e.kind is Kind.ASKED}
    assert log.one(Kind.CONFIRMED).data["typed"] == PLAYBOOK
    assert all(answered[f"roll-call.{role.id}"] == 1 for role in log.state.plan.roles)


# What is refused before anything starts -------------------------------------------------------------------------------


def _untouched(stage):
    assert stage.entries() == ()
    assert (stage.mail.received, stage.x.connected, stage.news.requests) == ([], [], [])
    assert list((stage.public / "releases").iterdir()) == []


def test_a_file_with_one_answer_missing_is_refused_and_the_answer_named(tmp_path):
    with Stage(tmp_path) as stage:
        answers = answers_for("by-machine", "long")
        del answers["clear.how"]
        done = stage.run("execute", PLAYBOOK, answers=answers)
        assert done.code == 2
        assert '"clear.how" has no answer.' in done.err
        assert "Nothing was started." in done.err
        assert "Traceback" not in done.err
        _untouched(stage)


def test_every_missing_answer_is_named_at_once(tmp_path):
    with Stage(tmp_path) as stage:
        done = stage.run("execute", PLAYBOOK, answers={"begin": PLAYBOOK})
        assert done.code == 2
        for question in ("roll-call.lead", "clear.who", "leave-route", "stand-down.evidence.well"):
            assert f'"{question}" has no answer.' in done.err
        _untouched(stage)


def test_without_a_terminal_and_without_answers_it_is_refused(tmp_path):
    with Stage(tmp_path) as stage:
        done = stage.run("execute", PLAYBOOK)
        assert done.code == 2
        assert "no terminal" in done.err
        assert "--answers FILE" in done.err
        _untouched(stage)


def test_yes_is_refused_for_real(tmp_path):
    with Stage(tmp_path) as stage:
        done = stage.run("execute", PLAYBOOK, "--yes")
        assert done.code == 2
        assert "--dry-run" in done.err
        _untouched(stage)


def test_without_a_workspace_it_is_refused_with_what_to_do(tmp_path):
    with Stage(tmp_path) as stage:
        (stage.workspace / "runbook.toml").unlink()
        done = stage.run("execute", PLAYBOOK, answers=answers_for("by-machine", "long"))
        assert done.code == 2
        assert "A live run needs your own workspace" in done.err
        assert "runbook init DIR" in done.err
        _untouched(stage)


def test_an_answer_that_does_not_fit_leaves_the_run_to_be_resumed_and_sends_nothing(tmp_path):
    with Stage(tmp_path) as stage:
        answers = answers_for("by-machine", "long") | {"tell-roles": "perhaps"}
        done = stage.run("execute", PLAYBOOK, answers=answers)
        assert done.code == 3
        assert '"tell-roles.go"' in done.err
        assert f"runbook resume {RUN}" in done.out
        log = Log.of(stage)
        assert not log.state.sendings
        assert log.state.paused
        assert (stage.mail.received, stage.x.made, stage.news.public) == ([], [], [])
