"""Putting documents in place in private, ahead of the clearance: nothing is public afterwards."""

from runbook.engine.asking import ask_choice, ask_text
from runbook.engine.barrier import Job, discard, make_ready, stage
from runbook.engine.hands import BACK, SKIP, skip
from runbook.engine.preparing import next_key, retries
from runbook.engine.run import Run
from runbook.engine.values import slot_values
from runbook.errors import CannotSay
from runbook.model import slots
from runbook.model.entries import Kind
from runbook.model.message import Part
from runbook.model.plan import PlannedMessage, PlannedStep
from runbook.model.questions import Choice
from runbook.model.steps import StageStep


def stage_in_private(run: Run, planned: PlannedStep) -> None:
    """Work a stage step: the upload's documents go to their place, under the key the upload will use."""
    step = planned.step
    if not isinstance(step, StageStep):
        raise TypeError(planned.id)
    upload = run.plan.step(step.of)
    keys = (Choice("g", "put them in place, in private"), Choice("m", "I did it by hand"), SKIP, BACK)
    key = ask_choice(run, planned.id, "Nothing becomes public.", keys, example="g", step=planned).value
    if key == "s":
        skip(run, planned)
    elif key == "m":
        where = ask_text(run, f"{planned.id}.where", "Where are they?", example="the web team's folder", step=planned)
        run.record(run.fact(Kind.DONE, planned, by="hand", evidence={"where": where}))
    if key != "g":
        return
    try:
        jobs = [_job(run, upload, message) for message in upload.messages]
    except CannotSay as error:
        _failed(run, planned, {upload.messages[0].id: f"{error.message} {error.remedy}".strip()})
        return
    try:
        make_ready(jobs, run.limits.ready, run.clock)
        run.record(*retries(run, planned, jobs))
        stage([job for job in jobs if not job.problem], run.limits.stage, run.clock)
    finally:
        discard(jobs)  # the channel keeps what lies in its place, under its key
    problems = {job.message.id: job.problem for job in jobs if job.problem}
    if problems:
        _failed(run, planned, problems)
    else:
        run.record(run.fact(Kind.DONE, planned, by="machine", evidence={}))


def _failed(run: Run, planned: PlannedStep, problems: dict[str, str]) -> None:
    run.record(*(run.fact(Kind.NOT_READY, planned, message=i, detail=why, remedy="") for i, why in problems.items()))


def _job(run: Run, upload: PlannedStep, message: PlannedMessage) -> Job:
    """Return the upload as a job. Its page is not final yet: the documents are what is put in place."""
    values = slot_values(run.plan, run.state, run.clock.now())
    parts = {n: Part(text=slots.reading(p.text, values), html=p.html) for n, p in message.draft.parts.items()}
    channel = run.channel(message.channel)
    payload = channel.build(message.draft.model_copy(update={"parts": parts}))
    return Job(message, next_key(run, upload, message), message.channel, channel, payload)
