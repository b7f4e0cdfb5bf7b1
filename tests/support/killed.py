"""A process with a message of a channel in its hands, killed without warning."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from support.channel_rigs import Rig

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


def killed(rig: Rig, table: dict[str, Any], root: Path, *, release: bool) -> None:
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
            assert process.stdout is not None
            assert process.stdout.readline() == b"there\n"
        finally:
            process.send_signal(signal.SIGKILL)
        assert process.wait(10) == -signal.SIGKILL
