"""What stands in the place of the real channels and the eye: it can send nothing, and answers as on a good day."""

import socket
from datetime import UTC, datetime, timedelta

import pytest

from runbook.channels.manual import ManualChannel
from runbook.clock import SimulatedClock
from runbook.errors import CannotSay
from runbook.exercise.channels import RehearsalChannel
from runbook.exercise.looks import RehearsalEye, SimulatedLooks
from runbook.journal.sqlite import SqliteJournal
from runbook.model.entries import Kind
from runbook.model.exercise_mark import MARK, marked
from runbook.model.message import Draft, Form, Part
from runbook.model.outcome import Answer, Outcome, Receipt
from runbook.model.ports import LookAt, Verdict
from support.commands import Home
from support.scripted import DOCUMENTS, ScriptedChannel

POST = Draft(form=Form.POST, parts={"text": Part(text="It is out.")})


class Live(ScriptedChannel):
    """A live channel of which everything but `build` is out of bounds."""

    def __init__(self) -> None:
        super().__init__("x", build=self.measure)
        self.built: list[Draft] = []

    def measure(self, draft: Draft) -> None:
        self.built.append(draft)
        if len(draft.text("text")) > 20:
            raise CannotSay("It is too long.")

    def check(self):
        raise AssertionError("a rehearsal asked the service")

    ready = find = withdraw = check


def released(channel: RehearsalChannel, draft: Draft):
    staging = channel.ready(channel.build(draft), "run/post/1/1")
    staging.stage()
    assert staging.held()
    staging.release()
    return staging.result(timedelta(seconds=1))


def test_a_rehearsed_message_is_sent_nowhere_and_has_a_receipt():
    live = Live()
    result = released(RehearsalChannel(live), POST)
    assert (result.outcome, live.events) == (Outcome.SENT, [])
    assert result.receipt.address == "https://rehearsal.example.org/post"
    assert (result.took, result.way) == (None, 0.0)


def test_nothing_is_learnt_from_a_rehearsal(tmp_path):
    done = Home(tmp_path).runbook("execute", "gov-uk-failure", "--dry-run", "--yes")
    assert done.code == 0, done.err
    [log] = tmp_path.rglob("runbook.db")
    with SqliteJournal(log) as journal:
        entries = [entry for run in journal.runs() for entry in journal.read(run.run)]
        sent = [entry.data for entry in entries if entry.kind is Kind.OUTCOME and entry.data["outcome"] == "sent"]
        channels = {entry.data["channel"] for entry in entries if entry.kind is Kind.INTENT}
        learnt = {channel: journal.timings(channel, 9) for channel in channels}
    assert len(sent) > 2
    assert not any("took" in data for data in sent)
    assert {"press-email", "x"} <= channels
    assert not any(learnt.values())


def test_a_rehearsal_opens_no_socket(monkeypatch: pytest.MonkeyPatch):
    def refuse(*_):
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert released(RehearsalChannel(Live()), POST).outcome is Outcome.SENT


def test_the_live_channel_measures_what_would_go_out_and_the_mark_stays():
    live = Live()
    payload = RehearsalChannel(live).build(marked(POST))
    assert [draft.text("text") for draft in live.built] == ["It is out."]
    assert payload.draft.text("text").startswith(MARK)


def test_what_the_live_channel_cannot_carry_is_refused_in_a_rehearsal_too():
    with pytest.raises(CannotSay):
        RehearsalChannel(Live()).build(Draft(form=Form.POST, parts={"text": Part(text="x" * 21)}))


def test_documents_come_back_at_their_planned_addresses():
    class Planned(ScriptedChannel):
        def build(self, draft):
            return super().build(draft).model_copy(update={"planned": {"page": "https://example.org/a/"}})

    draft = Draft(form=Form.FILES, parts={"page": Part(text="<p>", html=True)}, documents=DOCUMENTS)
    receipt = released(RehearsalChannel(Planned()), draft).receipt
    assert (receipt.address, receipt.addresses) == ("https://example.org/a/", {"page": "https://example.org/a/"})


def test_a_message_that_was_not_released_was_not_sent():
    channel = RehearsalChannel(Live())
    staging = channel.ready(channel.build(POST), "k")
    staging.stage()
    staging.discard()
    assert not staging.held()
    assert staging.result(timedelta(seconds=1)).outcome is Outcome.NOT_SENT


def test_nobody_can_be_asked_in_a_rehearsal_and_everything_can_be_taken_back():
    channel = RehearsalChannel(Live())
    assert channel.find(channel.build(POST), "k").answer is Answer.CANNOT_TELL
    assert channel.withdraw(Receipt(id="k")).outcome is Outcome.SENT
    assert channel.check().ok


def test_a_rehearsal_calls_its_channel_as_the_live_one_is_called():
    assert RehearsalChannel(ManualChannel()).kind == "manual"


def looked_at(location: str, expect: Verdict) -> LookAt:
    return LookAt(location, "https://example.org/", {}, DOCUMENTS, "Title", expect)


def test_the_eye_sees_what_is_hoped_for_and_waits_for_the_original_once():
    eye = RehearsalEye()
    assert eye.look(looked_at("original", Verdict.NOT_PUBLIC)).verdict is Verdict.NOT_PUBLIC
    assert eye.look(looked_at("alternate", Verdict.PUBLIC)).verdict is Verdict.PUBLIC
    seen = [eye.look(looked_at("original", Verdict.PUBLIC)).verdict for _ in range(2)]
    assert seen == [Verdict.NOT_PUBLIC, Verdict.PUBLIC]


def test_a_look_that_waits_takes_its_time_on_the_simulated_clock():
    clock = SimulatedClock(datetime(2027, 3, 5, 9, 30, tzinfo=UTC))
    seen = []
    looks = SimulatedLooks(RehearsalEye(), clock, lambda step, look: seen.append((step, look.verdict)))
    looks.start("back", looked_at("original", Verdict.PUBLIC), 15.0)
    assert seen == [("back", Verdict.NOT_PUBLIC), ("back", Verdict.PUBLIC)]
    assert clock.monotonic() == 15.0
    looks.start("once", looked_at("other", Verdict.NOT_PUBLIC), None)
    assert seen[-1] == ("once", Verdict.NOT_PUBLIC)
    looks.stop("back")
    looks.stop_all()
    assert looks.running() == frozenset()
