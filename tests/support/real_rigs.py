"""The rigs of the channels' contract with a real server at the other end."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from runbook.channels.registry import open_channel
from support.channel_rigs import BODY, Rig, article, context, email, post, set_environment
from support.real_mail import Postfix, by_message
from support.real_news import Front, WordPress

MAIL_RIGS = {"postfix": "starttls", "postfix-tls": "tls"}
"""Rig → the service of `Postfix` that it sends through."""
NEWS_RIGS: dict[str, Front] = {"wordpress-php": "php", "wordpress-apache": "apache"}
"""Rig → the front of `WordPress` that it publishes at."""


@contextlib.contextmanager
def postfix(mail: Postfix, root: Path, service: str = "starttls", **settings: Any) -> Iterator[Rig]:
    """E-mail to Postfix. Its mailbox is empty before."""
    mail.empty()
    with set_environment({"MAIL_PASSWORD": mail.password}):
        yield Rig(
            kind="smtp",
            channel=open_channel("press-email", mail.settings(service) | settings, context("press-email", root)),
            draft=email(),
            wrong=post(),
            public=lambda: [
                copies[0].message.get_content().replace("\r\n", "\n") for copies in by_message(mail.delivered())
            ],
            text=BODY.rstrip("\n") + "\n",
            server=mail,
            secrets=("MAIL_PASSWORD",),
        )


@contextlib.contextmanager
def wordpress(news: WordPress, root: Path, front: Front, **settings: Any) -> Iterator[Rig]:
    """Articles on WordPress. The site has none before."""
    news.empty()
    with set_environment({"WORDPRESS_PASSWORD": news.password}):
        yield Rig(
            kind="wordpress",
            channel=open_channel("news", news.settings(front) | settings, context("news", root)),
            draft=article(),
            wrong=email(),
            public=lambda: [published["content"]["rendered"].strip() for published in news.public(front)],
            text="<p>All documents &amp; more</p>",
            server=news,
            secrets=("WORDPRESS_PASSWORD",),
        )
