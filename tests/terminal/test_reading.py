import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook.model.questions import ALWAYS, Ask, Choice, Question, Reply
from runbook.terminal.reading import Help, Wrong, doubted, is_public_address, read

DONE = Question("report", "Done?", options=(Choice("d", "done"), Choice("s", "skip"), Choice("b", "not yet")))
THERE = Question("post.there", "Is it there?", options=(Choice("y", "yes"), Choice("n", "no"), Choice("w", "wait")))
TICKET = Question("ticket", "Ticket number", ask=Ask.TEXT, required=False, longest=10)
BEGIN = Question("begin", "Type gov-uk-failure", ask=Ask.TYPED, expected="gov-uk-failure")
WAITING = Question("wait", "Waiting", ask=Ask.WAIT)


def test_a_key_is_taken_in_either_case_and_given_back_as_declared():
    assert read(DONE, "d", "actual") == Reply("d")
    assert read(DONE, "  D ", "actual") == Reply("d")


@pytest.mark.parametrize("choice", ALWAYS)
def test_the_keys_that_always_work_do_so_at_every_shape_of_question(choice):
    for question in (DONE, WAITING):
        assert read(question, choice.key, "actual") == Reply(choice.key, command=True)
    for question in (DONE, WAITING, TICKET, BEGIN):
        assert read(question, f"/{choice.key.upper()}", "actual") == Reply(choice.key, command=True)


@pytest.mark.parametrize("typed", ["e Herald, when?", "e: Herald, when?", "E:Herald, when?", "/e Herald, when?"])
def test_an_enquiry_is_logged_on_one_line(typed):
    assert read(DONE, typed, "actual") == Reply("e", command=True, rest="Herald, when?")


def test_a_question_s_own_key_comes_first_and_the_slash_reaches_the_other():
    assert read(THERE, "n", "actual") == Reply("n")
    assert read(THERE, "/n", "actual") == Reply("n", command=True)
    assert read(THERE, "/n it is slow", "actual") == Reply("n", command=True, rest="it is slow")


def test_what_could_mean_either_is_taken_as_neither():
    assert isinstance(read(THERE, "n it is slow", "actual"), Wrong)


def test_a_text_is_never_taken_for_a_key():
    for text in ("e", "n 4711", "d", "!"):
        assert read(TICKET, text, "exercise") == Reply(text)


@pytest.mark.parametrize("typed", ["h Zoe", "e Herald, when?", "n they are slow"])
def test_a_text_that_looks_like_a_key_is_doubted(typed):
    key = typed[0]
    label = next(choice.label for choice in ALWAYS if choice.key == key)
    assert doubted(TICKET, typed) == f"Did you mean /{key} ({label})? Type it again to take it as the answer."
    assert doubted(DONE, typed) == doubted(BEGIN, typed) == ""


@pytest.mark.parametrize("typed", ["e", "4711 e", "d one", "early", "I rang them", "X is down", "", "/e Herald"])
def test_what_is_plainly_a_text_is_not_doubted(typed):
    assert doubted(TICKET, typed) == ""


def test_going_back_is_a_command_where_the_question_has_no_way_back_of_its_own():
    assert read(TICKET, "/b", "actual") == Reply("b", command=True)
    assert read(TICKET, "b", "actual") == Reply("b")
    assert read(THERE, "b", "actual") == read(THERE, "/B", "actual") == Reply("b", command=True)
    assert read(DONE, "b", "actual") == Reply("b")
    for question in (DONE, WAITING, BEGIN):
        assert isinstance(read(question, "/b", "actual"), Wrong)
    assert isinstance(read(WAITING, "b", "actual"), Wrong)


def test_the_real_event_key_works_in_an_exercise_only():
    assert read(DONE, "!", "exercise") == Reply("!", command=True)
    assert isinstance(read(DONE, "!", "actual"), Wrong)


def test_an_unknown_key_is_told_which_keys_there_are():
    assert read(DONE, "xyz", "actual") == Wrong(
        '"xyz" is not one of the keys. The keys here are d, s, b. ? shows all keys.'
    )
    assert isinstance(read(TICKET, "/q", "actual"), Wrong)
    start = Question("begin", "Press Enter", options=(Choice("", "Enter"), Choice("q", "leave")), default="")
    assert "The keys here are Enter, q." in read(start, "xyz", "exercise").why
    assert read(DONE, "", "actual") == Wrong(
        "Enter alone says nothing here. The keys here are d, s, b. ? shows all keys."
    )
    assert read(TICKET, "/?", "actual") == Help()
    assert read(DONE, "?", "actual") == read(TICKET, " ? ", "actual") == Help()


def test_silence_is_an_answer_only_where_there_is_a_default():
    assert isinstance(read(DONE, "", "actual"), Wrong)
    assert isinstance(read(WAITING, "", "actual"), Wrong)
    assert read(Question("q", "?", options=DONE.options, default="b"), "", "actual") == Reply("b")
    assert read(Question("q", "?", options=(Choice("", "Enter"),), default=""), "", "exercise") == Reply("")
    assert read(TICKET, "", "actual") == Reply("")
    assert read(Question("q", "How?", ask=Ask.TEXT), "", "actual") == Wrong("An answer is needed here.")
    assert read(Question("q", "How?", ask=Ask.TEXT, default="by telephone"), "", "actual") == Reply("by telephone")


def test_what_must_be_typed_must_be_typed_exactly():
    assert read(BEGIN, "gov-uk-failure", "actual") == Reply("gov-uk-failure")
    for typed in ("GOV-UK-FAILURE", "gov-uk", "y", ""):
        assert isinstance(read(BEGIN, typed, "actual"), Wrong)


def test_a_text_that_is_too_long_says_by_how_much():
    assert read(TICKET, "1234567890", "actual") == Reply("1234567890")
    why = "That is 12 characters long; at most 10 fit. Shorten it by 2."
    assert read(TICKET, "123456789012", "actual") == Wrong(why)


@pytest.mark.parametrize(
    "address",
    [
        "https://www.example.org/a",
        "http://127.0.0.1:8080/x?y=1#z",
        "https://example.org",
        "https://ex\u00e4mple.org/\u00fc",
    ],
)
def test_an_address_that_a_browser_takes_is_taken(address):
    assert is_public_address(address)


@pytest.mark.parametrize(
    "text",
    ["", "www.example.org", "ftp://example.org/a", "https://", "https:///a", "https://example.org/a b",
     "https://example.org/\x1b[2J", "javascript:alert(1)", "https://user:secret@example.org/", "https://[::1",
     "https://example.org:99999/", "https://example.org/<b>"],
)  # fmt: skip
def test_what_is_no_public_address_is_refused(text):
    assert not is_public_address(text)


def test_an_address_is_asked_for_again_with_what_to_do():
    question = Question("page", "Address", ask=Ask.TEXT, address=True)
    assert read(question, "example.org", "actual") == Wrong(
        '"example.org" is not a web address. Paste it whole, beginning with https://.'
    )


@given(st.text(st.characters(codec="utf-8"), max_size=60))
def test_no_answer_carries_a_control_character_into_the_log(typed):
    for question in (DONE, TICKET, THERE):
        found = read(question, typed, "exercise")
        if isinstance(found, Reply):
            assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e]", found.value + found.rest)
