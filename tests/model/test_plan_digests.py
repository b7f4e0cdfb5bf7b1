"""What a clearance binds, and what a plan's digest stands for."""

import pytest

from runbook.model.message import Part
from runbook.model.plan import Plan, short
from support.scripted import clearance, manual, plan_of, together


def plan() -> Plan:
    return plan_of(clearance("announce"), together(), manual("other", instructions="Do it."))


def changed(whole: Plan, **draft) -> Plan:
    """Return the plan with something else in the first message of `announce`."""
    step = whole.step("announce")
    first = step.messages[0]
    message = first.model_copy(update={"draft": first.draft.model_copy(update=draft)})
    return with_message(whole, message)


def with_message(whole: Plan, message) -> Plan:
    steps = tuple(
        s.model_copy(update={"messages": (message, *s.messages[1:])}) if s.id == "announce" else s for s in whole.steps
    )
    return whole.model_copy(update={"steps": steps})


def document(sha256: str):
    from support.scripted import DOCUMENTS

    return DOCUMENTS[0].model_copy(update={"sha256": sha256})


@pytest.mark.parametrize(
    "draft",
    [
        {"parts": {"subject": Part(text="Out"), "body": Part(text="It is out!")}},
        {"recipients": ("desk@example.org",)},
        {"documents": (document("b" * 64),)},
    ],
    ids=["a text", "the recipients", "a document"],
)
def test_a_clearance_binds_texts_recipients_and_documents(draft):
    before = plan()
    after = changed(before, **draft)
    assert after.cleared_digest("clear") != before.cleared_digest("clear")
    assert after.digest != before.digest


def test_a_clearance_binds_the_bytes_of_each_document():
    first, second = (changed(plan(), documents=(document(digit * 64),)) for digit in "bc")
    assert first.cleared_digest("clear") != second.cleared_digest("clear")


def test_a_clearance_binds_planned_addresses_the_channel_and_the_correction():
    before = plan()
    message = before.step("announce").messages[0]
    for update in ({"planned": {"page": "https://example.org/a/"}}, {"channel": "x"}, {"correction": None}):
        after = with_message(before, message.model_copy(update=update))
        assert after.cleared_digest("clear") != before.cleared_digest("clear")


def test_the_order_of_the_recipients_is_not_bound():
    before = plan()
    recipients = tuple(reversed(before.step("announce").messages[0].draft.recipients))
    assert changed(before, recipients=recipients).cleared_digest("clear") == before.cleared_digest("clear")


def test_another_step_is_not_bound_but_changes_the_plans_digest():
    before = plan()
    after = plan_of(clearance("announce"), together(), manual("other", instructions="Do something else."))
    assert after.cleared_digest("clear") == before.cleared_digest("clear")
    assert after.digest != before.digest


def test_the_same_plan_has_the_same_digest():
    assert plan().digest == plan().digest
    assert len(plan().digest) == 64


def test_a_digest_is_read_out_in_two_groups():
    assert short("3f9a22c1" + "0" * 56) == "3f9a 22c1"


def test_what_is_not_there_is_a_key_error():
    for ask in (plan().step, plan().role, plan().message, plan().decision):
        with pytest.raises(KeyError):
            ask("nothing")
    with pytest.raises(KeyError):
        plan().decision("announce")
    assert plan().covered("announce") == ()
