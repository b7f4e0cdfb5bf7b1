"""What is read of a run after it: the timeline and the three exports say the same, entry by entry."""

import csv
import io
import json
import re

import pytest

from runbook.journal import chain
from runbook.model.entries import Kind
from support.stage import PLAYBOOK, RUN, Stage

VERSION = 1
"""Of the envelope around `--json`, pinned: other programs read it."""


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    """A workspace with one whole rehearsal in it."""
    with Stage(tmp_path_factory.mktemp("exports")) as stage:
        done = stage.run("execute", PLAYBOOK, "--dry-run", "--yes")
        assert done.code == 0, done.err
        yield stage


@pytest.fixture(scope="module")
def told(stage):
    """The timeline: `runbook log RUN --json`."""
    return data_of(stage, "log", RUN)


def output(stage, *args):
    done = stage.run(*args)
    assert (done.code, done.err) == (0, "")
    return done.out


def data_of(stage, command, *args):
    envelope = json.loads(output(stage, command, *args, "--json"))
    assert envelope.keys() == {"version", "command", "data"}
    assert (envelope["version"], envelope["command"]) == (VERSION, command)
    return envelope["data"]


def rows(text):
    """The rows of the Markdown timeline, cell by cell, with nothing escaped."""
    _, _, below = text.partition("## Timeline\n")
    table = [line for line in below.partition("## Log seal")[0].splitlines() if line.startswith("| ")][2:]
    cells = [re.split(r"(?<!\\) \| ", line.removeprefix("| ").removesuffix(" |")) for line in table]
    return [[plain(cell) for cell in row] for row in cells]


def plain(cell):
    return re.sub(r"<(https?://[^>]*)>", r"\1", re.sub(r"\\(.)", r"\1", cell))


def test_the_timeline_has_every_entry_in_its_order(stage, told):
    assert [line["sequence"] for line in told] == [entry.sequence for entry in stage.entries()]
    assert [line["kind"] for line in told] == [str(entry.kind) for entry in stage.entries()]


def test_jsonl_is_the_log_itself_and_its_seal_holds(stage):
    lines = output(stage, "export", RUN, "--format", "jsonl").splitlines()
    assert list(chain.sealed_lines(lines)) == list(stage.sealed())
    assert chain.verify(chain.sealed_lines(lines), head=stage.entries()[-1].hash) == []


def test_csv_says_what_the_timeline_and_the_log_say(stage, told, tmp_path):
    file = tmp_path / "log.csv"
    assert f"{len(told)} entries" in output(stage, "export", RUN, "--format", "csv", "--out", str(file))
    found = list(csv.DictReader(io.StringIO(file.read_text("utf-8-sig"), newline="")))
    entries = stage.entries()
    assert len(found) == len(told) == len(entries)
    for row, line, entry in zip(found, told, entries, strict=True):
        assert (int(row["sequence"]), row["kind"], row["hash"]) == (entry.sequence, str(entry.kind), entry.hash)
        assert (row["clock"], row["t_plus"].lstrip("'"), row["text"]) == (line["clock"], line["t_plus"], line["text"])
        held = json.loads(row["data"])
        if entry.kind is Kind.STARTED:
            assert held.pop("plan") == "the plan is in the JSONL export"
            assert held == {key: value for key, value in entry.data.items() if key not in ("plan", "order")}
        else:
            assert held == entry.data


def test_markdown_says_what_the_timeline_says(stage, told):
    text = output(stage, "export", RUN, "--format", "markdown")
    found = rows(text)
    assert len(found) == len(told)
    for (sequence, clock, t_plus, who, what, kind, _), line in zip(found, told, strict=True):
        assert (sequence, clock, t_plus) == (str(line["sequence"]), line["clock"], line["t_plus"])
        assert (who, what, kind) == (line["who"], line["text"], line["kind"])
    assert stage.entries()[-1].hash in text
    assert "EXERCISE EXERCISE EXERCISE" in text


def test_the_readable_timeline_has_the_same_lines(stage, told):
    lines = output(stage, "log", RUN, "--all").splitlines()
    assert len(lines) == len(told)
    assert all(line["text"] in shown and line["clock"] in shown for line, shown in zip(told, lines, strict=True))


def test_the_readable_timeline_leaves_out_what_was_asked_and_answered(stage, told):
    lines = output(stage, "log", RUN).splitlines()
    assert [int(line.split()[0]) for line in lines] == [line["sequence"] for line in told if line["kind"] != "asked"]


def test_a_file_that_is_there_is_not_overwritten(stage, tmp_path):
    file = tmp_path / "kept.md"
    file.write_text("mine")
    done = stage.run("export", RUN, "--out", str(file))
    assert done.code == 2
    assert "exists already" in done.err
    assert file.read_text() == "mine"


def test_runs_and_status_agree_with_the_log(stage, told):
    [run] = data_of(stage, "runs")
    assert (run["run"], run["status"], run["playbook"]) == (RUN, "exercise", PLAYBOOK)
    assert (run["stood_down"], run["entries"]) == (True, len(told))
    status = data_of(stage, "status", RUN)
    last = stage.entries()[-1]
    assert (status["run"], status["stood_down"], status["entries"], status["head"]) == (RUN, True, len(told), last.hash)
    assert set(status["steps"].values()) <= {"done", "waiting"}
    assert {m["outcome"] for m in status["messages"]} == {"sent"}
    assert {"noticed", "reported", "main-public", "all-public", "told", "restored"} <= status["milestones"].keys()
    assert status["addresses"]["alternate"]["page"] == stage.landing_page


def test_without_a_name_the_newest_run_is_meant(stage, told):
    assert data_of(stage, "status")["run"] == RUN
    assert data_of(stage, "log") == told


def test_a_run_that_is_not_there_is_named_with_those_that_are(stage):
    done = stage.run("log", "no-such-run")
    assert done.code == 2
    assert '"no-such-run"' in done.err
    assert RUN in done.err
