"""The whole run before it starts: every step with its people, every message rendered and measured, one digest over all.

A plan is what the engine works from, and the first entry of a run holds it, so that a resumed run goes on with the plan
it started with. Recipients and documents are in it; secrets never are.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Literal

from pydantic import Field

from runbook.model.message import Audience, Document, Draft, Length
from runbook.model.noun import Noun
from runbook.model.playbook import Objective
from runbook.model.release import Contact
from runbook.model.steps import ClearanceStep, DecisionStep, Step

Status = Literal["actual", "exercise"]


class Person(Noun):
    """Somebody who can hold a role. Usually named by function: `Duty press manager`."""

    name: str
    phone: str = ""
    email: str = ""


class PlannedRole(Noun):
    """A role and the line of succession: the holder first, then the deputies in order; empty if nobody is named."""

    id: str
    title: str
    duty: str
    people: tuple[Person, ...] = ()


class PlannedRelease(Noun):
    """The release as the run needs it."""

    id: str
    title: str
    status: str
    producer: str
    due: datetime
    zone: str
    url: str
    announcement: str
    statistician: Contact
    press: Contact
    documents: tuple[Document, ...]

    @property
    def main(self) -> Document:
        """The main document: the first that calls itself so, else the first."""
        return next((d for d in self.documents if d.kind == "main"), self.documents[0])


class PlannedMessage(Noun):
    """One message, rendered and measured, with slots where values are still to come."""

    id: str
    """`STEP.MESSAGE`, unique in the plan."""
    title: str
    channel: str
    """The channel's name in the workspace."""
    kind: str
    """The channel's kind: `smtp`, `x` …"""
    audience: Audience
    draft: Draft
    length: Length
    summary: str
    planned: dict[str, str] = Field(default_factory=dict)
    """Public addresses known beforehand."""
    location: str | None = None
    """The location that this message fills when it is sent."""
    exempt: bool = False
    """It may leave before the release's due time: it tells the team only, or it puts right what is out already."""
    optional: bool = False
    otherwise: str | None = None
    correction: "PlannedMessage | None" = None

    def binding(self) -> dict[str, object]:
        """Return what a clearance of this message binds: texts with their slots, recipients, documents, addresses."""
        return {
            "message": self.id,
            "channel": self.channel,
            "parts": {name: part.text for name, part in self.draft.parts.items()},
            "recipients": sorted(self.draft.recipients),
            "documents": {d.id: d.sha256 for d in self.draft.documents},
            "planned": self.planned,
            "correction": self.correction.binding() if self.correction else None,
        }


class PlannedStep(Noun):
    """One step with everything resolved. `step` has its instructions and copy rendered, with slots."""

    number: int
    """From 1, in the playbook's order."""
    step: Step
    needs: tuple[str, ...]
    due: datetime | None = None
    after: datetime | None = None
    messages: tuple[PlannedMessage, ...] = ()
    cleared_by: tuple[str, ...] = ()
    """The clearance steps that cover this one; it cannot start without their yes."""

    @property
    def id(self) -> str:
        """The step's id."""
        return self.step.id


class Plan(Noun):
    """The whole run before it starts."""

    status: Status
    playbook: str
    title: str
    line_to_take: str
    release: PlannedRelease
    roles: tuple[PlannedRole, ...]
    objectives: tuple[Objective, ...]
    steps: tuple[PlannedStep, ...]

    def step(self, step_id: str) -> PlannedStep:
        """Return a step by its id. Raises KeyError."""
        for step in self.steps:
            if step.id == step_id:
                return step
        raise KeyError(step_id)

    def role(self, role_id: str) -> PlannedRole:
        """Return a role by its id. Raises KeyError."""
        for role in self.roles:
            if role.id == role_id:
                return role
        raise KeyError(role_id)

    def messages(self) -> Iterator[PlannedMessage]:
        """Every message of every step, in order; corrections are inside the message they correct."""
        for step in self.steps:
            yield from step.messages

    def message(self, message_id: str) -> PlannedMessage:
        """Return a message by its id. Raises KeyError."""
        for message in self.messages():
            if message.id == message_id:
                return message
        raise KeyError(message_id)

    def covered(self, clearance: str) -> tuple[PlannedStep, ...]:
        """Return the steps that a clearance step covers."""
        step = self.step(clearance).step
        return tuple(self.step(i) for i in step.of) if isinstance(step, ClearanceStep) else ()

    def decision(self, step_id: str) -> DecisionStep:
        """Return a decision step. Raises KeyError if there is none of that id."""
        step = self.step(step_id).step
        if not isinstance(step, DecisionStep):
            raise KeyError(step_id)
        return step

    @property
    def digest(self) -> str:
        """SHA-256 over the whole plan, as 64 hexadecimal digits."""
        return digest_of(self.model_dump(mode="json"))

    def cleared_digest(self, clearance: str) -> str:
        """Return the digest of exactly what a clearance binds: everything its steps would send or publish."""
        return digest_of([list(_bound(step)) for step in self.covered(clearance)])


def _bound(step: PlannedStep) -> Iterable[object]:
    yield step.id
    for message in step.messages:
        yield message.binding()


def digest_of(value: object) -> str:
    """Return SHA-256 over a value of JSON, keys sorted, as 64 hexadecimal digits."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def short(digest: str) -> str:
    """Return the first eight digits of a digest as people read them out: `3f9a 22c1`."""
    return f"{digest[:4]} {digest[4:8]}"
