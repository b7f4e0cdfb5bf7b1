from datetime import UTC, datetime, timedelta

import pytest

from runbook.model.times import clock_time, day, exact_time, full_time

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
