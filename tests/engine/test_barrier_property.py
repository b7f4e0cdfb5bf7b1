"""Whatever the channels do, in whatever order: all armed or none, none early, none twice, none without its intent.

Each example is a run that tries to send several messages a few times over, while channels refuse, drop, dawdle, raise,
cannot be armed or answer nothing, some are held back behind others, and the person presses Ctrl-C at any point.
"""

import os
import signal
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runbook.errors import NotReady
from runbook.journal.sqlite import SqliteJournal
from runbook.model.entries import Fact, Kind
from runbook.model.lining_up import ENOUGH
from runbook.model.outcome import Answer, Found, Outcome, Receipt, Result
from runbook.model.state import fold
from support.scripted import DUE, RUN, STAND_DOWN, ScriptedChannel, Setting, Stage, plan_of, together

FAULTS = (
    "none",
    "refuses",
    "breaks",
    "not staged",
    "dawdles",
    "not armed",
    "drops",
    "drops later",
    "fails in asking",
    "clock set back",
    "raises at release",
    "ctrl-c",
    "ctrl-c at ready",
    "ctrl-c at stage",
    "ctrl-c at held",
    "ctrl-c at arm",
)
ENDS = ("sent", "not sent", "unknown", "raises")
FINDS = (Answer.THERE, Answer.ABSENT, Answer.CANNOT_TELL)


@dataclass
class Witness:
    """What the channels saw of the run at each release."""

    stage: Stage
    releases: list[tuple[str, Any]] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def released(self, staging: Any) -> None:
        """Look, from inside a release, whether everything that must hold does."""
        now = self.stage.clock.now()
        self.releases.append((staging.key, now))
        if now < DUE:
            self.broken.append(f"{staging.key} left at {now}")
        if staging.discarded:
            self.broken.append(f"{staging.key} was given up")
        with SqliteJournal(self.stage.path) as other:
            state = fold(other.read(RUN))
        intents = {key for key, sending in state.sendings.items() if sending.outcome is None}
        if staging.key not in intents:
            self.broken.append(f"{staging.key} has no intent")
        for channel in self.stage.channels.values():
            for other_staging in channel.stagings:
                # Whoever has an intent and no outcome goes at this instant: it must be staged.
                if other_staging.key in intents and not other_staging.discarded and not other_staging.staged:
                    self.broken.append(f"{other_staging.key} is not armed")


@dataclass(frozen=True)
class Round:
    """What one channel does the next time it is used."""

    fault: str
    end: str
    find: Answer


class Rounds:
    """Has a channel go through its rounds: one for each time it is made ready, then all is well."""

    def __init__(self, channel: ScriptedChannel, rounds: list[Round], witness: Witness) -> None:
        self.channel, self.rounds, self.witness = channel, rounds, witness
        self.now = Round("none", "sent", Answer.THERE)
        self.asked = 0
        points = ("ready", "stage", "held", "arm", "release", "result")
        channel.does = {point: getattr(self, point) for point in points}

    def ready(self, _: Any) -> None:
        self.now = self.rounds.pop(0) if self.rounds else Round("none", "sent", Answer.THERE)
        if self.now.fault == "refuses":
            raise NotReady("It refuses.")
        if self.now.fault == "breaks":
            raise OSError("It breaks.")
        self.press_at("ready")

    def stage(self, _: Any) -> None:
        self.channel.drops, self.asked = False, 0
        if self.now.fault == "not staged":
            raise NotReady("It hung up.")
        if self.now.fault == "clock set back":
            self.witness.stage.clock._start -= timedelta(minutes=20)
        if self.now.fault == "dawdles":
            self.witness.stage.clock.sleep(8)
        self.press_at("stage")

    def held(self, _: Any) -> None:
        self.asked += 1
        if self.now.fault == "fails in asking":
            raise OSError("It does not answer.")
        self.channel.drops = self.now.fault == "drops" or (self.now.fault == "drops later" and self.asked > 1)
        if self.asked > 1:
            self.press_at("held")

    def arm(self, _: Any) -> None:
        if self.now.fault == "not armed":
            raise NotReady("It cannot be armed.")
        self.press_at("arm")

    def press_at(self, point: str) -> None:
        if self.now.fault == f"ctrl-c at {point}":
            os.kill(os.getpid(), signal.SIGINT)

    def release(self, staging: Any) -> None:
        self.witness.released(staging)
        if self.now.fault in ("not staged", "not armed", "drops", "drops later", "fails in asking"):
            self.witness.broken.append(f"{staging.key} was not held")
        if self.now.fault == "ctrl-c":
            os.kill(os.getpid(), signal.SIGINT)
        if self.now.fault == "raises at release":
            raise OSError("broken pipe")

    def result(self, staging: Any) -> None:
        self.channel.found = [Found(answer=self.now.find, receipt=Receipt(id=staging.key))]
        if self.now.end == "raises":
            raise ValueError("no such answer")
        outcome = Outcome(self.now.end)
        receipt = Receipt(id=staging.key) if outcome is Outcome.SENT else None
        self.channel.results = [Result(outcome=outcome, receipt=receipt)]


def run_through(stage: Stage, keys: list[str]) -> None:
    """Work the run, pressing keys at the table, until it is over or there are no more; take it up after each Ctrl-C."""
    for _ in range(6):
        stage.desk.say(stand_down="d", announce__left_out="down", announce__which="1", announce__due="b", next="1")
        stage.desk.say(announce__mail__there="y", announce__post__there="n", announce__third__there="y")
        stage.desk.say(announce__mail__nobody="n")
        for name in ("mail", "post", "third"):
            stage.desk.on(f"announce.{name}.address", "https://example.org/1")
        stage.desk.on("announce.go", lambda stage=stage: _press(stage, keys))
        try:
            stage.work()
        except KeyboardInterrupt:
            stage = stage.again()
            continue
        return


def _press(stage: Stage, keys: list[str]) -> str:
    offered = stage.desk.keys("announce.go")
    while keys:
        key = keys.pop(0)
        if key in offered:
            return key
    raise KeyboardInterrupt


ROUND = st.builds(Round, st.sampled_from(FAULTS), st.sampled_from(ENDS), st.sampled_from(FINDS))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    rounds=st.tuples(*[st.lists(ROUND, max_size=3)] * 3),
    keys=st.lists(st.sampled_from(["g", "g", "g", "r", "d", "v", "b"]), max_size=8),
    early=st.integers(-600, 600),
    optional=st.booleans(),
    writes=st.tuples(st.booleans(), st.booleans(), st.booleans()),
    took=st.tuples(*[st.sampled_from([0.0, 0.2, 3.0])] * 3),
)
def test_no_message_goes_unarmed_early_twice_or_without_its_intent(rounds, keys, early, optional, writes, took):
    messages = dict(together()["messages"])
    messages["third"] = {**messages["post"], "channel": "third", "optional": optional}
    with tempfile.TemporaryDirectory() as folder:
        setting = Setting(Path(folder))
        try:
            stage = setting(plan_of(together(messages=messages), STAND_DOWN), at=DUE + timedelta(seconds=early))
            stage.channels["third"] = ScriptedChannel("x")
            witness = Witness(stage)
            for name, its_rounds, by_write in zip(("mail", "x", "third"), rounds, writes, strict=True):
                stage.channels[name].writes = by_write
                Rounds(stage.channels[name], list(its_rounds), witness)
            stage.journal.append("earlier", list(_earlier(took)), 0)
            run_through(stage, list(keys))
            _check(stage, witness, optional=optional)
        finally:
            setting.close()


def _earlier(took: tuple[float, ...]) -> Iterator[Fact]:
    """Yield what earlier sendings took: enough of them that the quick channels are held back behind the slow."""
    for channel, seconds in zip(("mail", "x", "third"), took, strict=True):
        data = {"message": "m", "key": "k", "outcome": "sent", "channel": channel, "took": f"{seconds}", "way": "0"}
        yield from [Fact(kind=Kind.OUTCOME, at=DUE, data=data)] * ENOUGH


def _check(stage: Stage, witness: Witness, *, optional: bool) -> None:
    assert witness.broken == []
    keys = [key for key, _ in witness.releases]
    assert len(keys) == len(set(keys)), "released twice under one key"
    certain: dict[str, str] = {}
    for entry in stage.entries:
        data = entry.data
        if entry.kind is Kind.INTENT:
            assert certain.get(data["message"]) in (None, "not sent"), "tried again without being asked about"
            certain[data["message"]] = "open"
        elif entry.kind is Kind.OUTCOME:
            certain[data["message"]] = data["outcome"]
    assert {e.data["key"] for e in stage.of(Kind.INTENT)} >= set(keys)
    # All that were intended at one instant were released, or none of them; but for one that may stay behind.
    for group in _groups(stage):
        required = {key for key in group if not (optional and "announce.third" in key)}
        assert {key in keys for key in required} in ({True}, {False}, set())


def _groups(stage: Stage) -> list[set[str]]:
    groups: list[set[str]] = []
    before = None
    for entry in stage.entries:
        if entry.kind is Kind.INTENT:
            if before is not Kind.INTENT:
                groups.append(set())
            groups[-1].add(entry.data["key"])
        before = entry.kind
    return groups
