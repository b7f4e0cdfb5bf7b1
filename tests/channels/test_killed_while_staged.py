"""A process that is killed while it holds messages has sent none; one that is killed after the release has sent one."""

import json
import os
import signal
import subprocess
import sys

import pytest

from support import channel_rigs
from support.certificates import authority
from support.patience import until

PROGRAM = """
import json, sys
from datetime import timedelta
from pathlib import Path
from runbook.channels.registry import Context, open_channel
from runbook.model.message import Draft

table, draft, root, release = json.loads(sys.argv[1])
context = Context(name="it", root=Path(root), organisation="Example Regulator", domain="example.org")
channel = open_channel("it", table, context)
staging = channel.ready(channel.build(Draft.model_validate(draft)), "run-1/step.message/1/1")
staging.stage()
assert staging.held()
if release:
    staging.release()
print("there", flush=True)
sys.stdin.read()
"""


def killed(rig, table, root, *, release):
    """Run a process up to the held message, or just past its last byte, and kill it without warning."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    given = json.dumps([table, rig.draft.model_dump(mode="json"), str(root), release])
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, given],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
    ) as process:
        try:
            assert process.stdout.readline() == b"there\n"
        finally:
            process.send_signal(signal.SIGKILL)
        assert process.wait(10) == -signal.SIGKILL


@pytest.mark.parametrize("kind", ["smtp", "wordpress", "x"])
def test_killed_while_staged_nothing_was_sent(kind, tmp_path):
    with channel_rigs.RIGS[kind](tmp_path, authority()) as rig:
        killed(rig, {**rig.server.settings, "ca_file": str(authority().ca_file)}, tmp_path, release=False)
        until(lambda: not (rig.server.open_connections() if kind == "smtp" else rig.server.connections))
        assert list(rig.public()) == []


@pytest.mark.parametrize("kind", ["smtp", "wordpress", "x"])
def test_killed_after_the_last_byte_it_was_sent_once(kind, tmp_path):
    with channel_rigs.RIGS[kind](tmp_path, authority()) as rig:
        killed(rig, {**rig.server.settings, "ca_file": str(authority().ca_file)}, tmp_path, release=True)
        until(rig.public)
        assert list(rig.public()) == [rig.text]


def test_killed_while_copying_nothing_is_public_and_staging_goes_on(tmp_path):
    with channel_rigs.upload(tmp_path, authority()) as rig:
        table = {"kind": "upload", "folder": "public", "url": "https://alternate.example.org"}
        killed(rig, table, tmp_path, release=False)
        assert list(rig.public()) == []
        staging = rig.channel.ready(rig.channel.build(rig.draft), "run-1/step.message/1/1")
        staging.stage()
        staging.release()
        assert list(rig.public()) == [rig.text]
