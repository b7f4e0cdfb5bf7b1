"""The command line as a user starts it: a process of its own, in a folder of its own, with nothing of the machine's."""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PATIENCE_SECONDS = 120


@dataclass(frozen=True)
class Finished:
    """A process that has ended."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Home:
    """An empty folder that stands for a user's: it is where commands are started, and the data they keep lies in it."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("RUNBOOK_", "PYTHON"))}
        return {
            **kept,
            "HOME": str(self.folder),
            "RUNBOOK_DATA": str(self.folder / "data"),
            "COLUMNS": "80",
            "NO_COLOR": "1",
            "TZ": "Europe/London",
            "PYTHONUTF8": "1",
        }

    def python(self, *arguments: str, at: Path | None = None) -> Finished:
        """Run this interpreter with `arguments`, nothing to read, in `at` (by default the folder itself)."""
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=at or self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        return Finished(done.returncode, done.stdout, done.stderr)

    def runbook(self, *arguments: str, at: Path | None = None) -> Finished:
        """Run `runbook` with `arguments`."""
        return self.python("-m", "runbook", *arguments, at=at)

    def imported_by(self, arguments: Sequence[str]) -> frozenset[str]:
        """Run `runbook` with `arguments` and return every module it imported. The command must succeed."""
        done = self.python("-X", "importtime", "-m", "runbook", *arguments)
        assert done.code == 0, done.err
        rows = (line for line in done.err.splitlines() if line.startswith("import time:"))
        return frozenset(row.rpartition("|")[2].strip() for row in rows)
