"""What every tool is given: the same words, the same recipients, the same receivers; and what starts it."""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol, Self

from receiving import Condition

MARK = "All documents are at the temporary address."
"""Stands in every message, so that the receivers can tell that it came whole."""
SUBJECT = "Out now: Malpractice for GCSE and A level"
BODY = f"""Malpractice for GCSE and A level: summer 2017 exam series
Official statistics, out now. {MARK}

It was due at 09:30. A fault kept it from being published at its own address at that time. It is public for everybody.

Questions about the statistics: statistics@example.org
Press office: press@example.org
"""
POST = f"Malpractice for GCSE and A level. {MARK} https://www.example.org/releases/malpractice-2017"
SENDER = "press@example.org"


def addresses(count: int) -> tuple[str, ...]:
    """Return so many recipients, each another one."""
    return tuple(f"desk{number:04}@press.example.org" for number in range(1, count + 1))


@dataclass(frozen=True)
class Scene:
    """One tool's place in one cell: a folder of its own, the receivers, whom to tell."""

    folder: Path
    ports: Mapping[str, int]
    tls: bool
    recipients: tuple[str, ...]
    authority: Path
    """The certificate to trust."""

    @property
    def mail(self) -> int:
        """The mail server's port; with TLS it offers STARTTLS there."""
        return self.ports["mail"]

    @property
    def site(self) -> str:
        """The address that posts go to, without a path."""
        return f"https://127.0.0.1:{self.ports['web_tls']}" if self.tls else f"http://127.0.0.1:{self.ports['web']}"


@dataclass(frozen=True)
class Start:
    """A command as a user starts it."""

    argv: tuple[str, ...]
    cwd: Path
    environment: Mapping[str, str]
    typed: tuple[tuple[str, str], ...] = ()
    """What a person at its terminal waits for, and then types; without any it has no terminal."""


@dataclass(frozen=True)
class Noted:
    """What a tool's own log says of a run that has ended. Seconds."""

    countdown: float = 0.0
    """From the go to the release; left out of the start, and shown beside it. The clock is measured meanwhile."""
    clock_within: float = 0.0
    """How well it then knew its clock, by the servers' own: the least bound; 0 if it does not say."""


class Session(Protocol):
    """A tool in one cell."""

    def start(self) -> Start:
        """Return the next run's command."""

    def noted(self) -> Noted:
        """Return what its log says of the run that has just ended."""


class Tool(Protocol):
    """One row of the table."""

    @property
    def name(self) -> str:
        """What the table calls it."""

    def open(self, scene: Scene) -> Session:
        """Write its files into the scene's folder."""


@dataclass
class Fixed:
    """The session of a tool whose command is always the same, and that keeps no log."""

    command: Start

    def start(self) -> Start:
        """Return the command."""
        return self.command

    def noted(self) -> Noted:
        """Return nothing."""
        return Noted()


@dataclass
class Receivers:
    """The receivers' process, for as long as the `with` block lasts."""

    certificate: Path | None = None
    key: Path | None = None
    ports: dict[str, int] = field(default_factory=dict)
    kernel: bool = True
    """Whether every stamp so far is the kernel's."""
    _process: "subprocess.Popen[str] | None" = None

    def __enter__(self) -> Self:
        program = [sys.executable, str(Path(__file__).with_name("receivers.py"))]
        if self.certificate and self.key:
            program += [str(self.certificate), str(self.key)]
        self._process = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.ports = self._heard()
        return self

    def __exit__(self, *reason: object) -> None:
        if self._process and self._process.stdin and self._process.stdout:
            self._process.stdin.close()
            self._process.wait(10)
            self._process.stdout.close()

    def set(self, condition: Condition) -> None:
        """Take this condition from now on."""
        self._say({"do": "set", **asdict(condition)})
        self._heard()

    def collect(self) -> list[dict[str, Any]]:
        """Return every message since the last time, once the connections are closed; waits at most 2 s for that."""
        self._say({"do": "collect", "mark": MARK})
        told = self._heard()
        self.kernel = self.kernel and told["kernel"]
        return list(told["messages"])

    def _say(self, order: dict[str, Any]) -> None:
        if self._process is None or self._process.stdin is None:
            raise RuntimeError("The receivers have not been started.")
        print(json.dumps(order), file=self._process.stdin, flush=True)

    def _heard(self) -> dict[str, Any]:
        line = self._process.stdout.readline() if self._process and self._process.stdout else ""
        if not line:
            raise RuntimeError("The receivers ended before their time.")
        told = json.loads(line)
        return dict(told)
