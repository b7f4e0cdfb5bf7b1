"""Asking people. A question can be interrupted, and is put again; some keys work at every prompt."""

from collections.abc import Sequence
from datetime import datetime

from runbook.engine import looking
from runbook.engine.decide import decide
from runbook.engine.run import Run, WentBack
from runbook.model.entries import Kind
from runbook.model.plan import PlannedStep
from runbook.model.ports import Interrupted
from runbook.model.questions import GO_BACK, Ask, Choice, Question, Reply, Sheet


def ask(run: Run, question: Question, step: PlannedStep | None = None, *, stays: str = "") -> Reply:
    """Ask until there is an answer; log the question and the answer.

    Raises `Left` when there is nobody to answer or the run is paused, `WentBack` when the question is given up; with
    `stays`, the sentence that says why not, it cannot be.
    """
    while True:
        reply = ask_once(run, question, step, stays=stays)
        if reply is not None:
            return reply


def ask_once(
    run: Run, question: Question, step: PlannedStep | None = None, until: datetime | None = None, *, stays: str = ""
) -> Reply | None:
    """Ask once. None if something came in meanwhile: what can be done may have changed.

    Raises as `ask` does.
    """
    if run.asked != question.id:
        run.record(run.fact(Kind.ASKED, step, question=question.id, text=question.text))
        run.asked = question.id
    answer = run.desk.ask(question, run.state, until or decide(run.plan, run.state, run.clock.now()).wake_at)
    if isinstance(answer, Interrupted):
        if answer.look is not None:
            looking.take_in(run, *answer.look)
        return None
    if answer.command:
        run.asked = ""
        if answer.value != GO_BACK.key:
            run.obey(run, answer)
        elif stays:
            run.desk.show(Sheet(stays, step=question.step), run.state)
        else:
            raise WentBack
        return None
    label = next((choice.label for choice in question.options if choice.key == answer.value), "")
    run.answer(run.fact(Kind.ANSWERED, step, question=question.id, answer=answer.value, label=label, who=answer.who))
    return answer


def ask_text(
    run: Run,
    question_id: str,
    text: str,
    *,
    example: str,
    step: PlannedStep | None = None,
    required: bool = True,
    longest: int = 500,
    address: bool = False,
    stays: str = "",
) -> str:
    """Ask for a line of text and return it; empty only if it is not required. Raises as `ask` does."""
    question = Question(
        id=question_id,
        text=text,
        ask=Ask.TEXT,
        example=example,
        required=required,
        longest=longest,
        address=address,
        step=step.id if step else "",
    )
    return ask(run, question, step, stays=stays).value


def ask_choice(
    run: Run,
    question_id: str,
    text: str,
    options: Sequence[Choice],
    *,
    example: str,
    step: PlannedStep | None = None,
    default: str | None = None,
    listed: bool = False,
    stays: str = "",
) -> Reply:
    """Ask for one of some options and return the reply, whose value is the option's key.

    A list has a way back among its lines, unless it has one already or `stays` says why there is none. Raises as `ask`
    does.
    """
    way_back = (GO_BACK,) if listed and not stays and all(o.key != GO_BACK.key for o in options) else ()
    question = Question(
        id=question_id,
        text=text,
        options=(*options, *way_back),
        listed=listed,
        default=default,
        example=example,
        step=step.id if step else "",
    )
    reply = ask(run, question, step, stays=stays)
    if way_back and reply.value == GO_BACK.key:
        raise WentBack
    return reply


def ask_person(
    run: Run, question_id: str, text: str, role_id: str, *, step: PlannedStep | None = None, answers_for: bool = False
) -> str:
    """Ask which of a role's people it is, and return the name. Somebody who took the role over is among them.

    Enter takes the first of them who was not tried in vain at this step; with `answers_for` it takes nobody, because
    the name stands for a yes.
    """
    names = people_of(run, role_id)
    if len(names) == 1:
        return names[0]
    options = [Choice(str(i), name, phone_of(run, role_id, name)) for i, name in enumerate(names, 1)]
    default = str(names.index(next_to_try(run, step)) + 1) if step and step.step.role == role_id else "1"
    taken = None if answers_for else default
    reply = ask_choice(run, question_id, text, options, example="1", default=taken, listed=True, step=step)
    return reply.who or names[int(reply.value) - 1]


def next_to_try(run: Run, step: PlannedStep) -> str:
    """Return who is next in the line of succession of a step's role: the first who was not tried in vain."""
    names = people_of(run, step.step.role)
    return next((name for name in names if name not in run.state.called.get(step.id, [])), names[0])


def people_of(run: Run, role_id: str) -> tuple[str, ...]:
    """Return who can answer for a role: whoever holds it now first, then the others in the order of succession."""
    return tuple(dict.fromkeys((run.holder(role_id).name, *(p.name for p in run.plan.role(role_id).people))))


def phone_of(run: Run, role_id: str, name: str) -> str:
    """Return a person's telephone number, if the workspace has it."""
    people = (run.holder(role_id), *run.plan.role(role_id).people)
    return next((p.phone for p in people if p.name == name and p.phone), "")
