"""What the command line refuses: all that is wrong at once, in words, with exit code 2, before anything starts."""

import json
import shutil
from pathlib import Path

import pytest

from runbook.workspace.shipped import shipped
from support.commands import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path)
    assert made.runbook("init", "office").code == 0
    return made


@pytest.fixture
def office(home: Home) -> Path:
    return home.folder / "office"


def own_playbook(office: Path, *changes: tuple[str, str]) -> None:
    """Put a copy of the shipped playbook into the workspace, with changes. Each must change something."""
    text = (shipped() / "gov-uk-failure.yaml").read_text("utf-8")
    for before, after in changes:
        assert before in text, before
        text = text.replace(before, after, 1)
    folder = office / "playbooks"
    folder.mkdir(exist_ok=True)
    (folder / "gov-uk-failure.yaml").write_text(text, "utf-8")


def release_file(office: Path) -> Path:
    return next(office.glob("releases/*/release.yaml"))


REHEARSE = ("execute", "gov-uk-failure", "--dry-run", "--yes")


def refused(home: Home, office: Path, *arguments: str) -> str:
    """Run a command that must be refused with nothing started, and return what it said."""
    done = home.runbook(*(arguments or REHEARSE), at=office)
    assert done.code == 2, done.err
    assert "Traceback" not in done.err
    assert done.out == ""
    assert not (office / "runbook.db").exists()
    return done.err


def test_all_problems_of_all_files_are_told_at_once(home: Home, office: Path) -> None:
    own_playbook(
        office,
        ("due: T+2m", "due: 9:45"),
        ("{{ release.url }}", "{{ release.ulr }}"),
        ("channel: x", "chanel: x"),
        ("role: press", "role: pres"),
    )
    with (office / "contacts" / "journalists.csv").open("a", encoding="utf-8") as file:
        file.write("Desk,not-an-address,Herald,press,2026-11-01\nDesk,NEWS@example.org,Herald,press,2026-11-01\n")
    release = release_file(office)
    release.write_text(release.read_text("utf-8").replace("size: ", "size: 9", 1), "utf-8")
    said = refused(home, office)
    for wanted in (
        'due: 9:45 is not quoted; other programs read it as 585. Write "09:45".',
        '"release" has no "ulr". Did you mean "url"?',
        'Unknown key "chanel". Did you mean "channel"?',
        'The role "pres" is not one of this playbook. Did you mean "press"?',
        '"not-an-address" is not an e-mail address',
        "is not the one that was declared",
        "Nothing was started.",
    ):
        assert wanted in said
    places = [line.split()[0] for line in said.splitlines() if line.startswith("  ")]
    assert len(places) >= 6
    assert all(place.count(":") == 1 and place.replace(":", "").isdigit() for place in places)


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        pytest.param([("due: T+2m", "due: 10:00")], "other programs read it as 600", id="bare-time"),
        pytest.param([("needs: [confirm]", "needs: [report-fault]")], "itself", id="a-step-that-needs-itself"),
        pytest.param(
            [("A website fault holds it up.", "A fault. " + "x" * 300)], "long for X, at most 280", id="too-long"
        ),
        pytest.param(
            [("review_every: 180d", "review_every: 180")],
            'review_every: "180" has no unit. Write "180d" for days, or "180m" for minutes.',
            id="no-unit",
        ),
        pytest.param(
            [("review_every: 180d", 'review_every: "180"')], '"180" has no unit. Write "180d"', id="quoted-without-unit"
        ),
        pytest.param([("role: lead", "role: lead\n    optoinal: true")], 'Unknown key "optoinal"', id="unknown-key"),
        pytest.param([("title: GOV.UK publication failure", "title: *anchor")], "stands for something", id="alias"),
    ],
)
def test_a_wrong_playbook_is_refused(home: Home, office: Path, changes: list[tuple[str, str]], wanted: str) -> None:
    own_playbook(office, *changes)
    assert wanted in refused(home, office)


@pytest.mark.parametrize(
    ("before", "after", "wanted"),
    [
        ('date: "2018-01-05"', 'date: "2018-03-25"', "does not exist"),
        ('date: "2018-01-05"', 'date: "2018-10-28"', "comes twice"),
    ],
)
def test_a_local_time_that_the_clocks_skip_or_show_twice_is_refused(
    home: Home, office: Path, before: str, after: str, wanted: str
) -> None:
    release = release_file(office)
    lines = release.read_text("utf-8").splitlines()
    changed = [
        after if line.startswith("date:") else 'time: "01:30"' if line.startswith("time:") else line for line in lines
    ]
    release.write_text("\n".join(changed), "utf-8")
    assert wanted in refused(home, office)


def test_a_document_that_is_missing_and_one_that_changed_are_refused(home: Home, office: Path) -> None:
    report, *_, table = sorted(release_file(office).parent.glob("malpractice*"))
    report.unlink()
    table.write_bytes(b"saved again")
    said = refused(home, office)
    assert report.name in said
    assert table.name in said


def test_a_file_that_is_not_utf8_is_refused(home: Home, office: Path) -> None:
    own_playbook(office)
    (office / "playbooks" / "gov-uk-failure.yaml").write_bytes("title: caf\xe9\n".encode("latin-1"))
    assert "UTF-8" in refused(home, office)


def test_a_role_that_nobody_holds_is_refused_in_a_rehearsal(home: Home, office: Path) -> None:
    settings = office / "runbook.toml"
    text = settings.read_text("utf-8")
    settings.write_text(text.replace('holder = { name = "Duty press manager"', 'holder = { name = ""'), "utf-8")
    assert 'Nobody is named as holder of the role "lead"' in refused(home, office)


def test_remarks_are_noted_after_the_problems_and_not_counted(home: Home, office: Path) -> None:
    settings = office / "runbook.toml"
    text = settings.read_text("utf-8")
    settings.write_text(text.replace("[roles.statistician]", "[roles.statistican]"), "utf-8")
    said = refused(home, office)
    problems, remarks = said.split("Nothing was started.\nAlso noted:\n")
    assert problems.startswith("1 problem found.")
    assert 'Nobody is named as holder of the role "statistician"' in problems
    assert 'This playbook has no role "statistican". Did you mean "statistician"?' in remarks


def test_a_password_in_the_settings_is_refused_and_not_repeated(home: Home, office: Path) -> None:
    settings = office / "runbook.toml"
    text = settings.read_text("utf-8")
    settings.write_text(text.replace('"env:RUNBOOK_SMTP_PASSWORD"', '"hunter2-canary"'), "utf-8")
    said = refused(home, office)
    assert "[channels.press-email] password" in said
    assert "hunter2" not in said
    assert ".." not in said
    assert said.startswith("1 problem found.")


def test_a_mistyped_kind_of_channel_is_one_problem_where_it_stands(home: Home, office: Path) -> None:
    settings = office / "runbook.toml"
    settings.write_text(settings.read_text("utf-8").replace('kind = "smtp"', 'kind = "smpt"'), "utf-8")
    said = refused(home, office)
    assert said.startswith("1 problem found.\nrunbook.toml:\n")
    assert 'has the kind "smpt"' in said


def test_a_channel_that_is_taken_out_of_the_settings_is_one_problem(home: Home, office: Path) -> None:
    settings = office / "runbook.toml"
    settings.write_text(settings.read_text("utf-8").replace("[channels.press-email]", "[channels.mail]"), "utf-8")
    assert refused(home, office).startswith("1 problem found.")


@pytest.mark.parametrize(
    ("content", "wanted"),
    [("", "This list is empty."), ("name,outlet\nDesk,Herald\n", 'no column "address"')],
)
def test_a_list_that_names_nobody_is_one_problem_where_it_stands(
    home: Home, office: Path, content: str, wanted: str
) -> None:
    (office / "contacts" / "journalists.csv").write_text(content, "utf-8")
    said = refused(home, office)
    assert said.startswith("1 problem found.\ncontacts/journalists.csv:\n")
    assert wanted in said


def test_a_workspace_without_any_list_says_so_once(home: Home, office: Path) -> None:
    shutil.rmtree(office / "contacts")
    said = refused(home, office)
    assert said.startswith("1 problem found.")
    assert "There is no contact list in office/contacts at all. Add contacts/journalists.csv." in said


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (("execute", "gov-uk-failure", "--yes"), "--yes answers every question by itself"),
        (("execute", "gov-uk-failure", "--due", "now"), "--due moves the due time of an exercise only"),
        (("execute", "gov-uk-failure"), "There is no terminal to ask questions on."),
        (("execute", "gov-uk-failure", "--dry-run"), "To see a rehearsal without answering, add --yes."),
        (("execute", "gov-uk-failuer", "--dry-run", "--yes"), 'There is no playbook "gov-uk-failuer".'),
        ((*REHEARSE, "--release", "nowhere"), 'There is no release "nowhere".'),
        ((*REHEARSE, "--due", "25:99"), '--due "25:99" is no time'),
        (("status",), "Nothing has been run yet"),
        (("resume", "--yes"), "Nothing has been run yet"),
        (("show", "gov-uk-failure", "--message", "announce.pots"), 'There is no message "announce.pots".'),
    ],
)
def test_what_cannot_be_is_refused_with_what_to_do(
    home: Home, office: Path, arguments: tuple[str, ...], wanted: str
) -> None:
    assert wanted in refused(home, office, *arguments)


def test_a_live_run_without_a_workspace_is_refused_with_what_to_do(home: Home, tmp_path: Path) -> None:
    answers = tmp_path / "answers.yaml"
    answers.write_text("begin: gov-uk-failure\n", "utf-8")
    done = home.runbook("execute", "gov-uk-failure", "--answers", str(answers))
    assert done.code == 2
    assert "A live run needs your own workspace" in done.err
    assert "runbook init DIR" in done.err


def test_several_releases_are_listed_where_nobody_can_choose(home: Home, office: Path) -> None:
    first = release_file(office).parent
    second = first.with_name("second")
    second.mkdir()
    for file in first.iterdir():
        (second / file.name).write_bytes(file.read_bytes())
    said = refused(home, office)
    assert "There are several releases" in said
    assert "1 gcse-malpractice-2017" in said
    assert "2 second" in said
    done = home.runbook(*REHEARSE, "--release", "second", at=office)
    assert done.code == 0, done.err


def test_a_playbook_is_called_as_its_file_is(home: Home, office: Path) -> None:
    own_playbook(office)
    (office / "playbooks" / "gov-uk-failure.yaml").rename(office / "playbooks" / "ours.yaml")
    said = refused(home, office, "execute", "ours", "--dry-run", "--yes")
    assert 'playbook: "gov-uk-failure" is not what the file is called, "ours.yaml".' in said
    assert "Write `playbook: ours`, or rename the file to gov-uk-failure.yaml." in said


def test_the_list_marks_a_playbook_that_stands_in_for_the_shipped_one(home: Home, office: Path) -> None:
    mark = "(yours, instead of the shipped one)"
    assert mark not in home.runbook("list", at=office).out
    own_playbook(office)
    assert mark in home.runbook("list", at=office).out.splitlines()[0]


def test_init_and_new_and_export_never_write_over_anything(home: Home, office: Path) -> None:
    before = {path: path.read_bytes() for path in office.rglob("*") if path.is_file()}
    assert home.runbook("init", "office").code == 2
    assert home.runbook("new", "release", str(release_file(office).parent)).code == 2
    assert home.runbook(*REHEARSE, at=office).code == 0
    log = home.folder / "log.md"
    log.write_text("mine", "utf-8")
    assert home.runbook("export", "--out", str(log), at=office).code == 2
    assert log.read_text("utf-8") == "mine"
    assert all(path.read_bytes() == content for path, content in before.items())


def test_a_new_release_of_a_folder_can_be_planned_once_it_is_filled_in(home: Home, office: Path) -> None:
    folder = office / "releases" / "new"
    folder.mkdir()
    (folder / "Annual report.pdf").write_bytes(b"%PDF-1.4 example")
    (folder / "Tables.csv").write_bytes(b"a,b\n1,2\n")
    made = home.runbook("new", "release", str(folder))
    assert made.code == 0, made.err
    file = folder / "release.yaml"
    said = refused(home, office, *REHEARSE, "--release", str(file))
    assert said.startswith("12 problems found.")
    assert said.count("this still says FILL IN.") == 12
    text = file.read_text("utf-8").replace("FILL IN: ", "").replace("date: FILL IN", "date: 2026-11-02")
    text = text.replace("time: FILL IN", 'time: "09:30"').replace("url: FILL IN", "url: https://example.org/report")
    file.write_text(text.replace("FILL IN    #", "Official statistics    #").replace("FILL IN", "Office"), "utf-8")
    shown = home.runbook("show", "gov-uk-failure", "--release", str(folder / "release.yaml"), "--json", at=office)
    assert shown.code == 0, shown.err
    documents = json.loads(shown.out)["data"]["release"]["documents"]
    assert {(d["name"], d["kind"], d["size"]) for d in documents} == {
        ("Annual report.pdf", "main", 16),
        ("Tables.csv", "data", 8),
    }
