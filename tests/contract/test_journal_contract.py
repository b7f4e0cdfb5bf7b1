"""What every journal holds to, whichever store is behind it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import pytest

from runbook.clock import Clock, SimulatedClock
from runbook.errors import Conflict, JournalError
from runbook.journal.chain import Sealed, verify
from runbook.journal.sqlite import SqliteJournal
from runbook.model.entries import Fact, Kind
from runbook.model.lining_up import Timing
from runbook.model.ports import Journal

START = datetime(2018, 1, 5, 9, 30, tzinfo=UTC)


class Store(Journal, Protocol):
    """A journal, and what else every store has."""

    def sealed(self, run: str, after: int = 0) -> Iterator[Sealed]: ...

    def close(self) -> None: ...


Open = Callable[[Clock], Store]


@pytest.fixture(params=["sqlite"])
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """Open the same log as often as asked, each time as another user of it."""
    opened: list[Store] = []

    def open_(clock: Clock) -> Store:
        opened.append({"sqlite": lambda: SqliteJournal(tmp_path / "log.sqlite", clock)}[request.param]())
        return opened[-1]

    yield open_
    for store in opened:
        store.close()


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock(START)


@pytest.fixture
def journal(open_store: Open, clock: SimulatedClock) -> Store:
    return open_store(clock)


def started(run: str, status: str = "exercise") -> Fact:
    plan = {"playbook": "gov-uk-failure", "status": status, "release": {"id": f"release-of-{run}"}}
    return Fact(Kind.STARTED, START, "Duty officer", data={"plan": plan})


def notes(*texts: str) -> list[Fact]:
    return [Fact(Kind.NOTED, START, "Duty officer", "comms", "report", {"text": text}) for text in texts]


def test_what_is_appended_is_returned_sealed_and_read_back(journal: Store) -> None:
    entries = journal.append("r", [started("r"), *notes("one")], 0)
    more = journal.append("r", notes("two", "three"), 2)
    assert [e.sequence for e in (*entries, *more)] == [1, 2, 3, 4]
    assert list(journal.read("r")) == [*entries, *more]


def test_reading_goes_on_after_a_sequence(journal: Store) -> None:
    entries = journal.append("r", notes("one", "two", "three"), 0)
    assert list(journal.read("r", after=1)) == list(entries[1:])
    assert list(journal.read("r", after=3)) == []


def test_a_run_that_is_not_there_is_empty(journal: Store) -> None:
    assert list(journal.read("nobody")) == []
    assert list(journal.runs()) == []


def test_appending_nothing_changes_nothing(journal: Store) -> None:
    assert journal.append("r", [], 0) == ()
    assert list(journal.read("r")) == []


def test_the_chain_of_every_run_holds(journal: Store) -> None:
    journal.append("a", notes("one"), 0)
    journal.append("b", notes("one", "two"), 0)
    journal.append("a", notes("two"), 1)
    for run, head in (("a", list(journal.read("a"))[-1].hash), ("b", list(journal.read("b"))[-1].hash)):
        assert verify(journal.sealed(run), head) == []


def test_recorded_times_come_from_the_clock_that_was_handed_in(journal: Store, clock: SimulatedClock) -> None:
    clock.sleep(90)
    [entry] = journal.append("r", notes("late"), 0)
    assert entry.at == START
    assert entry.recorded_at == START + timedelta(seconds=90)
    assert entry.monotonic == "90000000000"


@pytest.mark.parametrize("after", [0, 1, 3, 99])
def test_an_append_after_another_sequence_than_the_last_is_a_conflict_and_stores_nothing(
    journal: Store, after: int
) -> None:
    journal.append("r", notes("one", "two"), 0)
    with pytest.raises(Conflict, match=f"it has 2 entries, {after} were known here") as raised:
        journal.append("r", notes("three", "four"), after)
    assert "`runbook resume r`" in raised.value.remedy
    assert len(list(journal.read("r"))) == 2


def test_two_desks_at_one_log_cannot_both_be_next(open_store: Open, clock: SimulatedClock) -> None:
    one, other = open_store(clock), open_store(clock)
    first = one.append("r", notes("by the first"), 0)
    with pytest.raises(Conflict):
        other.append("r", notes("by the second"), 0)
    second = other.append("r", notes("by the second, having read"), 1)
    assert list(one.read("r")) == list(other.read("r")) == [*first, *second]


def test_facts_of_one_append_are_stored_together_or_not_at_all(journal: Store) -> None:
    journal.append("r", notes("one"), 0)
    with pytest.raises(JournalError):
        journal.append("r", [*notes("two"), Fact(Kind.NOTED, START, data={"text": 0.5}), *notes("three")], 1)
    assert [e.data["text"] for e in journal.read("r")] == ["one"]
    journal.append("r", notes("two"), 1)


def test_a_reader_that_is_half_way_does_not_hold_a_writer_up(open_store: Open, clock: SimulatedClock) -> None:
    one, other = open_store(clock), open_store(clock)
    one.append("r", notes(*(f"note {n}" for n in range(1200))), 0)
    reading = one.read("r")
    assert next(reading).sequence == 1
    other.append("r", notes("meanwhile"), 1200)
    one.append("r", notes("and here"), 1201)
    assert [e.sequence for e in reading] == list(range(2, 1203))


def test_runs_are_listed_the_newest_first(journal: Store, clock: SimulatedClock) -> None:
    journal.append("old", [started("old")], 0)
    later = Fact(Kind.STARTED, START + timedelta(days=1), data=started("new", "actual").data)
    journal.append("new", [later, *notes("x")], 0)
    journal.append("old", [Fact(Kind.STOOD_DOWN, START, data={"early": False})], 1)
    new, old = journal.runs()
    assert (new.run, new.playbook, new.release, new.status) == ("new", "gov-uk-failure", "release-of-new", "actual")
    assert (new.entries, new.stood_down, new.started_at) == (2, False, START + timedelta(days=1))
    assert (old.run, old.status, old.entries, old.stood_down) == ("old", "exercise", 2, True)


def test_the_log_is_still_there_when_it_is_opened_again(open_store: Open, clock: SimulatedClock) -> None:
    first = open_store(clock)
    entries = first.append("r", [started("r"), *notes("one")], 0)
    first.close()
    again = open_store(clock)
    assert list(again.read("r")) == list(entries)
    assert [summary.run for summary in again.runs()] == ["r"]
    assert again.append("r", notes("two"), 2)[0].previous == entries[-1].hash


def sent(channel: str, took: str, **other: object) -> Fact:
    data = {"message": "post", "outcome": "sent", "channel": channel, "took": took, "way": "0.025", **other}
    return Fact(Kind.OUTCOME, START, "runbook", step="announce", data=data)


def test_how_long_a_channel_took_is_kept_over_all_runs_the_newest_first(
    open_store: Open, clock: SimulatedClock
) -> None:
    journal = open_store(clock)
    journal.append("a", [started("a"), sent("x", "0.6"), sent("press-email", "0.35")], 0)
    journal.append("b", [started("b", "actual"), sent("x", "0.625")], 0)
    journal.append("a", [sent("x", "0.59")], 3)
    wanted = (Timing("a", 0.59, 0.025), Timing("b", 0.625, 0.025), Timing("a", 0.6, 0.025))
    assert tuple(journal.timings("x", 9)) == wanted
    assert tuple(journal.timings("x", 2)) == wanted[:2]
    assert tuple(journal.timings("press-email", 9)) == (Timing("a", 0.35, 0.025),)
    journal.close()
    assert tuple(open_store(clock).timings("x", 9)) == wanted


@pytest.mark.parametrize("most", [0, -1])
def test_no_timings_are_returned_where_none_are_wanted_or_known(journal: Store, most: int) -> None:
    journal.append("r", [sent("x", "0.6")], 0)
    assert tuple(journal.timings("x", most)) == ()
    assert tuple(journal.timings("X", 9)) == ()


NOT_TIMED = [
    sent("x", "0.6", outcome="unknown"),
    sent("x", "0.6", outcome="not sent"),
    sent("x", "0.6", outcome="skipped"),
    sent("", "0.6"),
    *(sent("x", took) for took in ("", "soon", "-0.1", "nan", "inf")),
    Fact(Kind.OUTCOME, START, data={"message": "post", "outcome": "sent", "channel": "x"}),
    Fact(Kind.OUTCOME, START, data={"message": "post", "outcome": "sent", "took": "0.6"}),
    Fact(Kind.OUTCOME, START, data={"outcome": "sent", "channel": ["x"], "took": 1}),
    Fact(Kind.NOTED, START, data=sent("x", "0.6").data),
]


@pytest.mark.parametrize("fact", NOT_TIMED)
def test_what_no_live_channel_confirmed_and_timed_is_entered_and_never_learnt_from(journal: Store, fact: Fact) -> None:
    assert len(journal.append("r", [fact], 0)) == 1
    assert tuple(journal.timings("x", 9)) == tuple(journal.timings("", 9)) == ()


def test_a_way_that_is_not_known_is_taken_for_none(journal: Store) -> None:
    journal.append("r", [sent("x", "0.6", way="?")], 0)
    assert tuple(journal.timings("x", 9)) == (Timing("r", 0.6, 0.0),)


def test_a_timing_is_stored_with_its_entry_or_not_at_all(journal: Store) -> None:
    with pytest.raises(JournalError):
        journal.append("r", [sent("x", "0.6"), Fact(Kind.NOTED, START, data={"text": 0.5})], 0)
    with pytest.raises(Conflict):
        journal.append("r", [sent("x", "0.6")], 5)
    assert tuple(journal.timings("x", 9)) == ()
