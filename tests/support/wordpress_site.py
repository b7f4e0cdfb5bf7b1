"""A stand-in for a WordPress site: the REST shapes for posts and `users/me`, and the public's page for each post.

As the real one does (seen on WordPress 6.1): drafts are 401 to the public, publishing twice changes nothing, and making
a second post with a published slug silently becomes `slug-2`.
"""

import base64
import contextlib
import json
import re
import threading
import time
import urllib.parse
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from support.certificates import Authority
from support.serving import Handler, Serving

STATUSES = ("publish", "future", "draft", "pending", "private")
BLANK = b"GIF89a\x01\x00\x01\x00\x00\x00\x00;"


@dataclass
class Faults:
    """What goes wrong. All may be changed while the server runs."""

    publish: int = 0
    """Status of the answer to a publishing request, which then does nothing; 0: none."""
    create: int = 0
    """Status of the answer to the making of a post, which is then not made."""
    after_commit: Literal["", "silent", "close", "500", "filtered"] = ""
    """What happens once a post is published; `filtered`: something in between keeps the answer back."""
    filtered: tuple[int, bytes] = (403, b"<h1>Forbidden</h1>")
    """What it says instead."""
    slow: float = 0.0
    """Seconds before a publishing request is carried out; nobody else waits for it, and it is carried out even if the
    other side has hung up, as PHP does."""
    may_publish: bool = True
    keeps: str = ""
    """The status that publishing leads to instead: `pending`."""
    timeless: bool = False
    """Leave the times out of every post."""
    as_html: bool = False
    """Answer everything with a page of HTML, as a site with its REST API off does."""


@dataclass
class Post:
    """One post."""

    id: int
    slug: str
    title: str
    content: str
    status: str = "draft"
    date: datetime | None = None
    modified: datetime | None = None
    published: int = 0
    """How often a request to publish it was carried out."""
    at: float = 0.0
    """Monotonic seconds of the last of them, when the whole request was there."""


@dataclass(frozen=True)
class Request:
    """One request that came whole."""

    method: str
    path: str
    body: dict[str, Any] = field(default_factory=dict)


class _Handler(Handler):
    stand_in: "WordPressSite"

    def respond(self) -> None:
        site = self.stand_in
        body = self.body()
        arrived = time.monotonic()
        path, _, query = self.path.partition("?")
        try:
            said = json.loads(body) if body else {}
        except ValueError:
            self._error(400, "rest_invalid_json", "Invalid JSON body passed.")
            return
        site.requests.append(Request(self.command, path, said))
        if site.faults.as_html:
            self.answer(200, b"<html><body>Welcome</body></html>", "text/html")
            return
        if path == f"{site.root}/wp-includes/images/blank.gif":
            self.answer(200, BLANK, "image/gif")
            return
        rest, marker = path.removeprefix(site.root), "/wp-json/wp/v2/"
        if not rest.startswith(marker):
            self._page(rest, dict(urllib.parse.parse_qsl(query)))
            return
        with site.lock:
            self._rest(rest.removeprefix(marker), dict(urllib.parse.parse_qsl(query)), said, arrived)

    def _rest(self, rest: str, query: dict[str, str], said: dict[str, Any], arrived: float) -> None:
        signed_in = self._signed_in()
        number = re.fullmatch(r"posts/(\d+)", rest)
        if rest == "users/me":
            self._me(signed_in)
        elif rest == "posts" and self.command == "GET":
            self._list(query, signed_in)
        elif rest == "posts" and self.command == "POST":
            self._create(said, signed_in)
        elif number and self.command == "GET":
            self._read(int(number.group(1)), signed_in)
        elif number and self.command == "POST":
            self._update(int(number.group(1)), {**query, **said}, arrived, signed_in)
        else:
            self._error(404, "rest_no_route", "No route was found matching the URL and request method.")

    def _signed_in(self) -> bool:
        pair = f"{self.stand_in.user}:{self.stand_in.password}".encode()
        return self.headers.get("Authorization") == f"Basic {base64.b64encode(pair).decode()}"

    def _error(self, status: int, code: str, message: str) -> None:
        self.answer_json(status, {"code": code, "message": message, "data": {"status": status}})

    def _me(self, signed_in: bool) -> None:
        if not signed_in:
            self._error(401, "rest_not_logged_in", "You are not currently logged in.")
            return
        capabilities = {"edit_posts": True, "publish_posts": self.stand_in.faults.may_publish}
        self.answer_json(200, {"id": 1, "name": self.stand_in.user, "capabilities": capabilities})

    def _list(self, query: dict[str, str], signed_in: bool) -> None:
        statuses = query.get("status", "publish").split(",")
        if statuses != ["publish"] and not signed_in:
            self._error(400, "rest_invalid_param", "Invalid parameter(s): status")
            return
        posts = [
            post
            for post in self.stand_in.posts.values()
            if post.status in statuses and post.slug == query.get("slug", post.slug)
        ]
        self.answer_json(200, [self.stand_in.shown(post, edit=signed_in) for post in posts])

    def _create(self, said: dict[str, Any], signed_in: bool) -> None:
        site = self.stand_in
        if not signed_in:
            self._error(401, "rest_cannot_create", "Sorry, you are not allowed to create posts as this user.")
        elif site.faults.create:
            self._error(site.faults.create, "db_insert_error", "Could not insert post into the database.")
        else:
            post = Post(len(site.posts) + 11, said.get("slug", ""), said.get("title", ""), said.get("content", ""))
            site.posts[post.id] = post
            if said.get("status") == "publish":
                site.publish(post)
            self.answer_json(201, site.shown(post, edit=True))

    def _read(self, number: int, signed_in: bool) -> None:
        post = self.stand_in.posts.get(number)
        if post is None:
            self._error(404, "rest_post_invalid_id", "Invalid post ID.")
        elif post.status != "publish" and not signed_in:
            self._error(401, "rest_forbidden", "Sorry, you are not allowed to do that.")
        else:
            self.answer_json(200, self.stand_in.shown(post, edit=signed_in))

    def _update(self, number: int, said: dict[str, Any], arrived: float, signed_in: bool) -> None:
        site = self.stand_in
        faults, post = site.faults, site.posts.get(number)
        if not signed_in:
            self._error(401, "rest_cannot_edit", "Sorry, you are not allowed to edit this post.")
            return
        if post is None:
            self._error(404, "rest_post_invalid_id", "Invalid post ID.")
            return
        if said.get("status", "draft") not in STATUSES:
            self._error(400, "rest_invalid_param", "Invalid parameter(s): status")
            return
        publishing = said.get("status") == "publish"
        if publishing and faults.publish:
            self._error(faults.publish, "rest_cannot_publish", "Refused by the test.")
            return
        if publishing and faults.slow:
            site.lock.release()
            time.sleep(faults.slow)
            site.lock.acquire()
        for name in ("title", "content", "slug"):
            setattr(post, name, said.get(name, getattr(post, name)))
        if publishing and faults.keeps:
            post.status = faults.keeps
        elif publishing:
            site.publish(post)
            post.at = arrived
        else:
            post.status = said.get("status", post.status)
        self._end(post, faults.after_commit if publishing else "")

    def _end(self, post: Post, how: str) -> None:
        if how == "silent":
            self.stand_in.lock.release()
            try:
                self.stay_silent()
            finally:
                self.stand_in.lock.acquire()
        elif how == "close":
            self.hang_up()
        elif how == "filtered":
            status, page = self.stand_in.faults.filtered
            self.answer(status, page, "text/html")
        elif how == "500":
            self.answer(500, b"<p>There has been a critical error on this website.</p>", "text/html")
        else:
            with contextlib.suppress(OSError):  # nobody waits for it any more
                self.answer_json(200, self.stand_in.shown(post, edit=True))

    def _page(self, path: str, query: dict[str, str]) -> None:
        with self.stand_in.lock:
            for post in self.stand_in.posts.values():
                right = path == f"/{post.slug}/" or query.get("p") == str(post.id)
                if right and post.status == "publish":
                    page = f"<!doctype html><title>{post.title}</title><h1>{post.title}</h1>{post.content}"
                    self.answer(200, page.encode(), "text/html; charset=utf-8")
                    return
        self.answer(404, b"<!doctype html><title>Page not found</title>", "text/html; charset=utf-8")


class WordPressSite(Serving):
    """One site with one user. `root` is the path the site lies under."""

    user = "news"
    password = "abcd EFGH ijkl MNOP qrst UVWX"

    def __init__(self, ca: Authority | None, *, root: str = "") -> None:
        super().__init__(_Handler, ca)
        self.root = root
        self.faults = Faults()
        self.posts: dict[int, Post] = {}
        self.requests: list[Request] = []
        self.lock = threading.Lock()

    def publish(self, post: Post) -> None:
        """Publish as WordPress does: a slug that is taken gets a number, a date stays what it was."""
        if post.status != "publish":
            taken = {p.slug for p in self.posts.values() if p.status == "publish" and p.id != post.id}
            slug, number = post.slug, 1
            while slug in taken:
                number += 1
                slug = f"{post.slug}-{number}"
            post.slug, post.status, post.date = slug, "publish", datetime.fromtimestamp(self.now(), UTC)
        post.modified = datetime.fromtimestamp(self.now(), UTC)
        post.published += 1

    def shown(self, post: Post, *, edit: bool) -> dict[str, Any]:
        """A post as REST shows it; `raw` for editors only."""
        link = (
            f"{self.url}{self.root}/{post.slug}/" if post.status == "publish" else f"{self.url}{self.root}/?p={post.id}"
        )
        date, modified = (
            made.strftime("%Y-%m-%dT%H:%M:%S") if made and not self.faults.timeless else None
            for made in (post.date, post.modified)
        )
        raw = ({"raw": post.title}, {"raw": post.content}) if edit else ({}, {})
        return {
            "id": post.id,
            "slug": post.slug,
            "status": post.status,
            "link": link,
            "date_gmt": date,
            "modified_gmt": modified,
            "title": {"rendered": post.title, **raw[0]},
            "content": {"rendered": post.content, **raw[1]},
        }

    @property
    def public(self) -> list[Post]:
        """What the public can see."""
        return [post for post in self.posts.values() if post.status == "publish"]

    @property
    def settings(self) -> dict[str, Any]:
        """The settings of a channel that publishes here; the password is in the variable WORDPRESS_PASSWORD."""
        return {
            "kind": "wordpress",
            "url": f"{self.url}{self.root}",
            "user": self.user,
            "password": "env:WORDPRESS_PASSWORD",
        }
