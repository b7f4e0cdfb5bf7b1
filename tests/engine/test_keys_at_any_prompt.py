"""The keys that work at any prompt, and how a run is left and ended."""

import pytest

from runbook.model.entries import Kind
from runbook.model.questions import Reply
from runbook.model.state import Progress, fold
from support.scripted import RUN, STAND_DOWN, manual, plan_of, together


def key(letter, rest=""):
    return Reply(letter, command=True, rest=rest)


def working(start, *, status="actual", line="It is late."):
    stage = start(plan_of(manual("one"), manual("two"), STAND_DOWN, status=status, line=line))
    stage.desk.say(one="d", two="d", stand_down="d")
    return stage


def test_an_enquiry_is_one_line_answered_with_the_line_to_take(start):
    stage = working(start)
    stage.desk.on("one", [key("e", "Herald, when?"), "d"])
    assert stage.work() == "over"
    assert stage.of(Kind.ENQUIRY)[0].data == {"text": "Herald, when?", "answered_with": "It is late."}


def test_the_line_to_take_has_its_values_filled_in(start):
    stage = working(start, line="News by \ue000next_news\ue001.")
    stage.desk.on("one", [key("e", "When?"), "d"])
    stage.work()
    assert stage.of(Kind.ENQUIRY)[0].data["answered_with"] == "News by 10:05."


def test_a_key_without_its_text_asks_for_it(start):
    stage = working(start)
    stage.desk.on("one", [key("e"), key("n"), "d"])
    stage.desk.say(enquiry="A user asks", note="It rains")
    stage.work()
    assert stage.of(Kind.ENQUIRY)[0].data["text"] == "A user asks"
    assert stage.of(Kind.NOTED)[0].data["text"] == "It rains"


def test_a_role_is_handed_over_to_a_deputy_or_to_somebody_else(start):
    stage = working(start)
    stage.desk.on("one", [key("h"), key("h"), "d"])
    stage.desk.say(hand_over="2", hand_over__to=["1", "o"], hand_over__name="Night officer", hand_over__reason="shift")
    stage.work()
    on = stage.of(Kind.ON)[3:]
    assert [(e.data["name"], e.data["before"], e.data["deputy"]) for e in on] == [
        ("Second officer", "Duty officer", True),
        ("Night officer", "Second officer", False),
    ]
    assert stage.of(Kind.DONE)[0].actor == "Night officer"


def test_an_entry_is_corrected_by_another_and_stays(start):
    stage = working(start)
    stage.desk.on("one", [key("x", "99"), key("x"), "d"])
    stage.desk.say(correct="3", correct__text="It was 09:31")
    stage.work()
    assert [e.data for e in stage.of(Kind.CORRECTED)] == [{"entry": 3, "text": "It was 09:31"}] * 2
    assert any("no entry" in s.heading for s in stage.desk.shown)


def test_a_skipped_step_is_opened_again(start):
    stage = working(start)
    stage.desk.say(one=["s", "d"], one__reason="not now", reopen="1", reopen__reason="needed after all")
    stage.desk.on("two", [key("o"), "d"])
    stage.desk.say(next="1")
    assert stage.work() == "over"
    assert [e.step for e in stage.of(Kind.DONE)] == ["two", "one", "stand-down"]
    assert stage.run.state.step("one").progress is Progress.DONE


def test_with_nothing_skipped_there_is_nothing_to_open(start):
    stage = working(start)
    stage.desk.on("one", [key("o"), key("w"), "d"])
    stage.work()
    assert "No step has been skipped, and nothing was decided." in [s.heading for s in stage.desk.shown]
    assert "Nothing has been sent that could be withdrawn or corrected." in [s.heading for s in stage.desk.shown]


def test_a_step_whose_messages_were_all_left_out_can_be_worked_after_opening_it_again(start):
    stage = start(plan_of(together(), manual("end"), STAND_DOWN))
    stage.desk.say(announce__go=["d", "d", "g"], announce__which="1", announce__left_out="down", stand_down="d")
    stage.desk.on("end", [key("o"), "d"])
    stage.desk.say(reopen="1", reopen__reason="it is up again")
    stage.desk.on("next", lambda: next(c.key for c in stage.desk.asked[-1].options if c.step == "announce"))
    assert stage.work() == "over"
    assert (len(stage.mail.keys), len(stage.x.keys)) == (1, 1)


def test_where_we_are_lists_steps_and_people(start):
    stage = working(start)
    stage.desk.on("two", [key("i"), "d"])
    stage.work()
    sheet = next(s for s in stage.desk.shown if s.heading.startswith("Where we are: T+"))
    assert " 1 done     One" in sheet.blocks[0][1]
    assert "Comms: Duty officer" in sheet.blocks[1][1]


def test_a_pause_leaves_a_run_that_goes_on_from_its_log(start):
    stage = working(start)
    stage.desk.on("two", key("p"))
    assert stage.work() == "The run is paused."
    assert fold(stage.journal.read(RUN)).paused
    resumed = stage.again(two="d", stand_down="d")
    assert resumed.work() == "over"
    assert [e.step for e in stage.of(Kind.DONE)] == ["one", "two", "stand-down"]


def test_ctrl_c_at_a_prompt_is_logged_as_a_pause(start):
    stage = working(start)
    stage.desk.on("two", KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        stage.work()
    assert (stage.kinds()[-1], stage.entries[-1].data["reason"]) == (Kind.PAUSED, "interrupted")


def test_a_run_is_stood_down_early_with_a_reason_or_not_at_all(start):
    stage = working(start)
    stage.desk.on("one", [key("z"), key("z")])
    stage.desk.say(stand_down_early=["b", "y"], stand_down_early__reason="it is back")
    assert stage.work() == "over"
    (entry,) = stage.of(Kind.STOOD_DOWN)
    assert entry.data == {"early": True, "reason": "it is back", "debrief": {}}


@pytest.mark.parametrize(("status", "ends"), [("exercise", True), ("actual", False)])
def test_a_real_event_ends_an_exercise_at_once_and_nothing_else(start, status, ends):
    stage = working(start, status=status)
    stage.desk.on("one", [key("!"), "d"])
    assert stage.work() == "over"
    assert stage.of(Kind.STOOD_DOWN)[0].data["early"] is ends


def test_going_back_from_the_only_step_shows_a_list_and_does_not_begin_it_at_once(start):
    stage = working(start)
    stage.desk.say(one=["b", "d"], next="1")
    assert stage.work() == "over"
    assert [q.id for q in stage.desk.asked[:3]] == ["one", "next", "one"]


def test_standing_down_can_be_put_off_and_takes_the_lessons(start):
    end = {**STAND_DOWN, "debrief": {"well": {"title": "What went well?", "example": "All of it"}}}
    stage = start(plan_of(manual("one"), end))
    stage.desk.say(one="d", stand_down=["b", "d"], next="1", stand_down__evidence__well="The calls")
    assert stage.work() == "over"
    assert stage.of(Kind.STOOD_DOWN)[0].data["debrief"] == {"well": "The calls"}


def test_what_the_desk_answers_is_logged_with_its_question(start):
    stage = working(start)
    stage.work()
    asked = [(e.kind, e.data["question"]) for e in stage.entries if e.kind in (Kind.ASKED, Kind.ANSWERED)]
    assert asked[:2] == [(Kind.ASKED, "one"), (Kind.ANSWERED, "one")]


def test_a_decision_can_be_taken_anew_and_what_it_needs_is_done_then(start):
    decision = {
        "id": "last",
        "kind": "decision",
        "title": "Will it last?",
        "role": "lead",
        "question": "Will it last?",
        "options": {"long": {"title": "Yes"}, "short": {"title": "No"}},
        "example": "short",
        "reason_example": "no",
    }
    stage = start(plan_of(decision, manual("story", when="last == long"), manual("end"), STAND_DOWN))
    stage.desk.say(last=["2", "1"], last__who="1", last__reason="as it looks now", story="d", stand_down="d", next="1")
    stage.desk.on("end", [key("o"), "d"])
    stage.desk.say(reopen="1", reopen__reason="it lasts after all")
    assert stage.work() == "over"
    assert [e.data["option"] for e in stage.of(Kind.DECIDED)] == ["short", "long"]
    assert [e.step for e in stage.of(Kind.DONE)] == ["end", "story", "stand-down"]
