"""Moments that Ctrl-C may not cut in two: a fact in the store that the run does not know of, half of a release."""

import signal
from threading import current_thread, main_thread
from types import FrameType, TracebackType
from typing import Self


class Unbroken:
    """Holds Ctrl-C back while it is entered, and passes it on at the end, unless an error is on its way already.

    `pressed` says whether it was pressed; whoever deals with it sets it to False. May be nested. It does nothing in
    another thread than the main one, where Python never delivers Ctrl-C.
    """

    def __init__(self) -> None:
        self.pressed = False
        self._presses: int | None = None
        self._before: signal.Handlers | object = None
        self._holds = False

    def __enter__(self) -> Self:
        if current_thread() is main_thread():
            before = signal.getsignal(signal.SIGINT)
            if callable(before):  # where Ctrl-C is ignored there is nothing to hold back
                self._before, self._holds = before, True
                signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._holds or not callable(self._before):
            return
        signal.signal(signal.SIGINT, self._before)
        if self.pressed and error is None:
            self._before(signal.SIGINT, None)

    def let_through_twice(self) -> None:
        """From now on Ctrl-C goes through at once when it is pressed a second time."""
        self._presses = 0

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.pressed = True
        if self._presses is not None:
            self._presses += 1
            if self._presses > 1 and callable(self._before):
                self._before(number, frame)
