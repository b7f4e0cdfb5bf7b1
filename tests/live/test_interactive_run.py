"""The runner at a terminal of 80 by 24, driven by keys from roll-call to stand-down, along more than the happy path."""

import re

import pytest

from runbook.journal import chain
from runbook.model.entries import Kind
from runbook.model.outcome import Outcome
from runbook.model.state import Progress
from support.received import Log, assert_everything_received_once
from support.screen import KEYS
from support.stage import PLAYBOOK, RUN, Stage, of_kind

ENQUIRY = "Herald news desk: when is it out?"
PAGE = "https://www.gov.uk/government/publications/by-hand"


def text(terminal, question, answer):
    """Answer a question that is answered with a line of text."""
    terminal.answer(question, answer)


def begin(terminal):
    terminal.answer("Enter to practise", "", prompt="")
    for role, key in (
        ("Incident lead", ""),
        ("Communications officer", "2"),
        ("Press officer", ""),
        ("Lead statistician", ""),
        ("Head of Profession", "1"),
    ):
        terminal.answer(role, key)


def hand_over_press(terminal):
    terminal.answer("Can be done now", "h")
    terminal.choose("Press officer", "Which role?")
    terminal.answer("To whom?", "1")
    text(terminal, "Why?", "end of shift")
    terminal.expect("Press officer: Senior press officer")


def first_steps(terminal):
    """All that can be done at once: one step is skipped, the log is mended, a role is handed over."""
    terminal.choose("Put a note on the announcement page")
    terminal.answer("Done?", "s")
    text(terminal, "Why is it skipped?", "GOV.UK takes no changes")
    hand_over_press(terminal)
    terminal.answer("Can be done now", "x 3")
    text(terminal, "What should it say?", "The lead came at 09:31")
    terminal.expect("Entry 3 corrected: The lead came at 09:31")
    terminal.answer("Can be done now", "n rang the news desk")
    terminal.expect("Noted: rang the news desk")
    terminal.choose("Report the fault to GOV.UK")
    terminal.answer("Done?", "d")
    text(terminal, "Support ticket number", "")
    terminal.choose("Tell the role holders")
    terminal.answer("Nothing is sent yet.", "g")
    terminal.expect("EXERCISE SENT")
    terminal.choose("Put the documents in place")
    terminal.answer("Nothing becomes public.", "g")
    terminal.choose("Clear what we say")
    terminal.answer("Is it cleared?", "c")
    terminal.answer("Who clears?", "1")
    text(terminal, "How did they tell you?", "at the desk")
    terminal.choose("Clear release by another route")
    terminal.answer("Is it cleared?", "u")
    terminal.answer("Who did you try?", "1")
    terminal.expect("no answer, logged")
    terminal.answer("Is it cleared?", "c")
    terminal.answer("Who clears?", "2")
    text(terminal, "How did they tell you?", "by telephone")
    terminal.answer("Done?", "d")
    text(terminal, "What did you try", "Publish now, in vain.")


def decide(terminal, question, key):
    terminal.answer(question, key)
    terminal.answer("Who decides?", "1")
    text(terminal, "Why?", "It is best so.")


def publish_by_hand(terminal):
    """The manual twin of a step that the machine would do."""
    terminal.answer("Nothing is sent yet.", "m")
    terminal.answer("Nothing is sent yet.", "g")
    terminal.answer("have you sent it?", "y")
    text(terminal, "Address: the page", f"{PAGE}/")
    for name in ("report.pdf", "notes.docx", "data.xlsx"):
        text(terminal, "Address: ", f"{PAGE}/{name}")
    terminal.answer("Done?", "d")
    text(terminal, "What did you open", "All of them.")


def announce_without_the_post(terminal):
    terminal.answer("Nothing is sent yet.", "d")
    terminal.choose("Post on X", "Which one is left out?")
    text(terminal, "Why?", "X is down")
    terminal.answer("Nothing is sent yet.", "g")
    terminal.expect("EXERCISE SENT")


def the_end(terminal):
    terminal.answer("Nothing is sent yet.", "g")
    terminal.answer("Can be done now", "1")
    for question in ("What did you arrange", "Where is the statement?"):
        terminal.answer("Done?", "d")
        text(terminal, question, "https://www.gov.uk/example")
    terminal.answer("Nothing is sent yet.", "g")
    terminal.answer("Stand down?", "d")
    for question in ("What went well?", "What held us up?", "What do we change", "What did users", "When is the cold"):
        text(terminal, question, "Noted on paper.")
    terminal.expect("STOOD DOWN")


@pytest.fixture(scope="module")
def exercise(tmp_path_factory):
    """An exercise in four sittings: paused with a key, left with Ctrl-C, and taken up again each time."""
    with Stage(tmp_path_factory.mktemp("exercise")) as stage:
        stage.terminals, stage.codes = [], []
        for args, sitting in (
            (("execute", PLAYBOOK, "--dry-run"), _first_sitting),
            (("resume",), _second_sitting),
            (("resume", RUN), _third_sitting),
        ):
            with stage.spawn_pty(*args) as terminal:
                sitting(stage, terminal)
                stage.codes.append(terminal.end())
                stage.terminals.append(terminal)
        yield stage


def _first_sitting(stage, terminal):
    begin(terminal)
    first_steps(terminal)
    decide(terminal, "Leave the normal route", "1")
    decide(terminal, "Which other address?", "1")
    publish_by_hand(terminal)
    announce_without_the_post(terminal)
    terminal.answer("Will the outage last", "p")


def _second_sitting(stage, terminal):
    decide(terminal, "Will the outage last", "2")
    terminal.answer("Waiting", f"e {ENQUIRY}")
    terminal.expect("Line to take")
    terminal.expect("Waiting")
    terminal.expect(KEYS)
    terminal.control_c()


def _third_sitting(stage, terminal):
    the_end(terminal)


def test_it_is_paused_left_and_ended_with_the_right_codes(exercise):
    assert exercise.codes == [3, 130, 0]
    assert f"runbook resume {RUN}" in exercise.terminals[0].seen
    assert "Nothing is lost" in exercise.terminals[1].seen


def test_the_log_says_all_that_was_done(exercise):
    log = Log.of(exercise)
    steps = {s.id: log.state.step(s.id).progress for s in log.state.plan.steps}
    assert log.state.over
    assert steps["announcement-note"] is Progress.SKIPPED
    assert log.one(Kind.SKIPPED, reason="GOV.UK takes no changes").step == "announcement-note"
    assert log.one(Kind.CORRECTED).data == {"entry": 3, "text": "The lead came at 09:31"}
    assert log.one(Kind.NOTED).data["text"] == "rang the news desk"
    assert log.one(Kind.CALLED).data == {
        "name": log.state.plan.role("head-of-profession").people[0].name,
        "answered": False,
    }
    assert log.state.clearances["clear"].who == log.state.plan.role("head-of-profession").people[1].name
    assert log.state.holders["press"].name == "Senior press officer"
    assert log.state.holders["comms"].name == "Digital manager"
    assert [e.data["reason"] for e in log.entries if e.kind is Kind.PAUSED][-1] == "interrupted"
    assert len([e for e in log.entries if e.kind is Kind.RESUMED]) == 2
    assert chain.verify(exercise.sealed(), head=log.state.head) == []


def test_the_enquiry_was_logged_while_a_look_ran(exercise):
    log = Log.of(exercise)
    enquiry = log.one(Kind.ENQUIRY)
    looks = [e.sequence for e in log.entries if e.kind is Kind.LOOKED and e.step == "restored"]
    begun = next(e.sequence for e in log.entries if e.kind is Kind.BEGUN and e.step == "restored")
    assert begun < enquiry.sequence < looks[-1]
    assert enquiry.data["text"] == ENQUIRY
    assert enquiry.data["answered_with"].startswith("The release is delayed")


def test_what_was_done_by_hand_has_its_addresses(exercise):
    log = Log.of(exercise)
    outcomes = [e.data for e in log.entries if e.kind is Kind.OUTCOME and e.step == "alternate"]
    assert [(data["outcome"], data["by"]) for data in outcomes] == [(Outcome.SENT, "person")]
    assert all(data["by_hand"] for data in outcomes)
    assert len({data["key"] for data in outcomes}) == 1
    assert log.state.addresses["alternate"] == {
        "page": f"{PAGE}/",
        "report": f"{PAGE}/report.pdf",
        "background-notes": f"{PAGE}/notes.docx",
        "data-tables": f"{PAGE}/data.xlsx",
    }
    assert log.one(Kind.DONE, location="alternate").data["by"] == "hand"


def test_what_was_left_out_was_not_sent(exercise):
    log = Log.of(exercise)
    assert log.one(Kind.LEFT_OUT).data["message"] == "announce.post"
    assert "announce.post" not in {s.message for s in log.state.sendings.values()}
    assert log.one(Kind.OUTCOME, message="announce.journalists").data["outcome"] == Outcome.SENT


def test_an_exercise_reaches_nobody(exercise):
    assert (exercise.mail.received, exercise.x.connected, exercise.news.requests) == ([], [], [])
    assert (exercise.alternate.requests, exercise.original.requests) == ([], [])
    assert list((exercise.public / "releases").iterdir()) == []


def test_no_line_is_wider_than_the_terminal(exercise):
    assert [line for terminal in exercise.terminals for line in terminal.too_wide()] == []


def test_at_every_question_the_screen_says_exercise_and_the_time(exercise):
    screens = [shown for terminal in exercise.terminals for shown in terminal.asked]
    assert len(screens) > 50
    for shown in screens:
        assert "EXERCISE" in shown, shown
        assert re.search(r"T\+\d+", shown), shown
        assert "ACTUAL" not in shown, shown


def test_a_live_run_at_a_terminal_reaches_everybody_once(tmp_path):
    with Stage(tmp_path) as stage, stage.spawn_pty("execute", PLAYBOOK) as terminal:
        terminal.answer(f"Type {PLAYBOOK} to begin", "yes", prompt="")
        terminal.answer(f"Type {PLAYBOOK} to begin", PLAYBOOK, prompt="")
        for role in ("Incident lead", "Communications officer", "Press officer", "Lead statistician", "Head of Prof"):
            terminal.answer(role, "")
        for title in (
            "Report the fault",
            "Tell the role holders",
            "Put a note on",
            "Put the documents",
            "Clear what we",
        ):
            terminal.choose(title)
            if title == "Put the documents":
                terminal.answer("Nothing becomes public.", "g")
                continue
            if title == "Clear what we":
                terminal.answer("Is it cleared?", "c")
                terminal.answer("Who clears?", "1")
                text(terminal, "How did they tell you?", "at the desk")
                continue
            terminal.answer("Nothing is sent yet." if title == "Tell the role holders" else "Done?", "s")
            text(terminal, "Why is it skipped?", "a short day")
        terminal.choose("Clear release by another route")
        terminal.answer("Is it cleared?", "c")
        terminal.answer("Who clears?", "1")
        text(terminal, "How did they tell you?", "by telephone")
        terminal.answer("Done?", "s")
        text(terminal, "Why is it skipped?", "a short day")
        decide(terminal, "Leave the normal route", "1")
        decide(terminal, "Which other address?", "1")
        terminal.answer("Nothing is sent yet.", "g")
        terminal.answer("Done?", "d")
        text(terminal, "What did you open", "All of them.")
        assert (stage.mail.received, stage.x.made) == ([], [])
        terminal.answer("Nothing is sent yet.", "g")
        terminal.expect(", in 3 …")
        stage.wait_for(of_kind(Kind.DONE, "announce"), terminal)
        terminal.answer("Will the outage last", "p")
        assert terminal.end() == 3
        assert_everything_received_once(stage, Log.of(stage))
        assert len(stage.mail.received) == 3
        assert [post.text for post in stage.x.made] == [
            Log.of(stage).one(Kind.INTENT, message="announce.post").data["parts"]["text"]
        ]
        assert terminal.too_wide() == []
        for shown in terminal.asked[2:]:
            assert "ACTUAL" in shown, shown
            assert "EXERCISE" not in shown, shown
