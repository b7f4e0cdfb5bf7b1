"""The state of a run: the fold of its entries and nothing else.

Resuming, the screen, `status` and every export are this one fold. It holds steps, people and messages, never entries,
so a long log folds in constant memory.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from runbook.model.entries import Entry, Kind
from runbook.model.key_order import in_order
from runbook.model.outcome import Outcome, Receipt
from runbook.model.plan import Person, Plan, Status
from runbook.model.problem import Problem, from_json


class Progress(StrEnum):
    """How far a step is."""

    WAITING = "waiting"
    BEGUN = "begun"
    DONE = "done"
    SKIPPED = "skipped"


@dataclass(slots=True)
class StepState:
    """One step so far."""

    progress: Progress = Progress.WAITING
    begun_at: datetime | None = None
    over_at: datetime | None = None
    times: int = 0
    """How often it has been done; more than once only for a step that repeats."""
    by: str = ""
    reason: str = ""


@dataclass(slots=True)
class Sending:
    """One message that was committed to a channel, or may have been."""

    message: str
    key: str
    channel: str
    step: str
    intent_at: datetime
    correction: bool = False
    outcome: Outcome | None = None
    """None: the intent is in the log and the outcome is not. That is unknown too."""
    outcome_at: datetime | None = None
    detail: str = ""
    receipt: Receipt | None = None
    recipients: dict[str, str] = field(default_factory=dict)
    parts: dict[str, str] = field(default_factory=dict)
    """The texts as they were committed, every slot filled."""
    withdrawn: bool = False

    @property
    def unknown(self) -> bool:
        """Whether nobody knows what became of it."""
        return self.outcome in (None, Outcome.UNKNOWN)


@dataclass(slots=True)
class Clearance:
    """A named person's yes."""

    who: str
    how: str
    digest: str
    at: datetime
    lapsed: bool = False


@dataclass(slots=True)
class State:
    """Where a run stands."""

    run: str = ""
    status: Status = "exercise"
    plan: Plan | None = None
    sequence: int = 0
    head: str = ""
    """The hash of the last entry."""
    started_at: datetime | None = None
    last_at: datetime | None = None
    confirmed: bool = False
    simulated: bool = False
    paused: bool = False
    stood_down_at: datetime | None = None
    early: bool = False
    debrief: dict[str, str] = field(default_factory=dict)
    holders: dict[str, Person] = field(default_factory=dict)
    steps: dict[str, StepState] = field(default_factory=dict)
    decisions: dict[str, str] = field(default_factory=dict)
    clearances: dict[str, Clearance] = field(default_factory=dict)
    answers: dict[str, dict[str, str]] = field(default_factory=dict)
    """Evidence by step."""
    addresses: dict[str, dict[str, str]] = field(default_factory=dict)
    """Public addresses by location: by document id, and `page`."""
    sendings: dict[str, Sending] = field(default_factory=dict)
    """By key, in the order of their intents."""
    left_out: dict[str, str] = field(default_factory=dict)
    """Messages that are left out this time round, with the reason; empty again once their step is over."""
    dropped: dict[str, str] = field(default_factory=dict)
    """Messages that were left out and never committed since, with the reason."""
    called: dict[str, list[str]] = field(default_factory=dict)
    """By step: who was tried without an answer."""
    seen: dict[str, str] = field(default_factory=dict)
    """By step that looks: the last verdict."""
    to_settle: tuple[Problem, ...] = ()
    """What was not right when the run began; `settled` has the keys of those that a person has settled."""
    settled: set[str] = field(default_factory=set)
    milestones: dict[str, datetime] = field(default_factory=dict)
    skews: dict[str, float] = field(default_factory=dict)
    """Seconds apart, by step: the worst."""
    enquiries: int = 0
    notes: int = 0

    @property
    def over(self) -> bool:
        """Whether the run has been stood down."""
        return self.stood_down_at is not None

    def step(self, step_id: str) -> StepState:
        """Return a step's state; a step that nothing is known of is waiting."""
        return self.steps.setdefault(step_id, StepState())

    def apply(self, entry: Entry) -> None:
        """Take one entry in. Entries come in the order of their sequence."""
        self.sequence, self.head, self.last_at = entry.sequence, entry.hash, entry.at
        handler = _APPLY.get(entry.kind)
        if handler is not None:
            handler(self, entry, dict(entry.data))


def fold(entries: Iterable[Entry]) -> State:
    """Return the state that a log leads to."""
    state = State()
    for entry in entries:
        state.apply(entry)
    return state


_Apply = Callable[[State, Entry, dict[str, Any]], None]


def _started(state: State, entry: Entry, data: dict[str, Any]) -> None:
    state.run, state.started_at = entry.run, entry.at
    state.plan = Plan.model_validate(in_order(data["plan"], data.get("order", {})))
    state.status, state.simulated = state.plan.status, bool(data.get("simulated"))
    state.to_settle = tuple(from_json(problem) for problem in data.get("to_settle", ()))


def _settled(state: State, _: Entry, data: dict[str, Any]) -> None:
    state.settled.add(data["key"])


def _confirmed(state: State, _: Entry, __: dict[str, Any]) -> None:
    state.confirmed = True


def _paused(state: State, _: Entry, __: dict[str, Any]) -> None:
    state.paused = True


def _resumed(state: State, _: Entry, __: dict[str, Any]) -> None:
    state.paused = False


def _stood_down(state: State, entry: Entry, data: dict[str, Any]) -> None:
    state.stood_down_at, state.early = entry.at, bool(data.get("early"))
    state.debrief = dict(data.get("debrief", {}))


def _on(state: State, _: Entry, data: dict[str, Any]) -> None:
    state.holders[data["role"]] = Person(name=data["name"], phone=data.get("phone", ""), email=data.get("email", ""))


def _called(state: State, entry: Entry, data: dict[str, Any]) -> None:
    if not data["answered"]:
        state.called.setdefault(entry.step, []).append(data["name"])


def _enquiry(state: State, _: Entry, __: dict[str, Any]) -> None:
    state.enquiries += 1


def _noted(state: State, _: Entry, __: dict[str, Any]) -> None:
    state.notes += 1


def _begun(state: State, entry: Entry, _: dict[str, Any]) -> None:
    step = state.step(entry.step)
    step.progress = Progress.BEGUN
    step.begun_at = step.begun_at or entry.at


def _looked(state: State, entry: Entry, data: dict[str, Any]) -> None:
    state.seen[entry.step] = data["verdict"]


def _done(state: State, entry: Entry, data: dict[str, Any]) -> None:
    step = state.step(entry.step)
    step.progress, step.over_at, step.by = Progress.DONE, entry.at, data.get("by", "")
    step.times += 1
    if data.get("evidence"):
        state.answers[entry.step] = dict(data["evidence"])
    if data.get("location"):
        state.addresses[data["location"]] = dict(data["addresses"])
    _take_in_again(state, entry.step)
    if state.plan is not None and data.get("whole", True):  # what was sent in part has told only a part
        for milestone in state.plan.step(entry.step).step.marks:
            state.milestones.setdefault(milestone, entry.at)


def _take_in_again(state: State, step: str) -> None:
    """Forget what was left out of a step: it was left out of that one time only."""
    state.left_out = {m: why for m, why in state.left_out.items() if not m.startswith(f"{step}.")}


def _skipped(state: State, entry: Entry, data: dict[str, Any]) -> None:
    step = state.step(entry.step)
    step.progress, step.over_at, step.reason = Progress.SKIPPED, entry.at, data.get("reason", "")


def _reopened(state: State, entry: Entry, _: dict[str, Any]) -> None:
    step = state.step(entry.step)
    step.progress, step.over_at = Progress.WAITING, None
    state.seen.pop(entry.step, None)
    state.decisions.pop(entry.step, None)
    _take_in_again(state, entry.step)


def _decided(state: State, entry: Entry, data: dict[str, Any]) -> None:
    state.decisions[entry.step] = data["option"]
    _done(state, entry, {"by": "hand"})


def _cleared(state: State, entry: Entry, data: dict[str, Any]) -> None:
    state.clearances[entry.step] = Clearance(data["who"], data.get("how", ""), data["digest"], entry.at)
    _done(state, entry, {"by": "hand"})


def _not_cleared(state: State, entry: Entry, data: dict[str, Any]) -> None:
    state.clearances.pop(entry.step, None)
    _skipped(state, entry, data)


def _lapsed(state: State, _: Entry, data: dict[str, Any]) -> None:
    clearance = data["clearance"]
    if clearance in state.clearances:
        state.clearances[clearance].lapsed = True
    state.steps[clearance] = StepState()


def _left_out(state: State, _: Entry, data: dict[str, Any]) -> None:
    if data.get("taken_in"):
        state.left_out.pop(data["message"], None)
        state.dropped.pop(data["message"], None)
    else:
        state.left_out[data["message"]] = state.dropped[data["message"]] = data["reason"]


def _intent(state: State, entry: Entry, data: dict[str, Any]) -> None:
    state.dropped.pop(data["message"], None)
    state.sendings[data["key"]] = Sending(
        message=data["message"],
        key=data["key"],
        channel=data["channel"],
        step=entry.step,
        intent_at=entry.at,
        correction=bool(data.get("correction")),
        parts=dict(data["parts"]),
    )


def _outcome(state: State, entry: Entry, data: dict[str, Any]) -> None:
    sending = state.sendings[data["key"]]
    sending.outcome, sending.outcome_at = Outcome(data["outcome"]), entry.at
    sending.detail = data.get("detail", "")
    sending.recipients = dict(data.get("recipients", {}))
    if data.get("receipt"):
        sending.receipt = Receipt.model_validate(data["receipt"])


def _withdrawn(state: State, _: Entry, data: dict[str, Any]) -> None:
    if data["outcome"] == Outcome.SENT:
        state.sendings[data["key"]].withdrawn = True


def _skew(state: State, entry: Entry, data: dict[str, Any]) -> None:
    state.skews[entry.step] = max(float(data["seconds"]), state.skews.get(entry.step, 0.0))


_APPLY: dict[Kind, _Apply] = {
    Kind.STARTED: _started,
    Kind.SETTLED: _settled,
    Kind.CONFIRMED: _confirmed,
    Kind.PAUSED: _paused,
    Kind.RESUMED: _resumed,
    Kind.STOOD_DOWN: _stood_down,
    Kind.ON: _on,
    Kind.CALLED: _called,
    Kind.ENQUIRY: _enquiry,
    Kind.NOTED: _noted,
    Kind.BEGUN: _begun,
    Kind.LOOKED: _looked,
    Kind.DONE: _done,
    Kind.SKIPPED: _skipped,
    Kind.REOPENED: _reopened,
    Kind.DECIDED: _decided,
    Kind.CLEARED: _cleared,
    Kind.NOT_CLEARED: _not_cleared,
    Kind.LAPSED: _lapsed,
    Kind.LEFT_OUT: _left_out,
    Kind.INTENT: _intent,
    Kind.OUTCOME: _outcome,
    Kind.WITHDRAWN: _withdrawn,
    Kind.SKEW: _skew,
}
