"""What people read before they answer says what, to whom, how much, and who is next."""

from runbook.model.ports import Look, Verdict
from runbook.model.questions import Reply
from support.scripted import NOT_PUBLIC, PUBLIC, STAND_DOWN, clearance, plan_of, together

SEE = {
    "id": "see",
    "kind": "look",
    "location": "original",
    "expect": "not-public",
    "instructions": "Public after all? Then it was a false alarm.",
}


def notes(stage):
    return [note for sheet in stage.desk.shown for note in sheet.notes]


def test_a_clearance_says_what_goes_to_whom_and_its_code(start):
    stage = start(plan_of(clearance("announce", two_person=True), together(needs=["clear"]), STAND_DOWN))
    stage.desk.say(clear="b")
    stage.desk.on("next", [Reply("p", command=True)])
    stage.work()
    sheet = next(s for s in stage.desk.shown if s.heading == "To be cleared")
    digest = stage.plan.cleared_digest("clear")
    assert len(sheet.blocks[0][1].splitlines()) == len(stage.plan.step("announce").messages)
    assert "E-mail to" in sheet.blocks[0][1]
    assert f"(code {digest[:4]} {digest[4:8]})" in " ".join(sheet.notes)
    assert "so somebody else clears it" in sheet.notes[-1]


def test_after_an_unanswered_call_the_next_deputy_is_marked_but_enter_names_nobody(start):
    stage = start(plan_of(clearance("announce"), together(needs=["clear"]), STAND_DOWN))
    stage.desk.say(clear=["u", "c"], clear__tried="1", clear__who="2", clear__how="by telephone")
    stage.desk.say(announce__go="g", stand_down="d")
    assert stage.work() == "over"
    people = [s.blocks[0][1].splitlines() for s in stage.desk.shown if s.heading.endswith("in this order")]
    assert not any(line.endswith("next") for line in people[0])
    assert people[1][0].endswith("no answer")
    assert people[1][1].endswith("next")
    assert [q.default for q in stage.desk.asked if q.id == "clear.who"] == [None]


def test_what_was_seen_against_what_was_hoped_for_is_said_with_what_it_means_and_the_way_out(start):
    stage = start(plan_of(SEE, STAND_DOWN))
    stage.looks.sees["see"] = [PUBLIC, NOT_PUBLIC]
    stage.desk.say(see="l", stand_down="d")
    assert stage.work() == "over"
    assert any("false alarm" in text for sheet in stage.desk.shown for _, text in sheet.blocks)
    assert "!!  It is public, and this step expected that it is not." in notes(stage)
    assert any("z stands the run down" in note for note in notes(stage))


def test_a_look_that_nobody_answered_is_no_surprise(start):
    stage = start(plan_of(SEE, STAND_DOWN))
    stage.looks.sees["see"] = [Look(Verdict.CANNOT_TELL, "timed out"), NOT_PUBLIC]
    stage.desk.say(see="l", stand_down="d")
    assert stage.work() == "over"
    assert [note[:2] for note in notes(stage)] == ["??"]
