"""The shipped playbook from beginning to stand-down, with Postfix and WordPress for its e-mail and its news."""

import html
import re
from collections import Counter
from dataclasses import dataclass

import pytest

from runbook.model.entries import Kind
from support.real_mail import by_message
from support.received import BATCH, Log
from support.stage import PLAYBOOK, Stage, answers_for, of_kind

pytestmark = pytest.mark.real
_TAG = re.compile(r"<[^>]+>")
_BETTER = {"'": "[\u2018\u2019]", '"': "[\u201c\u201d]", "-": "[\u2013\u2014]|--+"}


@dataclass
class Server:
    """What the stage asks of a server; it starts and stops elsewhere."""

    settings: dict
    password: str

    def __enter__(self):
        return self

    def __exit__(self, *reason):
        pass


class RealStage(Stage):
    """The stage with real servers for e-mail and articles."""

    def __init__(self, folder, mail, news):
        own = Server(mail.settings("starttls"), mail.password), Server(news.settings("apache"), news.password)
        super().__init__(folder, *own)
        mail.empty()
        news.empty()
        self.postfix, self.wordpress = mail, news


@pytest.fixture(scope="module")
def stage(real_mail, real_news, tmp_path_factory):
    with RealStage(tmp_path_factory.mktemp("real"), real_mail, real_news) as stage:
        running = stage.start("execute", PLAYBOOK, answers=answers_for("by-machine", "long"))
        stage.wait_for(of_kind(Kind.LOOKED, "restored", verdict="not public"), running)
        stage.restore_original()
        stage.finished = running.wait()
        yield stage


@pytest.fixture(scope="module")
def log(stage):
    return Log.of(stage)


def by_kind(log, kind):
    return [(message, sending) for message, sending in log.sent() if message.kind == kind]


def words(text):
    """Return a page as it is read: WordPress makes better quotation marks and dashes of plain ones."""
    plain = html.unescape(_TAG.sub(" ", text))
    for mark, better in _BETTER.items():
        plain = re.sub(better, mark, plain)
    return " ".join(plain.split())


def test_it_ends_stood_down_with_nothing_unknown(stage, log):
    assert stage.finished.code == 0, stage.finished.err
    assert "STOOD DOWN" in stage.finished.out
    assert log.state.over
    assert not any(sending.unknown for sending in log.state.sendings.values())


def test_every_mailbox_has_each_email_once_and_nothing_else(stage, log):
    copies = stage.postfix.delivered()
    emails = by_kind(log, "smtp")
    assert len(emails) == 5
    for message, sending in emails:
        got = [copy for copy in copies if copy.message["Subject"] == sending.parts["subject"]]
        assert Counter(copy.recipient for copy in got) == Counter(message.draft.recipients)
        assert len(by_message(got)) == -(-len(message.draft.recipients) // BATCH)
        assert len({copy.raw for copy in got}) == 1
        text = got[0].message.get_content().replace("\r\n", "\n")
        assert text.rstrip("\n") == sending.parts["body"].rstrip("\n")
        assert not [one for one in stage.journalists if one.encode() in got[0].raw]
    assert len(copies) == sum(len(message.draft.recipients) for message, _ in emails)


def test_the_servers_log_has_each_queue_id_of_the_receipts(stage, log):
    said = stage.postfix.log()
    for _, sending in by_kind(log, "smtp"):
        assert f"{sending.receipt.id}: removed" in said


def test_the_article_is_public_at_the_address_of_its_receipt(stage, log):
    [(_, sending)] = by_kind(log, "wordpress")
    [post] = stage.wordpress.public("apache")
    assert (str(post["id"]), post["link"]) == (sending.receipt.id, sending.receipt.address)
    page = stage.fetch(sending.receipt.address).decode()
    assert words(sending.parts["body"]) in words(page)
    assert words(sending.parts["title"]) in words(page)
    for document in stage.documents.values():
        assert document.name in page
