"""`ID.yaml` → `Playbook`, with everything that is wrong with it."""

from functools import partial
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
    return load(Playbook, raw, partial(_check, file=raw.path))


def _check(playbook: Playbook, findings: Findings, file: Path | None) -> None:
    if file is not None and file.stem != playbook.playbook:
        found = f'playbook: "{playbook.playbook}" is not what the file is called, "{file.name}".'
        remedy = f"Write `playbook: {file.stem}`, or rename the file to {playbook.playbook}.yaml."
        findings.add(("playbook",), "wrong-id", found, remedy)
    step_checks.check(playbook, findings)
    message_checks.check(playbook, findings)
