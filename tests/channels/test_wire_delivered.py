"""Whether the other side's machine has what was written; and what a reset leaves to be read."""

import socket
import struct
import sys

import pytest

from runbook.channels import wire
from support.patience import until


@pytest.fixture
def pair():
    """Our end of a connection, and the other end, whose machine is told to take little ahead."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        ours, _ = wire.connect(*listener.getsockname(), 5)
        theirs, _ = listener.accept()
        with ours, theirs:
            yield ours, theirs


def test_what_the_other_machine_has_is_delivered_though_nobody_read_it(pair):
    ours, _ = pair
    assert wire.delivered(ours)
    ours.sendall(b"short")
    until(lambda: wire.delivered(ours))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
def test_what_the_other_machine_has_no_room_for_is_not_delivered_until_it_is_read(pair):
    ours, theirs = pair
    ours.settimeout(0)
    written = ours.send(b"x" * 1_000_000)
    assert written > 10_000
    assert not wire.delivered(ours)
    while written:
        written -= len(theirs.recv(written))
    until(lambda: wire.delivered(ours))


def test_a_system_that_cannot_tell_is_believed(pair):
    ours, _ = pair
    ours.close()
    assert wire.delivered(ours)


def test_writing_nothing_on_a_reset_connection_leaves_what_can_be_read(pair):
    ours, theirs = pair
    theirs.sendall(b"250 taken")
    theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    theirs.close()
    ours.sendall(b"")
    assert ours.recv(100) == b"250 taken"
