"""`runbook new release FOLDER`: what can be read off the documents stands in the file, and the file can be loaded."""

import sys
from datetime import date

import pytest

from runbook.errors import Unavailable
from runbook.loader.assets import documents
from runbook.loader.describe import describe_folder
from runbook.loader.release import load_release

TODAY = date(2026, 11, 2)


def described(folder, *names):
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).write_bytes(name.encode())
    return describe_folder(folder, TODAY)


def filled_in(text):
    """Return the file as a person leaves it."""
    for key, value in (("date", "2026-11-02"), ("time", '"09:30"'), ("url", "https://example.org/it")):
        assert f"\n{key}: FILL IN " in text
        text = text.replace(f"\n{key}: FILL IN ", f"\n{key}: {value} ")
    return text.replace("FILL IN: ", "").replace("FILL IN", "Somebody")


def test_the_new_file_is_refused_until_it_is_filled_in(tmp_path):
    folder = tmp_path / "one"
    text = described(folder, "report.pdf")
    (folder / "release.yaml").write_text(text, encoding="utf-8")
    problems = load_release(folder / "release.yaml").problems
    assert {problem.code for problem in problems} == {"placeholder"}
    lines = text.splitlines()
    assert all(lines[p.where.line - 1][p.where.column - 1 :].startswith(p.found.split(":")[0]) for p in problems)
    told = [(p.where.line, p.found.split(":")[0]) for p in problems]
    assert [name for _, name in told] == [
        *("title", "status", "producer", "date", "time", "url"),
        *("name", "email", "phone", "name", "email", "phone"),
    ]
    assert problems[0].found == "title: this still says FILL IN."


def test_the_new_file_loads_once_it_is_filled_in_and_its_documents_are_right(tmp_path):
    folder = tmp_path / "Crop Estimates 2026"
    text = described(
        folder,
        "Annex - background notes.docx",
        "Tables (final).xlsx",
        "Crop report.pdf",
        ".hidden",
        "~$Tables.xlsx",
        "old.yaml",
    )
    (folder / "release.yaml").write_text(filled_in(text), encoding="utf-8")
    loaded = load_release(folder / "release.yaml")
    assert loaded.problems == ()
    release = loaded.required()
    assert (release.id, release.title, release.date) == ("crop-estimates-2026", "Crop report", TODAY)
    assert [(asset.id, asset.kind) for asset in release.assets] == [
        ("crop-report", "main"),
        ("annex-background-notes", "background"),
        ("tables-final", "data"),
    ]
    found, problems = documents(loaded)
    assert problems == ()
    assert len(found) == 3


def test_ids_are_made_of_the_names_and_never_twice(tmp_path):
    folder = tmp_path / "2026"
    (folder / "release.yaml").parent.mkdir()
    text = described(folder, "a b.pdf", "a-b.pdf", "a_b.csv", "é.odt", "2.html", "日本.csv", 'quo"te: x.csv')
    (folder / "release.yaml").write_text(filled_in(text), encoding="utf-8")
    loaded = load_release(folder / "release.yaml")
    assert loaded.problems == ()
    ids = [asset.id for asset in loaded.required().assets]
    assert len(set(ids)) == 7
    assert {"a-b", "a-b-2", "a-b-3", "e", "document-2", "document", "quo-te-x"} == set(ids)
    assert loaded.required().id == "release-2026"


def test_a_folder_of_data_alone_has_a_main_document_too(tmp_path):
    text = described(tmp_path / "one", "b.csv", "a.ods")
    assert text.count("kind: main") == 1
    assert text.count("kind: data") == 1


def test_a_folder_without_documents_and_one_that_is_not_there_are_refused(tmp_path):
    with pytest.raises(Unavailable, match="no document"):
        described(tmp_path / "one")
    with pytest.raises(Unavailable, match="cannot be read"):
        describe_folder(tmp_path / "nowhere", TODAY)


def test_an_empty_document_is_refused(tmp_path):
    (tmp_path / "report.pdf").touch()
    with pytest.raises(Unavailable, match="is empty"):
        describe_folder(tmp_path, TODAY)


@pytest.mark.skipif(sys.platform == "win32", reason="such names cannot be there")
@pytest.mark.parametrize("name", ["a\nb.pdf", "a\\b.pdf", "a\x7fb.pdf", "a\u2028b.pdf"])
def test_a_name_that_no_release_can_hold_is_refused(tmp_path, name):
    with pytest.raises(Unavailable, match="A document has a name"):
        described(tmp_path / "one", name)
