"""What the screen says of messages that a person sends, or takes in again after leaving them out."""

from runbook.model.entries import Kind
from runbook.terminal.lines import line
from support.terminal_plan import DATA, Story


def told(kind, **data):
    story = Story("actual")
    story.enter(Kind.INTENT)
    return "\n".join(str(found) for found in line(story.enter(kind, DATA[kind] | data), story.state))


def test_by_hand_is_said_once():
    by_hand = {"outcome": "sent", "by_hand": True, "recipients": {}, "detail": "Digital officer sent it by hand."}
    said = told(Kind.OUTCOME, **by_hand, receipt={})
    assert "Digital officer sent it by hand." in said
    assert said.count("by hand") == 1
    address = told(Kind.OUTCOME, **by_hand, receipt={"address": "https://x.example.org/1"})
    assert "https://x.example.org/1, by hand" in address


def test_what_is_taken_in_again_is_said_with_who_did():
    said = told(Kind.LEFT_OUT, reason="", taken_in=True)
    assert "taken in again by Duty press manager" in said
    assert "left out" not in said
