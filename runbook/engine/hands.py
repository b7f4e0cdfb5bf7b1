"""Steps that a person does: what to do and the text to paste, then the evidence."""

from typing import Any

from runbook.engine.asking import ask_choice, ask_text
from runbook.engine.barrier import Job
from runbook.engine.decide import must_wait
from runbook.engine.facts import intent_fact, outcome_fact
from runbook.engine.preparing import next_key
from runbook.engine.run import BY_HAND, Run
from runbook.engine.values import slot_values
from runbook.engine.waiting import wait_until
from runbook.model import slots
from runbook.model.entries import Fact, Kind
from runbook.model.message import Document, Part
from runbook.model.outcome import Outcome, Receipt, Result
from runbook.model.plan import PlannedStep
from runbook.model.questions import Choice, Sheet
from runbook.model.steps import Evidence, ManualStep

DONE = Choice("d", "done")
SKIP = Choice("s", "skip")
BACK = Choice("b", "not yet, go back")


def instructions(run: Run, planned: PlannedStep) -> Sheet:
    """Return a step's instructions and the text to paste, with the values that are known."""
    values = slot_values(run.plan, run.state, run.clock.now())
    step = planned.step
    blocks = []
    if step.instructions:
        blocks.append(("", slots.reading(step.instructions, values)))
    if isinstance(step, ManualStep) and step.copy_text:
        blocks.append(("Ready to copy", slots.reading(step.copy_text, values)))
    return Sheet(step.title, tuple(blocks), step=planned.id)


def manual(run: Run, planned: PlannedStep) -> None:
    """Work a manual step."""
    step = planned.step
    if not isinstance(step, ManualStep):
        raise TypeError(planned.id)
    if must_wait(run.plan, run.state, planned, run.clock.now()):
        held = "Held until the release is due. Publish nothing before."
        if not wait_until(run, planned, run.plan.release.due, held):
            return
    key = ask_choice(run, planned.id, "Done?", (DONE, SKIP, BACK), example="d", step=planned).value
    if key == "s":
        skip(run, planned)
    elif key == "d":
        finish_by_hand(run, planned, step.evidence, step.publishes)


def finish_by_hand(run: Run, planned: PlannedStep, evidence: dict[str, Evidence], location: str | None) -> None:
    """Ask for the evidence of a step that a person did, and log it as done."""
    given: dict[str, str] = {}
    addresses: dict[str, str] = {}
    for name, item in evidence.items():
        question = f"{planned.id}.evidence.{name}"
        if item.kind == "addresses":
            addresses = ask_addresses(run, planned, question, item)
            given[name] = addresses.get("page", "")
        else:
            given[name] = ask_evidence(run, planned, question, item)
    placed: dict[str, Any] = {"location": location, "addresses": addresses} if location and addresses else {}
    published = _published(run, planned, addresses) if location else ()
    run.record(*published, run.fact(Kind.DONE, planned, by="hand", evidence=given, **placed))


def _published(run: Run, planned: PlannedStep, addresses: dict[str, str]) -> tuple[Fact, ...]:
    """Return the facts of a publication by hand: what was sent, and where it is, so that it can be put right later."""
    message = planned.messages[0]
    values = slot_values(run.plan, run.state, run.clock.now())
    parts = {n: Part(text=slots.reading(p.text, values), html=p.html) for n, p in message.draft.parts.items()}
    payload = run.channel(BY_HAND).build(message.draft.model_copy(update={"parts": parts}))
    job = Job(message, next_key(run, planned, message), BY_HAND, run.channel(BY_HAND), payload)
    who = run.holder(planned.step.role).name
    receipt = Receipt(address=addresses.get("page", ""), addresses=addresses)
    result = Result(outcome=Outcome.SENT, detail=f"{who} published it.", receipt=receipt, by_hand=True)
    outcome = outcome_fact(run, planned, message.id, job.key, result, by="person")
    return intent_fact(run, planned, job, who), outcome


def ask_evidence(run: Run, planned: PlannedStep, question: str, item: Evidence, *, stays: str = "") -> str:
    """Ask for one piece of evidence; empty if it is not required and not known."""
    return ask_text(
        run,
        question,
        _title(item, item.title),
        example=item.example,
        required=item.required,
        longest=item.longest,
        address=item.kind == "address",
        step=planned,
        stays=stays,
    )


def ask_addresses(run: Run, planned: PlannedStep, question: str, item: Evidence, *, stays: str = "") -> dict[str, str]:
    """Ask for the public address of the page and of every document; by document id, and `page`.

    What is not required and not known is not in it.
    """
    asked = {"page": ("the page", item.example)} | {
        document.id: (f"{document.title} ({document.format})", _beneath(item.example, document))
        for document in run.plan.release.documents
    }
    given = {
        place: ask_text(
            run,
            f"{question}.{place}",
            _title(item, f"{item.title}: {what}"),
            example=example,
            required=item.required,
            address=True,
            step=planned,
            stays=stays,
        )
        for place, (what, example) in asked.items()
    }
    return {place: address for place, address in given.items() if address}


def _title(item: Evidence, text: str) -> str:
    return text if item.required else f"{text} (Enter if none yet)"


def _beneath(page: str, document: Document) -> str:
    return f"{page.rstrip('/')}/{document.name}"


def skip(run: Run, planned: PlannedStep) -> None:
    """Skip a step, with a reason."""
    reason = ask_text(run, f"{planned.id}.reason", "Why is it skipped?", example="not needed today", step=planned)
    run.record(run.fact(Kind.SKIPPED, planned, reason=reason, who=run.holder(planned.step.role).name))
