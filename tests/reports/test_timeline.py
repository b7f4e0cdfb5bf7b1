"""The timeline: every kind of entry in a sentence, in the release's own time, with nothing a terminal would obey."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from runbook.model.entries import Entry, Kind
from runbook.reports.sentences import SENTENCES
from runbook.reports.timeline import Line, folded, timeline, with_corrections
from support.sealed_log import Told, every_kind, seal, started
from support.terminal_plan import DATA, STEP_OF

SAID = {
    Kind.STARTED: "ACTUAL: GOV.UK publication failure, for “Malpractice for GCSE and A level: summer 2017 exam "
    "series”, due Fri 5 January 2018 09:30:00 GMT.",
    Kind.SETTLED: "Duty press manager settled: The list is 41 days old. It is used as it is. "
    "Reason: it was read through.",
    Kind.CONFIRMED: "Confirmed the run by typing “gov-uk-failure”.",
    Kind.PAUSED: "Paused with Ctrl-C. Waiting for: the ticket number.",
    Kind.RESUMED: "Resumed after 13 min.",
    Kind.STOOD_DOWN: "Stood down.",
    Kind.ON: "Digital officer is Communications from now on, as deputy: on leave.",
    Kind.CALLED: "Tried Chief statistician: no answer.",
    Kind.ASKED: "Asked: Done?",
    Kind.ANSWERED: "Answered “Done?”: d",
    Kind.NOTED: "Note: GOV.UK says that a fix is under way",
    Kind.ENQUIRY: "Enquiry: Herald news desk, when is it out? Line to take: The release is delayed by a fault on "
    "GOV.UK. It will go to everybody at the same time. We'll post here when it does.",
    Kind.CORRECTED: "Corrects entry 12. It should say: the ticket is 4711235",
    Kind.BEGUN: "Begun: Report the fault to GOV.UK.",
    Kind.LOOKED: "Looked at original from outside: not public. Not public, also when stored copies are bypassed",
    Kind.DONE: "Done, by hand: Report the fault to GOV.UK. Ticket number: 4711234. Public at "
    "https://alternate.example.org/malpractice-for-gcse-and-a-level-summer-2017-exam-series/",
    Kind.SKIPPED: "Skipped: Report the fault to GOV.UK. Reason: not needed today.",
    Kind.REOPENED: "Opened again: Report the fault to GOV.UK. Reason: needed after all.",
    Kind.DECIDED: "Leave the normal route: Duty press manager decided: publish at the alternate location. "
    "Reason: GOV.UK gave no time.",
    Kind.CLEARED: "Clearance: cleared by Deputy chief statistician, by telephone (code 3f9a 22c1).",
    Kind.NOT_CLEARED: "Clearance: not cleared by Chief statistician. Reason: wait for the original page.",
    Kind.LAPSED: "The yes to “Clearance” lapsed: a document was replaced.",
    Kind.READY: "Post: ready, 231 of 280.",
    Kind.NOT_READY: "Post: not ready, nothing was sent. X refused the token. Do it by hand.",
    Kind.LEFT_OUT: "Post: left out by Duty press manager. Reason: X is down.",
    Kind.STAGED: "Staged in 0.412 s: Journalists, Post.",
    Kind.CLOCK: "This computer's clock: 0.02 s behind api.example.org (within 0.031 s).",
    Kind.STOPPED: "Stopped, nothing was sent: Journalists, Post; stopped by hand in the countdown",
    Kind.INTENT: "Journalists: about to be sent on press-email to 214 recipients.",
    Kind.OUTCOME: "Journalists: sent; 2 addresses did not share this outcome. 212 accepted, queued as 4XyZ",
    Kind.SKEW: "Journalists, Post: 0.0412 s apart by their acknowledgement, within the limit of 1s.",
    Kind.SOUGHT: "Post: asked for; it cannot be told whether it is there. Asked 3 times in 30 s: not there yet. "
    "Look at https://x.com/example",
    Kind.WITHDRAWN: "Post: taken down. taken down",
    Kind.RETRIED: "The connection to the mail server: tried again after 0.5 s (attempt 2), because: it timed out.",
}


def tell(folder: Path, *told: Told) -> list[Line]:
    return list(timeline(seal(folder, told)))


def test_every_kind_of_entry_has_a_sentence() -> None:
    assert set(SENTENCES) == set(Kind)
    assert set(SAID) == set(Kind), "a kind is new: say here what its sentence is"


def test_a_log_with_every_kind_is_told_in_plain_english(tmp_path: Path) -> None:
    lines = tell(tmp_path, *every_kind())
    assert {line.kind: line.text for line in lines} == SAID
    assert [line.sequence for line in lines] == list(range(1, len(Kind) + 1))


@pytest.mark.parametrize("kind", sorted(set(Kind) - {Kind.STARTED, Kind.INTENT, Kind.OUTCOME, Kind.WITHDRAWN}))
def test_an_entry_that_lacks_its_data_is_told_all_the_same(tmp_path: Path, kind: Kind) -> None:
    [line] = tell(tmp_path, Told(0, kind, {}))
    assert line.text
    assert "None" not in line.text


def what_is_told(folder: Path, kind: Kind, **data: object) -> str:
    return tell(folder, started(), Told(300, kind, DATA[kind] | data, "announce"))[1].text


def test_a_message_that_is_held_back_says_behind_which_and_how_that_was_learnt(tmp_path: Path) -> None:
    learnt = {
        "press-email": {"seconds": "0.600000", "sendings": 9, "newest": "r"},
        "x": {"seconds": "0.360000", "sendings": 6, "newest": "r"},
    }
    said = what_is_told(
        tmp_path, Kind.STAGED, holds={"announce.post": "0.240000"}, behind="announce.journalists", learnt=learnt
    )
    assert said == (
        "Staged in 0.412 s: Journalists, Post. Post is held back 0.240 s behind Journalists (learnt from 6 sendings)."
    )


def test_where_several_go_at_once_the_held_one_waits_for_the_slowest(tmp_path: Path) -> None:
    learnt = {"x": {"seconds": "0.360000", "sendings": 3, "newest": "r"}}
    ids = ["announce.journalists", "announce.post", "announce.page"]
    said = what_is_told(tmp_path, Kind.STAGED, messages=ids, holds={"announce.post": "0.24"}, learnt=learnt)
    assert said.endswith("Page. Post is held back 0.240 s behind the slowest (learnt from 3 sendings).")


def test_the_clock_is_told_beside_each_that_it_was_compared_with(tmp_path: Path) -> None:
    offsets = [
        {"source": "api.example.org", "seconds": "-4.2", "within": "0.52"},
        {"source": "mail.example.org", "seconds": "0.0", "within": "1.0"},
    ]
    assert what_is_told(tmp_path, Kind.CLOCK, offsets=offsets) == (
        "This computer's clock: 4.2 s ahead of api.example.org (within 0.52 s); "
        "0 s behind mail.example.org (within 1 s)."
    )


def test_the_distance_is_told_by_last_bytes_and_by_the_services_own_clocks_where_they_are_known(
    tmp_path: Path,
) -> None:
    apart = "Journalists, Post: 0.0412 s apart by their acknowledgement, within the limit of 1s."
    said = what_is_told(tmp_path, Kind.SKEW, commit_seconds="0.000020")
    assert said == f"{apart} Last bytes 0.02 ms apart."
    (tmp_path / "rehearsed").mkdir()
    assert what_is_told(tmp_path / "rehearsed", Kind.SKEW, commit_seconds="0.000000") == apart
    (tmp_path / "servers").mkdir()
    by_servers = {"commit_seconds": "0.25", "server_seconds": "0.3", "server_within": "1.0"}
    assert what_is_told(tmp_path / "servers", Kind.SKEW, **by_servers) == (
        f"{apart} Last bytes 250 ms apart. By the services' own clocks 0.3 s apart (within 1 s)."
    )


def test_a_line_says_when_and_who_and_which_step(tmp_path: Path) -> None:
    _, line = tell(tmp_path, started(), Told(245, Kind.BEGUN, {"times": 2, "late": True}, "report-fault"))
    assert (line.clock, line.t_plus) == ("09:34:05", "T+4 min")
    assert line.who == "Digital officer (Communications)"
    assert line.step == "Report the fault to GOV.UK"
    assert line.text == "Begun: Report the fault to GOV.UK, time 2, after it was due."


def test_times_are_those_of_the_releases_zone_and_name_another_day(tmp_path: Path) -> None:
    summer = started(due=datetime(2018, 7, 5, 8, 30, tzinfo=UTC))
    lines = tell(tmp_path, summer, Told(86_400 * 180.2, Kind.NOTED, {"text": "x"}))
    assert "09:30:00 BST" in lines[0].text
    assert lines[0].clock == "5 Jan 09:32:10"
    assert lines[1].clock == "4 Jul 15:18:00"


def test_the_machine_and_a_person_named_as_their_role_are_named_once(tmp_path: Path) -> None:
    lines = tell(
        tmp_path,
        started(),
        Told(1, Kind.NOTED, {"text": "x"}, actor="runbook"),
        Told(2, Kind.NOTED, {"text": "x"}, actor="Communications"),
        Told(3, Kind.NOTED, {"text": "x"}, actor=""),
    )
    assert [line.who for line in lines] == ["runbook", "runbook", "Communications", "runbook"]


def test_a_late_entry_says_when_it_was_entered_and_why(tmp_path: Path) -> None:
    lines = tell(tmp_path, started(), Told(60, Kind.NOTED, {"text": "Called GOV.UK."}, late="the line was busy"))
    assert lines[1].clock == "09:31:00"
    assert lines[1].text == "Note: Called GOV.UK. Entered late, at 09:41:00: the line was busy."


def test_a_correction_stands_with_what_it_corrects(tmp_path: Path) -> None:
    lines = tell(
        tmp_path,
        started(),
        Told(60, Kind.NOTED, {"text": "Called at 09:30"}),
        Told(90, Kind.CORRECTED, {"entry": 2, "text": "Called at 09:31"}),
        Told(95, Kind.CORRECTED, {"entry": 99, "text": "nothing"}),
    )
    assert [line.corrects for line in lines] == [0, 0, 2, 99]
    assert lines[2].text == "Corrects entry 2, which says “Note: Called at 09:30”. It should say: Called at 09:31"
    assert lines[3].text == "Corrects entry 99. It should say: nothing"


def test_what_was_corrected_says_by_which_entry_the_last_if_several(tmp_path: Path) -> None:
    first, second = ({"entry": 2, "text": f"Called at 09:3{n}"} for n in (1, 2))
    note = Told(60, Kind.NOTED, {"text": "Called."})
    lines = tell(tmp_path, started(), note, Told(90, Kind.CORRECTED, first), Told(95, Kind.CORRECTED, second))
    assert [line.text for line in with_corrections(lines)] == [
        lines[0].text,
        "Note: Called. [Corrected by entry 4.]",
        *(line.text for line in lines[2:]),
    ]


def test_an_answer_is_told_in_the_words_of_the_option_else_by_its_key(tmp_path: Path) -> None:
    answered = DATA[Kind.ANSWERED]
    told = [answered | {"label": "done"}, answered, answered | {"answer": "", "label": ""}]
    lines = tell(tmp_path, Told(0, Kind.ASKED, DATA[Kind.ASKED]), *(Told(9, Kind.ANSWERED, data) for data in told))
    assert [line.text for line in lines[1:]] == [
        "Answered “Done?”: done",
        "Answered “Done?”: d",
        "Answered “Done?”: nothing",
    ]


@pytest.mark.parametrize(
    ("kinds", "left"),
    [
        ("asked answered", "2"),
        ("noted asked looked noted answered done", "1 3 4 5 6"),
        ("asked noted asked answered", "2 4"),
        ("asked asked looked done", "2 3 4"),
        ("asked looked paused resumed asked answered", "1 2 3 4 6"),
        ("asked resumed asked answered", "1 2 4"),
        ("answered", "1"),
        ("", ""),
    ],
)
def test_a_question_is_folded_into_its_answer_unless_the_run_stopped_at_it(
    tmp_path: Path, kinds: str, left: str
) -> None:
    lines = tell(tmp_path, *(Told(n, kind, DATA[kind]) for n, kind in enumerate(map(Kind, kinds.split()))))
    assert [line.sequence for line in folded(lines)] == [int(number) for number in left.split()]


def test_a_correction_of_a_message_is_told_as_one_from_intent_to_outcome(tmp_path: Path) -> None:
    intent = DATA[Kind.INTENT] | {"correction": True}
    lines = tell(
        tmp_path,
        started(),
        Told(60, Kind.INTENT, intent, "announce"),
        Told(61, Kind.OUTCOME, DATA[Kind.OUTCOME] | {"outcome": "unknown", "recipients": {}, "detail": ""}, "announce"),
    )
    assert lines[1].text == "Correction of Journalists: about to be sent on press-email to 214 recipients."
    assert lines[2].text == "Correction of Journalists: not known whether it was sent."


def test_an_address_is_told_without_a_full_stop_behind_it(tmp_path: Path) -> None:
    address = "https://x.com/example/status/94"
    receipt = {"receipt": {"id": "94", "address": address}, "recipients": {}, "detail": "Accepted"}
    lines = tell(
        tmp_path,
        started(),
        Told(60, Kind.INTENT, DATA[Kind.INTENT], "announce"),
        Told(61, Kind.OUTCOME, DATA[Kind.OUTCOME] | receipt, "announce"),
        Told(62, Kind.DONE, {"by": "hand", "evidence": {"ticket": address, "unheard-of": "x"}}, "report-fault"),
        Told(63, Kind.DONE, {"by": "hand", "evidence": {"ticket": address, "none": ""}}, "report-fault"),
    )
    assert lines[2].text == f"Journalists: sent. Accepted. It is at {address}"
    assert lines[3].text.endswith(f"Ticket number: {address}; unheard-of: x.")
    assert lines[4].text.endswith(f"Ticket number: {address}")


def test_what_somebody_wrote_cannot_steer_a_terminal_or_forge_a_line(tmp_path: Path) -> None:
    evil = "a\x1b[2J\x1b]0;owned\x07b\r\n12  09:30:00  fake\x9b31m\u202egnissim\u2066\x00\x7f\tend"
    lines = tell(tmp_path, started(), Told(60, Kind.NOTED, {"text": evil}, actor=f"x{evil}", role=""))
    harmless = "a\ufffd\ufffdb 12 09:30:00 fake\ufffd\ufffdgnissim\ufffd\ufffd\ufffd end"
    assert (lines[1].who, lines[1].text) == (f"x{harmless}", f"Note: {harmless}")


def test_a_log_that_does_not_begin_with_a_plan_is_told_in_utc(tmp_path: Path) -> None:
    [line] = tell(tmp_path, Told(0, Kind.BEGUN, {}, "report-fault"))
    assert (line.clock, line.t_plus, line.step) == ("09:30:00 UTC", "", "report-fault")
    assert line.who == "Digital officer (comms)"


def test_it_streams(tmp_path: Path) -> None:
    entries = seal(tmp_path, every_kind())
    handed_out: list[Entry] = []

    def one_by_one() -> Iterator[Entry]:
        for entry in entries:
            handed_out.append(entry)
            yield entry

    lines = timeline(one_by_one())
    assert next(lines).sequence == 1
    assert len(handed_out) == 1


def test_every_step_of_the_sample_belongs_to_its_plan() -> None:
    assert set(STEP_OF.values()) <= {step["step"]["id"] for step in started().data["plan"]["steps"]}


def test_by_hand_is_said_once_and_what_is_taken_in_again_is_not_said_to_be_left_out(tmp_path: Path) -> None:
    by_hand = {"by_hand": True, "recipients": {}, "receipt": {}, "detail": "Digital officer sent it by hand."}
    lines = tell(
        tmp_path,
        started(),
        Told(60, Kind.INTENT, DATA[Kind.INTENT], "announce"),
        Told(61, Kind.OUTCOME, DATA[Kind.OUTCOME] | by_hand, "announce"),
        Told(62, Kind.LEFT_OUT, DATA[Kind.LEFT_OUT] | {"reason": "", "taken_in": True}, "announce"),
    )
    assert lines[2].text == "Journalists: sent. Digital officer sent it by hand."
    assert lines[3].text == "Post: taken in again by Duty press manager."
