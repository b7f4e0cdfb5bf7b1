"""The kinds of step a playbook can have. One class a kind; `Step` is any of them."""

import re
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from runbook.model.message import Correction, Message
from runbook.model.noun import Line, Noun, Slug, Template
from runbook.model.times import Duration, Moment

When = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]* == [a-z][a-z0-9-]*$")]
"""`STEP == OPTION`: the step is needed only if that decision chose that option. There is no other expression."""

Milestone = Literal["noticed", "reported", "cleared", "main-public", "all-public", "told", "restored"]
"""A moment that the run is judged by: reached when a step that marks it is done."""


def condition(when: str) -> tuple[str, str]:
    """Return the decision and the option that a `When` names."""
    step, option = re.split(r" == ", when, maxsplit=1)
    return step, option


class Evidence(Noun):
    """Something a person notes down when a step is done by hand."""

    title: Line
    kind: Literal["text", "address", "addresses"] = "text"
    """`address` is a public address; `addresses` asks for one for each document, and for the page that lists them."""
    example: Line
    """Taken in a rehearsal with `--yes`; for `addresses`, the page's, with each file's name added for the documents."""
    required: bool = True
    longest: Annotated[int, Field(ge=1, le=2000)] = 200
    """The greatest length that is accepted, in characters; messages are measured with it."""
    absent: Line = "not known yet"
    """What a message says in its place when it is not required and was not given."""


class Option(Noun):
    """One way a decision can go."""

    title: Line
    """What it means, on one line."""


class StepBase(Noun):
    """What all steps have."""

    id: Slug
    title: Line
    role: Slug
    """Whose it is."""
    needs: tuple[Slug, ...] | None = None
    """Steps that must be over first. Absent: the step before, leaving out those that start on the clock (`after`)."""
    when: When | None = None
    due: Moment | None = None
    """When it should be done; the screen says so when it is late. It never holds anything back."""
    after: Moment | None = None
    """It starts on the clock: not offered before this moment."""
    unless: Slug | None = None
    """With `after`: it is not needed (any more) once this step is done."""
    repeat: Duration | None = None
    """With `after` and `unless`: it is offered again so long after each time."""
    instructions: Template | None = None
    """What to do, shown to the person who does it."""
    marks: tuple[Milestone, ...] = ()


class LookStep(StepBase):
    """Look at a location as the public sees it: by machine, from outside, every document."""

    kind: Literal["look"]
    location: Slug
    """`original` (the release's own address) or one that an earlier step publishes."""
    expect: Literal["public", "not-public"]
    wait: bool = False
    """Look again until it is as expected; other steps go on meanwhile."""
    every: Duration = "15s"
    """With `wait`: how long between two looks."""


class ManualStep(StepBase):
    """Something a person does, outside this program."""

    kind: Literal["manual"]
    copy_text: Annotated[Template | None, Field(alias="copy")] = None
    """Text that is ready to paste."""
    evidence: dict[Slug, Evidence] = Field(default_factory=dict)
    publishes: Slug | None = None
    """The location that this step fills by hand. Needs exactly one evidence of kind `addresses`."""
    correction: Correction | None = None
    """Required with `publishes`: the words (part `body`) that put the published page right."""


class DecisionStep(StepBase):
    """A choice that somebody makes, with a reason."""

    kind: Literal["decision"]
    question: Template
    options: Annotated[dict[Slug, Option], Field(min_length=2)]
    example: Slug
    """The option a rehearsal with `--yes` takes."""
    reason_example: Line
    wait_at_most: Duration | None = None
    """How long people may try to reach those who decide."""
    then: Slug | None = None
    """With `wait_at_most`: the option agreed beforehand for the case that nobody can be reached in that time."""


class ClearanceStep(StepBase):
    """A named person's yes to exactly what the steps in `of` will send."""

    kind: Literal["clearance"]
    of: Annotated[tuple[Slug, ...], Field(min_length=1)]
    two_person: bool = False
    """Whoever clears may not be the person who releases."""
    how_example: Line = "by telephone"
    wait_at_most: Duration | None = None
    then: Literal["not-cleared", "cleared"] = "not-cleared"
    """What was agreed beforehand for the case that nobody can be reached in that time."""


class StageStep(StepBase):
    """Prepare what an upload step will publish, in private: nothing is public afterwards."""

    kind: Literal["stage"]
    of: Slug
    """The upload step whose documents are put in place."""


class UploadStep(StepBase):
    """Publish the documents and a page that lists them, at another location."""

    kind: Literal["upload"]
    to: Slug
    """A channel of the workspace."""
    assets: Literal["all"] = "all"
    publishes: Slug
    page: Template
    """The text of the landing page. Paragraphs are separated by blank lines; the list of documents is added."""
    correction: Correction
    """Part `body`: the text that the page then shows above everything else."""


class TogetherStep(StepBase):
    """Send messages on several channels at one instant."""

    kind: Literal["together"]
    tolerance: Duration = "1s"
    """How far apart the channels may be."""
    messages: Annotated[dict[Slug, Message], Field(min_length=1)]


class ArticleStep(StepBase):
    """Publish a page of text in a content management system, with the addresses of all documents."""

    kind: Literal["article"]
    channel: Slug
    headline: Template
    body: Template
    assets: Literal["all"] = "all"
    publishes: Slug | None = None
    correction: Correction
    """Parts `title` and `body`."""


class StandDownStep(StepBase):
    """The end of the run, with the first lessons."""

    kind: Literal["stand-down"]
    debrief: dict[Slug, Evidence] = Field(default_factory=dict)
    """The questions of the hot debrief."""


Step = Annotated[
    LookStep
    | ManualStep
    | DecisionStep
    | ClearanceStep
    | StageStep
    | UploadStep
    | TogetherStep
    | ArticleStep
    | StandDownStep,
    Field(discriminator="kind"),
]

SendingStep = UploadStep | TogetherStep | ArticleStep
SENDING = (UploadStep, TogetherStep, ArticleStep)
"""The kinds that put something in front of people by machine."""
