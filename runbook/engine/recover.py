"""Messages whose outcome nobody knows: the channel is asked, then a person. Never sent again by a machine."""

from runbook.engine.asking import ask_choice, ask_text
from runbook.engine.firing import outcome_fact
from runbook.engine.hands import ask_addresses
from runbook.engine.run import Run
from runbook.model.entries import Kind
from runbook.model.message import Draft, Form, Part
from runbook.model.outcome import Answer, Found, Outcome, Receipt, Result
from runbook.model.plan import PlannedMessage, PlannedStep
from runbook.model.ports import Channel
from runbook.model.questions import Choice, Sheet
from runbook.model.state import Sending
from runbook.model.steps import Evidence

_THERE = Choice("y", "it is there")
_ABSENT = Choice("n", "it is not")
_WAIT = Choice("w", "wait and ask again")


def recover(run: Run) -> None:
    """Find out about every message that may have been sent when the run was broken off."""
    for sending in [s for s in run.state.sendings.values() if s.unknown]:
        resolve(run, sending)


def resolve(run: Run, sending: Sending) -> None:
    """Find out about one message and log it: by asking the channel, else a person."""
    planned = run.plan.step(sending.step)
    message = _message(run, sending)
    result: Result | None = None
    while result is None:
        result = _by_channel(run, planned, message, sending)
        by = "channel"
        if result is None:
            result, by = _by_person(run, planned, message, sending), "person"
    run.record(outcome_fact(run, planned, sending.message, sending.key, result, by))


def _message(run: Run, sending: Sending) -> PlannedMessage:
    if not sending.correction:
        return run.plan.message(sending.message)
    message = run.plan.message(sending.message.removesuffix(".correction"))
    return message.correction or message


def _by_channel(run: Run, planned: PlannedStep, message: PlannedMessage, sending: Sending) -> Result | None:
    """Ask the channel. None if it cannot tell."""
    texts = message.draft.parts
    parts = {name: Part(text=text, html=texts[name].html) for name, text in sending.parts.items()}
    found = _found(run.channel(sending.channel), message.draft.model_copy(update={"parts": parts}), sending.key)
    run.record(
        run.fact(
            Kind.SOUGHT,
            planned,
            message=sending.message,
            key=sending.key,
            answer=str(found.answer),
            detail=found.detail,
            look_at=found.look_at,
        )
    )
    if found.answer is Answer.THERE:
        known = Receipt(address=message.planned.get("page", ""), addresses=message.planned)
        receipt = found.receipt or (known if message.planned else _receipt(run, planned, message, sending))
        return Result(outcome=Outcome.SENT, detail=found.detail, receipt=receipt)
    if found.answer is Answer.ABSENT:
        return Result(outcome=Outcome.NOT_SENT, detail=found.detail)
    return None


def _found(channel: Channel, draft: Draft, key: str) -> Found:
    try:
        return channel.find(channel.build(draft), key)
    except Exception as error:  # noqa: BLE001 — settings changed, or a fault in the channel: then a person is asked
        return Found(answer=Answer.CANNOT_TELL, detail=f"The channel could not be asked: {error}.")


def _by_person(run: Run, planned: PlannedStep, message: PlannedMessage, sending: Sending) -> Result | None:
    """Ask a person. None if they want to wait and have the channel asked again."""
    by_hand = run.channel(sending.channel).kind == "manual"
    if by_hand:
        text = f"{message.title}: have you sent it?"
    else:
        text = f"{message.title}: is it there?"
        _say_unknown(run, planned, message, sending)
    keys = (_THERE, _ABSENT, _WAIT)
    key = ask_choice(run, f"{sending.message}.there", text, keys, example="y", step=planned).value
    if key == "w":
        run.clock.sleep(0 if by_hand else 5)
        return None
    who = run.holder(planned.step.role).name
    if key == "n":
        return Result(outcome=Outcome.NOT_SENT, detail=f"{who} says that it was not sent.", by_hand=by_hand)
    receipt = _receipt(run, planned, message, sending)
    return Result(outcome=Outcome.SENT, detail=f"{who} says that it is there.", receipt=receipt, by_hand=by_hand)


def _say_unknown(run: Run, planned: PlannedStep, message: PlannedMessage, sending: Sending) -> None:
    heading = f"{message.title}: we don't know whether it went out. Do not send it again yet."
    lines = [sending.detail or "The run was broken off after the last byte may have left.", "Is this text there?"]
    text = next(iter(sending.parts.values()), "")
    run.desk.show(Sheet(heading, (("", "\n".join(lines)), ("", text[:300])), step=planned.id), run.state)


def _receipt(run: Run, planned: PlannedStep, message: PlannedMessage, sending: Sending) -> Receipt:
    """Ask for the public address, where such a message has one."""
    question = f"{sending.message}.address"
    if message.draft.form is Form.FILES:
        item = Evidence(
            title="Address", kind="addresses", example=message.planned.get("page") or "https://example.org/"
        )
        addresses = ask_addresses(run, planned, question, item)
        return Receipt(address=addresses["page"], addresses=addresses)
    if message.draft.form is Form.EMAIL:
        return Receipt()
    example = "https://example.org/posted"
    address = ask_text(run, question, "Its address", example=example, address=True, step=planned)
    return Receipt(address=address)
