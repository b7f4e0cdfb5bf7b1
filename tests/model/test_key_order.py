"""A plan that is read from the log puts everything to people in the order of the playbook."""

import json

from runbook.model.key_order import in_order, orders_of
from runbook.model.noun import Noun


class Inner(Noun):
    parts: dict[str, str]


class Outer(Noun):
    steps: tuple[Inner, ...]
    options: dict[str, Inner]
    plain: dict[str, str]


WHOLE = Outer(
    steps=(Inner(parts={"subject": "s", "body": "b"}), Inner(parts={"body": "b", "subject": "s"})),
    options={"short": Inner(parts={"text": "t"}), "long": Inner(parts={"z": "1", "a": "2"})},
    plain={"a": "1", "b": "2"},
)


def as_logged(value):
    return json.loads(json.dumps(value.model_dump(mode="json"), sort_keys=True))


def test_only_what_is_not_in_alphabetical_order_is_noted():
    assert orders_of(WHOLE) == {
        "steps/0/parts": ["subject", "body"],
        "options": ["short", "long"],
        "options/long/parts": ["z", "a"],
    }


def test_the_order_comes_back_from_what_sorted_the_keys():
    again = Outer.model_validate(in_order(as_logged(WHOLE), orders_of(WHOLE)))
    assert again == WHOLE
    assert list(again.options) == ["short", "long"]
    assert list(again.options["long"].parts) == ["z", "a"]
    assert list(again.steps[0].parts) == ["subject", "body"]
    assert list(again.steps[1].parts) == ["body", "subject"]


def test_without_a_note_everything_stays_as_it_was_read():
    logged = as_logged(WHOLE)
    assert in_order(logged, {}) == logged
    assert list(in_order(logged, {})) == list(logged)


def test_keys_that_are_noted_and_not_there_make_no_difference():
    assert in_order({"b": 1, "a": 2}, {"": ["gone", "b"]}) == {"b": 1, "a": 2}
