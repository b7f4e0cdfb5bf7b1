"""Decisions and clearances: asked of named people, in the order of succession; what was agreed if nobody answers."""

from dataclasses import replace

from runbook.engine.asking import ask_once, ask_person, ask_text
from runbook.engine.decide import decide
from runbook.engine.hands import BACK
from runbook.engine.run import Run
from runbook.engine.sheets import clearance_sheet, messages_sheet, people_sheet
from runbook.engine.values import slot_values
from runbook.model import slots
from runbook.model.entries import Kind
from runbook.model.plan import PlannedStep
from runbook.model.questions import Choice, Question, Reply, Sheet
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
    options = [Choice(str(i), step.options[name].title, name=name) for i, name in enumerate(names, 1)]
    example = str(names.index(step.example) + 1)
    run.desk.show(people_sheet(run, planned), run.state)
    while True:
        question = Question(planned.id, text, options=(*options, _NO_ANSWER), listed=True, example=example)
        reply = _ask(run, planned, question, step.wait_at_most if step.then else None)
        if reply.value == "b":
            return
        if reply.value == "u":
            _unanswered(run, planned)
            continue
        agreed = reply.value == "a"
        option = str(step.then) if agreed else names[int(reply.value) - 1]
        break
    who = _AGREED_BY if agreed else reply.who or _named(run, planned, "Who decides?")
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
    keys = (Choice("v", "view all of it"), Choice("c", "clear"), _NO_ANSWER, Choice("r", "refuse"))
    run.desk.show(people_sheet(run, planned), run.state)
    while True:
        question = Question(planned.id, "Is it cleared?", options=keys, example="c")
        key = _ask(run, planned, question, step.wait_at_most).value
        if key == "v":
            for covered in run.plan.covered(planned.id):
                sheet = messages_sheet(run, covered, corrections=True)
                run.desk.show(replace(sheet, heading=covered.step.title), run.state)
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
    who = _named(run, planned, "Who clears?")
    if step.two_person and who.casefold() in _releasers(run, planned):
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
    who = _named(run, planned, "Who refuses?")
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
    return {run.holder(covered.step.role).name.casefold() for covered in run.plan.covered(planned.id)}


def _named(run: Run, planned: PlannedStep, text: str) -> str:
    """Ask for the name that a step's answer is bound to. Enter alone names nobody: the name stands for a yes."""
    return ask_person(run, f"{planned.id}.who", text, planned.step.role, step=planned, answers_for=True)


def _unanswered(run: Run, planned: PlannedStep) -> None:
    name = ask_person(run, f"{planned.id}.tried", "Who did you try?", planned.step.role, step=planned)
    run.record(run.fact(Kind.CALLED, planned, name=name, answered=False))
    run.desk.show(people_sheet(run, planned), run.state)


def _ask(run: Run, planned: PlannedStep, question: Question, limit: str | None) -> Reply:
    """Ask until there is an answer; what was agreed beforehand can be chosen from the moment the waiting limit is over.

    The limit may pass while the question stands: then it is put again, with that choice.
    """
    begun = run.state.step(planned.id).begun_at
    over_at = begun + duration(limit) if limit is not None and begun is not None else None
    while True:
        now = run.clock.now()
        agreed = (_AGREED,) if over_at is not None and over_at <= now else ()
        moments = (over_at, decide(run.plan, run.state, now).wake_at)
        until = min((m for m in moments if m is not None and m > now), default=None)
        full = replace(question, options=(*question.options, *agreed, BACK), step=planned.id)
        reply = ask_once(run, full, planned, until)
        if reply is not None:
            return reply
