"""The SQLite store: its file, what it refuses, and what it says when the disk does not do as it should."""

import sqlite3
import stat
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from runbook.errors import Conflict, JournalError
from runbook.journal import chain
from runbook.journal.sqlite import VERSION, SqliteJournal
from runbook.model.entries import Entry, Fact, Kind
from runbook.model.lining_up import Timing

NOTE = Fact(Kind.NOTED, datetime(2018, 1, 5, 9, 30, tzinfo=UTC), "Duty officer", data={"text": "x"})


def big(size: int) -> Fact:
    return Fact(Kind.NOTED, NOTE.at, data={"text": "x" * size})


def test_the_file_and_its_side_files_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "log.sqlite"
    with SqliteJournal(path) as journal:
        journal.append("r", [NOTE], 0)
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert modes == {"log.sqlite": 0o600, "log.sqlite-wal": 0o600, "log.sqlite-shm": 0o600}


def test_every_commit_is_synced_to_the_disk_through_a_write_ahead_log(tmp_path: Path) -> None:
    with SqliteJournal(tmp_path / "log.sqlite") as journal:
        assert journal._db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert journal._db.execute("PRAGMA synchronous").fetchone() == (2,)


def test_entries_cannot_be_changed_or_deleted(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    with SqliteJournal(path) as journal:
        journal.append("r", [NOTE], 0)
    other = sqlite3.connect(path)
    for statement in ("UPDATE entries SET hash = ''", "DELETE FROM entries"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            other.execute(statement)
    other.close()


def test_the_key_is_the_last_guard_when_the_last_entry_was_read_wrongly(tmp_path: Path) -> None:
    with SqliteJournal(tmp_path / "log.sqlite") as journal:
        [entry] = journal.append("r", [NOTE], 0)
        with pytest.raises(Conflict):
            journal._store(entry, b"{}")


def test_a_log_of_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    SqliteJournal(path).close()
    other = sqlite3.connect(path)
    other.execute(f"PRAGMA user_version = {VERSION + 1}")
    other.close()
    with pytest.raises(JournalError, match="newer runbook") as raised:
        SqliteJournal(path)
    assert "Install the newer runbook" in raised.value.remedy


VERSION_1 = """
    CREATE TABLE entries (
        run TEXT NOT NULL,
        sequence INTEGER NOT NULL,
        body BLOB NOT NULL,
        hash TEXT NOT NULL,
        PRIMARY KEY (run, sequence)
    ) WITHOUT ROWID;
    CREATE TRIGGER entries_stay BEFORE UPDATE ON entries
        BEGIN SELECT RAISE(ABORT, 'the action log is append-only'); END;
    CREATE TRIGGER entries_remain BEFORE DELETE ON entries
        BEGIN SELECT RAISE(ABORT, 'the action log is append-only'); END;
    CREATE TABLE runs (
        place INTEGER PRIMARY KEY,
        run TEXT NOT NULL UNIQUE,
        playbook TEXT NOT NULL,
        release TEXT NOT NULL,
        status TEXT NOT NULL,
        started_at TEXT NOT NULL,
        stood_down INTEGER NOT NULL DEFAULT 0
    );
    PRAGMA user_version = 1;
    PRAGMA journal_mode = WAL;
"""
"""The schema as version 1 wrote it."""


def sent(took: str) -> Fact:
    data = {"message": "post", "outcome": "sent", "channel": "x", "took": took, "way": "0.02"}
    return Fact(Kind.OUTCOME, NOTE.at, "runbook", data=data)


def log_of_version_1(path: Path, *facts: tuple[str, datetime, Fact]) -> list[Entry]:
    """Write a log as version 1 did: each fact with its run and the time at which it was recorded."""
    other = sqlite3.connect(path)
    other.executescript(VERSION_1)
    last, entries = dict.fromkeys((run for run, _, _ in facts), chain.START), []
    for run, recorded_at, fact in facts:
        entry, body = chain.seal(last[run], run, fact, chain.Stamp(recorded_at, "boot", "1", "host"))
        other.execute("INSERT INTO entries VALUES (?, ?, ?, ?)", (run, entry.sequence, body, entry.hash))
        if entry.sequence == 1:
            other.execute("INSERT INTO runs VALUES (NULL, ?, 'p', 'r', 'actual', '2018-01-05T09:30:00Z', 0)", (run,))
        last[run] = chain.Link(entry.sequence, entry.hash)
        entries.append(entry)
    other.commit()
    other.close()
    return entries


def test_a_log_of_version_1_is_brought_up_and_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    entries = log_of_version_1(path, ("r", NOTE.at, NOTE), ("r", NOTE.at, NOTE))
    with SqliteJournal(path) as journal:
        assert list(journal.read("r")) == entries
        assert journal.timings("x", 9) == ()
        journal.append("r", [sent("0.6")], 2)
    with SqliteJournal(path) as journal:
        assert journal.timings("x", 9) == (Timing("r", 0.6, 0.02),)
        assert chain.verify(journal.sealed("r")) == []
        assert [(run.run, run.entries) for run in journal.runs()] == [("r", 3)]
        assert journal._db.execute("PRAGMA user_version").fetchone() == (VERSION,)


def test_what_was_brought_up_has_the_schema_of_what_is_new(tmp_path: Path) -> None:
    log_of_version_1(tmp_path / "old.sqlite", ("r", NOTE.at, NOTE))
    schemas = []
    for name in ("old.sqlite", "new.sqlite"):
        with SqliteJournal(tmp_path / name) as journal:
            rows = journal._db.execute("SELECT type, name, sql FROM sqlite_master ORDER BY name").fetchall()
        schemas.append([(kind, name, " ".join((sql or "").split())) for kind, name, sql in rows])
    assert schemas[0] == schemas[1]


def test_timings_are_made_anew_from_the_entries_in_the_order_in_which_they_were_recorded(tmp_path: Path) -> None:
    path, hour = tmp_path / "log.sqlite", timedelta(hours=1)
    runs = [("z", NOTE.at, sent("0.1")), ("a", NOTE.at + hour, sent("0.2")), ("z", NOTE.at + 2 * hour, sent("0.3"))]
    entries = log_of_version_1(path, *runs, ("a", NOTE.at + 3 * hour, big(10)))
    with SqliteJournal(path) as journal:
        assert [timing.took for timing in journal.timings("x", 9)] == [0.3, 0.2, 0.1]
        assert list(journal.read("z")) == [entries[0], entries[2]]


def test_a_damaged_entry_keeps_no_old_log_from_being_opened_and_checked(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    log_of_version_1(path, ("r", NOTE.at, sent("0.1")))
    other = sqlite3.connect(path)
    other.execute("INSERT INTO entries VALUES ('r', 2, ?, 'x')", (b'{"took": and then nothing, "took":',))
    other.commit()
    other.close()
    with SqliteJournal(path) as journal:
        assert len(journal.timings("x", 9)) == 1
        assert {found.place for found in chain.verify(journal.sealed("r"))} == {2}


def test_bringing_up_that_fails_leaves_the_old_log_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    log_of_version_1(path, ("r", NOTE.at, sent("0.1")))
    other = sqlite3.connect(path)
    other.execute("CREATE INDEX timings_by_channel ON entries (hash)")  # its name is what the new one is to have
    with pytest.raises(JournalError, match="cannot be used"):
        SqliteJournal(path)
    assert other.execute("PRAGMA user_version").fetchone() == (1,)
    assert other.execute("SELECT count(*) FROM sqlite_master WHERE name = 'timings'").fetchone() == (0,)
    other.execute("DROP INDEX timings_by_channel")
    other.close()
    with SqliteJournal(path) as journal:
        assert len(journal.timings("x", 9)) == 1


def test_timings_are_found_without_reading_the_log(tmp_path: Path) -> None:
    with SqliteJournal(tmp_path / "log.sqlite") as journal:
        asked: list[str] = []
        journal._db.set_trace_callback(asked.append)
        journal.timings("x", 9)
        journal._db.set_trace_callback(None)
        plans = [row for query in asked for row in journal._db.execute(f"EXPLAIN QUERY PLAN {query}")]
    assert [row[3] for row in plans] == ["SEARCH timings USING INDEX timings_by_channel (channel=?)"]


def test_a_database_of_another_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE recipes (name TEXT)")
    other.close()
    with pytest.raises(JournalError, match="another program"):
        SqliteJournal(path)
    other = sqlite3.connect(path)
    assert other.execute("SELECT name FROM sqlite_master").fetchall() == [("recipes",)]
    other.close()


def test_a_file_that_is_no_database_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    path.write_text("Dear diary,\n" * 100)
    with pytest.raises(JournalError, match="it is not a log of runbook"):
        SqliteJournal(path)
    assert path.read_text().startswith("Dear diary")


def test_a_folder_in_its_place_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="cannot be used: Is a directory"):
        SqliteJournal(tmp_path)


def test_a_path_through_a_file_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(JournalError, match="cannot be used"):
        SqliteJournal(tmp_path / "file" / "log.sqlite")


def test_a_full_disk_is_said_and_nothing_of_the_append_stays(tmp_path: Path) -> None:
    with SqliteJournal(tmp_path / "log.sqlite") as journal:
        journal.append("r", [NOTE], 0)
        (pages,) = journal._db.execute("PRAGMA page_count").fetchone()
        journal._db.execute(f"PRAGMA max_page_count = {pages + 2}")
        with pytest.raises(JournalError, match="the disk is full") as raised:
            journal.append("r", [NOTE, big(100_000)], 1)
        assert "Make room" in raised.value.remedy
        assert len(list(journal.read("r"))) == 1
        journal._db.execute("PRAGMA max_page_count = 100000")
        assert journal.append("r", [big(100_000)], 1)[0].sequence == 2


def test_a_log_that_may_only_be_read_is_said(tmp_path: Path) -> None:
    with SqliteJournal(tmp_path / "log.sqlite") as journal:
        journal._db.execute("PRAGMA query_only = ON")
        with pytest.raises(JournalError, match="it may only be read") as raised:
            journal.append("r", [NOTE], 0)
        assert "the right to write" in raised.value.remedy


def test_a_log_that_another_program_holds_locked_is_said_and_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    with SqliteJournal(path, patience=0.05) as journal:
        journal.append("r", [NOTE], 0)
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(JournalError, match="holds it locked"):
            journal.append("r", [NOTE], 1)
        assert len(list(journal.read("r"))) == 1
        other.execute("ROLLBACK")
        other.close()
        journal.append("r", [NOTE], 1)


def test_a_damaged_file_is_said_when_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    with SqliteJournal(path) as journal:
        journal.append("r", [big(3000) for _ in range(40)], 0)
    content = bytearray(path.read_bytes())
    content[4096 * 2 :] = b"\x5a" * (len(content) - 4096 * 2)
    path.write_bytes(content)
    with pytest.raises(JournalError, match="it is damaged"), SqliteJournal(path) as journal:
        list(journal.read("r"))


def test_it_works_from_its_own_thread_only(tmp_path: Path) -> None:
    raised: list[BaseException] = []
    with SqliteJournal(tmp_path / "log.sqlite") as journal:

        def elsewhere() -> None:
            try:
                journal.append("r", [NOTE], 0)
            except sqlite3.ProgrammingError as error:
                raised.append(error)

        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
        assert len(raised) == 1
        assert list(journal.read("r")) == []


def test_reading_a_log_loads_no_adapter_no_loader_and_no_screen(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    with SqliteJournal(path) as journal:
        journal.append("r", [NOTE], 0)
    script = (
        "import sys; from pathlib import Path; from runbook.journal.sqlite import SqliteJournal\n"
        f"with SqliteJournal(Path({str(path)!r})) as journal: print(len(list(journal.read('r'))))\n"
        "print(sorted({'httpx', 'tweepy', 'requests', 'ruamel', 'jinja2', 'rich', 'typer'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["1", "[]"]
