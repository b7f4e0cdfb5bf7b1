"""A process that appends is killed at random moments: what it reported is there, and the chain holds."""

import random
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from runbook.journal.chain import verify
from runbook.journal.sqlite import SqliteJournal
from runbook.model.entries import Entry

WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from runbook.journal.sqlite import SqliteJournal
from runbook.model.entries import Fact, Kind

journal = SqliteJournal(Path(sys.argv[1]))
last = sum(1 for _ in journal.read("r"))
print("go", flush=True)
while True:
    facts = [Fact(Kind.NOTED, datetime.now(UTC), data={"text": "x" * 3000, "of": 3}) for _ in range(3)]
    last = journal.append("r", facts, last)[-1].sequence
    print(last, flush=True)
"""


def kill_a_writer(path: Path, after: float) -> int:
    """Let a child append for so many seconds, kill it, and return the last sequence it reported."""
    with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "go\n"
        timer = threading.Timer(after, child.kill)
        timer.start()
        reported = [int(line) for line in child.stdout if line.endswith("\n")]
        timer.join()
    assert child.returncode == -signal.SIGKILL
    return reported[-1] if reported else 0


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_killed_while_appending_keeps_every_reported_entry_and_the_chain(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    moments = random.Random(20180105)
    reported = 0
    for _ in range(6):
        reported = max(reported, kill_a_writer(path, moments.uniform(0.0, 0.25)))
        with SqliteJournal(path) as journal:
            entries: list[Entry] = list(journal.read("r"))
            assert verify(journal.sealed("r")) == []
        assert [e.sequence for e in entries] == list(range(1, len(entries) + 1))
        assert len(entries) >= reported
        assert len(entries) % 3 == 0, "an append of three was stored in part"
    assert reported > 0


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_several_writers_of_one_run_never_store_one_sequence_twice(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    SqliteJournal(path).close()
    racer = WRITER.replace(
        'last = journal.append("r", facts, last)[-1].sequence',
        """
    from runbook.errors import Conflict
    try:
        last = journal.append("r", facts, last)[-1].sequence
    except Conflict:
        last += sum(1 for _ in journal.read("r", last))
        continue
    if last > 60:
        print(last, flush=True)
        break""",
    )
    children = [
        subprocess.Popen([sys.executable, "-c", racer, str(path)], stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    reported = [int(line) for child in children for line in child.communicate()[0].split("\n") if line.isdigit()]
    assert [child.returncode for child in children] == [0, 0, 0]
    with SqliteJournal(path) as journal:
        assert verify(journal.sealed("r")) == []
        entries = journal.runs()[0].entries
    assert len(reported) == len(set(reported)), "two writers were told that they had stored the same entry"
    assert set(reported) <= set(range(3, entries + 1, 3))
    assert entries == 3 * len(reported)
