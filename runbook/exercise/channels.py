"""A channel that can send nothing. It builds the live channel's payload, and answers as if all were well.

The live adapter is held only to build with; nothing in here can make it connect.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from runbook.instant import Write, Written
from runbook.model.exercise_mark import unmarked
from runbook.model.message import Draft, Form, Payload
from runbook.model.outcome import Answer, Found, Health, Outcome, Receipt, Result
from runbook.model.ports import Channel, Staging

_REHEARSED = "Rehearsed: nothing left this computer."


class RehearsalChannel:
    """Stands in the place of a live channel. Where the run is wired it replaces every one of them."""

    def __init__(self, live: Channel) -> None:
        self.kind = live.kind
        self._build = live.build

    def build(self, draft: Draft) -> Payload:
        """Build what the live channel would send, measured without the exercise mark, and keep the mark."""
        return self._build(unmarked(draft)).model_copy(update={"draft": draft})

    def check(self) -> Health:
        """Say that nothing is checked in a rehearsal."""
        return Health(ok=True, detail=_REHEARSED)

    def ready(self, payload: Payload, key: str) -> Staging:
        """Return a staging that holds the payload in memory."""
        return RehearsalStaging(payload, key)

    def find(self, payload: Payload, key: str) -> Found:  # noqa: ARG002 — the protocol's
        """Say that nobody can be asked, so that people practise answering."""
        return Found(answer=Answer.CANNOT_TELL, detail="In a rehearsal no service can be asked.", look_at="the log")

    def withdraw(self, receipt: Receipt) -> Result:
        """Take back what never went out."""
        return Result(outcome=Outcome.SENT, detail=_REHEARSED, receipt=receipt)


class RehearsalStaging:
    """A message held in memory."""

    hold_limit = timedelta(hours=1)
    refused: Mapping[str, str] = {}
    offset = None

    def __init__(self, payload: Payload, key: str) -> None:
        self.summary = payload.summary
        self._payload = payload
        self._key = key
        self._staged = False
        self._released = False

    def keep_warm(self) -> float:
        """Ask for nothing: there is nobody to stay in touch with."""
        return self.hold_limit.total_seconds()

    def stage(self) -> None:
        """Hold it."""
        self._staged = True

    def held(self) -> bool:
        """Whether it is held."""
        return self._staged

    def arm(self) -> Sequence[Write]:
        """Return nothing to write."""
        return ()

    def fired(self, written: Sequence[Written]) -> None:
        """Take nothing in: nothing was written."""

    def release(self) -> None:
        """Let it go, nowhere."""
        self._released = True

    def result(self, deadline: timedelta) -> Result:  # noqa: ARG002 — the protocol's; nothing is waited for
        """Answer as the live channel does when all is well."""
        if not self._released:
            return Result(outcome=Outcome.NOT_SENT, detail="It was not released.")
        planned = self._payload.planned
        page = planned.get("page", "")
        if not page and self._payload.draft.form in (Form.POST, Form.ARTICLE):
            page = f"https://rehearsal.example.org/{self._key.split('/')[1]}"
        receipt = Receipt(id=self._key, address=page, addresses=planned, text=_REHEARSED)
        return Result(outcome=Outcome.SENT, detail=_REHEARSED, receipt=receipt)

    def longest_result(self, deadline: timedelta) -> timedelta:
        """Return the deadline: nothing is waited for."""
        return deadline

    def discard(self) -> None:
        """Forget it."""
        self._staged = False
