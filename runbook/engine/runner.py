"""The loop of a run: what can be done now, one thing chosen, done, logged; until the run is stood down."""

from collections.abc import Callable, Iterable
from contextlib import suppress

from runbook.engine import ending, hands, judgement, looking, opening, recover, sending, staging, surprises
from runbook.engine.asking import ask_once
from runbook.engine.decide import Blocked, Moves, decide, not_given, uncleared
from runbook.engine.run import Ended, Run, WentBack
from runbook.errors import Left
from runbook.model.entries import Kind
from runbook.model.plan import PlannedStep
from runbook.model.problem import Problem
from runbook.model.questions import Ask, Choice, Question
from runbook.model.state import Progress
from runbook.model.times import short_after_due

_PERFORM: dict[str, Callable[[Run, PlannedStep], None]] = {
    "look": surprises.look,
    "manual": hands.manual,
    "decision": judgement.decision,
    "clearance": judgement.clearance,
    "stage": staging.stage_in_private,
    "upload": sending.sending,
    "together": sending.sending,
    "article": sending.sending,
    "stand-down": ending.stand_down,
}


def work(run: Run, problems: Iterable[Problem] = ()) -> None:
    """Work a run from where it stands to its end.

    `problems` are those that a live run has settled first. Returns when the run is stood down. Raises `Left` when it is
    paused or waits for an answer that nobody gives, and lets KeyboardInterrupt through; either way the log says so.
    """
    try:
        opening.settle(run, problems)
        opening.confirm(run)
        opening.roll_call(run)
        recover.recover(run)
        _loop(run)
    except Ended:
        pass
    except Left as left:
        run.record(run.fact(Kind.PAUSED, reason=left.message))
        raise
    except KeyboardInterrupt:
        run.record(run.fact(Kind.PAUSED, reason="interrupted"))
        raise
    finally:
        run.looks.stop_all()


def _loop(run: Run) -> None:
    back: str | None = None
    while not run.state.over:
        moves = decide(run.plan, run.state, run.clock.now())
        looking.begin(run, moves)
        chosen = _choose(run, moves, back)
        if chosen is not None:
            before = run.state.sequence
            perform(run, chosen)
            back = chosen.id if _untouched(run, chosen, before) else None


def _untouched(run: Run, planned: PlannedStep, before: int) -> bool:
    """Whether a person went back from a step: it would only be put in front of them again."""
    return run.state.sequence > before and run.state.step(planned.id).progress is Progress.BEGUN


def _choose(run: Run, moves: Moves, back: str | None) -> PlannedStep | None:
    """Return the step to do next; None if something came in meanwhile and the choice is to be made anew."""
    only = moves.ready[0] if len(moves.ready) == 1 and not moves.blocked else None
    if only is not None and only.id != back:
        return only
    listed = [*moves.ready, *(b.step for b in moves.blocked), *moves.watching]
    options = tuple(
        Choice(str(i), step.step.title, _hint(run, moves, step), step.id) for i, step in enumerate(listed, 1)
    )
    possible = bool(moves.ready or moves.blocked)
    question = Question(
        id="next" if possible else "wait",
        text="Can be done now" if possible else "Looking as the public does" if moves.looks else "Waiting",
        ask=Ask.CHOICE if possible else Ask.WAIT,
        options=options,
        listed=True,
        example="1" if possible else "",
    )
    reply = ask_once(run, question, stays="There is nothing here to go back from. p leaves the run.")
    return listed[int(reply.value) - 1] if reply is not None and reply.value else None


def _hint(run: Run, moves: Moves, step: PlannedStep) -> str:
    blocked: Blocked | None = next((b for b in moves.blocked if b.step is step), None)
    if blocked is not None:
        return f"held: {blocked.why}"
    if step in moves.watching:
        return f"looking; last seen: {run.state.seen.get(step.id, 'nothing yet')}"
    due = f"due {short_after_due(step.due, run.plan.release.due)} · " if step.due else ""
    return f"{due}{run.plan.role(step.step.role).title}"


def perform(run: Run, planned: PlannedStep) -> None:
    """Do one step, as its kind is done; a step that waits for a clearance does not begin.

    Whoever gives up a question in it leaves it begun: it is offered again.
    """
    with suppress(WentBack):
        _perform(run, planned)


def _perform(run: Run, planned: PlannedStep) -> None:
    why = uncleared(run.plan, run.state, planned)
    if why is not None:
        _held(run, planned, why)
        return
    state = run.state.step(planned.id)
    late = planned.due is not None and run.clock.now() > planned.due
    if planned.step.kind != "look" or state.progress is Progress.WAITING:
        run.record(run.fact(Kind.BEGUN, planned, times=state.times + 1, late=late))
    if planned.step.instructions or planned.step.kind == "manual":
        run.desk.show(hands.instructions(run, planned), run.state)
    _PERFORM[planned.step.kind](run, planned)


def _held(run: Run, planned: PlannedStep, why: str) -> None:
    """Ask about a step that is held: its clearance again, or skip it."""
    keys = (Choice("k", "ask for the clearance again"), hands.SKIP, hands.BACK)
    question = Question(id=f"{planned.id}.held", text=why, options=keys, example="s", step=planned.id)
    reply = ask_once(run, question, planned)
    if reply is None:
        return
    if reply.value == "s":
        hands.skip(run, planned)
    elif reply.value == "k":
        for clearance_id in planned.cleared_by:
            clearance = run.plan.step(clearance_id)
            over = run.state.step(clearance_id).progress in (Progress.SKIPPED, Progress.DONE)
            if over and not_given(run.plan, run.state, clearance_id) is not None:
                run.record(run.fact(Kind.LAPSED, clearance, clearance=clearance_id, reason="asked again"))
