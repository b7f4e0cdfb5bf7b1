"""A plan made of real files in a folder, so that every problem has its line and column."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from runbook.cli.wiring import channels_for, live_channels
from runbook.loader.assets import documents
from runbook.loader.playbook import load_playbook
from runbook.loader.release import load_release
from runbook.loader.workspace import load_workspace
from runbook.model.plan import Plan, Status
from runbook.model.problem import Problem
from runbook.planner.plan import Ingredients, Planned, make_plan
from support.small_files import SMALL_PLAYBOOK, SMALL_RELEASE, place_of, spoilt

SETTINGS = """\
[organisation]
name = "Example Statistics Office"
domain = "example.org"

[roles.lead]
holder = { name = "Duty lead", phone = "020 7946 0001", email = "lead@example.org" }
deputies = [{ name = "Deputy lead of the day", phone = "020 7946 0011", email = "deputy@example.org" }]

[roles.comms]
holder = { name = "Digital officer", phone = "020 7946 0002", email = "digital@example.org" }

[channels.press-email]
kind = "smtp"
host = "127.0.0.1"
port = 2525
from = "Press office <press@example.org>"
security = "none"

[channels.x]
kind = "x"
account = "@ExampleStats"
consumer_key = "env:X_CONSUMER_KEY"
consumer_secret = "env:X_CONSUMER_SECRET"
access_token = "env:X_ACCESS_TOKEN"
access_token_secret = "env:X_ACCESS_SECRET"

[channels.alternate-site]
kind = "upload"
folder = "public"
url = "https://alternate.example.org"
"""

LIST = "address,name,outlet,verified_on\ndesk@example.org,News desk,Herald,2026-11-01\n"
NOW = datetime(2026, 11, 2, 9, 31, tzinfo=UTC)


@dataclass
class Files:
    """The files of a plan. What is to be wrong is spoilt in them before `plan` is called."""

    folder: Path
    playbook: str = SMALL_PLAYBOOK
    release: str = SMALL_RELEASE
    settings: str = SETTINGS
    lists: dict[str, str] = field(default_factory=lambda: {"journalists": LIST})
    now: datetime = NOW
    due: datetime | None = None
    status: Status = "actual"

    def with_(self, old: str, new: str) -> "Files":
        """Change one thing in the playbook."""
        self.playbook = spoilt(self.playbook, old, new)
        return self

    def made(self) -> Planned:
        """Write the files, read them and make the plan. Their own problems must be none."""
        (self.folder / "contacts").mkdir(exist_ok=True)
        for name, text in self.lists.items():
            (self.folder / "contacts" / f"{name}.csv").write_text(text, encoding="utf-8")
        (self.folder / "runbook.toml").write_text(self.settings, encoding="utf-8")
        (self.folder / "small.yaml").write_text(self.playbook, encoding="utf-8")
        (self.folder / "release.yaml").write_text(self.release, encoding="utf-8")
        (self.folder / "report.pdf").write_bytes(b"report")
        loaded = load_workspace(self.folder)
        live, misset = live_channels(loaded)
        release = load_release(self.folder / "release.yaml")
        playbook = load_playbook(self.folder / "small.yaml")
        found, _ = documents(release)
        wrong = (*loaded.problems, *misset, *release.problems, *playbook.problems)
        assert [str(problem) for problem in wrong] == []
        return make_plan(
            Ingredients(
                playbook=playbook.required(),
                playbook_source=playbook.source,
                release=release.required(),
                documents=found,
                workspace=loaded.required(),
                channels=channels_for(self.status, live),
                status=self.status,
                now=self.now,
                due=self.due,
            )
        )

    def plan(self) -> Plan:
        """Return the plan of files in which nothing is wrong."""
        made = self.made()
        assert [str(problem) for problem in made.problems] == []
        return made.plan

    def problems(self) -> tuple[Problem, ...]:
        return self.made().problems

    def problem(self) -> Problem:
        """Return the only problem."""
        problems = self.problems()
        assert len(problems) == 1, [str(problem) for problem in problems]
        return problems[0]

    def at(self, needle: str) -> str:
        """Where something stands in the playbook, as a problem says it."""
        line, column = place_of(self.playbook, needle)
        return f"small.yaml:{line}:{column}"
