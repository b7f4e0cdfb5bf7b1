"""A run whose channels, people and looks do as they are told: no network, no terminal, a real log, simulated time."""

import contextlib
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from runbook.clock import SimulatedClock
from runbook.engine import commands
from runbook.engine.run import Limits, Run
from runbook.engine.runner import work
from runbook.errors import CannotWithdraw, Left, NotReady
from runbook.instant import Write, Written
from runbook.journal.sqlite import SqliteJournal
from runbook.model.entries import Entry, Kind
from runbook.model.message import Document, Draft, Form, Length, Part, Payload
from runbook.model.outcome import Answer, Found, Health, Offset, Outcome, Receipt, Result
from runbook.model.plan import Person, Plan, PlannedMessage, PlannedRelease, PlannedRole, PlannedStep
from runbook.model.ports import Interrupted, Look, LookAt, Staging, Verdict
from runbook.model.questions import Ask, Question, Reply, Sheet
from runbook.model.release import Contact
from runbook.model.state import State, fold
from runbook.model.steps import ClearanceStep, ManualStep, Step, TogetherStep, UploadStep
from runbook.model.times import moment

DUE = datetime(2027, 3, 5, 9, 30, tzinfo=UTC)
LATER = DUE + timedelta(minutes=1)
RUN = "release-1"
SHORT = Limits(ready=timedelta(seconds=0.3), stage=timedelta(seconds=0.3), result=timedelta(seconds=0.3))
"""For tests in which a channel takes too long: these limits are waited for in real time."""

DOCUMENTS = tuple(
    Document(id=i, title=i.title(), kind=kind, path=f"/release/{i}.pdf", name=f"{i}.pdf", size=9000, sha256="a" * 64)
    for i, kind in (("report", "main"), ("notes", "background"))
)


# --- channels -------------------------------------------------------------------------------------------------------


class ScriptedStaging:
    """One message on its way. What it does at each point is what its channel was told."""

    summary = "ready"

    def __init__(self, channel: "ScriptedChannel", payload: Payload, key: str) -> None:
        self.refused: Mapping[str, str] = channel.refused
        self.channel, self.payload, self.key = channel, payload, key
        self.hold_limit = channel.hold_limit
        self.staged = self.released = self.discarded = False
        self.ends: tuple[socket.socket, ...] = socket.socketpair() if channel.writes else ()

    @property
    def offset(self) -> Offset | None:
        return self.channel.offset

    def keep_warm(self) -> float:
        self.channel.note("warm", self.key)
        self.channel.act("warm", self)
        return 0.01

    def stage(self) -> None:
        self.channel.note("stage", self.key)
        self.channel.act("stage", self)
        self.staged = True

    def held(self) -> bool:
        self.channel.act("held", self)
        return self.staged and not self.discarded and not self.channel.drops

    def arm(self) -> Sequence[Write]:
        self.channel.note("arm", self.key)
        self.channel.act("arm", self)
        return [Write(self.ends[0].fileno(), b"!")] if self.ends else []

    def fired(self, written: Sequence[Written]) -> None:
        assert [w.count for w in written] == [1]
        self.release()

    def release(self) -> None:
        self.channel.note("release", self.key)
        self.released = True
        self.channel.sent.append((self.key, self.payload.draft))
        self.channel.act("release", self)

    def result(self, deadline: timedelta) -> Result:
        self.channel.act("result", self)
        if not self.released:
            return Result(outcome=Outcome.NOT_SENT, detail="It was not released.")
        return self.channel.results.pop(0) if self.channel.results else _sent(self.key)

    def longest_result(self, deadline: timedelta) -> timedelta:
        return deadline

    def discard(self) -> None:
        if not self.discarded:
            self.channel.note("discard", self.key)
        self.discarded = True
        for end in self.ends:
            end.close()


def _sent(key: str) -> Result:
    return Result(outcome=Outcome.SENT, receipt=Receipt(id=key, address=f"https://example.org/{key}"))


class ScriptedChannel:
    """A way out that sends to a list. `does` maps a point (`ready`, `stage`, `held`, `release`, `result`) to an act."""

    def __init__(self, kind: str = "smtp", **does: Callable[[Any], None] | str) -> None:
        self.kind = kind
        self.does: dict[str, Callable[[Any], None] | str] = dict(does)
        self.refused: dict[str, str] = {}
        self.drops = False
        self.writes = False
        """Whether its commit is a write to a socket, which the engine makes."""
        self.hold_limit = timedelta(seconds=10)
        self.offset: Offset | None = None
        self.results: list[Result] = []
        self.found: list[Found] = []
        self.withdrawal: Result | Exception = CannotWithdraw("It cannot be taken back.")
        self.events: list[tuple[str, str]] = []
        self.sent: list[tuple[str, Draft]] = []
        self.stagings: list[ScriptedStaging] = []
        self.withdrawn: list[Receipt] = []

    @property
    def keys(self) -> list[str]:
        """The keys of what was released, in order."""
        return [key for key, _ in self.sent]

    @property
    def texts(self) -> list[str]:
        """The first text of each message that was released."""
        return [next(iter(draft.parts.values())).text for _, draft in self.sent]

    def note(self, event: str, key: str) -> None:
        self.events.append((event, key))

    def act(self, point: str, staging: Any) -> None:
        """Do what was said for a point: raise `NotReady` for a text, else call it."""
        act = self.does.get(point)
        if isinstance(act, str):
            raise NotReady(act)
        if act is not None:
            act(staging)

    def build(self, draft: Draft) -> Payload:
        self.act("build", draft)
        return Payload(draft=draft, length=Length(used=1), summary="built")

    def check(self) -> Health:
        return Health(ok=True, detail="well")

    def ready(self, payload: Payload, key: str) -> Staging:
        self.note("ready", key)
        self.act("ready", payload)
        staging = ScriptedStaging(self, payload, key)
        self.stagings.append(staging)
        return staging

    def find(self, payload: Payload, key: str) -> Found:
        self.note("find", key)
        return self.found.pop(0) if self.found else Found(answer=Answer.CANNOT_TELL, detail="Nobody answers.")

    def withdraw(self, receipt: Receipt) -> Result:
        self.note("withdraw", receipt.id)
        if isinstance(self.withdrawal, Exception):
            raise self.withdrawal
        self.withdrawn.append(receipt)
        return self.withdrawal


def by_hand() -> ScriptedChannel:
    """Return a person's hands: never sent by machine, so that its outcome is asked for."""
    channel = ScriptedChannel("manual")
    channel.results = [Result(outcome=Outcome.UNKNOWN, by_hand=True) for _ in range(50)]
    return channel


# --- people and looks -----------------------------------------------------------------------------------------------

Said = str | Reply | Interrupted | BaseException | Callable[[], Any]


class ScriptedDesk:
    """Answers by question id, in order; the last answer stays. What is not scripted is left unanswered (`Left`).

    With `examples` such questions get their example. A wait ends at its moment. Looks come in before any answer.
    """

    def __init__(self, clock: SimulatedClock, *, examples: bool = False) -> None:
        self.clock = clock
        self.examples = examples
        self.script: dict[str, list[Said]] = {}
        self.looks: list[tuple[str, Look]] = []
        self.asked: list[Question] = []
        self.told: list[Entry] = []
        self.shown: list[Sheet] = []

    def say(self, **said: Said | list[Said]) -> None:
        """Script answers; `__` in a name stands for a dot and `_` for a hyphen."""
        for name, what in said.items():
            self.on(name.replace("__", ".").replace("_", "-"), what)

    def on(self, question: str, what: Said | list[Said]) -> None:
        self.script[question] = list(what) if isinstance(what, list) else [what]

    def tell(self, entry: Entry, state: State) -> None:
        self.told.append(entry)

    def show(self, sheet: Sheet, state: State) -> None:
        self.shown.append(sheet)

    def ask(self, question: Question, state: State, until: datetime | None) -> Reply | Interrupted:
        self.asked.append(question)
        if len(self.asked) > 2000:
            raise AssertionError(f"asked without end: {question.id}")
        if self.looks:
            return Interrupted(look=self.looks.pop(0))
        said = self._said(question)
        if isinstance(said, BaseException):
            raise said
        if isinstance(said, Reply | Interrupted):
            return said
        if said is None:
            return self._unscripted(question, until)
        if question.ask is Ask.CHOICE:
            keys = [choice.key for choice in question.options]
            assert said in keys, f"{question.id}: {said!r} is none of {keys}"
        self.clock.sleep(1)
        return Reply(said)

    def _said(self, question: Question) -> Any:
        answers = self.script.get(question.id)
        if not answers:
            return None
        said = answers.pop(0) if len(answers) > 1 else answers[0]
        return said() if callable(said) else said

    def _unscripted(self, question: Question, until: datetime | None) -> Reply | Interrupted:
        if question.ask is Ask.WAIT and until is not None:
            self.clock.sleep((until - self.clock.now()).total_seconds())
            return Interrupted(timer=True)
        if self.examples and question.ask is not Ask.WAIT:
            self.clock.sleep(1)
            return Reply(question.expected if question.ask is Ask.TYPED else question.example)
        raise Left(f"nobody answers {question.id}")

    def keys(self, question: str) -> list[str]:
        """The keys that were offered when a question was put last."""
        return [choice.key for choice in [q for q in self.asked if q.id == question][-1].options]


class ScriptedLooks:
    """Looks that see what they are told, at once, or nothing while nothing is scripted."""

    def __init__(self, desk: ScriptedDesk) -> None:
        self.desk = desk
        self.sees: dict[str, list[Look]] = {}
        self.started: list[tuple[str, LookAt, float | None]] = []
        self.going: set[str] = set()

    def start(self, step: str, at: LookAt, every: float | None) -> None:
        self.started.append((step, at, every))
        seen = self.sees.get(step, [])
        if seen:
            self.desk.looks.append((step, seen.pop(0)))
        else:
            self.going.add(step)

    def stop(self, step: str) -> None:
        self.going.discard(step)

    def stop_all(self) -> None:
        self.going.clear()

    def running(self) -> frozenset[str]:
        return frozenset(self.going)

    @contextlib.contextmanager
    def hush(self) -> Iterator[None]:
        self.hushed = True
        yield
        self.hushed = False


NOT_PUBLIC = Look(Verdict.NOT_PUBLIC, "Not found")
PUBLIC = Look(Verdict.PUBLIC, "Every document is there")


# --- plans ----------------------------------------------------------------------------------------------------------

_ROLES = {
    "lead": ("Duty lead", "Deputy lead"),
    "comms": ("Duty officer", "Second officer"),
    "head": ("Chief statistician", "Deputy chief", "Second deputy"),
}
_PHONE = "020 7946 0001"
_STEP: TypeAdapter[Step] = TypeAdapter(Step)


def plan_of(*steps: dict[str, Any], status: str = "actual", due: datetime = DUE, line: str = "It is late.") -> Plan:
    """Return a plan of steps as a playbook writes them. A step needs the one before unless it says otherwise."""
    parsed = [_STEP.validate_python({"title": s["id"].title(), "role": "comms", **s}) for s in steps]
    cleared: dict[str, tuple[str, ...]] = {}
    for step in parsed:
        for name in step.of if isinstance(step, ClearanceStep) else ():
            cleared[name] = (*cleared.get(name, ()), step.id)
    planned = [
        PlannedStep(
            number=number,
            step=step,
            needs=step.needs if step.needs is not None else _before(parsed[: number - 1], step),
            due=moment(step.due, due, "Europe/London") if step.due else None,
            after=moment(step.after, due, "Europe/London") if step.after else None,
            messages=tuple(_messages(step)),
            cleared_by=cleared.get(step.id, ()),
        )
        for number, step in enumerate(parsed, 1)
    ]
    return Plan(
        status=status,
        playbook="gov-uk-failure",
        title="Publication failure",
        line_to_take=line,
        release=_release(due),
        roles=tuple(
            PlannedRole(
                id=i, title=i.title(), duty="Answers", people=tuple(Person(name=n, phone="020 7946 0001") for n in p)
            )
            for i, p in _ROLES.items()
        ),
        objectives=(),
        steps=tuple(planned),
    )


def _release(due: datetime) -> PlannedRelease:
    return PlannedRelease(
        id="release",
        title="Example statistics",
        status="Official statistics",
        producer="Example Office",
        due=due,
        zone="Europe/London",
        url="https://www.example.org/release",
        announcement="",
        statistician=Contact(name="Lead statistician", email="statistics@example.org"),
        press=Contact(name="Press office", email="press@example.org"),
        documents=DOCUMENTS,
    )


def _before(earlier: list[Step], step: Step) -> tuple[str, ...]:
    return () if step.after else tuple(s.id for s in earlier if s.after is None)[-1:]


def _messages(step: Step) -> list[PlannedMessage]:
    if isinstance(step, TogetherStep):
        return [_message(step, name) for name in step.messages]
    if isinstance(step, UploadStep | ManualStep) and step.publishes:
        channel = step.to if isinstance(step, UploadStep) else "by-hand"
        draft = Draft(form=Form.FILES, parts={"page": Part(text="Page")}, documents=DOCUMENTS, folder="release")
        right = draft.model_copy(update={"parts": {"page": Part(text="Corrected page")}})
        shared = {"channel": channel, "location": step.publishes}
        return [planned_message(f"{step.id}.documents", draft, correction=right, **shared)]
    return []


def _message(step: TogetherStep, name: str) -> PlannedMessage:
    message = step.messages[name]
    if message.text is not None:
        draft = Draft(form=Form.POST, parts={"text": Part(text=message.text)})
    else:
        parts = {"subject": Part(text=message.subject or ""), "body": Part(text=message.body or "")}
        draft = Draft(form=Form.EMAIL, parts=parts, recipients=("desk@example.org", "news@example.org"))
    right = None
    if message.correction is not None:
        texts = {n: Part(text=t) for n, t in message.correction.model_dump(exclude_none=True).items()}
        right = draft.model_copy(update={"parts": {**draft.parts, **texts}})
    return planned_message(
        f"{step.id}.{name}",
        draft,
        correction=right,
        channel=message.channel,
        audience=message.audience,
        exempt=message.audience == "roles" or message.corrects is not None,
        optional=message.optional,
        otherwise=message.otherwise,
    )


def planned_message(message_id: str, draft: Draft, *, correction: Draft | None = None, **more: Any) -> PlannedMessage:
    """Return a message as a plan has it."""
    right = planned_message(f"{message_id}.correction", correction, **{**more, "exempt": True}) if correction else None
    filled = {"channel": "mail", "kind": "smtp", "audience": "public", **more, "correction": right}
    title = message_id.rpartition(".")[2].capitalize()
    return PlannedMessage(id=message_id, title=title, draft=draft, length=Length(used=1), summary="1", **filled)


def together(step_id: str = "announce", **more: Any) -> dict[str, Any]:
    """Return a step that sends an e-mail and a post at one instant."""
    messages = {
        "mail": {
            "channel": "mail",
            "to": "journalists",
            "subject": "Out",
            "body": "It is out.",
            "correction": {"subject": "Wrong", "body": "It was wrong."},
        },
        "post": {"channel": "x", "text": "It is out.", "correction": {"text": "It was wrong."}},
    }
    return {"id": step_id, "kind": "together", "needs": [], "messages": messages, **more}


def manual(step_id: str, **more: Any) -> dict[str, Any]:
    return {"id": step_id, "kind": "manual", **more}


def clearance(*of: str, **more: Any) -> dict[str, Any]:
    return {"id": "clear", "kind": "clearance", "role": "head", "needs": [], "of": list(of), **more}


STAND_DOWN: dict[str, Any] = {"id": "stand-down", "kind": "stand-down", "role": "lead"}


# --- the whole ------------------------------------------------------------------------------------------------------


@dataclass
class Stage:
    """A run with everything around it."""

    path: Path
    plan: Plan
    clock: SimulatedClock
    desk: ScriptedDesk
    looks: ScriptedLooks
    journal: SqliteJournal
    channels: dict[str, Any]
    run: Run

    @property
    def mail(self) -> ScriptedChannel:
        channel: ScriptedChannel = self.channels["mail"]
        return channel

    @property
    def x(self) -> ScriptedChannel:
        channel: ScriptedChannel = self.channels["x"]
        return channel

    @property
    def entries(self) -> list[Entry]:
        return list(self.journal.read(RUN))

    def kinds(self) -> list[Kind]:
        return [entry.kind for entry in self.entries]

    def of(self, kind: Kind) -> list[Entry]:
        return [entry for entry in self.entries if entry.kind is kind]

    def outcomes(self) -> dict[str, str]:
        """The last outcome of each message that was logged."""
        return {e.data["message"]: e.data["outcome"] for e in self.of(Kind.OUTCOME)}

    def work(self) -> str:
        """Work the run; return how it ended: `over`, or why it was left."""
        try:
            work(self.run)
        except Left as left:
            return left.message
        return "over"

    def again(self, **script: Any) -> "Stage":
        """Return the run as another process takes it up: from its log, with the same channels and a new desk."""
        state = fold(self.journal.read(RUN))
        desk = ScriptedDesk(self.clock)
        looks = ScriptedLooks(desk)
        run = _run(
            state.plan or self.plan, state, self.journal, desk, self.channels, looks, self.clock, self.run.limits
        )
        stage = Stage(self.path, self.plan, self.clock, desk, looks, self.journal, self.channels, run)
        stage.desk.say(**script)
        run.record(run.fact(Kind.RESUMED, away="1"))
        return stage


def _run(plan, state, journal, desk, channels, looks, clock, limits) -> Run:
    return Run(
        id=RUN,
        plan=plan,
        state=state,
        journal=journal,
        desk=desk,
        channels=channels,
        looks=looks,
        clock=clock,
        obey=commands.obey,
        limits=limits,
    )


@dataclass
class Setting:
    """Makes runs in a folder and closes their logs."""

    folder: Path
    opened: list[SqliteJournal] = field(default_factory=list)

    def __call__(
        self,
        plan: Plan,
        *,
        at: datetime = DUE + timedelta(minutes=1),
        called: bool = True,
        limits: Limits | None = None,
    ) -> Stage:
        """Return a run that has been started, and (`called`) confirmed, with everybody at their desk."""
        clock = SimulatedClock(at)
        path = self.folder / f"log-{len(self.opened)}.sqlite"
        journal = SqliteJournal(path, clock)
        self.opened.append(journal)
        desk = ScriptedDesk(clock)
        looks = ScriptedLooks(desk)
        channels = {"mail": ScriptedChannel(), "x": ScriptedChannel("x"), "by-hand": by_hand()}
        run = _run(plan, State(), journal, desk, channels, looks, clock, limits or Limits())
        facts = [run.fact(Kind.STARTED, plan=plan.model_dump(mode="json"), digest=plan.digest, simulated=False)]
        if called:
            facts.append(run.fact(Kind.CONFIRMED, typed=plan.playbook))
            facts += [
                run.fact(Kind.ON, role=role.id, name=role.people[0].name, phone="", email="", deputy=False, reason="")
                for role in plan.roles
            ]
        run.record(*facts)
        desk.told.clear()
        return Stage(path, plan, clock, desk, looks, journal, channels, run)

    def close(self) -> None:
        for journal in self.opened:
            journal.close()
