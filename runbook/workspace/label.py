"""How a file is called in problems, in the plan and in the log: the same words in whichever folder one stands."""

from pathlib import Path

from runbook.workspace.shipped import SETTINGS_FILE


def label(path: Path) -> str:
    """Return `path` from the workspace it lies in (`contacts/journalists.csv`), or in full if it lies in none.

    A problem's key holds this text, and a resumed run compares the keys; so it must not depend on the current folder.
    Always with forward slashes.
    """
    whole = path.absolute()
    for folder in whole.parents:
        if (folder / SETTINGS_FILE).is_file():
            return whole.relative_to(folder).as_posix()
    return path.as_posix()
