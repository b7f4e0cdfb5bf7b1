"""Putting documents in place in private, ahead of the clearance: nothing is public afterwards."""

from runbook.engine.asking import ask_choice
from runbook.engine.barrier import Job, make_ready, stage
from runbook.engine.hands import BACK, SKIP, skip
from runbook.engine.preparing import next_key
from runbook.engine.run import Run
from runbook.engine.values import slot_values
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
    keys = (Choice("g", "put them in place, in private"), SKIP, BACK)
    key = ask_choice(run, planned.id, "Nothing becomes public.", keys, example="g", step=planned).value
    if key == "s":
        skip(run, planned)
    if key != "g":
        return
    jobs = [_job(run, upload, message) for message in upload.messages]
    make_ready(jobs, run.limits.ready)
    ready = [job for job in jobs if not job.problem]
    stage(ready, run.limits.stage)
    failed = [job for job in jobs if job.problem]
    if failed:
        run.record(
            *(run.fact(Kind.NOT_READY, planned, message=j.message.id, detail=j.problem, remedy="") for j in failed)
        )
    else:
        run.record(run.fact(Kind.DONE, planned, by="machine", evidence={}))


def _job(run: Run, upload: PlannedStep, message: PlannedMessage) -> Job:
    """Return the upload as a job. Its page is not final yet: the documents are what is put in place."""
    values = slot_values(run.plan, run.state, run.clock.now())
    parts = {n: Part(text=slots.reading(p.text, values), html=p.html) for n, p in message.draft.parts.items()}
    channel = run.channel(message.channel)
    payload = channel.build(message.draft.model_copy(update={"parts": parts}))
    return Job(message, next_key(run, upload, message), message.channel, channel, payload)
