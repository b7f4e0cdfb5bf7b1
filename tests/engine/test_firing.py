"""Messages sent together: all armed or none fires, the intent before the act, the outcome after it."""

import os
import signal
import threading
from datetime import timedelta

import pytest

from runbook.clock import SystemClock
from runbook.engine import barrier
from runbook.journal.sqlite import SqliteJournal
from runbook.model.entries import Kind
from runbook.model.outcome import Answer, Found, Outcome, Receipt, Result
from support.scripted import DUE, RUN, SHORT, STAND_DOWN, plan_of, together

EARLY = DUE - timedelta(minutes=10)


def announced(start, **more):
    """Return a run with one step that sends an e-mail and a post, and the end."""
    stage = start(plan_of(together(**more.pop("step", {})), STAND_DOWN), **more)
    stage.desk.say(announce__go="g", stand_down="d")
    return stage


def press_ctrl_c(_=None):
    os.kill(os.getpid(), signal.SIGINT)


def test_all_go_at_one_instant_and_each_outcome_is_logged(start):
    stage = announced(start)
    assert stage.work() == "over"
    assert stage.outcomes() == {"announce.mail": "sent", "announce.post": "sent"}
    assert stage.mail.keys == [f"{RUN}/announce.mail/1/1"]
    order = [
        k for k in stage.kinds() if k in (Kind.READY, Kind.STAGED, Kind.INTENT, Kind.OUTCOME, Kind.SKEW, Kind.DONE)
    ]
    assert order[:7] == [Kind.READY] * 2 + [Kind.STAGED] + [Kind.INTENT] * 2 + [Kind.OUTCOME] * 2
    assert order[7:9] == [Kind.SKEW, Kind.DONE]


def test_every_intent_is_in_the_file_before_the_first_release(start):
    stage = announced(start)
    seen = []

    def look_into_the_file(_):
        with SqliteJournal(stage.path) as other:
            seen.append([e.data["message"] for e in other.read(RUN) if e.kind is Kind.INTENT])

    stage.mail.does["release"] = look_into_the_file
    stage.work()
    assert seen == [["announce.mail", "announce.post"]]


def test_none_goes_while_one_is_not_ready(start):
    stage = announced(start)
    stage.x.does["ready"] = "X refused the token."
    stage.desk.say(announce__go=["r", "b"])
    stage.work()
    assert "g" not in stage.desk.keys("announce.go")
    assert stage.mail.keys == []
    assert [s.discarded for s in stage.mail.stagings] == [True, True]


def test_an_optional_message_does_not_hold_the_others(start):
    messages = dict(together()["messages"])
    messages["post"] = {**messages["post"], "optional": True}
    stage = announced(start, step={"messages": messages})
    stage.x.does["ready"] = "X is down."
    stage.desk.say(announce__go=["g", "d"], announce__left_out="X is down")
    assert stage.work() == "over"
    assert (len(stage.mail.keys), stage.x.keys) == (1, [])
    assert [e.data["reason"] for e in stage.of(Kind.LEFT_OUT)] == ["X is down"]


def test_what_is_left_out_needs_a_reason_and_the_others_go(start):
    stage = announced(start)
    stage.x.does["ready"] = "X is down."
    stage.desk.say(announce__go=["d", "g"], announce__which="2", announce__left_out="the service is down")
    assert stage.work() == "over"
    assert stage.outcomes() == {"announce.mail": "sent"}
    left = stage.of(Kind.LEFT_OUT)[0]
    assert (left.data["message"], left.data["who"]) == ("announce.post", "Duty officer")


def test_one_that_cannot_be_staged_stops_all_with_nothing_sent(start):
    stage = announced(start)
    stage.mail.does["stage"] = "The server hung up."
    stage.desk.say(announce__go=["g", "b"])
    stage.work()
    assert (stage.mail.keys, stage.x.keys) == ([], [])
    assert "The server hung up." in stage.of(Kind.STOPPED)[0].data["why"]
    assert all(s.discarded for s in stage.x.stagings)
    assert Kind.INTENT not in stage.kinds()


def test_one_not_held_at_zero_stops_all_with_nothing_sent(start):
    stage = announced(start)

    asked = []

    def lose_it_after_staging(_):
        stage.x.drops = bool(asked)
        asked.append(1)

    stage.x.does["held"] = lose_it_after_staging
    stage.desk.say(announce__go=["g", "b"])
    stage.work()
    assert (stage.mail.keys, stage.x.keys) == ([], [])
    assert "lost" in stage.of(Kind.STOPPED)[0].data["why"]


def test_a_channel_that_fails_in_asking_whether_it_holds_stops_all(start):
    stage = announced(start)
    calls = []

    def fail_the_second_time(_):
        calls.append(1)
        if len(calls) > 1:
            raise OSError("gone")

    stage.x.does["held"] = fail_the_second_time
    stage.desk.say(announce__go=["g", "b"])
    stage.work()
    assert stage.mail.keys == []
    assert "OSError" in stage.of(Kind.STOPPED)[0].data["why"]


def test_ctrl_c_in_the_countdown_sends_nothing_and_the_table_returns(start):
    stage = announced(start)
    ticks = []

    def sleep_with_ctrl_c(seconds, sleep=stage.clock.sleep):
        if seconds > 2 and not ticks:
            ticks.append(1)
            raise KeyboardInterrupt
        sleep(seconds)

    stage.clock.sleep = sleep_with_ctrl_c
    stage.desk.say(announce__go=["g", "b"])
    stage.work()
    assert ticks
    assert (stage.mail.keys, stage.x.keys) == ([], [])
    assert stage.of(Kind.STOPPED)[0].data["why"] == "stopped by hand in the countdown"
    assert [q.id for q in stage.desk.asked].count("announce.go") == 2


def test_ctrl_c_while_the_intents_are_written_still_sends_nothing_and_says_so(start):
    stage = announced(start)
    append = stage.journal.append

    def append_and_press(run, facts, after):
        entries = append(run, facts, after)
        if any(fact.kind is Kind.INTENT for fact in facts) and not stage.of(Kind.STOPPED):
            press_ctrl_c()
        return entries

    stage.journal.append = append_and_press
    stage.desk.say(announce__go=["g", "b"])
    stage.work()
    assert (stage.mail.keys, stage.x.keys) == ([], [])
    assert stage.outcomes() == {"announce.mail": "not sent", "announce.post": "not sent"}
    assert len(stage.of(Kind.STOPPED)) == 1


def test_ctrl_c_in_the_release_lets_the_others_go_and_leaves_a_run_that_resumes(start):
    stage = announced(start)
    stage.mail.does["release"] = press_ctrl_c
    with pytest.raises(KeyboardInterrupt):
        stage.work()
    assert (len(stage.mail.keys), len(stage.x.keys)) == (1, 1)
    assert stage.kinds()[-1] is Kind.PAUSED
    stage.mail.found = [Found(answer=Answer.THERE, receipt=Receipt(id="1"))]
    stage.x.found = [Found(answer=Answer.THERE, receipt=Receipt(id="2"))]
    resumed = stage.again(announce__go="g", stand_down="d")
    assert resumed.work() == "over"
    assert (len(stage.mail.keys), len(stage.x.keys)) == (1, 1)
    assert stage.outcomes() == {"announce.mail": "sent", "announce.post": "sent"}


def test_ctrl_c_between_two_releases_lets_the_second_go(start):
    stage = announced(start)
    monotonic = stage.clock.monotonic

    def press_after_the_first_release():
        if len(stage.mail.keys) == 1 and not stage.x.keys:
            press_ctrl_c()
        return monotonic()

    stage.clock.monotonic = press_after_the_first_release
    with pytest.raises(KeyboardInterrupt):
        stage.work()
    assert (len(stage.mail.keys), len(stage.x.keys)) == (1, 1)


def test_ctrl_c_while_an_entry_is_stored_leaves_a_log_that_goes_on(start):
    stage = announced(start)
    append = stage.journal.append

    def append_and_press(run, facts, after):
        entries = append(run, facts, after)
        if any(fact.kind is Kind.BEGUN for fact in facts):
            press_ctrl_c()
        return entries

    stage.journal.append = append_and_press
    with pytest.raises(KeyboardInterrupt):
        stage.work()
    assert stage.kinds()[-2:] == [Kind.BEGUN, Kind.PAUSED]


def test_a_release_that_fails_does_not_stop_the_others(start):
    stage = announced(start)

    def fail(_):
        raise OSError("broken pipe")

    stage.mail.does["release"] = fail
    stage.mail.results = [Result(outcome=Outcome.UNKNOWN, detail="nobody knows")]
    stage.mail.found = [Found(answer=Answer.THERE, receipt=Receipt(id="1"))]
    assert stage.work() == "over"
    assert len(stage.x.keys) == 1
    assert sorted(e.data["outcome"] for e in stage.of(Kind.OUTCOME)) == ["sent", "sent", "unknown"]


def test_a_result_that_cannot_be_read_is_unknown(start):
    stage = announced(start)

    def fail(_):
        raise ValueError("no such answer")

    stage.x.does["result"] = fail
    stage.x.found = [Found(answer=Answer.THERE, receipt=Receipt(id="1"))]
    assert stage.work() == "over"
    unknown = [e for e in stage.of(Kind.OUTCOME) if e.data["outcome"] == "unknown"]
    assert [e.data["message"] for e in unknown] == ["announce.post"]


def test_only_what_certainly_failed_is_sent_again_and_under_a_new_key(start):
    stage = announced(start)
    stage.x.results = [Result(outcome=Outcome.NOT_SENT, detail="429")]
    assert stage.work() == "over"
    assert stage.mail.keys == [f"{RUN}/announce.mail/1/1"]
    assert stage.x.keys == [f"{RUN}/announce.post/1/1", f"{RUN}/announce.post/1/2"]


def test_an_unknown_is_asked_of_the_channel_then_of_a_person_and_never_sent_again(start):
    stage = announced(start)
    stage.x.results = [Result(outcome=Outcome.UNKNOWN, detail="no answer")]
    stage.desk.say(announce__post__there="y", announce__post__address="https://x.example.org/1")
    assert stage.work() == "over"
    assert len(stage.x.keys) == 1
    assert [e.data["answer"] for e in stage.of(Kind.SOUGHT)] == ["cannot tell"]
    last = stage.of(Kind.OUTCOME)[-1].data
    assert (last["outcome"], last["by"], last["receipt"]["address"]) == ("sent", "person", "https://x.example.org/1")


def test_an_unknown_that_is_certainly_absent_can_be_sent_again(start):
    stage = announced(start)
    stage.x.results = [Result(outcome=Outcome.UNKNOWN)]
    stage.x.found = [Found(answer=Answer.ABSENT, detail="not in the timeline")]
    assert stage.work() == "over"
    assert len(stage.x.keys) == 2
    assert len(set(stage.x.keys)) == 2


def test_one_who_has_not_got_an_e_mail_does_not_speak_for_the_whole_list(start):
    stage = announced(start)
    stage.mail.results = [Result(outcome=Outcome.UNKNOWN, detail="no answer")]
    stage.desk.on("announce.mail.there", ["n", "y"])
    stage.desk.say(announce__mail__nobody="w")
    assert stage.work() == "over"
    assert len(stage.mail.keys) == 1
    assert stage.outcomes()["announce.mail"] == "sent"


def test_where_nobody_has_an_e_mail_it_is_offered_again(start):
    stage = announced(start)
    stage.mail.results = [Result(outcome=Outcome.UNKNOWN, detail="no answer")]
    stage.desk.say(announce__mail__there="n", announce__mail__nobody="n")
    assert stage.work() == "over"
    assert stage.mail.keys == [f"{RUN}/announce.mail/1/1", f"{RUN}/announce.mail/1/2"]
    asked = next(q.text for q in stage.desk.asked if q.id == "announce.mail.nobody")
    assert asked.startswith("Nobody of 2 has it?")


def test_ctrl_c_while_the_answers_are_awaited_waits_for_them_and_then_pauses(start):
    stage = announced(start)
    stage.mail.does["result"] = press_ctrl_c
    with pytest.raises(KeyboardInterrupt):
        stage.work()
    assert stage.outcomes() == {"announce.mail": "sent", "announce.post": "sent"}
    assert stage.kinds()[-1] is Kind.PAUSED


def test_ctrl_c_at_the_instant_loses_no_outcome(start):
    stage = announced(start)
    stage.mail.does["release"] = press_ctrl_c
    with pytest.raises(KeyboardInterrupt):
        stage.work()
    assert stage.outcomes() == {"announce.mail": "sent", "announce.post": "sent"}
    assert [e.kind for e in stage.entries[-2:]] == [Kind.SKEW, Kind.PAUSED]


def test_ctrl_c_while_it_is_armed_and_again_while_that_is_told_leaves_no_doubt_that_nothing_left(start):
    stage = announced(start)
    stage.mail.does["arm"] = press_ctrl_c
    tell = stage.desk.tell

    def tell_and_press(entry, state):
        tell(entry, state)
        if entry.kind is Kind.STOPPED:
            press_ctrl_c()

    stage.desk.tell = tell_and_press
    with pytest.raises(KeyboardInterrupt):
        stage.work()
    assert (stage.mail.keys, stage.x.keys) == ([], [])
    assert stage.outcomes() == {"announce.mail": "not sent", "announce.post": "not sent"}


def test_a_screen_that_fails_keeps_no_outcome_out_of_the_log(start):
    stage = announced(start)
    tell = stage.desk.tell

    def fail(entry, state):
        if entry.kind is Kind.INTENT:
            raise OSError("the terminal is gone")
        tell(entry, state)

    stage.desk.tell = fail
    with pytest.raises(OSError, match="the terminal is gone"):
        stage.work()
    assert stage.outcomes() == {"announce.mail": "sent", "announce.post": "sent"}


def test_an_address_that_is_refused_only_when_the_text_is_made_anew_stops_it(start):
    messages = {"mail": {**together()["messages"]["mail"], "body": "Out at \ue000now.clock\ue001."}}
    stage = announced(start, step={"messages": messages})
    stage.desk.on("announce.go", [lambda: stage.clock.sleep(300) or "g", "b"])
    stage.mail.does["ready"] = lambda _: setattr(
        stage.mail, "refused", {"news@example.org": "450"} if stage.mail.stagings else {}
    )
    stage.work()
    assert stage.mail.keys == []
    assert "1 more address is refused now: news@example.org" in stage.of(Kind.STOPPED)[0].data["why"]


def test_ctrl_c_twice_leaves_without_the_answers_and_resuming_asks_for_them(start):
    stage = announced(start)
    gate = threading.Event()

    def press_twice(_):
        press_ctrl_c()
        threading.Timer(0.2, press_ctrl_c).start()
        gate.wait(10)

    stage.mail.does["result"] = press_twice
    with pytest.raises(KeyboardInterrupt):
        stage.work()
    gate.set()
    assert "announce.mail" not in stage.outcomes()
    stage.mail.does.clear()
    stage.mail.found = [Found(answer=Answer.THERE, receipt=Receipt(id="1"))]
    assert stage.again(announce__go="g", stand_down="d").work() == "over"
    assert len(stage.mail.keys) == 1


def test_a_person_may_wait_and_have_the_channel_asked_again(start):
    stage = announced(start)
    stage.x.results = [Result(outcome=Outcome.UNKNOWN)]
    stage.x.found = [Found(answer=Answer.CANNOT_TELL), Found(answer=Answer.THERE, receipt=Receipt(id="7"))]
    stage.desk.say(announce__post__there="w")
    assert stage.work() == "over"
    assert [e.data["answer"] for e in stage.of(Kind.SOUGHT)] == ["cannot tell", "there"]


def test_a_message_done_by_hand_is_what_the_person_says(start):
    stage = announced(start)
    stage.desk.say(announce__go=["m", "g"], announce__which="2")
    stage.desk.say(announce__post__there="y", announce__post__address="https://x.example.org/9")
    assert stage.work() == "over"
    assert stage.x.keys == stage.channels["by-hand"].keys == []
    assert stage.outcomes() == {"announce.mail": "sent", "announce.post": "sent"}
    assert [e.data["channel"] for e in stage.of(Kind.INTENT)] == ["mail", "by-hand"]


def test_a_message_can_go_by_its_other_channel(start):
    messages = dict(together()["messages"])
    messages["post"] = {**messages["post"], "otherwise": "second"}
    stage = announced(start, step={"messages": messages})
    stage.channels["second"] = type(stage.x)("mastodon")
    stage.x.results = [Result(outcome=Outcome.NOT_SENT, detail="403")]
    stage.desk.say(announce__go=["g", "a", "g"])
    assert stage.work() == "over"
    assert (len(stage.mail.keys), len(stage.x.keys)) == (1, 1)
    assert stage.channels["second"].keys == [f"{RUN}/announce.post/1/2"]


def test_what_is_viewed_is_not_made_ready_again(start):
    stage = announced(start)
    stage.desk.say(announce__go=["v", "v", "g"])
    stage.work()
    assert [name for name, _ in stage.mail.events].count("ready") == 1


def test_a_text_with_the_time_is_built_again_at_the_last_moment(start):
    messages = {"post": {"channel": "x", "text": "Out at \ue000now.clock\ue001.", "correction": {"text": "No"}}}
    stage = announced(start, step={"messages": messages})
    stage.desk.say(announce__go=lambda: stage.clock.sleep(300) or "g")
    stage.work()
    assert stage.x.texts == ["Out at 09:36."]
    assert [s.discarded for s in stage.x.stagings[:-1]] == [True]


def test_a_message_with_a_value_that_is_not_known_cannot_go(start):
    messages = {
        "post": {"channel": "x", "text": "See \ue000address.alternate.page\ue001", "correction": {"text": "No"}}
    }
    stage = announced(start, step={"messages": messages})
    stage.desk.say(announce__go="b")
    stage.work()
    assert "g" not in stage.desk.keys("announce.go")
    assert stage.of(Kind.NOT_READY)[0].data["detail"] == (
        'It needs the address of "alternate", which is not published yet (or was skipped).'
    )


# --- nothing before its time ----------------------------------------------------------------------------------------


def test_nothing_leaves_before_it_is_due_though_go_was_pressed(start):
    stage = announced(start, at=EARLY)
    at = []
    stage.mail.does["release"] = stage.x.does["release"] = lambda _: at.append(stage.clock.now())
    assert stage.work() == "over"
    assert len(at) == 2
    assert min(at) >= DUE


def test_who_waits_for_the_due_time_can_go_back_to_other_work(start):
    stage = announced(start, at=EARLY)
    stage.desk.say(announce__due="b")
    stage.desk.say(announce__go=["g", "b"])
    stage.work()
    assert (stage.mail.keys, stage.x.keys) == ([], [])
    assert all(s.discarded for s in stage.mail.stagings)


def test_an_alert_to_the_team_leaves_at_once(start):
    alert = {"roles": {"channel": "mail", "to": "roles", "audience": "roles", "subject": "Act", "body": "now"}}
    stage = announced(start, step={"messages": alert}, at=EARLY)
    assert stage.work() == "over"
    assert stage.of(Kind.INTENT)[0].at < DUE


def test_a_clock_set_back_in_the_countdown_stops_it(start):
    stage = announced(start, at=DUE)
    now = stage.clock.now
    stage.mail.does["stage"] = lambda _: setattr(stage.clock, "now", lambda: now() - timedelta(minutes=5))
    stage.desk.say(announce__go=["g", "b"], announce__due="b")
    stage.work()
    assert (stage.mail.keys, stage.x.keys) == ([], [])
    assert "not due" in stage.of(Kind.STOPPED)[0].data["why"]


# --- too late -------------------------------------------------------------------------------------------------------


def test_what_becomes_ready_too_late_is_given_up_when_it_comes(start):
    stage = announced(start, limits=SHORT)
    gate = threading.Event()
    stage.x.does["ready"] = lambda _: gate.wait(10)
    stage.desk.say(announce__go="b")
    stage.work()
    gate.set()
    late = _soon(lambda: stage.x.stagings and stage.x.stagings[0].discarded)
    assert late
    assert "not ready in" in stage.of(Kind.NOT_READY)[0].data["detail"]


def test_what_is_staged_too_late_is_given_up_and_never_released(start):
    stage = announced(start, limits=SHORT)
    gate = threading.Event()
    stage.x.does["stage"] = lambda _: gate.wait(10)
    stage.desk.say(announce__go=["g", "b"])
    stage.work()
    gate.set()
    assert _soon(lambda: stage.x.stagings[0].staged and stage.x.stagings[0].discarded)
    assert (stage.mail.keys, stage.x.keys) == ([], [])


def test_no_answer_in_time_is_unknown(start):
    stage = announced(start)
    gate = threading.Event()
    stage.x.does["result"] = lambda _: gate.wait(10)
    message = stage.plan.message("announce.post")
    job = barrier.Job(message, "k", "x", stage.x, stage.x.build(message.draft))
    barrier.make_ready([job], timedelta(seconds=1), SystemClock())
    barrier.stage([job], timedelta(seconds=1), SystemClock())
    barrier.release([job], stage.clock)
    ((_, result),) = barrier.results([job], timedelta(seconds=-4.9), stage.clock)
    gate.set()
    assert result.outcome is Outcome.UNKNOWN


def _soon(holds) -> bool:
    """Whether something comes true within five seconds."""
    pause = threading.Event()
    for _ in range(500):
        if holds():
            return True
        pause.wait(0.01)
    return False
