"""tweepy, with what it lacks: a time-out, another address, and a post that is signed but left to be sent by byte.

tweepy 4.17 writes its host into the code, passes no time-out (tweepy#2024) and sends a post as a whole. All three are
mended at one seam, an adapter mounted on its requests session. The adapter rewrites the address after signing, so that
the OAuth1 signature stays the one for tweepy's own host, which is what X verifies. At DEBUG tweepy logs keys; not here.

How a post goes: tweepy makes and signs the request; the adapter hands it over instead of sending it, and
`runbook.channels.held` stages it up to its last byte on a connection of our own. It could not stay on tweepy's:
requests writes a body from the thread that called it, each part encrypted as it is written. The last byte would wait
for that thread to wake (0.2 to 0.7 ms; 5 to 30 beside a busy one), and could not be written in one call with those of
other channels. Measured on two cores: signing a post takes 0.4 ms (the first 1.2), in the countdown; making the client
0.2 ms; importing tweepy 120 ms, 95 of them requests, when the channel is made ready. At the instant it costs nothing.

Imported on use: tweepy and requests are heavy.
"""

import html
import logging
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn, Self
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from tweepy.client import Client
from tweepy.errors import HTTPException, TweepyException
from urllib3.exceptions import NewConnectionError

from runbook.channels import wire
from runbook.channels.held import REFUSALS, Outgoing
from runbook.channels.server_clock import reading
from runbook.channels.x_clock import refusal_by
from runbook.clock import Clock
from runbook.errors import NotReady

HOST = "https://api.twitter.com"
"""Where tweepy thinks it is (`tweepy/client.py`)."""
UNAUTHORISED = 401
NEWEST = 50
"""How many of our own posts to ask for."""
_TALKATIVE = ("tweepy.client", "oauthlib", "requests_oauthlib")


@dataclass(frozen=True)
class Keys:
    """The four keys of OAuth 1.0a user context."""

    consumer_key: str
    consumer_secret: str
    access_token: str
    access_token_secret: str

    def __repr__(self) -> str:
        return "Keys(****)"


@dataclass(frozen=True)
class Me:
    """Whose keys they are. `access` is X's header `x-access-level`; empty if it did not send one."""

    id: str
    username: str
    access: str


class Refused(NotReady):
    """A request was refused or not answered. `certain`: nothing was done."""

    def __init__(self, message: str, remedy: str, *, certain: bool) -> None:
        super().__init__(message, remedy)
        self.certain = certain


class _Signed(Exception):
    """A post that tweepy has signed; raised by the adapter to hand it over unsent."""

    def __init__(self, request: requests.PreparedRequest) -> None:
        super().__init__("signed")
        self.request = request


class _Route(HTTPAdapter):
    """Sends what may be sent at once to the settings' address, and hands posts over."""

    def __init__(self, base_url: str, timeout: tuple[float, float], ca_file: Path | None) -> None:
        super().__init__()
        self._base_url, self._timeout, self._trust = base_url, timeout, str(ca_file) if ca_file else True

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        """Send a request with the settings' time-outs and authorities, whatever the caller passed."""
        request.url = (request.url or "").replace(HOST, self._base_url, 1)
        if request.method == "POST":
            raise _Signed(request)
        return super().send(request, timeout=self._timeout, verify=self._trust)


class Api:
    """One signed-in client. Used in a `with` block; what it signs may be used after that."""

    def __init__(
        self, keys: Keys, *, base_url: str, timeout: tuple[float, float], ca_file: Path | None, clock: Clock
    ) -> None:
        for name in _TALKATIVE:
            logger = logging.getLogger(name)
            logger.setLevel(max(logging.INFO, logger.level))
        self._host, self._clock = urlsplit(base_url).hostname or base_url, clock
        self._client = Client(  # type: ignore[no-untyped-call]  # tweepy has no types
            consumer_key=keys.consumer_key,
            consumer_secret=keys.consumer_secret,
            access_token=keys.access_token,
            access_token_secret=keys.access_token_secret,
            return_type=requests.Response,
        )
        session = self._client.session
        session.trust_env = False  # a proxy or another authority from the environment would not hold for the held post
        session.max_redirects = 0  # keys stay with the host they were meant for
        session.mount(HOST, _Route(base_url, timeout, ca_file))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.session.close()

    def me(self) -> Me:
        """Return whose keys they are. Raises `Refused`."""
        response = self._ask("get_me", user_auth=True)
        data = _data(response, dict)
        return Me(str(data.get("id", "")), str(data.get("username", "")), response.headers.get("x-access-level", ""))

    def posts(self, user: str, since: datetime) -> list[Mapping[str, Any]]:
        """Return a user's posts since then, the newest first, at most 50. Raises `Refused`."""
        start = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        response = self._ask(
            "get_users_tweets",
            user,
            start_time=start,
            max_results=NEWEST,
            tweet_fields=["created_at", "entities"],
            user_auth=True,
        )
        posts = _data(response, list)
        return [post for post in posts if isinstance(post, dict) and "id" in post]

    def delete(self, post: str) -> bool:
        """Delete a post; return whether X says that it is gone. Raises `Refused`."""
        response = self._ask("delete_tweet", post, user_auth=True)
        return _data(response, dict).get("deleted") is True

    def signed_post(self, text: str) -> Outgoing:
        """Return the request that posts `text`, signed now. Nothing is sent."""
        try:
            self._client.create_tweet(text=text, user_auth=True)  # type: ignore[no-untyped-call]  # tweepy has no types
        except _Signed as signed:
            request = signed.request
        else:
            raise Refused("tweepy did not sign the post.", "Send it by hand.", certain=True)
        headers = {name: _text(value) for name, value in request.headers.items()}
        return Outgoing(request.url or "", headers, _bytes(request.body))

    def _ask(self, call: str, *args: Any, **options: Any) -> requests.Response:
        begun, before = self._clock.monotonic(), self._clock.now()
        try:
            response = getattr(self._client, call)(*args, **options)
        except HTTPException as error:
            read = self._clock.monotonic()
            headers = {name.lower(): value for name, value in error.response.headers.items()}
            _refuse(error, refusal_by(reading(headers, before, read - begun, read), self._host))
        except (TweepyException, requests.RequestException) as error:
            message, remedy = wire.explain(_root(error), self._host)
            raise Refused(message, remedy, certain=_unsent(error)) from error
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            # tweepy takes an error's body for a JSON object of its own shape, and fails like this on any other.
            raise Refused("X gave an answer that cannot be read.", "Try again.", certain=False) from error
        if not isinstance(response, requests.Response):
            raise Refused("X gave no answer that can be read.", "Try again.", certain=False)
        return response


def _refuse(error: HTTPException, wrong_clock: NotReady | None) -> NoReturn:
    status = error.response.status_code
    said = wire.plain(f"{status} {' '.join(str(m) for m in error.api_messages) or error.response.reason}")
    remedies = {
        UNAUTHORISED: "Check the four keys, and that this computer's clock is right.",
        402: "Top up the credits of the X account.",
        403: "Check what the app and the account are allowed to do.",
        429: "Wait until X allows more requests.",
    }
    message = f"X refused it: {said}." if status in REFUSALS else f"X answered {said}."
    certain = status in REFUSALS and bool(error.api_messages)  # X's own words, not a page from something in between
    if status == UNAUTHORISED and wrong_clock:
        raise Refused(f"{message} {wrong_clock.message}", wrong_clock.remedy, certain=certain) from error
    raise Refused(message, remedies.get(status, "Try again."), certain=certain) from error


def _root(error: BaseException) -> Exception:
    """Return the error at the bottom: requests and urllib3 wrap the one that says what happened."""
    seen: BaseException = error
    while (below := getattr(seen, "reason", None) or seen.__cause__ or seen.__context__) is not None:
        if not isinstance(below, BaseException) or below is seen:
            break
        seen = below
    if isinstance(error, requests.Timeout):
        return TimeoutError(str(error))
    return seen if isinstance(seen, Exception) else ConnectionError(str(seen))


def _unsent(error: Exception) -> bool:
    """Whether there was never a connection, so that certainly nothing was asked."""
    if isinstance(error, requests.ConnectTimeout | requests.exceptions.SSLError):
        return True
    cause = error.args[0] if error.args else None
    return isinstance(getattr(cause, "reason", None), NewConnectionError)


def _data(response: requests.Response, shape: type[Any]) -> Any:
    try:
        said = response.json()
    except ValueError as error:
        raise Refused("X gave an answer that is not JSON.", "Try again.", certain=False) from error
    data = said.get("data") if isinstance(said, dict) else None
    return data if isinstance(data, shape) else shape()


def same_text(post: Mapping[str, Any], text: str) -> bool:
    """Whether a post of a timeline says what was sent: links un-wrapped, entities un-escaped, spacing aside."""
    shown = str(post.get("text", ""))
    entities = post.get("entities")
    urls = entities.get("urls", []) if isinstance(entities, dict) else []
    for url in urls:
        if isinstance(url, dict) and url.get("url") and url.get("expanded_url"):
            shown = shown.replace(str(url["url"]), str(url["expanded_url"]))
    return _bare(html.unescape(shown)) == _bare(text)


def _bare(text: str) -> list[str]:
    # X gives a bare domain a scheme and composes accents; neither makes it another text.
    words = unicodedata.normalize("NFC", text).split()
    return [word.removeprefix("https://").removeprefix("http://").rstrip("/") for word in words]


def words_of(said: Mapping[str, Any]) -> str:
    """Return what X itself says of an error: a problem (RFC 9457) or a list of errors; nothing if it is neither."""
    errors = said.get("errors")
    messages = [error.get("message") for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []
    words = (said.get("detail"), said.get("title"), *messages)
    return next((text for text in words if isinstance(text, str) and text), "")


def _text(value: str | bytes) -> str:
    return value.decode("ascii") if isinstance(value, bytes) else value


def _bytes(body: Any) -> bytes:
    return body.encode() if isinstance(body, str) else bytes(body or b"")
