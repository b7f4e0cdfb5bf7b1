"""The chain: canonical as RFC 8785 says, the same written and read, and broken by whatever alters it."""

import hashlib
import json
import struct
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from runbook.clock import SimulatedClock
from runbook.errors import JournalError
from runbook.journal import chain
from runbook.model.entries import Entry, Fact, Kind

NOON = datetime(2018, 1, 5, 12, 0, 0, 123456, tzinfo=UTC)
STAMP = chain.Stamp(NOON + timedelta(seconds=1), "boot", "1234567890123456789", "desk-1")

# RFC 8785, appendix B: IEEE 754 bits and their canonical form.
NUMBERS = {
    "0000000000000000": "0",
    "8000000000000000": "0",
    "0000000000000001": "5e-324",
    "8000000000000001": "-5e-324",
    "7fefffffffffffff": "1.7976931348623157e+308",
    "ffefffffffffffff": "-1.7976931348623157e+308",
    "4340000000000000": "9007199254740992",
    "c340000000000000": "-9007199254740992",
    "4430000000000000": "295147905179352830000",
    "44b52d02c7e14af5": "9.999999999999997e+22",
    "44b52d02c7e14af6": "1e+23",
    "44b52d02c7e14af7": "1.0000000000000001e+23",
    "444b1ae4d6e2ef4e": "999999999999999700000",
    "444b1ae4d6e2ef4f": "999999999999999900000",
    "444b1ae4d6e2ef50": "1e+21",
    "3eb0c6f7a0b5ed8c": "9.999999999999997e-7",
    "3eb0c6f7a0b5ed8d": "0.000001",
    "41b3de4355555553": "333333333.3333332",
    "41b3de4355555554": "333333333.33333325",
    "41b3de4355555555": "333333333.3333333",
    "41b3de4355555556": "333333333.3333334",
    "41b3de4355555557": "333333333.33333343",
    "becbf647612f3696": "-0.0000033333333333333333",
    "43143ff3c1cb0959": "1424953923781206.2",
}


@pytest.mark.parametrize(("bits", "text"), NUMBERS.items())
def test_numbers_are_written_as_in_rfc_8785_appendix_b(bits: str, text: str) -> None:
    (number,) = struct.unpack(">d", bytes.fromhex(bits))
    assert rfc8785.dumps(number) == text.encode()


@pytest.mark.parametrize("bits", ["7fffffffffffffff", "7ff0000000000000"])
def test_what_is_no_number_is_refused_as_in_rfc_8785_appendix_b(bits: str) -> None:
    (number,) = struct.unpack(">d", bytes.fromhex(bits))
    with pytest.raises(ValueError, match="not representable"):
        rfc8785.dumps(number)


def test_the_sample_of_rfc_8785_section_3_2_2_has_the_bytes_of_section_3_2_4() -> None:
    sample = json.loads(
        r"""{
          "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
          "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
          "literals": [null, true, false]
        }"""
    )
    assert rfc8785.dumps(sample) == bytes.fromhex(
        """7b 22 6c 69 74 65 72 61 6c 73 22 3a 5b 6e 75 6c 6c 2c 74 72
           75 65 2c 66 61 6c 73 65 5d 2c 22 6e 75 6d 62 65 72 73 22 3a
           5b 33 33 33 33 33 33 33 33 33 2e 33 33 33 33 33 33 33 2c 31
           65 2b 33 30 2c 34 2e 35 2c 30 2e 30 30 32 2c 31 65 2d 32 37
           5d 2c 22 73 74 72 69 6e 67 22 3a 22 e2 82 ac 24 5c 75 30 30
           30 66 5c 6e 41 27 42 5c 22 5c 5c 5c 5c 5c 22 2f 22 7d"""
    )


def test_keys_are_in_the_order_of_rfc_8785_section_3_2_3() -> None:
    names = {
        "\u20ac": "Euro Sign",
        "\r": "Carriage Return",
        "\ufb33": "Hebrew Letter Dalet With Dagesh",
        "1": "One",
        "\U0001f600": "Emoji: Grinning Face",
        "\u0080": "Control",
        "\u00f6": "Latin Small Letter O With Diaeresis",
    }
    assert list(json.loads(rfc8785.dumps(names)).values()) == [
        "Carriage Return",
        "One",
        "Control",
        "Latin Small Letter O With Diaeresis",
        "Euro Sign",
        "Emoji: Grinning Face",
        "Hebrew Letter Dalet With Dagesh",
    ]


def seal_all(*facts: Fact) -> list[tuple[Entry, chain.Sealed]]:
    """Seal facts one after the other, as a store does."""
    sealed, last = [], chain.START
    for fact in facts:
        entry, body = chain.seal(last, "run-1", fact, STAMP)
        sealed.append((entry, chain.Sealed(body, entry.hash)))
        last = chain.Link(entry.sequence, entry.hash)
    return sealed


def note(text: str) -> Fact:
    return Fact(Kind.NOTED, NOON, "Digital officer", "comms", data={"text": text})


def stored(count: int = 4) -> list[chain.Sealed]:
    return [sealed for _, sealed in seal_all(*(note(f"note {n}") for n in range(count)))]


def test_the_hash_covers_every_field_but_itself_in_canonical_form() -> None:
    [(entry, sealed)] = seal_all(note("hello"))
    everything = chain.to_json(entry)
    assert everything.pop("hash") == hashlib.sha256(rfc8785.dumps(everything)).hexdigest() == entry.hash
    assert sealed.body == rfc8785.dumps(everything)
    assert set(everything) | {"hash"} == set(Entry.__slots__)


def test_each_entry_follows_from_the_one_before() -> None:
    (first, _), (second, _) = seal_all(note("one"), note("two"))
    assert (first.sequence, second.sequence) == (1, 2)
    assert first.previous == "0" * 64
    assert second.previous == first.hash


def test_an_entry_is_the_same_when_it_is_read_back() -> None:
    fact = Fact(
        Kind.OUTCOME,
        NOON,
        "runbook",
        step="announce",
        data=MappingProxyType({"kind": Kind.DONE, "list": ("a", 1, None, True), "deep": MappingProxyType({"x": []})}),
        late="the telephone rang",
    )
    [(entry, sealed)] = seal_all(fact)
    assert chain.unseal(sealed) == entry
    assert chain.from_json(json.loads(chain.line(entry))) == entry
    assert entry.data == {"kind": "done", "list": ["a", 1, None, True], "deep": {"x": []}}
    assert entry.at == NOON
    assert entry.late == "the telephone rang"


texts = st.text(st.characters(), max_size=20)
values = st.recursive(
    st.none() | st.booleans() | texts | st.integers(-(2**53) + 1, 2**53 - 1),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(texts, values, max_size=4), texts)
def test_whatever_was_typed_can_be_entered_read_back_and_verified(data: dict[str, object], actor: str) -> None:
    [(entry, sealed)] = seal_all(Fact(Kind.NOTED, NOON, actor, data=data))
    assert chain.unseal(sealed) == entry
    assert chain.verify([sealed]) == []
    assert chain.verify(chain.sealed_lines([chain.line(entry)])) == []


def test_text_of_another_encoding_is_kept_with_a_mark_in_its_place() -> None:
    typed = b"caf\xe9 closed".decode("utf-8", "surrogateescape")
    [(entry, sealed)] = seal_all(note(typed))
    assert entry.data["text"] == "caf\ufffd closed"
    assert chain.verify([sealed]) == []


@pytest.mark.parametrize("value", [2**53, -(2**53), 0.5, float("nan"), {1, 2}, b"bytes", NOON])
def test_what_the_log_cannot_hold_is_refused_by_name(value: object) -> None:
    with pytest.raises(JournalError, match=r"data\.inner\.0"):
        chain.seal(chain.START, "run-1", Fact(Kind.NOTED, NOON, data={"inner": [value]}), STAMP)


def test_a_stamp_is_taken_from_the_clock_that_is_handed_in() -> None:
    clock = SimulatedClock(NOON)
    clock.sleep(1.5)
    stamp = chain.take_stamp(clock)
    assert stamp.recorded_at == NOON + timedelta(seconds=1.5)
    assert stamp.monotonic == "1500000000"
    assert stamp.boot == chain.take_stamp(clock).boot != ""


def test_a_whole_chain_holds() -> None:
    entries = stored()
    assert chain.verify(entries) == []
    assert chain.verify(entries, head=entries[-1].hash) == []
    assert chain.verify([]) == []


def test_an_altered_entry_is_found_at_its_place() -> None:
    entries = stored()
    entries[1] = chain.Sealed(entries[1].body.replace(b"note 1", b"note X"), entries[1].hash)
    assert [(b.place, "not what was sealed" in b.found) for b in chain.verify(entries)] == [(2, True)]


def test_an_entry_that_was_altered_and_sealed_again_no_longer_leads_to_the_next() -> None:
    entries = stored()
    body = entries[1].body.replace(b"note 1", b"note X")
    entries[1] = chain.Sealed(body, hashlib.sha256(body).hexdigest())
    assert [(b.place, "previous hash" in b.found) for b in chain.verify(entries)] == [(3, True)]


def test_an_entry_that_was_taken_out_leaves_a_gap() -> None:
    entries = stored()
    del entries[1]
    found = [b.found for b in chain.verify(entries)]
    assert found == [
        "It is entry 3, where entry 2 should stand.",
        "It does not follow from the entry before: the previous hash does not match.",
    ]


def test_entries_that_changed_places_are_found() -> None:
    entries = stored()
    entries[1], entries[2] = entries[2], entries[1]
    assert {b.place for b in chain.verify(entries)} == {2, 3, 4}


def test_a_log_that_was_cut_off_is_found_by_the_hash_noted_down() -> None:
    entries = stored()
    [cut] = chain.verify(entries[:-1], head=entries[-1].hash)
    assert cut.place == 3
    assert "The log ends with" in cut.found


def test_an_entry_of_another_run_is_found() -> None:
    entries = stored(1)
    other, body = chain.seal(chain.Link(1, entries[0].hash), "run-2", note("x"), STAMP)
    [found] = chain.verify([*entries, chain.Sealed(body, other.hash)])
    assert "another run" in found.found


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"b":1, "a":2}', b"\xff"])
def test_bytes_that_are_no_entry_are_a_break_not_a_crash(body: bytes) -> None:
    assert [b.place for b in chain.verify([chain.Sealed(body, "x")])] == [1]


def test_an_exported_line_that_was_altered_is_found() -> None:
    lines = [chain.line(entry) for entry, _ in seal_all(note("one"), note("two"))]
    assert chain.verify(chain.sealed_lines(lines)) == []
    assert chain.verify(chain.sealed_lines([lines[0], lines[1].replace("two", "2")])) != []
    assert chain.verify(chain.sealed_lines([lines[0], "no JSON"])) != []


@pytest.mark.parametrize("body", [b"{", b"{}", b"\xff"])
def test_a_damaged_entry_is_refused_in_words_when_it_is_read(body: bytes) -> None:
    with pytest.raises(JournalError, match=r"The log holds an entry that"):
        chain.unseal(chain.Sealed(body, "x"))


def test_an_entry_of_an_unknown_kind_is_refused_in_words() -> None:
    [(entry, _)] = seal_all(note("x"))
    with pytest.raises(JournalError, match="cannot be understood") as raised:
        chain.from_json(chain.to_json(entry) | {"kind": "sung"})
    assert "sung" in raised.value.message
