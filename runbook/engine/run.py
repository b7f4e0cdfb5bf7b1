"""One run being worked: the plan, the state so far, and the ports to everything around it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from runbook.clock import Clock
from runbook.engine.interrupts import Unbroken
from runbook.model.entries import Entry, Fact, Kind
from runbook.model.plan import Person, Plan, PlannedStep
from runbook.model.ports import Channel, Desk, Journal, Looks
from runbook.model.questions import Reply
from runbook.model.state import State

MACHINE = "runbook"
"""The actor of what the program does by itself."""

BY_HAND = "by-hand"
"""The channel that is always there: a person's hands."""

HANDS = "manual"
"""The kind of every channel that is a person's hands, whatever the workspace calls it."""


class Ended(Exception):
    """The run was stood down in the middle of something else. Never leaves the engine."""


class WentBack(Exception):
    """A question inside a step or a command was given up, and with it what asked. Never leaves the engine."""


@dataclass(frozen=True)
class Limits:
    """How long the engine waits. Each is a bound, in whole seconds or as a length of time."""

    countdown: int = 3
    """Seconds from "send now" to the release."""
    ready: timedelta = timedelta(seconds=60)
    stage: timedelta = timedelta(seconds=30)
    result: timedelta = timedelta(seconds=60)
    """For an answer after the last byte; after it the outcome is unknown and the channel is asked."""
    line_up: bool = True
    """Whether fast channels are held back by what earlier sendings took."""


@dataclass
class Run:
    """What every part of the engine is handed."""

    id: str
    plan: Plan
    state: State
    journal: Journal
    desk: Desk
    channels: Mapping[str, Channel]
    looks: Looks
    clock: Clock
    obey: Callable[["Run", Reply], None]
    """Does what a key that works at any prompt asks for."""
    limits: Limits = field(default_factory=Limits)
    asked: str = ""
    """The question that stands: put again after an interruption, it is not logged again."""
    _answered: list[Fact] = field(default_factory=list)

    def answer(self, fact: Fact) -> None:
        """Keep an answer for the next append: it and what follows from it are one transaction."""
        self._answered.append(fact)
        self.asked = ""

    def record(self, *facts: Fact) -> None:
        """Append facts to the log, durably, and take them into the state; then tell the desk.

        Raises `JournalError`; then none of them happened as far as the run is concerned.
        """
        self.tell(self.append(*facts))

    def append(self, *facts: Fact) -> tuple[Entry, ...]:
        """Append facts and take them in, but say nothing yet: nothing is drawn between an intent and its release."""
        with Unbroken():  # else Ctrl-C could leave entries in the log that the state has not taken in
            entries = self.journal.append(self.id, (*self._answered, *facts), self.state.sequence)
            self._answered.clear()
            for entry in entries:
                self.state.apply(entry)
        return entries

    def tell(self, entries: Iterable[Entry]) -> None:
        """Tell the desk of entries that were appended."""
        for entry in entries:
            self.desk.tell(entry, self.state)

    def fact(self, kind: Kind, step: PlannedStep | None = None, /, *, actor: str = "", **data: Any) -> Fact:
        """Return a fact of this moment. The actor is the holder of the step's role unless one is named."""
        role = step.step.role if step else ""
        return Fact(
            kind=kind,
            at=self.clock.now(),
            actor=actor or (self.holder(role).name if role else MACHINE),
            role=role,
            step=step.id if step else "",
            data=data,
        )

    def holder(self, role: str) -> Person:
        """Return who holds a role now: as the roll-call said, else the first that the plan names."""
        held = self.state.holders.get(role)
        if held is not None:
            return held
        people = self.plan.role(role).people
        return people[0] if people else Person(name=self.plan.role(role).title)

    def channel(self, name: str) -> Channel:
        """Return a channel; a person's hands if this computer does not have it."""
        return self.channels.get(name) or self.channels[BY_HAND]
