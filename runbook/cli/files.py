"""Finding and reading the files that a command was told of, or that lie where they should."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from runbook.errors import Unavailable
from runbook.loader.assets import documents
from runbook.loader.playbook import load_playbook
from runbook.loader.reader import Loaded
from runbook.loader.release import load_release
from runbook.model.message import Document
from runbook.model.playbook import Playbook
from runbook.model.problem import Problem, Refused
from runbook.model.release import Release
from runbook.workspace.folder import Workspace


@dataclass(frozen=True)
class Files:
    """Everything that was read for one run, with everything that is wrong with it."""

    workspace: Workspace
    playbook: Loaded[Playbook]
    release: Loaded[Release]
    documents: tuple[Document, ...]
    problems: tuple[Problem, ...]


def find_playbook(workspace: Workspace, playbook: str) -> Path:
    """Return the file of a playbook. Raises `Unavailable`, with the playbooks there are."""
    path = workspace.playbook_path(playbook)
    if path is None:
        known = ", ".join(workspace.playbook_ids()) or "none"
        raise Unavailable(f'There is no playbook "{playbook}".', f"There are: {known}.")
    return path


def release_candidates(workspace: Workspace, named: str | None, now: datetime) -> tuple[Path, ...]:
    """Return the release that was named, or those it can be: the only one, the one due today, else all of them.

    Raises `Unavailable` for a name that leads nowhere, and for a workspace without releases.
    """
    paths = workspace.release_paths()
    if named is not None:
        return (_named_release(paths, named),)
    if not paths:
        raise Unavailable(
            f"There is no release in {workspace.root / 'releases'}.",
            "Make one of the documents in a folder with `runbook new release FOLDER`.",
        )
    today = [path for path in paths if _due_today(path, now)]
    return tuple(today) if len(today) == 1 else paths


def _named_release(paths: tuple[Path, ...], named: str) -> Path:
    path = Path(named)
    if path.is_dir() and (path / "release.yaml").is_file():
        return path / "release.yaml"
    if path.is_file():
        return path
    for candidate in paths:
        if named in (candidate.parent.name, candidate.stem):
            return candidate
    known = ", ".join(release_name(p) for p in paths) or "none"
    raise Unavailable(f'There is no release "{named}".', f"Give the path of its file, or one of: {known}.")


def release_name(path: Path) -> str:
    """Return what to call a release file: its folder's name, or its own."""
    return path.parent.name if path.name == "release.yaml" else path.stem


def _due_today(path: Path, now: datetime) -> bool:
    release = load_release(path).value
    return (
        release is not None
        and release.due.astimezone(ZoneInfo(release.zone)).date() == now.astimezone(ZoneInfo(release.zone)).date()
    )


def read_all(loaded: Loaded[Workspace], playbook: Path, release: Path) -> Files:
    """Read a playbook and a release.

    What is wrong with them is in `problems`, also what stops, as long as enough was understood to look for more.
    Raises `Refused` with all that was found if it was not.
    """
    the_playbook, the_release = load_playbook(playbook), load_release(release)
    problems = (*loaded.problems, *the_playbook.problems, *the_release.problems)
    found, on_disk = documents(the_release) if the_release.value is not None else ((), ())
    if loaded.value is None or the_playbook.value is None or the_release.value is None or not found:
        raise Refused((*problems, *on_disk))
    return Files(loaded.value, the_playbook, the_release, found, (*problems, *on_disk))
