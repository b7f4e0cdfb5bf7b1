from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from runbook.model.entries import Kind
from runbook.model.questions import ALWAYS, Ask, Choice, Question
from runbook.terminal.prompt import all_keys, question_lines, typing_line
from runbook.terminal.styled import rows, words
from support.terminal_plan import DUE, Story

KEYS = (Choice("d", "done"), Choice("s", "skip"), Choice("b", "not yet, go back"))
NOW = DUE + timedelta(minutes=8)


def above(question, status="actual"):
    return [str(line) for line in question_lines(question, Story(status).state, NOW)]


def test_a_question_shows_the_time_the_due_time_and_whether_it_is_real():
    question = Question("report-fault", "Done?", options=KEYS, step="report-fault")
    assert above(question)[0].startswith("Done?")
    assert above(question)[0].endswith("T+8 min · due T+5, overdue by 3 min · ACTUAL")
    assert above(question, "exercise")[0].endswith(" · EXERCISE")


def test_the_keys_stand_on_one_line_with_as_many_of_the_others_as_fit():
    question = Question("q", "Done?", options=KEYS)
    rows, last = typing_line(question, 80)
    assert rows == ()
    assert last == "d done · s skip · b not yet, go back · e enquiry · n note · ? all keys: "
    assert typing_line(question, 60)[1] == "d done · s skip · b not yet, go back · ? all keys: "


def test_the_default_is_named():
    question = Question("q", "Done?", options=KEYS, default="b")
    assert "b not yet, go back (Enter) · " in typing_line(question, 80)[1]


def test_a_key_of_the_question_s_own_hides_the_one_that_always_works():
    question = Question("q", "Is it there?", options=(Choice("y", "it is"), Choice("n", "it is not")))
    assert typing_line(question, 80)[1] == "y it is · n it is not · e enquiry · h hand over · ? all keys: "


@given(st.lists(st.text("abcdefgh ", min_size=3, max_size=40), min_size=1, max_size=12), st.integers(48, 80))
def test_many_keys_go_over_several_lines_with_room_left_to_type(labels, width):
    question = Question("q", "?", options=tuple(Choice(str(n), label) for n, label in enumerate(labels, 1)))
    rows, last = typing_line(question, width)
    assert all(cell_len(row) + 3 <= width for row in (*rows, last.removesuffix(": ")))
    assert last.endswith("? all keys: ")


def test_listed_choices_stand_one_a_line_with_their_hints_in_a_column():
    options = (Choice("1", "Report the fault", "Communications"), Choice("2", "Try the levers", "Lead"))
    question = Question("next", "Can be done now", options=options, listed=True, default="1")
    assert above(question)[1:] == ["  1 Report the fault  Communications", "  2 Try the levers    Lead"]
    assert typing_line(question, 80)[1] == "Number (Enter: 1) · e enquiry · n note · h hand over · ? all keys: "


def test_one_answer_that_enter_gives_needs_no_keys():
    question = Question("begin", "Press Enter to practise", options=(Choice("y", "practise"),), default="y")
    assert typing_line(question, 80) == ((), "Press Enter to practise: ")
    two = Question("begin", "Press Enter", options=(Choice("", "Enter"), Choice("q", "leave")), default="")
    assert typing_line(two, 80)[1].startswith("Enter · q leave · ")


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        (Question("q", "Why?", ask=Ask.TEXT), "Why?"),
        (Question("q", "Ticket number", ask=Ask.TEXT, required=False), "Ticket number (Enter if none yet)"),
        (Question("q", "Ticket (Enter if none yet)", ask=Ask.TEXT, required=False), "Ticket (Enter if none yet)"),
        (Question("q", "How", ask=Ask.TEXT, default="by phone"), "How (Enter: by phone)"),
    ],
)
def test_a_text_is_asked_for_beside_the_time_and_the_keys_stand_where_it_is_typed(question, asked):
    assert above(question, "exercise") == [asked + "T+8 min · EXERCISE".rjust(80 - len(asked))]
    assert above(question) == [asked + "T+8 min · ACTUAL".rjust(80 - len(asked))]
    assert typing_line(question, 80) == ((), "/b go back · /e enquiry · /? all keys: ")
    assert typing_line(question, 36) == ((), "/b go back · /? all keys: ")


def test_what_must_be_typed_out_stands_alone_on_its_line():
    question = Question("q", "Type x to begin", ask=Ask.TYPED, expected="x")
    assert typing_line(question, 80) == ((), "Type x to begin: ")
    assert above(question) == []


def test_the_roll_call_says_once_how_it_is_answered_and_who_is_a_deputy():
    story = Story()
    options = (
        Choice("1", "Digital officer", "020 7946 0003"),
        Choice("2", "Press officer", "020 7946 0004"),
        Choice("o", "somebody else"),
    )
    question = Question("roll-call.comms", "Communications", options=options, listed=True, default="1")
    assert [line.split("  ")[0] for line in above(question)[1:3]] == ["Who is on?", "Communications"]
    assert above(question)[1] == "Who is on?  Enter accepts; a number changes."
    assert above(question)[3:] == [
        "  1 Digital officer        020 7946 0003",
        "  2 Press officer, deputy  020 7946 0004",
        "  o somebody else",
    ]
    story.enter(Kind.ON)
    assert str(question_lines(question, story.state, NOW)[0]).startswith("Communications")


def test_going_back_is_among_all_keys_where_it_is_a_command():
    state = Story().state

    def said(question):
        return "\n".join(str(line) for line in all_keys(question, state))

    assert "  /b  go back" in said(Question("q", "Why?", ask=Ask.TEXT))
    assert "  b   go back" in said(Question("q", "?", options=(Choice("y", "yes"),)))
    assert said(Question("q", "Done?", options=KEYS)).count("go back") == 1
    assert "go back" not in said(Question("wait", "Waiting.", ask=Ask.WAIT))
    assert "go back" not in said(Question("q", "Type x", ask=Ask.TYPED, expected="x"))
    assert "  Enter  practise" in said(Question("q", "Press Enter", options=(Choice("", "practise"),), default=""))


def test_waiting_shows_the_keys_that_are_always_there():
    question = Question("wait", "Waiting for the original page.", ask=Ask.WAIT)
    assert typing_line(question, 80)[1] == "e enquiry · n note · p pause · ? all keys: "
    assert typing_line(replace(question, listed=True), 80)[1] == "e enquiry · n note · p pause · ? all keys: "


def test_all_keys_names_each_with_what_it_does():
    state = Story("exercise").state
    said = "\n".join(str(line) for line in all_keys(Question("q", "?", options=(Choice("n", "it is not"),)), state))
    for choice in ALWAYS:
        assert choice.label in said
        assert " ".join(choice.hint.split()) in " ".join(said.split())
    assert "  n   it is not" in said
    assert "  /n  note" in said
    assert "end this exercise at once" in said
    actual = "\n".join(str(line) for line in all_keys(Question("q", "?", ask=Ask.TEXT), Story().state))
    assert "here with / before the key" in actual
    assert "/e  enquiry" in actual
    assert "same line: /e Herald" in actual
    assert "same line: e Herald" in said
    assert "end this exercise" not in actual


def test_a_question_s_text_is_never_obeyed_by_the_terminal():
    question = Question("q", "\x1b[2JDone?", options=(Choice("d", "\x1b[31mdone"),))
    assert "\x1b" not in "".join([*above(question), *typing_line(question, 80)[0], typing_line(question, 80)[1]])


def test_what_can_be_done_stands_in_two_columns_each_of_which_goes_on_beneath_itself():
    options = (
        Choice("1", "Put the documents in place, in private", "due T+5 · Communications officer", step="prepare"),
        Choice("2", "Clear it", "due T+6 · Head of Profession for Statistics", step="clear"),
        Choice(
            "3", "Publish all documents on another part of GOV.UK", "due T+12 · Communications officer", step="hand"
        ),
        Choice("4", "Stand down", "Incident lead", step="stand-down"),
    )
    lines = above(Question("next", "Can be done now", options=options, listed=True))
    assert lines[0] == ""  # a list of steps stands apart from what was done before
    assert lines[2:] == [
        "  1 Put the documents in place, in private    due T+5 · Communications officer",
        "  2 Clear it                                  due T+6 · Head of Profession for",
        "                                              Statistics",
        "  3 Publish all documents on another part of  due T+12 · Communications officer",
        "    GOV.UK",
        "  4 Stand down                                Incident lead",
    ]


@pytest.mark.parametrize("width", [30, 40, 60, 80])
def test_no_line_of_a_list_is_wider_than_the_screen(width):
    options = tuple(Choice(str(n), "word " * (n * 5), "hint " * (n * 4)) for n in range(1, 12))
    lines = question_lines(Question("next", "Can be done now", options=options, listed=True), Story().state, DUE, width)
    assert all(cell_len(words(row)) <= width for line in lines for row in rows(line, width))
