"""A secret is a reference until the moment it is used."""

import os
import sys

import pytest
from pydantic import BaseModel, ValidationError

from runbook.errors import Unavailable
from runbook.workspace import secrets
from runbook.workspace.secrets import Secret


class Settings(BaseModel):
    password: Secret


def test_the_environment_gives_it(tmp_path, monkeypatch):
    monkeypatch.setenv("RUNBOOK_TEST_SECRET", "hunter2")
    assert Secret("env:RUNBOOK_TEST_SECRET").reveal(tmp_path) == "hunter2"


def test_a_variable_that_is_not_set_is_named_with_the_remedy(tmp_path):
    with pytest.raises(Unavailable) as refused:
        Secret("env:RUNBOOK_NOT_SET").reveal(tmp_path)
    assert "env:RUNBOOK_NOT_SET" in refused.value.message
    assert "RUNBOOK_NOT_SET" in refused.value.remedy


def test_a_file_is_found_from_the_workspace_and_loses_one_line_end(tmp_path):
    (tmp_path / "keys").mkdir()
    for written, read in [
        ("hunter2\n", "hunter2"),
        ("hunter2\r\n", "hunter2"),
        ("a\n\n", "a\n"),
        ("hunter2", "hunter2"),
    ]:
        (tmp_path / "keys" / "x").write_bytes(written.encode())
        assert Secret("file:keys/x").reveal(tmp_path) == read
    assert Secret(f"file:{tmp_path / 'keys' / 'x'}").reveal(tmp_path / "elsewhere") == "hunter2"


@pytest.mark.parametrize(
    ("content", "why"), [(b"", "is empty"), (b"\n", "is empty"), (b"\xff\xfe", "not UTF-8"), (b"x" * 70_000, "larger")]
)
def test_a_file_without_a_secret_in_it_is_refused(tmp_path, content, why):
    (tmp_path / "key").write_bytes(content)
    with pytest.raises(Unavailable, match=why):
        Secret("file:key").reveal(tmp_path)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(Unavailable, match=r"file:nowhere.*cannot be read"):
        Secret("file:nowhere").reveal(tmp_path)


def command(tmp_path, program):
    """A command reference that runs a small Python program; forward slashes survive every way of splitting."""
    script = tmp_path / "give.py"
    script.write_text(program)
    return Secret(f"command:{sys.executable} {script}")


def test_a_command_gives_it_and_runs_in_the_workspace(tmp_path):
    secret = command(tmp_path, "import os; print(os.getcwd())")
    assert secret.reveal(tmp_path) == str(tmp_path.resolve())


def test_no_shell_reads_a_command(tmp_path, monkeypatch):
    script = tmp_path / "give.py"
    script.write_text("import sys; print(sys.argv[1:])")
    given = Secret(f"command:{sys.executable} {script} $HOME ; echo x").reveal(tmp_path)
    assert given == "['$HOME', ';', 'echo', 'x']"


def test_a_command_that_fails_does_not_tell_what_it_printed(tmp_path):
    with pytest.raises(Unavailable) as refused:
        command(tmp_path, "import sys; print('hunter2'); sys.exit('hunter2')").reveal(tmp_path)
    assert "ended with 1" in refused.value.message
    assert "hunter2" not in f"{refused.value} {refused.value.remedy} {refused.value.__cause__}"


def test_a_command_that_hangs_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(secrets, "LONGEST_WAIT", 0.2)
    with pytest.raises(Unavailable, match="not given within"):
        command(tmp_path, "import time; time.sleep(60)").reveal(tmp_path)


@pytest.mark.parametrize("line", ["no-such-program-here", "'open"])
def test_a_command_that_cannot_start_is_refused(tmp_path, line):
    with pytest.raises(Unavailable, match="cannot be asked for"):
        Secret(f"command:{line}").reveal(tmp_path)


def test_a_keyring_that_is_not_installed_is_named_with_the_remedy(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(Unavailable) as refused:
        Secret("keyring:runbook/press").reveal(tmp_path)
    assert "keyring:runbook/press" in refused.value.message
    assert "pip install keyring" in refused.value.remedy


KEYRING = """
from keyring import errors

def get_password(service, user):
    if service == "locked":
        raise errors.KeyringLocked
    return {("runbook", "press/desk"): "hunter2"}.get((service, user))
"""


def test_a_keyring_gives_it_by_service_and_user(tmp_path, monkeypatch):
    package = tmp_path / "keyring"
    package.mkdir()
    (package / "__init__.py").write_text(KEYRING)
    (package / "errors.py").write_text("class KeyringError(Exception): ...\nclass KeyringLocked(KeyringError): ...\n")
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("keyring", "keyring.errors"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    assert Secret("keyring:runbook/press/desk").reveal(tmp_path) == "hunter2"
    with pytest.raises(Unavailable, match="is not in the keyring"):
        Secret("keyring:runbook/nobody").reveal(tmp_path)
    with pytest.raises(Unavailable, match="locked"):
        Secret("keyring:locked/nobody").reveal(tmp_path)
    for name in ("keyring", "keyring.errors"):
        monkeypatch.delitem(sys.modules, name)


@pytest.mark.parametrize("reference", ["env:A_B", "file:secrets/x", "keyring:service/user", "command:pass show x"])
def test_it_shows_only_stars_and_where_it_is_kept(reference):
    settings = Settings(password=reference)
    kind, _, rest = reference.partition(":")
    for shown in (repr(settings), str(settings.password), f"{settings.password}", settings.model_dump_json()):
        assert rest not in shown
        assert f"{kind}:****" in shown
    assert settings.password.kind == kind


@pytest.mark.parametrize(
    "text", ["hunter2", "", "env:", "env:A B", "env:1A", "keyring:service", "file:", "command: ", "pass:x"]
)
def test_a_text_that_is_no_reference_is_refused_and_not_repeated(text):
    with pytest.raises(ValidationError) as refused:
        Settings(password=text)
    (details,) = refused.value.errors()
    assert "never written into the file" in details["msg"]
    assert not text or text not in details["msg"].replace("`file:PATH`", "").replace("`env:NAME`", "")
    with pytest.raises(ValueError, match="never written") as plain:
        Secret(text)
    assert "hunter2" not in str(plain.value)


def test_a_secret_is_a_value():
    assert Secret("env:A") == Secret("env:A") != Secret("env:B")
    assert len({Secret("env:A"), Secret("env:A")}) == 1
    assert Settings(password=Secret("env:A")).password == Secret("env:A")


def test_a_secret_that_is_lacking_is_told_without_it(tmp_path, monkeypatch):
    monkeypatch.setenv("CANARY_EMPTY", "")
    monkeypatch.setenv("CANARY_SET", "hunter2")
    monkeypatch.delenv("CANARY_UNSET", raising=False)
    (tmp_path / "there.txt").write_text("hunter2\n", "utf-8")
    said = {
        reference: Secret(reference).lacking(tmp_path)
        for reference in ("env:CANARY_SET", "env:CANARY_EMPTY", "env:CANARY_UNSET", "file:there.txt", "file:gone.txt")
    }
    assert said["env:CANARY_SET"] == said["file:there.txt"] == ""
    assert said["env:CANARY_EMPTY"] == 'The secret "env:CANARY_EMPTY" is empty.'
    assert said["env:CANARY_UNSET"] == 'The secret "env:CANARY_UNSET" is not set.'
    assert said["file:gone.txt"].startswith('The secret "file:gone.txt" cannot be read')


def test_what_may_ask_somebody_or_can_be_read_only_once_is_not_tried(tmp_path):
    made = tmp_path / "made"
    assert Secret(f"command:touch {made}").lacking(tmp_path) == ""
    assert not made.exists()
    assert Secret("keyring:nowhere/nobody").lacking(tmp_path) == ""
    os.mkfifo(tmp_path / "pipe")
    assert Secret("file:pipe").lacking(tmp_path) == ""
