"""Every option of every decision of the shipped playbook, rehearsed to stand-down with the real engine."""

from dataclasses import replace
from itertools import product

import pytest

from runbook.cli import starting
from runbook.engine.decide import unneeded
from runbook.engine.runner import work
from runbook.loader.playbook import load_playbook
from runbook.model import slots
from runbook.model.entries import Kind
from runbook.model.outcome import Outcome
from runbook.model.state import Progress
from runbook.model.steps import DecisionStep
from runbook.workspace.shipped import shipped

PLAYBOOK = "gov-uk-failure"
DECISIONS = {
    step.id: tuple(step.options)
    for step in load_playbook(shipped() / f"{PLAYBOOK}.yaml").required().steps
    if isinstance(step, DecisionStep)
}
COMBINATIONS = [dict(zip(DECISIONS, options, strict=True)) for options in product(*DECISIONS.values())]


class Choosing:
    """The desk of a rehearsal, with other examples for the decisions."""

    def __init__(self, desk, chosen):
        self._desk, self._chosen = desk, chosen
        self.tell, self.show = desk.tell, desk.show

    def ask(self, question, state, until):
        wanted = self._chosen.get(question.id)
        if wanted is not None:
            [key] = [choice.key for choice in question.options if choice.name == wanted]
            question = replace(question, example=key)
        return self._desk.ask(question, state, until)


@pytest.fixture
def rehearsed(tmp_path, monkeypatch):
    """Return what rehearses with some decisions and returns the run at its end."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RUNBOOK_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("RUNBOOK_WORKSPACE", raising=False)

    def rehearse(chosen):
        wish = starting.Wish(PLAYBOOK, dry_run=True, yes=True)
        prepared = starting.prepare(wish, starting.load(wish))
        starting.check(prepared)
        with starting.begin(prepared) as run:
            run.desk = Choosing(run.desk, chosen)
            work(run, prepared.to_settle)
            return run, tuple(run.journal.read(run.id))

    return rehearse


def test_the_shipped_playbook_has_the_decisions_that_are_combined_here():
    assert set(DECISIONS) == {"leave-route", "which-route", "long-outage"}
    assert len(COMBINATIONS) == 8


@pytest.mark.parametrize("chosen", COMBINATIONS, ids=lambda chosen: "-".join(chosen.values()))
def test_every_combination_ends_stood_down_with_an_outcome_for_each_message(rehearsed, chosen, capsys):
    run, entries = rehearsed(chosen)
    state = run.state
    assert state.over
    assert not state.early
    assert "STOOD DOWN" in capsys.readouterr().out
    assert {e.step: e.data["option"] for e in entries if e.kind is Kind.DECIDED} == state.decisions
    assert all(state.decisions.get(step) in {None, option} for step, option in chosen.items())
    for step in run.plan.steps:
        over = state.step(step.id).progress
        assert over is Progress.DONE or unneeded(run.plan, state, step), (step.id, over)
        for message in step.messages:
            outcomes = {s.outcome for s in state.sendings.values() if s.message == message.id}
            assert outcomes == ({Outcome.SENT} if over is Progress.DONE else set()), message.id


def test_between_them_the_combinations_take_every_option_and_do_every_step(rehearsed):
    taken, done = set(), set()
    steps = ()
    # Where the normal route is not left, nobody is asked the other two.
    for chosen in [c for c in COMBINATIONS if c["leave-route"] == "leave"] + COMBINATIONS[-1:]:
        run, _ = rehearsed(chosen)
        taken |= set(run.state.decisions.items())
        done |= {step for step, state in run.state.steps.items() if state.progress is Progress.DONE}
        steps = run.plan.steps
    assert taken == {(step, option) for step, options in DECISIONS.items() for option in options}
    assert {step.id for step in steps} - done <= {"holding-line"}


def test_no_message_waits_for_the_time_of_a_step_that_may_be_skipped(rehearsed):
    run, _ = rehearsed({})
    for message in run.plan.messages():
        for draft in (message.draft, *([message.correction.draft] if message.correction else [])):
            used = {name for part in draft.parts.values() for name in slots.names(part.text)}
            assert not {name for name in used if name.startswith(("done.", "answers."))}, message.id


def test_no_two_steps_are_called_the_same(rehearsed):
    run, _ = rehearsed({})
    titles = [step.step.title for step in run.plan.steps]
    assert len(set(titles)) == len(titles)
