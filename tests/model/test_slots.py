"""Values that are known only later: a slot is filled, never worked with."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook.model import slots
from runbook.model.message import Draft, Form, Part

PLAIN = st.text(st.characters(exclude_characters="\ue000\ue001", exclude_categories=["Cs"]))


def test_a_slot_is_filled_with_its_value():
    text = f"See {slots.slot('address.alternate.page')} at {slots.slot('now.clock')}."
    assert slots.names(text) == ("address.alternate.page", "now.clock")
    assert slots.fill(text, {"address.alternate.page": "A", "now.clock": "B"}) == "See A at B."


def test_a_value_that_is_not_known_is_named():
    with pytest.raises(slots.Unfilled) as error:
        slots.fill(slots.slot("now.clock"), {})
    assert error.value.args == ("now.clock",)


def test_in_html_a_value_is_escaped_and_the_text_around_it_is_not():
    assert slots.fill(f"<p>{slots.slot('a')}</p>", {"a": '<b>"'}, as_html=True) == "<p>&lt;b&gt;&quot;</p>"


def test_to_read_an_unknown_value_stands_by_its_name():
    assert slots.reading(f"{slots.slot('a')} {slots.slot('b')}", {"a": "1"}) == "1 \u2039b\u203a"


@pytest.mark.parametrize("text", ["\ue000", "\ue001", "\ue000\ue001", "a \ue000 b", "\ue001x\ue000"])
def test_a_private_character_by_itself_is_no_slot(text):
    assert slots.names(text) == ()
    assert slots.fill(text, {}) == text


@given(value=PLAIN, before=PLAIN)
def test_what_a_value_says_is_never_filled_again(value, before):
    text = before + slots.slot("a")
    assert slots.fill(text, {"a": value}) == before + value
    assert slots.fill(text, {"a": slots.slot("b"), "b": "no"}) == before + slots.slot("b")


def test_a_draft_is_filled_in_all_of_its_parts():
    parts = {"title": Part(text=f"At {slots.slot('a')}"), "body": Part(text=f"<p>{slots.slot('a')}</p>", html=True)}
    draft = Draft(form=Form.ARTICLE, parts=parts)
    assert draft.slots == ("a",)
    filled = draft.filled({"a": "<1>"})
    assert (filled.text("title"), filled.text("body"), filled.slots) == ("At <1>", "<p>&lt;1&gt;</p>", ())
