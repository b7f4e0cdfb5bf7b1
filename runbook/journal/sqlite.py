"""The action log in one SQLite file: append-only, durable when `append` returns, refused when somebody was quicker.

Write-ahead logging with `synchronous=FULL`: a commit is on the disk before it is reported (https://sqlite.org/wal.html,
https://sqlite.org/pragma.html#pragma_synchronous). Triggers refuse to change or delete an entry, so that an accident
with another program cannot; what alters the file on purpose is found by `chain.verify`.
"""

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import astuple
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from runbook.clock import Clock, SystemClock
from runbook.errors import Conflict, JournalError
from runbook.journal import chain
from runbook.journal.timed import timing_of
from runbook.model.entries import Entry, Fact, Kind
from runbook.model.lining_up import Timing
from runbook.model.ports import RunSummary
from runbook.model.times import stamp, unstamp

VERSION = 2
"""The version of the schema, in `PRAGMA user_version`."""

_TIMINGS = (
    # How long channels took, so that nobody need read every log for it. It is no evidence: the entries are.
    """CREATE TABLE timings (
        place INTEGER PRIMARY KEY,
        channel TEXT NOT NULL,
        run TEXT NOT NULL,
        took REAL NOT NULL,
        way REAL NOT NULL
    )""",
    "CREATE INDEX timings_by_channel ON timings (channel)",  # it holds the place too, and so their order
)
"""What version 2 has more than version 1."""

_SCHEMA = (
    """CREATE TABLE entries (
        run TEXT NOT NULL,
        sequence INTEGER NOT NULL,
        body BLOB NOT NULL,
        hash TEXT NOT NULL,
        PRIMARY KEY (run, sequence)
    ) WITHOUT ROWID""",
    """CREATE TRIGGER entries_stay BEFORE UPDATE ON entries
        BEGIN SELECT RAISE(ABORT, 'the action log is append-only'); END""",
    """CREATE TRIGGER entries_remain BEFORE DELETE ON entries
        BEGIN SELECT RAISE(ABORT, 'the action log is append-only'); END""",
    # What `runs` lists, so that it need not read every plan. It can be made anew from the entries.
    """CREATE TABLE runs (
        place INTEGER PRIMARY KEY,
        run TEXT NOT NULL UNIQUE,
        playbook TEXT NOT NULL,
        release TEXT NOT NULL,
        status TEXT NOT NULL,
        started_at TEXT NOT NULL,
        stood_down INTEGER NOT NULL DEFAULT 0
    )""",
    *_TIMINGS,
    f"PRAGMA user_version = {VERSION}",
)

_PAGE = (
    500  # entries read at a time: between two pages no statement stays open, so that a reader never holds a writer up
)

_IN_WORDS = {
    "SQLITE_FULL": ("the disk is full", "Make room on it; `runbook resume` then goes on."),
    "SQLITE_READONLY": ("it may only be read", "Give yourself the right to write to it and to its folder."),
    "SQLITE_PERM": ("it may not be opened", "Give yourself the right to write to it and to its folder."),
    "SQLITE_CANTOPEN": ("it cannot be opened", "Look whether its folder exists and whether you may write to it."),
    "SQLITE_BUSY": ("another program holds it locked", "End the other program, then run `runbook resume`."),
    "SQLITE_LOCKED": ("another program holds it locked", "End the other program, then run `runbook resume`."),
    "SQLITE_NOTADB": ("it is not a log of runbook", "Move it away; a new log is begun in its place."),
    "SQLITE_CORRUPT": ("it is damaged", "Move it away and restore it from a copy; nothing may be sent without a log."),
    "SQLITE_IOERR": (
        "the disk does not answer as it should",
        "Look at the disk; try again with the log on another one.",
    ),
}
_OTHERWISE = ("", "Look at the file and its disk; nothing is sent without a log.")


class SqliteJournal:
    """A `Journal` in a SQLite file, which is made if it is not there, readable by its owner only (mode 0600).

    Works from the thread that made it only. `clock` gives `recorded_at`; a rehearsal in simulated time hands in its
    own. `patience` is how many seconds to wait for another writer. `lasting`: what was appended outlives a loss of
    power; without it only the end of the program, which is enough for a rehearsal that is over in a second. A file of
    an earlier version is brought up to this one, its entries untouched. Raises `JournalError` if the file cannot be
    used; every `JournalError` leaves the log as it was.
    """

    def __init__(self, path: Path, clock: Clock | None = None, *, patience: float = 5.0, lasting: bool = True) -> None:
        self.path = path
        self._clock: Clock = clock or SystemClock()
        with self._in_words():
            _make_file(path)
            self._db = sqlite3.connect(path, timeout=patience, isolation_level=None)
        try:
            with self._in_words():
                self._db.execute("PRAGMA journal_mode = WAL")
                self._db.execute(f"PRAGMA synchronous = {'FULL' if lasting else 'NORMAL'}")
                self._set_up()
        except BaseException:
            self._db.close()
            raise

    def append(self, run: str, facts: Sequence[Fact], after: int) -> tuple[Entry, ...]:
        """Seal and store facts as the entries after sequence `after`, in one transaction.

        Raises `Conflict` when somebody else has appended since, `JournalError` when it cannot be written; then none of
        them is stored.
        """
        if not facts:
            return ()
        with self._in_words(), self._transaction():
            last = self._last(run)
            if last.sequence != after:
                raise _conflict(run, last.sequence, after)
            entries = []
            for fact in facts:
                entry, body = chain.seal(last, run, fact, chain.take_stamp(self._clock))
                self._store(entry, body)
                entries.append(entry)
                last = chain.Link(entry.sequence, entry.hash)
            self._list(entries)
            self._time(entries)
        return tuple(entries)

    def read(self, run: str, after: int = 0) -> Iterator[Entry]:
        """Yield the entries of a run in order, those after sequence `after`. Empty for a run that is not there."""
        for sealed in self.sealed(run, after):
            yield chain.unseal(sealed)

    def sealed(self, run: str, after: int = 0) -> Iterator[chain.Sealed]:
        """Yield the entries of a run as they are stored, for `chain.verify`."""
        query = "SELECT sequence, body, hash FROM entries WHERE run = ? AND sequence > ? ORDER BY sequence LIMIT ?"
        while True:
            with self._in_words():
                rows = self._db.execute(query, (run, after, _PAGE)).fetchall()
            if not rows:
                return
            yield from (chain.Sealed(body, hash_) for _, body, hash_ in rows)
            after = rows[-1][0]

    def runs(self) -> tuple[RunSummary, ...]:
        """Return every run, the newest first."""
        with self._in_words():
            rows = self._db.execute(
                """SELECT run, playbook, release, status, started_at, stood_down,
                    (SELECT max(sequence) FROM entries WHERE entries.run = runs.run)
                FROM runs ORDER BY started_at DESC, place DESC"""
            ).fetchall()
        return tuple(
            RunSummary(run, playbook, release, status, unstamp(started_at), entries, bool(stood_down))
            for run, playbook, release, status, started_at, stood_down, entries in rows
        )

    def timings(self, channel: str, most: int) -> tuple[Timing, ...]:
        """Return how long a channel's last sendings took, the newest first, at most so many, over all runs.

        Only those that a live channel confirmed and timed: `took` is in their outcome.
        """
        query = "SELECT run, took, way FROM timings WHERE channel = ? ORDER BY place DESC LIMIT ?"
        with self._in_words():
            rows = self._db.execute(query, (channel, max(0, most))).fetchall()
        return tuple(Timing(*row) for row in rows)

    def close(self) -> None:
        """Close the file. Harmless when repeated."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _set_up(self) -> None:
        with self._transaction():
            version = int(self._one("PRAGMA user_version") or 0)
            if version > VERSION:
                raise JournalError(
                    f'The log "{self.path}" was written by a newer runbook (log version {version}, not {VERSION}).',
                    "Install the newer runbook to read it or to go on with it.",
                )
            if version == VERSION:
                return
            if version == 1:
                self._bring_up()
                return
            if self._one("SELECT count(*) FROM sqlite_master"):
                raise JournalError(
                    f'"{self.path}" is a database of another program.',
                    "Name another file for the log, or move this one away.",
                )
            for statement in _SCHEMA:
                self._db.execute(statement)

    def _bring_up(self) -> None:
        """Make what version 2 has more than version 1, in the transaction that is open."""
        for statement in (*_TIMINGS, f"PRAGMA user_version = {VERSION}"):
            self._db.execute(statement)
        query = "SELECT body, hash FROM entries WHERE instr(body, CAST('\"took\":' AS BLOB))"
        timed = []
        for body, hash_ in self._db.execute(query):
            # What was damaged is for `verify` to say; it must not keep the log from being opened.
            with suppress(JournalError):
                timed.append(chain.unseal(chain.Sealed(body, hash_)))
        self._time(sorted(timed, key=lambda entry: entry.recorded_at))

    def _last(self, run: str) -> chain.Link:
        query = "SELECT sequence, hash FROM entries WHERE run = ? ORDER BY sequence DESC LIMIT 1"
        row = self._db.execute(query, (run,)).fetchone()
        return chain.Link(*row) if row else chain.START

    def _store(self, entry: Entry, body: bytes) -> None:
        try:
            self._db.execute("INSERT INTO entries VALUES (?, ?, ?, ?)", (entry.run, entry.sequence, body, entry.hash))
        except sqlite3.IntegrityError as error:
            raise _conflict(entry.run, entry.sequence, entry.sequence - 1) from error

    def _list(self, entries: Sequence[Entry]) -> None:
        first = entries[0]
        if first.sequence == 1:
            plan: dict[str, Any] = first.data.get("plan") or {}
            row = (
                first.run,
                plan.get("playbook", ""),
                plan.get("release", {}).get("id", ""),
                plan.get("status", "exercise"),
                stamp(first.at),
            )
            self._db.execute(
                "INSERT INTO runs (run, playbook, release, status, started_at) VALUES (?, ?, ?, ?, ?)", row
            )
        if any(entry.kind is Kind.STOOD_DOWN for entry in entries):
            self._db.execute("UPDATE runs SET stood_down = 1 WHERE run = ?", (first.run,))

    def _time(self, entries: Sequence[Entry]) -> None:
        rows = [(channel, *astuple(timing)) for channel, timing in filter(None, map(timing_of, entries))]
        self._db.executemany("INSERT INTO timings (channel, run, took, way) VALUES (?, ?, ?, ?)", rows)

    def _one(self, query: str) -> Any:
        row = self._db.execute(query).fetchone()
        return row[0] if row else None

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            # SQLite has rolled back by itself after some errors (a full disk); then there is nothing left to undo.
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        """Turn what SQLite and the file system say into a `JournalError`. A fault in the program stays what it is."""
        try:
            yield
        except OSError as error:
            raise JournalError(
                f'The log "{self.path}" cannot be used: {error.strerror or error}.', _IN_WORDS["SQLITE_CANTOPEN"][1]
            ) from error
        except sqlite3.ProgrammingError:
            raise
        except sqlite3.Error as error:
            name = "_".join(getattr(error, "sqlite_errorname", "").split("_")[:2])
            what, remedy = _IN_WORDS.get(name, _OTHERWISE)
            raise JournalError(f'The log "{self.path}" cannot be used: {what or error}.', remedy) from error


def _make_file(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # SQLite would make the file with the rights the umask leaves; it gives its own side files the rights of this one.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))


def _conflict(run: str, last: int, after: int) -> Conflict:
    return Conflict(
        f'Somebody else has written to run "{run}" in the meantime: it has {last} entries, {after} were known here.',
        f"Nothing was entered. `runbook resume {run}` goes on from where it stands now.",
    )
