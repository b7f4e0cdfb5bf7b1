"""Releases: what their file says, and what lies on the disk."""

import hashlib
import sys

import pytest

from runbook.loader.assets import documents
from runbook.loader.release import load_release
from runbook.model.problem import Severity
from support.small_files import SMALL_RELEASE, place_of, spoilt


@pytest.fixture
def folder(tmp_path):
    """A release folder with its one document."""
    (tmp_path / "report.pdf").write_bytes(b"report")
    (tmp_path / "release.yaml").write_text(SMALL_RELEASE)
    return tmp_path


def load(folder, *changes):
    text = SMALL_RELEASE
    for old, new in changes:
        text = spoilt(text, old, new)
    (folder / "release.yaml").write_text(text)
    return load_release(folder / "release.yaml"), text


def codes(problems):
    return [problem.code for problem in problems]


def another(**keys):
    """A second asset, to be put before the first."""
    values = {"id": "notes", "file": "notes.pdf", "title": "Notes", "kind": "background", "size": 1, "sha256": "0" * 64}
    values |= keys
    item = ", ".join(f"{key}: {value}" if key == "size" else f'{key}: "{value}"' for key, value in values.items())
    return ("assets:\n", f"assets:\n  - {{{item}}}\n")


def test_a_right_release_and_its_document(folder):
    loaded = load_release(folder / "release.yaml")
    assert loaded.problems == ()
    assert loaded.required().due.isoformat() == "2026-11-02T09:30:00+00:00"
    (document,), problems = documents(loaded)
    assert problems == ()
    assert (document.id, document.name, document.size) == ("report", "report.pdf", 6)
    assert document.sha256 == hashlib.sha256(b"report").hexdigest()
    assert document.path == str((folder / "report.pdf").resolve())


@pytest.mark.parametrize(
    ("old", "new", "code", "at", "found", "remedy"),
    [
        ('time: "09:30"', "time: 9:30", "bare-time", "9:30", "570", '"09:30"'),
        ('time: "09:30"', 'time: "9:30"', "wrong-value", "time", '"9:30"', "two digits"),
        ('time: "09:30"', 'time: "29:30"', "no-such-time", "time", '"29:30"', "23:59"),
        ("zone: Europe/London", "zone: Europe/Lundon", "unknown-zone", "zone", '"Europe/Lundon"', '"Europe/London"'),
        ("zone: Europe/London", "zone: Europe", "unknown-zone", "zone", '"Europe"', "Did you mean"),
        ("zone: Europe/London", "zone: ../../etc/passwd", "unknown-zone", "zone", "etc/passwd", "Europe/London"),
        ("date: 2026-11-02", "date: 02/11/2026", "wrong-value", "date", '"02/11/2026"', "2026-11-02"),
        ("url: https", "url: gopher", "wrong-value", "url", "gopher", "https://"),
        ("size: 6", "size: 6 KB", "wrong-value", "size", '"6 KB"', "digits"),
        ("size: 6", "size: 0", "wrong-value", "size", '"0"', "Correct"),
        ("kind: main", "kind: data", "no-main", "assets:", "main", "kind: main"),
        ("kind: main", "kind: mian", "wrong-value", "kind", '"mian"', '"main"'),
        ("file: report.pdf", "file: ../report.pdf", "outside", "file", '"../report.pdf"', "beside"),
        ("file: report.pdf", "file: x/../../report.pdf", "outside", "file", "out of", "beside"),
        ("file: report.pdf", "file: C:report.pdf", "outside", "file", "C:report.pdf", "beside"),
        ("file: report.pdf", "file: /etc/passwd", "wrong-value", "file", "/etc/passwd", "folder"),
        ("sha256: 845e", "sha256: 845E", "wrong-value", "sha256", "845E", "lower case"),
    ],
)  # fmt: skip
def test_one_wrong_thing_is_one_problem_at_its_place(folder, old, new, code, at, found, remedy):
    loaded, text = load(folder, (old, new))
    assert codes(loaded.problems) == [code]
    (problem,) = loaded.problems
    assert problem.where.line == place_of(text, at if at.endswith(":") else new)[0]
    assert found in problem.found
    assert remedy in problem.remedy
    assert problem.severity is Severity.STOPS
    if code == "no-such-time":
        assert loaded.value is None


@pytest.mark.parametrize(
    ("day", "clock", "words", "offsets"),
    [
        ("2026-03-29", "01:30", "does not exist", ['"01:30+00:00"', '"01:30+01:00"']),
        ("2026-10-25", "01:30", "comes twice", ['"01:30+01:00"', '"01:30+00:00"']),
    ],
)
def test_a_local_time_on_the_night_of_a_change_needs_its_offset(folder, day, clock, words, offsets):
    changes = (("date: 2026-11-02", f"date: {day}"), ('time: "09:30"', f'time: "{clock}"'))
    loaded, _ = load(folder, *changes)
    (problem,) = loaded.problems
    assert problem.code == "no-such-time"
    assert words in problem.found
    for offset in offsets:
        assert offset in problem.remedy
        again, _ = load(folder, changes[0], ('time: "09:30"', f"time: {offset}"))
        assert again.problems == ()


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_a_day_at_the_end_of_time_ends_in_problems_or_a_release(folder, day):
    clock = "00:00+01:00" if day.startswith("0") else "23:59-01:00"
    loaded, _ = load(folder, ("date: 2026-11-02", f'date: "{day}"'), ('time: "09:30"', f'time: "{clock}"'))
    assert codes(loaded.problems) == ["wrong-value"]


def test_two_assets_of_one_id_or_one_public_name_are_told(folder):
    assert codes(load(folder, another(id="report"))[0].problems) == ["duplicate-id"]
    assert codes(load(folder, another(file="more/report.pdf"))[0].problems) == ["duplicate-file"]


@pytest.mark.skipif(sys.platform == "win32", reason="links need a right of their own there")
def test_a_link_that_leads_out_of_the_folder_is_refused_and_not_read(tmp_path):
    folder = tmp_path / "release"
    folder.mkdir()
    (tmp_path / "report.pdf").write_bytes(b"report")
    (folder / "report.pdf").symlink_to(tmp_path / "report.pdf")
    loaded, _ = load(folder)
    assert codes(loaded.problems) == ["outside"]
    found, problems = documents(loaded)
    assert found == ()
    assert codes(problems) == ["no-documents"]


@pytest.mark.skipif(sys.platform == "win32", reason="links need a right of their own there")
def test_a_link_within_the_folder_is_followed_and_a_circle_of_links_is_missing(folder):
    (folder / "report.pdf").rename(folder / "real.pdf")
    (folder / "report.pdf").symlink_to("real.pdf")
    (folder / "notes.pdf").symlink_to("notes.pdf")
    loaded, _ = load(folder, another())
    assert loaded.problems == ()
    found, problems = documents(loaded)
    assert [document.id for document in found] == ["report"]
    assert codes(problems) == ["missing-asset"]


def test_a_missing_document_is_unready_and_the_others_are_there(folder):
    loaded, text = load(folder, another())
    found, (problem,) = documents(loaded)
    assert [document.id for document in found] == ["report"]
    assert (problem.code, problem.severity) == ("missing-asset", Severity.UNREADY)
    assert problem.settle == "Go on without this document."
    assert problem.where.line == place_of(text, "notes.pdf")[0]
    assert '"notes.pdf"' in problem.found


@pytest.mark.parametrize(("content", "key"), [(b"Report", "sha256"), (b"another report", "size")])
def test_a_document_that_was_saved_again_is_unready_and_given_as_it_is(folder, content, key):
    (folder / "report.pdf").write_bytes(content)
    loaded = load_release(folder / "release.yaml")
    (document,), (problem,) = documents(loaded)
    assert (problem.code, problem.severity) == ("changed-asset", Severity.UNREADY)
    assert problem.settle == "Use the file as it is now."
    assert problem.where.line == place_of(SMALL_RELEASE, f"    {key}:")[0]
    assert (document.size, document.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert document.sha256 in problem.remedy


def test_a_document_that_is_a_folder_cannot_be_read(folder):
    (folder / "report.pdf").unlink()
    (folder / "report.pdf").mkdir()
    found, problems = documents(load_release(folder / "release.yaml"))
    assert found == ()
    assert codes(problems) == ["missing-asset", "no-documents"]
    assert "cannot be read" in problems[0].found
    assert problems[1].severity is Severity.STOPS


def test_nothing_is_read_for_a_release_that_is_none(tmp_path):
    loaded = load_release(tmp_path / "release.yaml")
    assert codes(loaded.problems) == ["no-file"]
    assert documents(loaded) == ((), ())
