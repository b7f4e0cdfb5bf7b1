"""The benchmark of how far apart channels are: its receivers see what there is to see, and a real trial goes right.

Nothing here is timed. What the stamps are worth is the kernel's affair; that they are in order is not.
"""

import base64
import importlib
import json
import os
import socket
import ssl
import subprocess
import sys
import time

import pytest

from support.certificates import authority
from support.sources import CHECKOUT

pytestmark = pytest.mark.skipif(not hasattr(os, "wait4"), reason="the benchmark measures memory as Unix tells it")

BENCHMARKS = CHECKOUT / "benchmarks"
MAIL = ("EHLO desk.example.org", "MAIL FROM:<press@example.org>", "RCPT TO:<a@example.org>", "RCPT TO:<b@example.org>")


@pytest.fixture
def of(monkeypatch):
    """Imports a module of the benchmark."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module


@pytest.fixture
def receivers(of, tmp_path):
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    authority().write_certificate(certificate, key)
    with of("scene").Receivers(certificate, key) as running:
        yield running


class Client:
    """A plain socket that says something and reads the answers, a line each."""

    def __init__(self, port: int) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port), 10)
        self.lines = self.sock.makefile("rb")

    def encrypt(self) -> None:
        self.sock = authority().client_context().wrap_socket(self.sock, server_hostname="127.0.0.1")
        self.lines = self.sock.makefile("rb")

    def answer(self) -> str:
        while (line := self.lines.readline().decode())[3:4] == "-":
            pass
        return line.rstrip()

    def say(self, line: str) -> str:
        self.sock.sendall(f"{line}\r\n".encode())
        return self.answer()

    def close(self) -> None:
        self.lines.close()
        self.sock.close()


def signed_in(of, port: int) -> Client:
    receiving = of("receiving")
    client = Client(port)
    assert client.answer().startswith("220 ")
    secret = base64.b64encode(f"\0{receiving.USER}\0{receiving.PASSWORD}".encode()).decode()
    assert client.say(f"AUTH PLAIN {secret}").startswith("235 ")
    for line in MAIL:
        assert client.say(line).startswith("250 ")
    return client


def mail_text(of) -> str:
    return f"Subject: Out now\r\n\r\n{of('scene').MARK}\r\n"


def test_a_held_message_counts_from_its_final_dot(of, receivers) -> None:
    client = signed_in(of, receivers.ports["mail"])
    assert client.say("DATA").startswith("354 ")
    client.sock.sendall(mail_text(of).encode())
    time.sleep(0.05)
    before = time.time_ns()
    assert "queued as" in client.say(".")
    after = time.time_ns()
    client.close()
    [message] = receivers.collect()
    assert (message["channel"], message["recipients"]) == ("mail", ["a@example.org", "b@example.org"])
    assert before <= message["stamp"] == message["counted"] <= after
    assert message["marked"]
    assert receivers.collect() == []


def test_a_chunked_message_counts_from_its_last_chunk(of, receivers) -> None:
    client = signed_in(of, receivers.ports["mail"])
    text = mail_text(of)
    client.sock.sendall(f"BDAT {len(text)}\r\n{text}".encode())
    assert client.answer().startswith("250 ")
    before = time.time_ns()
    assert "queued as" in client.say("BDAT 0 LAST")
    client.close()
    [message] = receivers.collect()
    assert (message["stamp"] >= before, message["marked"]) == (True, True)


def test_chunks_are_not_offered_when_they_are_switched_off(of, receivers) -> None:
    condition = of("receiving").Condition
    for chunking in (True, False):
        receivers.set(condition(chunking=chunking))
        client = Client(receivers.ports["mail"])
        client.answer()
        client.sock.sendall(b"EHLO desk.example.org\r\n")
        offers = []
        while not offers or offers[-1][3:4] == b"-":
            offers.append(client.lines.readline())
        assert any(b"CHUNKING" in offer for offer in offers) is chunking
        client.close()


def test_a_message_that_is_given_up_never_counts(of, receivers) -> None:
    client = signed_in(of, receivers.ports["mail"])
    client.say("DATA")
    client.sock.sendall(mail_text(of).encode())
    client.close()
    assert receivers.collect() == []


def test_encrypted_mail_is_read_from_starttls_and_from_the_start(of, receivers) -> None:
    for name in ("mail", "mail_tls"):
        client = Client(receivers.ports[name])
        if name == "mail":
            client.answer()
            assert client.say("STARTTLS").startswith("220 ")
            client.encrypt()
        else:
            client.encrypt()
            assert client.answer().startswith("220 ")
        assert isinstance(client.sock, ssl.SSLSocket)
        assert client.say("NOOP").startswith("250 ")
        client.close()


def post(of, client: Client) -> dict[str, object]:
    body = json.dumps({"text": of("scene").MARK}).encode()
    head = f"POST /2/tweets HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n\r\n"
    client.sock.sendall(head.encode() + body[:-1])
    time.sleep(0.05)
    released = time.time_ns()
    client.sock.sendall(body[-1:])
    assert client.lines.readline().startswith(b"HTTP/1.1 201 ")
    length = 0
    while (line := client.lines.readline()) != b"\r\n":
        if line.startswith(b"Content-Length:"):
            length = int(line.partition(b":")[2])
    return {"released": released, "answered": time.time_ns(), **json.loads(client.lines.read(length))}


@pytest.mark.parametrize("name", ["web", "web_tls"])
def test_a_post_counts_from_its_last_byte_and_again_on_the_same_connection(of, receivers, name: str) -> None:
    client = Client(receivers.ports[name])
    if name == "web_tls":
        client.encrypt()
    told = [post(of, client), post(of, client)]
    client.close()
    messages = receivers.collect()
    assert [message["channel"] for message in messages] == ["post", "post"]
    for one, message in zip(told, messages, strict=True):
        assert one["released"] <= message["stamp"] <= one["answered"]
        assert message["marked"]


def test_what_needs_long_counts_late_and_is_acknowledged_late(of, receivers) -> None:
    receiving = of("receiving")
    receivers.set(receiving.Condition(delay=0.02, post_needs=0.1))
    client = Client(receivers.ports["web"])
    told = post(of, client)
    client.close()
    [message] = receivers.collect()
    assert message["counted"] - message["stamp"] == 100_000_000
    assert told["answered"] - message["stamp"] >= 120_000_000
    made = (int(told["data"]["id"]) >> 22) + receiving.SNOWFLAKE_EPOCH_MS
    assert made >= message["counted"] // 1_000_000


def test_what_was_not_received_exactly_once_is_wrong(of) -> None:
    judged = of("trials").judged
    mail = {"channel": "mail", "recipients": ["a", "b"], "marked": True}
    sent = {"channel": "post", "recipients": [], "marked": True}
    assert judged([mail, sent], ["a", "b"]) == ""
    assert judged([mail, sent], ["a", "b", "c"]) == "of 3 recipients 1 had no e-mail, and 0 were too many"
    assert judged([mail, mail, sent], ["a", "b"]) == "of 2 recipients 0 had no e-mail, and 2 were too many"
    assert judged([mail], ["a", "b"]) == "0 posts"
    assert judged([mail, sent, sent], ["a", "b"]) == "2 posts"
    assert judged([{**mail, "marked": False}, sent], ["a", "b"]) == "a message did not have its text"


def test_a_trial_that_went_wrong_is_told_and_not_measured(of) -> None:
    findings, trials = of("findings"), of("trials")
    good = trials.Trial("runbook", "no-delay/1/tls", "", 0.0001, 0.5, 3.0, 0.0, 60.0, 4.0)
    bad = trials.Trial("runbook", "no-delay/1/tls", "0 posts", 9.0, 0.5, 3.0, 0.0, 60.0, 4.0)
    [row] = findings.rows([good, bad])
    assert row.skew(1.0) == 0.0001
    assert "| 1, 1 wrong |" in findings.table([row], 10)
    found = {one.wanted: one.met for one in findings.findings([row])}
    assert found["no delay, 1 and 100 recipients: under 0.5 ms at 95 %"] is True
    assert found["every recipient and the post exactly once, in every trial of runbook"] is False
    assert found["1,000 recipients: under 120 MiB"] is None


def test_one_trial_of_runbook_goes_right(tmp_path) -> None:
    saved = tmp_path / "trials.json"
    arguments = ("--only", "runbook", "--trials", "1", "--cells", "no-delay/1/tls", "--json", str(saved))
    program = [sys.executable, str(BENCHMARKS / "in_step.py"), *arguments]
    done = subprocess.run(program, capture_output=True, encoding="utf-8", timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    [trial] = json.loads(saved.read_text("utf-8"))["trials"]
    assert trial["wrong"] == "", done.stderr
    assert trial["countdown"] > 0
    assert "| no delay | 1 | yes | runbook | 1 |" in done.stdout
