"""A channel where nobody answers is tried again, a few times, and the log says so; nothing else is ever tried again."""

import pytest

from runbook.clock import SimulatedClock
from runbook.engine.again import ATTEMPTS, PAUSE, while_nobody_answers
from runbook.errors import NotReady
from runbook.model.entries import Kind
from support.scripted import DUE, STAND_DOWN, plan_of, together


def failing(*errors):
    """Return an action that fails in these ways and is then ready, and the list of its calls."""
    calls = []

    def action(*_):
        calls.append(1)
        if len(calls) <= len(errors):
            raise errors[len(calls) - 1]
        return "ready"

    return calls, action


def nobody(text="Nobody answers."):
    return NotReady(text, passing=True)


def test_a_fault_that_passes_is_waited_out_and_told():
    clock, told = SimulatedClock(DUE), []
    calls, action = failing(nobody(), nobody())
    assert while_nobody_answers(action, clock, lambda number, why: told.append((number, why))) == "ready"
    assert len(calls) == ATTEMPTS
    assert told == [(1, "Nobody answers."), (2, "Nobody answers.")]
    assert clock.monotonic() == 2 * PAUSE


def test_it_ends_after_three_attempts_with_the_last_reason():
    calls, action = failing(*(nobody(f"No answer, {n}.") for n in range(9)))
    with pytest.raises(NotReady, match="No answer, 2"):
        while_nobody_answers(action, SimulatedClock(DUE), lambda *_: None)
    assert len(calls) == ATTEMPTS


@pytest.mark.parametrize("error", [NotReady("The password is wrong."), ValueError("a fault of ours")])
def test_what_will_not_pass_is_not_tried_again(error):
    calls, action = failing(error)
    with pytest.raises(type(error)):
        while_nobody_answers(action, SimulatedClock(DUE), lambda *_: None)
    assert len(calls) == 1


def test_the_log_says_that_a_channel_was_tried_again(start):
    stage = start(plan_of(together(), STAND_DOWN))
    stage.desk.say(announce__go="g", stand_down="d")
    _, stage.mail.does["ready"] = failing(nobody("The mail server does not answer."))
    assert stage.work() == "over"
    assert stage.outcomes() == {"announce.mail": "sent", "announce.post": "sent"}
    (again,) = stage.of(Kind.RETRIED)
    assert again.data == {
        "what": "announce.mail",
        "attempt": 1,
        "why": "The mail server does not answer.",
        "wait": f"{PAUSE:.0f}",
    }
