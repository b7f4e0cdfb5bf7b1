from datetime import UTC, datetime, timedelta

import pytest

from runbook.model.times import clock_time, day, exact_time, full_time, in_milliseconds, in_seconds

DUE = datetime(2018, 1, 5, 9, 30, tzinfo=UTC)
LONDON, AUCKLAND = "Europe/London", "Pacific/Auckland"


@pytest.mark.parametrize(
    ("after", "zone", "words"),
    [
        (timedelta(seconds=131), LONDON, "09:32:11"),
        (timedelta(days=1, seconds=131), LONDON, "6 Jan 09:32:11"),
        (timedelta(hours=-10), LONDON, "4 Jan 23:30:00"),
        (timedelta(hours=-10), AUCKLAND, "12:30:00"),
        (timedelta(days=-5, hours=-10), LONDON, "30 Dec 2017 23:30:00"),
        (timedelta(days=365), LONDON, "5 Jan 2019 09:30:00"),
    ],
)
def test_a_time_has_its_day_where_it_is_another_than_that_of_the_due_time(
    after: timedelta, zone: str, words: str
) -> None:
    assert exact_time(DUE + after, DUE, zone) == words


def test_readers_are_told_times_in_the_zone_of_the_release() -> None:
    summer = datetime(2026, 7, 31, 23, 30, tzinfo=UTC)
    assert clock_time(summer, LONDON) == "00:30"
    assert day(summer, LONDON) == "Saturday 1 August 2026"
    assert full_time(summer, LONDON) == "Sat 1 August 2026 00:30:00 BST"
    assert full_time(DUE, LONDON) == "Fri 5 January 2018 09:30:00 GMT"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.0, "0 s"),
        (0.0241, "0.024 s"),
        (0.3, "0.3 s"),
        (1.0, "1 s"),
        (1.34, "1.3 s"),
        (12.4, "12 s"),
        (100.0, "100 s"),
    ],
)
def test_a_short_time_is_told_as_exactly_as_it_matters(seconds: float, words: str) -> None:
    assert in_seconds(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.0, "less than 0.01 ms"), (0.00002, "0.02 ms"), (0.0025, "2.50 ms"), (0.25, "250 ms"), (1.5, "1.5 s")],
)
def test_a_very_short_time_is_told_in_milliseconds(seconds: float, words: str) -> None:
    assert in_milliseconds(seconds) == words
