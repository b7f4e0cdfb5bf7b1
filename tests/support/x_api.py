"""A stand-in for the X API: posts, timeline, deletion and `users/me`, over HTTPS, with every signature verified.

The signature must be the one for X's own host, as tweepy makes it, whatever address the request came to.
Nothing of this kind installs from PyPI; X's own simulator is a Go program.
"""

import html
import json
import re
import threading
import time
import urllib.parse
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, Literal

from oauthlib.oauth1.rfc5849.signature import verify_hmac_sha1

from support.certificates import Authority
from support.serving import Handler, Serving

HOST = "https://api.twitter.com"
EPOCH_MS = 1_288_834_974_657
TIMESTAMP_LIMIT = 300
"""Seconds that the timestamp of a signature may be off."""
DUPLICATE = "You are not allowed to create a Tweet with duplicate content."
_LINK = re.compile(r"https?://[^\s]+")


@dataclass
class Faults:
    """What goes wrong. All may be changed while the server runs."""

    post: int = 0
    """Status of the answer to a post, which is then not made; 0: none."""
    detail: str = ""
    as_html: bool = False
    """Answer a failing post with a page of HTML."""
    after_commit: Literal["", "silent", "close", "500", "no-id"] = ""
    """What happens once the post is made."""
    lag: int = 0
    """How many timelines are answered without the newest post."""
    access: str = "read-write"
    """The header `x-access-level`; empty: none."""
    me: int = 0
    delete: int = 0
    timeline: int = 0
    username: str = "ofqual"


@dataclass(frozen=True)
class Post:
    """One post, as it was made."""

    id: str
    text: str
    at: float
    """Monotonic seconds, when the whole request was there."""
    made: datetime


@dataclass
class Keys:
    """The keys of the one account."""

    consumer_key: str = "consumer-key"
    consumer_secret: str = "consumer-secret"
    access_token: str = "7-access-token"
    access_token_secret: str = "access-token-secret"


@dataclass
class Request:
    """One request whose signature was right."""

    method: str
    path: str
    query: dict[str, str] = field(default_factory=dict)


class _Handler(Handler):
    stand_in: "XApi"

    def respond(self) -> None:
        x = self.stand_in
        x.connected.append(self.command)
        body = self.body()
        arrived = time.monotonic()
        path, _, query = self.path.partition("?")
        if self.command == "HEAD":
            x.heads.append((self.path, self.headers.get("Authorization", "")))
            self.answer(404, b"")
            return
        wrong = self._signature_is_wrong(path, query)
        if wrong:
            x.unsigned.append(wrong)
            self.answer_json(401, {"title": "Unauthorized", "type": "about:blank", "status": 401, "detail": wrong})
            return
        x.requests.append(Request(self.command, path, dict(urllib.parse.parse_qsl(query))))
        if self.command == "GET" and path == "/2/users/me":
            self._me()
        elif self.command == "POST" and path == "/2/tweets":
            self._post(body, arrived)
        elif self.command == "GET" and path == f"/2/users/{x.user_id}/tweets":
            self._timeline(dict(urllib.parse.parse_qsl(query)))
        elif self.command == "DELETE" and path.startswith("/2/tweets/"):
            self._delete(path.rpartition("/")[2])
        else:
            self._problem(404, "Not Found", "There is no such address.")

    def _problem(self, status: int, title: str, detail: str) -> None:
        headers = {"x-rate-limit-reset": str(int(self.stand_in.now()) + 60)} if status == 429 else None
        problem = {"title": title, "detail": detail, "type": "about:blank", "status": status}
        self.answer_json(status, problem, headers)

    def _signature_is_wrong(self, path: str, query: str) -> str:
        """Verify OAuth 1.0a as RFC 5849 says; JSON bodies are no part of the base string."""
        x, header = self.stand_in, self.headers.get("Authorization", "")
        if not header.startswith("OAuth "):
            return "no OAuth header"
        sent = [
            (k, urllib.parse.unquote(v.strip('"')))
            for k, _, v in (p.strip().partition("=") for p in header[6:].split(","))
        ]
        given = dict(sent)
        if given.get("oauth_consumer_key") != x.keys.consumer_key or given.get("oauth_token") != x.keys.access_token:
            return "another key"
        if abs(x.now() - int(given["oauth_timestamp"])) > TIMESTAMP_LIMIT:
            return "the timestamp is out of bounds"
        with x.lock:
            if given["oauth_nonce"] in x.nonces:
                return "the nonce was used already"
            x.nonces.add(given["oauth_nonce"])
        parameters = [(k, v) for k, v in sent if k not in {"oauth_signature", "realm"}]
        parameters += urllib.parse.parse_qsl(query, keep_blank_values=True)
        signed = SimpleNamespace(
            http_method=self.command, uri=HOST + path, params=parameters, signature=given["oauth_signature"]
        )
        right = verify_hmac_sha1(signed, x.keys.consumer_secret, x.keys.access_token_secret)
        return "" if right else "the signature is wrong"

    def _me(self) -> None:
        x = self.stand_in
        if x.faults.me:
            self._problem(x.faults.me, "Refused", "Refused by the test.")
            return
        headers = {"x-access-level": x.faults.access} if x.faults.access else None
        me = {"id": x.user_id, "name": "Ofqual", "username": x.faults.username}
        self.answer_json(200, {"data": me}, headers)

    def _post(self, body: bytes, arrived: float) -> None:
        x = self.stand_in
        faults = x.faults
        if faults.post and faults.as_html:
            self.answer(faults.post, b"<html><body>Over capacity</body></html>", "text/html")
            return
        if faults.post:
            self._problem(faults.post, "Refused", faults.detail or "Refused by the test.")
            return
        text = json.loads(body)["text"]
        with x.lock:
            twice = any(post.text == text for post in x.posts)
            post = None if twice else x.make(text, arrived)
        if post is None:
            self._problem(403, "Forbidden", DUPLICATE)
        elif faults.after_commit == "silent":
            self.stay_silent()
        elif faults.after_commit == "close":
            self.hang_up()
        elif faults.after_commit == "500":
            self.answer(500, b"<html>Internal error</html>", "text/html")
        elif faults.after_commit == "no-id":
            self.answer_json(201, {"data": {}})
        else:
            data = {"id": post.id, "text": html.escape(post.text, quote=False), "edit_history_tweet_ids": [post.id]}
            self.answer_json(201, {"data": data})

    def _timeline(self, query: dict[str, str]) -> None:
        x = self.stand_in
        if x.faults.timeline:
            self._problem(x.faults.timeline, "Refused", "Refused by the test.")
            return
        since = (
            datetime.fromisoformat(query["start_time"]) if "start_time" in query else datetime.min.replace(tzinfo=UTC)
        )
        posts = [post for post in reversed(x.posts) if post.made >= since]
        if x.faults.lag > 0:
            x.faults.lag -= 1
            posts = posts[1:]
        posts = posts[: int(query.get("max_results", 10))]
        data = [_shown(post) for post in posts]
        found: dict[str, Any] = {"meta": {"result_count": len(data)}}
        self.answer_json(200, {"data": data, **found} if data else found)

    def _delete(self, post: str) -> None:
        x = self.stand_in
        if x.faults.delete:
            self._problem(x.faults.delete, "Refused", "Refused by the test.")
            return
        with x.lock:
            x.posts = [p for p in x.posts if p.id != post]
        self.answer_json(200, {"data": {"deleted": True}})


def _shown(post: Post) -> dict[str, Any]:
    """A post as a timeline shows it: links behind t.co, the rest escaped."""
    urls: list[dict[str, Any]] = []

    def wrap(match: re.Match[str]) -> str:
        short = f"https://t.co/{post.id[-6:]}{len(urls)}"
        urls.append({"url": short, "expanded_url": match.group(0), "display_url": match.group(0)[8:40]})
        return short

    text = _LINK.sub(wrap, html.escape(post.text, quote=False))
    for url in urls:
        url["expanded_url"] = html.unescape(url["expanded_url"])
    made = post.made.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    return {"id": post.id, "text": text, "created_at": made, "entities": {"urls": urls}}


class XApi(Serving):
    """One account's posts. `posts` are what the public would see."""

    user_id = "2244994945"

    def __init__(self, ca: Authority | None) -> None:
        super().__init__(_Handler, ca)
        self.faults = Faults()
        self.keys = Keys()
        self.posts: list[Post] = []
        self.made: list[Post] = []
        """Every post ever made, deleted ones too."""
        self.requests: list[Request] = []
        self.connected: list[str] = []
        """The method of every request whose head has come, whole or not."""
        self.heads: list[tuple[str, str]] = []
        """Path and credentials of every HEAD request; none costs anything."""
        self.unsigned: list[str] = []
        """Why a signature was refused."""
        self.nonces: set[str] = set()
        self.lock = threading.Lock()

    def make(self, text: str, at: float) -> Post:
        """Store a post, with an id that carries its time."""
        now_ms = int(self.now() * 1000)
        number = ((now_ms - EPOCH_MS) << 22) | (len(self.made) & 0xFFF)
        post = Post(str(number), text, at, datetime.fromtimestamp(now_ms / 1000, UTC))
        self.posts.append(post)
        self.made.append(post)
        return post

    @property
    def settings(self) -> dict[str, Any]:
        """The settings of a channel that posts here; the keys are in variables that `environment` names."""
        return {
            "kind": "x",
            "account": "@ofqual",
            "consumer_key": "env:X_CONSUMER_KEY",
            "consumer_secret": "env:X_CONSUMER_SECRET",
            "access_token": "env:X_ACCESS_TOKEN",
            "access_token_secret": "env:X_ACCESS_TOKEN_SECRET",
            "base_url": self.url,
        }

    @property
    def environment(self) -> dict[str, str]:
        """The variables that the settings name."""
        return {
            "X_CONSUMER_KEY": self.keys.consumer_key,
            "X_CONSUMER_SECRET": self.keys.consumer_secret,
            "X_ACCESS_TOKEN": self.keys.access_token,
            "X_ACCESS_TOKEN_SECRET": self.keys.access_token_secret,
        }
