"""The start of a run: what is not right is settled by a named person, the run is confirmed, the roles are called."""

from collections.abc import Iterable
from contextlib import suppress

from runbook.engine.asking import ask, ask_choice, ask_text
from runbook.engine.run import Run, WentBack
from runbook.errors import Left
from runbook.model.entries import Kind
from runbook.model.plan import PlannedRole
from runbook.model.problem import Problem
from runbook.model.questions import Ask, Choice, Question, Sheet

_FIRST = "There is nothing to go back to: the run has not begun. p leaves it."
_CALLED = "Every role needs a name, and can be handed over at any time (h). p leaves the run."


def confirm(run: Run) -> None:
    """Have the start confirmed: for real by typing the playbook's id, in an exercise by Enter."""
    if run.state.confirmed:
        return
    if run.plan.status == "actual":
        text = f"Type {run.plan.playbook} to begin"
        question = Question(id="begin", text=text, ask=Ask.TYPED, expected=run.plan.playbook, example=run.plan.playbook)
    else:
        options = (Choice("", "Enter"), Choice("q", "leave"))
        question = Question(id="begin", text="Press Enter to practise", options=options, default="", example="")
    reply = ask(run, question, stays=_FIRST)
    if reply.value == "q":
        raise Left("The exercise was not started.")
    run.record(run.fact(Kind.CONFIRMED, typed=reply.value))


def settle(run: Run, problems: Iterable[Problem]) -> None:
    """Have each problem of a live run settled by a named person, with a reason. Raises `Left` if one is not."""
    open_problems = [p for p in problems if p.key not in run.state.settled]
    if not open_problems:
        return
    listed = "\n".join(f"{number} {problem.found}" for number, problem in enumerate(open_problems, 1))
    heading = "Not right yet. It does not stop the run: somebody settles it, with a reason."
    run.desk.show(Sheet(heading, (("", listed),)), run.state)
    who = _who_settles(run)
    for number, problem in enumerate(open_problems, 1):
        text = f"{problem.found} {problem.settle}"
        keys = (Choice("y", "go on so"), Choice("q", "leave"))
        question = f"settle.{problem.code}.{number}"
        if ask_choice(run, question, text, keys, example="y", stays=_FIRST).value != "y":
            raise Left("The run was not started: a problem was not settled.", problem.remedy)
        reason = ask_text(run, f"{question}.reason", "Why?", example="agreed by telephone", stays=_FIRST)
        run.record(
            run.fact(
                Kind.SETTLED,
                actor=who,
                key=problem.key,
                code=problem.code,
                found=problem.found,
                settle=problem.settle,
                who=who,
                reason=reason,
            )
        )


def _who_settles(run: Run) -> str:
    """Ask for a name; a yes or a no is none."""
    text = "Who settles it? Name or function"
    while True:
        who = ask_text(run, "settle.who", text, example="Duty press manager", longest=100, stays=_FIRST)
        if who.casefold() not in {"y", "yes", "n", "no", "me", "ok"}:
            return who
        text = f'"{who}" is not a name. Who settles it? Name or function'


def roll_call(run: Run) -> None:
    """Ask who is on, role by role: Enter takes the holder, a number a deputy."""
    for role in run.plan.roles:
        while role.id not in run.state.holders:
            with suppress(WentBack):  # from the name of somebody else, to the list of those who are named
                _call(run, role)


def _call(run: Run, role: PlannedRole) -> None:
    options = [Choice(str(i), p.name, p.phone) for i, p in enumerate(role.people, 1)]
    options.append(Choice("o", "somebody else"))
    question_id = f"roll-call.{role.id}"
    default = "1" if role.people else None
    reply = ask_choice(run, question_id, role.title, options, example="1", default=default, listed=True, stays=_CALLED)
    chosen = role.people[int(reply.value) - 1] if reply.value != "o" else None
    name = (
        chosen.name
        if chosen
        else ask_text(run, f"{question_id}.name", "Name or function", example="Duty officer", longest=100)
    )
    deputy = chosen is not None and chosen is not role.people[0]
    run.record(
        run.fact(
            Kind.ON,
            actor=name,
            role=role.id,
            name=name,
            phone=chosen.phone if chosen else "",
            email=chosen.email if chosen else "",
            deputy=deputy,
            reason="",
        )
    )
