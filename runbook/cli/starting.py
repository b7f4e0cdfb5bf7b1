"""The parts of `runbook execute`, in the order in which it tells the story."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

import typer

from runbook.cli import answers as answer_files
from runbook.cli.earlier import earlier_runs
from runbook.cli.failure import problem_lines
from runbook.cli.files import Files, find_playbook, read_all, release_candidates, release_name
from runbook.cli.lacking import lacking_secrets
from runbook.cli.place import open_workspace
from runbook.cli.wiring import How, Ports, channels_for, live_channels, places, present, wire
from runbook.clock import Clock, SystemClock
from runbook.engine.run import Run
from runbook.errors import Unavailable, Usage
from runbook.journal.sqlite import SqliteJournal
from runbook.loader.reader import Loaded
from runbook.model.entries import Fact, Kind
from runbook.model.key_order import orders_of
from runbook.model.plan import Plan, Status
from runbook.model.ports import Channel, RunSummary
from runbook.model.problem import Problem, Refused, Severity, Source, broken
from runbook.model.release import Release
from runbook.model.state import State
from runbook.model.text import one_line
from runbook.model.times import NoSuchTime, local_time
from runbook.planner.plan import Ingredients, Planned, make_plan
from runbook.terminal.header import header
from runbook.workspace.folder import Workspace

T = TypeVar("T")


@dataclass(frozen=True)
class Wish:
    """What was asked for on the command line."""

    playbook: str
    release: str | None = None
    workspace: Path | None = None
    answers: Path | None = None
    due: str | None = None
    dry_run: bool = False
    yes: bool = False
    again: bool = False

    @property
    def status(self) -> Status:
        """Whether this is real."""
        return "exercise" if self.dry_run else "actual"


def check_usage(wish: Wish, *, terminal: bool) -> None:
    """Refuse what cannot be, before any file is read. Raises `Usage`."""
    if wish.yes and not wish.dry_run:
        raise Usage("--yes answers every question by itself, so it goes with --dry-run only.", "Add --dry-run.")
    if wish.yes and wish.answers:
        raise Usage("--yes and --answers both answer the questions.", "Leave one of them out.")
    if wish.again and wish.dry_run:
        raise Usage("--again is for a second live run; a rehearsal needs no leave.", "Leave --again out.")
    if wish.due and not wish.dry_run:
        raise Usage("--due moves the due time of an exercise only.", "Add --dry-run, or leave --due out.")
    if not terminal and not wish.yes and not wish.answers:
        remedy = "Run it in a terminal, or give every answer in a file with --answers FILE."
        if wish.dry_run:
            remedy += " To see a rehearsal without answering, add --yes."
        raise Usage("There is no terminal to ask questions on.", remedy)


@dataclass(frozen=True)
class Loads:
    """What was read, and the workspace with the places of its settings."""

    workspace: Loaded[Workspace]
    files: Files


def load(wish: Wish) -> Loads:
    """Read the workspace, the playbook and the release. Raises `Refused` or `Unavailable`."""
    workspace = open_workspace(wish.workspace, example_instead=wish.dry_run)
    found = present(workspace)
    playbook = find_playbook(found, wish.playbook)
    release = _choose(release_candidates(found, wish.release, SystemClock().now()))
    return Loads(workspace, read_all(workspace, playbook, release))


def _choose(paths: tuple[Path, ...]) -> Path:
    """Return the release, asking for it by number if there are several."""
    if len(paths) == 1:
        return paths[0]
    listed = [f"  {number} {release_name(path)}" for number, path in enumerate(paths, 1)]
    if not sys.stdin.isatty():
        raise Unavailable("There are several releases:\n" + "\n".join(listed), "Name one with --release.")
    typer.echo("Which release?\n" + "\n".join(listed))
    numbered = {str(number): path for number, path in enumerate(paths, 1)}
    while (answer := str(typer.prompt("Number")).strip()) not in numbered:
        typer.echo(f'"{one_line(answer)}" is not one of them. Type a number from 1 to {len(paths)}.')
    return numbered[answer]


@dataclass(frozen=True)
class Prepared:
    """A plan, and what it takes to work it."""

    wish: Wish
    loads: Loads
    channels: dict[str, Channel]
    clock: Clock
    planned: Planned
    problems: tuple[Problem, ...]
    before: tuple[Problem, ...] = ()
    """That this release is being run for real already, or has been. Among `problems` too."""

    @property
    def plan(self) -> Plan:
        """The plan."""
        return self.planned.plan

    @property
    def to_settle(self) -> tuple[Problem, ...]:
        """What a live run has settled by a named person before it begins."""
        return () if self.wish.dry_run else tuple(p for p in self.problems if p.severity is not Severity.STOPS)


def prepare(wish: Wish, loads: Loads) -> Prepared:
    """Make the plan, offline, with the channels of a rehearsal or of the day."""
    live, misset = live_channels(loads.workspace)
    channels = channels_for(wish.status, live)
    clock = How(yes=wish.yes).chosen_clock()
    planned = make_plan(ingredients(loads.files, channels, wish.status, clock.now(), _due(wish, loads, clock.now())))
    wrong_day = () if wish.dry_run else _another_day(planned.plan, loads.files.release.source, clock.now())
    before = () if wish.dry_run else earlier_runs(loads.files.workspace, planned.plan, clock.now())
    secrets = () if wish.dry_run else lacking_secrets(loads.workspace, live, planned.plan)
    problems = (*before, *loads.files.problems, *misset, *secrets, *planned.problems, *wrong_day)
    return Prepared(wish, loads, channels, clock, planned, problems, before)


def _another_day(plan: Plan, source: Source, now: datetime) -> tuple[Problem, ...]:
    """Return a problem if the release is not one of today: it may be the wrong file."""
    due = plan.release.due
    if abs(now - due) < timedelta(days=1):
        return ()
    found = f"This release {'was' if due < now else 'is'} due on {due.day} {due:%B %Y}, which is not today."
    remedy = "Check that it is the right release: --release names another."
    settle = "It is the right one, and the run is about that day."
    return (Problem("another-day", source.where(("date",)), found, remedy, Severity.REMARK, settle),)


def ingredients(
    files: Files, channels: dict[str, Channel], status: Status, now: datetime, due: datetime | None
) -> Ingredients:
    """Return what the planner needs, from what was read."""
    return Ingredients(
        playbook=_there(files.playbook),
        playbook_source=files.playbook.source,
        release=_there(files.release),
        documents=files.documents,
        workspace=files.workspace,
        channels=channels,
        status=status,
        now=now,
        due=due,
    )


def _there(loaded: Loaded[T]) -> T:
    """Return what was read. `read_all` has refused files of which nothing could be made."""
    if loaded.value is None:
        raise Refused(loaded.problems)
    return loaded.value


def _due(wish: Wish, loads: Loads, now: datetime) -> datetime | None:
    """Return when an exercise takes the release to be due: now unless said otherwise; None as it is planned."""
    if not wish.dry_run or wish.due == "plan":
        return None
    if wish.due in (None, "now"):
        return now.replace(microsecond=0)
    return _on_the_clock(str(wish.due), _there(loads.files.release), now)


def _on_the_clock(text: str, release: Release, now: datetime) -> datetime:
    try:
        whole = datetime.fromisoformat(text)
    except ValueError:
        pass
    else:
        if whole.tzinfo is not None:
            return whole
    try:
        return local_time(now.astimezone(ZoneInfo(release.zone)).date(), text, release.zone)
    except NoSuchTime as error:
        raise Usage(
            f'--due "{text}" is no time: {error}.', "Write now, plan, 09:30, or 2018-01-05T09:30:00Z."
        ) from error


def check(prepared: Prepared) -> None:
    """Refuse a rehearsal of files that are not right, and a live run of files that cannot be understood.

    A second live run of a release is refused too, unless it is wished for. Raises `Refused` or `Usage`.
    """
    if not prepared.wish.again:
        for problem in prepared.before:
            raise Usage(problem.found, f"{problem.remedy} To begin a new run all the same, add --again.")
    grave = broken(prepared.problems)
    unready = [p for p in prepared.problems if p.severity is Severity.UNREADY]
    if grave or (unready and prepared.wish.dry_run):
        raise Refused(prepared.problems)
    if prepared.wish.answers is not None:
        answer_files.check_complete(prepared.plan, answer_files.read(prepared.wish.answers))


@contextmanager
def begin(prepared: Prepared) -> Iterator[Run]:
    """Open the log, enter the start, and show it. Raises `JournalError` if nothing can be logged."""
    wish, workspace = prepared.wish, prepared.loads.files.workspace
    workspace.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    given = answer_files.read(wish.answers) if wish.answers else None
    with SqliteJournal(workspace.journal, prepared.clock, lasting=not wish.yes) as journal:
        earlier = tuple(journal.runs())
        run_id = _next_id(prepared.plan.release.id, earlier)
        ports = Ports(
            journal, prepared.channels, prepared.clock, How(yes=wish.yes, answers=given, clock=prepared.clock)
        )
        wired = wire(run_id, prepared.plan, State(), workspace, ports)
        run = wired.run
        run.append(_started(prepared))
        notes = _notes(prepared, earlier)
        wired.paper.put(header(prepared.plan, run_id, prepared.clock.now(), places=places(workspace), notes=notes))
        yield run


def _next_id(release: str, earlier: tuple[RunSummary, ...]) -> str:
    taken = {summary.run for summary in earlier}
    number = 1
    while f"{release}-{number}" in taken:
        number += 1
    return f"{release}-{number}"


def _started(prepared: Prepared) -> Fact:
    plan = prepared.plan
    files = prepared.loads.files
    return Fact(
        kind=Kind.STARTED,
        at=prepared.clock.now(),
        actor="runbook",
        data={
            "plan": plan.model_dump(mode="json"),
            "order": orders_of(plan),
            "digest": plan.digest,
            "status": plan.status,
            "simulated": prepared.wish.yes,
            "to_settle": [problem.to_json() for problem in prepared.to_settle],
            "versions": {"runbook": version("release-runbook")},
            "files": {"playbook": files.playbook.source.file, "release": files.release.source.file},
        },
    )


def _notes(prepared: Prepared, earlier: tuple[RunSummary, ...]) -> list[str]:
    """Return what else the start screen says: whose files these are, when this was last practised, what is old."""
    notes = []
    if prepared.loads.files.workspace.shipped:
        notes.append(
            "There is no workspace here: this is the example that comes along. `runbook init DIR` makes yours."
        )
    remarks = [p for p in prepared.problems if p.severity is Severity.REMARK]
    if prepared.wish.dry_run:
        return notes + problem_lines(tuple(remarks))
    practised = [r for r in earlier if r.playbook == prepared.plan.playbook and r.status == "exercise"]
    notes += [f"{problem.found} {problem.remedy}" for problem in prepared.before]
    notes.append(
        f"Last rehearsed {practised[0].started_at:%d %B %Y}." if practised else "This has never been rehearsed here."
    )
    return notes
