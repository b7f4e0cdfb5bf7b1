"""Where things lie: the workspace around a folder, its playbooks and releases, and what is shipped."""

import pytest

from runbook.errors import Unavailable
from runbook.model.problem import Source
from runbook.workspace.folder import Workspace, find_root
from runbook.workspace.label import label
from runbook.workspace.settings import Organisation, Settings
from runbook.workspace.shipped import example, shipped, user_data


@pytest.fixture
def workspace(tmp_path):
    settings = Settings(organisation=Organisation(name="Example Statistics Office", domain="example.org"))
    (tmp_path / "runbook.toml").write_text("")
    return Workspace(tmp_path, settings, Source("runbook.toml"), {})


@pytest.fixture(autouse=True)
def _no_workspace_named(monkeypatch):
    monkeypatch.delenv("RUNBOOK_WORKSPACE", raising=False)
    monkeypatch.delenv("RUNBOOK_DATA", raising=False)


def test_the_workspace_is_found_going_up(workspace):
    below = workspace.root / "releases" / "one"
    below.mkdir(parents=True)
    assert find_root(below) == workspace.root
    assert find_root(workspace.root) == workspace.root


def test_no_workspace_is_none(tmp_path):
    assert find_root(tmp_path) is None


def test_the_environment_overrides_the_search(workspace, tmp_path_factory, monkeypatch):
    monkeypatch.setenv("RUNBOOK_WORKSPACE", str(workspace.root))
    assert find_root(tmp_path_factory.mktemp("elsewhere")) == workspace.root


def test_an_environment_that_names_no_workspace_is_refused(tmp_path, workspace, monkeypatch):
    monkeypatch.setenv("RUNBOOK_WORKSPACE", str(tmp_path / "nowhere"))
    with pytest.raises(Unavailable, match="RUNBOOK_WORKSPACE"):
        find_root(workspace.root)


def test_an_own_playbook_overrides_the_shipped_one(workspace):
    assert workspace.playbook_path("gov-uk-failure") == shipped() / "gov-uk-failure.yaml"
    own = workspace.root / "playbooks" / "gov-uk-failure.yaml"
    own.parent.mkdir()
    own.write_text("")
    (own.parent / "flood.yaml").write_text("")
    (own.parent / "Not An Id.yaml").write_text("")
    assert workspace.playbook_path("gov-uk-failure") == own
    assert workspace.playbook_ids() == ("flood", "gov-uk-failure")


@pytest.mark.parametrize("playbook", ["../runbook", "nowhere", "", "a/b", "example", "UPPER"])
def test_what_is_no_playbook_has_no_path(workspace, playbook):
    (workspace.root / "runbook.yaml").write_text("")
    assert workspace.playbook_path(playbook) is None


def test_releases_are_files_and_folders(workspace):
    for name in ("b/release.yaml", "a.yaml", "c/other.yaml"):
        path = workspace.root / "releases" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    found = [path.relative_to(workspace.root).as_posix() for path in workspace.release_paths()]
    assert found == ["releases/a.yaml", "releases/b/release.yaml"]


def test_the_log_lies_in_the_workspace_but_not_in_the_shipped_one(workspace, tmp_path, monkeypatch):
    assert workspace.journal == workspace.root / "runbook.db"
    monkeypatch.setenv("RUNBOOK_DATA", str(tmp_path / "data"))
    borrowed = Workspace(example(), workspace.settings, workspace.source, {}, shipped=True)
    assert borrowed.journal == tmp_path / "data" / "runbook.db"


def test_the_users_data_folder_is_the_systems_if_none_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert user_data().name == "runbook"
    monkeypatch.setenv("RUNBOOK_DATA", "relative")
    assert user_data().is_absolute()


def test_a_file_has_the_same_name_in_problems_wherever_one_stands(workspace, monkeypatch):
    path = workspace.root / "releases" / "one" / "release.yaml"
    path.parent.mkdir(parents=True)
    path.write_text("")
    assert label(path) == "releases/one/release.yaml"
    monkeypatch.chdir(path.parent)
    assert label(path) == "releases/one/release.yaml"
    assert label(path.relative_to(path.parent)) == "releases/one/release.yaml"


def test_a_file_in_no_workspace_keeps_its_path(tmp_path):
    assert label(tmp_path / "a.yaml") == (tmp_path / "a.yaml").as_posix()


def test_a_role_that_nobody_holds_has_no_people():
    settings = Settings.model_validate(
        {
            "organisation": {"name": "Office", "domain": "example.org"},
            "roles": {
                "lead": {"holder": {}},
                "comms": {"holder": {"name": ""}, "deputies": [{"name": "Digital manager"}]},
                "press": {"holder": {"name": "Press officer"}, "deputies": [{"name": "Head of news"}]},
                "other": {},
            },
        }
    )
    people = {role: [person.name for person in seat.people] for role, seat in settings.roles.items()}
    assert people == {
        "lead": [],
        "comms": ["Digital manager"],
        "press": ["Press officer", "Head of news"],
        "other": [],
    }
