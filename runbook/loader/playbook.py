"""`ID.yaml` → `Playbook`, with everything that is wrong with it."""

from pathlib import Path

from runbook.loader import message_checks, step_checks
from runbook.loader.raw import Raw
from runbook.loader.reader import Findings, Loaded, load
from runbook.loader.yaml import read_yaml
from runbook.model.playbook import Playbook


def load_playbook(path: Path) -> Loaded[Playbook]:
    """Read a playbook. Never raises for what is in the file, nor if there is none: `problems` says so."""
    return playbook_of(read_yaml(path))


def playbook_of(raw: Raw) -> Loaded[Playbook]:
    """Make a playbook of a file that has been read."""
    return load(Playbook, raw, _check)


def _check(playbook: Playbook, findings: Findings) -> None:
    step_checks.check(playbook, findings)
    message_checks.check(playbook, findings)
