"""Which steps wait for which."""

from runbook.loader.playbook import playbook_of
from runbook.loader.yaml import parse_yaml
from runbook.model.order import before, cycle, default_needs
from support.small_files import SMALL_PLAYBOOK


def test_a_step_needs_the_one_before_it_unless_it_says_otherwise():
    playbook = playbook_of(parse_yaml(SMALL_PLAYBOOK, "")).required()
    assert default_needs(playbook) == {
        "confirm": (),
        "leave-route": ("confirm",),
        "clear": ("leave-route",),
        "put-by": ("confirm",),
        "alternate": ("clear", "put-by"),
        "see": ("alternate",),
        "announce": ("see",),
        "remind": (),
        "stand-down": ("announce",),
    }


def test_a_circle_names_its_steps_each_needing_the_next():
    needs = {"a": ("b",), "b": ("c", "d"), "c": ("a",), "d": ()}
    found = cycle(needs)
    assert set(found) == {"a", "b", "c"}
    for step, needed in zip(found, (*found[1:], found[0]), strict=True):
        assert needed in needs[step]
    assert cycle({"a": ("b",), "b": ()}) == ()


def test_everything_before_a_step_is_found_also_in_a_circle():
    assert before({"a": ("b",), "b": ("c",), "c": ()}, "a") == {"b", "c"}
    assert before({"a": ("b",), "b": ("a",)}, "a") == {"a", "b"}
    assert before({}, "a") == frozenset()
