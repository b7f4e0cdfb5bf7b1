"""What an adapter is told about the workspace that it works for."""

from dataclasses import dataclass
from pathlib import Path

from runbook.errors import NotReady, Unavailable
from runbook.workspace.secrets import Secret


@dataclass(frozen=True)
class Context:
    """Where a channel stands: its name in the settings, and whose it is."""

    name: str
    """The NAME of `[channels.NAME]` in runbook.toml."""
    root: Path
    """The workspace's folder; relative paths in the settings start there."""
    organisation: str
    domain: str
    """The organisation's own domain; message ids end in it."""

    def path(self, setting: str) -> Path:
        """Return the path that a setting names."""
        return self.root / setting

    def authority(self, setting: str | None) -> Path | None:
        """Return the file of authorities that `ca_file` names, if it is set. Raises `NotReady` if there is none."""
        if not setting:
            return None
        path = self.path(setting)
        if not path.is_file():
            raise NotReady(f'There is no file "{path}".', f"Correct `ca_file` in {self.table}.")
        return path

    def reveal(self, secret: Secret) -> str:
        """Return a secret of the settings. Raises `NotReady` when it is not to be had."""
        try:
            return secret.reveal(self.root)
        except Unavailable as error:
            raise NotReady(error.message, error.remedy) from error

    @property
    def table(self) -> str:
        """How the settings call this channel: `[channels.press-email]`."""
        return f"[channels.{self.name}]"
