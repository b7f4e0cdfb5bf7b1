"""A table of addresses as Excel saves it becomes a contact list, after it was shown how it was read."""

import zipfile
from pathlib import Path

import pytest

from support.commands import Home

TABLE = "Name;E-Mail;Outlet\r\nRédaction;news@example.org;Le Journal\r\nDesk;not-an-address;Herald\r\n".encode("cp1252")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    (tmp_path / "press.csv").write_bytes(TABLE)
    return Home(tmp_path)


def test_it_is_shown_before_anything_is_written(home: Home) -> None:
    done = home.runbook("new", "list", "press.csv")
    assert done.code == 0, done.err
    assert "1 address, read as cp1252 with semicolons:" in done.out
    assert "Rédaction, news@example.org, Le Journal" in done.out
    assert '"not-an-address" is not an e-mail address' in done.out
    assert "Nothing was written." in done.out
    assert [file.name for file in home.folder.iterdir()] == ["press.csv"]


def test_it_is_written_in_utf8_with_commas_and_over_nothing(home: Home) -> None:
    assert home.runbook("new", "list", "press.csv", "--write", "clean.csv").code == 0
    written = home.folder / "clean.csv"
    assert written.read_bytes().splitlines()[1] == "Rédaction,news@example.org,Le Journal".encode()
    before = written.read_bytes()
    assert home.runbook("new", "list", "press.csv", "--write", "clean.csv").code == 2
    assert written.read_bytes() == before


def test_a_file_that_is_not_there_is_refused(home: Home) -> None:
    done = home.runbook("new", "list", "nowhere.csv")
    assert (done.code, done.out) == (2, "")
    assert "There is no file nowhere.csv." in done.err


def test_a_workbook_is_refused_with_what_to_save_instead(home: Home) -> None:
    with zipfile.ZipFile(home.folder / "press.xlsx", "w") as workbook:
        workbook.writestr("xl/workbook.xml", "<workbook/>")
    done = home.runbook("new", "list", "press.xlsx", "--write", "clean.csv")
    assert (done.code, done.out) == (2, "")
    assert "This is an Excel workbook. Save it as “CSV UTF-8 (comma delimited)” first." in done.err
    assert "Nothing was written." in done.err
    assert not (home.folder / "clean.csv").exists()
