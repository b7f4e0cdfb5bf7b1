"""A look that did not see what was hoped for, or that a person wants to cut short: they say what it means."""

from runbook.engine import looking
from runbook.engine.asking import ask_choice, ask_text
from runbook.engine.hands import BACK, SKIP, skip
from runbook.engine.run import Run
from runbook.model.entries import Kind
from runbook.model.plan import PlannedStep
from runbook.model.ports import Verdict
from runbook.model.questions import Choice, Sheet
from runbook.model.steps import LookStep

_AGAIN = Choice("l", "look again")
_MYSELF = Choice("d", "I have looked myself: go on")


def look(run: Run, planned: PlannedStep) -> None:
    """Ask what to do about a look."""
    step = planned.step
    if not isinstance(step, LookStep):
        raise TypeError(planned.id)
    run.desk.show(Sheet("", notes=_what_was_seen(run, step), step=planned.id), run.state)
    key = ask_choice(run, planned.id, "What now?", (_AGAIN, _MYSELF, SKIP, BACK), example="d", step=planned).value
    if key == "l":
        run.looks.stop(planned.id)
        looking.start(run, planned)
    elif key == "d":
        seen = ask_text(
            run, f"{planned.id}.reason", "What did you see, and where?", example="a colleague's phone", step=planned
        )
        run.looks.stop(planned.id)
        run.record(run.fact(Kind.DONE, planned, by="hand", evidence={"seen": seen}))
    elif key == "s":
        run.looks.stop(planned.id)
        skip(run, planned)


_END = "If that means that there is nothing left to do, z stands the run down, with the reason."


def _what_was_seen(run: Run, step: LookStep) -> tuple[str, ...]:
    """Return what the last look saw, against what was expected, and the way out."""
    seen = run.state.seen.get(step.id)
    if seen is None:
        return ("Nothing has been seen yet.",)
    if seen == Verdict.CANNOT_TELL:
        return ("??  Nobody answered. The fault may be on our own side: look yourself, by another way.",)
    if step.wait:
        return (f"Last seen: {seen}. The machine goes on looking by itself, every {step.every}.",)
    expected = "that it is not" if step.expect == "not-public" else "that it is"
    return (f"!!  It is {seen}, and this step expected {expected}.", _END)
