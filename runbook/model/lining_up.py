"""Lining channels up: how long each takes from its last byte until its message counts, and who waits for whom. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import hypot, sqrt

REMEMBERED = 9
"""How many of a channel's last sendings an estimate rests on, at most."""
ENOUGH = 3
"""From so many on there is an estimate; one odd sending among fewer would move it."""
WORTH_IT = 0.01
"""Seconds. A smaller difference is left alone: machines and networks vary by as much from one sending to the next."""

_DOUBT = 2.6
"""A median of n is off by about 1.86 spreads / √n (1.4826 for a spread, 1.2533 for a median; normal errors),
and the difference of two by the hypotenuse of both. To hold by a difference of less than √2 times that, 2.6 in all,
would on average put channels further apart, not nearer together."""


@dataclass(frozen=True)
class Timing:
    """One sending that a channel confirmed.

    run   which run it was
    took  seconds from the last byte to the acknowledgement
    way   seconds of one way over the network
    """

    run: str
    took: float
    way: float


@dataclass(frozen=True)
class Estimate:
    """How long a channel needs until a message counts there.

    seconds  from the last byte: the median of its timings, each without its way back
    spread   seconds: the median distance of the timings from it
    sendings how many it rests on
    newest   the run of the newest of them
    """

    seconds: float
    spread: float
    sendings: int
    newest: str


def estimate(timings: Sequence[Timing]) -> Estimate | None:
    """Return what a channel's timings (the newest first) say; None if there are too few."""
    latest = timings[:REMEMBERED]
    if len(latest) < ENOUGH:
        return None
    from statistics import median  # noqa: PLC0415  # it loads fractions, decimal and random

    needed = [max(0.0, timing.took - timing.way) for timing in latest]
    middle = median(needed)
    return Estimate(middle, median(abs(n - middle) for n in needed), len(latest), latest[0].run)


def holds(estimates: Mapping[str, Estimate | None], longest: Mapping[str, float]) -> dict[str, float]:
    """Return by how many seconds each is held back behind the slowest, by the same names; 0: it goes at the instant.

    One without an estimate is not held. `longest` bounds each hold, in seconds: what its server will wait. Nothing is
    held where the difference is not worth it: up to `WORTH_IT`, or so little that it may be chance.
    """
    known = {name: e for name, e in estimates.items() if e is not None}
    slowest = max(known.values(), key=lambda e: e.seconds, default=None)
    held = dict.fromkeys(estimates, 0.0)
    for name, mine in known.items():
        behind = slowest.seconds - mine.seconds if slowest else 0.0
        if slowest and behind > max(WORTH_IT, _chance(mine, slowest)):
            held[name] = max(0.0, min(behind, longest.get(name, behind)))
    return held


def _chance(one: Estimate, other: Estimate) -> float:
    """Return up to how many seconds two estimates may well differ by chance."""
    return _DOUBT * hypot(*(each.spread / sqrt(each.sendings) for each in (one, other)))
