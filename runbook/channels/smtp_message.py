"""An e-mail as bytes: rendered once, with its date and its id frozen, so that what is staged twice is the same.

Imported on use: the standard library's e-mail package is large.
"""

import re
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from runbook.channels.names import safe_name

LONGEST_ID = 66
"""With `Message-ID: ` before it a longer one would be folded, and Python garbles what it folds there."""


def message_id(key: str, domain: str) -> str:
    """Return the Message-ID that belongs to a key for ever: `<key@domain>`, the key made safe."""
    safe = safe_name(key, max(20, LONGEST_ID - len(domain) - 3))
    return f"<{safe}@{domain}>"


def address_of(sender: str) -> str:
    """Return the address in `Press office <press@example.org>`; empty if there is none."""
    return parseaddr(sender)[1]


def render(
    *, subject: str, body: str, sender: str, to: str, reply_to: str | None, identity: str, at: datetime
) -> bytes:
    """Return the message, lines ending in CRLF, ASCII throughout (quoted-printable), not yet dot-stuffed.

    No recipient stands in it. `at` becomes its Date. Raises ValueError for a line break in a header.
    """
    name, address = parseaddr(sender)
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(display_name=name, addr_spec=address)
    message["To"] = to
    if reply_to:
        message["Reply-To"] = reply_to
    message["Subject"] = subject
    message["Date"] = format_datetime(at)
    message["Message-ID"] = identity
    message.set_content(body, charset="utf-8", cte="quoted-printable")
    return message.as_bytes()


def dot_stuffed(message: bytes) -> bytes:
    """Return a message as DATA takes it (RFC 5321 4.5.2): whole, ending in CRLF, without the final dot."""
    stuffed = re.sub(rb"(?m)^\.", b"..", message)
    return stuffed if stuffed.endswith(b"\r\n") else stuffed + b"\r\n"
