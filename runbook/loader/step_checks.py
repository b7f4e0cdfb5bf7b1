"""What no single step of a playbook shows: whether they fit together and can be worked through."""

from collections.abc import Iterator
from dataclasses import dataclass

from runbook.loader.explain import did_you_mean
from runbook.loader.reader import Findings
from runbook.model.order import Needs, before, cycle, default_needs
from runbook.model.playbook import Playbook
from runbook.model.problem import Path
from runbook.model.steps import (
    SENDING,
    ArticleStep,
    ClearanceStep,
    DecisionStep,
    LookStep,
    ManualStep,
    StageStep,
    StandDownStep,
    Step,
    TogetherStep,
    UploadStep,
    condition,
)

ORIGINAL = "original"
"""The location that no step publishes: the release's own address."""


@dataclass(frozen=True)
class Table:
    """A playbook as the checks look at it."""

    playbook: Playbook
    findings: Findings
    steps: dict[str, Step]
    needs: Needs

    def each(self) -> Iterator[tuple[Path, Step]]:
        """Yield every step with its place."""
        for number, step in enumerate(self.playbook.steps):
            yield ("steps", number), step

    def has_option(self, decision: DecisionStep, option: str) -> bool:
        """Tell whether a decision has that option; also if its options could not be read, so that nobody can tell."""
        return option in decision.options or self.findings.about("steps", "options")

    def named(self, path: Path, name: str) -> Step | None:
        """Return the step of that name; None, and a problem at `path`, if there is none."""
        step = self.steps.get(name)
        if step is None and not self.findings.about("steps", "id"):
            remedy = did_you_mean(name, self.steps, "The steps are")
            self.findings.add(path, "unknown-step", f'There is no step "{name}".', remedy)
        return step


def _table(playbook: Playbook, findings: Findings) -> Table:
    """Return the playbook with what is worked out once."""
    steps: dict[str, Step] = {}
    for step in playbook.steps:
        # Of two steps with one id the first is meant; that there are two is a problem of its own.
        steps.setdefault(step.id, step)
    needs = default_needs(playbook.model_copy(update={"steps": tuple(steps.values())}))
    return Table(playbook, findings, steps, needs)


def check(playbook: Playbook, findings: Findings) -> None:
    """Note every step that does not fit the others."""
    whole = _table(playbook, findings)
    _ids(whole)
    for path, step in whole.each():
        _role(whole, path, step)
        _needs(whole, path, step)
        _condition(whole, path, step)
        _clock(whole, path, step)
        match step:
            case DecisionStep():
                _decision(whole, path, step)
            case ClearanceStep():
                _clearance(whole, path, step)
            case StageStep():
                _stage(whole, path, step)
            case LookStep():
                _look(whole, path, step)
            case ManualStep():
                _publishes_by_hand(whole, path, step)
            case _:
                continue
    _circle(whole)
    _end(whole)
    _objectives(whole)


def publishes(step: Step) -> str | None:
    """Return the location that a step fills, if any."""
    return step.publishes if isinstance(step, UploadStep | ArticleStep | ManualStep) else None


def _ids(whole: Table) -> None:
    seen: dict[str, int] = {}
    for number, step in enumerate(whole.playbook.steps):
        if step.id in seen:
            line = whole.findings.source.where(("steps", seen[step.id], "id")).line
            found = f'A step "{step.id}" stands on line {line} already.'
            whole.findings.add(("steps", number, "id"), "duplicate-id", found, "Give one of them another id.")
        seen.setdefault(step.id, number)


def _role(whole: Table, path: Path, step: Step) -> None:
    roles = whole.playbook.roles
    if step.role not in roles and not whole.findings.about("roles"):
        remedy = did_you_mean(step.role, roles, "The roles are")
        found = f'The role "{step.role}" is not one of this playbook.'
        whole.findings.add((*path, "role"), "unknown-role", found, remedy)


def _needs(whole: Table, path: Path, step: Step) -> None:
    for number, name in enumerate(step.needs or ()):
        place = (*path, "needs", number)
        if name == step.id:
            found = f'The step "{name}" needs itself; it could never begin.'
            whole.findings.add(place, "needs-itself", found, "Take it out.")
        else:
            whole.named(place, name)


def _circle(whole: Table) -> None:
    known = {step: tuple(n for n in needs if n in whole.steps and n != step) for step, needs in whole.needs.items()}
    round_ = cycle(known)
    if not round_:
        return
    first = min(round_, key=list(whole.steps).index)
    start = round_.index(first)
    names = " needs ".join(f'"{name}"' for name in (*round_[start:], *round_[:start], first))
    number = next(place for place, step in enumerate(whole.playbook.steps) if step.id == first)
    path: Path = ("steps", number, "needs")
    whole.findings.add(path, "cycle", f"These steps wait for each other: {names}.", "Take one of these needs out.")


def _condition(whole: Table, path: Path, step: Step) -> None:
    if step.when is None:
        return
    place = (*path, "when")
    name, option = condition(step.when)
    decision = whole.named(place, name)
    if decision is None:
        return
    if not isinstance(decision, DecisionStep):
        found = f'"{name}" is not a decision, so it has no options.'
        whole.findings.add(place, "not-a-decision", found, "Name a step of the kind “decision”.")
    elif not whole.has_option(decision, option):
        remedy = did_you_mean(option, decision.options, "The options are")
        found = f'The decision "{name}" has no option "{option}".'
        whole.findings.add(place, "unknown-option", found, remedy)
    elif name not in before(whole.needs, step.id) and not whole.findings.about("steps", "needs"):
        found = f'"{step.id}" does not wait for the decision "{name}".'
        remedy = f'Add "{name}" to its `needs`.'
        whole.findings.add(place, "when-not-needed", found, remedy)


def _clock(whole: Table, path: Path, step: Step) -> None:
    if step.unless is not None:
        whole.named((*path, "unless"), step.unless)
    # One that stands there and could not be read is not absent.
    absent = [
        f"`{key}`"
        for key, value in (("after", step.after), ("unless", step.unless))
        if value is None and not whole.findings.known((*path, key))
    ]
    if step.unless is not None and "`after`" in absent:
        remedy = "Add `after: T+…`, or take it out."
        whole.findings.add((*path, "unless"), "unless-alone", "`unless` says nothing without `after`.", remedy)
    if step.repeat is not None and absent:
        found = f"`repeat` needs {' and '.join(absent)}: when it begins, and what ends it."
        whole.findings.add((*path, "repeat"), "repeat-alone", found, "Add what is missing, or take `repeat` out.")


def _decision(whole: Table, path: Path, step: DecisionStep) -> None:
    for key, option in (("example", step.example), ("then", step.then)):
        if option is not None and not whole.has_option(step, option):
            remedy = did_you_mean(option, step.options, "The options are")
            found = f'{key}: "{option}" is not an option of this decision.'
            whole.findings.add((*path, key), "unknown-option", found, remedy)
    if step.then is not None and step.wait_at_most is None:
        found = "`then` says nothing without `wait_at_most`."
        whole.findings.add((*path, "then"), "then-alone", found, "Add how long people are tried, or take it out.")
    if step.wait_at_most is not None and step.then is None:
        found = "`wait_at_most` does not say what was agreed for the case that nobody can be reached."
        whole.findings.add((*path, "wait_at_most"), "no-then", found, "Add `then: OPTION`, or take it out.")


def _clearance(whole: Table, path: Path, step: ClearanceStep) -> None:
    for number, name in enumerate(step.of):
        place = (*path, "of", number)
        covered = whole.named(place, name)
        if covered is None:
            continue
        if not isinstance(covered, SENDING) and publishes(covered) is None:
            found = f'"{name}" neither sends nor publishes anything, so there is nothing to clear.'
            whole.findings.add(place, "nothing-to-clear", found, "Take it out.")
        elif name in before(whole.needs, step.id):
            found = f'"{name}" cannot begin before this clearance, and this clearance waits for it.'
            whole.findings.add(place, "cleared-too-late", found, f'Let "{name}" come after "{step.id}".')


def _stage(whole: Table, path: Path, step: StageStep) -> None:
    place = (*path, "of")
    staged = whole.named(place, step.of)
    if staged is not None and not isinstance(staged, UploadStep):
        found = f'"{step.of}" is not an upload, so nothing can be put in place for it.'
        whole.findings.add(place, "not-an-upload", found, "Name a step of the kind “upload”.")


def _look(whole: Table, path: Path, step: LookStep) -> None:
    places = [ORIGINAL, *(place for other in whole.playbook.steps if (place := publishes(other)))]
    if step.location not in places and not whole.findings.about("steps", "publishes"):
        found = f'No step publishes the location "{step.location}".'
        remedy = did_you_mean(step.location, places, "The locations are")
        whole.findings.add((*path, "location"), "unknown-location", found, remedy)


def _publishes_by_hand(whole: Table, path: Path, step: ManualStep) -> None:
    if step.publishes is None:
        return
    count = sum(evidence.kind == "addresses" for evidence in step.evidence.values())
    if count != 1 and not whole.findings.known((*path, "evidence")):
        found = f"This step publishes by hand, and {count or 'no'} evidence of the kind “addresses” is asked for."
        remedy = "Ask for exactly one: the addresses of the documents, and of their page."
        whole.findings.add((*path, "publishes"), "no-addresses", found, remedy)
    if step.correction is None:
        found = "This step publishes by hand, and has no correction."
        remedy = "Add `correction: {body: …}`: the words that put the published page right."
        whole.findings.add((*path, "publishes"), "no-correction", found, remedy)


def _end(whole: Table) -> None:
    ends = [number for number, step in enumerate(whole.playbook.steps) if isinstance(step, StandDownStep)]
    last = len(whole.playbook.steps) - 1
    if not ends:
        found, remedy = "There is no step of the kind “stand-down”.", "Let it be the last step."
        whole.findings.add(("steps",), "no-stand-down", found, remedy)
    for number in ends[:-1]:
        found = "This is not the only step of the kind “stand-down”."
        whole.findings.add(("steps", number, "kind"), "two-stand-downs", found, "Keep the last one.")
    if ends and ends[-1] != last:
        found = "The step of the kind “stand-down” is not the last one."
        whole.findings.add(("steps", ends[-1], "kind"), "stand-down-not-last", found, "Move it to the end.")


def _objectives(whole: Table) -> None:
    marked = {milestone for step in whole.playbook.steps for milestone in step.marks}
    for number, objective in enumerate(whole.playbook.objectives):
        path: Path = ("objectives", number)
        if objective.measure == "skew":
            _skew(whole, path, objective.of)
        elif objective.measure not in marked and not whole.findings.about("steps", "marks"):
            found = f'No step marks the milestone "{objective.measure}", so this can never be measured.'
            remedy = f"Add `marks: [{objective.measure}]` to the step that reaches it."
            whole.findings.add((*path, "measure"), "unmarked-milestone", found, remedy)


def _skew(whole: Table, path: Path, of: str | None) -> None:
    if of is None:
        found = "It does not say which step's messages are compared."
        whole.findings.add((*path, "of"), "skew-of-nothing", found, "Add `of: STEP`, a step of the kind “together”.")
        return
    step = whole.named((*path, "of"), of)
    if step is not None and not isinstance(step, TogetherStep):
        found = f'"{of}" does not send messages together, so there is nothing to compare.'
        whole.findings.add((*path, "of"), "skew-of-nothing", found, "Name a step of the kind “together”.")
