"""Looks that go on by themselves, each in a thread of its own, until a location is as hoped or somebody stops them."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from runbook.clock import Clock
from runbook.model.ports import Eye, Look, LookAt

_LEAST = 1.0  # seconds between two looks, however long they take: a slow site is not to be asked without a pause


@dataclass(eq=False)
class _Watch:
    step: str
    at: LookAt
    every: float | None
    over: threading.Event = field(default_factory=threading.Event)


class ThreadedLooks:
    """`Looks` in daemon threads. Every look is handed to `post(step, look)`, called from the thread that looked.

    `post` must return quickly (it puts the look into a queue); it may call `start` and `stop`. A look that is under way
    when it is stopped may finish, and is then not posted. `clock` measures how long a look took, so that looks begin
    `every` seconds apart, with a pause of a second at least.
    """

    def __init__(self, eye: Eye, clock: Clock, post: Callable[[str, Look], None]) -> None:
        self._eye = eye
        self._clock = clock
        self._post = post
        self._watches: dict[str, _Watch] = {}
        # Held while a look is posted, so that nothing comes in once `stop` has returned. `post` may stop one.
        self._lock = threading.RLock()
        self._may_look = threading.Event()
        self._may_look.set()

    def start(self, step: str, at: LookAt, every: float | None) -> None:
        """Look for a step: once, or with `every` (seconds) again until the verdict is the one that is expected.

        A look that is running for the step already is stopped.
        """
        watch = _Watch(step, at, every)
        with self._lock:
            self.stop(step)
            self._watches[step] = watch
        threading.Thread(target=self._watch, args=(watch,), daemon=True, name=f"look {step}").start()

    def stop(self, step: str) -> None:
        """Stop looking for a step. Nothing comes in for it afterwards. Harmless if it is not running."""
        with self._lock:
            watch = self._watches.pop(step, None)
            if watch is not None:
                watch.over.set()

    def stop_all(self) -> None:
        """Stop every look."""
        with self._lock:
            for step in list(self._watches):
                self.stop(step)

    def running(self) -> frozenset[str]:
        """Return the steps that are being looked for."""
        with self._lock:
            return frozenset(self._watches)

    @contextmanager
    def hush(self) -> Iterator[None]:
        """Hold looks back while it is entered: none begins. One that is under way goes on."""
        self._may_look.clear()
        try:
            yield
        finally:
            self._may_look.set()

    def _watch(self, watch: _Watch) -> None:
        while True:
            self._may_look.wait()
            if watch.over.is_set():
                return
            began = self._clock.monotonic()
            look = self._eye.look(watch.at)
            last = watch.every is None or look.verdict is watch.at.expect
            with self._lock:
                if watch.over.is_set():
                    return
                if last:
                    self.stop(watch.step)
                self._post(watch.step, look)
            if last or watch.every is None:
                return
            took = self._clock.monotonic() - began
            if watch.over.wait(max(watch.every - took, min(watch.every, _LEAST))):
                return
