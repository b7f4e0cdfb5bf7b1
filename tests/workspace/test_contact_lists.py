"""Contact lists as people and Excel save them."""

import codecs
from datetime import date

import pytest

from runbook.errors import Unavailable
from runbook.model.problem import Severity
from runbook.workspace.addresses import NotAnAddress, checked_address
from runbook.workspace.contacts import convert, read_list, read_lists

GOOD = "name,address,outlet,group,verified_on\nNews desk,news@example.org,Example News,agency,2017-12-01\n"


@pytest.fixture
def written(tmp_path):
    """Write a list into a workspace's contacts/ and read it."""
    (tmp_path / "runbook.toml").write_text("")
    (tmp_path / "contacts").mkdir()

    def write(content):
        path = tmp_path / "contacts" / "journalists.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_list(path, "journalists")

    return write


def codes(contacts):
    return [(p.code, p.where.line, p.where.column) for p in contacts.problems]


def test_a_plain_list_is_read_whole(written):
    found = written(GOOD)
    assert found.problems == ()
    assert found.file == "contacts/journalists.csv"
    contact = found.contacts[0]
    assert (contact.name, contact.address, contact.outlet) == ("News desk", "news@example.org", "Example News")
    assert (contact.group, contact.verified_on, contact.line) == ("agency", date(2017, 12, 1), 2)
    assert found.addresses == ("news@example.org",)
    assert found.read_as == ""


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_any_line_ending_is_read_and_the_lines_are_counted(written, ending):
    found = written((GOOD + "Desk,wrong,,,\n").replace("\n", ending))
    assert len(found.contacts) == 1
    assert codes(found) == [("malformed-address", 3, 6)]


@pytest.mark.parametrize(
    ("encoding", "bom", "delimiter", "told"),
    [
        ("utf-8", codecs.BOM_UTF8, ",", ""),
        ("cp1252", b"", ";", "cp1252 with semicolons"),
        ("utf-8", b"", ";", "utf-8 with semicolons"),
        ("utf-8", codecs.BOM_UTF8, "\t", "utf-8-sig with tabs"),
        ("utf-16-le", codecs.BOM_UTF16_LE, "\t", "utf-16 with tabs"),
    ],
)
def test_what_excel_saves_is_read_and_what_it_was_is_told(written, encoding, bom, delimiter, told):
    text = "Name;E-Mail;Verified On\r\nCafé desk “one”;desk@example.org;01/12/2017\r\n".replace(";", delimiter)
    found = written(bom + text.encode(encoding))
    assert found.problems == ()
    assert found.contacts[0].name == "Café desk “one”"
    assert found.contacts[0].verified_on == date(2017, 12, 1)
    assert found.read_as == told


def test_a_list_that_names_its_delimiter_keeps_its_line_numbers(written):
    found = written("sep=;\r\nname;address\r\nDesk;desk@example.org\r\nDesk;nobody\r\n")
    assert found.addresses == ("desk@example.org",)
    assert codes(found) == [("malformed-address", 4, 6)]


def test_conversion_keeps_every_row_as_utf8_with_commas(tmp_path):
    path = tmp_path / "list.csv"
    path.write_bytes("name;address\r\nCafé, news;a@example.org\r\n\r\nBad;no address\r\n".encode("cp1252"))
    assert convert(path).decode("utf-8") == 'name,address\n"Café, news",a@example.org\nBad,no address\n'
    path.write_bytes(convert(path))
    assert read_list(path, "list").read_as == ""


def test_conversion_of_what_is_no_text_says_so(tmp_path):
    path = tmp_path / "list.csv"
    path.write_bytes(b"name,address\n\x81\xff,a@example.org\n")
    with pytest.raises(Unavailable, match="neither UTF-8 nor cp1252"):
        convert(path)


def test_bad_rows_are_each_named_and_the_good_ones_are_read(written):
    found = written(
        "name,address\n"
        "One,one@example.org\n"
        "Two,two@@example.org\n"
        "Three,Desk <three@example.org>\n"
        "Four,\n"
        "\n"
        "Five,ONE@Example.org\n"
        "Six,six\x00@example.org\n"
        "Seven, with a comma,seven@example.org\n"
        "Eight,eight@example.org\n"
    )
    assert found.addresses == ("one@example.org", "eight@example.org")
    assert codes(found) == [
        ("malformed-address", 3, 5),
        ("malformed-address", 4, 7),
        ("no-address", 5, 1),
        ("duplicate-address", 7, 6),
        ("control-character", 8, 5),
        ("cells", 9, 8),
    ]
    assert all(p.severity is Severity.UNREADY and p.settle for p in found.problems)
    assert found.problems[0].settle == "Go on without this address."
    assert '"two@@example.org"' in found.problems[0].found
    assert "line 2" in found.problems[3].found


def test_an_invisible_character_in_an_address_is_found(written):
    found = written("name,address\nDesk,desk\u200b@example.org\n")
    assert codes(found) == [("control-character", 2, 6)]
    assert "U+200B" in found.problems[0].found


def test_a_date_that_is_none_leaves_the_address_unverified(written):
    found = written("address,verified_on\na@example.org,last year\n")
    assert found.contacts[0].verified_on is None
    assert codes(found) == [("date", 2, 15)]


def test_a_missing_column_stops_and_the_one_that_was_meant_is_named(written):
    found = written("name,adress\nDesk,desk@example.org\n")
    assert found.contacts == ()
    assert codes(found) == [("missing-column", 1, 1)]
    assert found.problems[0].severity is Severity.STOPS
    assert '"adress"' in found.problems[0].remedy


def test_a_misspelt_optional_column_is_told(written):
    found = written("address,verifed_on,telephone\ndesk@example.org,2017-12-01,1\n")
    assert codes(found) == [("unknown-column", 1, 9)]
    assert '"verified_on"' in found.problems[0].remedy


@pytest.mark.parametrize("content", ["", "name,address\n", "\n\n", "\ufeff"])
def test_an_empty_list_is_told(written, content):
    assert [p.code for p in written(content).problems] == ["empty-list"]


def test_neither_utf8_nor_cp1252_stops_at_its_line(written):
    found = written(b"name,address\nOne,one@example.org\n\x81\x8d,two@example.org\n")
    assert codes(found) == [("encoding", 3, 1)]
    assert found.problems[0].severity is Severity.STOPS


def test_a_quotation_mark_left_open_loses_no_problem(written):
    found = written('name,address\n"Desk,desk@example.org\nTwo,two@example.org\n')
    assert found.contacts == ()
    assert [(p.code, p.where.line) for p in found.problems] == [("control-character", 2)]


def test_a_cell_larger_than_the_table_reader_takes_stops(written):
    found = written("name,address\n" + "x" * 200_000 + ",desk@example.org\n")
    assert [p.code for p in found.problems] == ["table"]


def test_every_list_of_a_workspace_is_read_by_name(tmp_path):
    assert read_lists(tmp_path) == {}
    (tmp_path / "contacts").mkdir()
    for name in ("regional", "journalists"):
        (tmp_path / "contacts" / f"{name}.csv").write_text(GOOD)
    (tmp_path / "contacts" / "notes.txt").write_text("not a list")
    lists = read_lists(tmp_path)
    assert list(lists) == ["journalists", "regional"]
    assert all(len(found.contacts) == 1 for found in lists.values())


def test_a_list_that_is_a_folder_is_a_problem_and_no_traceback(tmp_path):
    (tmp_path / "contacts" / "odd.csv").mkdir(parents=True)
    assert [p.code for p in read_lists(tmp_path)["odd"].problems] == ["unreadable"]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("a@example.org", "a@example.org"),
        ("A.b+c@EXAMPLE.org", "A.b+c@example.org"),
        ("a@rig.test", "a@rig.test"),
        ("a@localhost", "a@localhost"),
        ("a@bücher.example", "a@xn--bcher-kva.example"),
    ],
)
def test_addresses_that_a_message_can_be_sent_to(text, address):
    assert checked_address(text) == address


@pytest.mark.parametrize(
    "text",
    ["", "a", "a@", "@example.org", "a@example", "a b@example.org", "a@b..org", "ä@example.org", "a@[127.0.0.1]"],
)
def test_texts_that_are_no_address(text):
    with pytest.raises(NotAnAddress) as refused:
        checked_address(text)
    assert str(refused.value)


@pytest.mark.parametrize(
    ("delimiter", "several", "one"), [(",", "commas", "a comma"), (";", "semicolons", "a semicolon")]
)
def test_a_heading_with_a_column_too_few_is_one_problem(written, delimiter, several, one):
    rows = "name,address\nAnn,Desk,ann@example.org\nBea,Desk,bea@example.org\n".replace(",", delimiter)
    found = written(rows)
    assert codes(found) == [("heading", 1, 1)]
    [problem] = found.problems
    assert problem.found == f"Every row has 3 cells or more, read with {several} between them, and the heading has 2."
    assert f"cells that have {one} in them" in problem.remedy


def test_one_cell_too_many_names_the_delimiter_that_is_there(written):
    found = written("name;address\nDesk; of two;a@example.org\nDesk;b@example.org\n")
    assert found.addresses == ("b@example.org",)
    assert [problem.remedy for problem in found.problems] == ["Put a name with a semicolon in it into quotes."]
