"""Where a run is put together. The only place that knows which channel, eye, desk and clock is real."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from runbook.channels.context import Context
from runbook.channels.registry import UnknownKind, open_channel
from runbook.clock import Clock, SimulatedClock, SystemClock
from runbook.engine import commands
from runbook.engine.run import BY_HAND, Limits, Run
from runbook.exercise.channels import RehearsalChannel
from runbook.exercise.looks import RehearsalEye, SimulatedLooks
from runbook.loader.reader import Loaded
from runbook.lookout.again import ThreadedLooks
from runbook.model.plan import Plan, Status
from runbook.model.ports import Channel, Desk, Eye, Journal, Look, Looks
from runbook.model.problem import Problem, Refused, Severity
from runbook.model.state import State
from runbook.terminal.desk import TerminalDesk
from runbook.terminal.inbox import Inbox
from runbook.terminal.paper import Paper
from runbook.terminal.scripted import Answers, AnswersDesk, YesDesk
from runbook.workspace.folder import Workspace


def live_channels(loaded: Loaded[Workspace]) -> tuple[dict[str, Channel], tuple[Problem, ...]]:
    """Return the workspace's channels as they are for real, and what is wrong with their settings. Offline.

    A person's hands (`by-hand`) are always among them. A channel whose settings are wrong is left out: a live run has
    a person do its part by hand.
    """
    workspace = present(loaded)
    organisation = workspace.settings.organisation
    channels: dict[str, Channel] = {}
    problems: list[Problem] = []
    for name, table in {BY_HAND: {"kind": "manual"}, **workspace.settings.channels}.items():
        context = Context(name, workspace.root, organisation.name, organisation.domain)
        try:
            channels[name] = open_channel(name, table, context)
        except UnknownKind as error:
            problems.append(_unusable(loaded, name, "kind", error.message, error.remedy))
        except ValidationError as error:
            problems += [_misset(loaded, name, details) for details in error.errors()]
    return channels, tuple(problems)


def present(loaded: Loaded[Workspace]) -> Workspace:
    """Return the workspace, also if something in it stops: that is told with everything else. Raises `Refused`."""
    if loaded.value is None:
        raise Refused(loaded.problems)
    return loaded.value


def _misset(loaded: Loaded[Workspace], name: str, details: Mapping[str, Any]) -> Problem:
    key = ".".join(str(part) for part in details["loc"]) or "kind"
    said = str(details["msg"]).rstrip(".")  # without what was found: that may be a password in the wrong place
    found = f"[channels.{name}] {key}: {said}."
    if details["type"] == "missing":
        found = f'[channels.{name}] has no "{key}".'
    elif details["type"] == "extra_forbidden":
        found = f'[channels.{name}] has an unknown key "{key}".'
    return _unusable(loaded, name, key, found, "docs/channels.md lists what each kind takes.")


def _unusable(loaded: Loaded[Workspace], name: str, key: str, found: str, remedy: str) -> Problem:
    where = loaded.source.where(("channels", name, key))
    return Problem("channel-settings", where, found, remedy, Severity.UNREADY, "A person does its part by hand.")


def channels_for(status: Status, live: Mapping[str, Channel]) -> dict[str, Channel]:
    """Return the channels of a run. In an exercise each live one is swapped out: nothing can leave."""
    if status == "actual":
        return dict(live)
    return {name: channel if name == BY_HAND else RehearsalChannel(channel) for name, channel in live.items()}


@dataclass(frozen=True)
class How:
    """How a run is worked: by whom, and on which clock."""

    yes: bool = False
    """Every question is answered with its example, on a simulated clock. In an exercise only."""
    answers: Answers | None = None
    clock: Clock | None = None

    def chosen_clock(self, state: State | None = None) -> Clock:
        """Return the clock; a simulated one goes on from where the run stands."""
        if self.clock is not None:
            return self.clock
        if not self.yes:
            return SystemClock()
        return SimulatedClock(state.last_at if state and state.last_at else SystemClock().now())


@dataclass(frozen=True)
class Wired:
    """A run that can be worked, and the paper it is shown on."""

    run: Run
    paper: Paper


def wire(run_id: str, plan: Plan, state: State, workspace: Workspace, ports: "Ports") -> Wired:
    """Join the parts of a run."""
    paper = Paper()
    desk, post = _desk(ports, paper)
    run = Run(
        id=run_id,
        plan=plan,
        state=state,
        journal=ports.journal,
        desk=desk,
        channels=ports.channels,
        looks=_looks(plan.status, ports, workspace, post),
        clock=ports.clock,
        obey=commands.obey,
        limits=Limits(line_up=workspace.settings.together.line_up),
    )
    return Wired(run, paper)


@dataclass(frozen=True)
class Ports:
    """The real parts that were chosen for a run."""

    journal: Journal
    channels: Mapping[str, Channel]
    clock: Clock
    how: How


def _desk(ports: Ports, paper: Paper) -> tuple[Desk, Callable[[str, Look], None]]:
    inbox = Inbox()
    desk: YesDesk | AnswersDesk | TerminalDesk
    if ports.how.yes and isinstance(ports.clock, SimulatedClock):
        desk = YesDesk(ports.clock, paper, inbox)
    elif ports.how.answers is not None:
        desk = AnswersDesk(ports.how.answers, ports.clock, paper, inbox)
    else:
        desk = TerminalDesk(ports.clock, paper, inbox, sys.stdin.fileno())
    return desk, desk.post_look


def _looks(status: Status, ports: Ports, workspace: Workspace, post: Callable[[str, Look], None]) -> Looks:
    if isinstance(ports.clock, SimulatedClock):
        return SimulatedLooks(RehearsalEye(), ports.clock, post)
    eye: Eye = RehearsalEye()
    if status == "actual":
        from runbook.lookout.eye import PublicEye

        settings = workspace.settings.eye
        trusted = workspace.root / settings.ca_file if settings.ca_file else None
        eye = PublicEye(timeout=settings.timeout, ca_file=trusted, content_api=settings.content_api)
    return ThreadedLooks(eye, ports.clock, post)


def places(workspace: Workspace) -> dict[str, str]:
    """Return what a person calls each channel: its account, its address, its sender."""
    keys = ("account", "url", "from")
    named = {
        name: next((str(table[k]) for k in keys if k in table), "")
        for name, table in workspace.settings.channels.items()
    }
    return {name: place for name, place in named.items() if place}
