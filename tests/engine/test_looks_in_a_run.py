"""Looks go on by themselves while people work; what they see moves the run."""

from runbook.model.entries import Kind
from runbook.model.ports import Look, Verdict
from support.scripted import NOT_PUBLIC, PUBLIC, STAND_DOWN, manual, plan_of

SEE = {"id": "see", "kind": "look", "location": "original", "expect": "not-public", "marks": ["noticed"]}
BACK = {"id": "back", "kind": "look", "location": "original", "expect": "public", "wait": True, "every": "20s"}


def test_a_look_that_sees_what_is_expected_is_done_by_the_machine(start):
    stage = start(plan_of(SEE, STAND_DOWN))
    stage.looks.sees["see"] = [NOT_PUBLIC]
    stage.desk.say(stand_down="d")
    assert stage.work() == "over"
    done = stage.of(Kind.DONE)[0]
    assert (done.step, done.actor, done.data["by"]) == ("see", "runbook", "machine")
    assert "noticed" in stage.run.state.milestones


def test_a_look_that_sees_something_else_is_left_to_a_person(start):
    stage = start(plan_of(SEE, STAND_DOWN))
    stage.looks.sees["see"] = [Look(Verdict.CANNOT_TELL, "timed out"), NOT_PUBLIC]
    stage.desk.say(see="l", stand_down="d")
    assert stage.work() == "over"
    assert [e.data["verdict"] for e in stage.of(Kind.LOOKED)] == ["cannot tell", "not public"]


def test_a_person_may_say_what_they_saw_themselves(start):
    stage = start(plan_of(SEE, STAND_DOWN))
    stage.looks.sees["see"] = [PUBLIC]
    stage.desk.say(see="d", see__reason="not found on my telephone", stand_down="d")
    assert stage.work() == "over"
    assert stage.of(Kind.DONE)[0].data == {"by": "hand", "evidence": {"seen": "not found on my telephone"}}


def test_a_look_comes_in_during_a_question_and_the_question_is_put_again_but_logged_once(start):
    stage = start(plan_of(manual("one"), BACK | {"needs": []}, STAND_DOWN | {"needs": ["one", "back"]}))
    stage.desk.say(one="d", stand_down="d")
    stage.desk.on("one", ["d"])
    stage.looks.sees["back"] = [NOT_PUBLIC]
    stage.desk.on("wait", [])
    stage.work()
    assert [e.data["question"] for e in stage.of(Kind.ASKED)].count("one") == 1
    assert [e.data["verdict"] for e in stage.of(Kind.LOOKED)] == ["not public"]


def test_a_look_that_waits_is_looked_for_again_and_again_at_its_interval(start):
    stage = start(plan_of(BACK, STAND_DOWN))
    stage.work()
    assert [(step, every) for step, _, every in stage.looks.started] == [("back", 20.0)]


def test_a_look_that_nobody_needs_any_more_is_stopped(start):
    choice = {
        "id": "choose",
        "kind": "decision",
        "needs": [],
        "question": "Wait?",
        "options": {"wait": {"title": "Wait"}, "end": {"title": "End"}},
        "example": "end",
        "reason_example": "why",
    }
    watch = BACK | {"needs": [], "after": "T+0m", "unless": "choose"}
    stage = start(plan_of(watch, choice, manual("one", needs=["choose"]), STAND_DOWN | {"needs": ["one"]}))
    stage.desk.say(choose="2", choose__who="1", choose__reason="over", stand_down="d")
    running = []
    stage.desk.on("one", lambda: running.append(stage.looks.running()) or "d")
    assert stage.work() == "over"
    assert running == [frozenset()]


def test_a_late_look_at_a_step_that_is_over_changes_nothing(start):
    stage = start(plan_of(SEE, manual("one"), STAND_DOWN))
    stage.looks.sees["see"] = [NOT_PUBLIC]
    stage.desk.say(one="d", stand_down="d")
    stage.desk.on("one", lambda: stage.desk.looks.append(("see", PUBLIC)) or "d")
    assert stage.work() == "over"
    assert len(stage.of(Kind.LOOKED)) == 1


def test_looks_end_with_the_run(start):
    stage = start(plan_of(manual("one"), BACK | {"needs": []}, STAND_DOWN | {"needs": ["one"]}))
    stage.desk.say(one="d", stand_down="d")
    assert stage.work() == "over"
    assert stage.looks.running() == frozenset()


def test_a_watched_look_can_be_skipped_by_its_number(start):
    stage = start(plan_of(manual("one"), BACK | {"needs": []}, STAND_DOWN | {"needs": ["one", "back"]}))
    stage.desk.say(one="d", back="s", back__reason="the page is gone for good", stand_down="d", wait="1")
    assert stage.work() == "over"
    assert stage.of(Kind.SKIPPED)[0].step == "back"
