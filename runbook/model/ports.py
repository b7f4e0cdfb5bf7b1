"""The protocols between the engine and everything around it.

The engine talks to people through a `Desk`, to the world through `Channel` and `Eye`, to the log through `Journal`. It
never learns which of them is real: that is decided where a run is wired (`runbook.cli.wiring`).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from runbook.instant import Write, Written
from runbook.model.entries import Entry, Fact
from runbook.model.lining_up import Timing
from runbook.model.message import Document, Draft, Payload
from runbook.model.outcome import Found, Health, Offset, Receipt, Result
from runbook.model.plan import PlannedRelease, Status
from runbook.model.questions import Question, Reply, Sheet
from runbook.model.state import State


class Staging(Protocol):
    """One message on its way: connected, then staged up to its last byte, then released or discarded."""

    hold_limit: timedelta
    """How long a server keeps a staged message; stage it later than that before the release."""
    summary: str
    """For the go/no-go table: `214 in 3 batches`."""
    refused: Mapping[str, str]
    """Recipients the server has refused already: address → its answer."""

    @property
    def offset(self) -> Offset | None:
        """How far the other side's clock is from ours, as far as is known by now; None if it does not say."""

    def keep_warm(self) -> float:
        """Do what keeps a ready message ready while people decide: one small request, connecting again if it must.

        Returns the seconds after which it wants to be called again. Never raises: what cannot be kept is made anew by
        `stage`. Never called while another method runs. Waits at most the channel's time-out for one command.
        """

    def stage(self) -> None:
        """Do everything but the commit. Raises `NotReady`; then nothing was sent. Connects again if it must.

        Staged already, it is staged anew: what was held is given up first.
        """

    def held(self) -> bool:
        """Whether it is staged and the other side still holds it."""

    def arm(self) -> Sequence[Write]:
        """Return the last writes, one a connection, encrypted and ready to be made at one instant; nothing is sent.

        Called once it is held, just before the instant. Empty where the commit is no write to a socket: then `release`
        commits. Raises `NotReady`; then nothing was sent.
        """

    def fired(self, written: Sequence[Written]) -> None:
        """Take in what became of the writes that `arm` returned, in their order. Never waits, never raises."""

    def release(self) -> None:
        """Commit by itself: make the last writes, or what else commits. Returns at once; `result` tells the rest."""

    def result(self, deadline: timedelta) -> Result:
        """Wait for the outcome, at most so long. No answer in that time is `UNKNOWN`, never an exception.

        Where many messages follow one another, `deadline` is for each answer, and `longest_result` for all of them.
        """

    def longest_result(self, deadline: timedelta) -> timedelta:
        """Return how long `result` may take with this deadline, at most."""

    def discard(self) -> None:
        """Give it up before the release. Nothing was sent. Never raises; harmless when repeated."""


class Channel(Protocol):
    """A way out. One adapter a file in `runbook.channels`; each holds to the same contract suite."""

    kind: str

    def build(self, draft: Draft) -> Payload:
        """Make the exact payload. Pure: no network, no secret, no clock; also done at planning.

        Slots may still be in the draft's texts. Raises `CannotSay` for what the channel cannot carry, by name.
        """

    def check(self) -> Health:
        """Ask the service whether it would take a message: credentials, rights, reach. No public effect."""

    def ready(self, payload: Payload, key: str) -> Staging:
        """Connect, authenticate, have recipients accepted. No public effect. Raises `NotReady`.

        `payload` has no slots left. `key` names this sending for ever; where a service takes one, it is its
        idempotency key, and the same key never makes two messages.
        """

    def find(self, payload: Payload, key: str) -> Found:
        """Ask the service whether this sending is there; after a crash or a silence. Never raises."""

    def withdraw(self, receipt: Receipt) -> Result:
        """Take it down again. Raises `CannotWithdraw` where the channel has no way to."""


class Verdict(StrEnum):
    """What a look says of a location."""

    PUBLIC = "public"
    NOT_PUBLIC = "not public"
    CANNOT_TELL = "cannot tell"
    """Nobody answered: the fault may be on our side of the network."""


@dataclass(frozen=True)
class LookAt:
    """What to look at. `page` is its address; `addresses` the documents' by id, where they are known."""

    location: str
    page: str
    addresses: Mapping[str, str]
    documents: tuple[Document, ...]
    title: str
    """The release's title: a page that does not carry it is not the release."""
    expect: Verdict
    """What the step hopes for. A real eye does not use it."""


@dataclass(frozen=True)
class Sighting:
    """One address, fetched once as the public fetches it."""

    address: str
    bypassed: bool
    """Whether stored copies were bypassed."""
    status: str
    """`200`, `404`, `timed out`."""
    right: bool
    found: str
    """What was found, in words: `Not found`, `the document, byte for byte`, `another file of 1,204 bytes`."""


@dataclass(frozen=True)
class Look:
    """The verdict on a location, with each sighting it rests on."""

    verdict: Verdict
    detail: str
    sightings: tuple[Sighting, ...] = ()
    addresses: Mapping[str, str] | None = None
    """Where the documents were found, by id, if they were found."""


class Eye(Protocol):
    """The look from outside: as the public, not signed in, stored copies bypassed and not."""

    def look(self, at: LookAt) -> Look:
        """Look once. Bounded: at most 30 seconds in all. Never raises."""


class Looks(Protocol):
    """Looks that go on by themselves; each result comes in at the desk as an `Interrupted`."""

    def start(self, step: str, at: LookAt, every: float | None) -> None:
        """Look for a step: once, or with `every` (seconds) again until the verdict is the one that is expected."""

    def stop(self, step: str) -> None:
        """Stop looking for a step. Nothing comes in for it afterwards. Harmless if it is not running."""

    def stop_all(self) -> None:
        """Stop every look."""

    def running(self) -> frozenset[str]:
        """Return the steps that are being looked for."""

    def hush(self) -> AbstractContextManager[None]:
        """Hold looks back while it is entered: none begins. One that is under way goes on."""


@dataclass(frozen=True)
class Interrupted:
    """Something came in while a question stood: the result of a look, a moment that was waited for."""

    look: tuple[str, Look] | None = None
    """The step that looked, and what it saw."""
    timer: bool = False


class Desk(Protocol):
    """The people: what they are told and what they are asked."""

    def tell(self, entry: Entry, state: State) -> None:
        """Show an entry that was just logged. Never waits, never raises."""

    def show(self, sheet: Sheet, state: State) -> None:
        """Show something to read: instructions, a text to copy, messages as they will go out. Never waits."""

    def ask(self, question: Question, state: State, until: datetime | None) -> Reply | Interrupted:
        """Ask, and wait for the answer, at most `until`. What comes in meanwhile interrupts; the question is put again.

        Raises `Left` when there is nobody to answer (no terminal, no answer in the file).
        """


@dataclass(frozen=True)
class RunSummary:
    """One run, as `runbook runs` lists it."""

    run: str
    playbook: str
    release: str
    status: Status
    started_at: datetime
    entries: int
    stood_down: bool


class Journal(Protocol):
    """The action log: append-only, hash-chained, durable when `append` returns."""

    def append(self, run: str, facts: Sequence[Fact], after: int) -> tuple[Entry, ...]:
        """Seal and store facts as the entries after sequence `after`, in one transaction.

        Raises `Conflict` when somebody else has appended since, `JournalError` when it cannot be written; then none of
        them is stored.
        """

    def read(self, run: str, after: int = 0) -> Iterator[Entry]:
        """Yield the entries of a run in order, those after sequence `after`. Empty for a run that is not there."""

    def runs(self) -> Iterable[RunSummary]:
        """Return every run, the newest first."""

    def timings(self, channel: str, most: int) -> Sequence[Timing]:
        """Return how long a channel's last sendings took, the newest first, at most so many, over all runs.

        Only those that a live channel confirmed and timed: `took` is in their outcome.
        """


def look_at(release: PlannedRelease, location: str, addresses: Mapping[str, str], expect: Verdict) -> LookAt:
    """Return what to look at for a location: the release's own address for `original`, else what was published."""
    page = release.url if location == "original" else addresses.get("page", "")
    return LookAt(location, page, dict(addresses), release.documents, release.title, expect)
