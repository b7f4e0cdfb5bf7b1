"""Where things lie that belong to no workspace: the shipped playbooks, and the user's data folder."""

import os
from pathlib import Path

from runbook.errors import Unavailable

SETTINGS_FILE = "runbook.toml"
"""The file that makes a folder a workspace."""

PACKAGE = Path(__file__).resolve().parents[1]


def shipped() -> Path:
    """Return the folder of shipped playbooks: `ID.yaml` for each, and `example/`, a workspace to start from.

    In a wheel it is `runbook/shipped`; in a checkout, `playbooks` beside the package. Raises `Unavailable` if neither
    is there.
    """
    for folder in (PACKAGE / "shipped", PACKAGE.parent / "playbooks"):
        if folder.is_dir():
            return folder
    raise Unavailable("The shipped playbooks are not installed.", "Install release-runbook again.")


def example() -> Path:
    """Return the shipped example workspace. Raises `Unavailable` if it is not installed."""
    folder = shipped() / "example"
    if not (folder / SETTINGS_FILE).is_file():
        raise Unavailable("The example workspace is not installed.", "Install release-runbook again.")
    return folder


def user_data() -> Path:
    """Return the folder for what must be kept when there is no workspace. It may not exist yet.

    The environment variable RUNBOOK_DATA names another one.
    """
    chosen = os.environ.get("RUNBOOK_DATA", "")
    if chosen:
        return Path(chosen).expanduser().absolute()
    # Only a run without a workspace comes here, and every command imports this file.
    from platformdirs import user_data_path  # noqa: PLC0415 - the line above says why

    return user_data_path("runbook", appauthor=False)
