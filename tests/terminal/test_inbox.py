import os
import threading
from datetime import UTC, datetime, timedelta

from runbook.clock import SimulatedClock, SystemClock
from runbook.model.ports import Look, Verdict
from runbook.terminal.inbox import EndOfInput, Inbox, Line, Reader, Seen

LOOK = Look(Verdict.PUBLIC, "It is back.")
CLOCK = SystemClock()


def test_things_come_out_in_the_order_in_which_they_came_in():
    inbox = Inbox()
    inbox.put_line("one")
    inbox.put_look("restored", LOOK)
    inbox.put_end()
    assert [inbox.get(None, CLOCK) for _ in range(3)] == [Line("one"), Seen("restored", LOOK), EndOfInput()]


def test_nothing_comes_once_the_moment_has_come():
    clock = SimulatedClock(datetime(2018, 1, 5, 9, 30, tzinfo=UTC))
    assert Inbox().get(clock.now(), clock) is None
    assert Inbox().get(CLOCK.now() + timedelta(seconds=0.05), CLOCK) is None


def test_what_is_there_is_taken_even_when_the_moment_has_passed():
    inbox = Inbox()
    inbox.put_line("one")
    assert inbox.get(CLOCK.now() - timedelta(seconds=1), CLOCK) == Line("one")


def test_a_wait_is_ended_by_another_thread():
    inbox = Inbox()
    other = threading.Timer(0.05, inbox.put_look, ("restored", LOOK))
    other.start()
    assert inbox.get(None, CLOCK) == Seen("restored", LOOK)
    other.join()


def test_lines_are_taken_out_and_looks_stay():
    inbox = Inbox()
    inbox.put_line("early")
    inbox.put_look("restored", LOOK)
    inbox.put_line("earlier still")
    assert inbox.take_lines() == ("early", "earlier still")
    assert inbox.get_now() == Seen("restored", LOOK)
    assert inbox.get_now() is None


def test_a_reader_gives_whole_lines_and_then_the_end():
    ours, theirs = os.pipe()
    inbox = Inbox()
    reader = Reader(inbox, ours)
    reader.start()
    for piece in (b"on", b"e\r\ntw\xc3", b"\xb6\nno end"):
        os.write(theirs, piece)
    os.close(theirs)
    assert [inbox.get(None, CLOCK) for _ in range(3)] == [Line("one"), Line("twö"), EndOfInput()]
    os.close(ours)


def test_settle_returns_when_what_was_typed_is_in():
    ours, theirs = os.pipe()
    inbox = Inbox()
    reader = Reader(inbox, ours)
    reader.start()
    os.write(theirs, b"early\n")
    reader.settle()
    assert inbox.get(CLOCK.now() + timedelta(seconds=20), CLOCK) == Line("early")
    os.close(theirs)
    assert inbox.get(None, CLOCK) == EndOfInput()
    os.close(ours)
