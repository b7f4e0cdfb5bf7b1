"""Where everything comes together that can end a wait: lines that were typed, the results of looks, the end of input.

Many threads put in; one, the engine's, takes out. Nothing here knows a terminal.
"""

import os
import select
import threading
import time
from codecs import getincrementaldecoder
from collections import deque
from dataclasses import dataclass
from datetime import datetime
from queue import Empty, SimpleQueue

from runbook.clock import Clock
from runbook.model.ports import Look

_SLICE = 0.25
"""Seconds of one wait. The wall clock can be set, and a laptop can sleep, while a moment is waited for."""
_SETTLE = 0.5
"""Seconds in which a reader must have taken what was typed already."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line that was typed, without its end."""

    text: str


@dataclass(frozen=True, slots=True)
class Seen:
    """The result of a look that a step made."""

    step: str
    look: Look


@dataclass(frozen=True, slots=True)
class EndOfInput:
    """Nobody can type any more."""


Item = Line | Seen | EndOfInput


class Inbox:
    """First in, first out. `get` and the calls after it are for one thread only."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[Item] = SimpleQueue()
        self._kept: deque[Item] = deque()

    def put_line(self, text: str) -> None:
        """Put in a line that was typed."""
        self._queue.put(Line(text))

    def put_look(self, step: str, look: Look) -> None:
        """Put in what a step's look saw. May be called from any thread."""
        self._queue.put(Seen(step, look))

    def put_end(self) -> None:
        """Put in that the input has ended."""
        self._queue.put(EndOfInput())

    def get(self, until: datetime | None, clock: Clock) -> Item | None:
        """Wait for the next thing, at most `until` (for ever if there is no such moment). None: the moment has come.

        Ctrl-C raises KeyboardInterrupt at once; nothing is lost by it.
        """
        while True:
            if self._kept:
                return self._kept.popleft()
            left = None if until is None else (until - clock.now()).total_seconds()
            if left is not None and left <= 0:
                return self.get_now()
            try:
                return self._queue.get(timeout=_SLICE if left is None else min(left, _SLICE))
            except Empty:
                continue

    def get_now(self) -> Item | None:
        """Return the next thing if it is there already."""
        if self._kept:
            return self._kept.popleft()
        try:
            return self._queue.get_nowait()
        except Empty:
            return None

    def take_lines(self) -> tuple[str, ...]:
        """Take out every line that is there; everything else stays, in its order."""
        items = []
        while (item := self.get_now()) is not None:
            items.append(item)
        self._kept.extend(item for item in items if not isinstance(item, Line))
        return tuple(item.text for item in items if isinstance(item, Line))

    def put_back(self, item: Item) -> None:
        """Put something back at the head."""
        self._kept.appendleft(item)


class Reader:
    """Reads lines from a file descriptor into an inbox, in a thread of its own that ends with the program.

    It reads the descriptor itself: a thread that waits inside `sys.stdin` holds its lock, and Python then cannot end.
    """

    def __init__(self, inbox: Inbox, descriptor: int) -> None:
        self._inbox = inbox
        self._descriptor = descriptor
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to read. Harmless when repeated."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._read, name="desk-reader", daemon=True)
            self._thread.start()

    def settle(self) -> None:
        """Return when what was typed before now is in the inbox; after half a second at the latest."""
        if self._thread is None or os.name != "posix":
            return
        end = time.monotonic() + _SETTLE
        while self._thread.is_alive() and time.monotonic() < end:
            try:
                if not select.select([self._descriptor], [], [], 0)[0]:
                    return
            except OSError:
                return
            self._thread.join(0.005)

    def _read(self) -> None:
        decoder = getincrementaldecoder(os.device_encoding(self._descriptor) or "utf-8")(errors="replace")
        rest = ""
        while True:
            try:
                data = os.read(self._descriptor, 65536)
            except OSError:
                # The other side of the terminal is gone: Linux answers EIO then, where others answer with nothing.
                data = b""
            *lines, rest = (rest + decoder.decode(data, final=not data)).split("\n")
            for line in lines:
                self._inbox.put_line(line.rstrip("\r"))
            if not data:
                break
        # A line without an end was not sent off by anybody: it is no answer.
        self._inbox.put_end()
