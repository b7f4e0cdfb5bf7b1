"""Trying again: opt-in, named, bounded. Only what certainly sent nothing is tried again, and never a commit."""

from collections.abc import Callable
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_fixed

from runbook.clock import Clock
from runbook.errors import NotReady

_T = TypeVar("_T")

ATTEMPTS = 3
"""How often a channel is made ready, at most, while nobody answers there."""
PAUSE = 1.0
"""Seconds between two attempts."""


def while_nobody_answers(action: Callable[[], _T], clock: Clock, told: Callable[[int, str], None]) -> _T:
    """Return what `action` returns, tried again while it raises a `NotReady` that may pass.

    At most `ATTEMPTS` times, `PAUSE` seconds apart; then the last `NotReady` is raised. Anything else is raised at
    once. `told` hears of each attempt that failed and is followed by another: its number, from 1, and why.
    """

    def before_sleep(state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        told(state.attempt_number, error.message if isinstance(error, NotReady) else "")

    trying = Retrying(
        retry=retry_if_exception(lambda error: isinstance(error, NotReady) and error.passing),
        stop=stop_after_attempt(ATTEMPTS),
        wait=wait_fixed(PAUSE),
        sleep=clock.sleep,
        before_sleep=before_sleep,
        reraise=True,
    )
    return trying(action)
