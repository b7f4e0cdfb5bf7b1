"""Objectives, read off a log: measured after the due time, judged to the second."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import get_args

import pytest

from runbook.model.entries import Kind
from runbook.model.scores import MILESTONES, Score, exactly, scores
from runbook.model.state import State, fold
from runbook.model.steps import Milestone
from support.sealed_log import Told, seal, started
from support.terminal_plan import DATA


def state(folder: Path, *told: Told) -> State:
    return fold(seal(folder, [started(), *told]))


def reported(seconds: float) -> Told:
    return Told(seconds, Kind.DONE, {"by": "hand", "evidence": {}}, "report-fault")


def apart(seconds: str) -> Told:
    return Told(300, Kind.SKEW, DATA[Kind.SKEW] | {"seconds": seconds}, "announce")


def score(all_scores: Sequence[Score], id_: str) -> Score:
    [found] = [s for s in all_scores if s.id == id_]
    return found


def test_objectives_are_measured_after_the_due_time(tmp_path: Path) -> None:
    judged = scores(state(tmp_path, reported(245.5)))
    assert [s.id for s in judged] == ["reported", "all-out", "in-step"]
    assert score(judged, "reported") == Score(
        "reported", "Fault reported", "reported", timedelta(minutes=5), timedelta(seconds=245.5), met=True
    )
    assert score(judged, "reported").in_words == "4 min 5 s"


@pytest.mark.parametrize(("seconds", "met"), [(299.9, True), (300.9, True), (301, False), (-5, True)])
def test_a_milestone_is_judged_to_the_second(tmp_path: Path, seconds: float, met: bool) -> None:
    assert score(scores(state(tmp_path, reported(seconds))), "reported").met is met


@pytest.mark.parametrize(("seconds", "met"), [("0.0412", True), ("1.0", True), ("1.0001", False)])
def test_how_far_channels_are_apart_is_judged_exactly(tmp_path: Path, seconds: str, met: bool) -> None:
    judged = score(scores(state(tmp_path, apart(seconds))), "in-step")
    assert judged.met is met
    assert judged.measured == timedelta(seconds=float(seconds))


def test_the_worst_distance_counts(tmp_path: Path) -> None:
    judged = score(scores(state(tmp_path, apart("0.04"), apart("2.5"), apart("0.01"))), "in-step")
    assert (judged.in_words, judged.met) == ("2.50 s", False)


def test_what_is_not_measured_is_open_while_the_run_goes_on_and_not_met_after_it(tmp_path: Path) -> None:
    going_on = scores(state(tmp_path, reported(10)))
    assert [s.met for s in going_on] == [True, None, None]
    assert score(going_on, "all-out").in_words == "not measured"
    (tmp_path / "over").mkdir()
    over = scores(state(tmp_path / "over", reported(10), Told(900, Kind.STOOD_DOWN, {"early": True})))
    assert [s.met for s in over] == [True, False, False]


def test_what_has_no_objective_is_told_if_it_was_measured_in_the_order_of_a_release(tmp_path: Path) -> None:
    looked = Told(131, Kind.DONE, {"by": "machine", "evidence": {}}, "look", actor="runbook")
    other = Told(400, Kind.SKEW, DATA[Kind.SKEW] | {"seconds": "0.5"}, "report-fault")
    found = scores(state(tmp_path, reported(245), looked, other))
    assert [(s.title, s.in_words, s.limit, s.met) for s in found if s.limit is None] == [
        ("Noticed", "2 min 11 s", None, None),
        ("Apart: Report the fault to GOV.UK", "0.50 s", None, None),
    ]
    assert [s.id for s in found] == ["noticed", "reported", "all-out", "in-step", "report-fault"]


def test_an_objective_for_no_step_in_particular_is_about_the_worst(tmp_path: Path) -> None:
    found = state(tmp_path, apart("0.5"), Told(400, Kind.SKEW, DATA[Kind.SKEW] | {"seconds": "2"}, "report-fault"))
    assert found.plan is not None
    of_all = found.plan.objectives[2].model_copy(update={"of": None})
    found.plan = found.plan.model_copy(update={"objectives": (of_all,)})
    assert [(s.id, s.in_words, s.met) for s in scores(found)] == [("in-step", "2.00 s", False)]


def test_every_milestone_has_a_name() -> None:
    assert tuple(MILESTONES) == get_args(Milestone)


def test_a_log_without_a_plan_has_no_scores() -> None:
    assert scores(State()) == ()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (59.9, "59 s"), (60, "1 min"), (3600, "1 h"), (10143, "2 h 49 min 3 s"), (-61, "-1 min 1 s")],
)
def test_lengths_are_said_to_the_second(seconds: float, words: str) -> None:
    assert exactly(timedelta(seconds=seconds)) == words
