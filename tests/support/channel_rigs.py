"""Every kind of channel with what stands at its other end, behind one face."""

import contextlib
import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runbook.channels.registry import Context, open_channel
from runbook.clock import SystemClock
from runbook.model.message import Document, Draft, Form, Part
from runbook.model.ports import Channel
from support.certificates import Authority
from support.mail import MailServer
from support.wordpress_site import WordPressSite
from support.x_api import XApi

PAGE = "<!doctype html>\n<title>Malpractice</title>\n<h1>Malpractice & more</h1>\n"
LONG = " ".join(["long"] * 300)
BODY = f"It is at https://alternate.example.org/malpractice/\n.\n..two dots\nUnchanged: £ é \N{EN DASH} €\n{LONG}\n"
POST = "Malpractice for GCSE & A level: https://alternate.example.org/malpractice/ \N{EN DASH} official statistics"


class Impatient(SystemClock):
    """The machine's clock, except that nobody sleeps; `slept` has the seconds that would have passed."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


@dataclass
class Rig:
    """A channel, a draft it carries, and a way to see what the other side has got."""

    kind: str
    channel: Channel
    draft: Draft
    wrong: Draft
    """A draft of a form that it does not carry."""
    public: Callable[[], Sequence[str]]
    """What came out at the other end: one text for each message."""
    text: str
    """What each of them must say."""
    server: Any = None
    secrets: tuple[str, ...] = ()
    """The variables with its secrets."""
    clock: Impatient = field(default_factory=Impatient)
    extra: dict[str, Any] = field(default_factory=dict)


def context(name: str, root: Path) -> Context:
    """Return the context of a channel in a workspace at `root`."""
    return Context(name=name, root=root, organisation="Example Regulator", domain="example.org")


def set_environment(values: dict[str, str]) -> contextlib.AbstractContextManager[None]:
    """Set variables for a `with` block."""

    @contextlib.contextmanager
    def block() -> Iterator[None]:
        before = {name: os.environ.get(name) for name in values}
        os.environ.update(values)
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value

    return block()


def email(*recipients: str, subject: str = "Malpractice: summer 2017", body: str = BODY) -> Draft:
    """Return an e-mail."""
    parts = {"subject": Part(text=subject), "body": Part(text=body)}
    return Draft(form=Form.EMAIL, parts=parts, recipients=recipients or ("desk@example.org", "news@example.org"))


def post(text: str = POST) -> Draft:
    """Return a post."""
    return Draft(form=Form.POST, parts={"text": Part(text=text)})


def article() -> Draft:
    """Return an article."""
    parts = {"title": Part(text="Malpractice & more"), "body": Part(text="<p>All documents &amp; more</p>", html=True)}
    return Draft(form=Form.ARTICLE, parts=parts, folder="malpractice-2017")


def document(root: Path, name: str, content: bytes) -> Document:
    """Write a document below `root`, and return it as a channel is given it."""
    (root / "assets").mkdir(exist_ok=True)
    (root / "assets" / name).write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    return Document(
        id=Path(name).stem,
        title=name,
        kind="main",
        path=f"assets/{name}",
        name=name,
        size=len(content),
        sha256=digest,
    )


def files(root: Path, page: str = PAGE) -> Draft:
    """Return documents with their page; the documents lie below `root`."""
    documents = (
        document(root, "report.pdf", b"%PDF-1.7 report"),
        document(root, "table one.csv", b"year,cases\n2017,1\n"),
    )
    return Draft(
        form=Form.FILES,
        parts={"page": Part(text=page, html=True)},
        documents=documents,
        folder="malpractice-2017",
    )


@contextlib.contextmanager
def smtp(root: Path, ca: Authority, **settings: Any) -> Iterator[Rig]:
    """E-mail to a mail server; `security` chooses how, `offers` what the server can do besides."""
    security, offers = settings.pop("security", "starttls"), settings.pop("offers", ())
    with MailServer(ca, security=security, offers=offers) as mail, set_environment({"MAIL_PASSWORD": mail.password}):
        table = {**mail.settings, "ca_file": str(ca.ca_file), "timeout": 5, **settings}
        yield Rig(
            kind="smtp",
            channel=open_channel("press-email", table, context("press-email", root)),
            draft=email(),
            wrong=post(),
            public=lambda: [received.message.get_content().replace("\r\n", "\n") for received in mail.received],
            text=BODY.rstrip("\n") + "\n",
            server=mail,
            secrets=("MAIL_PASSWORD",),
        )


@contextlib.contextmanager
def x(root: Path, ca: Authority, **settings: Any) -> Iterator[Rig]:
    """Posts to a stand-in for X."""
    clock = Impatient()
    with XApi(ca) as api, set_environment(api.environment):
        table = {**api.settings, "ca_file": str(ca.ca_file), **settings}
        yield Rig(
            kind="x",
            channel=open_channel("x", table, context("x", root), clock),
            clock=clock,
            draft=post(),
            wrong=email(),
            public=lambda: [p.text for p in api.posts],
            text=POST,
            server=api,
            secrets=tuple(api.environment),
        )


@contextlib.contextmanager
def wordpress(root: Path, ca: Authority, **settings: Any) -> Iterator[Rig]:
    """Articles on a stand-in for a WordPress site."""
    clock = Impatient()
    with WordPressSite(ca, root="/news") as site, set_environment({"WORDPRESS_PASSWORD": site.password}):
        table = {**site.settings, "ca_file": str(ca.ca_file), **settings}
        yield Rig(
            kind="wordpress",
            channel=open_channel("news", table, context("news", root), clock),
            clock=clock,
            draft=article(),
            wrong=email(),
            public=lambda: [p.content for p in site.public],
            text="<p>All documents &amp; more</p>",
            server=site,
            secrets=("WORDPRESS_PASSWORD",),
        )


@contextlib.contextmanager
def upload(root: Path, ca: Authority, **settings: Any) -> Iterator[Rig]:
    """Files into a folder."""
    public = root / "public"
    public.mkdir()
    table = {"kind": "upload", "folder": "public", "url": "https://alternate.example.org", **settings}
    yield Rig(
        kind="upload",
        channel=open_channel("alternate-site", table, context("alternate-site", root)),
        draft=files(root),
        wrong=email(),
        public=lambda: [(folder / "index.html").read_text() for folder in sorted(public.iterdir())],
        text=PAGE,
        extra={"public": public},
    )


@contextlib.contextmanager
def manual(root: Path, ca: Authority, **settings: Any) -> Iterator[Rig]:
    """A person's hands: nothing comes out by machine."""
    yield Rig(
        kind="manual",
        channel=open_channel("by-hand", {"kind": "manual"}, context("by-hand", root)),
        draft=post(),
        wrong=post(),
        public=list,
        text="",
    )


RIGS = {"manual": manual, "smtp": smtp, "upload": upload, "wordpress": wordpress, "x": x}
