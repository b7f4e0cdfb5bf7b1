"""What people read before they answer: messages as they will go out, and what a clearance covers."""

from collections.abc import Collection, Mapping

from runbook.engine.asking import next_to_try, people_of, phone_of
from runbook.engine.run import Run
from runbook.engine.values import slot_values
from runbook.model import slots
from runbook.model.exercise_mark import unmarked
from runbook.model.message import Draft, Form, size_in_words
from runbook.model.plain import plain_text
from runbook.model.plan import PlannedMessage, PlannedStep, short
from runbook.model.questions import Sheet
from runbook.model.steps import ClearanceStep
from runbook.model.words import counted, kind_in_words, readers, with_kind


def messages_sheet(
    run: Run, planned: PlannedStep, *, corrections: bool = False, by_hand: Collection[str] = ()
) -> Sheet:
    """Return a step's messages, word for word, for whoever has the step's title in front of them.

    With `corrections` each is followed by the words that put it right. `by_hand` are those that a person sends: their
    addresses are among what there is to read.
    """
    values = slot_values(run.plan, run.state, run.clock.now())
    blocks: list[tuple[str, str]] = []
    for message in planned.messages:
        blocks.append((f"{with_kind(message.title, message.kind)} · {message.length}", _words(message, values)))
        if message.id in by_hand:
            blocks += _addresses(message)
        if corrections and message.correction:
            blocks.append(
                (f"If it must be corrected · {message.correction.length}", _words(message.correction, values))
            )
    return Sheet("", tuple(blocks), step=planned.id)


def by_hand_sheet(run: Run, planned: PlannedStep, message: PlannedMessage, parts: Mapping[str, str]) -> Sheet:
    """Return what a person sends now: each text by itself, ready to copy, and the addresses of an e-mail.

    `parts` are the texts as the log has them, every value filled in.
    """
    documents = _documents(message.draft) if message.draft.form is Form.FILES else []
    blocks = [("", "\n".join(documents))] if documents else []
    for name, text in parts.items():
        html = name in message.draft.parts and message.draft.parts[name].html
        blocks.append((name.capitalize(), plain_text(text) if html else text))
    exercise = run.plan.status == "exercise"
    heading = "Now send this yourself, once: not if somebody has sent it already" + (
        ". In an exercise: say so to the others, and send nothing" if exercise else ""
    )
    return Sheet(heading, (*blocks, *_addresses(message)), step=planned.id)


def _addresses(message: PlannedMessage) -> list[tuple[str, str]]:
    people = message.draft.recipients
    return [("Addresses, for Bcc", ", ".join(people))] if people else []


def _documents(draft: Draft) -> list[str]:
    return [f"{d.title} ({d.format}, {size_in_words(d.size)})" for d in draft.documents]


def _words(message: PlannedMessage, values: dict[str, str]) -> str:
    lines: list[str] = []
    if message.draft.form is Form.FILES:
        lines += _documents(message.draft)
        lines += sorted(set(message.planned.values()))
    for name, part in message.draft.parts.items():
        label = f"{name.capitalize()}: " if name in ("subject", "title") else ""
        text = slots.reading(part.text, values)
        lines.append(f"{label}{plain_text(text) if part.html else text}")
    return "\n".join(lines)


def clearance_sheet(run: Run, planned: PlannedStep) -> Sheet:
    """Return what a clearance covers, a line each: what, to whom, how much; and the code that stands for all of it."""
    step = planned.step
    if not isinstance(step, ClearanceStep):
        raise TypeError(planned.id)
    covered = run.plan.covered(planned.id)
    lines = [_in_a_line(step, message) for step in covered for message in step.messages]
    corrected = any(message.correction for step in covered for message in step.messages)
    releasers = dict.fromkeys(run.holder(c.step.role).name for c in covered)
    notes = (
        *(["The correction of each is cleared with it."] if corrected else []),
        f"This approval covers exactly these files and words (code {short(run.plan.cleared_digest(planned.id))}).",
        *([f"Two people: {' and '.join(releasers)} will release it, so somebody else clears it."] * step.two_person),
    )
    return Sheet("To be cleared", (("", "\n".join(lines)),), notes=notes, step=planned.id)


def _in_a_line(planned: PlannedStep, message: PlannedMessage) -> str:
    # An exercise is told from the real thing by everything around these lines; its mark would only hide their words.
    draft = unmarked(message.draft)
    if draft.form is Form.FILES:
        by_hand = f"{kind_in_words(message.kind)}: {planned.step.title}"
        documents = counted(len(draft.documents), "document")
        return f"{documents} to {message.planned['page']}" if message.planned else f"{documents}, {by_hand}"
    length = f"{message.length}"
    if draft.form is Form.EMAIL:
        return f'E-mail to {readers(len(draft.recipients), message.audience)}, {length}: "{_named(draft, "subject")}"'
    if draft.form is Form.POST:
        return f"{with_kind(message.title, message.kind)}, {length}"
    return f'{with_kind("Page", message.kind)}, {length}: "{_named(draft, "title")}"'


def _named(draft: Draft, part: str) -> str:
    return slots.reading(draft.text(part))


def people_sheet(run: Run, planned: PlannedStep) -> Sheet:
    """Return who to ring for a step, in order: who was tried already, and who is next."""
    names, tried, following = (
        people_of(run, planned.step.role),
        run.state.called.get(planned.id, []),
        next_to_try(run, planned),
    )
    widest = max(len(name) for name in names)
    phones = [phone_of(run, planned.step.role, name) for name in names]
    longest = max(len(phone) for phone in phones)
    lines = []
    for number, (name, phone) in enumerate(zip(names, phones, strict=True), 1):
        note = "no answer" if name in tried else "next" if tried and name == following else ""
        lines.append(f"{number} {name:<{widest}}  {phone:<{longest}}   {note}".rstrip())
    title = run.plan.role(planned.step.role).title
    return Sheet(f"{title}, in this order", (("", "\n".join(lines)),), step=planned.id)
