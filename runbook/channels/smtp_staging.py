"""One e-mail on its way: a *line* is one connection with one batch of recipients; all lines carry the same message."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, wait
from datetime import timedelta
from statistics import median
from threading import Thread
from typing import TypeVar

from runbook.channels.smtp_line import Line
from runbook.channels.smtp_outcome import summarise
from runbook.channels.smtp_relay import Relay, TurnedAway
from runbook.errors import NotReady
from runbook.instant import Write, Written, write_at_once
from runbook.model.outcome import Offset, Result

HOLD_LIMIT = timedelta(seconds=10)
"""Postfix waits 300 s, but only 10 s while it is short of processes (`smtpd_timeout`)."""
LOOK_AGAIN_SECONDS = 15.0
"""A ready line that was lost is made anew within this time."""
LONGEST_SECONDS = 60.0
"""What has not come so far in this time is broken off: a server that trickles would outlast any time-out."""
_Made = TypeVar("_Made")
_Line = TypeVar("_Line", bound=Line)


class SmtpStaging:
    """One message on all its lines."""

    def __init__(
        self,
        relay: Relay,
        lines: Sequence[Line],
        *,
        summary: str,
        identity: str,
        answer_timeout: timedelta,
        fewer: str,
    ) -> None:
        """`fewer` says what to do when the server takes fewer connections than there are lines."""
        self.hold_limit = HOLD_LIMIT
        self.summary = summary
        self.refused: Mapping[str, str] = {}
        self.offset: Offset | None = None
        self._relay, self._lines, self._fewer = relay, lines, fewer
        self._shown: Mapping[str, str] = {}
        """The refusals that people saw when it was made ready."""
        self._armed: list[Line] = []
        self._identity, self._longest = identity, answer_timeout
        self._result: Result | None = None

    def connect(self) -> None:
        """Connect every line, in parallel. Raises `NotReady`, with nothing left open, when one fails or all refuse."""
        if not self._lines:
            raise NotReady("There is nobody to send to.", "Fill the list, or do it by hand.")
        self._all(Line.connect)
        self._shown = self.refused

    def keep_warm(self) -> float:
        """Say NOOP on each ready line that was silent for long, and connect again what was lost, in parallel.

        Whom the server refuses on a new connection is in `refused` from then on; `stage` raises for that.
        """
        cold = [line for line in self._lines if line.cold()]
        parallel(Line.keep_warm, cold, max(LONGEST_SECONDS, self._relay.timeout))
        self._take_refusals()
        return LOOK_AGAIN_SECONDS

    def stage(self) -> None:
        """Send everything but the last bytes. Raises `NotReady`; then nothing was sent.

        Also when the server, on a connection that had to be made again, refuses somebody whom it had accepted when it
        was made ready: people decided on what they saw then. That it accepts more now is no reason not to send.
        """
        self._all(Line.stage)
        if why := self._fewer_than_shown():
            self.discard()
            raise why

    def held(self) -> bool:
        """Whether every line is staged and its server still waits."""
        return all(line.held() for line in self._lines)

    def arm(self) -> Sequence[Write]:
        """Return the last write of each line. Raises `NotReady` unless every line holds its message."""
        lines = [line for line in self._lines if line.accepted]
        for line in lines:
            line.must_hold()
        if not self._armed and not self.held():  # looked at last of all, before anything is encrypted
            self.discard()
            raise NotReady("The mail server no longer holds the e-mail.", "Make it ready again.")
        try:
            writes = [line.arm() for line in lines]
        except NotReady:
            # What was armed already cannot be taken back on an encrypted connection.
            for line in lines:
                line.close()
            raise
        self._armed = lines
        return writes

    def fired(self, written: Sequence[Written]) -> None:
        """Take in what became of the writes."""
        for line, one in zip(self._armed, written, strict=False):
            line.fired(one)

    def release(self) -> None:
        """Write the last bytes of all lines at once; of none unless all are held."""
        try:
            writes = self.arm()
        except NotReady:
            return
        for line in self._armed:
            line.firing()
        self.fired(write_at_once(writes))

    def result(self, deadline: timedelta) -> Result:
        """Return what the server answered, the same again when asked again. Waits at most `deadline`."""
        if self._result is None:
            seconds = self._answer_time(deadline).total_seconds()
            self._result = self._outcome([line for line in self._lines if line.accepted], seconds)
        return self._result

    def longest_result(self, deadline: timedelta) -> timedelta:
        """Return how long `result` may take when it is given this deadline."""
        return self._answer_time(deadline)

    def _answer_time(self, deadline: timedelta) -> timedelta:
        """Return how long one answer is waited for."""
        return max(timedelta(seconds=0.01), min(deadline, self._longest))

    def discard(self) -> None:
        """Hang up on every line before its last bytes."""
        for line in self._lines:
            line.discard()

    def _outcome(self, lines: Sequence[Line], seconds: float) -> Result:
        answers = [end.result() for end in parallel(lambda line: line.outcome(seconds), lines)]
        return summarise(answers, self.refused, self._identity, self._way())

    def _way(self) -> float:
        return median(line.way for line in self._lines)

    def _all(self, act: Callable[[Line], None]) -> None:
        try:
            ends = parallel(act, self._lines, max(LONGEST_SECONDS, self._relay.timeout))
            self._raise_first([error for end in ends if (error := end.exception())])
        except BaseException:
            self.discard()
            raise
        self._take_refusals()
        if not any(line.accepted for line in self._lines):
            first = next(iter(self.refused.items()), ("", ""))
            raise NotReady(
                f'The mail server refused every recipient; "{first[0]}" with: {first[1]}.',
                "Check the list, and whether this sender may send to it.",
            )

    def _fewer_than_shown(self) -> NotReady | None:
        fresh = {r: said for r, said in self.refused.items() if r not in self._shown}
        if not fresh:
            return None
        address, said = next(iter(fresh.items()))
        more = f"{len(fresh):,} more {'addresses are' if len(fresh) > 1 else 'address is'} refused now"
        return NotReady(
            f'{more}: "{address}" with: {said}{"; and others" if len(fresh) > 1 else ""}.',
            "Make it ready again; the table then shows them.",
        )

    def _take_refusals(self) -> None:
        self.refused = {r: said for line in self._lines for r, said in line.refused.items()}

    def _raise_first(self, errors: Sequence[BaseException]) -> None:
        if errors and any(line.late for line in self._lines):
            raise self._relay.not_ready(TimeoutError())
        turned_away = [error for error in errors if isinstance(error, TurnedAway)]
        if errors and len(turned_away) == len(errors) < len(self._lines):
            raise self._too_few(turned_away[0].words, len(self._lines) - len(errors))
        for error in errors:
            raise error

    def _too_few(self, words: str, taken: int) -> NotReady:
        """Return what to say of a server that takes some of the connections only."""
        people = sum(len(line.recipients) for line in self._lines)
        message = (
            f"{self._relay.host} took {taken:,} of the {len(self._lines):,} connections that {people:,} addresses need"
        )
        return NotReady(f"{message} ({words}).", self._fewer)


def parallel(
    act: Callable[[_Line], _Made], lines: Sequence[_Line], longest: float | None = None
) -> list[Future[_Made]]:
    """Do it for every line at once, and wait for all; break those off that take longer than so many seconds.

    The threads never keep the program from ending (an executor's would: it joins them at exit).
    """
    ends: dict[Future[_Made], _Line] = {Future(): line for line in lines}
    for end, line in ends.items():
        Thread(target=_do, args=(act, line, end), name="mail", daemon=True).start()
    for late in wait(ends, longest).not_done:
        ends[late].break_off()
    wait(ends)
    return list(ends)


def _do(act: Callable[[_Line], _Made], line: _Line, end: Future[_Made]) -> None:
    try:
        made = act(line)
    except BaseException as error:  # noqa: BLE001 — it is handed to the thread that waits for it
        end.set_exception(error)
    else:
        end.set_result(made)
