"""In step: kept warm until they are staged, armed before anything is written, the quick ones held for the slow one."""

import gc
import sys
import threading
from datetime import timedelta

import pytest

from runbook.clock import SystemClock
from runbook.engine import barrier
from runbook.engine.run import Limits
from runbook.model.entries import Fact, Kind
from runbook.model.lining_up import ENOUGH
from runbook.model.outcome import Offset, Outcome, Receipt, Result
from support.scripted import DUE, STAND_DOWN, plan_of, together

EARLY = DUE - timedelta(minutes=10)


def announced(start, **more):
    stage = start(plan_of(together(**more.pop("step", {})), STAND_DOWN), **more)
    stage.desk.say(announce__go="g", stand_down="d")
    return stage


def learnt(stage, *, sendings=ENOUGH, **seconds):
    """Put into the log that so many earlier sendings of each channel took so many seconds."""
    data = {"message": "m", "key": "k", "outcome": "sent", "way": "0"}
    facts = [
        Fact(kind=Kind.OUTCOME, at=DUE, data={**data, "channel": channel, "took": f"{took}"})
        for channel, took in seconds.items()
        for _ in range(sendings)
    ]
    stage.journal.append("earlier", facts, 0)


def moments(stage, *names):
    """Have each channel note when it was released; return the notes."""
    noted = {}
    for name in names:
        stage.channels[name].does["release"] = lambda _, name=name: noted.setdefault(name, stage.clock.monotonic())
    return noted


# --- the quick wait for the slow -----------------------------------------------------------------------------------


def test_the_quick_channel_waits_for_the_slow_one_by_what_earlier_sendings_took(start):
    stage = announced(start)
    learnt(stage, mail=0.35, x=0.6)
    noted = moments(stage, "mail", "x")
    assert stage.work() == "over"
    assert noted["mail"] - noted["x"] == pytest.approx(0.25)
    data = stage.of(Kind.STAGED)[0].data
    assert data["holds"] == {"announce.mail": "0.250000"}
    assert data["learnt"]["x"] == {"seconds": "0.600000", "sendings": ENOUGH, "newest": "earlier"}
    table = next(sheet for sheet in stage.desk.shown if sheet.heading == "To be sent")
    assert table.notes == (f"Mail: waits 0.25 s for Post (learnt from {ENOUGH} sendings).",)


def test_nobody_waits_where_the_workspace_says_so(start):
    stage = announced(start, limits=Limits(line_up=False))
    learnt(stage, mail=0.35, x=0.6)
    noted = moments(stage, "mail", "x")
    assert stage.work() == "over"
    assert noted["mail"] == noted["x"]
    assert "holds" not in stage.of(Kind.STAGED)[0].data


def test_nobody_waits_on_too_few_sendings(start):
    stage = announced(start)
    learnt(stage, sendings=ENOUGH - 1, mail=0.35, x=0.6)
    noted = moments(stage, "mail", "x")
    assert stage.work() == "over"
    assert noted["mail"] == noted["x"]


def test_nobody_waits_longer_than_its_server_holds_it(start):
    stage = announced(start)
    learnt(stage, mail=0.1, x=30.0)
    stage.mail.hold_limit = timedelta(seconds=8)
    noted = moments(stage, "mail", "x")
    assert stage.work() == "over"
    assert noted["mail"] - noted["x"] == pytest.approx(8 - 3 - 1)


def test_what_each_took_is_in_the_log_for_the_next_time(start):
    stage = announced(start)
    stage.mail.results = [Result(outcome=Outcome.SENT, took=0.35, way=0.01)]
    assert stage.work() == "over"
    (timing,) = stage.journal.timings("mail", 9)
    assert (timing.took, timing.way) == (0.35, 0.01)
    assert stage.journal.timings("x", 9) == ()


def test_an_answer_that_comes_while_another_is_held_back_is_timed_when_it_comes(start):
    stage, clock = announced(start), SystemClock()
    jobs = []
    for name, channel in (("announce.mail", stage.mail), ("announce.post", stage.x)):
        message = stage.plan.message(name)
        channel.writes = True
        jobs.append(barrier.Job(message, name, channel.kind, channel, channel.build(message.draft)))
    barrier.make_ready(jobs, timedelta(seconds=5), clock)
    barrier.stage(jobs, timedelta(seconds=5), clock)
    barrier.arm(jobs)
    stage.mail.does["release"] = lambda staging: staging.ends[1].send(b"250")
    jobs[1].hold = 1.0
    stage.mail.results = [Result(outcome=Outcome.SENT, took=1.5)]  # as its channel saw it: when it was read at last
    barrier.release(jobs, clock)
    results = {job.key: result for job, result in barrier.results(jobs, timedelta(seconds=5), clock)}
    assert 0 < results["announce.mail"].took < 1.0
    assert jobs[0].answered_at < jobs[1].released_at
    barrier.discard(jobs)


def test_nobody_waits_for_one_that_stays_behind(start):
    messages = dict(together()["messages"])
    messages["post"] = {**messages["post"], "optional": True}
    stage = announced(start, step={"messages": messages})
    learnt(stage, mail=0.1, x=3.0)
    released = []
    stage.mail.does["release"] = lambda _: released.append(stage.clock.monotonic())
    stage.mail.does["arm"] = lambda _: released.append(stage.clock.monotonic())
    stage.x.does["arm"] = "It hung up."
    stage.desk.say(announce__go=["g", "d"], announce__left_out="X is down")
    assert stage.work() == "over"
    assert released[1] == released[0]


# --- warm until it is staged ---------------------------------------------------------------------------------------


def test_a_ready_message_is_kept_warm_until_it_is_staged_and_no_longer(start):
    stage = announced(start)
    warmed = threading.Event()
    stage.mail.does["warm"] = lambda _: warmed.set()
    stage.desk.on("announce.go", lambda: "g" if warmed.wait(10) else "b")
    assert stage.work() == "over"
    events = [event for event, _ in stage.mail.events]
    assert "warm" in events[: events.index("stage")]
    assert "warm" not in events[events.index("stage") :]


def test_staging_waits_for_a_request_that_keeps_it_warm(start):
    stage = announced(start)
    begun, go_on = threading.Event(), threading.Event()

    def linger(_):
        begun.set()
        go_on.wait(10)

    stage.mail.does["warm"] = linger
    stage.desk.on("announce.go", lambda: "g" if begun.wait(10) else "b")
    stage.x.does["stage"] = lambda _: go_on.set()
    stage.mail.does["stage"] = lambda _: seen.append(go_on.is_set())
    seen = []
    assert stage.work() == "over"
    assert seen == [True]


# --- armed, and nothing beside it ----------------------------------------------------------------------------------


def test_what_commits_by_a_write_is_written_by_the_engine(start):
    stage = announced(start)
    stage.mail.writes = stage.x.writes = True
    arrived = []
    for channel in (stage.mail, stage.x):
        channel.does["release"] = lambda staging: arrived.append(staging.ends[1].recv(9))
    assert stage.work() == "over"
    assert arrived == [b"!", b"!"]


def test_one_that_cannot_be_armed_stops_all_and_the_log_says_that_nothing_was_sent(start):
    stage = announced(start)
    stage.x.does["arm"] = "The key has expired."
    stage.desk.say(announce__go=["g", "b"])
    stage.work()
    assert (stage.mail.keys, stage.x.keys) == ([], [])
    assert stage.outcomes() == {"announce.mail": "not sent", "announce.post": "not sent"}
    assert "The key has expired." in stage.of(Kind.STOPPED)[0].data["why"]


@pytest.mark.parametrize("point", ["stage", "held", "arm"])
def test_an_optional_one_that_fails_in_the_countdown_stays_behind_and_the_others_go(start, point):
    messages = dict(together()["messages"])
    messages["post"] = {**messages["post"], "optional": True}
    stage = announced(start, step={"messages": messages})
    stage.x.does[point] = "It hung up."
    stage.desk.say(announce__go=["g", "d"], announce__left_out="X is down")
    assert stage.work() == "over"
    assert (len(stage.mail.keys), stage.x.keys) == (1, [])
    assert stage.x.stagings[0].discarded
    assert stage.of(Kind.STOPPED) == []
    assert any("It hung up." in e.data["detail"] for e in stage.of(Kind.NOT_READY))
    assert stage.outcomes()["announce.mail"] == "sent"


def test_from_the_staging_to_the_last_release_no_look_begins_nothing_is_drawn_and_threads_change_quickly(start):
    stage = announced(start)
    usual, seen = sys.getswitchinterval(), []
    stage.mail.does["stage"] = lambda _: seen.append(len(stage.desk.told))

    def at_release(_):
        assert stage.looks.hushed
        assert not gc.isenabled()
        assert sys.getswitchinterval() < usual / 10
        seen.append(len(stage.desk.told))

    stage.x.does["release"] = at_release
    assert stage.work() == "over"
    assert seen[0] == seen[1]
    assert not stage.looks.hushed
    assert gc.isenabled()
    assert sys.getswitchinterval() == usual


def test_one_that_was_held_long_while_it_waited_for_another_is_staged_once_more(start):
    stage = announced(start)
    stage.mail.hold_limit = timedelta(seconds=8)
    staged = threading.Event()
    stage.mail.does["stage"] = lambda _: staged.set()

    def dawdle(_):
        assert staged.wait(10)
        while stage.mail.stagings[-1].staged is False:
            pass
        stage.clock.sleep(5)

    stage.x.does["stage"] = dawdle
    stage.x.hold_limit = timedelta(days=1)
    assert stage.work() == "over"
    assert [event for event, _ in stage.mail.events].count("stage") == 2
    assert len(stage.mail.keys) == 1


def test_what_was_held_longer_than_its_server_waits_stops_all(start):
    stage = announced(start)
    stage.mail.hold_limit = timedelta(seconds=2)
    stage.desk.say(announce__go=["g", "b"])
    stage.work()
    assert (stage.mail.keys, stage.x.keys) == ([], [])
    assert "would not have waited" in stage.of(Kind.STOPPED)[0].data["why"]


# --- the clock -----------------------------------------------------------------------------------------------------


def by(seconds, within=0.02):
    return Offset(seconds=seconds, within=within, source="api.example.org")


def test_a_clock_that_is_ahead_lets_nothing_out_before_the_services_say_that_it_is_time(start):
    stage = announced(start, at=EARLY)
    stage.x.offset = by(-40.0)
    at = []
    stage.mail.does["release"] = lambda _: at.append(stage.clock.now())
    assert stage.work() == "over"
    assert at[0] >= DUE + timedelta(seconds=39.98)
    held = next(q.text for q in stage.desk.asked if q.id == "announce.due")
    assert "due by the clock of api.example.org too: this computer's is 40.0 s ahead" in held
    assert "leave that message out (d)" in held


def test_a_clock_that_is_behind_is_not_believed_to_be_ahead(start):
    stage = announced(start, at=EARLY)
    stage.x.offset = by(40.0)
    at = []
    stage.mail.does["release"] = lambda _: at.append(stage.clock.now())
    assert stage.work() == "over"
    assert DUE <= at[0] < DUE + timedelta(seconds=10)


@pytest.mark.parametrize("forward", [True, False])
def test_a_clock_that_is_set_while_a_message_waits_for_its_time_lets_nothing_out(start, forward):
    stage = announced(start, at=EARLY)

    def set_the_clock(step):
        stage.clock._start += timedelta(minutes=30 if forward else -30)
        return step

    stage.mail.does["stage"] = set_the_clock
    stage.desk.say(announce__go=["g", "b"])
    if forward:  # while it waits: the wait ends at once
        stage.mail.does.clear()
        stage.desk.on("announce.due", lambda: set_the_clock(None))
    stage.work()
    assert (stage.mail.keys, stage.x.keys) == ([], [])
    assert "not due" in stage.of(Kind.STOPPED)[0].data["why"]


@pytest.mark.parametrize(
    ("seconds", "note"),
    [
        (0.01, "This computer's clock is right (within 0.03 s)."),
        (-4.0, "!! This computer's clock is 4 s ahead of api.example.org's. Set it right."),
        (7.0, "!! This computer's clock is 7 s behind api.example.org's. Set it right."),
    ],
)
def test_the_table_says_how_right_the_clock_is_and_the_log_how_it_is_known(start, seconds, note):
    stage = announced(start)
    stage.x.offset = by(seconds)
    assert stage.work() == "over"
    table = next(sheet for sheet in stage.desk.shown if sheet.heading == "To be sent")
    assert table.notes == (note,)
    (clock,) = stage.of(Kind.CLOCK)
    assert clock.data["offsets"] == [{"source": "api.example.org", "seconds": f"{seconds:.6f}", "within": "0.020000"}]


# --- how far apart -------------------------------------------------------------------------------------------------


def test_the_distance_is_told_by_last_bytes_by_answers_and_by_the_services_own_clocks(start):
    stage = announced(start)
    stage.mail.offset = stage.x.offset = by(2.0)
    for channel, later, took in ((stage.mail, 0.3, 0.4), (stage.x, 0.5, 0.1)):
        at = DUE + timedelta(seconds=later)
        receipt = Receipt(id="1", at=at, at_within=0.001)
        channel.results = [Result(outcome=Outcome.SENT, receipt=receipt, took=took)]
    assert stage.work() == "over"
    (skew,) = stage.of(Kind.SKEW)
    assert float(skew.data["commit_seconds"]) == 0
    assert float(skew.data["seconds"]) == pytest.approx(0.3)
    assert float(skew.data["server_seconds"]) == pytest.approx(0.2)
    assert float(skew.data["server_within"]) == pytest.approx(0.042)


def test_services_that_do_not_tell_the_time_are_not_compared_by_it(start):
    stage = announced(start)
    stage.x.offset = by(0.0)
    assert stage.work() == "over"
    assert "server_seconds" not in stage.of(Kind.SKEW)[0].data
