"""References to secrets. The secret itself never stands in a file of the workspace, and never in a text of ours."""

import importlib
import os
import re
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from runbook.errors import Unavailable

LONGEST_WAIT = 10
"""Seconds that a `command:` may take."""
LARGEST = 65_536
"""Bytes of a secret."""

FORMS = "`env:NAME`, `file:PATH`, `keyring:SERVICE/USER` or `command:PROGRAM ARGUMENTS`"
_REFERENCE = re.compile(
    r"(?P<kind>env):[A-Za-z_][A-Za-z0-9_]*"
    r"|(?P<file>file):[^\x00\r\n]+"
    r"|(?P<keyring>keyring):[^/\x00\r\n]+/[^\x00\r\n]+"
    r"|(?P<command>command):\s*[^\s\x00][^\x00\r\n]*"
)


class Secret:
    """A reference to a secret: `env:NAME`, `file:PATH`, `keyring:SERVICE/USER` or `command:…`. Also a pydantic type.

    Its repr and str are stars. A text that is not a reference is refused with a ValueError that does not repeat it,
    since it may be the secret itself.
    """

    __slots__ = ("_kind", "_rest")

    def __init__(self, reference: str) -> None:
        if not _REFERENCE.fullmatch(reference):
            raise ValueError(f"A secret is never written into the file; this must be {FORMS}.")
        self._kind, _, self._rest = reference.partition(":")

    def __repr__(self) -> str:
        return f"Secret('{self._kind}:****')"

    def __str__(self) -> str:
        return f"{self._kind}:****"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and (self._kind, self._rest) == (other._kind, other._rest)

    def __hash__(self) -> int:
        return hash((self._kind, self._rest))

    @property
    def kind(self) -> str:
        """How it is kept: `env`, `file`, `keyring` or `command`."""
        return self._kind

    def reveal(self, root: Path) -> str:
        """Return the secret, without the line end that an editor leaves. To be called only where it is used.

        `root` is the workspace: relative paths start there, and commands run there, without a shell, for at most 10
        seconds. Raises `Unavailable` naming the reference and how to set it; never with the secret in it.
        """
        text = _REVEAL[self._kind](self._rest, root)
        text = text.removesuffix("\n").removesuffix("\r")
        if not text:
            _unavailable(self._kind, self._rest, "is empty")
        return text

    def lacking(self, root: Path) -> str:
        """Return why the secret is not to be had, as a sentence without it; empty if nothing speaks against it.

        A keyring and a command are not tried, since they may ask somebody, nor a file that can be read only once.
        """
        if self._kind not in ("env", "file"):
            return ""
        try:
            place = root / Path(self._rest).expanduser()
            if self._kind == "env" or not place.exists() or place.is_file():
                self.reveal(root)
        except Unavailable as error:
            return error.message
        except (OSError, RuntimeError) as error:
            return f'The secret "{self._kind}:{self._rest}" cannot be read ({error}).'
        return ""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Validate from a text or a `Secret`; written out as stars."""
        return core_schema.no_info_plain_validator_function(
            _validated,
            serialization=core_schema.to_string_ser_schema(),
            json_schema_input_schema=core_schema.str_schema(),
        )


def _validated(value: object) -> Secret:
    if isinstance(value, Secret):
        return value
    if isinstance(value, str) and _REFERENCE.fullmatch(value):
        return Secret(value)
    raise PydanticCustomError("secret", f"A secret is never written into the file; this must be {FORMS}.")


def _unavailable(kind: str, rest: str, why: str, remedy: str = "") -> NoReturn:
    raise Unavailable(f'The secret "{kind}:{rest}" {why}.', remedy or _REMEDIES[kind].format(rest=rest)) from None


_REMEDIES = {
    "env": "Set the environment variable {rest} before you start, or name another place in runbook.toml.",
    "file": "Write the secret, and nothing else, into the file {rest}, or name another place in runbook.toml.",
    "keyring": "Store it with `keyring set` for that service and user, or name another place in runbook.toml.",
    "command": "Try the command `{rest}` by itself: it must print the secret within 10 seconds and end with 0.",
}


def _from_environment(name: str, _root: Path) -> str:
    if name not in os.environ:
        _unavailable("env", name, "is not set")
    return os.environ[name]


def _from_file(name: str, root: Path) -> str:
    try:
        with (root / Path(name).expanduser()).open("rb") as file:
            return _decoded("file", name, file.read(LARGEST + 1))
    except (OSError, RuntimeError) as error:
        _unavailable("file", name, f"cannot be read ({getattr(error, 'strerror', None) or error})")


def _from_keyring(place: str, _root: Path) -> str:
    service, _, user = place.partition("/")
    try:
        keyring = importlib.import_module("keyring")
    except ImportError:
        _unavailable(
            "keyring",
            place,
            "cannot be read, because the package keyring is not installed",
            "Install it with `pip install keyring`, or name another place in runbook.toml.",
        )
    try:
        secret = keyring.get_password(service, user)
    except keyring.errors.KeyringError as error:
        _unavailable("keyring", place, f"cannot be read: the keyring is locked or missing ({type(error).__name__})")
    if secret is None:
        _unavailable("keyring", place, "is not in the keyring")
    return str(secret)


def _from_command(line: str, root: Path) -> str:
    try:
        words = shlex.split(line, posix=os.name != "nt")
        done = subprocess.run(  # its own words may hold the secret: they are caught, and never shown
            words, cwd=root, stdin=subprocess.DEVNULL, capture_output=True, timeout=LONGEST_WAIT, check=False
        )
    except subprocess.TimeoutExpired:
        _unavailable("command", line, f"was not given within {LONGEST_WAIT} seconds")
    except (OSError, ValueError) as error:
        _unavailable("command", line, f"cannot be asked for ({getattr(error, 'strerror', None) or error})")
    if done.returncode:
        _unavailable("command", line, f"was not given: the command ended with {done.returncode}")
    return _decoded("command", line, done.stdout)


def _decoded(kind: str, rest: str, raw: bytes) -> str:
    if len(raw) > LARGEST:
        _unavailable(kind, rest, f"is larger than {LARGEST} bytes")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        _unavailable(kind, rest, "is not UTF-8 text")


_REVEAL: dict[str, Callable[[str, Path], str]] = {
    "env": _from_environment,
    "file": _from_file,
    "keyring": _from_keyring,
    "command": _from_command,
}
