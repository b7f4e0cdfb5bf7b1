"""Times as people write them in files, and what they mean.

A duration is `45s`, `15m`, `2h` or `180d`. A moment is `T+5m` (minutes from the release's due time, also `T-30m`) or a
quoted clock time on the day of the release, `"09:45"`. A local time that the clocks skip, or show twice, is refused.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import StringConstraints

Duration = Annotated[str, StringConstraints(pattern=r"^\d{1,5}(s|m|h|d)$")]
Moment = Annotated[str, StringConstraints(pattern=r"^(T[+-]\d{1,5}(s|m|h|d)|[0-2]\d:[0-5]\d)$")]
ClockTime = Annotated[str, StringConstraints(pattern=r"^[0-2]\d:[0-5]\d(:[0-5]\d)?([+-]\d\d:\d\d|Z)?$")]

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class NoSuchTime(ValueError):
    """A local time that does not exist, or exists twice, in its zone."""


def duration(text: str) -> timedelta:
    """Return the length that `text` (a `Duration`) names."""
    return timedelta(**{_UNITS[text[-1]]: int(text[:-1])})


def moment(text: str, due: datetime, zone: str) -> datetime:
    """Return, in UTC, the moment that `text` names for a release that is due at `due`.

    Raises `NoSuchTime` for a clock time that the day of the release does not have, or has twice.
    """
    if text.startswith("T"):
        sign = 1 if text[1] == "+" else -1
        return due + sign * duration(text[2:])
    return local_time(due.astimezone(ZoneInfo(zone)).date(), text, zone)


def local_time(day: date, clock: str, zone: str) -> datetime:
    """Return, in UTC, `clock` on `day` in `zone` (an IANA name).

    `clock` may carry its offset (`01:30+01:00`); then the zone is not asked. Raises `NoSuchTime` otherwise for an hour
    that is left out in spring or comes twice in autumn, and for a clock time past 23:59.
    """
    try:
        wall = time.fromisoformat(clock)
    except ValueError as error:
        raise NoSuchTime(f"there is no {clock} on a clock") from error
    if wall.tzinfo is not None:
        return datetime.combine(day, wall).astimezone(UTC)
    first = datetime.combine(day, wall, ZoneInfo(zone))
    second = first.replace(fold=1)
    if first.utcoffset() != second.utcoffset():
        there = first.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        if there != first.replace(tzinfo=None):
            raise NoSuchTime(f"{clock} does not exist on {day} in {zone}: the clocks go forward past it")
        raise NoSuchTime(f"{clock} comes twice on {day} in {zone}: the clocks go back over it")
    return first.astimezone(UTC)


def in_words(length: timedelta) -> str:
    """Return a length as a person says it: `40 s`, `13 min`, `2 h 49 min`, `3 days`; whole units, rounded down."""
    seconds = int(length.total_seconds())
    if seconds < 0:
        return f"-{in_words(-length)}"
    if seconds < 60:
        return f"{seconds} s"
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if minutes < 60:
        return f"{minutes} min"
    if hours < 48:
        rest = minutes % 60
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    return f"{days} days"


def in_seconds(seconds: float) -> str:
    """Return a short time in seconds, as exactly as it matters: `0.024 s`, `1.3 s`, `12 s`."""
    text = f"{seconds:.3f}" if seconds < 1 else f"{seconds:.1f}" if seconds < 10 else f"{seconds:.0f}"
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text} s"


def in_milliseconds(seconds: float) -> str:
    """Return a very short time: `less than 0.01 ms`, `0.02 ms`, `250 ms`; from a second on as `in_seconds`."""
    if seconds >= 1:
        return in_seconds(seconds)
    if seconds < 0.00001:
        return "less than 0.01 ms"
    thousandths = seconds * 1000
    return f"{thousandths:.2f} ms" if thousandths < 10 else f"{thousandths:.0f} ms"


def after_due(now: datetime, due: datetime) -> str:
    """Return `T+4 min`, `T-2 min`, `T+3 h 5 min` or `T+3 days`; completed minutes, so 119 seconds is `T+1 min`."""
    seconds = (now - due).total_seconds()
    sign, length = ("+", seconds) if seconds >= 0 else ("-", -seconds)
    minutes = int(length // 60)
    if minutes < 120:
        return f"T{sign}{minutes} min"
    if minutes >= 48 * 60:
        return f"T{sign}{minutes // 1440} days"
    return f"T{sign}{minutes // 60} h {minutes % 60} min"


def short_after_due(now: datetime, due: datetime) -> str:
    """Return `T+4` or `T-2`; from two hours on `T+3 h 5 min`, then `T+3 days`."""
    text = after_due(now, due)
    return text if " h " in text else text.removesuffix(" min")


def clock_time(at: datetime, zone: str) -> str:
    """Return the time of day in `zone` (an IANA name), as readers are told it: `09:30`."""
    return f"{at.astimezone(ZoneInfo(zone)):%H:%M}"


def day(at: datetime, zone: str) -> str:
    """Return the day in `zone`, as readers are told it: `Friday 5 January 2018`."""
    there = at.astimezone(ZoneInfo(zone))
    return f"{there:%A} {there.day} {there:%B %Y}"


def exact_time(at: datetime, due: datetime, zone: str) -> str:
    """Return the time to the second in `zone`: `09:32:31`.

    On another day than that of `due` it is `6 Jan 09:32:31`, in another year `6 Jan 2019 09:32:31`.
    """
    there, then = at.astimezone(ZoneInfo(zone)), due.astimezone(ZoneInfo(zone))
    if there.date() == then.date():
        return f"{there:%H:%M:%S}"
    year = "" if there.year == then.year else f" {there.year}"
    return f"{there.day} {there:%b}{year} {there:%H:%M:%S}"


def full_time(at: datetime, zone: str) -> str:
    """Return the time with its day and zone: `Fri 5 January 2018 09:30:00 GMT`."""
    there = at.astimezone(ZoneInfo(zone))
    return f"{there:%a} {there.day} {there:%B %Y %H:%M:%S %Z}"


def stamp(at: datetime) -> str:
    """Return `at` as RFC 3339 in UTC with microseconds and `Z`, the form in which the log keeps every time."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def unstamp(text: str) -> datetime:
    """Return the time that `stamp` wrote."""
    return datetime.fromisoformat(text)
