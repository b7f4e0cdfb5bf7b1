import re

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from runbook.model.slots import slot
from runbook.terminal.styled import SHOWN_INSTEAD, Ink, Styled, clean, marked, rows, words, wrap

texts = st.text(st.characters(codec="utf-8"), max_size=300)
plain_words = st.lists(st.text("abcdefgé中🙂", min_size=1, max_size=12), min_size=1, max_size=40)


def printed(line, width=80):
    return [words(row) for row in rows(line, width)]


@given(
    texts, st.integers(30, 80), st.integers(0, 8), st.sampled_from(["", "ok", "09:32:31"]), st.sampled_from(["", "| "])
)
def test_no_row_is_wider_than_the_screen_unless_it_is_an_address(text, width, indent, mark, prefix):
    for row in printed(Styled(text, mark=mark, indent=indent, prefix=prefix, right="09:32:31"), width):
        assert cell_len(row) <= width or "://" in row


@given(texts)
def test_nothing_that_a_terminal_obeys_survives(text):
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029]", clean(text))


@given(plain_words, st.integers(24, 80))
def test_wrapping_loses_no_word_and_changes_no_order(found, width):
    assert " ".join(wrap(" ".join(found), width, width)).split() == found


def test_blanks_within_a_line_are_kept():
    assert list(wrap("What isn't working    Whitehall", 60, 60)) == ["What isn't working    Whitehall"]
    assert list(wrap("    indented", 60, 60)) == ["    indented"]


def test_a_word_that_is_too_long_is_cut_and_an_address_is_not():
    address = "https://alternate.example.org/" + "a" * 80
    assert list(wrap("x" * 50, 20, 20)) == ["x" * 20, "x" * 20, "x" * 10]
    assert list(wrap(f"It is at {address} now", 40, 40)) == ["It is at", f"{address}", "now"]


def test_later_lines_stand_under_the_first_and_the_time_at_the_edge():
    found = printed(Styled("one two three four five six", mark="ok", right="09:32"), 20)
    assert found == ["ok  one two three", "    four five six", " " * 15 + "09:32"]
    assert printed(Styled("one", mark="ok", right="09:32"), 20) == ["ok  one        09:32"]


def test_a_prefix_stands_before_every_line_of_a_text():
    assert printed(Styled("one two three\n\nfour", indent=2, prefix="| "), 14) == [
        "  | one two",
        "  | three",
        "  |",
        "  | four",
    ]


def test_escape_sequences_are_shown_as_one_sign_each():
    assert clean("a\x1b[31mb\x1b]0;owned\x07c\x9b2Jd") == f"a{SHOWN_INSTEAD}b{SHOWN_INSTEAD}c{SHOWN_INSTEAD}d"
    assert clean("a\x1b]52;c;ZXZpbA==\x1b\\b\rc\x00") == f"a{SHOWN_INSTEAD}b{SHOWN_INSTEAD}c{SHOWN_INSTEAD}"
    assert clean("to\u202egro.elpmaxe") == f"to{SHOWN_INSTEAD}gro.elpmaxe"


def test_letters_of_all_scripts_joined_emoji_and_line_breaks_stay():
    for text in ("Ümläut, Ελληνικά, 中文", "👩‍🔬 at work", "two\nlines", "a\N{NO-BREAK SPACE}b"):
        assert clean(text) == text
    assert clean("a\tb\r\nc") == "a    b\nc"


def test_an_open_slot_is_shown_by_its_name():
    assert clean(f"at {slot('address.alternate.page')}") == "at \u2039address.alternate.page\u203a"


def test_a_text_may_bring_its_own_mark():
    assert marked("!!  It is back").mark == "!!"
    assert marked("no answer came") == Styled("no answer came")
    assert marked("plain", Ink.STRONG).ink is Ink.STRONG
