"""The agreed plan for one kind of failure, as the team writes it down."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from runbook.model.noun import Line, Noun, Slug, Template
from runbook.model.steps import Step
from runbook.model.times import Duration


class Agreement(Noun):
    """Who agreed to the playbook, and when."""

    statistics: Line
    communications: Line
    on: date


class Objective(Noun):
    """A measured milestone that the run is judged by."""

    id: Slug
    title: Line
    measure: Literal["noticed", "reported", "cleared", "main-public", "all-public", "told", "restored", "skew"]
    of: Slug | None = None
    """For `skew`: the `together` step whose channels are compared."""
    within: Duration
    """After the release's due time; for `skew`, the greatest distance between two channels."""


class Role(Noun):
    """What somebody answers for. Who holds it stands in the workspace, with telephone numbers."""

    title: Line
    duty: Line


class Playbook(Noun):
    """The whole plan."""

    playbook: Slug
    """Its id, as in `runbook execute ID`."""
    title: Line
    activate_when: Line
    owner: Line
    agreed_by: Agreement
    review_every: Duration
    basis: tuple[Line, ...] = ()
    """What it stands on: the Code's practices, guidance, agreements."""
    line_to_take: Template
    """What callers are told while the release is not public."""
    objectives: tuple[Objective, ...] = ()
    roles: Annotated[dict[Slug, Role], Field(min_length=1)]
    steps: Annotated[tuple[Step, ...], Field(min_length=1)]

    @property
    def id(self) -> str:
        """The playbook's id."""
        return self.playbook
