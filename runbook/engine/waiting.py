"""Waiting for a moment, with the keys that are always there still working."""

from datetime import datetime

from runbook.engine.asking import ask_once
from runbook.engine.run import Run
from runbook.model.questions import Ask, Question


def wait_until(run: Run, moment: datetime, question_id: str, text: str) -> None:
    """Return at `moment`, by the run's clock, not before; looks and commands are taken in meanwhile."""
    while run.clock.now() < moment:
        ask_once(run, Question(id=question_id, text=text, ask=Ask.WAIT), until=moment)
