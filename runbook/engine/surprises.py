"""A look that did not see what was hoped for, or that a person wants to cut short: they say what it means."""

from runbook.engine import looking
from runbook.engine.asking import ask_choice, ask_text
from runbook.engine.hands import BACK, SKIP, skip
from runbook.engine.run import Run
from runbook.model.entries import Kind
from runbook.model.plan import PlannedStep
from runbook.model.questions import Choice

_AGAIN = Choice("l", "look again")
_MYSELF = Choice("d", "I have looked myself: go on")


def look(run: Run, planned: PlannedStep) -> None:
    """Ask what to do about a look."""
    seen = run.state.seen.get(planned.id, "nothing yet")
    text = f"Last seen: {seen}. What now?"
    key = ask_choice(run, planned.id, text, (_AGAIN, _MYSELF, SKIP, BACK), example="d", step=planned).value
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
