"""The desk with a person at it, over a real pseudo-terminal, in a process of its own."""

import json
import os
import pty
import re
import signal
import subprocess
import sys

import pyte
import pytest

from support.terminal_session import TESTS, at_terminal, environment

DRIVER = str(TESTS / "support" / "desk_driver.py")
DONE = {
    "id": "report-fault",
    "text": "Done?",
    "options": [{"key": "d", "label": "done"}, {"key": "s", "label": "skip"}],
    "step": "report-fault",
}
TICKET = {"id": "ticket", "text": "Ticket number", "ask": "text", "required": False, "longest": 10}
KEYS = "? all keys: "


def desk(*questions, status="actual", **more):
    return at_terminal([DRIVER, json.dumps(questions), status], **more)


def reply(session):
    session.expect("REPLY ")
    return json.loads(session.expect("\r\n"))


def said(value, **more):
    return {"value": value, "who": "", "command": False, "rest": "", **more}


def test_a_key_answers():
    with desk(DONE) as session:
        above = session.expect(KEYS)
        assert "Done?" in above
        assert "ACTUAL" in above
        assert "due T+5" in above
        session.type("D")
        assert reply(session) == said("d")


def test_an_unknown_key_and_an_empty_line_are_asked_again():
    with desk(DONE) as session:
        for typed in ("q", ""):
            session.expect(KEYS)
            session.type(typed)
        session.expect("says nothing")
        session.expect(KEYS)
        assert '"q" is not one of the keys. The keys here are d, s.' in session.seen
        session.type("s")
        assert reply(session) == said("s")


def test_all_keys_are_shown_and_the_question_is_put_again():
    with desk(DONE, status="exercise") as session:
        session.expect(KEYS)
        session.type("?")
        for label in ("enquiry", "pause", "end this exercise at once", "d done · s skip"):
            session.expect(label)
        session.expect(KEYS)
        session.type("!")
        assert reply(session) == said("!", command=True)


def test_an_enquiry_is_taken_on_one_line_with_its_accents():
    with desk(DONE) as session:
        session.expect(KEYS)
        session.type("e: Le Héraut, when is it out?")
        assert reply(session) == said("e", command=True, rest="Le Héraut, when is it out?")


def test_where_we_are_is_shown_without_leaving_the_question():
    with desk(DONE) as session:
        session.expect(KEYS)
        session.type("i")
        session.expect("2 Report the fault to GOV.UK")
        session.expect(KEYS)
        session.type("d")
        assert reply(session) == said("d")


def test_a_text_is_taken_as_it_is_and_a_slash_makes_it_a_command():
    with desk(TICKET, TICKET, TICKET) as session:
        above = session.expect(KEYS)
        assert "Ticket number (Enter if none yet)" in above
        assert "ACTUAL" in above
        assert "/b go back · /e enquiry · /" in above
        session.type("4711 e")
        assert reply(session) == said("4711 e")
        session.expect(KEYS)
        session.type("/n they are slow")
        assert reply(session) == said("n", command=True, rest="they are slow")
        session.expect(KEYS)
        session.type("")
        assert reply(session) == said("")


def test_a_text_that_looks_like_a_key_is_taken_when_it_is_typed_again():
    with desk(TICKET) as session:
        for typed in ("e 4711", "h 4711", "h 4711"):
            session.expect(KEYS)
            session.type(typed)
        assert reply(session) == said("h 4711")
        assert session.seen.count("Did you mean /") == 2
        assert session.seen.count("Ticket number") == 3


def test_a_text_that_does_not_fit_is_asked_again():
    with desk(TICKET, {**TICKET, "address": True, "longest": 200}) as session:
        session.expect(KEYS)
        session.type("123456789012")
        session.expect("at most 10 fit. Shorten it by 2.")
        session.expect("Ticket number (Enter if none yet)")
        session.expect(KEYS)
        session.type("4711234")
        assert reply(session) == said("4711234")
        session.expect(KEYS)
        session.type("example.org")
        session.expect("Paste it whole")
        session.expect(KEYS)
        session.type("https://www.example.org/a")
        assert reply(session) == said("https://www.example.org/a")


def test_the_start_for_real_is_typed_out_and_nothing_else_will_do():
    question = {"id": "begin", "text": "Type gov-uk-failure to begin", "ask": "typed", "expected": "gov-uk-failure"}
    with desk(question) as session:
        for wrong in ("y", "", "GOV-UK-FAILURE", "gov-uk-failur"):
            session.expect("Type gov-uk-failure to begin: ")
            session.type(wrong)
            session.expect("Type gov-uk-failure exactly")
        session.expect("begin: ")
        session.type("gov-uk-failure")
        assert reply(session) == said("gov-uk-failure")


def test_what_was_typed_before_the_question_stood_there_does_not_answer_it():
    question = {"id": "announce.go", "text": "Nothing is sent yet.", "options": [{"key": "g", "label": "send now"}]}
    with desk(DONE, {**question, "busy": True}) as session:
        session.expect(KEYS)
        session.type("d")
        session.expect("BUSY\r\n")
        session.type("g")
        session.expect("g\r\n")  # the terminal has it; the question does not stand yet
        session.process.send_signal(signal.SIGUSR2)
        session.expect('not taken: "g"')
        assert "REPLY" not in session.expect(KEYS)
        session.type("g")
        assert reply(session) == said("g")


def test_a_look_interrupts_and_the_question_is_put_again_short():
    question = {"id": "next", "text": "Can be done now", "listed": True, "options": [{"key": "1", "label": "Report"}]}
    with desk(question) as session:
        assert "Can be done now" in session.expect(KEYS)
        session.process.send_signal(signal.SIGUSR1)
        again = session.expect("seen by restored") + session.expect(KEYS)
        assert "Can be done now" not in again
        assert "\r\nNumber" in re.sub(r"\x1b\[[0-9;]*m", "", again)
        session.type("1")
        assert reply(session) == said("1")


def test_what_is_half_typed_survives_an_interruption():
    with desk(TICKET) as session:
        session.expect(KEYS)
        session.type("4711", end="")
        session.expect("4711")
        session.process.send_signal(signal.SIGUSR1)
        session.expect("seen by restored")
        session.expect("Ticket number (Enter if none yet)")
        session.expect(KEYS)
        session.type("234")
        assert reply(session) == said("4711234")


def test_a_look_that_sees_the_same_again_leaves_the_prompt_in_peace():
    looked = [
        "looked",
        {"location": "original", "verdict": "not public", "detail": "Not public", "sightings": []},
        "restored",
    ]
    with desk(
        {**DONE, "tell": [looked], "seconds": 0.1, "again": False},
        {**DONE, "tell": [looked], "seconds": 0.1, "again": False},
        DONE,
        env={"NO_COLOR": "1"},
    ) as session:
        session.expect(KEYS)
        session.expect("TIMER")  # printed by the driver behind the desk's back, so the desk has nothing to close
        session.expect("TIMER")
        session.type("d")
        assert reply(session) == said("d")
        assert session.seen.count(KEYS.strip()) == 1


def test_a_moment_that_comes_ends_the_wait():
    with desk({"id": "wait", "text": "Waiting.", "ask": "wait", "seconds": 0.2, "again": False}) as session:
        assert "Waiting." in session.expect("p pause")
        session.expect("TIMER")


def test_ctrl_c_leaves_at_once():
    with desk(DONE) as session:
        session.expect(KEYS)
        session.type("\x03", end="")
        session.expect("INTERRUPTED")
        session.end()
        assert session.process.returncode == 130


def test_the_end_of_the_input_leaves_the_run_and_says_how_to_go_on():
    with desk(DONE) as session:
        session.expect(KEYS)
        session.type("\x04", end="")
        session.expect("LEFT Nobody is at the terminal any more")
        session.expect("`runbook resume gcse-malpractice-1` carries on.")
        session.end()
        assert session.process.returncode == 3


def test_a_terminal_that_vanishes_leaves_the_run(tmp_path):
    master, slave = pty.openpty()
    result = tmp_path / "result"
    child = subprocess.Popen(
        [sys.executable, DRIVER, json.dumps([DONE]), "actual", str(result)],
        stdin=slave,
        stdout=slave,
        stderr=subprocess.PIPE,
        env=environment(),
    )
    os.close(slave)
    assert os.read(master, 1)
    os.close(master)
    assert child.communicate(timeout=20) == (None, b"")
    assert child.returncode == 3
    assert result.read_text().startswith("LEFT Nobody is at the terminal any more")


def test_a_pipe_that_ends_is_no_yes():
    done = subprocess.run(
        [sys.executable, DRIVER, json.dumps([DONE]), "actual"],
        input="d\nd\n", capture_output=True, text=True, env=environment(), timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 3
    assert done.stderr == ""
    assert "\x1b" not in done.stdout
    assert "REPLY" not in done.stdout or "not taken" not in done.stdout


def test_output_into_a_closed_pipe_does_not_end_the_run(tmp_path):
    result = tmp_path / "result"
    reading, writing = os.pipe()
    os.close(reading)
    child = subprocess.run(
        [sys.executable, DRIVER, json.dumps([DONE]), "actual", str(result)],
        stdin=subprocess.DEVNULL, stdout=writing, stderr=subprocess.PIPE, env=environment(), timeout=60, check=False,
    )  # fmt: skip
    os.close(writing)
    assert child.stderr == b""
    assert child.returncode == 3
    assert result.read_text().startswith("LEFT")


@pytest.mark.parametrize("env", [{}, {"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_no_escape_sequence_from_untrusted_text_reaches_the_terminal(env):
    evil = "\x1b]0;owned\x07\x1b[2J\x9b2J\x1b]52;c;ZXZpbA==\x07\u202eevil"
    question = {
        **DONE,
        "text": evil,
        "options": [{"key": "d", "label": evil}],
        "tell": [["noted", {"text": evil}]],
        "show": [evil],
    }
    with desk(question, env=env) as session:
        session.expect(KEYS)
        session.type("\x1b]0;owned\x1b[2Jevil")  # the terminal itself echoes it as ^[
        session.expect(KEYS)
        session.type("d")
        assert reply(session) == said("d")
        ours = re.sub(r"\x1b\[[0-9;]*m", "", session.seen)
        assert "evil" in ours
        assert not re.search("[\x1b\x9b\x9d\x07\u202e]", ours)
        assert ("\x1b[" in session.seen) is (not env)


def test_the_screen_shows_the_same_words_with_and_without_colour():
    seen = []
    for env in ({}, {"NO_COLOR": "1"}, {"TERM": "dumb"}):
        with desk({**DONE, "tell": [["begun", {"times": 1}], ["noted", {"text": "slow"}]]}, env=env) as session:
            session.expect(KEYS)
            screen = pyte.Screen(80, 24)
            pyte.Stream(screen).feed(session.seen)
            seen.append([row.rstrip() for row in screen.display if row.strip()])
    assert seen[0][0].startswith("ACTUAL  2 of 7 · T+2 · Report the fault to GOV.UK")
    assert seen[0][-1] == "d done · s skip · e enquiry · n note · h hand over · ? all keys:"
    # the time at the question's edge is the real clock's
    without_time = [[re.sub(r"T\+.*ACTUAL", "", row) for row in rows] for rows in seen]
    assert without_time[0] == without_time[1] == without_time[2]


def test_a_small_window_is_respected():
    with desk({**DONE, "tell": [["noted", {"text": "word " * 30}]]}, columns=48, env={"NO_COLOR": "1"}) as session:
        assert all(len(row) <= 48 for row in session.expect(KEYS).split("\r\n"))


def test_the_long_wait_says_what_was_seen_last_who_is_on_and_once_that_one_may_go():
    looked = {"location": "original", "verdict": "not public", "detail": "Not public", "sightings": []}
    waiting = {
        "id": "wait",
        "text": "Waiting",
        "ask": "wait",
        "listed": True,
        "options": [{"key": "1", "label": "Wait for it", "hint": "looking", "step": "restored"}],
    }
    first = {**waiting, "tell": [["on", {"role": "comms", "name": "Digital officer"}], ["looked", looked, "restored"]]}
    with desk(first, waiting, env={"NO_COLOR": "1"}) as session:
        said_first = session.expect(KEYS)
        assert "1 Wait for it  last look 09:32:31: not public; one every 15 s" in said_first
        assert "\r\nOn: Digital officer (Communications)\r\n" in said_first
        assert "You may close this window; `runbook resume` carries on." in said_first
        session.type("n slow")
        assert reply(session) == said("n", command=True, rest="slow")
        again = session.expect(KEYS)
        assert "On: Digital officer" in again
        assert "You may close" not in again


def test_what_follows_ctrl_c_begins_a_line_of_its_own():
    stopped = {"messages": ["announce.post"], "why": "stopped by hand in the countdown"}
    with desk({**DONE, "busy": True, "tell": [["stopped", stopped]]}) as session:
        session.expect("BUSY\r\n")
        session.type("^C", end="")  # as the terminal shows it
        session.expect("^C")
        session.process.send_signal(signal.SIGUSR2)
        assert session.expect("Stopped.").startswith("\r\n")
