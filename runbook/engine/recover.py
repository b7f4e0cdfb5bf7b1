"""Messages whose outcome nobody knows: the channel is asked, then a person. Never sent again by a machine.

What a person sends is asked of them alone; until they have said so, it waits.
"""

from collections.abc import Iterable

from runbook.engine.asking import ask_choice
from runbook.engine.facts import outcome_fact
from runbook.engine.hands import ask_addresses, ask_evidence
from runbook.engine.run import HANDS, Run, WentBack
from runbook.engine.sheets import by_hand_sheet
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
_SENT = Choice("y", "sent")
_UNSENT = Choice("n", "not sent")
_NOT_YET = Choice("w", "not yet")
_NO_WAY_BACK = "It may have gone out, so it must be found out first: y or n, or w to wait and ask the channel again."
_IS_SENT = "It is noted as sent with this answer: Enter, if there is no address yet."


def recover(run: Run) -> bool:
    """Find out about every message that may have been sent. False if a person has not sent their part yet."""
    return resolve_each(run, [s for s in run.state.sendings.values() if s.unknown])


def resolve_each(run: Run, sendings: Iterable[Sending]) -> bool:
    """Find out about each of some messages. False if a person has not sent their part of one yet."""
    waiting = [sending for sending in sendings if not resolve(run, sending)]
    return not waiting


def resolve(run: Run, sending: Sending) -> bool:
    """Find out about one message and log it: by asking the channel, else a person.

    False, with nothing logged, if a person sends it and has not done so yet.
    """
    planned = run.plan.step(sending.step)
    message = _message(run, sending)
    own = run.channels.get(
        sending.channel
    )  # one that this computer no longer has may have sent it: it is not done anew
    if own is not None and own.kind == HANDS:
        return not sending.unknown or _by_hand(run, planned, message, sending)
    while sending.unknown:  # a key that works at any prompt may have had it answered meanwhile
        result, by = _by_channel(run, planned, message, sending), "channel"
        if result is None:
            result, by = _by_person(run, planned, message, sending), "person"
        if result is not None and sending.unknown:
            run.record(outcome_fact(run, planned, sending.message, sending.key, result, by))
            return True
    return True


def _by_hand(run: Run, planned: PlannedStep, message: PlannedMessage, sending: Sending) -> bool:
    """Show a person what they send, and ask whether they have. False if not yet."""
    run.desk.show(by_hand_sheet(run, planned, message, sending.parts), run.state)
    text = f"{_title(run, sending)}: have you sent it?"
    keys = (_SENT, _UNSENT, _NOT_YET)
    try:
        key = ask_choice(run, f"{sending.message}.there", text, keys, example="y", step=planned).value
    except WentBack:
        return False
    if not sending.unknown:  # it was asked about once more by a key that works at any prompt, and answered there
        return True
    if key == "w":
        return False
    who = run.holder(planned.step.role).name
    if key == "y":
        receipt = _receipt(run, planned, message, sending)
        result = Result(outcome=Outcome.SENT, detail=f"{who} sent it by hand.", receipt=receipt, by_hand=True)
    else:
        result = Result(outcome=Outcome.NOT_SENT, detail=f"{who} says that it was not sent.", by_hand=True)
    if sending.unknown:
        run.record(outcome_fact(run, planned, sending.message, sending.key, result, by="person"))
    return True


def _title(run: Run, sending: Sending) -> str:
    title = run.plan.message(sending.message.removesuffix(".correction")).title
    return f"Correction of {title}" if sending.correction else title


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
    title = _title(run, sending)
    _say_unknown(run, planned, title, sending)
    question, keys = f"{sending.message}.there", (_THERE, _ABSENT, _WAIT)
    text = f"{title}: is it there?"
    key = ask_choice(run, question, text, keys, example="y", step=planned, stays=_NO_WAY_BACK).value
    if not sending.unknown:  # a key that works at any prompt had it answered meanwhile
        return None
    if key == "w":
        run.clock.sleep(5)
        return None
    who = run.holder(planned.step.role).name
    if key == "n":
        if not _nobody_has_it(run, planned, message, sending):
            return None
        return Result(outcome=Outcome.NOT_SENT, detail=f"{who} says that it was not sent.")
    receipt = _receipt(run, planned, message, sending)
    return Result(outcome=Outcome.SENT, detail=f"{who} says that it is there.", receipt=receipt)


def _nobody_has_it(run: Run, planned: PlannedStep, message: PlannedMessage, sending: Sending) -> bool:
    """Have it said once more where there are several recipients: one who has not got it does not speak for all."""
    count = len(message.draft.addresses)
    if count < 2:
        return True
    text = f"Nobody of {count:,} has it? What is not sent is offered again, to all of them."
    keys = (Choice("n", "nobody has it"), Choice("w", "wait and ask again"))
    question = f"{sending.message}.nobody"
    return ask_choice(run, question, text, keys, example="n", step=planned, stays=_NO_WAY_BACK).value == "n"


def _say_unknown(run: Run, planned: PlannedStep, title: str, sending: Sending) -> None:
    heading = f"{title}: we don't know whether it went out. Do not send it again yet."
    lines = [sending.detail or "The run was broken off after the last byte may have left.", "Is this text there?"]
    text = next(iter(sending.parts.values()), "")
    run.desk.show(Sheet(heading, (("", "\n".join(lines)), ("", shorten(text))), step=planned.id), run.state)


def shorten(text: str, longest: int = 300) -> str:
    """Return the beginning of a text, up to a blank where it is cut."""
    return text if len(text) <= longest else f"{text[:longest].rsplit(maxsplit=1)[0]} …"


def _receipt(run: Run, planned: PlannedStep, message: PlannedMessage, sending: Sending) -> Receipt:
    """Ask for the public address, where such a message has one. That it is not known yet holds nothing up."""
    question = f"{sending.message}.address"
    if message.draft.form is Form.FILES:
        page = message.planned.get("page") or "https://example.org/"
        item = Evidence(title="Address", kind="addresses", example=page, required=False)
        addresses = ask_addresses(run, planned, question, item, stays=_IS_SENT)
        return Receipt(address=addresses.get("page", ""), addresses=addresses)
    if message.draft.form is Form.EMAIL:
        return Receipt()
    item = Evidence(title="Its address", kind="address", example="https://example.org/posted", required=False)
    return Receipt(address=ask_evidence(run, planned, question, item, stays=_IS_SENT))
