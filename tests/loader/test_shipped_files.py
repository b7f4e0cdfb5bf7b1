"""What comes along loads without a single problem."""

from runbook.loader.assets import documents
from runbook.loader.playbook import load_playbook
from runbook.loader.release import load_release
from runbook.loader.workspace import load_workspace
from runbook.model.order import cycle, default_needs
from runbook.workspace.shipped import example, shipped


def test_the_shipped_playbooks_are_right():
    paths = sorted(shipped().glob("*.yaml"))
    assert [path.stem for path in paths] == ["gov-uk-failure"]
    for path in paths:
        loaded = load_playbook(path)
        assert loaded.problems == ()
        playbook = loaded.required()
        assert playbook.id == path.stem
        assert cycle(default_needs(playbook)) == ()


def test_the_example_workspace_is_right():
    loaded = load_workspace(example(), shipped=True)
    assert loaded.problems == ()
    workspace = loaded.required()
    assert workspace.lists["journalists"].contacts
    for path in workspace.release_paths():
        release = load_release(path)
        assert release.problems == ()
        found, problems = documents(release)
        assert problems == ()
        assert len(found) == len(release.required().assets)
