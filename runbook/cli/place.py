"""Where a command works: the workspace that was named, or the one around the current folder."""

from pathlib import Path

from runbook.errors import Unavailable
from runbook.loader.reader import Loaded
from runbook.loader.workspace import load_workspace
from runbook.model.problem import Refused
from runbook.workspace.folder import Workspace, find_root
from runbook.workspace.shipped import example


def open_workspace(folder: Path | None, *, example_instead: bool = True, people: bool = True) -> Loaded[Workspace]:
    """Read the workspace: the folder that was named, else the one around the current folder, else the shipped example.

    Without `people` no list is read and no address is checked: a run that has its plan has its people in it.
    Raises `Unavailable` when there is none and the example will not do, `Refused` when it cannot be understood.
    """
    root = folder.absolute() if folder else find_root(Path.cwd())
    if root is not None and not (root / "runbook.toml").is_file():
        raise Unavailable(f"There is no runbook.toml in {root}.", f"Make a workspace there: `runbook init {folder}`.")
    if root is None and not example_instead:
        raise Unavailable(
            "A live run needs your own workspace, and there is none here.",
            "Make one with `runbook init DIR`, fill it in, and run this in it. To practise: add --dry-run.",
        )
    loaded = load_workspace(root or example(), shipped=root is None, people=people)
    if loaded.value is None:
        raise Refused(loaded.problems)
    return loaded
