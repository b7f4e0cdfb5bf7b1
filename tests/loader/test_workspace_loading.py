"""`runbook.toml` and the lists beside it, with everything that is wrong with them."""

import pytest

from runbook.loader.toml import places
from runbook.loader.workspace import load_workspace
from runbook.model.problem import Severity
from support.small_files import place_of, spoilt

TOML = """\
[organisation]
name = "Example Statistics Office"
domain = "example.org"

[roles.lead]
holder = { name = "Duty press manager", phone = "020 7946 0001", email = "lead@example.org" }
deputies = [{ name = "Head of news", email = "news@example.org" }]

[roles.comms]

[channels.press-email]
kind = "smtp"
host = "smtp.example.org"
port = 587
password = "env:RUNBOOK_SMTP_PASSWORD"

[channels.x]
kind = "x"

[together]
line_up = false

[eye]
timeout = 10

[lists]
stale_after = "90d"
"""


@pytest.fixture
def load(tmp_path):
    def load(text=TOML, **keys):
        content = text if isinstance(text, bytes) else text.encode()
        (tmp_path / "runbook.toml").write_bytes(content)
        return load_workspace(tmp_path, **keys)

    return load


def test_a_right_workspace(load, tmp_path):
    (tmp_path / "contacts").mkdir()
    (tmp_path / "contacts" / "journalists.csv").write_text("address\na@example.org\n")
    loaded = load()
    assert loaded.problems == ()
    workspace = loaded.required()
    assert workspace.root == tmp_path
    assert workspace.shipped is False
    assert workspace.settings.organisation.zone == "Europe/London"
    assert [person.name for person in workspace.settings.roles["lead"].people] == ["Duty press manager", "Head of news"]
    assert workspace.settings.roles["comms"].people == ()
    assert workspace.settings.channels["press-email"]["port"] == 587
    assert workspace.settings.together.line_up is False
    assert workspace.lists["journalists"].addresses == ("a@example.org",)
    assert load(shipped=True).required().shipped is True


@pytest.mark.parametrize(
    ("old", "new", "code", "at", "found", "remedy"),
    [
        ("domain =", "domian =", "unknown-key", "domian", '"domian"', '"domain"'),
        ('domain = "example.org"\n', "", "missing-key", "organisation", '"domain"', "Add"),
        ('domain = "example.org"', "domain = 5", "wrong-value", "domain", '"5"', '"5"'),
        ('domain = "example.org"', 'domain = "example.org"\nzone = "Mars"', "unknown-zone", "zone", '"Mars"', "IANA"),
        ("[roles.comms]", "[roles.Comms]", "wrong-value", "roles.Comms", '"Comms"', "lower-case"),
        ("[roles.comms]", "[role.comms]", "unknown-key", "role.comms", '"role"', '"roles"'),
        ("[together]", "[togehter]", "unknown-key", "togehter", '"togehter"', '"together"'),
        ("line_up = false", "lineup = false", "unknown-key", "lineup", '"lineup"', '"line_up"'),
        ("line_up = false", "line_up = 2", "wrong-value", "line_up", '"2"', "true or false"),
        ("timeout = 10", "timeout = 0", "wrong-value", "timeout", '"0"', "Correct"),
        ("timeout = 10", "timeout = 500", "wrong-value", "timeout", "120", "Correct"),
        ('stale_after = "90d"', 'stale_after = "3 months"', "wrong-value", "stale_after", "3 months", "180d"),
        ('kind = "x"', 'kid = "x"', "wrong-value", "channels.x", "x", "kind"),
        ('kind = "x"', 'kind = ""', "wrong-value", "channels.x", "x", "kind"),
        ("[channels.x]", "[channels.X]", "wrong-value", "channels.X", '"X"', "lower-case"),
        ('holder = { name = "Duty press manager", phone', "holder = { phone", "missing-key", "holder", '"name"', "Add"),
        ('kind = "smtp"', 'kind = "smtp', "syntax", "smtp\n", "TOML", "quotation marks"),
    ],
)  # fmt: skip
def test_one_wrong_thing_is_one_problem_at_its_line(load, old, new, code, at, found, remedy):
    text = spoilt(TOML, old, new)
    loaded = load(text)
    assert [problem.code for problem in loaded.problems] == [code]
    (problem,) = loaded.problems
    assert problem.where.file == "runbook.toml"
    assert problem.where.line == place_of(text, at)[0]
    assert found in problem.found
    assert remedy in problem.remedy


def test_all_problems_of_settings_and_lists_come_together(load, tmp_path):
    (tmp_path / "contacts").mkdir()
    (tmp_path / "contacts" / "journalists.csv").write_text("address\nnobody\n")
    (tmp_path / "contacts" / "regional.csv").write_bytes(b"\x81")
    loaded = load(spoilt(spoilt(TOML, "domain =", "domian ="), 'kind = "x"', ""))
    assert [(problem.where.file, problem.code) for problem in loaded.problems] == [
        ("runbook.toml", "unknown-key"),
        ("runbook.toml", "wrong-value"),
        ("contacts/journalists.csv", "malformed-address"),
        ("contacts/regional.csv", "encoding"),
    ]


def test_somebody_with_a_bad_address_is_unready_and_has_none(load):
    text = spoilt(TOML, "lead@example.org", "lead at example.org")
    loaded = load(text)
    (problem,) = loaded.problems
    assert (problem.code, problem.severity) == ("malformed-address", Severity.UNREADY)
    assert (problem.where.line, problem.where.column) == place_of(text, 'email = "lead')
    assert loaded.required().settings.roles["lead"].people[0].email == ""


def test_channels_are_lined_up_unless_the_file_says_otherwise(load):
    without = load(spoilt(TOML, "[together]\nline_up = false\n", "")).required()
    empty = load(spoilt(TOML, "line_up = false\n", "")).required()
    assert (without.settings.together.line_up, empty.settings.together.line_up) == (True, True)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"\xff\xfe", "not-utf-8"),
        (b'a = "\xe9"\n', "not-utf-8"),
        (b"a = \n", "syntax"),
        (b'a = """\n', "syntax"),
        (b"[a]\n[a]\n", "syntax"),
        (b"a = " + b"[" * 50_000, "nesting"),
        (TOML.encode() + b"# \xee\x80\x80\n", "control-character"),
    ],
)
def test_a_file_that_cannot_be_understood_stops(load, content, code):
    problems = load(content).problems
    assert problems[0].code == code
    assert problems[0].severity is Severity.STOPS


def test_an_empty_file_misses_the_organisation(load):
    assert [problem.code for problem in load("").problems] == ["missing-key"]


def test_a_folder_that_is_no_workspace_is_a_problem(tmp_path):
    loaded = load_workspace(tmp_path)
    assert loaded.value is None
    assert [problem.code for problem in loaded.problems] == ["no-file"]


def test_keys_have_their_places_whichever_way_they_are_written():
    text = 'a.b = 1\n"c d" = """\nx = 1\n"""\n[t]\n  e = { f = 1, g.h = 2 }\n[[u.v]]\nw = 1\n[[u.v]]\nw = 2\n'
    text += "[u.v.s]\nq = 1\n"
    found = places(text)
    assert found[("a", "b")] == (1, 1)
    assert found[("c d",)] == (2, 1)
    assert ("x",) not in found
    assert found[("t", "e")] == (6, 3)
    assert found[("t", "e", "f")] == (6, 9)
    assert found[("t", "e", "g", "h")] == (6, 16)
    assert found[("u", "v", 0, "w")] == (8, 1)
    assert found[("u", "v", 1, "w")] == (10, 1)
    assert found[("u", "v", 1, "s", "q")] == (12, 1)
