"""Secrets that a live run would lack, told before it begins: at the release is too late to look for a password."""

import importlib
from collections.abc import Iterator

from runbook.channels.registry import KINDS
from runbook.cli.wiring import present
from runbook.loader.reader import Loaded
from runbook.model.plan import Plan
from runbook.model.ports import Channel
from runbook.model.problem import Problem, Severity, Where
from runbook.workspace.folder import Workspace
from runbook.workspace.secrets import Secret

_SETTLE = "A person does its part by hand."


def lacking_secrets(loaded: Loaded[Workspace], channels: dict[str, Channel], plan: Plan) -> tuple[Problem, ...]:
    """Return one problem that names every secret which the plan's channels need and which is not to be had.

    Only variables and files are looked at: a password store or a command may ask somebody, so they are not tried.
    """
    messages = [one for message in plan.messages() for one in (message, message.correction) if one is not None]
    used = {name for message in messages for name in (message.channel, message.otherwise)} & channels.keys()
    found: list[str] = []
    where: Where | None = None
    for name in sorted(name for name in used if name is not None):
        for key, why in _lacking(loaded, name):
            where = where or loaded.source.where(("channels", name, key))
            found.append(f"[channels.{name}] {key}: {why}")
    if where is None:
        return ()
    them = "it" if len(found) == 1 else "them"
    remedy = f"Set {them}, or name another place in runbook.toml. Then start again."
    return (Problem("no-secret", where, " ".join(found), remedy, Severity.UNREADY, _SETTLE),)


def _lacking(loaded: Loaded[Workspace], name: str) -> Iterator[tuple[str, str]]:
    """Yield the key of each secret of a channel that is not to be had, and why. Its settings are known to be right."""
    workspace = present(loaded)
    table = workspace.settings.channels.get(name)
    if table is None:  # a person's hands
        return
    settings = importlib.import_module(KINDS[table["kind"]]).Settings.model_validate(dict(table))
    for key, info in type(settings).model_fields.items():
        secret = getattr(settings, key)
        why = secret.lacking(workspace.root) if isinstance(secret, Secret) else ""
        if why:
            yield info.alias or key, why
