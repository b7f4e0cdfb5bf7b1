"""The start of a run: problems are settled by a named person, the run is confirmed, the roles are called."""

import pytest

from runbook.engine.runner import work
from runbook.errors import Left
from runbook.model.entries import Kind
from runbook.model.problem import Problem, Severity, Where
from support.scripted import STAND_DOWN, plan_of

PROBLEM = Problem(
    "unheld-role", Where("runbook.toml", 3, 1), "Nobody leads.", "Name somebody.", Severity.UNREADY, "So."
)


def opened(start, *, status="actual"):
    stage = start(plan_of(STAND_DOWN, status=status), called=False)
    stage.desk.say(
        roll_call__lead="1", roll_call__comms="2", roll_call__head="o", roll_call__head__name="Night officer"
    )
    stage.desk.say(begin="gov-uk-failure" if status == "actual" else "", stand_down="d")
    return stage


def test_a_live_run_is_confirmed_by_typing_its_playbook_and_everybody_is_called(start):
    stage = opened(start)
    assert stage.work() == "over"
    assert stage.of(Kind.CONFIRMED)[0].data == {"typed": "gov-uk-failure"}
    assert stage.desk.asked[0].expected == "gov-uk-failure"
    on = [(e.data["role"], e.data["name"], e.data["deputy"]) for e in stage.of(Kind.ON)]
    assert on == [("lead", "Duty lead", False), ("comms", "Second officer", True), ("head", "Night officer", False)]


def test_an_exercise_can_be_left_before_it_begins(start):
    stage = opened(start, status="exercise")
    stage.desk.say(begin="q")
    assert stage.work() == "The exercise was not started."
    assert Kind.CONFIRMED not in stage.kinds()


def test_a_problem_is_settled_by_a_named_person_with_a_reason_once(start):
    stage = opened(start)
    stage.desk.say(settle__who="Duty lead")
    stage.desk.on("settle.unheld-role.1", "y")
    stage.desk.on("settle.unheld-role.1.reason", "by telephone")
    work(stage.run, [PROBLEM])
    settled = stage.of(Kind.SETTLED)[0]
    assert (settled.actor, settled.data["reason"], settled.data["key"]) == ("Duty lead", "by telephone", PROBLEM.key)


def test_what_is_settled_is_not_asked_again(start):
    stage = opened(start)
    stage.desk.say(settle__who="Duty lead", begin=Left("away"))
    stage.desk.on("settle.unheld-role.1", "y")
    stage.desk.on("settle.unheld-role.1.reason", "by telephone")
    with pytest.raises(Left):
        work(stage.run, [PROBLEM])
    resumed = stage.again(begin="gov-uk-failure", stand_down="d")
    resumed.desk.say(roll_call__lead="1", roll_call__comms="1", roll_call__head="1")
    work(resumed.run, [PROBLEM])
    assert len(stage.of(Kind.SETTLED)) == 1


def test_a_problem_that_is_not_settled_starts_nothing(start):
    stage = opened(start)
    stage.desk.say(settle__who="Duty lead")
    stage.desk.on("settle.unheld-role.1", "q")
    with pytest.raises(Left):
        work(stage.run, [PROBLEM])
    assert Kind.CONFIRMED not in stage.kinds()
    assert stage.kinds()[-1] is Kind.PAUSED


def test_whoever_is_called_already_is_not_called_again(start):
    stage = opened(start)
    stage.desk.say(roll_call__head=Left("away"))
    stage.work()
    resumed = stage.again(roll_call__head="1", stand_down="d")
    assert resumed.work() == "over"
    assert [e.data["role"] for e in stage.of(Kind.ON)] == ["lead", "comms", "head"]


def test_what_is_to_be_settled_is_shown_before_anybody_is_asked_for_a_name(start):
    stage = start(plan_of(STAND_DOWN), called=False)
    stage.desk.say(settle__who=["yes", "Duty lead"])
    stage.desk.on(f"settle.{PROBLEM.code}.1", "q")
    with pytest.raises(Left):
        work(stage.run, [PROBLEM])
    assert PROBLEM.found in stage.desk.shown[0].blocks[0][1]
    assert [q.text.startswith('"yes" is not a name') for q in stage.desk.asked if q.id == "settle.who"] == [False, True]
