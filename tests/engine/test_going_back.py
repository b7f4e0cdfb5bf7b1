"""A way back from every question inside a step or a command; what was answered before stays in the log."""

import pytest

from runbook.model.entries import Kind
from runbook.model.outcome import Outcome, Result
from runbook.model.questions import Reply
from runbook.model.state import Progress
from support.scripted import STAND_DOWN, clearance, manual, plan_of, together

BACK = Reply("b", command=True)


def key(letter, rest=""):
    return Reply(letter, command=True, rest=rest)


def working(start, *steps, status="actual"):
    stage = start(plan_of(*(steps or (manual("one"), manual("two"))), STAND_DOWN, status=status))
    stage.desk.say(one="d", two="d", stand_down="d", next="1")
    return stage


def test_a_reason_can_be_given_up_and_the_step_is_offered_again(start):
    stage = working(start)
    stage.desk.say(one=["s", "d"], one__reason=BACK)
    assert stage.work() == "over"
    assert Kind.SKIPPED not in stage.kinds()
    assert [q.id for q in stage.desk.asked[:4]] == ["one", "one.reason", "next", "one"]
    assert "s" in [e.data["answer"] for e in stage.of(Kind.ANSWERED)]


def test_a_list_of_people_has_a_way_back_among_its_lines(start):
    stage = working(start, clearance("announce"), together(needs=["clear"]))
    stage.desk.say(clear="c", clear__who=["b", "1"], clear__how=[BACK, "by telephone"], announce__go="g")
    assert stage.work() == "over"
    assert stage.desk.keys("clear.who")[-1] == "b"
    assert [e.data["how"] for e in stage.of(Kind.CLEARED)] == ["by telephone"]
    assert [q.id for q in stage.desk.asked].count("clear.who") == 3


@pytest.mark.parametrize("at", ["hand-over", "hand-over.to", "hand-over.name", "hand-over.reason"])
def test_handing_over_can_be_given_up_at_every_question(start, at):
    stage = working(start)
    stage.desk.on("one", [key("h"), "d"])
    stage.desk.say(hand_over="2", hand_over__to="o", hand_over__name="Night officer", hand_over__reason="shift")
    stage.desk.on(at, BACK)
    assert stage.work() == "over"
    assert len(stage.of(Kind.ON)) == 3
    assert [e.data["question"] for e in stage.of(Kind.ASKED)].count("one") == 2


@pytest.mark.parametrize(("letter", "question"), [("e", "enquiry"), ("n", "note"), ("x", "correct")])
def test_a_command_can_be_given_up(start, letter, question):
    stage = working(start)
    stage.desk.on("one", [key(letter), "d"])
    stage.desk.on(question, BACK)
    assert stage.work() == "over"
    assert not {Kind.ENQUIRY, Kind.NOTED, Kind.CORRECTED} & set(stage.kinds())


def test_from_a_question_about_one_message_the_table_returns(start):
    stage = working(start, together())
    stage.desk.say(announce__go=["d", "g"], announce__which="2", announce__left_out=BACK)
    assert stage.work() == "over"
    assert Kind.LEFT_OUT not in stage.kinds()
    assert stage.outcomes() == {"announce.mail": "sent", "announce.post": "sent"}


def test_there_is_no_way_back_from_what_may_have_gone_out(start):
    stage = working(start, together())
    stage.desk.say(announce__go="g", announce__post__there=[BACK, "y"], announce__post__address=[BACK, ""])
    stage.x.results = [Result(outcome=Outcome.UNKNOWN)]
    assert stage.work() == "over"
    said = [s.heading for s in stage.desk.shown]
    assert any(text.startswith("It may have gone out") for text in said)
    assert any(text.startswith("It is noted as sent") for text in said)
    assert len(stage.x.keys) == 1


def test_where_there_is_nothing_to_go_back_to_a_sentence_says_so(start):
    stage = start(plan_of(manual("one"), STAND_DOWN), called=False)
    stage.desk.say(begin=[BACK, "gov-uk-failure"], one=["b", "d"], next=[BACK, "1"], stand_down="d")
    stage.desk.on("roll-call.lead", [BACK, "o", "o"])
    stage.desk.on("roll-call.lead.name", [BACK, "Night lead"])
    stage.desk.on("roll-call.comms", "1")
    stage.desk.on("roll-call.head", "1")
    assert stage.work() == "over"
    assert stage.of(Kind.ON)[0].data["name"] == "Night lead"
    said = " ".join(s.heading for s in stage.desk.shown)
    assert "the run has not begun" in said
    assert "Every role needs a name" in said
    assert "nothing here to go back from" in said


def test_the_lessons_can_be_put_off(start):
    end = {**STAND_DOWN, "debrief": {"well": {"title": "What went well?", "example": "All of it"}}}
    stage = start(plan_of(manual("one"), end))
    stage.desk.say(one="d", stand_down="d", next="1", stand_down__evidence__well=[BACK, "The calls"])
    assert stage.work() == "over"
    assert stage.run.state.step("stand-down").progress is Progress.DONE


# --- the log is mended with the entry before one's eyes ----------------------------------------------------------


def test_the_entry_that_is_corrected_is_shown_first(start):
    stage = working(start)
    stage.desk.on("one", [key("n", "It rains"), key("x"), "d"])
    stage.desk.say(correct=lambda: str(stage.of(Kind.NOTED)[0].sequence), correct__text="It snows")
    assert stage.work() == "over"
    recent = next(s for s in stage.desk.shown if s.heading == "The last entries").blocks[0][1].splitlines()
    assert len(recent) <= 10
    assert recent[-1].endswith("noted: It rains")
    assert not any("asked:" in line for line in recent)
    shown = next(s for s in stage.desk.shown if s.heading.startswith("This entry"))
    assert shown.blocks[0][1].split() == [str(stage.of(Kind.NOTED)[0].sequence), "09:31:00", "noted:", "It", "rains"]


def test_the_end_of_an_exercise_says_how_the_real_one_begins(start):
    stage = working(start, status="exercise")
    stage.desk.on("one", key("!"))
    assert stage.work() == "over"
    assert stage.desk.shown[-1].heading == "For the real one: runbook execute gov-uk-failure"


# --- what is missing, in the words of the playbook ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("slot", "said"),
    [
        ("address.news.page", 'It needs the address of "news", which is not published yet (or was skipped).'),
        ("done.one", 'It needs the time at which "One" was done, and it is not done yet (or was skipped).'),
        (
            "answers.one.ticket",
            'It needs what "One" notes down (Ticket), and it is not done yet (or was skipped).',
        ),
    ],
)
def test_what_a_message_lacks_is_said_by_the_step_that_brings_it(start, slot, said):
    one = manual("one", evidence={"ticket": {"title": "Ticket", "example": "1"}})
    messages = {"post": {"channel": "x", "text": f"\ue000{slot}\ue001", "correction": {"text": "No"}}}
    stage = working(start, one, together(messages=messages))
    stage.desk.on("next", lambda: next(c.key for c in stage.desk.asked[-1].options if c.step == "announce"))
    stage.desk.on("announce.go", key("p"))
    assert stage.work() == "The run is paused."
    assert [e.data["detail"] for e in stage.of(Kind.NOT_READY)] == [said]
