"""The SQLite store: its file, what it refuses, and what it says when the disk does not do as it should."""

import sqlite3
import stat
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from runbook.errors import Conflict, JournalError
from runbook.journal.sqlite import VERSION, SqliteJournal
from runbook.model.entries import Fact, Kind

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
