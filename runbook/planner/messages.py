"""Messages: rendered, addressed, built by their channel and measured with the longest values they can get."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from runbook.errors import CannotSay
from runbook.model.exercise_mark import marked
from runbook.model.message import Audience, Correction, Document, Draft, Form, Message, Part
from runbook.model.plan import PlannedMessage, PlannedRole, Status
from runbook.model.playbook import Playbook
from runbook.model.ports import Channel
from runbook.model.problem import Path, Problem, Severity, Source
from runbook.model.release import Release
from runbook.model.steps import ArticleStep, ManualStep, Step, TogetherStep, UploadStep
from runbook.planner import late, pages
from runbook.planner.templates import TemplateRefused, Templates
from runbook.workspace.folder import Workspace

BY_HAND = "by-hand"
"""The channel that is always there: a person's hands."""
ROLES_LIST = "roles"
"""The list whose addresses are those of the people of the roll-call."""


@dataclass
class Workbench:
    """What a plan is made from, and the problems found on the way."""

    playbook: Playbook
    source: Source
    release: Release
    documents: tuple[Document, ...]
    workspace: Workspace
    channels: Mapping[str, Channel]
    roles: tuple[PlannedRole, ...]
    templates: Templates
    status: Status
    problems: list[Problem] = field(default_factory=list)
    _told: set[tuple[str, str]] = field(default_factory=set)

    def first_time(self, code: str, name: str) -> bool:
        """Tell whether this is the first message that a missing thing is found missing for: one cause is told once."""
        seen = (code, name) in self._told
        self._told.add((code, name))
        return not seen

    def render(self, text: str | None, path: Path) -> str:
        """Return a template's text; a problem, and a stand-in that raises no other, if it cannot be rendered."""
        if text is None:
            return ""
        try:
            return self.templates.render(text)
        except TemplateRefused as error:
            remedy = "Correct the template; docs/writing-a-playbook.md lists the names."
            self.problems.append(Problem("template", self.source.where(path), f"{error}", remedy))
            return "(not rendered)"

    def by_hand(self, code: str, path: Path, found: str, remedy: str) -> None:
        """Note a problem that a live run settles by having a person do it."""
        problem = Problem(code, self.source.where(path), found, remedy, Severity.UNREADY, "A person does it by hand.")
        if problem not in self.problems:  # a message and its correction share their channel and their list
            self.problems.append(problem)


def step_messages(bench: Workbench, step: Step, path: Path) -> tuple[PlannedMessage, ...]:
    """Return the messages of one step. `path` is where the step stands in the playbook's file."""
    maker = _MAKERS.get(type(step))
    return tuple(maker(bench, step, path)) if maker else ()


def _together(bench: Workbench, step: TogetherStep, path: Path) -> Iterable[PlannedMessage]:
    for name, message in step.messages.items():
        at = (*path, "messages", name)
        form = Form.POST if message.text is not None else Form.EMAIL
        draft = Draft(
            form=form,
            parts=_parts(bench, {p: getattr(message, p) for p in ("subject", "body", "text")}, at),
            recipients=_recipients(bench, message, f"{step.id}.{name}", at),
        )
        _team_only(bench, message, at)
        made = _Making(bench, f"{step.id}.{name}", message.title or message.channel, message.channel, at)
        yield made.message(
            draft,
            correction=_correction(bench, message.correction, (*at, "correction")),
            audience=message.audience,
            exempt=message.audience == "roles" or message.corrects is not None,
            optional=message.optional,
            otherwise=made.other_channel(message.otherwise, draft),
        )


def _team_only(bench: Workbench, message: Message, at: Path) -> None:
    """Refuse a message that leaves early and uncleared as one for the team, and goes to others."""
    if message.audience == "roles" and message.to != ROLES_LIST:
        to = f'the list "{message.to}"' if message.to else f'the channel "{message.channel}"'
        found = f'Its audience is "roles", and it goes to {to}.'
        remedy = "Send it to the roll-call with `to: roles`, or give it the audience `press` or `public`."
        bench.problems.append(Problem("not-the-team", bench.source.where((*at, "audience")), found, remedy))


def _upload(bench: Workbench, step: UploadStep, path: Path) -> Iterable[PlannedMessage]:
    text = bench.render(step.page, (*path, "page"))
    notice = bench.render(step.correction.body, (*path, "correction", "body"))
    draft = _files(bench, pages.landing_page(bench.release.title, text, bench.documents))
    corrected = Part(text=pages.landing_page(bench.release.title, text, bench.documents, notice=notice), html=True)
    made = _Making(bench, f"{step.id}.documents", "Documents", step.to, (*path, "to"))
    yield made.message(draft, correction={"page": corrected}, location=step.publishes)


def _article(bench: Workbench, step: ArticleStep, path: Path) -> Iterable[PlannedMessage]:
    parts = {
        "title": Part(text=bench.render(step.headline, (*path, "headline"))),
        "body": Part(text=pages.paragraphs(bench.render(step.body, (*path, "body"))), html=True),
    }
    draft = Draft(form=Form.ARTICLE, parts=parts, documents=bench.documents, folder=bench.release.id)
    at = (*path, "correction")
    correction = {
        "title": Part(text=bench.render(step.correction.title, (*at, "title"))),
        "body": Part(text=pages.paragraphs(bench.render(step.correction.body, (*at, "body"))), html=True),
    }
    made = _Making(bench, f"{step.id}.article", step.title, step.channel, (*path, "channel"))
    yield made.message(draft, correction=correction, location=step.publishes)


def _by_hand(bench: Workbench, step: ManualStep, path: Path) -> Iterable[PlannedMessage]:
    if step.publishes is None:
        return
    draft = _files(bench, bench.render(step.copy_text, (*path, "copy")), html=False)
    made = _Making(bench, f"{step.id}.documents", step.title, BY_HAND, path)
    correction = _correction(bench, step.correction, (*path, "correction"))
    yield made.message(draft, correction=correction, location=step.publishes)


_MAKERS: dict[type[Any], Callable[[Workbench, Any, Path], Iterable[PlannedMessage]]] = {
    TogetherStep: _together,
    UploadStep: _upload,
    ArticleStep: _article,
    ManualStep: _by_hand,
}


def _files(bench: Workbench, page: str, *, html: bool = True) -> Draft:
    return Draft(
        form=Form.FILES,
        parts={"page": Part(text=page, html=html)},
        documents=bench.documents,
        folder=bench.release.id,
    )


def _parts(bench: Workbench, texts: Mapping[str, str | None], path: Path) -> dict[str, Part]:
    return {name: Part(text=bench.render(text, (*path, name))) for name, text in texts.items() if text is not None}


def _correction(bench: Workbench, correction: Correction | None, path: Path) -> dict[str, Part] | None:
    if correction is None:
        return None
    return _parts(bench, {name: getattr(correction, name) for name in Correction.model_fields}, path)


def _recipients(bench: Workbench, message: Message, message_id: str, path: Path) -> tuple[str, ...]:
    """Return the addresses; a problem if there are none, unless the list has one already that says why."""
    if message.text is not None:
        return ()
    if message.to == ROLES_LIST:
        found = tuple(dict.fromkeys(p.email for role in bench.roles for p in role.people if p.email))
        told, remedy = False, "Give the people of the roles their e-mail addresses in runbook.toml."
    else:
        contacts = bench.workspace.lists.get(message.to or "")
        found = contacts.addresses if contacts else ()
        told, remedy = bool(contacts and contacts.problems), "Fill the list."
        if contacts is None and message.to is not None:
            _no_such_list(bench, message.to, (*path, "to"))
            told = True
    if not found and not told:
        bench.by_hand("nobody-to-send-to", (*path, "to"), f'"{message_id}" has no recipients.', remedy)
    return found


def _no_such_list(bench: Workbench, name: str, path: Path) -> None:
    """Note that a list is missing, at the first message for it; that there is none at all, once."""
    folder = f"{bench.workspace.root.name}/contacts"
    known = ", ".join(sorted(bench.workspace.lists))
    found = f'There is no contact list "{name}" in {folder}. There are: {known}.'
    remedy = f"Add contacts/{name}.csv, or name another list."
    if not known:
        found, remedy = f"There is no contact list in {folder} at all.", f"Add contacts/{name}.csv."
    if bench.first_time("no-such-list", name if known else ""):
        bench.by_hand("no-such-list", path, found, remedy)


@dataclass(frozen=True)
class _Making:
    """One message in the making: what it is called, which channel it is for, and where it stands in the file."""

    bench: Workbench
    id: str
    title: str
    channel: str
    path: Path

    def message(
        self,
        draft: Draft,
        *,
        correction: Mapping[str, Part] | None,
        audience: Audience = "public",
        location: str | None = None,
        exempt: bool = False,
        optional: bool = False,
        otherwise: str | None = None,
    ) -> PlannedMessage:
        """Return the planned message, with its correction built and measured too."""
        corrected = None
        if correction is not None:
            parts = {**draft.parts, **correction}
            right = draft.model_copy(update={"parts": parts})
            corrected = self._built(f"{self.id}.correction", right, (*self.path, "correction"))
            corrected = corrected.model_copy(update={"exempt": True, "audience": audience})
        return self._built(self.id, draft, self.path).model_copy(
            update={
                "audience": audience,
                "location": location,
                "exempt": exempt,
                "optional": optional,
                "otherwise": otherwise,
                "correction": corrected,
            }
        )

    def other_channel(self, name: str | None, draft: Draft) -> str | None:
        """Return the channel to use instead, if it is there and can carry the message; a problem, and None, if not."""
        if name is None:
            return None
        channel = self.bench.channels.get(name)
        if channel is None:
            self._no_such_channel(name, (*self.path, "otherwise"))
            return None
        try:
            channel.build(self._longest(self._as_sent(draft)))
        except CannotSay as error:
            self.bench.by_hand("cannot-say", (*self.path, "otherwise"), f'"{self.id}": {error.message}', error.remedy)
            return None
        return name

    def _as_sent(self, draft: Draft) -> Draft:
        return marked(draft) if self.bench.status == "exercise" else draft

    def _longest(self, draft: Draft) -> Draft:
        people = {role.id: tuple(p.name for p in role.people) for role in self.bench.roles}
        return draft.filled(late.stand_ins(self.bench.playbook, draft.slots, people))

    def _built(self, message_id: str, draft: Draft, path: Path) -> PlannedMessage:
        bench = self.bench
        draft = self._as_sent(draft)
        name, channel = self._channel(draft)
        longest = self._longest(draft)
        try:
            payload = channel.build(longest)
        except CannotSay as error:
            bench.by_hand("cannot-say", path, f'"{message_id}": {error.message}', error.remedy)
            name, channel = BY_HAND, bench.channels[BY_HAND]
            payload = channel.build(longest)
        return PlannedMessage(
            id=message_id,
            title=self.title,
            channel=name,
            kind=channel.kind,
            audience="public",
            draft=draft,
            length=payload.length,
            summary=payload.summary,
            planned=payload.planned,
        )

    def _channel(self, draft: Draft) -> tuple[str, Channel]:
        """Return the channel, or a person's hands where there is none or nobody to send to."""
        channel = self.bench.channels.get(self.channel)
        if channel is None:
            self._no_such_channel(self.channel, (*self.path, "channel"))
        elif draft.form is not Form.EMAIL or draft.recipients:
            return self.channel, channel
        return BY_HAND, self.bench.channels[BY_HAND]

    def _no_such_channel(self, name: str, path: Path) -> None:
        """Note that a channel is missing. One whose settings are wrong is there: that is told where they stand."""
        if name in self.bench.workspace.settings.channels or not self.bench.first_time("no-such-channel", name):
            return
        known = ", ".join(sorted(self.bench.channels))
        found = f'There is no channel "{name}" in this workspace. There are: {known}.'
        remedy = f"Add [channels.{name}] to runbook.toml, or name another channel."
        self.bench.by_hand("no-such-channel", path, found, remedy)
