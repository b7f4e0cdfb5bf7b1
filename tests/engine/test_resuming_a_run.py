"""A run that was broken off: its state is the fold of its log, and nothing is sent again without asking."""

from datetime import timedelta

import pytest

from runbook.errors import Conflict, Left
from runbook.journal.sqlite import SqliteJournal
from runbook.model.entries import Kind
from runbook.model.outcome import Answer, Found, Receipt
from runbook.model.state import fold
from support.scripted import DUE, RUN, STAND_DOWN, manual, plan_of, together


class Killed(BaseException):
    """The process is gone: nothing after this is done or logged."""


def killed(start, *, after: Kind, count: int = 1, plan=None):
    """Return a run whose process died just after the log had taken so many entries of a kind."""
    stage = start(plan or plan_of(together(), STAND_DOWN))
    stage.desk.say(announce__go="g", stand_down="d")
    append = stage.journal.append
    seen = []

    def append_and_die(run, facts, last):
        if len(seen) >= count:
            raise Killed
        entries = append(run, facts, last)
        seen.extend(fact for fact in facts if fact.kind is after)
        if len(seen) >= count:
            raise Killed
        return entries

    stage.journal.append = append_and_die
    with pytest.raises(Killed):
        stage.work()
    stage.journal.append = append
    return stage


def test_an_intent_without_an_outcome_is_asked_for_and_never_sent_again(start):
    stage = killed(start, after=Kind.INTENT)
    before = (list(stage.mail.keys), list(stage.x.keys))
    stage.mail.found = [Found(answer=Answer.THERE, receipt=Receipt(id="1"))]
    stage.x.found = [Found(answer=Answer.CANNOT_TELL, detail="It does not answer.")]
    resumed = stage.again(announce__post__there="y", announce__post__address="https://x.example.org/1", stand_down="d")
    resumed.desk.say(next="1")
    assert resumed.work() == "over"
    assert (stage.mail.keys, stage.x.keys) == before
    assert stage.outcomes() == {"announce.mail": "sent", "announce.post": "sent"}


def test_one_outcome_of_two_leaves_the_other_to_be_asked_for(start):
    stage = killed(start, after=Kind.OUTCOME)
    known = [e.data["message"] for e in stage.of(Kind.OUTCOME)]
    for channel in (stage.mail, stage.x):
        channel.found = [Found(answer=Answer.THERE, receipt=Receipt(id="1"))]
    resumed = stage.again(stand_down="d")
    assert resumed.work() == "over"
    sought = [e.data["message"] for e in stage.of(Kind.SOUGHT)]
    assert sorted(known + sought) == ["announce.mail", "announce.post"]
    assert (len(stage.mail.keys), len(stage.x.keys)) == (1, 1)


def test_what_is_certainly_absent_is_offered_again_under_a_new_key(start):
    stage = killed(start, after=Kind.INTENT)
    stage.mail.found = [Found(answer=Answer.THERE, receipt=Receipt(id="1"))]
    stage.x.found = [Found(answer=Answer.ABSENT)]
    resumed = stage.again(announce__go="g", stand_down="d")
    assert resumed.work() == "over"
    assert stage.x.keys == [f"{RUN}/announce.post/1/2"]
    assert stage.mail.keys == []


def test_a_channel_that_is_gone_leaves_the_question_to_a_person(start):
    stage = killed(start, after=Kind.INTENT)
    del stage.channels["x"]
    stage.mail.found = [Found(answer=Answer.THERE, receipt=Receipt(id="1"))]
    resumed = stage.again(announce__post__there="y", announce__post__address="https://x.example.org/1", stand_down="d")
    assert resumed.work() == "over"
    assert stage.outcomes()["announce.post"] == "sent"


def test_a_channel_that_fails_in_looking_leaves_the_question_to_a_person(start):
    stage = killed(start, after=Kind.INTENT)

    def fail(_):
        raise RuntimeError("settings changed")

    stage.x.does["build"] = fail
    stage.mail.found = [Found(answer=Answer.THERE, receipt=Receipt(id="1"))]
    resumed = stage.again(announce__post__there="y", announce__post__address="https://x.example.org/1", stand_down="d")
    assert resumed.work() == "over"
    assert "settings changed" in [e.data["detail"] for e in stage.of(Kind.SOUGHT)][-1]


def test_a_message_called_correction_is_found_again(start):
    messages = {"correction": {"channel": "x", "text": "Out", "correction": {"text": "No"}}}
    stage = killed(start, after=Kind.INTENT, plan=plan_of(together(messages=messages), STAND_DOWN))
    stage.x.found = [Found(answer=Answer.THERE, receipt=Receipt(id="1"))]
    resumed = stage.again(stand_down="d")
    assert resumed.work() == "over"


def test_the_plan_of_a_resumed_run_is_the_one_it_started_with(start):
    stage = start(plan_of(together(), manual("next"), STAND_DOWN))
    state = fold(stage.journal.read(RUN))
    assert state.plan == stage.plan
    assert state.plan.digest == stage.of(Kind.STARTED)[0].data["digest"]


def test_the_state_that_was_worked_with_is_the_one_that_the_log_folds_to(start):
    stage = start(plan_of(manual("one"), together(needs=["one"]), STAND_DOWN))
    stage.desk.say(one="s", one__reason="no", announce__go="g", stand_down="d")
    assert stage.work() == "over"
    assert fold(stage.journal.read(RUN)) == stage.run.state


def test_somebody_else_at_the_same_run_stops_this_one_before_anything_is_sent(start):
    stage = start(plan_of(together(), STAND_DOWN))
    stage.desk.say(announce__go="g")

    def write_as_another(_):
        with SqliteJournal(stage.path, stage.clock) as other:
            after = sum(1 for _ in other.read(RUN))
            other.append(RUN, [stage.run.fact(Kind.NOTED, text="here too")], after)

    stage.x.does["held"] = write_as_another
    with pytest.raises(Conflict):
        stage.work()
    assert (stage.mail.keys, stage.x.keys) == ([], [])
    assert all(s.discarded for s in stage.mail.stagings)


def test_the_documents_staged_in_private_are_published_under_the_same_key(start):
    stage_step = {"id": "prepare", "kind": "stage", "of": "publish", "needs": []}
    upload = {
        "id": "publish",
        "kind": "upload",
        "to": "x",
        "publishes": "alternate",
        "page": "Page",
        "correction": {"body": "Sorry"},
    }
    stage = start(plan_of(stage_step, upload, STAND_DOWN), at=DUE - timedelta(minutes=5))
    stage.desk.say(prepare="g", publish__go="g", stand_down="d")
    assert stage.work() == "over"
    staged = [key for event, key in stage.x.events if event == "stage"]
    assert staged == [staged[0]] * 2 == stage.x.keys * 2
    assert next(e.step for e in stage.of(Kind.DONE)) == "prepare"
    assert stage.of(Kind.INTENT)[0].at >= DUE


def test_documents_that_cannot_be_put_in_place_leave_the_step_to_be_tried_again_or_skipped(start):
    stage_step = {"id": "prepare", "kind": "stage", "of": "publish", "needs": []}
    upload = {"id": "publish", "kind": "upload", "to": "x", "publishes": "a", "page": "P", "correction": {"body": "S"}}
    stage = start(plan_of(stage_step, upload, STAND_DOWN))
    stage.x.does["stage"] = "The disk is full."
    stage.desk.say(prepare=["g", "s"], prepare__reason="the disk is full", publish__go="b")
    stage.desk.on("next", ["1", Left("enough")])
    stage.work()
    assert stage.of(Kind.NOT_READY)[0].data["detail"] == "The disk is full."
    assert stage.of(Kind.SKIPPED)[0].step == "prepare"


def test_documents_that_somebody_put_in_place_by_hand_are_noted_with_where(start):
    stage_step = {"id": "prepare", "kind": "stage", "of": "publish", "needs": []}
    upload = {"id": "publish", "kind": "upload", "to": "x", "publishes": "a", "page": "P", "correction": {"body": "S"}}
    stage = start(plan_of(stage_step, upload, STAND_DOWN))
    stage.desk.say(prepare="m", prepare__where="the web team's folder", publish__go="g", stand_down="d")
    assert stage.work() == "over"
    done = stage.of(Kind.DONE)[0]
    assert (done.step, done.data["by"], done.data["evidence"]) == (
        "prepare",
        "hand",
        {"where": "the web team's folder"},
    )
    assert [event for event, _ in stage.x.events].count("stage") == 1
