"""The half of X that touches the network: signing in, posting, looking, deleting.

Imported on use: tweepy is heavy.
"""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from runbook.channels import wire
from runbook.channels.context import Context
from runbook.channels.held import Answered, HeldRequest
from runbook.channels.held_staging import HeldStaging, failed
from runbook.channels.server_clock import ServerClock
from runbook.channels.x_clock import refusal, refusal_by
from runbook.channels.x_session import UNAUTHORISED, Api, Keys, Refused, same_text, words_of
from runbook.channels.x_settings import Settings, made_at
from runbook.clock import Clock
from runbook.errors import NotReady
from runbook.model.message import Payload
from runbook.model.outcome import Answer, Found, Health, Outcome, Receipt, Result
from runbook.model.ports import Staging

ASKED = 3
PAUSE = 5.0
"""Seconds between two looks at our own posts."""
BEFORE = timedelta(minutes=1)
"""How far our clock may be ahead of X's."""
LOOK_BACK = timedelta(hours=24)
"""How far back to look for a post whose sending this process did not see."""


class XLive:
    """One account, signed in to anew each time."""

    def __init__(self, settings: Settings, context: Context, clock: Clock) -> None:
        self._settings, self._context, self._clock = settings, context, clock
        self._server = ServerClock()
        self._begun: dict[str, datetime] = {}
        self._user = ""

    def check(self) -> Health:
        """Sign in, and ask whose account it is and whether it may write. The balance cannot be asked."""
        try:
            with self._api() as api:
                who = self._signed_in(api)
        except NotReady as error:
            return Health(ok=False, detail=error.message, remedy=error.remedy)
        return Health(ok=True, detail=f"Signed in to X as @{who}; the account may post. X does not tell the balance.")

    def ready(self, payload: Payload, key: str) -> Staging:
        """Connect, compare the clocks and sign in. Raises `NotReady`."""
        settings = self._settings
        api = self._api()
        staging = HeldStaging(
            HeldRequest(ca_file=self._ca_file, connect_timeout=settings.timeout.connect, clock=self._clock),
            f"{settings.base_url}/",
            lambda: api.signed_post(payload.draft.text("text")),
            self._read,
            service="X",
            summary=payload.summary,
            clock=self._clock,
            server=self._server,
            answer_timeout=timedelta(seconds=settings.timeout.read),
            look_at=self._profile,
            refuses=refusal,
        )
        try:
            with api:
                staging.connect()
                self._signed_in(api)
        except BaseException:
            staging.discard()
            raise
        self._begun[key] = self._clock.now()
        return staging

    def find(self, payload: Payload, key: str) -> Found:
        """Look for the text among the account's own posts: up to three times within 15 seconds.

        Never `ABSENT`: X shows a new post in a timeline only after a while.
        """
        since = self._begun.get(key, self._clock.now() - LOOK_BACK) - BEFORE
        asked, trouble = 0, ""
        for turn in range(ASKED):
            if turn:
                self._clock.sleep(PAUSE)
            try:
                with self._api() as api:
                    self._user = self._user or api.me().id
                    posts = api.posts(self._user, since)
            except NotReady as error:
                trouble = f" {error.message}"
                continue
            asked += 1
            for post in posts:
                if same_text(post, payload.draft.text("text")):
                    receipt = self._receipt(str(post["id"]))
                    return Found(answer=Answer.THERE, detail="X lists it among our posts.", receipt=receipt)
        times = f"{asked} of {ASKED} times" if asked < ASKED else f"{ASKED} times in {PAUSE * (ASKED - 1):g} s"
        detail = f"Asked X for our last posts {times}: not there yet.{trouble}"
        return Found(answer=Answer.CANNOT_TELL, detail=detail, look_at=self._profile)

    def withdraw(self, receipt: Receipt) -> Result:
        """Delete the post. Deleting one that is gone already counts as done."""
        if made_at(receipt.id) is None:
            return Result(outcome=Outcome.NOT_SENT, detail=f'"{receipt.id}" is not the id of a post.')
        try:
            with self._api() as api:
                gone = api.delete(receipt.id)
        except Refused as error:
            outcome = Outcome.NOT_SENT if error.certain else Outcome.UNKNOWN
            return Result(outcome=outcome, detail=f"The post was not deleted for certain: {error.message}")
        except NotReady as error:
            return Result(outcome=Outcome.NOT_SENT, detail=error.message)
        if not gone:
            return Result(outcome=Outcome.UNKNOWN, detail=f"X did not confirm the deletion. Look at {receipt.address}.")
        return Result(outcome=Outcome.SENT, detail="X deleted the post.", receipt=receipt)

    @property
    def _profile(self) -> str:
        return f"{self._settings.web_url}/{self._settings.account.removeprefix('@')}"

    @property
    def _ca_file(self) -> Path | None:
        return self._context.authority(self._settings.ca_file)

    def _api(self) -> Api:
        settings, reveal = self._settings, self._context.reveal
        keys = Keys(
            reveal(settings.consumer_key),
            reveal(settings.consumer_secret),
            reveal(settings.access_token),
            reveal(settings.access_token_secret),
        )
        timeout = (settings.timeout.connect, settings.timeout.read)
        return Api(keys, base_url=settings.base_url, timeout=timeout, ca_file=self._ca_file, clock=self._clock)

    def _signed_in(self, api: Api) -> str:
        """Return the account's name. Raises `NotReady` for another account, or one that may only read."""
        me, table = api.me(), self._context.table
        self._user = me.id
        if me.username.lower() != self._settings.account.removeprefix("@").lower():
            raise NotReady(
                f'The keys of {table} belong to "@{me.username}", and the settings say "{self._settings.account}".',
                "Put in the keys of the right account.",
            )
        if me.access and "write" not in me.access:
            raise NotReady(
                f'The keys of {table} may only "{me.access}".',
                "Give the app the permission to read and write, then make a new access token.",
            )
        return me.username

    def _receipt(self, post: str, text: str = "") -> Receipt:
        return Receipt(id=post, address=f"{self._profile}/status/{post}", at=made_at(post), text=text[:500])

    def _read(self, answered: Answered) -> Result:
        """Return what X's answer to a post means."""
        said = answered.object()
        data: Any = said.get("data")
        post = str(data.get("id", "")) if isinstance(data, dict) else ""
        if answered.status in {200, 201} and made_at(post):
            receipt = self._receipt(post, wire.plain(answered.body.decode("utf-8", "replace"), 500))
            return Result(outcome=Outcome.SENT, detail=receipt.address, receipt=receipt)
        words = words_of(said)
        result = failed("X", answered, words, own=bool(words))
        host = urlsplit(self._settings.base_url).hostname or ""
        if answered.status == UNAUTHORISED and (wrong := refusal_by(answered.reading, host)):
            detail = f"{result.detail} {wrong.message} {wrong.remedy}"
            return result.model_copy(update={"detail": detail})
        if answered.status == 403 and "duplicate" in words.lower():
            detail = f"X has this text already: it is probably ours. Look at {self._profile}."
            return result.model_copy(update={"outcome": Outcome.UNKNOWN, "detail": detail})
        return result
