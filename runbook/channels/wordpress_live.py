"""The half of WordPress that touches the network: signing in, storing, publishing, looking, taking back.

Imported on use: httpx is heavy.
"""

import contextlib
import html
import json
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from runbook.channels import wire
from runbook.channels.context import Context
from runbook.channels.held import Answered, HeldRequest, Outgoing
from runbook.channels.held_staging import HeldStaging, failed
from runbook.channels.server_clock import ServerClock
from runbook.channels.wordpress_settings import Settings, slug_of
from runbook.clock import Clock
from runbook.errors import NotReady
from runbook.model.message import Draft, Part, Payload
from runbook.model.outcome import Answer, Found, Health, Outcome, Receipt, Result
from runbook.model.ports import Staging

CONNECT_SECONDS = 5.0
WARM_UP = "/wp-includes/images/blank.gif"
"""A file of every WordPress, answered without its program. A site that hides it answers 404, which warms as well."""
AT_WITHIN = 1.0
"""Seconds. The site's times, and the `Date` of its answers, are cut to the second."""
TORN = "status=torn"
"""What the address of the commit says beside its body, whose status goes before it (WP_REST_Request, parameter order).

Apache runs PHP for a request that was given up before its last byte, with no body at all (seen with 2.4). WordPress
takes that for a change of nothing and stores the post as it was: what the next request published just then became a
draft again. There is no such status, so that a request without its body is refused (400) and changes nothing.
"""
LOOKS = 3
PAUSE = 5.0
"""Seconds between two looks at a draft that may be on its way to being published."""
OVER = timedelta(minutes=5)
"""After which a site no longer works on a commit that it did not answer: Apache and nginx, as they come, have given up
PHP by then (`Timeout` 60 or 300 s, `fastcgi_read_timeout` 60 s). PHP itself may go on, which nothing bounds; whoever
sends again then publishes the same post, not a second one."""
_ANY_STATUS = "publish,draft,pending,future,private"


class _Failed(NotReady):
    """A request that failed. `certain`: nothing was changed."""

    def __init__(self, message: str, remedy: str = "Try again.", *, certain: bool) -> None:
        super().__init__(message, remedy)
        self.certain = certain


class WordPressLive:
    """One site, one user."""

    def __init__(self, settings: Settings, context: Context, clock: Clock) -> None:
        self._settings, self._context, self._clock = settings, context, clock
        self._server = ServerClock()
        self._made: list[tuple[str, str, HeldStaging]] = []
        """Post (its slug, or the number of what it replaces), key and staging of every sending of this process."""

    def check(self) -> Health:
        """Sign in, and ask whether this user may publish."""
        try:
            with self._site() as site:
                self._may_publish(site)
        except NotReady as error:
            return Health(ok=False, detail=error.message, remedy=error.remedy)
        return Health(ok=True, detail=f"{self._settings.url}: signed in as {self._settings.user}, who may publish.")

    def ready(self, payload: Payload, key: str) -> Staging:
        """Sign in, store the draft (or find it), and connect for the commit. Raises `NotReady`. Nothing is public."""
        with self._site() as site:
            self._may_publish(site)
            post, change = self._stored(site, payload.draft, key)
        settings = self._settings
        outgoing = self._outgoing(post, change)
        staging = HeldStaging(
            HeldRequest(ca_file=self._ca_file, connect_timeout=CONNECT_SECONDS, clock=self._clock),
            f"{settings.url}{WARM_UP}",
            lambda: outgoing,
            partial(self._read, time=_time_of(payload.draft)),
            service="the site",
            summary=payload.summary,
            clock=self._clock,
            server=self._server,
            answer_timeout=timedelta(seconds=settings.timeout),
            look_at=f"{settings.url}/?p={post}",
        )
        try:
            staging.connect()
        except BaseException:
            staging.discard()
            raise
        self._made.append((_name_of(payload.draft, key), key, staging))
        return staging

    def find(self, payload: Payload, key: str) -> Found:
        """Ask the site for the post: `THERE` if it is published, `ABSENT` if its draft lies there and stays one.

        A draft may be on its way: PHP goes on when nobody waits for it any more. So a draft is `ABSENT` only once every
        commit to it is over (`OVER`), which this process knows of its own sendings alone; until then it is looked at
        three times within 10 seconds, and `CANNOT_TELL`. No post at all is never `ABSENT`: the draft was stored before
        the commit, so that somebody has done something to it since.
        """
        for turn in range(LOOKS):
            if turn:
                self._clock.sleep(PAUSE)
            over = self._over(payload.draft, key)  # asked first: what is over by then shows in the post
            try:
                with self._site() as site:
                    post = self._post(site, payload.draft, key)
            except NotReady as error:
                return Found(answer=Answer.CANNOT_TELL, detail=error.message, look_at=self._settings.url)
            if over or post is None or post.get("status") != "draft":
                break
        return self._seen(post, payload.draft, over=over)

    def _over(self, draft: Draft, key: str) -> bool:
        """Whether this process made that sending, and none that it made of the same post can still publish it."""
        name = _name_of(draft, key)
        mine = [(made, staging) for its_name, made, staging in self._made if its_name == name]
        return any(made == key for made, _ in mine) and all(staging.over(OVER) for _, staging in mine)

    def _seen(self, post: Mapping[str, Any] | None, draft: Draft, *, over: bool) -> Found:
        """Return what a post says of its sending."""
        if post is None:
            detail = "The site has neither a draft nor a page of this message."
            return Found(answer=Answer.CANNOT_TELL, detail=detail, look_at=self._settings.url)
        status = str(post.get("status", ""))
        if status == "publish" and draft.replaces and _content(post) != _change(draft):
            # A site may clean up what it stores, so that other words than ours do not prove the old ones.
            detail = "The page is published, and its words are not exactly those of this message."
            return Found(answer=Answer.CANNOT_TELL, detail=detail, look_at=_receipt(post).address)
        if status == "publish":
            receipt = _receipt(post, _time_of(draft))
            return Found(answer=Answer.THERE, detail="The site says that it is published.", receipt=receipt)
        if status == "draft" and over:
            return Found(answer=Answer.ABSENT, detail="The site has it as a draft, not published.")
        detail = f'The site has it with the status "{wire.plain(status)}".'
        if status == "draft":
            detail = "The site still has it as a draft, but may be publishing it."
        return Found(answer=Answer.CANNOT_TELL, detail=detail, look_at=f"{self._settings.url}/?p={post['id']}")

    def withdraw(self, receipt: Receipt) -> Result:
        """Make the page a draft again, so that the public no longer sees it."""
        if not receipt.id.isdigit():
            return Result(outcome=Outcome.NOT_SENT, detail=f'"{receipt.id}" is not the number of a page.')
        try:
            with self._site() as site:
                post = _ask(site, "POST", f"posts/{receipt.id}", json={"status": "draft"})
        except _Failed as error:
            outcome = Outcome.NOT_SENT if error.certain else Outcome.UNKNOWN
            return Result(outcome=outcome, detail=error.message)
        except NotReady as error:
            return Result(outcome=Outcome.NOT_SENT, detail=error.message)
        if not isinstance(post, dict) or post.get("status") != "draft":
            detail = f"The site did not confirm it. Look at {receipt.address or self._settings.url}."
            return Result(outcome=Outcome.UNKNOWN, detail=detail)
        return Result(outcome=Outcome.SENT, detail="The page is a draft again.", receipt=receipt)

    @property
    def _ca_file(self) -> Path | None:
        return self._context.authority(self._settings.ca_file)

    def _address(self, rest: str) -> str:
        return f"{self._settings.url}/wp-json/wp/v2/{rest}"

    def _authorization(self) -> str:
        pair = f"{self._settings.user}:{self._context.reveal(self._settings.password)}"
        return f"Basic {b64encode(pair.encode()).decode()}"

    @contextmanager
    def _site(self) -> Iterator[httpx.Client]:
        """Yield a signed-in client. It retries nothing and follows no redirect. Raises `NotReady`."""
        host = urlsplit(self._settings.url).hostname or ""
        try:
            trust = wire.tls(self._ca_file)
        except OSError as error:
            raise wire.not_ready(error, host) from error
        with httpx.Client(
            base_url=self._address(""),
            headers={"Authorization": self._authorization()},
            verify=trust,
            timeout=httpx.Timeout(self._settings.timeout, connect=CONNECT_SECONDS),
            trust_env=False,
        ) as site:
            yield site

    def _may_publish(self, site: httpx.Client) -> None:
        me = _ask(site, "GET", "users/me", params={"context": "edit"})
        capabilities = me.get("capabilities", {}) if isinstance(me, dict) else {}
        if not (isinstance(capabilities, dict) and capabilities.get("publish_posts")):
            raise NotReady(
                f'"{self._settings.user}" may not publish on {self._settings.url}.',
                "Give this user the role of an author or editor.",
            )

    def _post(self, site: httpx.Client, draft: Draft, key: str) -> dict[str, Any] | None:
        """Return the post of this sending: what it replaces, or the one with its slug; None if there is none."""
        if draft.replaces:
            post = _ask(site, "GET", f"posts/{draft.replaces}", params={"context": "edit"})
            return post if isinstance(post, dict) and post.get("id") else None
        query = {"slug": slug_of(draft, key), "status": _ANY_STATUS, "context": "edit"}
        posts = _ask(site, "GET", "posts", params=query)
        found = [post for post in posts if isinstance(post, dict) and post.get("id")] if isinstance(posts, list) else []
        # A published one first: then the message is out, and no draft beside it may become a second.
        found.sort(key=lambda post: post.get("status") != "publish")
        return found[0] if found else None

    def _stored(self, site: httpx.Client, draft: Draft, key: str) -> tuple[int, dict[str, str]]:
        """Return the number of the post, and what the commit changes in it beside its status."""
        post = self._post(site, draft, key)
        if draft.replaces:
            if post is None:
                raise NotReady(f"The site has no page number {draft.replaces} to replace.", "Publish it by hand.")
            # The page is public: its words may change only with the commit itself.
            return int(post["id"]), _change(draft)
        if post is not None and post.get("status") == "publish":
            return int(post["id"]), {}
        if post is not None and post.get("status") == "draft" and _content(post) == _change(draft):
            # Storing it again could take back what an earlier attempt is publishing just now.
            return int(post["id"]), {}
        stored = {**_change(draft), "status": "draft", "slug": slug_of(draft, key)}
        post = _ask(site, "POST", f"posts/{post['id']}" if post else "posts", json=stored)
        if not isinstance(post, dict) or not post.get("id") or post.get("status") != "draft":
            raise NotReady("The site did not store the draft.", "Try again, or publish it by hand.")
        return int(post["id"]), {}

    def _outgoing(self, post: int, change: Mapping[str, str]) -> Outgoing:
        headers = {"Authorization": self._authorization(), "Content-Type": "application/json"}
        body = json.dumps({**change, "status": "publish"}).encode()
        return Outgoing(self._address(f"posts/{post}?{TORN}"), headers, body)

    def _read(self, answered: Answered, *, time: str) -> Result:
        """Return what the site's answer to the commit means."""
        said = answered.object()
        if answered.status not in {200, 201}:
            return failed("The site", answered, _words(said), own=_own(said))
        status = said.get("status")
        if status == "publish":
            receipt = _receipt(said, time, answered.date)
            return Result(outcome=Outcome.SENT, detail=receipt.address, receipt=receipt)
        if status in {"draft", "pending"}:
            return Result(outcome=Outcome.NOT_SENT, detail=f'The site kept it with the status "{status}".')
        detail = f"The site's answer does not say that it is published. Look at {self._settings.url}."
        return Result(outcome=Outcome.UNKNOWN, detail=detail)


def _change(draft: Draft) -> dict[str, str]:
    parts = draft.parts
    title, body = parts.get("title", Part(text="")), parts.get("body", Part(text=""))
    return {
        "title": title.text if title.html else html.escape(title.text, quote=False),
        "content": body.text if body.html else _paragraphs(body.text),
    }


def _content(post: Mapping[str, Any]) -> dict[str, str]:
    """Return title and content as they were stored (`raw`, which only editors are shown)."""
    fields = {name: post.get(name) for name in ("title", "content")}
    return {name: str(field.get("raw", "")) if isinstance(field, dict) else "" for name, field in fields.items()}


def _paragraphs(text: str) -> str:
    blocks = (block for block in re.split(r"\n\s*\n", text.strip()) if block.strip())
    return "\n".join(f"<p>{html.escape(block, quote=False)}</p>" for block in blocks)


def _name_of(draft: Draft, key: str) -> str:
    return draft.replaces or slug_of(draft, key)


def _time_of(draft: Draft) -> str:
    """Return which of a post's times is that of the commit: a page that is corrected keeps its date."""
    return "modified_gmt" if draft.replaces else "date_gmt"


def _receipt(post: Mapping[str, Any], time: str = "date_gmt", otherwise: datetime | None = None) -> Receipt:
    """Return the proof. Its time is the one that the post has under that name, to the second."""
    link = str(post.get("link", ""))
    at = otherwise
    # The proof is the number and the link; a site that gives no time proves as much.
    with contextlib.suppress(ValueError):
        at = datetime.fromisoformat(str(post.get(time))).replace(tzinfo=UTC)
    addresses = {"page": link} if link else {}
    text = f"{post.get('status')} as number {post.get('id')}"
    return Receipt(
        id=str(post.get("id", "")),
        address=link,
        addresses=addresses,
        at=at,
        at_within=AT_WITHIN,
        text=wire.plain(text, 500),
    )


def _words(said: Mapping[str, Any]) -> str:
    return " ".join(str(said[name]) for name in ("code", "message") if said.get(name))


def _own(said: object) -> bool:
    """Whether it is an error as WordPress tells it (WP_Error over REST: `code` and `message`)."""
    return isinstance(said, dict) and all(
        said.get(name) and isinstance(said[name], str) for name in ("code", "message")
    )


def _ask(site: httpx.Client, method: str, path: str, **options: Any) -> Any:
    """Return the JSON of an answer. Raises `_Failed`."""
    host = urlsplit(str(site.base_url)).hostname or ""
    try:
        response = site.request(method, path, **options)
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        raise _Failed(*wire.explain(_root(error), host), certain=True) from error
    except httpx.HTTPError as error:
        raise _Failed(*wire.explain(_root(error), host), certain=False) from error
    try:
        said = response.json()
    except ValueError:
        said = None
    if response.is_success and said is not None:
        return said
    words = wire.plain(f"{response.status_code} {_words(said) if isinstance(said, dict) else response.reason_phrase}")
    if response.status_code in {401, 403}:
        raise _Failed(
            f"{host} refused it: {words}.", "Check the user and the application password.", certain=_own(said)
        )
    message = (
        f"{host} answered {words}." if said is not None else f"{host} answered {words}, and not as WordPress does."
    )
    remedy = "Check `url`, and that the site's REST API is on."
    raise _Failed(message, remedy, certain=400 <= response.status_code < 500 and _own(said))


def _root(error: Exception) -> Exception:
    """Return the error at the bottom; httpx wraps the one that says what happened."""
    if isinstance(error, httpx.TimeoutException):
        return TimeoutError(str(error))
    seen: BaseException = error
    while (below := seen.__cause__ or seen.__context__) is not None:
        seen = below
    return seen if isinstance(seen, OSError) else error
