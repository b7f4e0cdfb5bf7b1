"""The whole stage for a run of the real command: every server on loopback, a workspace that points at them, and hands.

with Stage(tmp_path) as stage:
    stage.run("execute", "gov-uk-failure", answers=answers_for("by-machine", "long"))
    ... stage.mail.received, stage.x.made, stage.news.public, stage.entries() ...

The release's own page does not exist until `restore_original()`; it is due two minutes before the stage was set.
"""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Self
from zoneinfo import ZoneInfo

from runbook.journal import chain
from runbook.model.entries import Entry, Kind
from runbook.workspace.shipped import example, shipped
from support.certificates import authority
from support.mail import MailServer
from support.screen import Terminal, at_terminal
from support.web_site import WebSite
from support.wordpress_site import WordPressSite
from support.x_api import XApi

PLAYBOOK = "gov-uk-failure"
RUN = "gcse-malpractice-2017-1"
TITLE = "Malpractice for GCSE and A level: summer 2017 exam series"
PATIENCE_SECONDS = 90
"""How long anything is waited for: far longer than it takes on a slow machine."""
ORIGINAL = "/government/statistics/malpractice-2017"
ELSEWHERE = "/government/publications/temporary-address"
"""Another part of the original site, for the route by hand."""
_DUE_AGO = timedelta(minutes=2)
_ENTRIES = "SELECT body, hash FROM entries WHERE run = ? AND sequence > ? ORDER BY sequence"


@dataclass(frozen=True)
class Finished:
    """A command that has ended."""

    code: int
    out: str
    err: str


@dataclass
class Running:
    """A command that runs in the background, without a terminal. What it prints goes to files."""

    process: "subprocess.Popen[bytes]"
    out: Path
    err: Path

    def wait(self) -> Finished:
        """Wait for its end. Raises TimeoutExpired when it never comes."""
        code = self.process.wait(PATIENCE_SECONDS)
        return Finished(code, self.out.read_text("utf-8"), self.err.read_text("utf-8"))

    @property
    def said(self) -> str:
        """The last of what it has printed."""
        return self.out.read_text("utf-8")[-500:] + self.err.read_text("utf-8")[-2000:]

    def kill(self) -> None:
        """Kill it as a power cut does."""
        self.process.kill()
        self.process.wait(PATIENCE_SECONDS)

    def interrupt(self) -> Finished:
        """Press Ctrl-C."""
        self.process.send_signal(signal.SIGINT)
        return self.wait()


class Stage:
    """The servers, for as long as the `with` block lasts, and the workspace in `folder/workspace`.

    `mail` and `news` are served by what is given, if anything is, with its `settings` and its `password`.
    """

    def __init__(self, folder: Path, mail: Any = None, news: Any = None) -> None:
        ca = authority()
        self.folder, self.workspace = folder, folder / "workspace"
        self.public, self.original_site = folder / "public", folder / "original"
        for place in (self.public / "releases", self.original_site):
            place.mkdir(parents=True)
        self.due = datetime.now(UTC).replace(microsecond=0) - _DUE_AGO
        self.mail = mail or MailServer(ca)
        self.x = XApi(ca)
        self.news = news or WordPressSite(ca)
        self.alternate = WebSite(self.public, ca)
        self.original = WebSite(self.original_site, ca)
        self._ca_file = ca.ca_file
        self._context = ca.client_context()
        self._stack = ExitStack()
        self._started: list[Running] = []

    def __enter__(self) -> Self:
        for server in (self.mail, self.x, self.news, self.alternate, self.original):
            self._stack.enter_context(server)
        self._write_workspace()
        return self

    def __exit__(self, *reason: object) -> None:
        for running in self._started:
            if running.process.poll() is None:
                running.kill()
        self._stack.__exit__(None, None, None)

    # The workspace --------------------------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """The release's own address."""
        return f"{self.original.url}{ORIGINAL}"

    @property
    def landing_page(self) -> str:
        """The address of the page that the upload channel publishes."""
        return f"{self.alternate.url}/releases/gcse-malpractice-2017/"

    @cached_property
    def documents(self) -> dict[str, Path]:
        """The documents of the release by id, as they lie in the workspace."""
        place = self.workspace / "releases" / "gcse-malpractice-2017"
        return {
            "report": place / "malpractice-summer-2017-report.pdf",
            "background-notes": place / "malpractice-summer-2017-background-notes.docx",
            "data-tables": place / "malpractice-summer-2017-data.xlsx",
        }

    @cached_property
    def journalists(self) -> tuple[str, ...]:
        """The addresses of the press list."""
        rows = (self.workspace / "contacts" / "journalists.csv").read_text("utf-8").splitlines()[1:]
        return tuple(row.split(",")[1] for row in rows)

    def _write_workspace(self) -> None:
        """Write a workspace like the one `runbook init` makes, with this stage's channels, release and dates."""
        shutil.copytree(example(), self.workspace)
        settings = (self.workspace / "runbook.toml").read_text("utf-8")
        people = settings[: settings.index("[channels.press-email]")]
        (self.workspace / "runbook.toml").write_text(people + self._channels(), "utf-8")
        today = datetime.now(UTC).date().isoformat()
        contacts = self.workspace / "contacts" / "journalists.csv"
        contacts.write_text(contacts.read_text("utf-8").replace(",2026-11-02", f",{today}"), "utf-8")
        # As shipped but for the day of agreement: on any day, nothing is overdue for review.
        playbook = (shipped() / f"{PLAYBOOK}.yaml").read_text("utf-8")
        assert playbook.count("  on: 2026-11-02\n") == 1
        own = self.workspace / "playbooks" / f"{PLAYBOOK}.yaml"
        own.parent.mkdir()
        own.write_text(playbook.replace("  on: 2026-11-02\n", f"  on: {today}\n"), "utf-8")
        self._write_release()

    def _channels(self) -> str:
        tables: dict[str, dict[str, Any]] = {
            "channels.press-email": {**self.mail.settings, "ca_file": str(self._ca_file), "batch": 10},
            "channels.x": {**self.x.settings, "ca_file": str(self._ca_file)},
            "channels.news": {**self.news.settings, "ca_file": str(self._ca_file)},
            "channels.alternate-site": {
                "kind": "upload",
                "folder": str(self.public / "releases"),
                "url": f"{self.alternate.url}/releases/",
            },
            "eye": {"timeout": 10, "ca_file": str(self._ca_file)},
        }
        return "\n".join(
            "\n".join([f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in table.items()), ""])
            for name, table in tables.items()
        )

    def _write_release(self) -> None:
        """Write the release, due on the clock of its zone; with its offset, so that it holds on any night."""
        file = self.workspace / "releases" / "gcse-malpractice-2017" / "release.yaml"
        there = self.due.astimezone(ZoneInfo("Europe/London"))
        lines = {
            "date:": f"date: {there:%Y-%m-%d}",
            "time:": f'time: "{there:%H:%M:%S}{there.isoformat()[-6:]}"',
            "url:": f"url: {self.url}",
            "announcement:": f"announcement: {self.original.url}/government/statistics/announcements/malpractice-2017",
        }
        text = [lines.get(line.split(" ")[0], line) for line in file.read_text("utf-8").splitlines()]
        assert all(line in text for line in lines.values())
        file.write_text("\n".join(text) + "\n", "utf-8")

    # The original site ----------------------------------------------------------------------------------------------

    def restore_original(self) -> None:
        """Let the release's own page come back, with every document."""
        self._publish_at(ORIGINAL)

    def publish_elsewhere(self) -> dict[str, str]:
        """Publish on another part of the original site, as a person does by hand; return the addresses to paste."""
        return self._publish_at(ELSEWHERE)

    def _publish_at(self, path: str) -> dict[str, str]:
        place = self.original_site / path.lstrip("/")
        place.mkdir(parents=True)
        for document in self.documents.values():
            shutil.copy(document, place)
        links = "".join(f'<li><a href="{path}/{d.name}">{d.name}</a></li>' for d in self.documents.values())
        page = f'<!doctype html><html lang="en"><title>{TITLE} - GOV.UK</title><h1>{TITLE}</h1><ul>{links}</ul></html>'
        (place / "index.html").write_text(page, "utf-8")
        address = f"{self.original.url}{path}"
        return {"page": address} | {name: f"{address}/{d.name}" for name, d in self.documents.items()}

    def fetch(self, address: str) -> bytes:
        """Fetch something as the public does."""
        with urllib.request.urlopen(address, context=self._context, timeout=PATIENCE_SECONDS) as answer:
            body = answer.read()
        assert isinstance(body, bytes)
        return body

    # The command ----------------------------------------------------------------------------------------------------

    @property
    def environment(self) -> dict[str, str]:
        """What the command finds in its environment: the secrets of the stage, nothing of the machine's own."""
        kept = {n: v for n, v in os.environ.items() if not n.startswith(("RUNBOOK_", "PYTHON")) and n != "NO_COLOR"}
        return {
            **kept,
            **self.x.environment,
            "MAIL_PASSWORD": self.mail.password,
            "WORDPRESS_PASSWORD": self.news.password,
            "RUNBOOK_DATA": str(self.folder / "data"),
            "TERM": "xterm-256color",
            "COLUMNS": "80",
            "PYTHONUTF8": "1",
        }

    def run(self, *args: str, answers: Mapping[str, str] | None = None) -> Finished:
        """Run the command to its end, without a terminal. `answers` are written to a file and named to it."""
        return self.start(*args, answers=answers).wait()

    def start(self, *args: str, answers: Mapping[str, str] | None = None) -> Running:
        """Start the command in the background, without a terminal."""
        number = len(self._started)
        out, err = (self.folder / f"{name}-{number}.txt" for name in ("out", "err"))
        with out.open("wb") as to_out, err.open("wb") as to_err:
            process = subprocess.Popen(
                self._argv(args, answers, number),
                cwd=self.workspace,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=to_out,
                stderr=to_err,
            )
        running = Running(process, out, err)
        self._started.append(running)
        return running

    def _argv(self, args: Sequence[str], answers: Mapping[str, str] | None, number: int) -> list[str]:
        given: list[str] = []
        if answers is not None:
            file = self.folder / f"answers-{number}.yaml"
            file.write_text("".join(f"{json.dumps(k)}: {json.dumps(v)}\n" for k, v in answers.items()), "utf-8")
            given = ["--answers", str(file)]
        return [sys.executable, "-m", "runbook", *args, *given]

    @contextmanager
    def spawn_pty(self, *args: str) -> Iterator[Terminal]:
        """Run the command at a terminal of 80 by 24."""
        argv = [sys.executable, "-m", "runbook", *args]
        with at_terminal(argv, cwd=self.workspace, env=self.environment, patience=PATIENCE_SECONDS) as terminal:
            yield terminal

    # The log --------------------------------------------------------------------------------------------------------

    def sealed(self, run: str = RUN, after: int = 0) -> tuple[chain.Sealed, ...]:
        """Return the entries of a run after a sequence as they are stored now, read beside whoever writes them."""
        file = self.workspace / "runbook.db"
        if not file.is_file():
            return ()
        database = sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=PATIENCE_SECONDS)
        try:
            rows = database.execute(_ENTRIES, (run, after)).fetchall()
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):
                return ()
            raise
        finally:
            database.close()
        return tuple(chain.Sealed(*row) for row in rows)

    def entries(self, run: str = RUN) -> tuple[Entry, ...]:
        """Return the entries of a run as they stand now."""
        return tuple(chain.unseal(sealed) for sealed in self.sealed(run))

    def wait_for(self, seen: Callable[[Entry], object], process: Running | Terminal, run: str = RUN) -> Entry:
        """Return the first entry that `seen` likes, once it is in the log. Fails when the command ends before."""
        end, last = time.monotonic() + PATIENCE_SECONDS, 0
        while time.monotonic() < end:
            over = process.process.poll() is not None
            for entry in map(chain.unseal, self.sealed(run, last)):
                last = entry.sequence
                if seen(entry):
                    return entry
            assert not over, f"It ended with {process.process.returncode} before it came to this: {process.said}"
            time.sleep(0.02)
        raise AssertionError(f"It did not come in {PATIENCE_SECONDS} s.")


def of_kind(kind: Kind, step: str = "", **data: object) -> Callable[[Entry], bool]:
    """Return a test for entries of a kind, of a step if one is named, with these data."""
    return lambda entry: (
        entry.kind is kind
        and step in ("", entry.step)
        and all(entry.data.get(name) == value for name, value in data.items())
    )


def answers_for(route: str, outage: str, pasted: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return every answer that a run to stand-down needs.

    `route` is an option of which-route, `outage` one of long-outage; `pasted` are the addresses for the route by hand.
    """
    roles = ("lead", "comms", "press", "statistician", "head-of-profession")
    answers = {"begin": PLAYBOOK} | {f"roll-call.{role}": "1" for role in roles}
    done = ("report-fault", "own-levers", "announcement-note", "right-and-whole", "tidy-up", "statement")
    sent = ("tell-roles", "stage-documents", "announce", "tell-restored", "tell-stand-down")
    answers |= dict.fromkeys(done, "done") | dict.fromkeys(sent, "g") | {"stand-down": "stand down"}
    answers |= {
        "report-fault.evidence.ticket": "4711234",
        "own-levers.evidence.tried": "Publish now: the state is Published, the page is still not found.",
        "right-and-whole.evidence.checked": "All documents, in a private window.",
        "tidy-up.evidence.arranged": "A redirect, from tomorrow at 08:00.",
        "stand-down.evidence.well": "E-mail and post went together.",
        "stand-down.evidence.held-up": "Nothing.",
        "stand-down.evidence.change": "A second deputy.",
        "stand-down.evidence.cold-debrief": "Tuesday at 14:00.",
    }
    for clearance in ("clear-waiting", "clear"):
        answers |= {clearance: "clear", f"{clearance}.who": "1", f"{clearance}.how": "by telephone"}
    for decision, option in (("leave-route", "leave"), ("which-route", route), ("long-outage", outage)):
        answers |= {decision: option, f"{decision}.who": "1", f"{decision}.reason": f"It is best: {option}."}
    if route == "by-machine":
        answers["alternate"] = "g"
    else:
        answers["alternate-by-hand"] = "d"
        answers |= {f"alternate-by-hand.evidence.published.{name}": text for name, text in (pasted or {}).items()}
    if outage == "long":
        answers |= {"news-story": "g", "second-pair": "g"}
    return answers
