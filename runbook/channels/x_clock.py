"""What X makes of a clock that is wrong: posts are signed with the time, and X refuses those of another time."""

from datetime import timedelta

from runbook.channels.server_clock import Reading, ServerClock
from runbook.errors import NotReady
from runbook.model.outcome import Offset
from runbook.model.times import in_words

TIMESTAMP_LIMIT = timedelta(minutes=5)
"""How far `oauth_timestamp` may be from X's own time.

X publishes no number (docs.x.com, Authorizing a request; error 135, "timestamp out of bounds"); 5 minutes is what
developers report.
"""


def refusal(offset: Offset) -> NotReady | None:
    """Return why X refuses what this computer signs; None unless its clock is off by too much for certain."""
    if abs(offset.for_certain) <= TIMESTAMP_LIMIT.total_seconds():
        return None
    off = in_words(timedelta(seconds=abs(offset.seconds)))
    way = "behind" if offset.seconds > 0 else "ahead of"
    return NotReady(
        f"This computer's clock is {off} {way} {offset.source}'s; X refuses posts signed with it.",
        "Set this computer's clock, then try again.",
    )


def refusal_by(reading: Reading | None, host: str) -> NotReady | None:
    """Return the same for one answer of a host of X."""
    clock = ServerClock()
    if reading is not None:
        clock.add(reading)
    offset = clock.offset(host)
    return refusal(offset) if offset else None
