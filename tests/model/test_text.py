import re

from hypothesis import given
from hypothesis import strategies as st

from runbook.model.slots import slot
from runbook.model.text import SHOWN_INSTEAD, clean, one_line

texts = st.text(st.characters(codec="utf-8"), max_size=300)


@given(texts)
def test_nothing_that_a_terminal_obeys_survives(text):
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029]", clean(text))


def test_escape_sequences_are_shown_as_one_sign_each():
    assert clean("a\x1b[31mb\x1b]0;owned\x07c\x9b2Jd") == f"a{SHOWN_INSTEAD}b{SHOWN_INSTEAD}c{SHOWN_INSTEAD}d"
    assert clean("a\x1b]52;c;ZXZpbA==\x1b\\bc\x00") == f"a{SHOWN_INSTEAD}bc{SHOWN_INSTEAD}"
    assert clean("to\u202egro.elpmaxe") == f"to{SHOWN_INSTEAD}gro.elpmaxe"


def test_letters_of_all_scripts_joined_emoji_and_line_breaks_stay():
    for text in ("Ümläut, Ελληνικά, 中文", "👩‍🔬 at work", "two\nlines", "a\N{NO-BREAK SPACE}b"):
        assert clean(text) == text
    assert clean("a\tb\r\nc") == "a    b\nc"


def test_an_open_slot_is_shown_by_its_name():
    assert clean(f"at {slot('address.alternate.page')}") == "at \u2039address.alternate.page\u203a"


def test_line_breaks_of_every_kind_are_line_breaks():
    assert clean("a\r\nb\rc\x0bd\x85e\u2028f\ng") == "a\nb\nc\nd\ne\nf\ng"


@given(texts)
def test_cleaning_twice_changes_nothing_more(text):
    assert clean(clean(text)) == clean(text)


def test_on_one_line_there_are_single_blanks():
    assert one_line("  a\tb\r\n\x0b c ") == "a b c"
    assert one_line(None) == "None"


@given(texts)
def test_on_one_line_there_is_no_line_break(text):
    assert len(one_line(text).splitlines()) <= 1
