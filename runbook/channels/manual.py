"""A person's hands: the manual twin of every channel. Nothing is sent by machine; the engine asks what was done."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Literal

from runbook.channels.context import Context
from runbook.clock import Clock
from runbook.errors import CannotWithdraw
from runbook.instant import Write, Written
from runbook.model.exercise_mark import unmarked
from runbook.model.message import Draft, Length, Payload
from runbook.model.noun import Noun
from runbook.model.outcome import Answer, Found, Health, Outcome, Receipt, Result

BY_HAND = "by hand"


class Settings(Noun):
    """There is nothing to set."""

    kind: Literal["manual"] = "manual"


class ManualStaging:
    """Always ready: the person has the text in front of them."""

    offset = None

    def __init__(self) -> None:
        self.hold_limit = timedelta(days=1)
        self.summary = BY_HAND
        self.refused: Mapping[str, str] = {}
        self._staged = False

    def keep_warm(self) -> float:
        """Leave the person in peace."""
        return self.hold_limit.total_seconds()

    def stage(self) -> None:
        """Nothing is to be prepared."""
        self._staged = True

    def held(self) -> bool:
        """Whether it is this person's turn still to come."""
        return self._staged

    def arm(self) -> Sequence[Write]:
        """Return nothing to write: the machine does not send it."""
        return ()

    def fired(self, written: Sequence[Written]) -> None:
        """Take nothing in: nothing was written."""

    def release(self) -> None:
        """Leave it to the person."""
        self._staged = False

    def result(self, deadline: timedelta) -> Result:  # noqa: ARG002  # the person is not waited for here
        """Return at once that a person must say what became of it."""
        return Result(outcome=Outcome.UNKNOWN, by_hand=True, detail=BY_HAND)

    def longest_result(self, deadline: timedelta) -> timedelta:
        """Return the deadline: nobody is waited for."""
        return deadline

    def discard(self) -> None:
        """Nothing was begun."""
        self._staged = False


class ManualChannel:
    """Carries any form, as text for a person."""

    kind = "manual"

    def build(self, draft: Draft) -> Payload:
        """Take the draft as it is. Nothing is refused: a person can say everything."""
        used = sum(len(part.text) for part in unmarked(draft).parts.values())
        return Payload(draft=draft, length=Length(used=used), summary=BY_HAND)

    def check(self) -> Health:
        """There is no service to ask."""
        return Health(ok=True, detail="Done by hand; there is nothing to check.")

    def ready(self, payload: Payload, key: str) -> ManualStaging:  # noqa: ARG002  # the protocol's
        """Return a staging that a person stands behind."""
        return ManualStaging()

    def find(self, payload: Payload, key: str) -> Found:  # noqa: ARG002  # the protocol's
        """Nobody can be asked by machine."""
        return Found(
            answer=Answer.CANNOT_TELL,
            detail="It was to be done by hand; only the person who did it can tell.",
            look_at="the place where it should be, or ask whoever was to do it",
        )

    def withdraw(self, receipt: Receipt) -> Result:  # noqa: ARG002  # the protocol's
        """Raise `CannotWithdraw`: what hands did, hands must undo."""
        raise CannotWithdraw("It was done by hand.", "Take it down by hand, and note here what was done.")


def open_channel(settings: Settings, context: Context, clock: Clock) -> ManualChannel:  # noqa: ARG001  # as every adapter is
    """Return the channel."""
    return ManualChannel()
