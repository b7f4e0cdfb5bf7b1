"""Which kinds of channel there are, and which module speaks for each. A module is imported when it is used.

Each module has `Settings`, what its table in runbook.toml may hold, and `open_channel(settings, context, clock)`.
"""

import importlib
from collections.abc import Mapping
from typing import Any, cast

from runbook.channels.context import Context
from runbook.clock import Clock, SystemClock
from runbook.errors import RunbookError
from runbook.model.ports import Channel

__all__ = ["KINDS", "Context", "UnknownKind", "open_channel"]

KINDS: Mapping[str, str] = {
    "manual": "runbook.channels.manual",
    "smtp": "runbook.channels.smtp",
    "upload": "runbook.channels.upload",
    "wordpress": "runbook.channels.wordpress",
    "x": "runbook.channels.x",
}
"""The word after `kind =` in the settings → the adapter's module."""


class UnknownKind(RunbookError):
    """The settings name a kind of channel that there is none of."""

    exit_code = 2

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(
            f'[channels.{name}] has the kind "{kind}", and there is no such kind.'
            if kind
            else f"[channels.{name}] does not say of which kind it is.",
            f"Write kind = one of: {', '.join(sorted(KINDS))}.",
        )
        self.kind = kind
        self.known = tuple(sorted(KINDS))


def open_channel(name: str, table: Mapping[str, Any], context: Context, clock: Clock | None = None) -> Channel:
    """Return the channel that a table of the settings describes. Offline: nothing is connected, no secret is read.

    `clock` dates messages and lets time pass between questions; the machine's unless another is handed in.

    Raises `UnknownKind`, and `pydantic.ValidationError` for what the adapter's settings do not allow.
    """
    kind = table.get("kind", "")
    if not isinstance(kind, str) or kind not in KINDS:
        raise UnknownKind(str(kind), name)
    module = importlib.import_module(KINDS[kind])
    settings = module.Settings.model_validate(dict(table))
    return cast("Channel", module.open_channel(settings, context, clock or SystemClock()))
