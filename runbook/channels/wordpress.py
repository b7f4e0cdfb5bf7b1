"""Pages in WordPress, through its REST API: stored as a draft, published by its number.

Publishing by number does the same when it is done twice; making a post does not (the second becomes `slug-2`), so a
draft is made only after looking for one with the slug that belongs to the key. The commit is held at its last byte.
Source: developer.wordpress.org/rest-api/reference/posts. Application passwords need https.
"""

from functools import cached_property
from typing import TYPE_CHECKING

from runbook.channels.context import Context
from runbook.channels.wordpress_settings import Settings
from runbook.clock import Clock
from runbook.errors import CannotSay
from runbook.model.exercise_mark import unmarked
from runbook.model.message import Draft, Form, Length, Payload
from runbook.model.outcome import Found, Health, Receipt, Result
from runbook.model.ports import Staging

if TYPE_CHECKING:
    from runbook.channels.wordpress_live import WordPressLive


class WordPressChannel:
    """One site, one user."""

    kind = "wordpress"

    def __init__(self, settings: Settings, context: Context, clock: Clock) -> None:
        self._settings, self._context, self._clock = settings, context, clock

    def build(self, draft: Draft) -> Payload:
        """Take title and body. Raises `CannotSay` for what is no article. The address is the site's to choose."""
        if draft.form is not Form.ARTICLE:
            raise CannotSay(
                f"WordPress carries articles, and this is a message of the form {draft.form}.", "Use another channel."
            )
        real = unmarked(draft)
        for name in ("title", "body"):
            if not real.text(name).strip():
                raise CannotSay(f"The {name} of the article is empty.", "Write it.")
        count = len(draft.documents)
        beside = f" with {count} document{'' if count == 1 else 's'}" if count else ""
        return Payload(draft=draft, length=Length(used=len(real.text("body"))), summary=f"1 page{beside}")

    def check(self) -> Health:
        """Sign in, and ask whether this user may publish."""
        return self._live.check()

    def ready(self, payload: Payload, key: str) -> Staging:
        """Sign in, store the draft (or find it), and connect for the commit. Raises `NotReady`. Nothing is public."""
        return self._live.ready(payload, key)

    def find(self, payload: Payload, key: str) -> Found:
        """Ask the site for the post: `THERE` if it is published, `ABSENT` if its draft lies there unpublished."""
        return self._live.find(payload, key)

    def withdraw(self, receipt: Receipt) -> Result:
        """Make the page a draft again, so that the public no longer sees it."""
        return self._live.withdraw(receipt)

    @cached_property
    def _live(self) -> "WordPressLive":
        from runbook.channels.wordpress_live import WordPressLive  # noqa: PLC0415  # loads httpx: not in a rehearsal

        return WordPressLive(self._settings, self._context, self._clock)


def open_channel(settings: Settings, context: Context, clock: Clock) -> WordPressChannel:
    """Return the channel."""
    return WordPressChannel(settings, context, clock)
