"""Steps that send: show, make ready, go or no-go, and fire; then what became of each message."""

from typing import Any

from runbook.engine import gate, lining
from runbook.engine.asking import ask_choice, ask_text, people_of
from runbook.engine.barrier import Job, discard
from runbook.engine.decide import clearances_of, not_before, uncleared
from runbook.engine.firing import fire, offsets_of
from runbook.engine.hands import BACK, SKIP, skip
from runbook.engine.preparing import outcome_of, pending, prepare, rows
from runbook.engine.recover import resolve_each
from runbook.engine.run import BY_HAND, HANDS, Run, WentBack
from runbook.engine.sheets import messages_sheet
from runbook.engine.waiting import wait_until
from runbook.engine.warmth import Warmth
from runbook.model.entries import Kind
from runbook.model.outcome import Outcome, Receipt
from runbook.model.plan import PlannedMessage, PlannedStep
from runbook.model.questions import Choice, Sheet

_GO = Choice("g", "send now")
_AGAIN = Choice("r", "make ready again")
_VIEW = Choice("v", "view")
_DROP = Choice("d", "leave one out")
_TAKE_IN = Choice("t", "take one in again")
_HANDS = Choice("m", "do one by hand")
_OTHER = Choice("a", "send one by its other channel")


def sending(run: Run, planned: PlannedStep) -> None:
    """Work a step that sends, until each of its messages is sent, left out or given up, or the person goes back.

    Whoever says that they have not sent their part yet goes back too, and is asked for it when they return.
    """
    run.desk.show(messages_sheet(run, planned), run.state)
    ways: dict[str, str] = {}
    while True:
        if not _ask_for_unknown(run, planned):
            return
        messages = pending(run, planned)
        if not messages:
            _finish(run, planned)
            return
        jobs = prepare(run, planned, messages, ways)
        try:
            with Warmth(jobs) as warmth:
                if not _go_no_go(run, planned, jobs, ways, warmth):
                    return
        except WentBack:
            continue  # from a question about one of them, to the table
        finally:
            discard(jobs)  # harmless for what was released


def _go_no_go(run: Run, planned: PlannedStep, jobs: list[Job], ways: dict[str, str], warmth: Warmth) -> bool:
    """Show the table and do what is chosen. False if the step is to be left as it is.

    `ways` are the channels that were chosen instead of the planned ones, by message.
    """
    key = _chosen(run, planned, jobs)
    if key == "g":
        return _send(run, planned, [job for job in jobs if not job.problem], warmth)
    if key == "d":
        _leave_out(run, planned, jobs)
    elif key == "t":
        _take_in(run, planned)
    elif key == "m":
        ways[_which(run, planned, _messages(_by_machine(jobs)), "Which one is done by hand?").id] = BY_HAND
    elif key == "a":
        message = _which(run, planned, _messages(_with_another(run, jobs)), "Which one goes by its other channel?")
        ways[message.id] = str(message.otherwise)
    elif key == "s":
        return _give_up(run, planned)
    elif key == "b":
        return False
    return True


def _chosen(run: Run, planned: PlannedStep, jobs: list[Job]) -> str:
    """Show the table, and the messages as often as somebody wants to view them; return the other key."""
    keys = [
        *([_GO] if _may_go(jobs) else []),
        *([_AGAIN] if any(job.problem for job in jobs) else []),
        _VIEW,
        _DROP,
        *([_TAKE_IN] if _left_out(run, planned) else []),
        *([_OTHER] if _with_another(run, jobs) else []),
        *([_HANDS] if _by_machine(jobs) else []),
        SKIP,
        BACK,
    ]
    text = "Nothing is sent yet." if not _sent(run, planned) else "What is left to send:"
    run.desk.show(_table(run, planned, jobs), run.state)
    while True:
        key = ask_choice(run, f"{planned.id}.go", text, keys, example="g", step=planned).value
        if key != "v":
            return key
        by_hand = {job.message.id for job in jobs if job.by_hand}
        run.desk.show(messages_sheet(run, planned, corrections=True, by_hand=by_hand), run.state)


def _table(run: Run, planned: PlannedStep, jobs: list[Job]) -> Sheet:
    """Return the go/no-go: each message, what is known of this computer's clock, and who waits for whom."""
    notes = (*gate.remarks(offsets_of(jobs)), *lining.remarks(lining.line_up(run, jobs), jobs))
    return Sheet("To be sent", rows=rows(run, planned, jobs), notes=notes, step=planned.id)


def _may_go(jobs: list[Job]) -> bool:
    """All ready, or none fires; an optional message does not hold the others."""
    return any(not job.problem for job in jobs) and all(not job.problem or job.message.optional for job in jobs)


def _by_machine(jobs: list[Job]) -> list[Job]:
    return [job for job in jobs if not job.by_hand]


def _messages(jobs: list[Job]) -> list[PlannedMessage]:
    return [job.message for job in jobs]


def _left_out(run: Run, planned: PlannedStep) -> list[PlannedMessage]:
    return [message for message in planned.messages if message.id in run.state.left_out]


def _with_another(run: Run, jobs: list[Job]) -> list[Job]:
    """Return the jobs that have another channel to go by, and are not on it yet."""
    return [job for job in jobs if job.message.otherwise in run.channels and job.channel_name != job.message.otherwise]


def _sent(run: Run, planned: PlannedStep) -> bool:
    return any(outcome_of(run, planned, message) is Outcome.SENT for message in planned.messages)


def _send(run: Run, planned: PlannedStep, jobs: list[Job], warmth: Warmth) -> bool:
    """Send once it may go. False if the person goes back while it is held."""
    why = uncleared(run.plan, run.state, planned)
    if why is not None:
        run.desk.show(Sheet(f"It cannot go: {why}", step=planned.id), run.state)
        return True
    actor, holder = _releaser(run, planned), run.holder(planned.step.role)
    held = gate.Gate(run.clock, not_before(run.plan, run.state, planned), lambda: offsets_of(jobs))
    while held.opens_at is not None and run.clock.now() < held.opens_at:
        if not wait_until(run, planned, held.opens_at, held.why()):
            return False
    if run.holder(planned.step.role) != holder:  # handed over meanwhile
        actor = _releaser(run, planned)
    warmth.end()
    fire(run, planned, jobs, actor, held)
    return True


def _releaser(run: Run, planned: PlannedStep) -> str:
    """Return who releases: the holder of the step's role, unless that is who cleared it and two people are needed."""
    holder = run.holder(planned.step.role).name
    cleared = {run.state.clearances[c.id].who.casefold() for c in clearances_of(run.plan, planned) if c.two_person}
    if holder.casefold() not in cleared:
        return holder
    others = [name for name in people_of(run, planned.step.role) if name.casefold() not in cleared]
    options = [Choice(str(i), name) for i, name in enumerate(others, 1)]
    text = f"{holder} cleared this, so somebody else releases it. Who?"
    if options:
        reply = ask_choice(run, f"{planned.id}.releaser", text, options, example="1", listed=True, step=planned)
        return others[int(reply.value) - 1]
    while True:
        name = ask_text(run, f"{planned.id}.releaser", text, example="Duty officer", step=planned, longest=100)
        if name.casefold() not in cleared:
            return name


def _which(run: Run, planned: PlannedStep, messages: list[PlannedMessage], text: str) -> PlannedMessage:
    if len(messages) == 1:
        return messages[0]
    options = [Choice(str(i), message.title) for i, message in enumerate(messages, 1)]
    reply = ask_choice(run, f"{planned.id}.which", text, options, example="1", listed=True, step=planned)
    return messages[int(reply.value) - 1]


def _leave_out(run: Run, planned: PlannedStep, jobs: list[Job]) -> None:
    message = _which(run, planned, _messages(jobs), "Which one is left out?")
    reason = ask_text(run, f"{planned.id}.left-out", "Why?", example="the service is down", step=planned)
    who = run.holder(planned.step.role).name
    run.record(run.fact(Kind.LEFT_OUT, planned, message=message.id, reason=reason, who=who))


def _take_in(run: Run, planned: PlannedStep) -> None:
    message = _which(run, planned, _left_out(run, planned), "Which one is taken in again?")
    who = run.holder(planned.step.role).name
    run.record(run.fact(Kind.LEFT_OUT, planned, message=message.id, reason="", who=who, taken_in=True))


def _give_up(run: Run, planned: PlannedStep) -> bool:
    """Skip the step, or what is left of it once something was sent. True if there may be something left to do."""
    if not _sent(run, planned):
        skip(run, planned)
        return False
    reason = ask_text(run, f"{planned.id}.reason", "Why is the rest given up?", example="sent by phone", step=planned)
    who = run.holder(planned.step.role).name
    run.record(*(run.fact(Kind.LEFT_OUT, planned, message=m.id, reason=reason, who=who) for m in pending(run, planned)))
    return True


def _ask_for_unknown(run: Run, planned: PlannedStep) -> bool:
    """Find out about what nobody knows yet. False if a person has not sent their part yet."""
    unknown = [s for s in run.state.sendings.values() if s.step == planned.id and s.unknown]
    return resolve_each(run, unknown)


def _finish(run: Run, planned: PlannedStep) -> None:
    """Log the step as done, with the addresses that its messages brought; as skipped if nothing of it went out."""
    if not _sent(run, planned):
        run.record(run.fact(Kind.SKIPPED, planned, reason="every message was left out", who=""))
        return
    latest = {s.message: s for s in run.state.sendings.values() if s.step == planned.id and not s.correction}
    placed: dict[str, Any] = {}
    for message in planned.messages:
        sent = latest.get(message.id)
        if message.location and sent and sent.outcome is Outcome.SENT:
            receipt = sent.receipt or Receipt()
            page = {"page": receipt.address} if receipt.address else {}
            placed = {"location": message.location, "addresses": message.planned | page | receipt.addresses}
    by = "hand" if all(run.channel(s.channel).kind == HANDS for s in latest.values()) else "machine"
    run.record(run.fact(Kind.DONE, planned, by=by, evidence={}, whole=_whole(run, planned), **placed))


def _whole(run: Run, planned: PlannedStep) -> bool:
    """Whether all was sent that had to be: only then is what the step marks reached."""
    return all(m.optional or outcome_of(run, planned, m) is Outcome.SENT for m in planned.messages)
