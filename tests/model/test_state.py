"""The state of a run is the fold of its entries: what each kind of entry changes, and what it leaves."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from runbook.clock import SimulatedClock
from runbook.journal.sqlite import SqliteJournal
from runbook.model.entries import Fact, Kind
from runbook.model.outcome import Outcome
from runbook.model.state import Progress, State, fold
from support.scripted import STAND_DOWN, clearance, manual, plan_of, together

START = datetime(2027, 3, 5, 9, 31, tzinfo=UTC)
CHOICE = {
    "id": "choose",
    "kind": "decision",
    "question": "Which?",
    "options": {"go": {"title": "Go"}, "stay": {"title": "Stay"}},
    "example": "go",
    "reason_example": "why",
}
PLAN = plan_of(clearance("announce"), CHOICE, together(marks=["told"]), manual("one"), STAND_DOWN, status="exercise")


class Log:
    """A real log that is written a second at a time, and folded."""

    def __init__(self, journal: SqliteJournal) -> None:
        self.journal, self.state = journal, State()
        self.at = START
        self.add(Kind.STARTED, plan=PLAN.model_dump(mode="json"), simulated=True)

    def add(self, kind: Kind, step: str = "", **data) -> State:
        self.at += timedelta(seconds=1)
        entries = self.journal.append("r", [Fact(kind, self.at, step=step, data=data)], self.state.sequence)
        for entry in entries:
            self.state.apply(entry)
        return self.state


@pytest.fixture
def log(tmp_path: Path):
    with SqliteJournal(tmp_path / "log.sqlite", SimulatedClock(START)) as journal:
        log = Log(journal)
        yield log
        assert fold(journal.read("r")) == log.state


def intent(log: Log, key: str = "k1", **more) -> State:
    data = {"message": "announce.mail", "key": key, "channel": "mail", "parts": {"body": "Out"}, **more}
    return log.add(Kind.INTENT, "announce", **data)


def outcome(log: Log, what: str, key: str = "k1", **more) -> State:
    return log.add(Kind.OUTCOME, "announce", message="announce.mail", key=key, outcome=what, **more)


def test_the_plan_comes_back_from_the_log_as_it_was(log):
    assert log.state.plan == PLAN
    assert log.state.plan.digest == PLAN.digest
    assert (log.state.run, log.state.status, log.state.simulated) == ("r", "exercise", True)


def test_a_run_is_confirmed_paused_and_resumed(log):
    assert log.add(Kind.CONFIRMED, typed="x").confirmed
    assert log.add(Kind.PAUSED, reason="asked").paused
    assert not log.add(Kind.RESUMED, away="3").paused


def test_who_holds_a_role_is_the_last_who_took_it(log):
    log.add(Kind.ON, role="lead", name="Duty lead", phone="1", email="a@example.org")
    state = log.add(Kind.ON, role="lead", name="Deputy lead")
    assert (state.holders["lead"].name, state.holders["lead"].phone) == ("Deputy lead", "")


def test_only_calls_without_an_answer_are_kept(log):
    log.add(Kind.CALLED, "clear", name="Chief", answered=False)
    assert log.add(Kind.CALLED, "clear", name="Deputy", answered=True).called == {"clear": ["Chief"]}


def test_enquiries_notes_and_what_was_settled_are_counted(log):
    log.add(Kind.ENQUIRY, text="When?", answered_with="Late")
    log.add(Kind.NOTED, text="Rain")
    state = log.add(Kind.SETTLED, key="unheld-role@runbook.toml:3")
    assert (state.enquiries, state.notes, state.settled) == (1, 1, {"unheld-role@runbook.toml:3"})


def test_a_step_is_begun_once_and_done_as_often_as_it_is(log):
    log.add(Kind.BEGUN, "one")
    first = log.at
    log.add(Kind.DONE, "one", by="hand", evidence={"ticket": "4711"})
    log.add(Kind.BEGUN, "one")
    step = log.state.step("one")
    assert (step.progress, step.begun_at, step.times) == (Progress.BEGUN, first, 1)
    log.add(Kind.DONE, "one", by="machine")
    assert (step.progress, step.times, step.by) == (Progress.DONE, 2, "machine")
    assert log.state.answers == {"one": {"ticket": "4711"}}


def test_what_is_done_can_fill_a_location_and_reach_a_milestone_once(log):
    place = {"location": "alternate", "addresses": {"page": "https://example.org/"}}
    log.add(Kind.DONE, "announce", by="machine", **place)
    first = log.at
    log.add(Kind.DONE, "announce", by="machine")
    assert log.state.addresses == {"alternate": {"page": "https://example.org/"}}
    assert log.state.milestones == {"told": first}


def test_a_step_that_was_sent_in_part_is_done_and_its_milestone_is_not_reached(log):
    assert log.add(Kind.DONE, "announce", by="machine", whole=False).step("announce").progress is Progress.DONE
    assert log.state.milestones == {}
    assert list(log.add(Kind.DONE, "announce", by="machine", whole=True).milestones) == ["told"]


def test_what_was_left_out_and_taken_in_again_is_neither_left_out_nor_dropped(log):
    log.add(Kind.LEFT_OUT, "announce", message="announce.mail", reason="a slip")
    state = log.add(Kind.LEFT_OUT, "announce", message="announce.mail", reason="", taken_in=True)
    assert (state.left_out, state.dropped) == ({}, {})


def test_a_skipped_step_that_is_opened_again_waits_with_all_of_its_messages(log):
    log.add(Kind.LOOKED, "announce", verdict="public")
    log.add(Kind.LEFT_OUT, "announce", message="announce.mail", reason="down")
    log.add(Kind.LEFT_OUT, "one", message="one.mail", reason="down")
    assert log.add(Kind.SKIPPED, "announce", reason="no").step("announce").reason == "no"
    state = log.add(Kind.REOPENED, "announce", reason="yes")
    assert (state.step("announce").progress, state.step("announce").over_at) == (Progress.WAITING, None)
    assert (state.seen, state.left_out) == ({}, {"one.mail": "down"})


def test_what_was_left_out_is_left_out_of_that_one_time(log):
    log.add(Kind.LEFT_OUT, "announce", message="announce.mail", reason="down")
    state = log.add(Kind.DONE, "announce", by="machine")
    assert (state.left_out, list(state.dropped)) == ({}, ["announce.mail"])


def test_a_decision_is_done_with_its_option(log):
    state = log.add(Kind.DECIDED, "choose", option="go", who="Duty lead")
    assert (state.decisions, state.step("choose").progress) == ({"choose": "go"}, Progress.DONE)


def test_a_clearance_holds_until_it_lapses_and_its_step_waits_again(log):
    log.add(Kind.CLEARED, "clear", who="Chief", how="by telephone", digest="d")
    assert not log.state.clearances["clear"].lapsed
    state = log.add(Kind.LAPSED, "clear", clearance="clear", reason="asked again")
    assert state.clearances["clear"].lapsed
    assert state.step("clear").progress is Progress.WAITING
    state = log.add(Kind.CLEARED, "clear", who="Deputy", how="here", digest="e")
    assert (state.clearances["clear"].who, state.clearances["clear"].lapsed) == ("Deputy", False)


def test_a_refusal_takes_back_an_earlier_yes(log):
    log.add(Kind.CLEARED, "clear", who="Chief", digest="d")
    state = log.add(Kind.NOT_CLEARED, "clear", who="Deputy", reason="wait")
    assert (state.clearances, state.step("clear").progress) == ({}, Progress.SKIPPED)


def test_an_intent_without_an_outcome_is_unknown(log):
    sending = intent(log).sendings["k1"]
    assert (sending.outcome, sending.unknown, sending.parts) == (None, True, {"body": "Out"})
    assert outcome(log, "unknown").sendings["k1"].unknown
    receipt = {"id": "7", "address": "", "addresses": {}, "at": None, "text": ""}
    outcome(log, "sent", receipt=receipt, recipients={"x@example.org": "550"}, detail="queued")
    assert (sending.outcome, sending.unknown, sending.receipt.id) == (Outcome.SENT, False, "7")
    assert (sending.recipients, sending.detail) == ({"x@example.org": "550"}, "queued")


def test_sendings_stand_in_the_order_of_their_intents(log):
    intent(log, "b")
    intent(log, "a", correction=True)
    assert [(key, s.correction) for key, s in log.state.sendings.items()] == [("b", False), ("a", True)]


@pytest.mark.parametrize(("what", "gone"), [("sent", True), ("not sent", False), ("unknown", False)])
def test_a_message_is_withdrawn_only_if_that_is_certain(log, what, gone):
    intent(log)
    outcome(log, "sent")
    assert log.add(Kind.WITHDRAWN, message="announce.mail", key="k1", outcome=what).sendings["k1"].withdrawn is gone


def test_the_worst_distance_between_channels_is_kept(log):
    for seconds in ("0.2", "0.5", "0.1"):
        log.add(Kind.SKEW, "announce", seconds=seconds)
    assert log.state.skews == {"announce": 0.5}


@pytest.mark.parametrize("early", [True, False])
def test_a_run_that_is_stood_down_is_over(log, early):
    state = log.add(Kind.STOOD_DOWN, early=early, reason="", debrief={"well": "calls"})
    assert (state.over, state.early, state.debrief) == (True, early, {"well": "calls"})


@pytest.mark.parametrize(
    "kind",
    [
        Kind.ASKED,
        Kind.ANSWERED,
        Kind.CORRECTED,
        Kind.READY,
        Kind.NOT_READY,
        Kind.STAGED,
        Kind.CLOCK,
        Kind.STOPPED,
        Kind.SOUGHT,
        Kind.RETRIED,
    ],
)
def test_what_only_tells_moves_nothing_but_the_end_of_the_log(log, kind):
    before = fold(log.journal.read("r"))
    after = log.add(kind, "announce", message="announce.mail", key="k1")
    before.sequence, before.head, before.last_at = after.sequence, after.head, after.last_at
    assert after == before


def test_every_kind_of_entry_is_tried_here():
    text = Path(__file__).read_text(encoding="utf-8")
    assert [kind.name for kind in Kind if f"Kind.{kind.name}" not in text] == []
