"""Decisions and clearances: asked of named people, in the order of succession; what was agreed if nobody answers."""

from datetime import datetime

from runbook.engine.asking import ask_choice, ask_person, ask_text, people_of, phone_of
from runbook.engine.hands import BACK
from runbook.engine.run import Run
from runbook.engine.sheets import clearance_sheet, messages_sheet
from runbook.engine.values import slot_values
from runbook.model import slots
from runbook.model.entries import Kind
from runbook.model.plan import PlannedStep
from runbook.model.questions import Choice, Sheet
from runbook.model.steps import ClearanceStep, DecisionStep
from runbook.model.times import duration

_NO_ANSWER = Choice("u", "no answer")
_AGREED = Choice("a", "nobody can be reached: do what was agreed")
_AGREED_BY = "agreed beforehand"


def decision(run: Run, planned: PlannedStep) -> None:
    """Work a decision: the options, then the reason and who decided."""
    step = planned.step
    if not isinstance(step, DecisionStep):
        raise TypeError(planned.id)
    text = slots.reading(step.question, slot_values(run.plan, run.state, run.clock.now()))
    names = list(step.options)
    options = [Choice(str(i), step.options[name].title, hint=name) for i, name in enumerate(names, 1)]
    example = str(names.index(step.example) + 1)
    while True:
        extra = [_NO_ANSWER, *_agreed(run, planned, step.wait_at_most if step.then else None), BACK]
        _show_people(run, planned)
        reply = ask_choice(run, planned.id, text, [*options, *extra], example=example, listed=True, step=planned)
        if reply.value == "b":
            return
        if reply.value == "u":
            _unanswered(run, planned)
            continue
        agreed = reply.value == "a"
        option = str(step.then) if agreed else names[int(reply.value) - 1]
        break
    who = (
        _AGREED_BY
        if agreed
        else reply.who or ask_person(run, f"{planned.id}.who", "Who decides?", step.role, step=planned)
    )
    reason = ask_text(run, f"{planned.id}.reason", "Why?", example=step.reason_example, step=planned)
    title = step.options[option].title
    run.record(
        run.fact(
            Kind.DECIDED,
            planned,
            actor=who,
            option=option,
            title=title,
            reason=reason,
            who=who,
            agreed_beforehand=agreed,
        )
    )


def clearance(run: Run, planned: PlannedStep) -> None:
    """Work a clearance: exactly what, by whom, how."""
    step = planned.step
    if not isinstance(step, ClearanceStep):
        raise TypeError(planned.id)
    run.desk.show(clearance_sheet(run, planned), run.state)
    view = Choice("v", "view all of it")
    while True:
        keys = [view, Choice("c", "clear"), _NO_ANSWER, Choice("r", "refuse")]
        keys += [*_agreed(run, planned, step.wait_at_most), BACK]
        _show_people(run, planned)
        key = ask_choice(run, planned.id, "Is it cleared?", keys, example="c", step=planned).value
        if key == "v":
            for covered in run.plan.covered(planned.id):
                run.desk.show(messages_sheet(run, covered, corrections=True), run.state)
        elif key == "u":
            _unanswered(run, planned)
        elif key == "c":
            if _clear(run, planned, step):
                return
        elif key == "r":
            _refuse(run, planned)
            return
        elif key == "a":
            _as_agreed(run, planned, step)
            return
        else:
            return


def _clear(run: Run, planned: PlannedStep, step: ClearanceStep) -> bool:
    who = ask_person(run, f"{planned.id}.who", "Who clears?", step.role, step=planned)
    if step.two_person and who in _releasers(run, planned):
        run.desk.show(
            Sheet(f"{who} releases these messages, so somebody else must clear them: ask a deputy, or hand over (h)."),
            run.state,
        )
        return False
    how = ask_text(run, f"{planned.id}.how", "How did they tell you?", example=step.how_example, step=planned)
    digest = run.plan.cleared_digest(planned.id)
    run.record(run.fact(Kind.CLEARED, planned, actor=who, who=who, how=how, digest=digest, agreed_beforehand=False))
    return True


def _refuse(run: Run, planned: PlannedStep) -> None:
    who = ask_person(run, f"{planned.id}.who", "Who refuses?", planned.step.role, step=planned)
    reason = ask_text(run, f"{planned.id}.reason", "Why?", example="wait for the original page", step=planned)
    run.record(run.fact(Kind.NOT_CLEARED, planned, actor=who, who=who, reason=reason, agreed_beforehand=False))


def _as_agreed(run: Run, planned: PlannedStep, step: ClearanceStep) -> None:
    if step.then == "cleared":
        digest = run.plan.cleared_digest(planned.id)
        fact = run.fact(Kind.CLEARED, planned, who=_AGREED_BY, how=_AGREED_BY, digest=digest, agreed_beforehand=True)
    else:
        reason = "nobody could be reached in the time that was agreed"
        fact = run.fact(Kind.NOT_CLEARED, planned, who=_AGREED_BY, reason=reason, agreed_beforehand=True)
    run.record(fact)


def _releasers(run: Run, planned: PlannedStep) -> set[str]:
    return {run.holder(covered.step.role).name for covered in run.plan.covered(planned.id)}


def _show_people(run: Run, planned: PlannedStep) -> None:
    """Show who to ring, in order, and who was tried already."""
    tried = run.state.called.get(planned.id, [])
    lines = []
    for number, name in enumerate(people_of(run, planned.step.role), 1):
        note = "   no answer" if name in tried else ""
        lines.append(f"{number} {name}  {phone_of(run, planned.step.role, name)}{note}".rstrip())
    title = run.plan.role(planned.step.role).title
    run.desk.show(Sheet(f"{title}, in this order", (("", "\n".join(lines)),), step=planned.id), run.state)


def _unanswered(run: Run, planned: PlannedStep) -> None:
    name = ask_person(run, f"{planned.id}.tried", "Who did you try?", planned.step.role, step=planned)
    run.record(run.fact(Kind.CALLED, planned, name=name, answered=False))


def _agreed(run: Run, planned: PlannedStep, limit: str | None) -> tuple[Choice, ...]:
    """Return the key for what was agreed beforehand; only once the waiting limit is over."""
    begun = run.state.step(planned.id).begun_at
    if limit is None or begun is None or run.clock.now() < _limit(begun, limit):
        return ()
    return (_AGREED,)


def _limit(begun: datetime, limit: str) -> datetime:
    return begun + duration(limit)
