"""The end of a run: stand-down with the hot debrief, or before its time."""

from runbook.engine.asking import ask_choice, ask_text
from runbook.engine.recover import recover
from runbook.engine.run import Ended, Run
from runbook.model.entries import Kind
from runbook.model.plan import PlannedStep
from runbook.model.questions import Choice, Sheet
from runbook.model.steps import StandDownStep

_STILL_BY_HAND = Sheet("Something is still to be sent by hand. Say whether it was sent, then stand down.")


def stand_down(run: Run, planned: PlannedStep) -> None:
    """Work the last step: the hot debrief, then the end."""
    step = planned.step
    if not isinstance(step, StandDownStep):
        raise TypeError(planned.id)
    keys = (Choice("d", "stand down"), Choice("b", "not yet, go back"))
    if ask_choice(run, planned.id, "Stand down?", keys, example="d", step=planned).value != "d":
        return
    if not recover(run):
        run.desk.show(_STILL_BY_HAND, run.state)
        return
    lessons = {
        name: ask_text(
            run,
            f"{planned.id}.evidence.{name}",
            evidence.title,
            example=evidence.example,
            required=evidence.required,
            longest=evidence.longest,
            step=planned,
        )
        for name, evidence in step.debrief.items()
    }
    if not recover(run):  # something may have been begun at one of these questions
        run.desk.show(_STILL_BY_HAND, run.state)
        return
    run.record(
        run.fact(Kind.DONE, planned, by="hand", evidence=lessons),
        run.fact(Kind.STOOD_DOWN, planned, early=False, reason="", debrief=lessons),
    )


def stand_down_early(run: Run, reason: str) -> None:
    """End the run before its last step. Raises `Ended`, unless the person goes back."""
    keys = (Choice("y", "yes, end the run"), Choice("b", "go back"))
    text = "End the run now? Steps that are not done stay undone."
    if ask_choice(run, "stand-down-early", text, keys, example="b").value != "y":
        return
    if not recover(run):  # nobody could find out afterwards
        run.desk.show(_STILL_BY_HAND, run.state)
        return
    reason = reason or ask_text(run, "stand-down-early.reason", "Why?", example="the original page is back")
    if not recover(run):
        run.desk.show(_STILL_BY_HAND, run.state)
        return
    run.record(run.fact(Kind.STOOD_DOWN, early=True, reason=reason, debrief={}))
    raise Ended


def real_event(run: Run) -> None:
    """End an exercise at once because something real happens. Raises `Ended`; in a real run it only says what it is."""
    if run.plan.status != "exercise":
        run.desk.show(Sheet("This is the real thing. `z` stands the run down."), run.state)
        return
    run.record(run.fact(Kind.STOOD_DOWN, early=True, reason="NO PLAY NO PLAY NO PLAY: a real event", debrief={}))
    run.desk.show(Sheet(f"For the real one: runbook execute {run.plan.playbook}"), run.state)
    raise Ended
