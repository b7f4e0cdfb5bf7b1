"""The organisation's folder: its settings, lists, releases, own playbooks, and the action log."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from runbook.errors import Unavailable
from runbook.model.problem import Source
from runbook.workspace.contacts import ContactList
from runbook.workspace.settings import Settings
from runbook.workspace.shipped import SETTINGS_FILE, shipped, user_data

_ID = re.compile(r"[a-z][a-z0-9-]{0,59}")


@dataclass(frozen=True)
class Workspace:
    """A folder that has been read. `shipped`: it is the example that comes along, in which nothing is written."""

    root: Path
    settings: Settings
    source: Source
    """Of `runbook.toml`."""
    lists: Mapping[str, ContactList]
    """The contact lists by name, also those with problems."""
    shipped: bool = False

    @property
    def data(self) -> Path:
        """The folder that may be written to. It may not exist yet."""
        return user_data() if self.shipped else self.root

    @property
    def journal(self) -> Path:
        """The action log's file."""
        return self.data / "runbook.db"

    def playbook_path(self, playbook: str) -> Path | None:
        """Return the file of the playbook of that id, or None. One's own overrides a shipped one."""
        if not _ID.fullmatch(playbook):
            return None
        files = (folder / f"{playbook}.yaml" for folder in self._playbook_folders())
        return next((file for file in files if file.is_file()), None)

    def replaces_shipped(self, playbook: str) -> bool:
        """Tell whether the workspace has a playbook of its own in the place of a shipped one."""
        return all((folder / f"{playbook}.yaml").is_file() for folder in self._playbook_folders())

    def playbook_ids(self) -> tuple[str, ...]:
        """Return the ids of all playbooks, own and shipped, sorted."""
        found = {file.stem for folder in self._playbook_folders() for file in folder.glob("*.yaml")}
        return tuple(sorted(name for name in found if _ID.fullmatch(name)))

    def release_paths(self) -> tuple[Path, ...]:
        """Return the release files, sorted: `releases/NAME/release.yaml` and `releases/NAME.yaml`."""
        releases = self.root / "releases"
        return tuple(sorted({*releases.glob("*/release.yaml"), *releases.glob("*.yaml")}))

    def _playbook_folders(self) -> tuple[Path, Path]:
        return self.root / "playbooks", shipped()


def find_root(start: Path) -> Path | None:
    """Return the workspace that `start` lies in: the nearest folder, going up, with a `runbook.toml`; else None.

    The environment variable RUNBOOK_WORKSPACE overrides the search. Raises `Unavailable` if it names a folder that is
    no workspace: going on with another one would be a surprise.
    """
    chosen = os.environ.get("RUNBOOK_WORKSPACE", "")
    if chosen:
        root = Path(chosen).expanduser().absolute()
        if (root / SETTINGS_FILE).is_file():
            return root
        raise Unavailable(
            f'RUNBOOK_WORKSPACE is "{chosen}", and there is no {SETTINGS_FILE} in that folder.',
            f"Make one with `runbook init {chosen}`, or unset RUNBOOK_WORKSPACE.",
        )
    whole = start.absolute()
    return next((folder for folder in (whole, *whole.parents) if (folder / SETTINGS_FILE).is_file()), None)
