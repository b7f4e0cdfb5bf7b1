"""A message that is one held HTTP request: how every HTTP channel stages."""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from urllib.parse import urlsplit

from runbook.channels import wire
from runbook.channels.held import HOLD_LIMIT, REFUSALS, Answered, HeldRequest, Outgoing, Unanswered, Unreleased
from runbook.errors import NotReady
from runbook.instant import Write, Written
from runbook.model.outcome import Offset, Outcome, Receipt, Result

WARM_SECONDS = 15.0
"""How often a connection that waits is looked after."""


class HeldStaging:
    """One message. It connects to `address`, that of the service.

    `make` returns the request at the moment of staging (signatures carry the time), `read` what an answer means. Both
    are called by the thread that calls `stage` and `result`.
    """

    def __init__(
        self,
        request: HeldRequest,
        address: str,
        make: Callable[[], Outgoing],
        read: Callable[[Answered], Result],
        *,
        service: str,
        summary: str,
        answer_timeout: timedelta,
        look_at: str = "",
    ) -> None:
        self.hold_limit = HOLD_LIMIT
        self.summary = summary
        self.refused: Mapping[str, str] = {}
        self.offset: Offset | None = None
        self._request, self._address, self._make, self._read = request, address, make, read
        self._service, self._look_at, self._longest = service, look_at, answer_timeout
        self._result: Result | None = None

    def connect(self) -> None:
        """Connect. Raises `NotReady`."""
        try:
            self._request.open(self._address)
        except OSError as error:
            raise wire.not_ready(error, self._host) from error

    def keep_warm(self) -> float:
        """Connect again if the service has hung up. Return the seconds after which to look again. Never raises."""
        if self._request.idle and not self._request.alive():
            # What cannot be had now is asked for again when it is staged.
            with contextlib.suppress(OSError, ValueError):
                self._request.open(self._address)
        return WARM_SECONDS

    def stage(self) -> None:
        """Send everything but the last byte. Raises `NotReady`; then nothing was sent."""
        outgoing = self._make()
        try:
            self._request.stage(outgoing)
        except OSError as error:
            raise wire.not_ready(error, self._host) from error

    def held(self) -> bool:
        """Whether the service still waits for the last byte."""
        return self._request.held()

    def arm(self) -> Sequence[Write]:
        """Return the write of the last byte. Raises `NotReady` when it is not held."""
        try:
            return (self._request.arm(),)
        except (OSError, ValueError) as error:
            raise NotReady(f'"{self._host}" no longer holds the message.', "Send it again.") from error

    def fired(self, written: Sequence[Written]) -> None:
        """Take in what became of that write."""
        self._request.fired(written[0])

    def release(self) -> None:
        """Write the last byte."""
        self._request.release()

    def result(self, deadline: timedelta) -> Result:
        """Return what became of it; the same again when asked again. Waits at most `deadline` and the channel's own."""
        if self._result is None:
            self._result = self._ask(min(deadline, self._longest))
        return self._result

    def discard(self) -> None:
        """Close; the service never saw a whole request."""
        self._request.discard()

    def _ask(self, within: timedelta) -> Result:
        try:
            answered = self._request.answer(within)
        except Unreleased:
            return Result(outcome=Outcome.NOT_SENT, detail="The connection was lost before the last byte was written.")
        except Unanswered as error:
            where = f" Look at {self._look_at}." if self._look_at else ""
            seconds = f"{within.total_seconds():g} s"
            detail = f"Everything was sent to {self._service}, but {error} (limit {seconds}).{where}"
            return Result(outcome=Outcome.UNKNOWN, detail=detail)
        return self._read(answered).model_copy(update={"took": answered.took, "way": self._request.way})

    @property
    def _host(self) -> str:
        return urlsplit(self._address).hostname or ""


def failed(service: str, answered: Answered, words: str) -> Result:
    """Return what an answer means that is no success: refusals are not sent, everything else is unknown."""
    said = f"{answered.status} {words}".strip()
    receipt = Receipt(text=wire.plain(said, 500))
    if answered.status in REFUSALS:
        return Result(outcome=Outcome.NOT_SENT, detail=f"{service} refused it: {wire.plain(said)}.", receipt=receipt)
    return Result(
        outcome=Outcome.UNKNOWN,
        detail=f"{service} answered {wire.plain(said)}; that does not tell whether it was done.",
        receipt=receipt,
    )
