import io
import re
from datetime import UTC, datetime, timedelta

import pytest
from rich.cells import cell_len

from runbook.model.entries import Kind
from runbook.terminal.lines import LINES, line
from runbook.terminal.paper import Paper
from support.terminal_plan import DATA, DUE, PAGE, Story

SILENT = {Kind.STARTED, Kind.ASKED, Kind.ANSWERED, Kind.READY, Kind.INTENT, Kind.CLOCK}


def told(story, kind, data=None, **more):
    return "\n".join(str(found) for found in line(story.enter(kind, data, **more), story.state))


def whole_story(status="actual"):
    story = Story(status)
    story.enter(Kind.INTENT)
    return [found for kind in Kind if kind is not Kind.STARTED for found in line(story.enter(kind), story.state)]


def test_what_is_not_ready_is_said_once_by_the_table_of_the_step_or_by_its_entry():
    story = Story()
    assert told(story, Kind.NOT_READY, step="announce") == ""
    correction = DATA[Kind.NOT_READY] | {"message": "announce.post.correction"}
    assert "not ready. X refused the token." in told(story, Kind.NOT_READY, correction, step="announce")


def test_every_kind_of_entry_has_its_line():
    assert set(LINES) == set(Kind)
    assert set(DATA) == set(Kind) - {Kind.STARTED}


@pytest.mark.parametrize("kind", sorted(set(Kind) - SILENT))
def test_what_happened_is_said(kind):
    story = Story()
    story.enter(Kind.INTENT)
    assert told(story, kind).strip()


@pytest.mark.parametrize("kind", sorted(SILENT - {Kind.STARTED}))
def test_what_a_person_has_just_read_or_typed_is_not_said_again(kind):
    assert told(Story(), kind) == ""


@pytest.mark.parametrize("status", ["actual", "exercise"])
@pytest.mark.parametrize("width", [80, 60, 40])
def test_no_line_is_wider_than_the_screen_but_a_published_address(status, width, monkeypatch):
    monkeypatch.setattr(Paper, "width", width)
    out = io.StringIO()
    Paper(out).put(whole_story(status))
    for row in out.getvalue().splitlines():
        assert cell_len(row) <= width or row.strip() == PAGE


def test_without_colour_the_words_are_the_same():
    plain, coloured = io.StringIO(), io.StringIO()
    Paper(plain, plain=True).put(whole_story())
    Paper(coloured, plain=False).put(whole_story())
    assert "\x1b[" in coloured.getvalue()
    assert "\x1b" not in plain.getvalue()
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured.getvalue()) == plain.getvalue()


def test_a_step_begins_with_where_we_are_whose_turn_it_is_and_when_it_is_due():
    story = Story()
    assert told(story, Kind.BEGUN) == "\nACTUAL  2 of 7 · T+2 · Report the fault to GOV.UK · Communications · due T+5"


def test_overdue_is_said_in_words():
    story = Story("exercise")
    story.at = DUE + timedelta(minutes=8, seconds=10)
    assert "EXERCISE" in told(story, Kind.BEGUN)
    assert "due T+5, overdue by 3 min" in " ".join(told(story, Kind.BEGUN).split())


def test_a_look_says_each_sighting_and_then_the_verdict_in_one_column():
    rows = told(Story(), Kind.LOOKED).splitlines()
    assert rows[0] == "  09:32:24  Not found" + " " * 49 + "not public"
    assert rows[1].endswith("not public")
    assert "stored copies bypassed" in rows[1]
    assert rows[2].startswith("ok  Not public, also when stored copies are bypassed")
    assert rows[2].endswith("09:32:24  T+2 min")


SITE = "https://www.example.org/s"


def sightings(*seen):
    names = ("address", "bypass", "status", "seen", "found")
    data = {"location": "original", "verdict": "not public", "detail": "Seen."}
    rows = [dict(zip(names, one, strict=True)) for one in seen]
    return told(Story(), Kind.LOOKED, {**data, "sightings": rows}).splitlines()[:-1]


@pytest.mark.parametrize(
    ("status", "says"),
    [
        ("404", "not public"),
        ("500", "not public"),
        ("redirects", "not public"),
        ("timed out", "not known"),
        ("no answer", "not known"),
        ("certificate", "not known"),
        ("407", "not known"),
        ("429", "not known"),
    ],
)
def test_a_fetch_that_could_not_tell_does_not_say_not_public(status, says):
    assert sightings((SITE, False, status, False, "words"))[0].endswith(f"  {says}")


def test_a_document_is_named_and_what_was_seen_several_times_running_stands_once():
    rows = sightings(
        (SITE, True, "200", True, "the page, with the title"),
        (f"{SITE}/the%20report.pdf?runbook=1", False, "404", False, "not found"),
        (f"{SITE}/data.xlsx", True, "404", False, "not found"),
        (f"{SITE}/old/data.xlsx", True, "404", False, "not found"),
        ("https://www.example.org", True, "timed out", False, "timed out"),
    )
    assert [" ".join(row.split()[1:]) for row in rows] == [
        "the page, with the title, stored copies bypassed public",
        "the report.pdf: not found not public",
        "data.xlsx: not found, stored copies bypassed (2 times) not public",
        "timed out, stored copies bypassed not known",
    ]


def test_a_rehearsed_look_says_once_that_nothing_was_fetched():
    assert sightings((SITE, True, "rehearsed", False, "nothing was fetched")) == []


@pytest.mark.parametrize(
    ("step", "verdict", "mark"),
    [
        ("look", "not public", "ok"),
        ("look", "public", "!!"),
        ("look", "cannot tell", "??"),
        ("restored", "public", "ok"),
        ("restored", "not public", "--"),
        ("restored", "cannot tell", "??"),
    ],
)
def test_a_verdict_is_marked_by_what_was_hoped_for(step, verdict, mark):
    data = {"location": "original", "verdict": verdict, "detail": "Seen.", "sightings": []}
    assert told(Story(), Kind.LOOKED, data, step=step).startswith(f"{mark}  Seen.")


def test_done_by_hand_says_its_evidence_and_the_address_in_full():
    rows = told(Story(), Kind.DONE).splitlines()
    assert rows[0].startswith("ok  Report the fault to GOV.UK · Ticket number: 4711234")
    assert rows[1] == f"    {PAGE}"


def test_sent_says_the_proof_and_lists_who_did_not_get_it():
    story = Story()
    story.enter(Kind.INTENT)
    said = told(story, Kind.OUTCOME)
    assert re.search(r"^  09:32:31  Journalists  212 accepted, queued as 4XyZ +SENT$", said, re.MULTILINE)
    assert "2 addresses were refused:" in said
    assert "gone@example.org  550 no such user" in said


def test_in_an_exercise_sent_never_stands_alone():
    story = Story("exercise")
    story.enter(Kind.INTENT)
    assert "EXERCISE SENT" in told(story, Kind.OUTCOME)


def test_unknown_is_said_with_what_was_tried_and_what_not_to_do():
    story = Story()
    data = {"message": "announce.post", "key": "k1", "outcome": "unknown", "detail": "No answer came in 10 s."}
    story.enter(Kind.INTENT)
    said = told(story, Kind.OUTCOME, data)
    assert said.startswith("??  Post on X: we don't know whether it went out.")
    assert "Do not send it again yet. No answer came in 10 s." in said


def test_not_sent_says_that_it_is_certain():
    story = Story()
    story.enter(Kind.INTENT)
    said = told(story, Kind.OUTCOME, {"message": "announce.post", "key": "k1", "outcome": "not sent", "detail": "401"})
    assert "NOT SENT" in said
    assert "no  Post certainly did not go out." in said


@pytest.mark.parametrize(
    ("seconds", "within", "said"),
    [
        ("0.0412", True, "ok  Confirmed 0.04 seconds apart; limit 1 second"),
        ("0.0004", True, "ok  Confirmed less than 0.01 seconds apart; limit 1 second"),
        ("12.34", False, "no  Confirmed 12 seconds apart; limit 1 second"),
        ("541", False, "no  Confirmed 9 min apart; limit 1 second"),
    ],
)
def test_the_distance_is_rounded_as_a_person_would_say_it(seconds, within, said):
    assert told(Story(), Kind.SKEW, {**DATA[Kind.SKEW], "seconds": seconds, "within": within}).startswith(said)


def test_below_the_distance_stand_the_last_bytes_and_the_services_own_clocks_where_they_are_known():
    first, *more = told(Story(), Kind.SKEW, {**DATA[Kind.SKEW], "commit_seconds": "0.000020"}).splitlines()
    assert first.startswith("ok  Confirmed 0.04 seconds apart; limit 1 second")
    assert more == ["    Last bytes 0.02 ms apart."]
    by_servers = {"commit_seconds": "0.25", "server_seconds": "0.3", "server_within": "1.0"}
    assert told(Story(), Kind.SKEW, DATA[Kind.SKEW] | by_servers).splitlines()[1:] == [
        "    Last bytes 250 ms apart.",
        "    By the services' own clocks 0.3 s apart (within 1 s).",
    ]
    assert len(told(Story(), Kind.SKEW).splitlines()) == 1, "a log of an earlier version has neither"
    rehearsed = DATA[Kind.SKEW] | {"commit_seconds": "0.000000"}
    assert len(told(Story(), Kind.SKEW, rehearsed).splitlines()) == 1, "in a rehearsal nothing is written"


@pytest.mark.parametrize(
    ("seconds", "within", "said"),
    [
        ("-4.2", "0.5", "!!  This computer's clock is 4 s ahead of api.example.org's. Set it right."),
        ("7.0", "1.0", "!!  This computer's clock is 7 s behind api.example.org's. Set it right."),
        ("1.5", "0.6", ""),
        ("-0.9", "0.0", ""),
    ],
)
def test_a_clock_is_called_wrong_only_if_it_is_off_by_more_than_a_second_for_certain(seconds, within, said):
    offsets = [{"source": "api.example.org", "seconds": seconds, "within": within}]
    found = told(Story(), Kind.CLOCK, {"offsets": offsets})
    assert found.startswith(said)
    assert bool(found) == bool(said)


def test_a_journalist_on_the_line_gets_the_line_to_take_first():
    said = told(Story(), Kind.ENQUIRY).splitlines()
    assert said[0].startswith("Line to take: The release is delayed by a fault on GOV.UK.")
    assert said[-1].startswith("ok  Enquiry logged: Herald news desk, when is it out?")


def test_what_was_agreed_beforehand_is_said_as_such():
    story = Story()
    data = {**DATA[Kind.NOT_CLEARED], "agreed_beforehand": True}
    assert "agreed beforehand" in told(story, Kind.NOT_CLEARED, data)
    assert "agreed beforehand" in told(story, Kind.CLEARED, {**DATA[Kind.CLEARED], "agreed_beforehand": True})
    assert "agreed beforehand" in told(story, Kind.DECIDED, {**DATA[Kind.DECIDED], "agreed_beforehand": True})


def test_a_clearance_names_the_person_how_and_the_code():
    said = told(Story(), Kind.CLEARED)
    assert "Cleared by Deputy chief statistician, by telephone; entered by Digital officer" in " ".join(said.split())
    assert "Code 3f9a 22c1" in said


def test_a_late_entry_says_so():
    assert "Entered late, at 09:32:24: was on the telephone" in told(Story(), Kind.NOTED, late="was on the telephone")


def test_times_are_the_release_s_own_and_name_another_day():
    summer = datetime(2026, 7, 2, 8, 30, tzinfo=UTC)
    story = Story(due=summer)
    assert "09:32:24  T+2 min" in told(story, Kind.NOTED)
    story.at = summer + timedelta(hours=20)
    assert "3 Jul 05:30:07  T+20 h 0 min" in told(story, Kind.NOTED)


def test_the_end_judges_the_objectives_to_the_second():
    story = Story()
    story.at = DUE + timedelta(minutes=5, seconds=-7, milliseconds=900)
    story.enter(Kind.DONE)  # reported, 0.9 s after its five minutes: five minutes, to the second
    story.at = DUE + timedelta(minutes=15, seconds=1)
    story.state.milestones["all-public"] = story.at
    story.enter(Kind.SKEW)
    story.at = DUE + timedelta(hours=3, minutes=1)
    said = told(story, Kind.STOOD_DOWN)
    assert said.startswith("\nSTOOD DOWN 12:31:07 · 3 h 1 min after due · 4 entries\nLog seal 9c1f 07e2: note it down")
    assert re.search(r"Fault reported +after 5 min +objective 5 min +met$", said, re.MULTILINE)
    assert re.search(r"Every document public +after 15 min 1 s +objective 15 min +not met$", said, re.MULTILINE)
    assert re.search(r"E-mail and post in step +0.04 s +objective 1 s +met$", said, re.MULTILINE)
    assert "runbook log gcse-malpractice-1" in said
    assert "runbook export gcse-malpractice-1 --format markdown" in said


def test_the_end_says_what_is_still_unknown():
    story = Story()
    story.enter(Kind.INTENT)
    assert "??  Journalists: still unknown whether it went out." in told(story, Kind.STOOD_DOWN)


def test_an_entry_from_a_file_or_a_server_cannot_paint_the_screen():
    story = Story()
    out = io.StringIO()
    Paper(out, plain=False).put(
        line(story.enter(Kind.NOTED, {"text": "\x1b]0;x\x07\x1b[2J[red]no[/red] :smile:"}), story.state)
    )
    assert set(re.findall(r"\x1b\[[0-9;]*(.)", out.getvalue())) == {"m"}
    assert "\x1b]" not in out.getvalue()
    assert "[red]no[/red] :smile:" in out.getvalue()
