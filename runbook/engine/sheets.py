"""What people read before they answer: messages as they will go out, and what a clearance covers."""

from runbook.engine.run import Run
from runbook.engine.values import slot_values
from runbook.model import slots
from runbook.model.message import Form, size_in_words
from runbook.model.plain import plain_text
from runbook.model.plan import PlannedMessage, PlannedStep, short
from runbook.model.questions import Sheet
from runbook.model.steps import ClearanceStep
from runbook.model.words import with_kind


def messages_sheet(run: Run, planned: PlannedStep, *, corrections: bool = False) -> Sheet:
    """Return a step's messages, word for word; with `corrections`, each followed by the words that put it right."""
    values = slot_values(run.plan, run.state, run.clock.now())
    blocks: list[tuple[str, str]] = []
    for message in planned.messages:
        blocks.append((f"{with_kind(message.title, message.kind)} · {message.length}", _words(message, values)))
        if corrections and message.correction:
            blocks.append(
                (f"If it must be corrected · {message.correction.length}", _words(message.correction, values))
            )
    return Sheet(planned.step.title, tuple(blocks), step=planned.id)


def _words(message: PlannedMessage, values: dict[str, str]) -> str:
    lines: list[str] = []
    if message.draft.form is Form.FILES:
        lines += [f"{d.title} ({d.format}, {size_in_words(d.size)})" for d in message.draft.documents]
        lines += sorted(set(message.planned.values()))
    for name, part in message.draft.parts.items():
        label = f"{name.capitalize()}: " if name in ("subject", "title") else ""
        text = slots.reading(part.text, values)
        lines.append(f"{label}{plain_text(text) if part.html else text}")
    return "\n".join(lines)


def clearance_sheet(run: Run, planned: PlannedStep) -> Sheet:
    """Return what a clearance covers, in a few lines, with the code that stands for all of it."""
    if not isinstance(planned.step, ClearanceStep):
        raise TypeError(planned.id)
    lines = [_in_a_line(message) for covered in run.plan.covered(planned.id) for message in covered.messages]
    notes = (
        "The correction of each is cleared with it.",
        f"This approval covers exactly these files and words (code {short(run.plan.cleared_digest(planned.id))}).",
    )
    return Sheet(planned.step.title, (("", "\n".join(lines)),), notes=notes, step=planned.id)


def _in_a_line(message: PlannedMessage) -> str:
    draft = message.draft
    if draft.form is Form.FILES:
        where = message.planned.get("page", "another part of the site, by hand")
        return f"{len(draft.documents)} documents to {where}"
    if draft.form is Form.EMAIL:
        return f'E-mail to {len(draft.recipients)} addresses: "{slots.reading(draft.text("subject"))}"'
    if draft.form is Form.POST:
        return f"Post on {message.kind}, {message.length}"
    return f'Page: "{slots.reading(draft.text("title"))}"'
