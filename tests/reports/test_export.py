"""The three exports: each by itself, and all of them in agreement with the log."""

import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from runbook.journal import chain
from runbook.model.entries import Entry, Fact, Kind
from runbook.model.plan import short
from runbook.model.text import one_line
from runbook.model.times import unstamp
from runbook.reports.export import COLUMNS, LONGEST_CELL, canonical, export
from runbook.reports.markdown import escaped
from support.sealed_log import Told, every_kind, seal, started
from support.terminal_plan import DATA, DUE, PAGE

TOGETHER = "Tell journalists and the public together"
BOM = "\ufeff"
STAMP = chain.Stamp(DUE, "boot", "1", "desk")


def exported(entries: tuple[Entry, ...], form: str) -> str:
    out = io.StringIO(newline="")
    export(iter(entries), form, out)
    return out.getvalue()


def rows_of(text: str) -> list[dict[str, str]]:
    assert text[0] == BOM
    return list(csv.DictReader(io.StringIO(text[1:], newline=""), strict=True))


def tables(markdown: str) -> dict[str, list[list[str]]]:
    """Return the tables of a document by the heading above them, each row as its cells' plain text."""
    found: dict[str, list[list[str]]] = {}
    heading, inline = "", None
    for token in MarkdownIt("commonmark").enable("table").parse(markdown):
        if inline == "heading_open":
            heading = _text(token)
        if token.type == "table_open":
            found[heading] = []
        elif token.type == "tr_open":
            found[heading].append([])
        elif token.type == "inline" and inline in ("td_open", "th_open"):
            found[heading][-1].append(_text(token))
        inline = token.type
    return found


def _text(token: Token) -> str:
    return "".join(
        child.content for child in token.children or () if child.type in ("text", "code_inline", "text_special")
    )


@pytest.fixture
def log(tmp_path: Path) -> tuple[Entry, ...]:
    return seal(tmp_path, every_kind())


def test_the_three_exports_agree_with_the_log_entry_by_entry(log: tuple[Entry, ...]) -> None:
    truth = [(entry.sequence, entry.kind.value, entry.hash) for entry in log]
    lines = [json.loads(line) for line in exported(log, "jsonl").splitlines()]
    assert [(line["sequence"], line["kind"], line["hash"]) for line in lines] == truth
    rows = rows_of(exported(log, "csv"))
    assert [(int(row["sequence"]), row["kind"], row["hash"]) for row in rows] == truth
    told = tables(exported(log, "markdown"))["Timeline"][1:]
    assert [(int(row[0]), row[5], row[6]) for row in told] == [(n, kind, short(hash_)) for n, kind, hash_ in truth]
    assert [row[4] for row in told if "Corrected by" not in row[4]] == [
        row["text"] for row in rows if row["sequence"] != "12"
    ]
    assert [(row[1], row[2]) for row in told] == [(row["clock"], row["t_plus"]) for row in rows]


def test_jsonl_is_what_was_sealed_and_verifies_by_itself(log: tuple[Entry, ...]) -> None:
    text = exported(log, "jsonl")
    assert text == "".join(f"{chain.line(entry)}\n" for entry in log)
    assert chain.verify(chain.sealed_lines(text.splitlines()), head=log[-1].hash) == []
    assert chain.verify(chain.sealed_lines(text.replace("4711234", "4711235").splitlines())) != []


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
values = st.recursive(
    st.none() | st.booleans() | texts | st.integers(-(2**53) + 1, 2**53 - 1),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=8,
)


@given(st.dictionaries(texts, values, max_size=4), texts)
def test_jsonl_writes_whatever_was_entered_as_rfc_8785_does(data: dict[str, object], text: str) -> None:
    entry, _ = chain.seal(chain.START, "r", Fact(Kind.NOTED, DUE, text, text, "step", data, text), STAMP)
    assert canonical(entry) == chain.line(entry)


def test_keys_beyond_the_basic_plane_stand_where_rfc_8785_puts_them() -> None:
    data = {"\ufb33": "1", "\U0001f600": "2"}
    entry, _ = chain.seal(chain.START, "r", Fact(Kind.NOTED, DUE, data=data), STAMP)
    assert canonical(entry) == chain.line(entry)
    assert list(json.loads(canonical(entry))["data"]) == ["\U0001f600", "\ufb33"]


def test_the_columns_of_the_csv_are_these_and_in_this_order(log: tuple[Entry, ...]) -> None:
    assert exported(log, "csv").split("\r\n")[0] == (
        f"{BOM}sequence,at,recorded_at,clock,t_plus,actor,role,step,kind,text,data,late,previous,hash"
    )
    assert len(COLUMNS) == 14


def test_the_csv_holds_everything_that_was_sealed(tmp_path: Path) -> None:
    log = seal(tmp_path, [started(), Told(60, Kind.NOTED, {"text": 'a,b\n"c"'}, late="busy")])
    for row, entry in zip(rows_of(exported(log, "csv")), log, strict=True):
        assert unstamp(row["at"]) == entry.at
        assert unstamp(row["recorded_at"]) == entry.recorded_at
        plan = {"plan": "the plan is in the JSONL export"} if entry.kind is Kind.STARTED else {}
        assert json.loads(row["data"]) == {**entry.data, **plan}
        assert (row["actor"], row["role"], row["step"], row["late"]) == (
            entry.actor,
            entry.role,
            entry.step,
            entry.late,
        )
        assert row["previous"] == entry.previous


@pytest.mark.parametrize("character", ["x", "\U0001f600", '"'])
def test_no_cell_of_the_csv_is_longer_than_a_spreadsheet_keeps(tmp_path: Path, character: str) -> None:
    long = character * (LONGEST_CELL + 1)
    log = seal(tmp_path, [started(), Told(60, Kind.NOTED, {"text": long}, actor=f"={long}")])
    rows = rows_of(exported(log, "csv"))
    assert all(len(cell.encode("utf-16-le")) // 2 <= LONGEST_CELL for row in rows for cell in row.values())
    assert [(row["kind"], row["hash"]) for row in rows] == [(entry.kind.value, entry.hash) for entry in log]
    assert json.loads(rows[1]["data"]) == {"left out": "what does not fit in a cell is in the JSONL export"}
    assert rows[1]["text"].endswith("… (all of it is in the JSONL export)")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d"])
def test_no_cell_of_the_csv_is_a_formula(tmp_path: Path, start: str) -> None:
    evil = f'{start}HYPERLINK("https://example.org")'
    log = seal(tmp_path, [Told(0, Kind.NOTED, {"text": "x"}, actor=evil, role=evil, step=evil, late=evil)])
    [row] = rows_of(exported(log, "csv"))
    assert (row["actor"], row["role"], row["step"], row["late"]) == (f"'{evil}",) * 4
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d")) for cell in row.values())


def run_of(folder: Path, *told: Told, **first: object) -> str:
    return exported(seal(folder, [started(**first), *told]), "markdown")


def test_the_document_begins_with_what_was_run_and_whether_it_was_real(log: tuple[Entry, ...]) -> None:
    text = exported(log, "markdown")
    assert text.startswith("# Action log: GOV.UK publication failure\n")
    head = {row[0]: row[1] for row in tables(text)["Action log: GOV.UK publication failure"][1:]}
    assert head == {
        "Status": "ACTUAL",
        "Playbook": "GOV.UK publication failure (gov-uk-failure)",
        "Release": "Malpractice for GCSE and A level: summer 2017 exam series, Official statistics, Example Office",
        "Address": "https://www.example.org/statistics/malpractice",
        "Due": "Fri 5 January 2018 09:30:00 GMT",
        "Run": "gcse-malpractice-1",
        "Started": "Fri 5 January 2018 09:32:10 GMT",
        "Stood down": "Fri 5 January 2018 09:40:00 GMT",
        "Enquiries received": "1",
    }


def test_an_exercise_cannot_be_taken_for_the_real_thing(tmp_path: Path) -> None:
    text = run_of(tmp_path, status="exercise", simulated=True)
    assert "EXERCISE EXERCISE EXERCISE" in text
    assert "ACTUAL" not in text
    assert "The time in this exercise is simulated." in text
    assert "| Stood down | not yet |" in text


def test_objectives_stand_with_their_limit_and_whether_they_were_met(log: tuple[Entry, ...]) -> None:
    assert tables(exported(log, "markdown"))["Objectives"][1:] == [
        ["Fault reported", "5 min", "3 min 51 s", "met"],
        ["Cleared", "", "4 min 19 s", ""],
        ["Every document public", "15 min", "not measured", "not met"],
        ["E-mail and post in step", "1 s", "0.04 s", "met"],
    ]


def test_a_milestone_that_was_reached_in_part_says_what_was_left_out(tmp_path: Path) -> None:
    text = run_of(
        tmp_path,
        Told(500, Kind.LEFT_OUT, DATA[Kind.LEFT_OUT], "announce"),
        Told(510, Kind.DONE, {"by": "machine"}, "announce"),
    )
    row = ["Journalists and public told", "", "8 min 30 s", "left out: Post"]
    assert row in tables(text)["Objectives"][1:]


def test_everybody_who_held_a_role_is_listed_with_the_time(tmp_path: Path) -> None:
    lead = {"role": "lead", "name": "Duty press manager", "deputy": False}
    text = run_of(
        tmp_path,
        Told(140, Kind.ON, lead),
        Told(900, Kind.ON, lead | {"name": "Head of news", "deputy": True, "reason": "shift ends"}),
    )
    assert tables(text)["Who held which role"][1:] == [
        ["Incident lead", "Duty press manager", "", "09:32:20"],
        ["Incident lead", "Head of news", "deputy", "09:45:00"],
    ]


def test_messages_stand_with_their_outcome_and_the_proof_and_without_addresses_of_people(tmp_path: Path) -> None:
    post = {"message": "announce.post", "key": "k2", "channel": "x", "recipients": 0}
    page = {"message": "announce.page", "key": "k3", "channel": "alternate-site", "recipients": 0}
    receipt = {"receipt": {"id": "94", "address": "https://x.com/example/status/94_1"}, "recipients": {}}
    text = run_of(
        tmp_path,
        Told(560, Kind.INTENT, DATA[Kind.INTENT], "announce"),
        Told(560, Kind.INTENT, DATA[Kind.INTENT] | post, "announce"),
        Told(561, Kind.OUTCOME, DATA[Kind.OUTCOME], "announce"),
        Told(561, Kind.OUTCOME, DATA[Kind.OUTCOME] | post | receipt, "announce"),
        Told(562, Kind.INTENT, DATA[Kind.INTENT] | page, "announce"),
        Told(570, Kind.WITHDRAWN, DATA[Kind.WITHDRAWN] | {"key": "k2"}, "announce"),
        Told(580, Kind.INTENT, DATA[Kind.INTENT] | post | {"key": "k4", "correction": True}, "announce"),
    )
    assert tables(text)["Messages"][1:] == [
        ["Journalists", TOGETHER, "press-email", "09:39:21", "sent, 2 of its addresses not", "4XyZ"],
        ["Post", TOGETHER, "x", "09:39:21", "sent, withdrawn since", "https://x.com/example/status/94_1; 94"],
        ["Page", TOGETHER, "alternate-site", "09:39:22", "unknown", ""],
        ["Correction of Post", TOGETHER, "x", "09:39:40", "unknown", ""],
    ]
    assert "gone@example.org" not in text
    assert "journalist0@example.org" not in text


def test_a_message_that_was_left_out_is_listed_with_the_reason(tmp_path: Path) -> None:
    text = run_of(tmp_path, Told(500, Kind.LEFT_OUT, DATA[Kind.LEFT_OUT], "announce"))
    assert tables(text)["Messages"][1:] == [["Post", TOGETHER, "x", "", "left out: X is down", ""]]


def test_what_was_corrected_says_by_which_entry(tmp_path: Path) -> None:
    text = run_of(
        tmp_path,
        Told(60, Kind.NOTED, {"text": "Called at 09:30."}),
        Told(90, Kind.CORRECTED, {"entry": 2, "text": "Called at 09:31."}),
    )
    assert tables(text)["Timeline"][2][4] == "Note: Called at 09:30. [Corrected by entry 3.]"


def test_the_document_ends_with_the_seal(log: tuple[Entry, ...]) -> None:
    end = exported(log, "markdown").rpartition("## Log seal")[2]
    assert f"`{log[-1].hash}`" in end
    assert f"number {len(log)}" in end


def test_nothing_that_somebody_wrote_is_markup(tmp_path: Path) -> None:
    evil = (
        "a | b\n| c | <script>alert(1)</script> [x](javascript:y) **bold** `code` ![i](https://e.org/p) ~~no~~ &lt; \\"
    )
    text = run_of(tmp_path, Told(60, Kind.NOTED, {"text": evil}, actor=evil, role=""))
    shown = tables(text)["Timeline"][2]
    assert len(shown) == 7
    assert shown[4] == f"Note: {' '.join(evil.split())}"
    html = MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(text)
    assert set(re.findall(r"<(\w+)", html)) <= {
        *("h1", "h2", "p", "table", "thead", "tbody", "tr", "th", "td", "strong", "code", "a")
    }
    assert re.findall(r'href="([^"]*)"', html) == [
        "https://www.example.org/statistics/malpractice",
        *("https://e.org/p", "https://e.org/p"),
    ]
    assert html.count("<strong>") == html.count("<strong>ACTUAL")


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_a_text_is_shown_in_a_table_as_it_is(text: str) -> None:
    cell = escaped(text)
    assert "\n" not in cell
    [[_], [shown]] = tables(f"# x\n\n| a |\n| --- |\n| {cell} |\n")["x"]
    assert shown.split() == one_line(text).split()


def test_addresses_are_links_with_every_character_of_theirs() -> None:
    html = MarkdownIt("commonmark").renderInline(escaped(f"See {PAGE}a_b_c*d?x=1&y=2. Then (https://e.org/x)!"))
    assert f'href="{PAGE}a_b_c*d?x=1&amp;y=2"' in html
    assert 'href="https://e.org/x"' in html


def test_an_empty_log_is_exported_as_such() -> None:
    assert exported((), "jsonl") == ""
    assert exported((), "csv") == BOM + ",".join(COLUMNS) + "\r\n"
    assert exported((), "markdown") == "The log is empty.\n"


def test_a_log_without_a_plan_is_exported_all_the_same(tmp_path: Path) -> None:
    log = seal(tmp_path, [Told(0, Kind.NOTED, {"text": "hello"})])
    text = exported(log, "markdown")
    assert "The log does not begin with a plan." in text
    assert tables(text)["Timeline"][1][4] == "Note: hello"


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_lines_are_written_while_the_log_is_read(log: tuple[Entry, ...], form: str) -> None:
    out = io.StringIO(newline="")
    sizes: list[int] = []

    def one_by_one() -> Iterator[Entry]:
        for entry in log:
            sizes.append(len(out.getvalue()))
            yield entry

    export(one_by_one(), form, out)
    assert sorted(set(sizes)) == sizes
    assert len(sizes) == len(log)


def test_another_form_is_refused() -> None:
    with pytest.raises(KeyError, match="pdf"):
        export([], "pdf", io.StringIO())
