"""The clocks: never before the moment that was asked for."""

import socket
import time
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from runbook.clock import SimulatedClock, SystemClock

START = datetime(2018, 1, 5, 9, 30, tzinfo=UTC)
SHORT = st.floats(-0.01, 0.01)
"""Seconds: past moments, such as are waited for awake, and such as are slept for."""


@given(SHORT)
@settings(max_examples=50, deadline=None)
def test_the_machine_s_clock_never_returns_before_its_moment(ahead: float) -> None:
    clock = SystemClock()
    moment = clock.monotonic() + ahead
    clock.sleep_until(moment)
    assert clock.monotonic() >= moment


@given(st.lists(st.floats(-10, 1e6), max_size=5))
def test_a_simulated_clock_is_at_its_moment_and_never_goes_back(moments: list[float]) -> None:
    clock = SimulatedClock(START)
    for moment in moments:
        before = clock.monotonic()
        clock.sleep_until(moment)
        assert clock.monotonic() == max(before, moment)
        assert clock.now() == START + timedelta(seconds=clock.monotonic())


def test_the_machine_s_clock_is_read_by_a_function_of_c() -> None:
    """`write_at_once` stamps with it: another would let threads in."""
    assert SystemClock().monotonic is time.monotonic
    assert SystemClock().now().tzinfo is UTC


def test_what_comes_in_while_a_moment_is_waited_for_is_noted_and_left_there() -> None:
    near, far = socket.socketpair()
    other, _ = pair = socket.socketpair()
    clock = SystemClock()
    with near, far, pair[0], pair[1]:
        far.send(b"250")
        moment = clock.monotonic() + 0.05
        seen = clock.watch_until(moment, [near.fileno(), other.fileno(), -1])
        assert clock.monotonic() >= moment
        assert list(seen) == [near.fileno()]
        assert seen[near.fileno()] <= moment
        assert near.recv(9) == b"250"
