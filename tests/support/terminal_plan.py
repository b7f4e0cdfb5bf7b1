"""A small plan and its entries, made without files, for the tests of the screen."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import TypeAdapter

from runbook.model.entries import Entry, Kind
from runbook.model.message import Document, Draft, Form, Length, Part
from runbook.model.plan import Person, Plan, PlannedMessage, PlannedRelease, PlannedRole, PlannedStep
from runbook.model.playbook import Objective
from runbook.model.release import Contact
from runbook.model.state import State
from runbook.model.steps import Step
from runbook.model.times import moment

DUE = datetime(2018, 1, 5, 9, 30, tzinfo=UTC)
PAGE = "https://alternate.example.org/malpractice-for-gcse-and-a-level-summer-2017-exam-series/"
RUN = "gcse-malpractice-1"

_STEPS: tuple[dict[str, Any], ...] = (
    {
        "id": "look",
        "kind": "look",
        "title": "Look at the page as the public sees it",
        "role": "statistician",
        "location": "original",
        "expect": "not-public",
        "due": "T+2m",
        "marks": ["noticed"],
    },
    {
        "id": "report-fault",
        "kind": "manual",
        "title": "Report the fault to GOV.UK",
        "role": "comms",
        "due": "T+5m",
        "evidence": {"ticket": {"title": "Ticket number", "example": "4711234", "required": False}},
        "marks": ["reported"],
    },
    {
        "id": "clear",
        "kind": "clearance",
        "title": "Clearance",
        "role": "head-of-profession",
        "of": ["announce"],
        "marks": ["cleared"],
    },
    {
        "id": "leave-route",
        "kind": "decision",
        "title": "Leave the normal route",
        "role": "lead",
        "question": "Leave the normal route?",
        "options": {"go": {"title": "publish at the alternate location"}, "hold": {"title": "wait for GOV.UK"}},
        "example": "go",
        "reason_example": "GOV.UK gave no time",
    },
    {
        "id": "announce",
        "kind": "together",
        "title": "Tell journalists and the public together",
        "role": "comms",
        "due": "T+10m",
        "messages": {
            "journalists": {"channel": "press-email", "to": "journalists", "subject": "s", "body": "b"},
            "post": {"channel": "x", "text": "t"},
        },
        "marks": ["told"],
    },
    {
        "id": "restored",
        "kind": "look",
        "title": "Wait for the original page",
        "role": "statistician",
        "location": "original",
        "expect": "public",
        "wait": True,
        "marks": ["restored"],
    },
    {"id": "stand-down", "kind": "stand-down", "title": "Stand down", "role": "lead"},
)


def _message(name: str, title: str, kind: str, form: Form, **draft: Any) -> PlannedMessage:
    parts = {"text": Part(text="The release is out.")}
    return PlannedMessage(
        id=f"announce.{name}",
        title=title,
        channel={"smtp": "press-email"}.get(kind, kind),
        kind=kind,
        audience="press" if form is Form.EMAIL else "public",
        draft=Draft(form=form, parts=parts, **draft),
        length=Length(used=231, limit=280),
        summary="231 of 280",
    )


def plan(status: str = "actual", due: datetime = DUE) -> Plan:
    """Return a plan of seven steps, with an e-mail to 214 journalists and a post on X."""
    documents = tuple(
        Document(
            id=i, title=i.title(), kind=kind, path=f"/release/{i}.pdf", name=f"{i}.pdf", size=9000, sha256="a" * 64
        )
        for i, kind in (("report", "main"), ("notes", "background"))
    )
    journalists = tuple(f"journalist{n}@example.org" for n in range(214))
    messages = (
        _message("journalists", "Journalists", "smtp", Form.EMAIL, recipients=journalists),
        _message("post", "Post", "x", Form.POST),
        _message("page", "Page", "upload", Form.FILES, documents=documents),
    )
    steps = TypeAdapter(tuple[Step, ...]).validate_python(_STEPS)
    return Plan(
        status=status,
        playbook="gov-uk-failure",
        title="GOV.UK publication failure",
        line_to_take="The release is delayed by a fault on GOV.UK. It will go to everybody at the same time.",
        release=PlannedRelease(
            id="gcse-malpractice",
            title="Malpractice for GCSE and A level: summer 2017 exam series",
            status="Official statistics",
            producer="Example Office",
            due=due,
            zone="Europe/London",
            url="https://www.example.org/statistics/malpractice",
            announcement="https://www.example.org/announcements/malpractice",
            statistician=Contact(name="Lead statistician", email="statistics@example.org"),
            press=Contact(name="Press office", email="press@example.org"),
            documents=documents,
        ),
        roles=tuple(
            PlannedRole(id=i, title=title, duty="Answers for it", people=(Person(name=name, phone="020 7946 0001"),))
            for i, title, name in (
                ("lead", "Incident lead", "Duty press manager"),
                ("comms", "Communications", "Digital officer"),
                ("statistician", "Statistician", "Lead statistician"),
                ("head-of-profession", "Head of Profession", "Chief statistician"),
            )
        ),
        objectives=(
            Objective(id="reported", title="Fault reported", measure="reported", within="5m"),
            Objective(id="all-out", title="Every document public", measure="all-public", within="15m"),
            Objective(id="in-step", title="E-mail and post in step", measure="skew", of="announce", within="1s"),
        ),
        steps=tuple(
            PlannedStep(
                number=number,
                step=step,
                needs=(),
                due=moment(step.due, due, "Europe/London") if step.due else None,
                messages=messages if step.id == "announce" else (),
            )
            for number, step in enumerate(steps, 1)
        ),
    )


DATA: dict[Kind, dict[str, Any]] = {
    Kind.SETTLED: {
        "key": "k",
        "code": "stale",
        "found": "The list is 41 days old.",
        "settle": "It is used as it is.",
        "who": "Duty press manager",
        "reason": "it was read through",
    },
    Kind.CONFIRMED: {"typed": "gov-uk-failure"},
    Kind.PAUSED: {"reason": "interrupted", "waiting_for": "the ticket number"},
    Kind.RESUMED: {"away": "790.5"},
    Kind.ON: {
        "role": "comms",
        "name": "Digital officer",
        "phone": "020 7946 0003",
        "email": "",
        "deputy": True,
        "reason": "on leave",
    },
    Kind.CALLED: {"name": "Chief statistician", "answered": False},
    Kind.ASKED: {"question": "report-fault", "text": "Done?"},
    Kind.ANSWERED: {"question": "report-fault", "answer": "d", "who": ""},
    Kind.NOTED: {"text": "GOV.UK says that a fix is under way"},
    Kind.ENQUIRY: {
        "text": "Herald news desk, when is it out?",
        "answered_with": "The release is delayed by a fault on GOV.UK. It will go to everybody at the same time. "
        "We'll post here when it does.",
    },
    Kind.CORRECTED: {"entry": 12, "text": "the ticket is 4711235"},
    Kind.BEGUN: {"times": 1, "late": False},
    Kind.LOOKED: {
        "location": "original",
        "verdict": "not public",
        "detail": "Not public, also when stored copies are bypassed",
        "sightings": [
            {
                "address": "https://www.example.org/s",
                "bypass": False,
                "status": "404",
                "seen": False,
                "found": "Not found",
            },
            {
                "address": "https://www.example.org/s",
                "bypass": True,
                "status": "404",
                "seen": False,
                "found": "Not found",
            },
        ],
    },
    Kind.DONE: {"by": "hand", "evidence": {"ticket": "4711234"}, "location": "alternate", "addresses": {"page": PAGE}},
    Kind.SKIPPED: {"reason": "not needed today", "who": "Digital officer"},
    Kind.REOPENED: {"reason": "needed after all"},
    Kind.DECIDED: {
        "option": "go",
        "title": "publish at the alternate location",
        "reason": "GOV.UK gave no time",
        "who": "Duty press manager",
        "agreed_beforehand": False,
    },
    Kind.CLEARED: {
        "who": "Deputy chief statistician",
        "how": "by telephone",
        "digest": "3f9a22c1" * 8,
        "agreed_beforehand": False,
    },
    Kind.NOT_CLEARED: {"who": "Chief statistician", "reason": "wait for the original page", "agreed_beforehand": False},
    Kind.LAPSED: {"clearance": "clear", "reason": "a document was replaced"},
    Kind.READY: {"message": "announce.post", "summary": "231 of 280", "refused": {}},
    Kind.NOT_READY: {"message": "announce.post", "detail": "X refused the token.", "remedy": "Do it by hand."},
    Kind.LEFT_OUT: {"message": "announce.post", "reason": "X is down", "who": "Duty press manager"},
    Kind.STAGED: {"messages": ["announce.journalists", "announce.post"], "seconds": "0.412"},
    Kind.CLOCK: {"offsets": [{"source": "api.example.org", "seconds": "0.020000", "within": "0.031000"}]},
    Kind.STOPPED: {"messages": ["announce.journalists", "announce.post"], "why": "stopped by hand in the countdown"},
    Kind.INTENT: {
        "message": "announce.journalists",
        "key": "k1",
        "channel": "press-email",
        "digest": "b" * 64,
        "parts": {},
        "recipients": 214,
        "correction": False,
    },
    Kind.OUTCOME: {
        "message": "announce.journalists",
        "key": "k1",
        "outcome": "sent",
        "detail": "212 accepted, queued as 4XyZ",
        "receipt": {"id": "4XyZ"},
        "recipients": {"gone@example.org": "550 no such user", "full@example.org": "552 mailbox full"},
        "by": "channel",
        "by_hand": False,
    },
    Kind.SKEW: {
        "messages": ["announce.journalists", "announce.post"],
        "seconds": "0.0412",
        "measured_at": "acknowledgement",
        "tolerance": "1s",
        "within": True,
    },
    Kind.SOUGHT: {
        "message": "announce.post",
        "key": "k1",
        "answer": "cannot tell",
        "detail": "Asked 3 times in 30 s: not there yet.",
        "look_at": "https://x.com/example",
    },
    Kind.WITHDRAWN: {"message": "announce.post", "key": "k1", "outcome": "sent", "detail": "taken down"},
    Kind.RETRIED: {"what": "The connection to the mail server", "attempt": 2, "why": "it timed out", "wait": "0.5"},
    Kind.STOOD_DOWN: {"early": False, "reason": "", "debrief": {}},
}
"""What an entry of each kind may hold; `STARTED` holds the plan."""

STEP_OF = {
    Kind.LOOKED: "look",
    Kind.SKEW: "announce",
    Kind.OUTCOME: "announce",
    Kind.INTENT: "announce",
    Kind.CLEARED: "clear",
    Kind.NOT_CLEARED: "clear",
    Kind.DECIDED: "leave-route",
    Kind.STOOD_DOWN: "stand-down",
}


class Story:
    """Makes entries one after the other and keeps the state that they lead to."""

    def __init__(self, status: str = "actual", due: datetime = DUE) -> None:
        self.state = State()
        self.at = due + timedelta(seconds=130)
        self.plan = plan(status, due)
        self.enter(Kind.STARTED, {"plan": self.plan.model_dump(mode="json"), "simulated": False}, step="")

    def enter(
        self, kind: Kind, data: Mapping[str, Any] | None = None, *, step: str | None = None, late: str = ""
    ) -> Entry:
        """Return the next entry, seven seconds later, taken into the state."""
        self.at += timedelta(seconds=7)
        sequence = self.state.sequence + 1
        entry = Entry(
            run=RUN,
            sequence=sequence,
            at=self.at,
            recorded_at=self.at,
            boot="boot",
            monotonic="1",
            actor="Digital officer",
            role="comms",
            host="desk",
            kind=kind,
            step=STEP_OF.get(kind, "report-fault") if step is None else step,
            data=DATA.get(kind, {}) if data is None else data,
            late=late,
            previous="0" * 64,
            hash="9c1f07e2" * 8,
        )
        self.state.apply(entry)
        return entry
