"""Putting right what is out already: withdrawing a message, or sending the correction that was cleared with it."""

from collections.abc import Sequence

from runbook.engine.asking import ask_choice
from runbook.engine.barrier import Job, discard, make_ready
from runbook.engine.firing import fire
from runbook.engine.gate import Gate
from runbook.engine.preparing import filled, retries
from runbook.engine.recover import resolve, resolve_each
from runbook.engine.run import BY_HAND, HANDS, Run
from runbook.engine.values import not_known
from runbook.errors import CannotSay, ChannelError
from runbook.model.entries import Kind
from runbook.model.message import Form
from runbook.model.outcome import Outcome, Receipt, Result
from runbook.model.plan import PlannedMessage
from runbook.model.questions import GO_BACK, Choice, Sheet
from runbook.model.slots import Unfilled
from runbook.model.state import Sending


def put_right(run: Run) -> None:
    """Ask which message, and whether to correct it or to take it back; then do it.

    A correction by hand that was not sent yet when it was asked for last is asked for first.
    """
    resolve_each(run, [s for s in run.state.sendings.values() if s.correction and s.unknown])
    out = [s for s in run.state.sendings.values() if s.outcome is Outcome.SENT and not s.correction and not s.withdrawn]
    if not out:
        run.desk.show(Sheet("Nothing has been sent that could be withdrawn or corrected."), run.state)
        return
    sending = _which(run, out)
    message = run.plan.message(sending.message)
    keys = _ways(run, sending, message)
    if not keys:
        text = f"{message.title}: an e-mail cannot be taken back, and this one has no correction."
        run.desk.show(Sheet(text), run.state)
        return
    keys = (*keys, GO_BACK)
    key = ask_choice(run, "put-right.how", f"{message.title}: what?", keys, example="b").value
    if key == "c" and message.correction:
        _correct(run, sending, message.correction)
    elif key == "t" and _by_machine(run, sending):
        _withdraw(run, sending, message)
    elif key == "t":
        who = run.holder(run.plan.step(sending.step).step.role).name
        _log_withdrawn(run, sending, Result(outcome=Outcome.SENT, detail=f"{who} took it down by hand."))


def _ways(run: Run, sending: Sending, message: PlannedMessage) -> tuple[Choice, ...]:
    """Return what can be done about a message that is out. What lies in other people's mailboxes stays there."""
    mine = [s for s in run.state.sendings.values() if s.correction and s.key.startswith(f"{sending.key}/")]
    waiting = any(s.unknown for s in mine)  # one that nobody knows of yet is not sent a second time
    correct = (Choice("c", "send its correction"),) if message.correction and not waiting else ()
    if message.draft.form is Form.EMAIL:
        return correct
    down = "take it down" if _by_machine(run, sending) else "I took it down myself"
    return (*correct, Choice("t", down))


def _by_machine(run: Run, sending: Sending) -> bool:
    """Whether the channel that sent a message knows which one it was, and so can take it down."""
    return run.channel(sending.channel).kind != HANDS and sending.receipt is not None and bool(sending.receipt.id)


def _which(run: Run, out: Sequence[Sending]) -> Sending:
    titles = [run.plan.message(s.message).title for s in out]
    options = [
        Choice(str(i), title, run.plan.step(s.step).step.title)
        for i, (s, title) in enumerate(zip(out, titles, strict=True), 1)
    ]
    return out[int(ask_choice(run, "put-right", "Which one?", options, example="1", listed=True).value) - 1]


def _correct(run: Run, sending: Sending, correction: PlannedMessage) -> None:
    planned = run.plan.step(sending.step)
    channel = run.channel(sending.channel)
    try:
        draft = filled(run, correction.draft)
        if draft.form in (Form.FILES, Form.ARTICLE) and sending.receipt:
            draft = draft.model_copy(update={"replaces": sending.receipt.id})
        payload = channel.build(draft)
    except Unfilled as missing:
        run.desk.show(Sheet(not_known(run.plan, missing.args[0])), run.state)
        return
    except CannotSay as error:
        run.desk.show(Sheet(f"{error.message} {error.remedy}".strip()), run.state)
        return
    earlier = sum(s.correction and s.message == correction.id for s in run.state.sendings.values())
    name = sending.channel if sending.channel in run.channels else BY_HAND
    job = Job(correction, f"{sending.key}/correction/{earlier + 1}", name, channel, payload)
    text = "\n".join(part.text for part in draft.parts.values())
    run.desk.show(Sheet("This corrects it, to the same people at the same place", (("", text),)), run.state)
    keys = (Choice("g", "send it now"), GO_BACK)
    if ask_choice(run, "put-right.go", "Send the correction?", keys, example="b").value != "g":
        return
    try:
        make_ready([job], run.limits.ready, run.clock)
        run.record(*retries(run, planned, [job]))
        if job.problem:
            run.record(run.fact(Kind.NOT_READY, planned, message=correction.id, detail=job.problem, remedy=""))
            return
        at_once = Gate(run.clock, None, list)  # what it puts right is out
        fire(run, planned, [job], run.holder(planned.step.role).name, at_once, correction=True)
    finally:
        discard([job])
    sent = run.state.sendings.get(job.key)
    if sent is not None and sent.unknown:
        resolve(run, sent)


def _withdraw(run: Run, sending: Sending, message: PlannedMessage) -> None:
    text = f"Take down {message.title}? People who have seen it keep what they saw."
    keys = (Choice("y", "take it down"), GO_BACK)
    if ask_choice(run, "put-right.down", text, keys, example="b").value != "y":
        return
    run.record()  # the answer is in the log before anything is taken down
    try:
        result = run.channel(sending.channel).withdraw(sending.receipt or Receipt())
    except ChannelError as error:
        result = Result(outcome=Outcome.NOT_SENT, detail=f"{error.message} {error.remedy}".strip())
    except Exception as error:  # noqa: BLE001 — a fault in the channel: nobody knows what it did
        result = Result(outcome=Outcome.UNKNOWN, detail=f"It failed in a way that was not foreseen: {error}.")
    _log_withdrawn(run, sending, result)


def _log_withdrawn(run: Run, sending: Sending, result: Result) -> None:
    planned = run.plan.step(sending.step)
    outcome, who = str(result.outcome), run.holder(planned.step.role).name
    run.record(
        run.fact(
            Kind.WITHDRAWN,
            planned,
            message=sending.message,
            key=sending.key,
            outcome=outcome,
            detail=result.detail,
            who=who,
        )
    )
