"""The protocols of the receivers: mail (RFC 5321, 3030, 4954) and web (RFC 9112), as far as the tools speak them."""

import base64
import binascii
import email
import email.policy
import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from receivers import Connection

SNOWFLAKE_EPOCH_MS = 1_288_834_974_657
"""From which X counts the milliseconds in its ids."""
USER, PASSWORD = "press", "let-me-through"
ACCOUNT = "examplestats"
_DOT = b"\r\n.\r\n"


@dataclass(frozen=True)
class Condition:
    """What the network and the services are like. Seconds."""

    delay: float = 0.0
    """How long every reply is held back: the round trip."""
    mail_needs: float = 0.0
    """From the committing byte of an e-mail until it counts, and is acknowledged."""
    post_needs: float = 0.0
    chunking: bool = True
    """Whether the mail server offers CHUNKING."""


@dataclass(frozen=True)
class Message:
    """One message that was committed. Nanoseconds."""

    channel: str
    stamp: int
    needs: int
    recipients: tuple[str, ...]
    content: bytes

    def told(self, mark: str) -> dict[str, Any]:
        """Return what is reported of it; `marked` says whether its text has the mark."""
        text = _text_of(self.content) if self.channel == "mail" else self.content.decode("utf-8", "replace")
        return {
            "channel": self.channel,
            "stamp": self.stamp,
            "counted": self.stamp + self.needs,
            "recipients": self.recipients,
            "marked": mark in text,
        }


def _text_of(raw: bytes) -> str:
    parsed = email.message_from_bytes(raw, policy=email.policy.default)
    body = parsed.get_body(("plain", "html"))
    return "" if body is None else str(body.get_content())


class Mail:
    """One connection to the mail server. Signing in is required, as it is for whoever submits mail."""

    def __init__(self, connection: "Connection") -> None:
        self._connection = connection
        self._unread = bytearray()
        self._stamp = 0
        self._takes: Callable[[], bool] = self._command
        """What the next bytes are; returns whether it could use them."""
        self._busy = False
        self._signed_in = False
        self._left, self._last = 0, False
        self._forget()
        self._say("220 mail.example.org ESMTP")

    def feed(self, data: bytes, stamp: int) -> None:
        """Take what has arrived."""
        self._unread += data
        self._stamp = stamp
        self._go_on()

    def _go_on(self) -> None:
        while not self._busy and self._unread and self._takes():
            pass

    def _say(self, *lines: str) -> None:
        *before, last = (line.partition(" ") for line in lines)
        said = [f"{code}-{words}" for code, _, words in before] + [f"{last[0]} {last[2]}"]
        self._connection.say("".join(f"{line}\r\n" for line in said).encode())

    def _forget(self) -> None:
        self._recipients: list[str] = []
        self._content = bytearray()

    def _line(self) -> str | None:
        line, end, rest = self._unread.partition(b"\n")
        if not end:
            return None
        self._unread = rest
        return line.decode("ascii", "replace").rstrip("\r")

    def _command(self) -> bool:
        line = self._line()
        if line is None:
            return False
        verb, _, rest = line.partition(" ")
        known = {
            "EHLO": self._ehlo,
            "HELO": self._ehlo,
            "STARTTLS": self._starttls,
            "AUTH": self._auth,
            "MAIL": self._mail,
            "RCPT": self._rcpt,
            "DATA": self._data,
            "BDAT": self._bdat,
            "RSET": self._rset,
            "QUIT": self._quit,
        }
        known.get(verb.upper(), self._other)(rest)
        return True

    def _other(self, _: str) -> None:
        self._say("250 2.0.0 Ok")

    def _ehlo(self, _: str) -> None:
        offers = ["250 mail.example.org", "250 PIPELINING", "250 SIZE 10240000"]
        if self._connection.can_encrypt and not self._connection.encrypted:
            offers.append("250 STARTTLS")
        offers += ["250 AUTH PLAIN LOGIN", "250 ENHANCEDSTATUSCODES", "250 8BITMIME"]
        if self._connection.loop.condition.chunking:
            offers.append("250 CHUNKING")
        self._say(*offers)

    def _starttls(self, _: str) -> None:
        self._say("220 2.0.0 Ready to start TLS")
        self._unread.clear()
        self._connection.encrypt()

    def _auth(self, rest: str) -> None:
        mechanism, _, first = rest.partition(" ")
        if mechanism.upper() == "PLAIN" and first:
            self._signs_in(_decoded(first).split("\0")[1:])
        elif mechanism.upper() == "PLAIN":
            self._ask("334 ", lambda line: self._signs_in(_decoded(line).split("\0")[1:]))
        elif mechanism.upper() == "LOGIN" and first:
            self._ask_password(_decoded(first))
        elif mechanism.upper() == "LOGIN":
            self._ask("334 VXNlcm5hbWU6", lambda line: self._ask_password(_decoded(line)))
        else:
            self._say("504 5.5.4 Unknown mechanism")

    def _ask_password(self, user: str) -> None:
        self._ask("334 UGFzc3dvcmQ6", lambda line: self._signs_in([user, _decoded(line)]))

    def _ask(self, words: str, then: Callable[[str], None]) -> None:
        def answered() -> bool:
            line = self._line()
            if line is None:
                return False
            self._takes = self._command
            then(line)
            return True

        self._takes = answered
        self._say(words)

    def _signs_in(self, who: list[str]) -> None:
        self._signed_in = who == [USER, PASSWORD]
        self._say("235 2.7.0 Signed in" if self._signed_in else "535 5.7.8 Wrong user or password")

    def _mail(self, _: str) -> None:
        self._forget()
        self._say("250 2.1.0 Ok" if self._signed_in else "530 5.7.0 Sign in first")

    def _rcpt(self, rest: str) -> None:
        found = re.search(r"<([^>]*)>", rest)
        if not self._signed_in or not found:
            self._say("554 5.5.1 Not now")
            return
        self._recipients.append(found.group(1))
        self._say("250 2.1.5 Ok")

    def _rset(self, _: str) -> None:
        self._forget()
        self._say("250 2.0.0 Ok")

    def _quit(self, _: str) -> None:
        self._say("221 2.0.0 Bye")
        self._connection.leave()

    def _data(self, _: str) -> None:
        if not self._recipients:
            self._say("554 5.5.1 No valid recipients")
            return
        self._say("354 End data with <CR><LF>.<CR><LF>")
        # So that a dot on the first line is found too.
        self._content = bytearray(b"\r\n")
        self._takes = self._text

    def _text(self) -> bool:
        seen = max(0, len(self._content) - len(_DOT))
        self._content += self._unread
        self._unread.clear()
        end = self._content.find(_DOT, seen)
        if end < 0:
            return False
        self._unread = self._content[end + len(_DOT) :]
        self._content = self._content[2 : end + 2]
        self._takes = self._command
        self._committed()
        return True

    def _bdat(self, rest: str) -> None:
        size, _, last = rest.partition(" ")
        self._left, self._last = int(size), last.upper() == "LAST"
        self._takes = self._chunk
        if not self._left:
            self._chunk()

    def _chunk(self) -> bool:
        taken = self._unread[: self._left]
        del self._unread[: self._left]
        self._left -= len(taken)
        self._content += taken
        if self._left:
            return False
        self._takes = self._command
        if self._last and self._recipients:
            self._committed()
        else:
            self._say("250 2.0.0 Ok" if self._recipients else "554 5.5.1 No valid recipients")
        return True

    def _committed(self) -> None:
        needs = round(self._connection.loop.condition.mail_needs * 1e9)
        message = Message("mail", self._stamp, needs, tuple(self._recipients), bytes(self._content))
        self._forget()
        self._busy = True
        self._connection.commit(message, self._acknowledge)

    def _acknowledge(self) -> None:
        self._busy = False
        self._say(f"250 2.0.0 Ok: queued as {time.time_ns():X}")
        self._go_on()


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""


class Web:
    """One connection to the web server. Every POST is a post; `/2/users/me` is the account."""

    def __init__(self, connection: "Connection") -> None:
        self._connection = connection
        self._unread = bytearray()
        self._stamp = 0
        self._head: tuple[str, str, dict[str, str]] | None = None
        self._busy = False

    def feed(self, data: bytes, stamp: int) -> None:
        """Take what has arrived."""
        self._unread += data
        self._stamp = stamp
        self._go_on()

    def _go_on(self) -> None:
        while not self._busy and (self._head is not None or self._read_head()) and self._read_body():
            pass

    def _read_head(self) -> bool:
        text, end, rest = self._unread.partition(b"\r\n\r\n")
        if not end:
            return False
        self._unread = rest
        first, *lines = text.decode("latin-1").split("\r\n")
        method, path, *_ = first.split(" ")
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        self._head = (method, path, headers)
        if headers.get("expect", "").lower() == "100-continue":
            self._connection.say(b"HTTP/1.1 100 Continue\r\n\r\n")
        return True

    def _read_body(self) -> bool:
        """Take the body off, and answer; return whether it was all there."""
        if self._head is None:
            return False
        method, path, headers = self._head
        if headers.get("transfer-encoding", "").lower() == "chunked":
            body = self._chunked()
        else:
            size = int(headers.get("content-length", "0"))
            body = bytes(self._unread[:size]) if len(self._unread) >= size else None
            if body is not None:
                del self._unread[:size]
        if body is None:
            return False
        self._head = None
        if method == "POST":
            self._busy = True
            needs = round(self._connection.loop.condition.post_needs * 1e9)
            self._connection.commit(Message("post", self._stamp, needs, (), body), self._acknowledge)
        else:
            self._answer(200, _account(path), method == "HEAD")
        return True

    def _chunked(self) -> bytes | None:
        rest, body = bytes(self._unread), b""
        while True:
            size, end, rest = rest.partition(b"\r\n")
            length = int(size.partition(b";")[0] or b"0", 16) if end else 0
            if not end or len(rest) < length + 2:
                return None
            body += rest[:length]
            rest = rest[length + 2 :]
            if not length:
                self._unread = bytearray(rest)
                return body

    def _acknowledge(self) -> None:
        self._busy = False
        number = ((time.time_ns() // 1_000_000 - SNOWFLAKE_EPOCH_MS) << 22) | 1
        self._answer(201, {"data": {"id": str(number), "text": "", "edit_history_tweet_ids": [str(number)]}})
        self._go_on()

    def _answer(self, status: int, told: dict[str, Any], without_body: bool = False) -> None:
        body = json.dumps(told).encode()
        head = (
            f"HTTP/1.1 {status} {'Created' if status == 201 else 'OK'}\r\nDate: {formatdate(usegmt=True)}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nx-access-level: read-write\r\n\r\n"
        )
        self._connection.say(head.encode() + (b"" if without_body else body))


def _account(path: str) -> dict[str, Any]:
    if path.partition("?")[0] == "/2/users/me":
        return {"data": {"id": "2244994945", "name": "Example Statistics", "username": ACCOUNT}}
    return {"data": []}
