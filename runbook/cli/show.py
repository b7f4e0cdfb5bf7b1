"""`runbook show PLAYBOOK`: the whole plan on paper, every message word for word."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from runbook.cli.options import JsonOption, ReleaseOption, WorkspaceOption
from runbook.cli.result import Result, deliver

if TYPE_CHECKING:
    from runbook.model.plan import Plan, PlannedMessage, PlannedStep
    from runbook.model.problem import Problem


def command(
    playbook: Annotated[str, typer.Argument(help="The playbook's id; `runbook list` shows them.")],
    release: ReleaseOption = None,
    message: Annotated[
        str | None, typer.Option("--message", metavar="ID", help="Only this message, as it goes out: announce.post")
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show a playbook for a release: steps, roles, due times, and every message as it would go out."""
    from runbook.cli import starting
    from runbook.cli.wiring import live_channels
    from runbook.clock import SystemClock
    from runbook.model.problem import Refused, Severity
    from runbook.planner.late import known_addresses
    from runbook.planner.plan import make_plan

    loads = starting.load(starting.Wish(playbook, release, workspace, dry_run=True))
    channels, misset = live_channels(loads.workspace)
    given = starting.ingredients(loads.files, channels, "actual", SystemClock().now(), None)
    planned = make_plan(given)
    problems = (*loads.files.problems, *misset, *planned.problems)
    if any(p.severity is not Severity.REMARK for p in problems):
        raise Refused(problems, nothing="")
    known = known_addresses(planned.plan)
    if message is not None:
        one = _message(planned.plan, message)
        deliver(Result("show", _message_data(one, known), _words(one, known, source=True)), as_json=as_json)
        return
    lines = _lines(planned.plan, problems, known)
    deliver(Result("show", _data(planned.plan, problems, known), lines), as_json=as_json)


def _message(plan: "Plan", message_id: str) -> "PlannedMessage":
    from runbook.errors import Unavailable

    whole = {m.id: m for m in plan.messages()}
    found = whole.get(message_id.removesuffix(".correction"))
    if found is not None and message_id.endswith(".correction"):
        found = found.correction
    if found is None:
        raise Unavailable(f'There is no message "{message_id}".', f"There are: {', '.join(whole)}.")
    return found


def _data(plan: "Plan", problems: "tuple[Problem, ...]", known: dict[str, str]) -> dict[str, Any]:
    return {
        "playbook": plan.playbook,
        "title": plan.title,
        "digest": plan.digest,
        "release": plan.release.model_dump(mode="json"),
        "roles": [role.model_dump(mode="json") for role in plan.roles],
        "steps": [
            {
                "id": step.id,
                "number": step.number,
                "title": step.step.title,
                "kind": step.step.kind,
                "role": step.step.role,
                "needs": list(step.needs),
                "due": step.due.isoformat() if step.due else None,
                "messages": [_message_data(m, known) for m in step.messages],
            }
            for step in plan.steps
        ],
        "problems": [str(problem) for problem in problems],
    }


def _message_data(message: "PlannedMessage", known: dict[str, str]) -> dict[str, Any]:
    from runbook.model import slots

    parts = {name: part.text for name, part in message.draft.parts.items()}
    return {
        "id": message.id,
        "channel": message.channel,
        "kind": message.kind,
        "audience": message.audience,
        "length": message.length.model_dump(),
        "recipients": list(message.draft.recipients),
        "documents": [d.model_dump(mode="json") for d in message.draft.documents],
        "parts": {name: slots.reading(text, known) for name, text in parts.items()},
        "template": parts,
        "slots": list(message.draft.slots),
        "correction": _message_data(message.correction, known) if message.correction else None,
    }


def _lines(plan: "Plan", problems: "tuple[Problem, ...]", known: dict[str, str]) -> Iterator[str]:
    from runbook.cli.failure import problem_lines
    from runbook.model.message import size_in_words
    from runbook.model.times import full_time

    release = plan.release
    yield f"{plan.title} ({plan.playbook})"
    yield f"{release.title}"
    yield f"{release.status} · due {full_time(release.due, release.zone)} · plan {plan.digest[:8]}"
    yield from problem_lines(problems)
    yield ""
    yield "ROLES"
    for role in plan.roles:
        yield f"  {role.title}: {role.duty}"
        for number, person in enumerate(role.people):
            yield f"    {'holder' if number == 0 else f'deputy {number}'}: {person.name}  {person.phone}".rstrip()
    yield ""
    yield "DOCUMENTS"
    for document in release.documents:
        yield f"  {document.title} ({document.format}, {size_in_words(document.size)}, {document.kind})"
    yield ""
    yield "STEPS"
    for step in plan.steps:
        yield from _step_lines(plan, step, known)


def _step_lines(plan: "Plan", step: "PlannedStep", known: dict[str, str]) -> Iterator[str]:
    from runbook.model import slots
    from runbook.model.times import after_due, clock_time
    from runbook.model.words import kind_in_words

    zone = plan.release.zone
    due = f" · due {clock_time(step.due, zone)} ({after_due(step.due, plan.release.due)})" if step.due else ""
    yield f"{step.number:>3} {step.step.title} · {plan.role(step.step.role).title}{due}"
    conditions = [f"after {', '.join(step.needs)}"] if step.needs else []
    conditions += [f"only if {step.step.when}"] if step.step.when else []
    conditions += [f"from {clock_time(step.after, zone)}"] if step.after else []
    conditions += [f"until {step.step.unless} is done"] if step.step.unless else []
    yield f"    {step.id}, {step.step.kind}{''.join(f'; {c}' for c in conditions)}"
    for name in ("instructions", "copy_text", "question"):
        text = getattr(step.step, name, None)
        if text:
            yield from (f"    | {line}".rstrip() for line in slots.reading(text, known).splitlines())
    for message in step.messages:
        length, kind = str(message.length), kind_in_words(message.kind)
        parts = (message.channel, kind, *(() if length.startswith(message.summary) else (message.summary,)), length)
        yield f"    {message.id} · {' · '.join(dict.fromkeys(parts))}"
        if step.step.kind != "manual":  # its words stand above already, ready to copy
            yield from (f"    | {line}".rstrip() for line in _words(message, known))
        if message.correction:
            yield f"    {message.correction.id} · if it must be put right · {message.correction.length}"
            yield from (f"    | {line}".rstrip() for line in _words(message.correction, known))
    yield ""


def _words(message: "PlannedMessage", known: dict[str, str], *, source: bool = False) -> Iterator[str]:
    """Yield a message's lines; pages as they read, or with `source` as they are sent."""
    from runbook.model import slots
    from runbook.model.plain import plain_text

    for name, part in message.draft.parts.items():
        text = slots.reading(part.text, known)
        if part.html and not source:
            text = plain_text(text)
        if name in ("subject", "title"):
            yield f"{name.capitalize()}: {text}"
            yield ""
        else:
            yield from text.splitlines()
