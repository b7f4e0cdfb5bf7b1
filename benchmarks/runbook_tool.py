"""`runbook` as a user runs it: a workspace of its own, a playbook, a file with every answer, and a live run."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from peers import plain_environment
from receiving import ACCOUNT, PASSWORD, USER
from scene import BODY, POST, SENDER, SUBJECT, Noted, Scene, Session, Start

_DUE_AGO = timedelta(minutes=2)
_TYPED = (("send now", "g"), ("Stand down?", "d"))
_PAUSED = 3
"""The exit code of a run that waits for an answer."""
_KEYS = ("CONSUMER_KEY", "CONSUMER_SECRET", "ACCESS_TOKEN", "ACCESS_TOKEN_SECRET")
_RELEASE = "malpractice-2017"
_DOCUMENT = b"The report of a release that is not there.\n"


@dataclass(frozen=True)
class Runbook:
    """The `runbook` of this interpreter."""

    name: str = "runbook"

    def open(self, scene: Scene) -> Session:
        """Write a workspace, in which all runs of the cell take place, so that it can learn from its log."""
        workspace = scene.folder / "workspace"
        release = workspace / "releases" / _RELEASE
        for place in (release, workspace / "contacts", workspace / "playbooks"):
            place.mkdir(parents=True)
        today = datetime.now(UTC).date().isoformat()
        rows = ["name,address,verified_on", *(f"Desk,{address},{today}" for address in scene.recipients)]
        workspace.joinpath("contacts", "journalists.csv").write_text("\n".join([*rows, ""]), "utf-8")
        # JSON is YAML.
        workspace.joinpath("playbooks", "in-step.yaml").write_text(json.dumps(_playbook(today), indent=1), "utf-8")
        release.joinpath("report.pdf").write_bytes(_DOCUMENT)
        release.joinpath("release.yaml").write_text(json.dumps(_release(), indent=1), "utf-8")
        workspace.joinpath("runbook.toml").write_text(_settings(scene), "utf-8")
        scene.folder.joinpath("answers.yaml").write_text(json.dumps(_answers(), indent=1), "utf-8")
        return _Session(scene.folder, workspace)


@dataclass
class _Session:
    folder: Path
    workspace: Path
    runs: int = field(default=0)

    def start(self) -> Start:
        """Make the plan and work it up to its go/no-go; return the command that goes on from there."""
        again = ("--again",) if self.runs else ()
        self.runs += 1
        plan = self._command("execute", "in-step", *again, "--answers", "answers.yaml")
        done = subprocess.run(
            plan.argv, cwd=plan.cwd, env=plan.environment, capture_output=True, encoding="utf-8", check=False
        )
        if done.returncode != _PAUSED:
            sys.exit(f"A plan cannot be made:\n{done.stdout[-1500:]}\n{done.stderr}")
        return replace(self._command("resume"), typed=_TYPED)

    def noted(self) -> Noted:
        export = self._command("export", "--format", "jsonl")
        done = subprocess.run(
            export.argv, cwd=export.cwd, env=export.environment, capture_output=True, encoding="utf-8", check=False
        )
        if done.returncode:
            sys.exit(f"The log of a run cannot be exported:\n{done.stderr}")
        return noted(json.loads(line) for line in done.stdout.splitlines())

    def _command(self, *arguments: str) -> Start:
        secrets = {f"X_{name}": f"7-{name.lower()}" for name in _KEYS} | {"MAIL_PASSWORD": PASSWORD}
        environment = plain_environment(HOME=str(self.folder), RUNBOOK_DATA=str(self.folder / "data"), **secrets)
        argv = (sys.executable, "-m", "runbook", *arguments, "--workspace", str(self.workspace))
        return Start(argv, self.folder, environment)


def noted(entries: Iterable[Mapping[str, Any]]) -> Noted:
    """Return how long the countdown took, from the `g` to the first intent, and how well it then knew its clock."""
    go = None
    countdown = within = 0.0
    for entry in entries:
        if entry["kind"] == "answered" and entry["step"] == "announce":
            go = _at(entry)
        elif entry["kind"] == "intent" and go is not None and not countdown:
            countdown = (_at(entry) - go).total_seconds()
        elif entry["kind"] == "clock":
            within = min(float(offset["within"]) for offset in entry["data"]["offsets"])
    return Noted(countdown, within)


def _at(entry: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(entry["at"])


def _settings(scene: Scene) -> str:
    trust: dict[str, Any] = {"ca_file": str(scene.authority)} if scene.tls else {}
    tables: dict[str, dict[str, Any]] = {
        "organisation": {"name": "Example Statistics Office", "domain": "example.org"},
        "roles.lead": {"holder": {"name": "Duty press manager", "phone": "020 7946 0001", "email": SENDER}},
        "channels.press-email": {
            "kind": "smtp",
            "host": "127.0.0.1",
            "port": scene.mail,
            "security": "starttls" if scene.tls else "none",
            "user": USER,
            "password": "env:MAIL_PASSWORD",
            "from": SENDER,
            "batch": 100,
            "connections": 10,
            **trust,
        },
        "channels.x": {
            "kind": "x",
            "account": f"@{ACCOUNT}",
            **{name.lower(): f"env:X_{name}" for name in _KEYS},
            "base_url": scene.site,
            **trust,
        },
    }
    return "\n".join(
        "\n".join([f"[{name}]", *(f"{key} = {_toml(value)}" for key, value in table.items()), ""])
        for name, table in tables.items()
    )


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_toml(inner)}" for key, inner in value.items()) + "}"
    return json.dumps(value)


def _release() -> dict[str, Any]:
    due = datetime.now(UTC) - _DUE_AGO
    site = "https://www.example.org/releases"
    return {
        "release": _RELEASE,
        "title": "Malpractice for GCSE and A level: summer 2017 exam series",
        "status": "Official statistics",
        "producer": "Example Statistics Office",
        "date": f"{due:%Y-%m-%d}",
        "time": f"{due:%H:%M}",
        "zone": "UTC",
        "url": f"{site}/malpractice-2017",
        "announcement": f"{site}/announcements/malpractice-2017",
        "statistician": {"name": "Lead statistician", "email": "statistics@example.org"},
        "press": {"name": "Press office", "email": SENDER},
        "assets": [
            {
                "id": "report",
                "file": "report.pdf",
                "title": "Report",
                "kind": "main",
                "size": len(_DOCUMENT),
                "sha256": hashlib.sha256(_DOCUMENT).hexdigest(),
            }
        ],
    }


def _playbook(today: str) -> dict[str, Any]:
    wrong = "Please do not use our last message. We will send what is right."
    together = {
        "journalists": {
            "channel": "press-email",
            "to": "journalists",
            "audience": "press",
            "subject": SUBJECT,
            "body": BODY,
            "correction": {"subject": f"Correction: {SUBJECT}", "body": wrong},
        },
        "post": {"channel": "x", "text": POST, "correction": {"text": wrong}},
    }
    step = {"role": "lead"}
    return {
        "playbook": "in-step",
        "title": "Tell everybody at one instant",
        "activate_when": "The release is public at another address.",
        "owner": "Head of Communications",
        "agreed_by": {"statistics": "Statistics team", "communications": "Communications team", "on": today},
        "review_every": "180d",
        "line_to_take": "It is public for everybody.",
        "roles": {"lead": {"title": "Incident lead", "duty": "Decides"}},
        "steps": [
            {"id": "clear", "kind": "clearance", "title": "Clear it", "of": ["announce"], **step},
            {
                "id": "announce",
                "kind": "together",
                "title": "Tell all",
                "tolerance": "1s",
                "messages": together,
                **step,
            },
            {"id": "over", "kind": "stand-down", "title": "Stand down", **step},
        ],
    }


def _answers() -> dict[str, Any]:
    return {
        "begin": "in-step",
        "roll-call.lead": "1",
        "clear": "clear",
        "clear.who": "1",
        "clear.how": "by telephone",
        "announce": "not yet",  # it is none of the keys, so that the run is paused there
        "over": "stand down",
        "settle.who": "Duty press manager",
        "settle.run-before.1": "y",
        "settle.run-before.1.reason": "Another trial.",
    }
