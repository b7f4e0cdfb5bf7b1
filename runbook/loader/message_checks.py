"""What no single key of a message shows: its parts, its correction, its clearance."""

from runbook.loader.explain import did_you_mean
from runbook.loader.reader import Findings
from runbook.loader.step_checks import publishes
from runbook.model.message import Correction, Message
from runbook.model.playbook import Playbook
from runbook.model.problem import Path
from runbook.model.steps import SENDING, ArticleStep, ClearanceStep, ManualStep, Step, TogetherStep, UploadStep

POST = frozenset({"text"})
EMAIL = frozenset({"subject", "body"})
PAGE = frozenset({"body"})
ARTICLE = frozenset({"title", "body"})


def check(playbook: Playbook, findings: Findings) -> None:
    """Note every message that cannot be sent as it is declared."""
    cleared = {name for step in playbook.steps if isinstance(step, ClearanceStep) for name in step.of}
    messages = {
        f"{step.id}.{name}" for step in playbook.steps if isinstance(step, TogetherStep) for name in step.messages
    }
    for number, step in enumerate(playbook.steps):
        path: Path = ("steps", number)
        if step.id not in cleared and not findings.about("steps", "of"):
            _uncleared(findings, path, step)
        if isinstance(step, TogetherStep):
            for name, message in step.messages.items():
                _message(findings, (*path, "messages", name), message, messages)
        if isinstance(step, UploadStep | ArticleStep | ManualStep) and step.correction is not None:
            _correction(
                findings, (*path, "correction"), step.correction, ARTICLE if isinstance(step, ArticleStep) else PAGE
            )


def _uncleared(findings: Findings, path: Path, step: Step) -> None:
    """Note a step that nobody clears, though it speaks to more people than the team."""
    if isinstance(step, TogetherStep):
        for name, message in step.messages.items():
            if message.audience != "roles":
                found = f'Nobody clears the message "{name}", which goes to the {message.audience}.'
                remedy = f'Add "{step.id}" to the `of` of a clearance step.'
                findings.add((*path, "messages", name), "uncleared", found, remedy)
    elif isinstance(step, SENDING) or publishes(step) is not None:
        found = f'Nobody clears "{step.id}", which publishes.'
        findings.add((*path, "id"), "uncleared", found, f'Add "{step.id}" to the `of` of a clearance step.')


def _message(findings: Findings, path: Path, message: Message, messages: set[str]) -> None:
    parts = _parts(message)
    if parts not in (POST, EMAIL):
        found = f"This message has {_listed(parts)}."
        remedy = "Give it either `text`, for a post, or `subject` and `body`, for an e-mail."
        findings.add(path, "message-parts", found, remedy)
    if "body" in parts and message.to is None:
        found = "This e-mail does not say to whom it goes."
        findings.add((*path, "to"), "no-recipients", found, "Add `to: LIST`, a file of contacts/, or `to: roles`.")
    if message.correction is not None:
        if parts in (POST, EMAIL):
            _correction(findings, (*path, "correction"), message.correction, parts)
    elif message.audience != "roles":
        found = f"This message goes to the {message.audience} and has no correction."
        remedy = "Add `correction`, with the same parts: the words that put it right."
        findings.add((*path, "correction"), "no-correction", found, remedy)
    if message.corrects is not None and message.corrects not in messages:
        remedy = did_you_mean(message.corrects, messages, "The messages are")
        found = f'There is no message "{message.corrects}".'
        findings.add((*path, "corrects"), "unknown-message", found, remedy)


def _correction(findings: Findings, path: Path, correction: Correction, expected: frozenset[str]) -> None:
    parts = _parts(correction)
    if parts != expected:
        found = f"This correction has {_listed(parts)}, and what it corrects has {_listed(expected)}."
        findings.add(path, "correction-parts", found, f"Give it {_listed(expected)} and nothing else.")


def _parts(texts: Message | Correction) -> frozenset[str]:
    named = {"subject": texts.subject, "body": texts.body, "text": texts.text}
    if isinstance(texts, Correction):
        named["title"] = texts.title
    return frozenset(name for name, text in named.items() if text is not None)


def _listed(parts: frozenset[str]) -> str:
    order = ("title", "subject", "body", "text")
    return " and ".join(f"`{part}`" for part in order if part in parts) or "no text"
