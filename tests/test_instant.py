"""The instant: no other thread and no signal gets in between the last bytes; what was not written is never counted."""

import ctypes
import gc
import itertools
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial

import pytest

from runbook.instant import SWITCH_SECONDS, Write, Written, armed, write_at_once

CHANNELS = 100
ROUNDS = 150
WATCHERS = 3
AT_MOST = 5000
"""Rounds after which the watchers cannot see. They need some: each lets them in with a chance of its own."""
ROOM = 50
"""Rounds that a stream surely has room for, of one byte each."""

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pairs() -> Iterator[list[Pair]]:
    """Connected streams inside the kernel: what was sent on one end is at the other when the call returns."""
    with ExitStack() as stack:
        made = [socket.socketpair() for _ in range(CHANNELS)]
        for end in itertools.chain(*made):
            stack.enter_context(end)
            end.setblocking(False)
        yield made


def waiting(end: socket.socket) -> int:
    """Return how many bytes lie at this end, and leave them there."""
    try:
        return len(end.recv(1 << 20, socket.MSG_PEEK))
    except BlockingIOError:
        return 0


class Watcher:
    """A thread that always wants to run, and sees whether it ever ran between the first write and the last."""

    def __init__(self, first: socket.socket, last: socket.socket) -> None:
        self.looked = self.got_in = 0
        self.rests = threading.Lock()
        self._ends = first, last

    def look(self) -> None:
        with self.rests:
            # The first end is looked at before the last one: without anybody in between, the last is never behind.
            first, last = (waiting(end) for end in self._ends)
            self.looked += 1
            self.got_in += first > last


@contextmanager
def running(*works: Callable[[], None]) -> Iterator[None]:
    """Do each again and again in a thread of its own."""
    over = threading.Event()

    def again(work: Callable[[], None]) -> None:
        while not over.is_set():
            work()

    threads = [threading.Thread(target=again, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


def spin() -> None:
    for _ in range(1000):
        pass


def at_once(pairs: Sequence[Pair]) -> None:
    written = write_at_once([Write(end.fileno(), b"x") for end, _ in pairs])
    assert [one.count for one in written] == [1] * CHANNELS


def one_after_the_other(pairs: Sequence[Pair]) -> None:
    for end, _ in pairs:
        end.send(b"x")


def watched(pairs: Sequence[Pair], write: Callable[[Sequence[Pair]], None], rounds: int) -> Sequence[Watcher]:
    """Write in so many rounds beside a busy thread and some watching ones, at most until a watcher got in."""
    watchers = [Watcher(pairs[0][1], pairs[-1][1]) for _ in range(WATCHERS)]
    with armed(), running(spin, *(watcher.look for watcher in watchers)):
        for number in range(1, rounds + 1):
            time.sleep(0.001)  # the others run
            write(pairs)
            if any(watcher.got_in for watcher in watchers):
                break
            if number % ROOM == 0:
                make_room(pairs, watchers)
    return watchers


def make_room(pairs: Sequence[Pair], watchers: Sequence[Watcher]) -> None:
    with ExitStack() as stack:
        for watcher in watchers:
            stack.enter_context(watcher.rests)
        assert {len(end.recv(1 << 20)) for _, end in pairs} == {ROOM}


def test_no_thread_gets_in_between_the_first_write_and_the_last(pairs: list[Pair]) -> None:
    watchers = watched(pairs, at_once, ROUNDS)
    assert all(watcher.looked for watcher in watchers)
    assert not any(watcher.got_in for watcher in watchers)


def test_a_thread_does_get_in_between_writes_that_follow_each_other(pairs: list[Pair]) -> None:
    assert any(watcher.got_in for watcher in watched(pairs, one_after_the_other, AT_MOST))


@pytest.mark.skipif(sys.platform == "win32", reason="a signal comes on a thread of its own there")
def test_ctrl_c_between_two_writes_is_served_after_the_last(pairs: list[Pair]) -> None:
    seen: list[int] = []

    def serve(*_: object) -> None:
        seen.append(sum(waiting(end) for _, end in pairs))

    # Python's own ways of raising a signal serve it at once, as no real one is.
    interrupt = partial(getattr(ctypes.PyDLL(None), "raise"), signal.SIGINT)
    before = signal.signal(signal.SIGINT, serve)
    try:
        written = write_at_once([Write(end.fileno(), b"x") for end, _ in pairs], interrupt)
    finally:
        signal.signal(signal.SIGINT, before)
    assert len(written) == CHANNELS
    assert seen == [CHANNELS]


@pytest.mark.skipif(sys.platform == "win32", reason="a signal comes on a thread of its own there")
def test_ctrl_c_that_ends_everything_leaves_all_written_and_the_collector_as_it_was(pairs: list[Pair]) -> None:
    interrupt = partial(getattr(ctypes.PyDLL(None), "raise"), signal.SIGINT)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            write_at_once([Write(end.fileno(), b"x") for end, _ in pairs], interrupt)
    finally:
        signal.signal(signal.SIGINT, before)
    assert {waiting(end) for _, end in pairs} == {1}
    assert gc.isenabled()


def full(end: socket.socket) -> None:
    """Send until there is no room for a single byte more."""
    for chunk in (b"x" * 65536, b"x"):
        try:
            while True:
                end.send(chunk)
        except BlockingIOError:
            pass


def test_what_was_written_is_counted_in_the_order_of_the_writes(pairs: list[Pair]) -> None:
    (closed, _), (without_room, _), (alone, other), (plain, received), (crowded, _), *_ = pairs
    gone = closed.fileno()
    closed.close()
    full(without_room)
    other.close()
    data = b"\r\n.\r\n\0and after a zero"
    much = b"x" * 50_000_000
    writes = [
        Write(plain.fileno(), data),
        Write(gone, data),
        Write(without_room.fileno(), data),
        Write(alone.fileno(), data),
        Write(crowded.fileno(), much),
        Write(plain.fileno(), b"!"),
    ]
    first, *none, part, last = write_at_once(writes, itertools.count(1).__next__)
    assert (first, last) == (Written(len(data), 1), Written(1, 6))
    assert none == [Written(0, 2), Written(0, 3), Written(0, 4)]
    assert (0 < part.count < len(much), part.at) == (True, 5)
    assert received.recv(100) == data + b"!"


def test_a_socket_that_would_wait_is_not_waited_for(pairs: list[Pair]) -> None:
    end, _ = pairs[0]
    full(end)
    end.settimeout(60)
    assert [one.count for one in write_at_once([Write(end.fileno(), b"x")])] == [0]


def test_nothing_to_write_is_nothing_written() -> None:
    assert write_at_once([]) == ()


def test_each_write_is_stamped_after_the_one_before(pairs: list[Pair]) -> None:
    before = time.monotonic()
    stamps = [one.at for one in write_at_once([Write(end.fileno(), b"x") for end, _ in pairs])]
    stamps = [before, *stamps, time.monotonic()]
    assert stamps == sorted(stamps)


@contextmanager
def interpreter(seconds: float, *, collects: bool) -> Iterator[None]:
    """Set the interpreter up like this, and put it back."""
    before, collected = sys.getswitchinterval(), gc.isenabled()
    sys.setswitchinterval(seconds)
    (gc.enable if collects else gc.disable)()
    try:
        yield
    finally:
        sys.setswitchinterval(before)
        (gc.enable if collected else gc.disable)()


@pytest.mark.parametrize("collects", [True, False])
def test_while_armed_threads_change_quickly_and_nothing_is_collected_and_after_it_all_is_as_before(
    *, collects: bool
) -> None:
    with interpreter(0.004, collects=collects):
        with armed():
            assert sys.getswitchinterval() == pytest.approx(SWITCH_SECONDS)
            assert not gc.isenabled()
            assert write_at_once([]) == ()
            assert not gc.isenabled()
        assert sys.getswitchinterval() == pytest.approx(0.004)
        assert gc.isenabled() is collects


def test_an_error_while_armed_leaves_the_interpreter_as_it_was() -> None:
    with interpreter(0.004, collects=True):
        with pytest.raises(OSError, match="no route"), armed():
            raise OSError("no route")
        assert sys.getswitchinterval() == pytest.approx(0.004)
        assert gc.isenabled()
