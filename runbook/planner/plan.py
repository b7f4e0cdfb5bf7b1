"""The plan: everything a run needs, made offline from the files, or every reason why it cannot be made."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from runbook.model.message import Document
from runbook.model.order import default_needs
from runbook.model.plan import Plan, PlannedRelease, PlannedRole, PlannedStep, Status
from runbook.model.playbook import Playbook
from runbook.model.ports import Channel
from runbook.model.problem import Problem, Severity, Source
from runbook.model.release import Release
from runbook.model.steps import ClearanceStep, Step
from runbook.model.times import NoSuchTime, duration, moment
from runbook.planner.late import late_names
from runbook.planner.lists import list_remarks
from runbook.planner.messages import Workbench, step_messages
from runbook.planner.people import planned_roles
from runbook.planner.templates import Group, Templates
from runbook.workspace.folder import Workspace


@dataclass(frozen=True)
class Ingredients:
    """What a plan is made from.

    `documents` are the release's documents as they lie on the disk now; `channels` by their names in the workspace,
    with `by-hand` always among them; `due` moves the release's due time (in an exercise), UTC.
    """

    playbook: Playbook
    playbook_source: Source
    release: Release
    documents: tuple[Document, ...]
    workspace: Workspace
    channels: Mapping[str, Channel]
    status: Status
    now: datetime
    due: datetime | None = None


@dataclass(frozen=True)
class Planned:
    """A plan, with everything that is wrong with it. It can be run for real once the unready problems are settled."""

    plan: Plan
    problems: tuple[Problem, ...]


def make_plan(given: Ingredients) -> Planned:
    """Return the plan of a run. Pure: no network, no secret, no clock but `given.now`."""
    roles, unheld = planned_roles(given.playbook, given.workspace)
    release = _release(given)
    bench = Workbench(
        playbook=given.playbook,
        source=given.playbook_source,
        release=given.release,
        documents=given.documents,
        workspace=given.workspace,
        channels=given.channels,
        roles=roles,
        templates=Templates(
            _known(given, release, roles),
            late_names(given.playbook, (d.id for d in given.documents)),
            release.zone,
        ),
        status=given.status,
    )
    steps = _steps(bench, release)
    plan = Plan(
        status=given.status,
        playbook=given.playbook.id,
        title=given.playbook.title,
        line_to_take=bench.render(given.playbook.line_to_take, ("line_to_take",)),
        release=release,
        roles=roles,
        objectives=given.playbook.objectives,
        steps=steps,
    )
    remarks = (*_review(given), *list_remarks(given.playbook, given.workspace, given.now))
    return Planned(plan, (*unheld, *remarks, *bench.problems))


def _release(given: Ingredients) -> PlannedRelease:
    release = given.release
    return PlannedRelease(
        id=release.id,
        title=release.title,
        status=release.status,
        producer=release.producer,
        due=given.due or release.due,
        zone=release.zone,
        url=release.url,
        announcement=release.announcement or "",
        statistician=release.statistician,
        press=release.press,
        documents=given.documents,
    )


def _known(given: Ingredients, release: PlannedRelease, roles: tuple[PlannedRole, ...]) -> dict[str, Any]:
    """Return the names of a template that have their values now."""
    shown = {"id", "title", "kind", "name", "size"}
    documents = [Group("document", {**d.model_dump(include=shown), "format": d.format}) for d in release.documents]
    facts = {
        name: Group(f"release.{name}", value) if isinstance(value, dict) else value
        for name, value in release.model_dump(exclude={"documents"}).items()
    }
    facts["documents"] = documents
    facts["main"] = next(d for d in documents if d["id"] == release.main.id)
    people = {
        role.id: Group(
            role.id,
            {
                "title": role.title,
                "duty": role.duty,
                "holder": role.people[0].name if role.people else "nobody named",
                "phone": role.people[0].phone if role.people else "",
            },
        )
        for role in roles
    }
    return {
        "release": Group("release", facts),
        "organisation": given.workspace.settings.organisation.name,
        "playbook": Group("playbook", {"id": given.playbook.id, "title": given.playbook.title}),
        "roles": Group("roles", people),
    }


def _steps(bench: Workbench, release: PlannedRelease) -> tuple[PlannedStep, ...]:
    needs = default_needs(bench.playbook)
    cleared_by = _cleared_by(bench.playbook)
    planned: list[PlannedStep] = []
    for index, step in enumerate(bench.playbook.steps):
        path = ("steps", index)
        planned.append(
            PlannedStep(
                number=index + 1,
                step=_rendered(bench, step, path),
                needs=needs[step.id],
                due=_moment(bench, step.due, release, (*path, "due")),
                after=_moment(bench, step.after, release, (*path, "after")),
                messages=step_messages(bench, step, path),
                cleared_by=cleared_by.get(step.id, ()),
            )
        )
    return tuple(planned)


def _rendered(bench: Workbench, step: Step, path: tuple[str | int, ...]) -> Step:
    """Return the step with the texts that people read rendered."""
    update: dict[str, Any] = {}
    for name, key in (("instructions", "instructions"), ("copy_text", "copy"), ("question", "question")):
        text = getattr(step, name, None)
        if text is not None:
            update[name] = bench.render(text, (*path, key)) or text
    return step.model_copy(update=update)


def _moment(
    bench: Workbench, text: str | None, release: PlannedRelease, path: tuple[str | int, ...]
) -> datetime | None:
    if text is None:
        return None
    try:
        return moment(text, release.due, release.zone)
    except NoSuchTime as error:
        remedy = "Write it from the due time instead, as T+5m."
        bench.problems.append(Problem("no-such-time", bench.source.where(path), f"{error}.", remedy))
        return None


def _cleared_by(playbook: Playbook) -> dict[str, tuple[str, ...]]:
    covering: dict[str, tuple[str, ...]] = {}
    for step in playbook.steps:
        if isinstance(step, ClearanceStep):
            for covered in step.of:
                covering[covered] = (*covering.get(covered, ()), step.id)
    return covering


def _review(given: Ingredients) -> tuple[Problem, ...]:
    """Return a problem if the playbook should have been agreed anew by now."""
    due = given.playbook.agreed_by.on + timedelta(days=duration(given.playbook.review_every).days)
    if given.now.date() <= due:
        return ()
    return (
        Problem(
            code="review-overdue",
            where=given.playbook_source.where(("agreed_by", "on")),
            found=f"This playbook was to be reviewed by {due:%d %B %Y}.",
            remedy=f"{given.playbook.owner} reviews it with both teams and enters the date.",
            severity=Severity.REMARK,
            settle="The playbook is used as it was last agreed.",
        ),
    )
