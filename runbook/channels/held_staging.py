"""A message that is one held HTTP request: how every HTTP channel stages."""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from urllib.parse import urlsplit

from runbook.channels import wire
from runbook.channels.held import HOLD_LIMIT, REFUSALS, Answered, HeldRequest, Outgoing, Unanswered, Unreleased
from runbook.channels.server_clock import SETTLED_SECONDS, ServerClock
from runbook.clock import Clock
from runbook.errors import NotReady
from runbook.instant import Write, Written
from runbook.model.outcome import Offset, Outcome, Receipt, Result

WARM_SECONDS = SETTLED_SECONDS
"""How often a connection that waits is looked after at least, where its server does not hang up sooner."""
_AHEAD = 1.0
"""Seconds before a server would hang up."""
_LEAST = 2.0
"""Seconds. A server that keeps connections for less than this is left to hang up."""


class HeldStaging:
    """One message. `warm_up` is an address of the service that costs nothing: the ready connection asks for its head.

    `make` returns the request at the moment of staging (signatures carry the time), `read` what an answer means. Both
    are called by the thread that calls `stage` and `result`. `server` is what is known of the service's clock; a
    channel has one for all its messages. `refuses` says why the service would not take what is made by a clock that is
    off by so much.
    """

    def __init__(
        self,
        request: HeldRequest,
        warm_up: str,
        make: Callable[[], Outgoing],
        read: Callable[[Answered], Result],
        *,
        service: str,
        summary: str,
        clock: Clock,
        server: ServerClock,
        answer_timeout: timedelta,
        look_at: str = "",
        refuses: Callable[[Offset], NotReady | None] = lambda _: None,
    ) -> None:
        self.hold_limit = HOLD_LIMIT
        self.summary = summary
        self.refused: Mapping[str, str] = {}
        self.offset: Offset | None = None
        self._request, self._warm_up, self._make, self._read = request, warm_up, make, read
        self._clock, self._server, self._refuses = clock, server, refuses
        self._service, self._look_at, self._longest = service, look_at, answer_timeout
        self._result: Result | None = None

    def connect(self) -> None:
        """Connect, and ask what the service's clock says. Raises `NotReady`, also for a clock that it refuses."""
        try:
            self._compare()
        except OSError as error:
            raise wire.not_ready(error, self._host) from error
        self._refuse()

    def keep_warm(self) -> float:
        """Ask once more on the ready connection, and connect again if the service has hung up. Never raises.

        Return the seconds after which to ask again: so that the request arrives as the service's second turns, while
        that tells more of its clock; then before it would hang up, or about every 15 s.
        """
        asked = False
        if self._request.idle:
            # What cannot be had now is asked for again when it is staged.
            with contextlib.suppress(OSError, ValueError):
                asked = self._compare()
        patience = self._request.patience
        longest = WARM_SECONDS if patience is None else min(WARM_SECONDS, max(_LEAST, patience - _AHEAD))
        return self._server.next_in(self._clock.now(), longest) if asked else longest

    def stage(self) -> None:
        """Send everything but the last byte. Raises `NotReady`; then nothing was sent."""
        self._refuse()
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

    def longest_result(self, deadline: timedelta) -> timedelta:
        """Return the deadline: there is one answer."""
        return deadline

    def discard(self) -> None:
        """Close; the service never saw a whole request."""
        self._request.discard()

    def over(self, after: timedelta) -> bool:
        """Whether the service does nothing more for it, or never will: answered, not out, or out for so long."""
        if self._result is not None and self._result.outcome is not Outcome.UNKNOWN:
            return True
        out_for = self._request.out_for()
        return out_for is None or out_for > after.total_seconds()

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
        took = answered.took or None
        return self._read(answered).model_copy(update={"took": took, "way": self._request.way})

    def _compare(self) -> bool:
        """Whether the service said something of its clock. Raises OSError."""
        found = self._request.ask(self._warm_up)
        if found is not None:
            self._server.add(found)
            self.offset = self._server.offset(self._host)
        return found is not None

    def _refuse(self) -> None:
        if self.offset is not None and (refusal := self._refuses(self.offset)):
            raise refusal

    @property
    def _host(self) -> str:
        return urlsplit(self._warm_up).hostname or ""


def failed(service: str, answered: Answered, words: str, *, own: bool) -> Result:
    """Return what an answer means that is no success: the service's own refusals are not sent, all else is unknown.

    `own` is whether it has the shape in which the service itself tells errors. A page of HTML comes from something in
    between, which may keep back what the service answered once the message was out.
    """
    said = f"{answered.status} {words}".strip()
    receipt = Receipt(text=wire.plain(said, 500))
    if answered.status in REFUSALS and own:
        return Result(outcome=Outcome.NOT_SENT, detail=f"{service} refused it: {wire.plain(said)}.", receipt=receipt)
    return Result(
        outcome=Outcome.UNKNOWN,
        detail=f"{service} answered {wire.plain(said)}; that does not tell whether it was done.",
        receipt=receipt,
    )
