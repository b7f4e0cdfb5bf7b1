"""Steps that send: show, make ready, go or no-go, and fire; then what became of each message."""

from typing import Any

from runbook.engine.asking import ask_choice, ask_text, people_of
from runbook.engine.barrier import Job, discard
from runbook.engine.decide import clearances_of, must_wait, uncleared
from runbook.engine.firing import fire
from runbook.engine.hands import BACK, SKIP, skip
from runbook.engine.preparing import outcome_of, pending, prepare, rows
from runbook.engine.recover import resolve
from runbook.engine.run import BY_HAND, Run
from runbook.engine.sheets import messages_sheet
from runbook.engine.waiting import wait_until
from runbook.model.entries import Kind
from runbook.model.outcome import Outcome
from runbook.model.plan import PlannedMessage, PlannedStep
from runbook.model.questions import Choice, Sheet

_GO = Choice("g", "send now")
_AGAIN = Choice("r", "make ready again")
_VIEW = Choice("v", "view")
_DROP = Choice("d", "leave one out")
_HANDS = Choice("m", "do one by hand")


def sending(run: Run, planned: PlannedStep) -> None:
    """Work a step that sends, until each of its messages is sent, left out or given up, or the person goes back."""
    run.desk.show(messages_sheet(run, planned), run.state)
    by_hand = {m.id for m in planned.messages if m.channel == BY_HAND}
    while messages := pending(run, planned):
        jobs = prepare(run, planned, messages, by_hand)
        try:
            again = _go_no_go(run, planned, jobs, by_hand)
        finally:
            discard(jobs)  # harmless for what was released
        if not again:
            return
        _ask_for_unknown(run, planned)
    _finish(run, planned)


def _go_no_go(run: Run, planned: PlannedStep, jobs: list[Job], by_hand: set[str]) -> bool:
    """Show the table and do what is chosen. False if the step is to be left as it is."""
    run.desk.show(Sheet(planned.step.title, rows=rows(run, planned, jobs), step=planned.id), run.state)
    go = _may_go(jobs)
    keys = [_GO if go else _AGAIN, _VIEW, _DROP, *([_HANDS] if _by_machine(jobs, by_hand) else []), SKIP, BACK]
    text = "Nothing is sent yet." if not _sent(run, planned) else "What is left to send:"
    key = ask_choice(run, f"{planned.id}.go", text, keys, example="g", step=planned).value
    if key == "g":
        _send(run, planned, [job for job in jobs if not job.problem])
    elif key == "v":
        run.desk.show(messages_sheet(run, planned, corrections=True), run.state)
    elif key == "d":
        _leave_out(run, planned, jobs)
    elif key == "m":
        by_hand.add(_which(run, planned, jobs, "Which one is done by hand?").id)
    elif key == "s":
        return _give_up(run, planned)
    elif key == "b":
        return False
    return True


def _may_go(jobs: list[Job]) -> bool:
    """All ready, or none fires; an optional message does not hold the others."""
    return any(not job.problem for job in jobs) and all(not job.problem or job.message.optional for job in jobs)


def _by_machine(jobs: list[Job], by_hand: set[str]) -> bool:
    return any(job.message.id not in by_hand for job in jobs)


def _sent(run: Run, planned: PlannedStep) -> bool:
    return any(outcome_of(run, planned, message) is Outcome.SENT for message in planned.messages)


def _send(run: Run, planned: PlannedStep, jobs: list[Job]) -> None:
    why = uncleared(run.plan, run.state, planned)
    if why is not None:
        run.desk.show(Sheet(f"It cannot go: {why}", step=planned.id), run.state)
        return
    actor = _releaser(run, planned)
    if must_wait(run.plan, run.state, planned, run.clock.now()):
        wait_until(run, run.plan.release.due, f"{planned.id}.due", "Held until it is due. Nothing leaves before.")
    fire(run, planned, jobs, actor)


def _releaser(run: Run, planned: PlannedStep) -> str:
    """Return who releases: the holder of the step's role, unless that is who cleared it and two people are needed."""
    holder = run.holder(planned.step.role).name
    cleared = {run.state.clearances[c.id].who for c in clearances_of(run.plan, planned) if c.two_person}
    if holder not in cleared:
        return holder
    others = [name for name in people_of(run, planned.step.role) if name not in cleared]
    options = [Choice(str(i), name) for i, name in enumerate(others, 1)]
    text = f"{holder} cleared this, so somebody else releases it. Who?"
    if not options:
        return ask_text(run, f"{planned.id}.releaser", text, example="Duty officer", step=planned, longest=100)
    reply = ask_choice(run, f"{planned.id}.releaser", text, options, example="1", listed=True, step=planned)
    return others[int(reply.value) - 1]


def _which(run: Run, planned: PlannedStep, jobs: list[Job], text: str) -> PlannedMessage:
    if len(jobs) == 1:
        return jobs[0].message
    options = [Choice(str(i), job.message.title) for i, job in enumerate(jobs, 1)]
    reply = ask_choice(run, f"{planned.id}.which", text, options, example="1", listed=True, step=planned)
    return jobs[int(reply.value) - 1].message


def _leave_out(run: Run, planned: PlannedStep, jobs: list[Job]) -> None:
    message = _which(run, planned, jobs, "Which one is left out?")
    reason = ask_text(run, f"{planned.id}.left-out", "Why?", example="the service is down", step=planned)
    who = run.holder(planned.step.role).name
    run.record(run.fact(Kind.LEFT_OUT, planned, message=message.id, reason=reason, who=who))


def _give_up(run: Run, planned: PlannedStep) -> bool:
    """Skip the step, or what is left of it once something was sent. True if there may be something left to do."""
    if not _sent(run, planned):
        skip(run, planned)
        return False
    reason = ask_text(run, f"{planned.id}.reason", "Why is the rest given up?", example="sent by phone", step=planned)
    who = run.holder(planned.step.role).name
    run.record(*(run.fact(Kind.LEFT_OUT, planned, message=m.id, reason=reason, who=who) for m in pending(run, planned)))
    return True


def _ask_for_unknown(run: Run, planned: PlannedStep) -> None:
    for sending in [s for s in run.state.sendings.values() if s.step == planned.id and s.unknown]:
        resolve(run, sending)


def _finish(run: Run, planned: PlannedStep) -> None:
    """Log the step as done, with the addresses that its messages brought; as skipped if nothing of it went out."""
    if not _sent(run, planned):
        run.record(run.fact(Kind.SKIPPED, planned, reason="every message was left out", who=""))
        return
    latest = {s.message: s for s in run.state.sendings.values() if s.step == planned.id and not s.correction}
    placed: dict[str, Any] = {}
    for message in planned.messages:
        sent = latest.get(message.id)
        if message.location and sent and sent.receipt:
            page = {"page": sent.receipt.address} if sent.receipt.address else {}
            placed = {"location": message.location, "addresses": message.planned | page | sent.receipt.addresses}
    by = "hand" if all(s.channel == BY_HAND for s in latest.values()) else "machine"
    run.record(run.fact(Kind.DONE, planned, by=by, evidence={}, **placed))
