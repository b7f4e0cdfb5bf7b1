"""The instant: last bytes on several connections, written in one go that no other Python thread can get into.

The enemy of the instant is our own interpreter. Whenever a thread waits in a system call another one is let in, and a
busy one then keeps the interpreter for a whole switch interval: last bytes written one call after the other were 5 to
30 ms apart. So all writes of one instant are a single call into C (`map` over calls of `send`), which keeps the
interpreter from the first to the last; no byte code runs in between that could give it up, and no signal is served.
"""

import contextlib
import gc
import operator
import os
import socket
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial

SWITCH_SECONDS = 0.0001
"""The interpreter's switch interval while something is armed; 5 ms otherwise."""


@dataclass(frozen=True, slots=True)
class Write:
    """The last bytes of one connection: where they go, and what they are, encrypted if the connection is."""

    descriptor: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a `Write`: how many of its bytes the system took (0: none, certainly), and when (monotonic)."""

    count: int
    at: float


@cache
def _send() -> Callable[..., int]:
    """Return the C library's `send`, called without giving up the interpreter's lock. It must never wait, then."""
    import ctypes  # noqa: PLC0415  # a rehearsal and a report do without

    library = ctypes.PyDLL("ws2_32" if sys.platform == "win32" else None)
    send: Callable[..., int] = library.send
    send.argtypes = (ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_int)  # type: ignore[attr-defined]  # ctypes' own
    send.restype = ctypes.c_ssize_t  # type: ignore[attr-defined]  # the same
    return send


_NEVER_WAIT = getattr(socket, "MSG_DONTWAIT", 0)
"""Windows has no such flag; there a socket with a time-out never waits either."""


def write_at_once(writes: Sequence[Write], monotonic: Callable[[], float] = time.monotonic) -> tuple[Written, ...]:
    """Write all of them, in their order, with nothing in between; return what became of each. Never raises, or waits.

    No other Python thread runs from the first write to the last. `monotonic` stamps each write; only a function of C
    keeps that promise. The sockets must have a time-out, or not wait: a write for which there is no room counts 0.
    """
    send = _send()
    acts = [
        act
        for write in writes
        for act in (partial(send, write.descriptor, write.data, len(write.data), _NEVER_WAIT), monotonic)
    ]
    with _no_collection(), _first_in_line():
        told = list(map(operator.call, acts))
    return tuple(Written(max(0, int(count)), at) for count, at in zip(told[::2], told[1::2], strict=True))


@contextlib.contextmanager
def armed() -> Iterator[None]:
    """From the staging to the last release: the interpreter changes threads quickly, and no garbage is collected."""
    _send()  # loaded now, so that nothing is at the instant
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        with _no_collection():
            yield
    finally:
        sys.setswitchinterval(before)


@contextlib.contextmanager
def _first_in_line() -> Iterator[None]:
    """Let no other program interrupt this thread, where the system allows it to ask (Linux: sched(7), RLIMIT_RTPRIO).

    On one machine the receiver of the first byte else often gets this thread's turn, for a few tenths of a millisecond.
    """
    try:
        before, parameter = os.sched_getscheduler(0), os.sched_getparam(0)
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except (AttributeError, OSError):  # another system; not allowed
        yield
        return
    try:
        yield
    finally:
        with contextlib.suppress(OSError):  # what was written must be told, whatever the system says to this
            os.sched_setscheduler(0, before, parameter)


@contextlib.contextmanager
def _no_collection() -> Iterator[None]:
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()
