"""A mail server that says a little all the time outlasts every time-out for a command; it is broken off all the same.

"Slow" here is without an end: what is asserted is that there is one.
"""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta

import pytest

from runbook.channels import smtp_line, smtp_staging
from runbook.errors import NotReady
from runbook.model.outcome import Outcome
from support import channel_rigs
from support.certificates import authority

KEY = "run-1/announce.press/1/1"
PEOPLE = tuple(f"desk{number}@example.org" for number in range(12))
TABLE = {"kind": "smtp", "host": "127.0.0.1", "security": "none", "from": "press@example.org", "timeout": 1}
ANSWERS = {b"EHLO": b"250 mail.example.org\r\n", b"DATA": b"354 go ahead\r\n"}


class Trickling:
    """Answers as a mail server does, but from one command on a letter at a time, without an end."""

    def __init__(self, command: bytes) -> None:
        self.command = command
        self.over = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=50)
        self.port = self.listener.getsockname()[1]
        self.threads = [threading.Thread(target=self.listen)]

    def listen(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                if self.over.is_set():
                    client.close()
                    return
                self.threads.append(threading.Thread(target=self.serve, args=(client,)))
                self.threads[-1].start()

    def serve(self, client: socket.socket) -> None:
        with client, client.makefile("rb") as lines, suppress(OSError):
            self.answer(client, b"", b"220 mail.example.org\r\n")
            while line := lines.readline():
                word = line[:4].upper()
                if word in {b"EHLO", b"MAIL", b"RCPT", b"DATA", b"NOOP"}:
                    self.answer(client, word, ANSWERS.get(word, b"250 fine\r\n"))

    def answer(self, client: socket.socket, command: bytes, words: bytes) -> None:
        if command == self.command:
            client.sendall(b"250-")
            while not self.over.wait(0.05):
                client.sendall(b"x")
        client.sendall(words)


@contextmanager
def trickling(command: bytes) -> Iterator[Trickling]:
    server = Trickling(command)
    server.threads[0].start()
    try:
        yield server
    finally:
        server.over.set()
        socket.create_connection(("127.0.0.1", server.port)).close()
        for thread in server.threads:
            thread.join()
        server.listener.close()


def channel(tmp_path, server):
    table = {**TABLE, "port": server.port, "batch": 1, "connections": 12}
    return channel_rigs.open_channel("press-email", table, channel_rigs.context("press-email", tmp_path))


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    monkeypatch.setattr(smtp_staging, "LONGEST_SECONDS", 1.0)


@pytest.mark.parametrize("command", [b"", b"EHLO", b"MAIL", b"RCPT"])
def test_making_ready_ends(tmp_path, command):
    with trickling(command) as server:
        mail = channel(tmp_path, server)
        begun = time.monotonic()
        with pytest.raises(NotReady, match="did not answer in time"):
            mail.ready(mail.build(channel_rigs.email(*PEOPLE)), KEY)
        # A bound, not a speed: without an end it would wait until the server is stopped, which comes after this.
        assert time.monotonic() - begun < 60


def test_staging_ends_and_nothing_was_sent(tmp_path):
    with trickling(b"DATA") as server:
        mail = channel(tmp_path, server)
        staging = mail.ready(mail.build(channel_rigs.email(*PEOPLE)), KEY)
        with pytest.raises(NotReady, match="did not answer in time"):
            staging.stage()
        assert not staging.held()
        assert staging.result(timedelta(seconds=1)).outcome is Outcome.NOT_SENT


def test_keeping_warm_ends_and_the_message_can_still_be_staged(tmp_path, monkeypatch):
    with trickling(b"NOOP") as server:
        mail = channel(tmp_path, server)
        staging = mail.ready(mail.build(channel_rigs.email(*PEOPLE)), KEY)
        monkeypatch.setattr(smtp_line, "IDLE_SECONDS", 0.0)
        assert staging.keep_warm() > 0
        staging.stage()
        assert staging.held()
        staging.discard()


def test_a_server_in_time_is_not_broken_off(tmp_path):
    with channel_rigs.smtp(tmp_path, authority(), batch=1, connections=12) as rig:
        staging = rig.channel.ready(rig.channel.build(channel_rigs.email(*PEOPLE)), KEY)
        staging.stage()
        assert staging.held()
        staging.discard()
