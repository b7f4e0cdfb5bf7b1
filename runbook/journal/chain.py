"""Facts sealed into entries: each entry's hash covers all of it and the hash before, so nothing is altered unseen.

An entry's *body* is the RFC 8785 canonical JSON of every field but `hash`; its hash is SHA-256 over exactly these
bytes, as 64 hexadecimal digits. A store keeps the bytes as they were hashed. Only `verify` makes them anew.
"""

import hashlib
import json
import os
import platform
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import rfc8785

from runbook.clock import Clock
from runbook.errors import JournalError
from runbook.model.entries import Entry, Fact, Kind
from runbook.model.times import stamp as stamped
from runbook.model.times import unstamp

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_GREATEST = 2**53 - 1


class Link(NamedTuple):
    """Where a chain ends: the last entry's sequence and hash."""

    sequence: int
    hash: str


START = Link(0, "0" * 64)
"""What comes before the first entry."""


class Sealed(NamedTuple):
    """An entry as a store keeps it: the bytes that were hashed, and the hash."""

    body: bytes
    hash: str


@dataclass(frozen=True, slots=True)
class Stamp:
    """When and where an entry is recorded. `monotonic` is nanoseconds, as text; it compares only within one `boot`."""

    recorded_at: datetime
    boot: str
    monotonic: str
    host: str


@dataclass(frozen=True, slots=True)
class Break:
    """A place where a chain does not hold. `place` counts entries from 1; `found` is a full sentence."""

    place: int
    found: str


def take_stamp(clock: Clock) -> Stamp:
    """Return the stamp for what is recorded now on this machine."""
    return Stamp(clock.now(), boot_id(), str(int(clock.monotonic() * 1_000_000_000)), platform.node())


@cache
def boot_id() -> str:
    """Return the machine's boot id; where the system has none, an id that holds for this process."""
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return os.urandom(16).hex()


def seal(previous: Link, run: str, fact: Fact, stamp: Stamp) -> tuple[Entry, bytes]:
    """Return the entry that follows `previous`, and its body.

    Text that is not Unicode (lone surrogates, from a terminal of another encoding) is kept with U+FFFD in its place.
    Raises `JournalError` for data the log cannot hold: a number that is not whole, or is 2^53 or more.
    """
    fields = {
        "run": run,
        "sequence": previous.sequence + 1,
        "at": stamped(fact.at),
        "recorded_at": stamped(stamp.recorded_at),
        "boot": stamp.boot,
        "monotonic": stamp.monotonic,
        "actor": _text(fact.actor),
        "role": _text(fact.role),
        "host": _text(stamp.host),
        "kind": fact.kind.value,
        "step": fact.step,
        "data": _plain(fact.data, "data"),
        "late": _text(fact.late),
        "previous": previous.hash,
    }
    body = rfc8785.dumps(fields)
    return from_json(fields, hashlib.sha256(body).hexdigest()), body


def to_json(entry: Entry) -> dict[str, Any]:
    """Return an entry as JSON knows it, its hash included; times as `times.stamp` writes them."""
    fields = {name: getattr(entry, name) for name in Entry.__slots__}
    return fields | {"at": stamped(entry.at), "recorded_at": stamped(entry.recorded_at), "kind": entry.kind.value}


def from_json(fields: Mapping[str, Any], hash_: str | None = None) -> Entry:
    """Return the entry that `to_json` wrote; `hash_` is its hash where that is kept apart.

    Raises `JournalError` when a field is missing or is not what it should be.
    """
    try:
        return Entry(
            run=fields["run"],
            sequence=fields["sequence"],
            at=unstamp(fields["at"]),
            recorded_at=unstamp(fields["recorded_at"]),
            boot=fields["boot"],
            monotonic=fields["monotonic"],
            actor=fields["actor"],
            role=fields["role"],
            host=fields["host"],
            kind=Kind(fields["kind"]),
            step=fields["step"],
            data=fields["data"],
            late=fields["late"],
            previous=fields["previous"],
            hash=fields["hash"] if hash_ is None else hash_,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise JournalError(
            f"The log holds an entry that cannot be understood: {error!r}.",
            "It was altered, or written by a newer version; export it with the version that wrote it.",
        ) from error


def unseal(sealed: Sealed) -> Entry:
    """Return the entry that a store keeps. Its hash is taken as kept; `verify` is what checks it."""
    try:
        fields = json.loads(sealed.body)
    except ValueError as error:
        raise JournalError(
            f"The log holds an entry that is not JSON: {error}.", "Restore the log from a copy; this one is damaged."
        ) from error
    return from_json(fields, sealed.hash)


def line(entry: Entry) -> str:
    """Return an entry as one line of canonical JSON, its hash included. No line end."""
    return rfc8785.dumps(to_json(entry)).decode()


def sealed_lines(lines: Iterable[str]) -> Iterator[Sealed]:
    """Take lines that `line` wrote (an exported log) apart again, for `verify`. What is no entry stays as it is."""
    for text in lines:
        try:
            fields = json.loads(text)
            yield Sealed(rfc8785.dumps({k: v for k, v in fields.items() if k != "hash"}), str(fields.get("hash", "")))
        except (ValueError, AttributeError):
            yield Sealed(text.encode("utf-8", "replace"), "")


def verify(entries: Iterable[Sealed], head: str = "") -> list[Break]:
    """Check a whole chain and return every place where it does not hold; empty if it holds.

    Each body is canonicalised and hashed anew, sequences must be without a gap, and each entry must name the hash
    before it. With `head`, the hash that was noted down at stand-down, a log that was cut off at its end is found too.
    """
    breaks: list[Break] = []
    previous, run = START, ""
    for place, sealed in enumerate(entries, 1):
        fields = _fields(sealed.body)
        if fields is None:
            breaks.append(Break(place, "This is not an entry in canonical JSON."))
            previous = Link(previous.sequence + 1, sealed.hash)
            continue
        run = run or str(fields.get("run"))
        breaks.extend(Break(place, found) for found in _faults(sealed, fields, previous, run))
        sequence = fields.get("sequence")
        previous = Link(sequence if isinstance(sequence, int) else previous.sequence + 1, sealed.hash)
    if head and previous.hash != head:
        breaks.append(Break(previous.sequence, f'The log ends with "{previous.hash}", not with "{head}".'))
    return breaks


def _faults(sealed: Sealed, fields: dict[str, Any], previous: Link, run: str) -> Iterator[str]:
    if hashlib.sha256(rfc8785.dumps(fields)).hexdigest() != sealed.hash:
        yield "Its content is not what was sealed: the hash does not match."
    if fields.get("sequence") != previous.sequence + 1:
        yield f"It is entry {fields.get('sequence')}, where entry {previous.sequence + 1} should stand."
    if fields.get("previous") != previous.hash:
        yield "It does not follow from the entry before: the previous hash does not match."
    if fields.get("run") != run:
        yield f'It belongs to another run, "{fields.get("run")}".'


def _fields(body: bytes) -> dict[str, Any] | None:
    try:
        fields = json.loads(body)
        return fields if isinstance(fields, dict) and rfc8785.dumps(fields) == body else None
    except ValueError:
        return None


def _plain(value: Any, where: str) -> Any:
    """Return `value` in the types that reading it back gives, so that an entry is the same written and read."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, int) and abs(value) <= _GREATEST:
        return int(value)
    if isinstance(value, Mapping):
        return {_text(str(key)): _plain(item, f"{where}.{key}") for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, f"{where}.{place}") for place, item in enumerate(value)]
    raise JournalError(
        f'The log cannot hold "{value!r}" ({type(value).__name__}) in {where}.',
        "Write it as text; this is a fault in runbook.",
    )


def _text(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return str(text)
