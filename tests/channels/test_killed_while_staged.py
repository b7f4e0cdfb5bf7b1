"""A process that is killed while it holds messages has sent none; one that is killed after the release has sent one."""

import pytest

from support import channel_rigs
from support.certificates import authority
from support.killed import killed
from support.patience import until


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
