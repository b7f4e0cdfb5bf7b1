"""The keys that work at any prompt: enquiries, notes, handing over, mending the log, pausing, standing down."""

from collections.abc import Callable
from contextlib import suppress

from runbook.engine import aftercare, ending, mending
from runbook.engine.asking import ask_choice, ask_text, people_of, phone_of
from runbook.engine.run import Run, WentBack
from runbook.engine.values import slot_values
from runbook.errors import Left
from runbook.model import slots
from runbook.model.entries import Kind
from runbook.model.plan import PlannedStep
from runbook.model.questions import Choice, Reply, Sheet
from runbook.model.state import Progress
from runbook.model.times import after_due


def obey(run: Run, reply: Reply) -> None:
    """Do what a key that works at any prompt asks for. Raises `Left` for a pause, `Ended` for the end of the run.

    Whoever gives up a question in it gives up the command; the question that stood is put again.
    """
    with suppress(WentBack):
        _COMMANDS[reply.value](run, reply.rest.strip())
    run.asked = ""


def _enquiry(run: Run, rest: str) -> None:
    text = rest or ask_text(run, "enquiry", "Who asks, and what?", example="Herald news desk: when is it out?")
    line = slots.reading(run.plan.line_to_take, slot_values(run.plan, run.state, run.clock.now()))
    run.record(run.fact(Kind.ENQUIRY, text=text, answered_with=line))


def _note(run: Run, rest: str) -> None:
    text = rest or ask_text(run, "note", "Note", example="Nothing to add")
    run.record(run.fact(Kind.NOTED, text=text))


def _hand_over(run: Run, _: str) -> None:
    roles = run.plan.roles
    options = [Choice(str(i), role.title, f"now {run.holder(role.id).name}") for i, role in enumerate(roles, 1)]
    role = roles[int(ask_choice(run, "hand-over", "Which role?", options, example="1", listed=True).value) - 1]
    before = run.holder(role.id).name
    others = [name for name in people_of(run, role.id) if name != before]
    people = [Choice(str(i), name, phone_of(run, role.id, name)) for i, name in enumerate(others, 1)]
    people.append(Choice("o", "somebody else"))
    reply = ask_choice(run, "hand-over.to", "To whom?", people, example=people[0].key, listed=True)
    name = others[int(reply.value) - 1] if reply.value != "o" else ""
    name = name or ask_text(run, "hand-over.name", "Name or function", example="Duty officer", longest=100)
    reason = ask_text(run, "hand-over.reason", "Why?", example="end of shift")
    run.record(
        run.fact(
            Kind.ON,
            actor=before,
            role=role.id,
            name=name,
            phone=phone_of(run, role.id, name),
            email="",
            deputy=name in others,
            reason=reason,
            before=before,
        )
    )


def _open_again(run: Run, _: str) -> None:
    over = [s for s in run.plan.steps if _can_be_opened(run, s)]
    if not over:
        run.desk.show(Sheet("No step has been skipped, and nothing was decided."), run.state)
        return
    options = [Choice(str(i), s.step.title, run.state.step(s.id).progress, step=s.id) for i, s in enumerate(over, 1)]
    chosen = over[int(ask_choice(run, "reopen", "Which step?", options, example="1", listed=True).value) - 1]
    reason = ask_text(run, "reopen.reason", "Why?", example="it is needed after all")
    run.record(run.fact(Kind.REOPENED, chosen, reason=reason))


def _can_be_opened(run: Run, planned: PlannedStep) -> bool:
    """Whether a step can be opened again: what was skipped, and what was decided (a fault may last after all)."""
    progress = run.state.step(planned.id).progress
    return progress is Progress.SKIPPED or (progress is Progress.DONE and planned.step.kind == "decision")


def _where_are_we(run: Run, _: str) -> None:
    run.desk.show(where_are_we(run), run.state)


def where_are_we(run: Run) -> Sheet:
    """Return the steps and the people so far, to read."""
    steps = "\n".join(f"{s.number:>2} {run.state.step(s.id).progress:<8} {s.step.title}" for s in run.plan.steps)
    people = "\n".join(f"{role.title}: {run.holder(role.id).name}" for role in run.plan.roles)
    heading = f"Where we are: {after_due(run.clock.now(), run.plan.release.due)}, {run.state.sequence} entries"
    return Sheet(heading, (("Steps", steps), ("On", people)))


def _pause(_: Run, __: str) -> None:
    raise Left("The run is paused.")


def _stand_down(run: Run, rest: str) -> None:
    ending.stand_down_early(run, rest)


def _real_event(run: Run, _: str) -> None:
    ending.real_event(run)


def _mend(run: Run, rest: str) -> None:
    mending.correct_entry(run, rest)


def _aftercare(run: Run, _: str) -> None:
    aftercare.put_right(run)


_COMMANDS: dict[str, Callable[[Run, str], None]] = {
    "e": _enquiry,
    "n": _note,
    "h": _hand_over,
    "w": _aftercare,
    "x": _mend,
    "o": _open_again,
    "i": _where_are_we,
    "p": _pause,
    "z": _stand_down,
    "!": _real_event,
}
