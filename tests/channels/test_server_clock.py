"""Another computer's clock: what its `Date` says for certain, and when to ask again."""

from datetime import UTC, datetime, timedelta
from math import floor

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from runbook.channels.server_clock import (
    AIMED,
    DRIFT,
    EXACT_SECONDS,
    SETTLED_SECONDS,
    Reading,
    ServerClock,
    date_of,
    reading,
)

START = datetime(2018, 1, 5, 9, 30, 0, 123456, UTC)
NOTHING_LOST = 0.000002
"""A wall time is cut to microseconds."""
DELAYS = st.floats(0, 0.4)
OFFSETS = st.floats(-100_000, 100_000)


class World:
    """Our wall clock, our monotonic clock, and a server whose clock is `offset` ahead of ours."""

    def __init__(self, offset, start=START):
        self.offset = offset
        self.wall, self.monotonic = start, 1000.0

    def pass_(self, seconds, *, running=1.0):
        """Let time pass; ours runs at another speed than the server's if `running` is not 1."""
        self.wall += timedelta(seconds=seconds)
        self.monotonic += seconds
        self.offset += seconds * (running - 1)

    def ask(self, there, back):
        before = self.wall
        self.pass_(there)
        said = datetime.fromtimestamp(floor(self.wall.timestamp() + self.offset), UTC)
        self.pass_(back)
        return Reading(before, self.wall, said, self.monotonic)


def known(clock):
    found = clock.offset("news.example.org")
    assert found is not None
    return found


@given(OFFSETS, st.lists(st.tuples(DELAYS, DELAYS, st.floats(0, 2000), st.floats(1 - DRIFT, 1 + DRIFT)), min_size=1))
def test_the_true_offset_is_always_within_the_bound(offset, asked):
    world, clock = World(offset), ServerClock()
    for there, back, pause, running in asked:
        clock.add(world.ask(there, back))
        found = known(clock)
        assert abs(found.seconds - world.offset) <= found.within + NOTHING_LOST
        world.pass_(pause, running=running)


@given(OFFSETS, st.floats(0, 1), st.lists(st.floats(0, 0.02), min_size=6, max_size=6))
def test_six_aimed_readings_bring_the_bound_below_fifty_milliseconds(offset, begun, ways):
    world, clock = World(offset, START + timedelta(seconds=begun)), ServerClock()
    clock.add(world.ask(0.01, 0.01))
    for there in ways:
        pause = clock.next_in(world.wall)
        assert 0 < pause <= (1.1 if known(clock).within > EXACT_SECONDS else SETTLED_SECONDS)
        world.pass_(pause)
        clock.add(world.ask(there, 0.02 - there))
    assert known(clock).within < EXACT_SECONDS
    assert clock.next_in(world.wall) > SETTLED_SECONDS - 1.001


def test_one_reading_bounds_the_offset_to_a_second_and_a_round_trip():
    clock = ServerClock()
    before = datetime(2018, 1, 5, 9, 30, 0, 500_000, UTC)
    after = before + timedelta(seconds=0.2)
    clock.add(Reading(before, after, datetime(2018, 1, 5, 9, 30, 0, tzinfo=UTC), 0.7))
    found = known(clock)
    assert found.seconds == pytest.approx(-0.1, abs=1e-4)
    assert found.within == pytest.approx(0.6, abs=1e-4)
    assert found.source == "news.example.org"


def test_without_a_reading_nothing_is_known_and_nothing_is_hurried():
    assert ServerClock().offset("news.example.org") is None
    assert ServerClock().next_in(START) == SETTLED_SECONDS


@given(OFFSETS, OFFSETS)
def test_a_server_whose_clock_was_set_is_believed_anew(first, second):
    assume(abs(second - first) > 3)
    world, clock = World(first), ServerClock()
    for _ in range(5):
        clock.add(world.ask(0.01, 0.01))
        world.pass_(clock.next_in(world.wall))
    world.offset = second
    clock.add(world.ask(0.01, 0.01))
    assert abs(known(clock).seconds - second) <= known(clock).within + NOTHING_LOST


@given(OFFSETS, st.floats(0.11, 100).flatmap(lambda s: st.sampled_from([s, -s])))
def test_when_our_own_clock_is_set_what_was_known_of_it_is_forgotten(offset, step):
    world, clock = World(offset), ServerClock()
    for _ in range(5):
        clock.add(world.ask(0.01, 0.01))
        world.pass_(clock.next_in(world.wall))
    world.wall += timedelta(seconds=step)
    world.offset -= step
    clock.add(world.ask(0.01, 0.01))
    assert abs(known(clock).seconds - world.offset) <= known(clock).within + NOTHING_LOST
    assert known(clock).within > 0.5


@given(OFFSETS, st.lists(st.floats(-0.09, 0.09), max_size=20))
def test_a_clock_that_is_slewed_stays_within_the_bound(offset, slews):
    world, clock = World(offset), ServerClock()
    for slew in slews:
        clock.add(world.ask(0.005, 0.005))
        assert abs(known(clock).seconds - world.offset) <= known(clock).within + NOTHING_LOST
        world.pass_(clock.next_in(world.wall))
        world.wall += timedelta(seconds=slew)
        world.offset -= slew


def test_a_connection_that_is_too_slow_to_tell_more_is_not_asked_for_ever():
    world, clock = World(0.25), ServerClock()
    waits = []
    for turn in range(AIMED + 1):
        clock.add(world.ask(1.5 if turn % 2 else 0.1, 0.1))
        waits.append(clock.next_in(world.wall))
        world.pass_(waits[-1])
    assert waits[0] <= 1.1
    assert waits[-1] > SETTLED_SECONDS - 1.001


@pytest.mark.parametrize(
    ("said", "date"),
    [
        ("Fri, 05 Jan 2018 09:30:00 GMT", datetime(2018, 1, 5, 9, 30, tzinfo=UTC)),
        ("Friday, 05-Jan-18 09:30:00 GMT", datetime(2018, 1, 5, 9, 30, tzinfo=UTC)),
        ("Fri Jan  5 09:30:00 2018", datetime(2018, 1, 5, 9, 30, tzinfo=UTC)),
        ("Fri, 05 Jan 2018 10:30:00 +0100", datetime(2018, 1, 5, 9, 30, tzinfo=UTC)),
        ("Fri, 32 Jan 2018 09:30:00 GMT", None),
        ("soon", None),
        ("", None),
    ],
)
def test_a_date_is_read_in_every_form_that_http_allows(said, date):
    assert date_of({"date": said}) == date


def test_an_answer_from_a_store_says_nothing_of_the_clock():
    headers = {"date": "Fri, 05 Jan 2018 09:30:00 GMT"}
    found = reading(headers, START, 0.5, 7.0)
    assert found == Reading(START, START + timedelta(seconds=0.5), datetime(2018, 1, 5, 9, 30, tzinfo=UTC), 7.0)
    assert reading({**headers, "age": "3"}, START, 0.5, 7.0) is None
    assert reading({}, START, 0.5, 7.0) is None
