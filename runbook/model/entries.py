"""Facts and entries: what the action log of a run is made of. There is no second event type.

A `Fact` is what somebody has to say; the journal seals it into an `Entry` (sequence, times, host, hash). The kinds are
listed here with the data each carries, and everything that reads a log goes by them: state, screen, exports.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What an entry says. The data it carries is listed beside it; every text is plain, every time RFC 3339 UTC."""

    # the run
    STARTED = "started"  # plan, order {path: [key]}, digest, status, simulated, to_settle [problem], versions, files
    SETTLED = "settled"  # key, code, found, settle, who, reason
    CONFIRMED = "confirmed"  # typed
    PAUSED = "paused"  # reason: asked | interrupted | unanswered; waiting_for
    RESUMED = "resumed"  # away (seconds, text)
    STOOD_DOWN = "stood down"  # early (bool), reason, debrief {id: text}
    # people
    ON = "on"  # role, name, phone, email, deputy (bool), reason: who holds a role from now on
    CALLED = "called"  # name, answered (bool): somebody was tried
    ASKED = "asked"  # question (id), text
    ANSWERED = "answered"  # question (id), answer, label (of the option that was chosen), who
    NOTED = "noted"  # text
    ENQUIRY = "enquiry"  # text, answered_with (the line to take)
    CORRECTED = "corrected"  # entry (sequence), text: what it should have said
    # steps
    BEGUN = "begun"  # times (which time it is), late (bool)
    LOOKED = "looked"  # location, verdict, detail, sightings [{address, bypass, status, seen, found}]
    DONE = "done"  # by: machine | hand, evidence {id: text}, addresses {id: text}, location, whole (bool): all sent
    SKIPPED = "skipped"  # reason, who
    REOPENED = "reopened"  # reason
    DECIDED = "decided"  # option, title, reason, who, agreed_beforehand (bool)
    CLEARED = "cleared"  # who, how, digest, agreed_beforehand (bool)
    NOT_CLEARED = "not cleared"  # who, reason, agreed_beforehand (bool)
    LAPSED = "lapsed"  # clearance, reason
    # messages
    READY = "ready"  # message, summary, refused {address: answer}
    NOT_READY = "not ready"  # message, detail, remedy
    LEFT_OUT = "left out"  # message, reason, who, taken_in (bool): it is to be sent after all
    STAGED = "staged"  # messages [id], seconds (text)
    # and where one waits for another: holds {message: seconds}, behind (message), learnt {channel: {seconds, …}}
    CLOCK = "clock"  # offsets [{source, seconds (text), within (text)}]: what the services' clocks say of this one's
    STOPPED = "stopped"  # messages [id], why: nothing of them was sent
    INTENT = "intent"  # message, key, channel, digest, parts {name: text}, recipients (count), correction (bool)
    OUTCOME = "outcome"  # message, key, outcome, detail, receipt {…}, recipients {address: why}, by
    # and if a live channel timed it: channel, took (seconds to the acknowledgement), way (seconds over the network)
    SKEW = "skew"  # messages [id], seconds (text), measured_at, tolerance, within (bool)
    # and commit_seconds (between the last bytes); if some waited: held_seconds; if two services told their time:
    # server_seconds, server_within
    SOUGHT = "sought"  # message, key, answer, detail
    WITHDRAWN = "withdrawn"  # message, key, outcome, detail, who
    RETRIED = "retried"  # what, attempt, why, wait (seconds, text)


@dataclass(frozen=True, slots=True)
class Fact:
    """What is to be entered.

    `at` is when it happened; `late` says why, if that was more than two minutes before it is entered.
    `data` holds JSON: texts, booleans, whole numbers below 2^53, lists and objects of these. Seconds are texts.
    """

    kind: Kind
    at: datetime
    actor: str = ""
    """Who: a person's name, or `runbook` for what the machine did by itself."""
    role: str = ""
    step: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    late: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One fact in the log of a run, sealed: it has its place, its times and its hash, and never changes."""

    run: str
    sequence: int
    """From 1, without gaps."""
    at: datetime
    recorded_at: datetime
    boot: str
    """The machine's boot id; monotonic times compare only within one."""
    monotonic: str
    """Nanoseconds, as text: RFC 8785 refuses whole numbers of 2^53 and more."""
    actor: str
    role: str
    host: str
    kind: Kind
    step: str
    data: Mapping[str, Any]
    late: str
    previous: str
    """The hash of the entry before; 64 zeros for the first."""
    hash: str
