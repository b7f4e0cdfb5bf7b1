"""What an entry tells of how long a channel took: the same for every store."""

import math
from typing import Any

from runbook.model.entries import Entry, Kind
from runbook.model.lining_up import Timing
from runbook.model.outcome import Outcome


def timing_of(entry: Entry) -> tuple[str, Timing] | None:
    """Return the channel and its timing, if the entry is the outcome of a sending that a live channel timed.

    None for everything else: what was rehearsed, sent by hand, or not confirmed has no `took`. What stands in the place
    of a number of seconds and is none (it is negative, without end, or no number) counts as not timed.
    """
    if entry.kind is not Kind.OUTCOME or entry.data.get("outcome") != Outcome.SENT:
        return None
    channel, took = entry.data.get("channel"), _seconds(entry.data.get("took"))
    if not isinstance(channel, str) or not channel or took is None:
        return None
    return channel, Timing(entry.run, took, _seconds(entry.data.get("way")) or 0.0)


def _seconds(text: Any) -> float | None:
    try:
        seconds = float(text) if isinstance(text, str) else -1.0
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None
