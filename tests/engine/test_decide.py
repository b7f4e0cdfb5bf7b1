"""What can be done now, as a pure function of the plan, the state and the time."""

from datetime import timedelta

import pytest

from runbook.engine.decide import decide, must_wait, over
from runbook.model.outcome import Outcome
from runbook.model.plan import Plan
from runbook.model.state import Clearance, Progress, Sending, State, StepState
from support.scripted import DUE, STAND_DOWN, clearance, manual, plan_of, together

NOW = DUE + timedelta(minutes=5)


def ids(steps):
    return [step.id for step in steps]


def after(plan: Plan, **progress: Progress) -> State:
    state = State(run="r", plan=plan, status=plan.status)
    for step, how in progress.items():
        over_at = NOW if how in (Progress.DONE, Progress.SKIPPED) else None
        state.steps[step.replace("_", "-")] = StepState(progress=how, over_at=over_at, times=how is Progress.DONE)
    return state


def clear(state: State, plan: Plan, **more) -> None:
    state.clearances["clear"] = Clearance(
        "Chief statistician", "by telephone", plan.cleared_digest("clear"), NOW, **more
    )


def test_a_step_is_ready_once_what_it_needs_is_done_or_skipped():
    plan = plan_of(manual("one"), manual("two"), manual("three"))
    assert ids(decide(plan, State(), NOW).ready) == ["one"]
    assert ids(decide(plan, after(plan, one=Progress.BEGUN), NOW).ready) == ["one"]
    assert ids(decide(plan, after(plan, one=Progress.SKIPPED), NOW).ready) == ["two"]
    assert ids(decide(plan, after(plan, one=Progress.DONE, two=Progress.DONE), NOW).ready) == ["three"]


def test_steps_with_the_same_needs_are_ready_side_by_side():
    plan = plan_of(manual("one"), manual("left", needs=["one"]), manual("right", needs=["one"]))
    assert ids(decide(plan, after(plan, one=Progress.DONE), NOW).ready) == ["left", "right"]


CHOICE = {
    "id": "choose",
    "kind": "decision",
    "question": "Which?",
    "options": {"go": {"title": "Go"}, "stay": {"title": "Stay"}},
    "example": "go",
    "reason_example": "why",
}


def test_a_step_of_the_other_option_is_not_needed_and_holds_nothing_up():
    plan = plan_of(CHOICE, manual("went", when="choose == go"), manual("stayed", when="choose == stay"), manual("end"))
    state = after(plan, choose=Progress.DONE)
    state.decisions["choose"] = "stay"
    assert ids(decide(plan, state, NOW).ready) == ["stayed"]
    assert over(plan, state, plan.step("went"))


def test_nothing_of_a_decision_that_was_skipped_is_needed():
    plan = plan_of(CHOICE, manual("went", when="choose == go"), manual("end"))
    assert ids(decide(plan, after(plan, choose=Progress.SKIPPED), NOW).ready) == ["end"]


def test_a_step_on_the_clock_wakes_the_run_at_its_moment_and_is_ready_then():
    plan = plan_of(manual("one"), manual("later", after="T+10m"))
    early = decide(plan, after(plan, one=Progress.DONE), NOW)
    assert (ids(early.ready), early.wake_at) == ([], DUE + timedelta(minutes=10))
    assert ids(decide(plan, State(), DUE + timedelta(minutes=10)).ready) == ["one", "later"]


def test_a_step_that_repeats_comes_back_until_what_ends_it_is_done():
    plan = plan_of(manual("end"), manual("line", after="T+1m", unless="end", repeat="30m"))
    state = after(plan, line=Progress.DONE)
    assert decide(plan, state, NOW).wake_at == NOW + timedelta(minutes=30)
    assert "line" in ids(decide(plan, state, NOW + timedelta(minutes=30)).ready)
    state.steps["end"] = StepState(progress=Progress.DONE, over_at=NOW)
    assert decide(plan, state, NOW + timedelta(hours=9)).wake_at is None
    assert over(plan, state, plan.step("line"))


def test_a_step_waits_for_its_clearance_and_says_so():
    plan = plan_of(clearance("announce"), together())
    blocked = decide(plan, State(), NOW).blocked
    assert [(b.step.id, b.why) for b in blocked] == [("announce", '"Clear" has not been given.')]
    state = State()
    clear(state, plan)
    assert "announce" in ids(decide(plan, state, NOW).ready)


@pytest.mark.parametrize("how", ["lapsed", "changed"])
def test_a_clearance_that_lapsed_or_covers_something_else_holds_the_step(how):
    plan = plan_of(clearance("announce"), together())
    state = State()
    clear(state, plan, lapsed=how == "lapsed")
    if how == "changed":
        state.clearances["clear"].digest = "0" * 64
    (blocked,) = decide(plan, state, NOW).blocked
    assert "has lapsed" in blocked.why


def test_every_clearance_of_a_step_is_needed():
    plan = plan_of(clearance("announce"), clearance("announce") | {"id": "second"}, together())
    state = State()
    clear(state, plan)
    assert [b.why for b in decide(plan, state, NOW).blocked] == ['"Second" has not been given.']


def test_a_look_is_started_by_the_machine_and_offered_once_it_saw_something_else():
    look = {"id": "see", "kind": "look", "location": "original", "expect": "not-public"}
    plan = plan_of(look)
    assert ids(decide(plan, State(), NOW).looks) == ["see"]
    state = after(plan, see=Progress.BEGUN)
    state.seen["see"] = "public"
    moves = decide(plan, state, NOW)
    assert (ids(moves.looks), ids(moves.ready)) == ([], ["see"])


def test_a_look_that_waits_is_watched_and_is_no_step_to_do():
    plan = plan_of({"id": "back", "kind": "look", "location": "original", "expect": "public", "wait": True}, STAND_DOWN)
    moves = decide(plan, State(), NOW)
    assert (ids(moves.watching), moves.ready) == (["back"], ())


def test_only_what_is_for_the_team_may_leave_before_the_release_is_due():
    alert = {"roles": {"channel": "mail", "to": "roles", "audience": "roles", "subject": "Act", "body": "now"}}
    plan = plan_of(together(), together("alert", messages=alert))
    early = DUE - timedelta(microseconds=1)
    assert must_wait(plan, State(), plan.step("announce"), early)
    assert not must_wait(plan, State(), plan.step("announce"), DUE)
    assert not must_wait(plan, State(), plan.step("alert"), early)


def test_what_puts_a_message_right_may_leave_early_only_if_the_wrong_one_is_out():
    fix = {"post": {"channel": "x", "text": "Sorry", "corrects": "announce.post", "correction": {"text": "x"}}}
    plan = plan_of(together(), together("fix", messages=fix))
    state = State()
    early = DUE - timedelta(minutes=1)
    assert must_wait(plan, state, plan.step("fix"), early)
    state.sendings["k"] = Sending("announce.post", "k", "x", "announce", early, outcome=Outcome.SENT)
    assert not must_wait(plan, state, plan.step("fix"), early)


def test_a_message_left_out_holds_nothing_back():
    messages = {
        "roles": {"channel": "mail", "to": "roles", "audience": "roles", "subject": "Act", "body": "now"},
        "post": {"channel": "x", "text": "Out", "correction": {"text": "x"}},
    }
    plan = plan_of(together(messages=messages))
    state = State()
    early = DUE - timedelta(minutes=1)
    assert must_wait(plan, state, plan.step("announce"), early)
    state.left_out["announce.post"] = "X is down"
    assert not must_wait(plan, state, plan.step("announce"), early)
