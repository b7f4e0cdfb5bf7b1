"""A file of answers, for a run without a terminal: step id → answer, evidence, who. None missing is taken for yes."""

from pathlib import Path
from typing import Any

from runbook.loader.yaml import read_yaml
from runbook.model.plan import Plan, PlannedStep
from runbook.model.problem import Problem, Refused, Source
from runbook.model.questions import Ask, Question, Reply
from runbook.model.steps import DecisionStep, Evidence, LookStep, ManualStep, StandDownStep, condition
from runbook.terminal.scripted import Answers


class AnswerBook(Answers):
    """Answers by question id. An answer may be the key, or the words or the name that stand beside it."""

    def get(self, question: Question) -> Reply | None:
        """Return the answer to a question, or None if the file has none."""
        found = self.values.get(question.id)
        if found is None and question.id.endswith(".go"):
            found = self.values.get(question.id.removesuffix(".go"))
        if found is None:
            return Reply("") if question.ask is Ask.TEXT and not question.required else None
        value, who = found
        if question.ask is Ask.CHOICE:
            wanted = value.casefold()
            for choice in question.options:
                if wanted in (choice.key.casefold(), choice.label.casefold(), choice.name.casefold()):
                    return Reply(choice.key, who=who)
        return Reply(value, who=who)


def read(path: Path) -> AnswerBook:
    """Read a file of answers. Raises `Refused` with everything that is wrong with it."""
    raw = read_yaml(path)
    problems = [fault.problem for fault in raw.faults]
    values: dict[str, tuple[str, str]] = {}
    data = raw.data if isinstance(raw.data, dict) else {}
    if not isinstance(raw.data, dict) and not problems:
        where = raw.source.where()
        problems.append(Problem("answers", where, "This is not a list of answers.", "Write `step: answer` lines."))
    for name, given in data.items():
        _flatten(str(name), given, values, problems, raw.source)
    if problems:
        raise Refused(problems)
    return AnswerBook(values, str(path))


def _flatten(
    name: str, given: Any, values: dict[str, tuple[str, str]], problems: list[Problem], source: Source
) -> None:
    """Take one entry in: a plain answer, or a table of `answer`, `who`, `reason`, `how`, `evidence`, or of others."""
    if not isinstance(given, dict):
        values[name] = (str(given), "")
        return
    who = str(given.get("who", ""))
    for key, value in given.items():
        if key == "answer":
            values[name] = (str(value), who)
        elif key == "evidence" and isinstance(value, dict):
            for part, text in value.items():
                _flatten(f"{name}.evidence.{part}", text, values, problems, source)
        elif isinstance(value, dict):
            _flatten(f"{name}.{key}", value, values, problems, source)
        elif isinstance(value, list):
            found = f'"{name}.{key}" is a list.'
            problems.append(Problem("answers", source.where((name, key)), found, "Write one answer."))
        else:
            values[f"{name}.{key}"] = (str(value), who)


def check_complete(plan: Plan, book: AnswerBook) -> None:
    """Refuse a file that leaves a question open which the plan is sure to ask. Raises `Refused` with all of them."""
    missing = [name for name in _wanted(plan, book) if name not in book.values]
    source = Source(book.source)
    if missing:
        raise Refused(
            [
                Problem(
                    "no-answer", source.where((name,)), f'"{name}" has no answer.', "Add it; nothing is taken as yes."
                )
                for name in missing
            ]
        )


def _wanted(plan: Plan, book: AnswerBook) -> list[str]:
    wanted = ["begin", *(f"roll-call.{role.id}" for role in plan.roles)]
    for step in plan.steps:
        if _is_needed(plan, step, book):
            wanted += _wanted_of(plan, step, book)
    return wanted


def _is_needed(plan: Plan, step: PlannedStep, book: AnswerBook) -> bool:
    """Whether a step is sure to be asked about, as the decisions in the file go."""
    if step.after is not None:
        return False
    if step.step.when is None:
        return True
    decision_id, option = condition(step.step.when)
    decision = plan.decision(decision_id)
    answer = book.values.get(decision_id, ("", ""))[0].casefold()
    return answer in (option.casefold(), decision.options[option].title.casefold()) and _is_needed(
        plan, plan.step(decision_id), book
    )


def _wanted_of(plan: Plan, planned: PlannedStep, book: AnswerBook) -> list[str]:
    step = planned.step
    if isinstance(step, LookStep):
        return []
    answer = book.values.get(step.id, ("", ""))[0].casefold()
    wanted = [step.id]
    if answer in ("s", "skip"):
        return [*wanted, f"{step.id}.reason"]
    if isinstance(step, DecisionStep):
        wanted += [f"{step.id}.reason", f"{step.id}.who"]
    elif step.kind == "clearance":
        wanted += [f"{step.id}.how", f"{step.id}.who"]
    elif isinstance(step, ManualStep):
        wanted += _evidence(plan, step.id, step.evidence)
    elif isinstance(step, StandDownStep):
        wanted += _evidence(plan, step.id, step.debrief)
    return wanted


def _evidence(plan: Plan, step_id: str, evidence: dict[str, Evidence]) -> list[str]:
    wanted = []
    for name, item in evidence.items():
        question = f"{step_id}.evidence.{name}"
        if item.kind == "addresses":
            wanted += [f"{question}.page", *(f"{question}.{d.id}" for d in plan.release.documents)]
        elif item.required:
            wanted.append(question)
    return wanted
