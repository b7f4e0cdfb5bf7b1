"""An e-mail as bytes: rendered once, with its date and its id frozen, so that what is staged twice is the same.

Imported on use: the standard library's e-mail package is large.
"""

import re
from datetime import datetime
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from functools import cached_property

from runbook.channels.names import safe_name

LONGEST_ID = 66
"""With `Message-ID: ` before it a longer one would be folded, and Python garbles what it folds there."""


def message_id(key: str, domain: str, spare: int = 0) -> str:
    """Return the Message-ID that belongs to a key for ever: `<key@domain>`, the key made safe.

    `spare` characters shorter than it could be.
    """
    safe = safe_name(key, max(20, LONGEST_ID - len(domain) - 3 - spare))
    return f"<{safe}@{domain}>"


def numbered_id(key: str, domain: str, number: int) -> str:
    """Return the Message-ID of one of many messages that belong to a key: `<key.00017@domain>`."""
    tail = f".{number:05d}"
    return message_id(key, domain, len(tail)).replace(f"@{domain}>", f"{tail}@{domain}>")


def address_of(sender: str) -> str:
    """Return the address in `Press office <press@example.org>`; empty if there is none."""
    return parseaddr(sender)[1]


def render(
    *, subject: str, body: str, sender: str, to: str, reply_to: str | None, identity: str, at: datetime
) -> bytes:
    """Return the message, lines ending in CRLF, ASCII throughout (quoted-printable), not yet dot-stuffed.

    `at` becomes its Date. Without `to` and `identity` it lacks their lines: `head` has them, to be put before it.
    Raises ValueError for a line break in a header.
    """
    name, address = parseaddr(sender)
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(display_name=name, addr_spec=address)
    if to:
        message["To"] = to
    if reply_to:
        message["Reply-To"] = reply_to
    message["Date"] = format_datetime(at)
    if identity:
        message["Message-ID"] = identity
    message.set_content(body, charset="utf-8", cte="quoted-printable")
    return _subject(subject) + message.as_bytes()


def head(recipient: str, identity: str) -> bytes:
    """Return the lines that only one recipient's message has. The address is plain: ASCII, without a line break."""
    return f"To: {recipient}\r\nMessage-ID: {identity}\r\n".encode("ascii")


def _subject(text: str) -> bytes:
    """Return the Subject line, so that the very text is read from it.

    Python's own folding puts blanks into a long subject: before its first word, and beside a word with a curly quote.
    ASCII stays on one line, which may be 998 long (RFC 5322 2.1.1); the rest is encoded as a whole (RFC 2047).
    """
    if "\r" in text or "\n" in text:
        raise ValueError("a subject with a line break")
    plain = text.isascii() and "=?" not in text and len(text) <= 980
    encoded = text if plain else Header(text, "utf-8", maxlinelen=75, header_name="Subject").encode(linesep="\r\n")
    return f"Subject: {encoded}\r\n".encode("ascii")


class Text:
    """A rendered message: one object for all the lines that carry it."""

    def __init__(self, message: bytes) -> None:
        self.plain = message if message.endswith(b"\r\n") else message + b"\r\n"
        """Whole, ending in CRLF."""
        self.chunked = True
        """Whether BDAT may be tried (RFC 3030): until a server that offers it has refused it."""

    @cached_property
    def stuffed(self) -> bytes:
        """As DATA takes it (RFC 5321 4.5.2): without the final dot."""
        return re.sub(rb"(?m)^\.", b"..", self.plain)
