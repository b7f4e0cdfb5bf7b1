"""Times as people write them, and the hours that clocks skip or show twice."""

from datetime import UTC, date, datetime, timedelta

import pytest

from runbook.model.times import (
    NoSuchTime,
    after_due,
    duration,
    in_words,
    local_time,
    moment,
    stamp,
    unstamp,
)

SPRING, AUTUMN = date(2027, 3, 28), date(2027, 10, 31)
DUE = datetime(2027, 3, 5, 9, 30, tzinfo=UTC)


def test_a_local_time_that_the_clocks_skip_is_refused():
    with pytest.raises(NoSuchTime, match="01:30 does not exist on 2027-03-28 in Europe/London"):
        local_time(SPRING, "01:30", "Europe/London")


def test_a_local_time_that_comes_twice_is_refused():
    with pytest.raises(NoSuchTime, match="01:30 comes twice on 2027-10-31 in Europe/London"):
        local_time(AUTUMN, "01:30", "Europe/London")


@pytest.mark.parametrize(
    ("day", "clock", "utc"),
    [
        (SPRING, "00:59", "00:59"),
        (SPRING, "02:00", "01:00"),
        (AUTUMN, "00:59", "23:59"),
        (AUTUMN, "02:00", "02:00"),
        (AUTUMN, "01:30+01:00", "00:30"),
        (AUTUMN, "01:30+00:00", "01:30"),
        (AUTUMN, "01:30Z", "01:30"),
        (date(2027, 7, 1), "09:30", "08:30"),
        (date(2027, 7, 1), "09:30:15", "08:30"),
    ],
)
def test_a_local_time_is_one_moment_in_utc(day, clock, utc):
    assert f"{local_time(day, clock, 'Europe/London'):%H:%M}" == utc


@pytest.mark.parametrize("clock", ["25:00", "29:59"])
def test_a_clock_has_no_such_time(clock):
    with pytest.raises(NoSuchTime, match=clock):
        local_time(SPRING, clock, "Europe/London")


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("45s", timedelta(seconds=45)),
        ("15m", timedelta(minutes=15)),
        ("2h", timedelta(hours=2)),
        ("180d", timedelta(days=180)),
    ],
)
def test_a_length_is_a_number_and_its_unit(text, length):
    assert duration(text) == length


def test_a_moment_counts_from_the_due_time_or_is_a_clock_time_of_its_day():
    assert moment("T+5m", DUE, "Europe/London") == DUE + timedelta(minutes=5)
    assert moment("T-30m", DUE, "Europe/London") == DUE - timedelta(minutes=30)
    assert moment("09:45", DUE, "Europe/London") == DUE + timedelta(minutes=15)


def test_the_day_of_a_clock_time_is_the_releases_own_not_that_of_utc():
    late = datetime(2027, 7, 1, 23, 30, tzinfo=UTC)  # 00:30 on 2 July in London
    assert moment("00:45", late, "Europe/London") == datetime(2027, 7, 1, 23, 45, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (10140, "2 h 49 min"),
        (3600 * 47 + 60, "47 h 1 min"),
        (3600 * 72, "3 days"),
        (-90, "-1 min"),
    ],
)
def test_a_length_is_said_in_whole_units_rounded_down(seconds, words):
    assert in_words(timedelta(seconds=seconds)) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "T+0 min"), (119, "T+1 min"), (-119, "T-1 min"), (7140, "T+119 min"), (7200, "T+2 h 0 min")],
)
def test_the_distance_from_the_due_time_is_in_completed_minutes(seconds, words):
    assert after_due(DUE + timedelta(seconds=seconds), DUE) == words


def test_a_time_is_the_same_written_and_read():
    at = datetime(2027, 3, 5, 9, 30, 0, 123456, tzinfo=UTC)
    assert stamp(at) == "2027-03-05T09:30:00.123456Z"
    assert unstamp(stamp(at)) == at
