"""What a person sends: shown with everything they need, asked for calmly, and only as reached as it was sent."""

import pytest

from runbook.errors import Left
from runbook.model.entries import Kind
from runbook.model.outcome import Outcome, Receipt, Result
from runbook.model.questions import Reply
from runbook.model.state import fold
from support.scripted import RUN, STAND_DOWN, manual, plan_of, together

BACK = Reply("b", command=True)
W = Reply("w", command=True)


def by_hand(start, *which, **more):
    """Return a run in which some of the two messages (1: e-mail, 2: post) are sent by a person."""
    stage = start(plan_of(together(marks=["told"]), manual("last", needs=["announce"]), STAND_DOWN, **more))
    stage.desk.say(announce__go=[*("m" for _ in which), "g"], last="d", stand_down="d")
    stage.desk.on("announce.which", list(which) or "1")
    stage.desk.say(announce__mail__there="y", announce__post__there="y", announce__post__address="")
    return stage


def sheet(stage, heading):
    return next(s for s in stage.desk.shown if s.heading.startswith(heading))


def test_nothing_is_counted_down_where_nothing_goes_by_machine(start):
    stage = by_hand(start, "1", "2")
    assert stage.work() == "over"
    assert not [s for s in stage.desk.shown if s.heading.startswith("Sending in")]
    assert not {Kind.STAGED, Kind.SOUGHT, Kind.SKEW} & set(stage.kinds())
    assert [(e.data["outcome"], e.data["by"], e.data["detail"]) for e in stage.of(Kind.OUTCOME)] == [
        ("sent", "person", "Duty officer sent it by hand.")
    ] * 2
    assert next(e for e in stage.of(Kind.DONE) if e.step == "announce").data["by"] == "hand"


def test_an_e_mail_by_hand_comes_with_its_addresses(start):
    stage = by_hand(start, "1")
    stage.desk.on("announce.go", ["m", "v", "g"])
    assert stage.work() == "over"
    blocks = dict(sheet(stage, "Now send this yourself").blocks)
    assert blocks == {
        "Subject": "Out",
        "Body": "It is out.",
        "Addresses, for Bcc": "desk@example.org, news@example.org",
    }
    views = [s for s in stage.desk.shown if len(s.blocks) > 2 and not s.heading]
    assert [[t for t, _ in s.blocks].count("Addresses, for Bcc") for s in views] == [1]


def test_in_an_exercise_it_says_that_nothing_is_to_be_sent(start):
    stage = by_hand(start, "2", status="exercise")
    assert stage.work() == "over"
    assert "send nothing" in sheet(stage, "Now send this yourself").heading


def test_the_intent_is_in_the_log_before_the_person_is_asked_and_is_asked_about_after_a_crash(start):
    stage = by_hand(start, "1", "2")
    stage.desk.on("announce.mail.there", KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        stage.work()
    assert len(stage.of(Kind.INTENT)) == 2
    resumed = stage.again(announce__mail__there="y", announce__post__there="y", announce__post__address="")
    resumed.desk.say(last="d", stand_down="d")
    assert resumed.work() == "over"
    assert stage.outcomes() == {"announce.mail": "sent", "announce.post": "sent"}


@pytest.mark.parametrize("not_yet", ["w", BACK], ids=["w", "back"])
def test_not_yet_leaves_the_step_and_is_asked_again_on_return(start, not_yet):
    stage = by_hand(start, "2")
    stage.desk.on("announce.post.there", [not_yet, "y"])
    stage.desk.say(next="1")
    assert stage.work() == "over"
    assert [q.id for q in stage.desk.asked].count("announce.post.there") == 2
    assert len(stage.of(Kind.INTENT)) == 2


def test_what_was_not_sent_by_hand_is_left_to_send(start):
    stage = by_hand(start, "2")
    stage.desk.on("announce.post.there", ["n", "y"])
    assert stage.work() == "over"
    posts = [e.data for e in stage.of(Kind.OUTCOME) if e.data["message"] == "announce.post"]
    assert [(d["outcome"], d["detail"]) for d in posts] == [
        ("not sent", "Duty officer says that it was not sent."),
        ("sent", "Duty officer sent it by hand."),
    ]
    assert len({d["key"] for d in posts}) == 2


def test_a_correction_by_hand_is_asked_for_by_the_name_of_what_it_corrects(start):
    stage = by_hand(start, "2")
    stage.desk.on("last", [W, "d"])
    stage.desk.say(put_right="2", put_right__how="c", put_right__go="g")
    stage.desk.on("announce.post.correction.there", "y")
    stage.desk.on("announce.post.correction.address", "")
    assert stage.work() == "over"
    asked = [q.text for q in stage.desk.asked if q.id == "announce.post.correction.there"]
    assert asked == ["Correction of Post: have you sent it?"]
    assert not [s for s in stage.desk.shown if "Sending in" in s.heading and s.step == "last"]


def test_a_correction_not_sent_yet_is_asked_for_again_and_before_the_end(start):
    stage = by_hand(start, "2")
    stage.desk.on("last", [W, "d"])
    stage.desk.say(put_right="2", put_right__how="c", put_right__go="g", next="1")
    stage.desk.on("announce.post.correction.there", ["w", "w", "y"])
    stage.desk.on("announce.post.correction.address", "")
    assert stage.work() == "over"
    assert any("still to be sent by hand" in s.heading for s in stage.desk.shown)
    assert all(not s.unknown for s in stage.run.state.sendings.values())


def test_an_unknown_address_holds_nothing_up(start):
    stage = by_hand(start)
    stage.x.results = [Result(outcome=Outcome.UNKNOWN)]
    assert stage.work() == "over"
    question = next(q for q in stage.desk.asked if q.id == "announce.post.address")
    assert (question.required, question.text) == (False, "Its address (Enter if none yet)")
    assert stage.of(Kind.OUTCOME)[-1].data["receipt"]["address"] == ""


def test_documents_put_up_by_hand_need_no_address_to_be_sent(start):
    upload = {"id": "up", "kind": "upload", "to": "x", "publishes": "a", "page": "P", "correction": {"body": "S"}}
    stage = start(plan_of(upload, STAND_DOWN))
    stage.desk.say(up__go=["m", "g"], stand_down="d")
    stage.desk.on("up.documents.there", "y")
    for place in ("page", "report", "notes"):
        stage.desk.on(f"up.documents.address.{place}", "https://example.org/r" if place == "report" else "")
    assert stage.work() == "over"
    assert stage.run.state.addresses == {"a": {"report": "https://example.org/r"}}


# --- taken down ---------------------------------------------------------------------------------------------------


def test_an_e_mail_is_never_offered_to_be_taken_down(start):
    stage = by_hand(start)
    stage.desk.on("last", [W, "d"])
    stage.desk.say(put_right="1", put_right__how="b")
    assert stage.work() == "over"
    assert stage.desk.keys("put-right.how") == ["c", "b"]


def test_what_was_posted_by_hand_is_taken_down_by_hand_and_that_is_logged(start):
    stage = by_hand(start, "2")
    stage.desk.on("last", [W, "d"])
    stage.desk.say(put_right="2", put_right__how="t")
    assert stage.work() == "over"
    (down,) = stage.of(Kind.WITHDRAWN)
    assert (down.data["outcome"], down.data["who"], down.data["detail"]) == (
        "sent",
        "Duty officer",
        "Duty officer took it down by hand.",
    )
    assert "withdraw" not in [event for event, _ in stage.channels["by-hand"].events]


def test_a_post_that_only_a_person_has_seen_is_taken_down_by_a_person(start):
    stage = by_hand(start)
    stage.x.results = [Result(outcome=Outcome.UNKNOWN, receipt=Receipt())]
    stage.desk.on("last", [W, "d"])
    stage.desk.say(put_right="2", put_right__how="b")
    assert stage.work() == "over"
    how = [q for q in stage.desk.asked if q.id == "put-right.how"][-1]
    assert [c.label for c in how.options if c.key == "t"] == ["I took it down myself"]


# --- told only when told ------------------------------------------------------------------------------------------


def test_the_milestone_is_reached_when_every_message_was_sent(start):
    stage = by_hand(start, "2")
    assert stage.work() == "over"
    assert "told" in fold(stage.journal.read(RUN)).milestones


def test_what_was_left_out_leaves_the_milestone_unreached(start):
    stage = by_hand(start)
    stage.desk.on("announce.go", ["d", "g"])
    stage.desk.say(announce__which="2", announce__left_out="X is down")
    assert stage.work() == "over"
    assert stage.run.state.step("announce").over_at is not None
    assert "told" not in fold(stage.journal.read(RUN)).milestones


def test_an_optional_message_that_was_left_out_does_not_count(start):
    messages = dict(together()["messages"])
    messages["post"] = {**messages["post"], "optional": True}
    stage = start(plan_of(together(marks=["told"], messages=messages), STAND_DOWN))
    stage.desk.say(announce__go=["d", "g"], announce__which="2", announce__left_out="down", stand_down="d")
    assert stage.work() == "over"
    assert "told" in stage.run.state.milestones


def test_what_was_left_out_by_mistake_is_taken_in_again(start):
    stage = by_hand(start)
    stage.desk.on("announce.go", ["d", "t", "g"])
    stage.desk.say(announce__which="2", announce__left_out="a slip")
    assert stage.work() == "over"
    assert "t" not in stage.desk.keys("announce.go")
    assert stage.outcomes() == {"announce.mail": "sent", "announce.post": "sent"}
    state = fold(stage.journal.read(RUN))
    assert (state.dropped, state.left_out) == ({}, {})
    assert "told" in state.milestones


def test_what_a_machine_may_have_sent_is_never_ordered_by_hand_when_its_channel_is_gone(start):
    stage = start(plan_of(together(), STAND_DOWN))
    stage.mail.results = [Result(outcome=Outcome.UNKNOWN, detail="silence")]
    stage.mail.found = []
    stage.desk.say(announce__go="g", stand_down="d")
    stage.desk.on("announce.mail.there", Left("the window was closed"))
    stage.work()
    again = stage.again(announce__mail__there="y", stand_down="d")
    again.run.channels = {name: channel for name, channel in again.run.channels.items() if name != "mail"}
    assert again.work() == "over"
    assert not [s for s in again.desk.shown if s.heading.startswith("Now send this yourself")]
    assert any("Do not send it again yet" in s.heading for s in again.desk.shown)
    assert stage.mail.keys == [f"{RUN}/announce.mail/1/1"]


def test_a_question_that_was_answered_within_another_key_is_not_answered_twice(start):
    stage = start(plan_of(together(), STAND_DOWN))
    stage.mail.results = [Result(outcome=Outcome.UNKNOWN, detail="silence")]
    stage.desk.say(announce__go="g", stand_down="d")
    stage.desk.on("announce.mail.there", [Reply("z", command=True), "y", "n"])
    stage.desk.say(stand_down_early="y", stand_down_early__reason=BACK)
    assert stage.work() == "over"
    outcomes = [e.data["outcome"] for e in stage.of(Kind.OUTCOME) if e.data["message"] == "announce.mail"]
    assert outcomes == ["unknown", "sent"]
    assert stage.mail.keys == [f"{RUN}/announce.mail/1/1"]
