"""Posts on X, through tweepy; the last byte is held and written by whoever releases.

X has no idempotency key. A post that is there already is refused as a duplicate without its id, so that answer means
"probably ours". It costs money: a post with a link $0.20, and an empty balance is refused with 402.
Source: docs.x.com, Posts, and the counting rules of twitter-text, version 3.
"""

import unicodedata
from functools import cached_property
from typing import TYPE_CHECKING

from runbook.channels.context import Context
from runbook.channels.x_length import weighted
from runbook.channels.x_settings import Settings
from runbook.clock import Clock
from runbook.errors import CannotSay
from runbook.model.exercise_mark import unmarked
from runbook.model.message import Draft, Form, Length, Payload
from runbook.model.outcome import Found, Health, Receipt, Result
from runbook.model.ports import Staging

if TYPE_CHECKING:
    from runbook.channels.x_live import XLive

LIMIT = 280
_TEXT_CONTROLS = frozenset("\n")


class XChannel:
    """One account."""

    kind = "x"

    def __init__(self, settings: Settings, context: Context, clock: Clock) -> None:
        self._settings, self._context, self._clock = settings, context, clock

    def build(self, draft: Draft) -> Payload:
        """Measure the post as X counts. Raises `CannotSay` over 280, and for what is no post."""
        if draft.form is not Form.POST:
            raise CannotSay(f"X carries posts, and this is a message of the form {draft.form}.", "Use another channel.")
        text = unmarked(draft).text("text")
        if not text.strip():
            raise CannotSay("The post is empty.", "Write its text.")
        wrong = sorted({c for c in text if unicodedata.category(c) == "Cc" and c not in _TEXT_CONTROLS})
        if wrong:
            raise CannotSay(f"The post has the control character U+{ord(wrong[0]):04X}.", "Take it out.")
        used, valid = weighted(text)
        if used > LIMIT:
            raise CannotSay(f"The post is {used} long for X, at most {LIMIT}.", f"Shorten it by {used - LIMIT}.")
        if not valid:
            raise CannotSay("The post has a character that X refuses (U+FFFE, U+FEFF or U+FFFF).", "Take it out.")
        length = Length(used=used, limit=LIMIT)
        return Payload(draft=draft, length=length, summary=f"{used} of {LIMIT}")

    def check(self) -> Health:
        """Sign in, and ask whose account it is and whether it may write. The balance cannot be asked."""
        return self._live.check()

    def ready(self, payload: Payload, key: str) -> Staging:
        """Sign in and connect. Raises `NotReady`."""
        return self._live.ready(payload, key)

    def find(self, payload: Payload, key: str) -> Found:
        """Look for the text among the account's own posts: up to three times, 5 seconds apart. Never `ABSENT`."""
        return self._live.find(payload, key)

    def withdraw(self, receipt: Receipt) -> Result:
        """Delete the post. Deleting one that is gone already counts as done."""
        return self._live.withdraw(receipt)

    @cached_property
    def _live(self) -> "XLive":
        from runbook.channels.x_live import XLive  # noqa: PLC0415  # loads tweepy: not in a rehearsal

        return XLive(self._settings, self._context, self._clock)


def open_channel(settings: Settings, context: Context, clock: Clock) -> XChannel:
    """Return the channel."""
    return XChannel(settings, context, clock)
