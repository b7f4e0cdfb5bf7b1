"""Trying again: opt-in, named, bounded. Only what certainly sent nothing is tried again, and never a commit."""

from collections.abc import Callable
from typing import TypeVar

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
    try:
        return action()
    except NotReady as error:
        if not error.passing:
            raise
        told(1, error.message)
    clock.sleep(PAUSE)
    return _again(action, clock, told)


def _again(action: Callable[[], _T], clock: Clock, told: Callable[[int, str], None]) -> _T:
    import tenacity  # noqa: PLC0415  # it loads asyncio, and most channels are ready at once

    def before_sleep(state: tenacity.RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        told(state.attempt_number + 1, error.message if isinstance(error, NotReady) else "")

    trying = tenacity.Retrying(
        retry=tenacity.retry_if_exception(lambda error: isinstance(error, NotReady) and error.passing),
        stop=tenacity.stop_after_attempt(ATTEMPTS - 1),
        wait=tenacity.wait_fixed(PAUSE),
        sleep=clock.sleep,
        before_sleep=before_sleep,
        reraise=True,
    )
    return trying(action)
