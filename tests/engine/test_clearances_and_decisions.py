"""A named person's yes, a choice with its reason, and what was agreed for the case that nobody answers."""

from datetime import timedelta

import pytest

from runbook.model.entries import Kind
from runbook.model.ports import Interrupted
from runbook.model.questions import Reply
from support.scripted import STAND_DOWN, clearance, manual, plan_of, together

DECISION = {
    "id": "choose",
    "kind": "decision",
    "role": "lead",
    "question": "Which way?",
    "options": {"go": {"title": "Go"}, "stay": {"title": "Stay"}},
    "example": "go",
    "reason_example": "because",
    "wait_at_most": "5m",
    "then": "stay",
}


def cleared(start, **more):
    stage = start(plan_of(clearance("announce", **more), together(needs=["clear"]), STAND_DOWN))
    stage.desk.say(clear="c", clear__who="1", clear__how="by telephone", announce__go="g", stand_down="d")
    return stage


def test_a_clearance_names_who_gave_it_how_and_exactly_what_it_covers(start):
    stage = cleared(start)
    stage.desk.say(clear__who="2")
    assert stage.work() == "over"
    entry = stage.of(Kind.CLEARED)[0]
    assert (entry.actor, entry.data["how"]) == ("Deputy chief", "by telephone")
    assert entry.data["digest"] == stage.plan.cleared_digest("clear")


def test_who_does_not_answer_is_logged_and_the_next_is_tried(start):
    stage = cleared(start)
    stage.desk.say(clear=["u", "c"], clear__tried="1", clear__who="2")
    assert stage.work() == "over"
    assert [(e.data["name"], e.data["answered"]) for e in stage.of(Kind.CALLED)] == [("Chief statistician", False)]
    people = [s for s in stage.desk.shown if s.heading.startswith("Head, in this order")]
    assert "1 Chief statistician  020 7946 0001   no answer" in people[-1].blocks[0][1]


def test_a_refusal_holds_what_it_covers(start):
    stage = cleared(start)
    stage.desk.say(clear="r", clear__reason="wait", announce__held="b")
    stage.desk.on("next", [_key(stage, "announce"), Reply("p", command=True)])
    stage.work()
    assert stage.of(Kind.NOT_CLEARED)[0].data["reason"] == "wait"
    assert stage.mail.keys == []
    assert "announce" not in [e.step for e in stage.of(Kind.BEGUN)]


def _key(stage, step):
    """Return what answers with the key of a step, from the question that is being asked."""
    return lambda: next(c.key for c in stage.desk.asked[-1].options if c.step == step)


def test_a_clearance_that_was_refused_can_be_asked_for_again(start):
    stage = cleared(start)
    stage.desk.say(clear=["r", "c"], clear__reason="wait", announce__held="k")
    stage.desk.on("next", _key(stage, "announce"))
    assert stage.work() == "over"
    assert [e.data["reason"] for e in stage.of(Kind.LAPSED)] == ["asked again"]
    assert len(stage.mail.keys) == 1


def test_asking_again_leaves_a_clearance_that_holds_alone(start):
    plan = plan_of(
        clearance("announce"),
        clearance("announce", needs=["clear"]) | {"id": "second", "role": "lead"},
        together(needs=["second"]),
        STAND_DOWN,
    )
    stage = start(plan)
    stage.desk.say(clear="c", clear__who="1", clear__how="by telephone", second=["r", "c"], second__who="1")
    stage.desk.say(second__reason="no", second__how="here", announce__held="k", announce__go="g", stand_down="d")
    stage.desk.on("next", _key(stage, "announce"))
    assert stage.work() == "over"
    assert [e.data["clearance"] for e in stage.of(Kind.LAPSED)] == ["second"]


def test_a_held_step_can_be_skipped_with_a_reason(start):
    stage = cleared(start)
    stage.desk.say(clear="r", clear__reason="wait", announce__held="s", announce__reason="not today")
    stage.desk.on("next", _key(stage, "announce"))
    assert stage.work() == "over"
    assert (stage.mail.keys, stage.of(Kind.SKIPPED)[0].data["reason"]) == ([], "not today")


def test_a_clearance_of_something_else_does_not_let_it_go(start):
    stage = cleared(start)
    stage.desk.on("announce.go", [lambda: _change(stage) or "g", "b"])
    stage.work()
    assert stage.mail.keys == []
    assert any("has lapsed" in sheet.heading for sheet in stage.desk.shown)


def _change(stage):
    stage.run.state.clearances["clear"].digest = "0" * 64


def test_who_releases_cannot_clear_where_two_are_needed(start):
    stage = cleared(start, two_person=True, role="comms")
    stage.desk.say(clear__who=["1", "2"])
    assert stage.work() == "over"
    assert [e.actor for e in stage.of(Kind.CLEARED)] == ["Second officer"]
    assert {e.actor for e in stage.of(Kind.INTENT)} == {"Duty officer"}


def test_who_cleared_does_not_release_though_the_role_was_handed_over(start):
    stage = cleared(start, two_person=True, role="comms")
    stage.desk.say(clear__who="2", hand_over="2", hand_over__to="1", hand_over__reason="end of shift")
    stage.desk.say(announce__releaser="1")
    stage.desk.on("announce.go", [Reply("h", command=True), "g"])
    assert stage.work() == "over"
    assert {e.actor for e in stage.of(Kind.INTENT)} == {"Duty officer"}


@pytest.mark.parametrize(("then", "kind"), [("cleared", Kind.CLEARED), ("not-cleared", Kind.NOT_CLEARED)])
def test_after_the_waiting_limit_what_was_agreed_can_be_chosen_and_not_before(start, then, kind):
    stage = cleared(start, wait_at_most="15m", then=then)
    stage.desk.on("clear", [lambda: stage.clock.sleep(14 * 60) or "v", lambda: stage.clock.sleep(60) or "v", "a"])
    stage.work()
    offered = ["a" in [c.key for c in q.options] for q in stage.desk.asked if q.id == "clear"]
    assert offered == [False, False, True]
    assert stage.of(kind)[0].data["agreed_beforehand"] is True


def test_the_limit_may_pass_while_the_question_stands(start):
    stage = cleared(start, wait_at_most="15m", then="cleared")
    stage.desk.on("clear", [lambda: stage.clock.sleep(15 * 60) or Interrupted(timer=True), "a"])
    assert stage.work() == "over"
    assert stage.of(Kind.CLEARED)[0].data["who"] == "agreed beforehand"


def test_a_decision_has_its_reason_and_who_took_it(start):
    stage = start(plan_of(DECISION, manual("went", when="choose == go"), STAND_DOWN))
    stage.desk.say(choose="1", choose__who="2", choose__reason="the levers failed", went="d", stand_down="d")
    assert stage.work() == "over"
    data = stage.of(Kind.DECIDED)[0].data
    assert (data["option"], data["reason"], data["who"]) == ("go", "the levers failed", "Deputy lead")
    assert [e.step for e in stage.of(Kind.DONE)] == ["went", "stand-down"]


def test_a_decision_falls_to_what_was_agreed_only_after_its_limit(start):
    stage = start(plan_of(DECISION, manual("went", when="choose == go"), STAND_DOWN))
    stage.desk.say(choose__tried="1", choose__reason="nobody there", stand_down="d")
    stage.desk.on("choose", ["u", lambda: stage.clock.sleep(301) or Interrupted(timer=True), "a"])
    assert stage.work() == "over"
    data = stage.of(Kind.DECIDED)[0].data
    assert (data["option"], data["agreed_beforehand"]) == ("stay", True)
    assert "a" not in [c.key for c in next(q for q in stage.desk.asked if q.id == "choose").options]


def test_a_decision_can_be_left_for_later(start):
    stage = start(plan_of(DECISION, STAND_DOWN))
    stage.desk.say(choose="b")
    stage.work()
    assert stage.of(Kind.DECIDED) == []
    assert stage.desk.asked[-1].id == "next"


def test_the_time_that_people_may_wait_begins_when_they_are_first_asked(start):
    stage = cleared(start, wait_at_most="15m", then="cleared")
    stage.desk.on("clear", ["b", lambda: stage.clock.sleep(timedelta(minutes=16).total_seconds()) or "v", "a"])
    stage.desk.on("next", _key(stage, "clear"))
    assert stage.work() == "over"
    assert stage.of(Kind.CLEARED)[0].data["agreed_beforehand"] is True
