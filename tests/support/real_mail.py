"""Postfix, as Debian ships it, with a configuration and a queue of its own. Whatever it takes ends in a maildir here.

with Postfix(authority()) as mail:
    ... mail.settings("starttls"), mail.password, mail.delivered(), mail.log() ...
"""

import itertools
import os
import re
import shutil
import signal
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any, Self

from support.certificates import Authority
from support.real_servers import STOP_SECONDS, answers, folder, free_ports, tool, wait_until

PROGRAMS = Path("/usr/lib/postfix/sbin")
REFUSED = {"gone@example.org": "550 5.1.1 no such user", "full@example.org": "450 4.2.1 mailbox busy"}
"""Recipient → what the server answers when it is named."""
HASTY_SECONDS = 2
"""How long the hasty service waits for a client; the others wait as Postfix does, 300 s."""
FEW = 6
"""How many connections the service `few` allows to one client."""
SERVICES = ("starttls", "tls", "old", "few", "stock", "hasty")
_TRACE = re.compile(
    rb"(?:(?:Return-Path|X-Original-To|Delivered-To|Received):[^\n]*\n(?:[ \t][^\n]*\n)*)+", re.IGNORECASE
)
_RECIPIENT = re.compile(rb"^Delivered-To: (.+)$", re.MULTILINE)
_QUEUE_ID = re.compile(rb"^\tby .* id (\w+)", re.MULTILINE)

# Not what Debian's package asks at installation, because nothing is to leave this computer and nobody is trusted by
# his address alone: one who may send signs in first.
MAIN = """\
compatibility_level = 3.6
queue_directory = {root}/spool
data_directory = {root}/data
command_directory = /usr/sbin
daemon_directory = {programs}
mail_owner = postfix
setgid_group = postdrop
myhostname = mail.example.org
mydomain = example.org
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
maillog_file = {root}/log/mail.log
maillog_file_prefixes = {root}
mydestination =
virtual_mailbox_domains = static:ok
virtual_mailbox_maps = static:everybody/
virtual_mailbox_base = {root}/mail
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
virtual_minimum_uid = 100
virtual_mailbox_limit = 0
default_transport = error:5.1.2 nothing leaves this computer
relay_transport = error:5.1.2 nothing leaves this computer
local_transport = error:5.1.2 nothing leaves this computer
mynetworks =
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_recipient_restrictions =
    check_recipient_access texthash:{root}/etc/refused, permit_sasl_authenticated, reject
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = cyrus
smtpd_sasl_path = smtpd
cyrus_sasl_config_path = {root}/etc/sasl
smtpd_sasl_local_domain = example.org
smtpd_sasl_security_options = noanonymous
smtpd_tls_security_level = may
smtpd_tls_auth_only = yes
smtpd_tls_cert_file = {root}/etc/cert.pem
smtpd_tls_key_file = {root}/etc/key.pem
smtpd_forbid_bare_newline = yes
alias_maps =
alias_database =
biff = no
"""

# `stock` has Debian's own limits; the others let one client have as many connections as it likes. `old` can do what
# every server can, and no more.
MASTER = """\
127.0.0.1:{starttls} inet n - n - 300 smtpd -o smtpd_client_connection_count_limit=0
127.0.0.1:{tls} inet n - n - 300 smtpd -o smtpd_tls_wrappermode=yes -o smtpd_client_connection_count_limit=0
127.0.0.1:{old} inet n - n - 300 smtpd -o smtpd_client_connection_count_limit=0
    -o smtpd_discard_ehlo_keywords=chunking,pipelining
127.0.0.1:{few} inet n - n - - smtpd -o smtpd_client_connection_count_limit={few_connections}
127.0.0.1:{stock} inet n - n - - smtpd
127.0.0.1:{hasty} inet n - n - - smtpd -o smtpd_timeout={seconds}s
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""

SASL = """\
pwcheck_method: auxprop
auxprop_plugin: sasldb
mech_list: PLAIN LOGIN
sasldb_path: {root}/etc/sasl/sasldb2
"""


@dataclass(frozen=True)
class Delivered:
    """One copy of a message, in one recipient's mailbox."""

    recipient: str
    queue_id: str
    raw: bytes
    """As it was sent: without the lines that the server put above it, its lines ending in CRLF again."""

    @property
    def message(self) -> EmailMessage:
        parsed = message_from_bytes(self.raw, policy=default)
        assert isinstance(parsed, EmailMessage)
        return parsed


class Postfix:
    """Runs for as long as its `with` block lasts. Services: those of `SERVICES`."""

    user = "press@example.org"
    password = "let-me-through"

    def __init__(self, ca: Authority) -> None:
        self._ca, self._stack = ca, ExitStack()
        self.ports = dict(zip(SERVICES, free_ports(len(SERVICES)), strict=True))

    def __enter__(self) -> Self:
        with self._stack:
            self._root = self._stack.enter_context(folder())
            self._configure()
            self._postfix("check")
            self._stack.callback(self._stop)
            self._postfix("start")
            wait_until(lambda: all(map(answers, self.ports.values())), "Postfix", self._log)
            self._stack = self._stack.pop_all()
        return self

    def __exit__(self, *reason: object) -> None:
        self._stack.close()

    def settings(self, service: str = "starttls") -> dict[str, Any]:
        """The settings of a channel that sends through this server; the password is in the variable MAIL_PASSWORD."""
        return {
            "kind": "smtp",
            "host": "127.0.0.1",
            "port": self.ports[service],
            "security": "tls" if service == "tls" else "starttls",
            "user": self.user,
            "password": "env:MAIL_PASSWORD",
            "from": "Press office <press@example.org>",
            "ca_file": str(self._ca.ca_file),
        }

    def log(self) -> str:
        """Return what the server has logged since it was started."""
        return self._log.read_text("utf-8", "replace")

    def delivered(self) -> list[Delivered]:
        """Return every recipient's copy, once nothing is on its way any more."""
        wait_until(lambda: not any(self._under_way()), "The end of the queue", self._log)
        return [self._read(file) for file in sorted((self._root / "mail").glob("everybody/new/*"))]

    def empty(self) -> None:
        """Wait until everything is delivered, and throw it away."""
        self.delivered()
        for file in (self._root / "mail").glob("everybody/new/*"):
            file.unlink()

    @property
    def _log(self) -> Path:
        return self._root / "log" / "mail.log"

    def _under_way(self) -> Iterable[Path]:
        """Yield what is in the queue. In the order that a message takes through it, so that none is overlooked."""
        for queue in ("maildrop", "incoming", "active", "deferred"):
            for place, _, files in os.walk(self._root / "spool" / queue):
                # What is still being received has no x bit yet, and is no message.
                yield from (file for name in files if _complete(file := Path(place, name)))

    def _read(self, file: Path) -> Delivered:
        raw = file.read_bytes()
        trace = _TRACE.match(raw)
        assert trace, raw[:500]
        [queue_id] = _QUEUE_ID.findall(trace.group())
        [recipient] = _RECIPIENT.findall(trace.group())
        return Delivered(recipient.decode(), queue_id.decode(), raw[trace.end() :].replace(b"\n", b"\r\n"))

    def _postfix(self, command: str) -> None:
        tool("/usr/sbin/postfix", "-c", self._root / "etc", command)

    def _stop(self) -> None:
        pid_file = self._root / "spool" / "pid" / "master.pid"
        if not pid_file.exists():
            return
        master = int(pid_file.read_text())
        # The master passes it on to its whole group.
        os.kill(master, signal.SIGTERM)
        wait_until(lambda: not Path(f"/proc/{master}").exists(), "The end of Postfix", self._log, STOP_SECONDS)

    def _configure(self) -> None:
        root, etc = self._root, self._root / "etc"
        for name in ("etc/sasl", "spool", "data", "mail", "log"):
            (root / name).mkdir(parents=True)
        shutil.chown(root / "data", "postfix")
        shutil.chown(root / "mail", 65534, 65534)
        for name in ("postfix-files", "dynamicmaps.cf"):
            shutil.copy(Path("/etc/postfix", name), etc)
        (etc / "main.cf").write_text(MAIN.format(root=root, programs=PROGRAMS))
        (etc / "master.cf").write_text(MASTER.format(**self.ports, seconds=HASTY_SECONDS, few_connections=FEW))
        (etc / "refused").write_text("".join(f"{who} {says}\n" for who, says in REFUSED.items()))
        self._ca.write_certificate(etc / "cert.pem", etc / "key.pem")
        (etc / "sasl" / "smtpd.conf").write_text(SASL.format(root=root))
        database = etc / "sasl" / "sasldb2"
        name, _, domain = self.user.partition("@")
        tool("/usr/sbin/saslpasswd2", "-p", "-c", "-f", database, "-u", domain, name, input=self.password)
        shutil.chown(database, "postfix")


def _complete(file: Path) -> bool:
    try:
        return bool(file.stat().st_mode & 0o100)
    except FileNotFoundError:
        return False


def by_message(copies: Iterable[Delivered]) -> list[list[Delivered]]:
    """Return copies as the messages that the server took, each with all its recipients' copies."""
    ordered = sorted(copies, key=lambda copy: copy.queue_id)
    return [list(group) for _, group in itertools.groupby(ordered, key=lambda copy: copy.queue_id)]
