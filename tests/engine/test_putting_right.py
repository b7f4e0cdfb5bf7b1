"""What is out already: corrected to the same people at the same place, or taken down."""

from datetime import timedelta

import pytest

from runbook.errors import CannotSay
from runbook.model.entries import Kind
from runbook.model.outcome import Answer, Found, Outcome, Receipt, Result
from runbook.model.questions import Reply
from support.scripted import DUE, STAND_DOWN, clearance, manual, plan_of, together

W = Reply("w", command=True)


def sent(start, *keys, plan=None, **more):
    """Return a run that has sent its messages and then gets keys at the last manual step."""
    stage = start(plan or plan_of(together(), manual("last", needs=["announce"]), STAND_DOWN), **more)
    stage.desk.say(announce__go="g", stand_down="d")
    stage.desk.on("last", [*keys, "d"])
    return stage


def test_a_correction_goes_to_the_same_people_by_the_same_channel(start):
    stage = sent(start, W)
    stage.desk.say(put_right="1", put_right__how="c", put_right__go="g")
    assert stage.work() == "over"
    first, second = stage.mail.sent
    assert second[1].recipients == first[1].recipients
    assert (stage.mail.texts, second[0]) == (["Out", "Wrong"], f"{first[0]}/correction/1")
    assert [e.data["correction"] for e in stage.of(Kind.INTENT)] == [False, False, True]


def test_a_second_correction_has_a_key_of_its_own(start):
    stage = sent(start, W, W)
    stage.desk.say(put_right="2", put_right__how="c", put_right__go="g")
    stage.work()
    assert len(set(stage.x.keys)) == len(stage.x.keys) == 3


def test_a_correction_may_leave_before_the_release_is_due(start):
    alert = {
        "roles": {
            "channel": "mail",
            "to": "roles",
            "audience": "roles",
            "subject": "Act",
            "body": "now",
            "correction": {"subject": "Stop", "body": "do not"},
        }
    }
    plan = plan_of(together(messages=alert), manual("last", needs=["announce"]), STAND_DOWN)
    stage = sent(start, W, plan=plan, at=DUE - timedelta(minutes=9))
    stage.desk.say(put_right="1", put_right__how="c", put_right__go="g")
    assert stage.work() == "over"
    assert stage.mail.texts == ["Act", "Stop"]
    assert stage.of(Kind.INTENT)[1].at < DUE


def test_a_correction_of_a_page_takes_its_place(start):
    upload = {
        "id": "announce",
        "kind": "upload",
        "needs": [],
        "to": "x",
        "publishes": "alternate",
        "page": "Page",
        "correction": {"body": "Sorry"},
    }
    stage = sent(start, W, plan=plan_of(upload, manual("last", needs=["announce"]), STAND_DOWN))
    stage.desk.say(put_right="1", put_right__how="c", put_right__go="g")
    assert stage.work() == "over"
    (key, page), (_, right) = stage.x.sent
    assert (page.replaces, right.replaces, right.text("page")) == ("", key, "Corrected page")


def test_a_correction_that_failed_never_sends_the_message_itself_again(start):
    stage = sent(start)
    stage.x.results = [Result(outcome=Outcome.NOT_SENT, detail="429")]
    stage.mail.results = [
        Result(outcome=Outcome.SENT, receipt=Receipt(id="1")),
        Result(outcome=Outcome.NOT_SENT, detail="no"),
    ]
    stage.desk.say(put_right="1", put_right__how="c", put_right__go="g")
    stage.desk.on("announce.go", ["g", W, "g"])
    assert stage.work() == "over"
    assert stage.mail.texts == ["Out", "Wrong"]
    assert len(stage.x.keys) == 2


def test_a_correction_whose_outcome_is_unknown_is_asked_for(start):
    stage = sent(start, W)
    stage.mail.results = [Result(outcome=Outcome.SENT, receipt=Receipt(id="1")), Result(outcome=Outcome.UNKNOWN)]
    stage.mail.found = [Found(answer=Answer.THERE, receipt=Receipt(id="2"))]
    stage.desk.say(put_right="1", put_right__how="c", put_right__go="g")
    assert stage.work() == "over"
    assert stage.of(Kind.SOUGHT)[0].data["message"] == "announce.mail.correction"


def test_nothing_is_corrected_without_go(start):
    stage = sent(start, W, W)
    stage.desk.say(put_right="1", put_right__how=["c", "b"], put_right__go="b")
    assert stage.work() == "over"
    assert stage.mail.texts == ["Out"]


def test_a_correction_that_the_channel_cannot_carry_is_said_and_the_run_goes_on(start):
    stage = sent(start, W)

    def too_long(draft):
        if draft.text("text") == "It was wrong.":
            raise CannotSay("It is too long.", "Shorten it.")

    stage.x.does["build"] = too_long
    stage.desk.say(put_right="2", put_right__how="c")
    assert stage.work() == "over"
    assert "It is too long. Shorten it." in [s.heading for s in stage.desk.shown]


def test_a_correction_that_cannot_be_made_ready_is_logged_and_the_run_goes_on(start):
    stage = sent(start, W)
    stage.desk.say(put_right="1", put_right__how="c")
    stage.desk.on("put-right.go", lambda: stage.mail.does.update(ready="It is down.") or "g")
    assert stage.work() == "over"
    assert stage.of(Kind.NOT_READY)[-1].data == {
        "message": "announce.mail.correction",
        "detail": "It is down.",
        "remedy": "",
    }


@pytest.mark.parametrize("outcome", [Outcome.SENT, Outcome.NOT_SENT, Outcome.UNKNOWN])
def test_a_message_is_taken_down_and_what_became_of_that_is_logged(start, outcome):
    stage = sent(start, W)
    stage.x.withdrawal = Result(outcome=outcome)
    stage.desk.say(put_right="2", put_right__how="t", put_right__down="y")
    assert stage.work() == "over"
    assert stage.of(Kind.WITHDRAWN)[0].data["outcome"] == outcome
    assert [s.withdrawn for s in stage.run.state.sendings.values()] == [False, outcome is Outcome.SENT]


@pytest.mark.parametrize(
    ("fault", "outcome"), [(None, "not sent"), (OSError("reset"), "unknown"), (KeyError("id"), "unknown")]
)
def test_a_channel_that_fails_in_taking_down_does_not_end_the_run(start, fault, outcome):
    stage = sent(start, W)
    stage.x.withdrawal = fault or stage.x.withdrawal
    stage.desk.say(put_right="2", put_right__how="t", put_right__down="y")
    assert stage.work() == "over"
    assert stage.of(Kind.WITHDRAWN)[0].data["outcome"] == outcome


def test_the_yes_to_taking_down_is_in_the_log_before_it_happens(start):
    stage = sent(start, W)
    seen = []
    stage.x.withdrawal = Result(outcome=Outcome.SENT)
    stage.x.note = lambda event, _: seen.append(stage.entries[-1].data) if event == "withdraw" else None
    stage.desk.say(put_right="2", put_right__how="t", put_right__down="y")
    stage.work()
    assert [(d["question"], d["answer"]) for d in seen] == [("put-right.down", "y")]


def test_what_a_person_published_is_held_until_the_release_is_due(start):
    place = {
        "publishes": "alternate",
        "evidence": {"where": {"title": "Address", "kind": "addresses", "example": "https://example.org/a"}},
        "correction": {"body": "Sorry"},
    }
    plan = plan_of(clearance("place"), manual("place", needs=["clear"], **place), STAND_DOWN)
    stage = start(plan, at=DUE - timedelta(minutes=9))
    stage.desk.say(clear="c", clear__who="1", clear__how="here", place="d", stand_down="d")
    for name in ("page", "report", "notes"):
        stage.desk.on(f"place.evidence.where.{name}", f"https://example.org/a/{name}")
    assert stage.work() == "over"
    (done,) = [e for e in stage.of(Kind.DONE) if e.step == "place"]
    assert done.at >= DUE
    assert stage.run.state.addresses["alternate"]["report"] == "https://example.org/a/report"


def test_a_page_that_was_published_by_hand_is_corrected_by_hand(start):
    page = manual(
        "publish",
        publishes="alternate",
        correction={"body": "Sorry"},
        evidence={"where": {"title": "Where?", "kind": "addresses", "example": "https://example.org/page"}},
        needs=[],
    )
    stage = start(plan_of(page, manual("last", needs=["publish"]), STAND_DOWN))
    for name in ("page", "report", "notes"):
        stage.desk.on(f"publish.evidence.where.{name}", f"https://example.org/{name}")
        stage.desk.on(f"publish.documents.correction.address.{name}", f"https://example.org/{name}")
    stage.desk.on("last", [W, "d"])
    stage.desk.on("publish.documents.correction.there", "y")
    stage.desk.say(publish="d", put_right="1", put_right__how="c", put_right__go="g", stand_down="d")
    assert stage.work() == "over"
    first, right = stage.of(Kind.INTENT)
    assert (first.data["channel"], first.data["parts"]) == ("by-hand", {"page": "Page"})
    assert (right.data["correction"], right.data["parts"]) == (True, {"page": "Corrected page"})
    published = stage.of(Kind.OUTCOME)[0].data
    assert (published["outcome"], published["by"]) == ("sent", "person")
    assert published["receipt"]["address"] == "https://example.org/page"
