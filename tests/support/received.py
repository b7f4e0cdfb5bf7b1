"""What the stage's servers received, held against what the log says was sent and what `show` said would be.

Everything is found from the log by means of its own, not by the engine's: a fault of the engine must not excuse itself.
"""

import html
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from runbook.model.entries import Entry, Kind
from runbook.model.outcome import Outcome
from runbook.model.plan import PlannedMessage
from runbook.model.slots import CLOSE, OPEN
from runbook.model.state import Sending, State, fold
from support.mail import Received
from support.stage import Stage

ZONE = ZoneInfo("Europe/London")
BATCH = 10
_SLOT = re.compile(f"{OPEN}([^{OPEN}{CLOSE}]+){CLOSE}")


@dataclass(frozen=True)
class Log:
    """A whole log and what it comes to."""

    entries: tuple[Entry, ...]
    state: State

    @classmethod
    def of(cls, stage: Stage) -> "Log":
        entries = stage.entries()
        return cls(entries, fold(entries))

    def sent(self) -> list[tuple[PlannedMessage, Sending]]:
        """Every message that a machine has sent for certain."""
        assert self.state.plan is not None
        return [
            (self.state.plan.message(s.message), s)
            for s in self.state.sendings.values()
            if s.outcome is Outcome.SENT and s.channel != "by-hand"
        ]

    def intent(self, key: str) -> Entry:
        return self.one(Kind.INTENT, key=key)

    def one(self, kind: Kind, **data: object) -> Entry:
        """The one entry of a kind with these data."""
        found = [e for e in self.entries if e.kind is kind and all(e.data.get(k) == v for k, v in data.items())]
        assert len(found) == 1, (kind, data, len(found))
        return found[0]


def seconds(entry: Entry) -> float:
    """When an entry was recorded, on the machine's monotonic clock, which the servers go by too."""
    return int(entry.monotonic) / 1e9


# Everything was received once -----------------------------------------------------------------------------------------


def assert_everything_received_once(stage: Stage, log: Log) -> None:
    """Each message that was sent reached each receiver once, word for word, and nothing else reached anybody."""
    emails, posts, articles, folders = [], [], [], []
    for message, sending in log.sent():
        if message.kind == "smtp":
            emails.append(_email(stage, message, sending))
        elif message.kind == "x":
            assert [post.text for post in stage.x.made].count(sending.parts["text"]) == 1
            posts.append(sending)
        elif message.kind == "wordpress":
            _article(stage, sending)
            articles.append(sending)
        else:
            assert message.kind == "upload"
            _folder(stage, sending)
            folders.append(sending)
    assert sum(emails) == len(stage.mail.received)
    assert len(posts) == len(stage.x.made) == len(stage.x.posts)
    assert len(articles) == len(stage.news.public)
    assert len(folders) == len(list((stage.public / "releases").iterdir()))
    assert not stage.x.unsigned


def _email(stage: Stage, message: PlannedMessage, sending: Sending) -> int:
    """Check one e-mail on all its transactions and return how many there were."""
    received = [mail for mail in stage.mail.received if mail.message["Subject"] == sending.parts["subject"]]
    wanted = message.draft.recipients
    assert Counter(r for mail in received for r in mail.recipients) == Counter(wanted)
    assert len(received) == -(-len(wanted) // BATCH)
    assert len({mail.raw for mail in received}) == 1, "every batch carries the same message"
    assert _body(received[0]) == sending.parts["body"].rstrip("\n")
    assert received[0].message["To"] == "undisclosed-recipients:;"
    for address in {*stage.journalists, *(r for mail in stage.mail.received for r in mail.recipients)}:
        assert address.encode() not in received[0].raw
    return len(received)


def _body(mail: Received) -> str:
    text = mail.message.get_content()
    assert isinstance(text, str)
    return text.replace("\r\n", "\n").rstrip("\n")


def _article(stage: Stage, sending: Sending) -> None:
    assert sending.receipt is not None
    [post] = [post for post in stage.news.public if str(post.id) == sending.receipt.id]
    assert (post.title, post.content, post.published) == (sending.parts["title"], sending.parts["body"], 1)
    assert post.content.encode() in stage.fetch(sending.receipt.address)


def _folder(stage: Stage, sending: Sending) -> None:
    assert sending.receipt is not None
    page = sending.parts["page"].encode()
    assert stage.fetch(sending.receipt.addresses["page"]) == page
    assert stage.fetch(stage.landing_page) == page
    for name, file in stage.documents.items():
        assert stage.fetch(sending.receipt.addresses[name]) == file.read_bytes()


def assert_nothing_before_its_go(stage: Stage, log: Log) -> None:
    """Each receipt came after somebody said go, and between the intent and the outcome that the log has of it."""
    for message, sending in log.sent():
        go = max(
            seconds(e) for e in log.entries if e.data.get("question") == f"{sending.step}.go" and "answer" in e.data
        )
        intent, outcome = seconds(log.intent(sending.key)), seconds(log.one(Kind.OUTCOME, key=sending.key))
        for at in _received_at(stage, message, sending):
            assert go < intent < at < outcome


def _received_at(stage: Stage, message: PlannedMessage, sending: Sending) -> list[float]:
    if message.kind == "smtp":
        return [mail.at for mail in stage.mail.received if mail.message["Subject"] == sending.parts["subject"]]
    if message.kind == "x":
        return [post.at for post in stage.x.made if post.text == sending.parts["text"]]
    if message.kind == "wordpress":
        return [post.at for post in stage.news.public]
    return []


# As `show` said -------------------------------------------------------------------------------------------------------


def assert_as_shown(log: Log, shown: Mapping[str, Mapping[str, Mapping[str, str]]]) -> None:
    """Each message went out as `show` had it, with its slots filled by what the log says was true at that moment."""
    for message, sending in log.sent():
        intent = log.intent(sending.key)
        templates = shown[message.id]["template"]
        assert list(shown[message.id]["recipients"]) == list(message.draft.recipients)
        assert templates.keys() == intent.data["parts"].keys() == message.draft.parts.keys()
        for name, template in templates.items():
            text = intent.data["parts"][name]
            for slot, value in _slots(template, text):
                plain = html.unescape(value) if message.draft.parts[name].html else value
                assert plain in _allowed(log, slot, intent), (message.id, slot, value)


def _slots(template: str, text: str) -> Iterable[tuple[str, str]]:
    """Yield what stands in each slot of a template, for the text that was made of it."""
    fixed = _SLOT.split(template)
    pattern = "".join(re.escape(piece) if place % 2 == 0 else "(.*?)" for place, piece in enumerate(fixed))
    found = re.fullmatch(pattern, text, re.DOTALL)
    assert found, f"{text!r} was not made of {template!r}"
    return zip(fixed[1::2], found.groups(), strict=True)


def _allowed(log: Log, slot: str, intent: Entry) -> set[str]:
    """Return what may stand in a slot, from the entries before the intent."""
    before = [e for e in log.entries if e.sequence < intent.sequence]
    group, _, rest = slot.partition(".")
    if group in _FROM_THE_LOG:
        return {str(value) for value in _FROM_THE_LOG[group](before, rest)}
    return {intent.run} if slot == "run.id" else {_clock(slot, moment) for moment in _moments(before, intent)}


def _addresses(before: Sequence[Entry], rest: str) -> Iterable[object]:
    location, _, place = rest.partition(".")
    return [e.data["addresses"][place] for e in before if e.kind is Kind.DONE and e.data.get("location") == location]


def _evidence(before: Sequence[Entry], rest: str) -> Iterable[object]:
    step, _, name = rest.partition(".")
    return [e.data["evidence"].get(name) for e in before if e.kind is Kind.DONE and e.step == step]


def _over(before: Sequence[Entry], step: str) -> Iterable[object]:
    over = [e for e in before if e.step == step and e.kind in {Kind.DONE, Kind.DECIDED, Kind.CLEARED}]
    return [f"{e.at.astimezone(ZONE):%H:%M}" for e in over[-1:]]


def _held(before: Sequence[Entry], role: str, what: str) -> Iterable[object]:
    return [e.data[what] for e in before if e.kind is Kind.ON and e.data["role"] == role][-1:]


_FROM_THE_LOG: dict[str, Callable[[Sequence[Entry], str], Iterable[object]]] = {
    "address": _addresses,
    "answers": _evidence,
    "done": _over,
    "holder": partial(_held, what="name"),
    "phone": partial(_held, what="phone"),
}


def _moments(before: Sequence[Entry], intent: Entry) -> list[datetime]:
    """Return a moment in each minute in which the message may have been built for the last time."""
    start = [e.at for e in before if e.step == intent.step and e.kind is Kind.READY][-1]
    count = int((intent.at - start).total_seconds() // 60) + 1
    return [*(start + timedelta(minutes=n) for n in range(count)), intent.at]


def _clock(slot: str, moment: datetime) -> str:
    there = moment.astimezone(ZONE)
    if slot == "now.day":
        return f"{there:%A} {there.day} {there:%B %Y}"
    if slot == "next_news":
        later = there.replace(second=0, microsecond=0) + timedelta(minutes=31)
        return f"{later - timedelta(minutes=later.minute % 5) + timedelta(minutes=5 * bool(later.minute % 5)):%H:%M}"
    assert slot == "now.clock"
    return f"{there:%H:%M}"
