"""Waiting for a moment, with the keys that are always there still working."""

from datetime import datetime

from runbook.engine.asking import ask_once
from runbook.engine.run import Run
from runbook.model.plan import PlannedStep
from runbook.model.questions import Ask, Choice, Question


def wait_until(run: Run, planned: PlannedStep, moment: datetime, text: str) -> bool:
    """Wait for `moment`, by the run's clock; looks and commands are taken in meanwhile.

    False if the person went back before it came: there is other work to do.
    """
    back = (Choice("b", "not yet, go back"),)
    question = Question(id=f"{planned.id}.due", text=text, ask=Ask.WAIT, options=back, step=planned.id)
    while run.clock.now() < moment:
        if ask_once(run, question, planned, until=moment) is not None:
            return False
    return True
