"""Files in a folder: private until one rename, and never anything but what was cleared."""

import stat
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from pydantic import ValidationError

from runbook.channels import upload
from runbook.channels.names import safe_name
from runbook.errors import CannotSay, NotReady
from runbook.model.outcome import Answer, Outcome, Receipt
from support import channel_rigs
from support.certificates import authority
from support.web_site import WebSite

KEY = "run-1/alternate.documents/1/1"
WAIT = timedelta(seconds=10)


@pytest.fixture
def rig(tmp_path):
    with channel_rigs.upload(tmp_path, authority()) as made:
        made.root = tmp_path
        made.staging = tmp_path / "public.staging"
        yield made


def ready(rig, draft=None, key=KEY):
    return rig.channel.ready(rig.channel.build(draft or rig.draft), key)


def staged(rig, draft=None, key=KEY):
    staging = ready(rig, draft, key)
    staging.stage()
    return staging


def sent(rig, draft=None, key=KEY):
    staging = staged(rig, draft, key)
    staging.release()
    return staging.result(WAIT)


def target(rig):
    return rig.extra["public"] / rig.draft.folder


def content(folder):
    return {file.name: file.read_bytes() for file in folder.iterdir()}


WHOLE = {
    "report.pdf": b"%PDF-1.7 report",
    "table one.csv": b"year,cases\n2017,1\n",
    "index.html": channel_rigs.PAGE.encode(),
}


def test_every_address_is_known_beforehand(rig):
    payload = rig.channel.build(rig.draft)
    assert payload.planned == {
        "report": "https://alternate.example.org/malpractice-2017/report.pdf",
        "table one": "https://alternate.example.org/malpractice-2017/table%20one.csv",
        "page": "https://alternate.example.org/malpractice-2017/",
    }
    assert payload.summary == "2 documents and a page"
    assert str(payload.length) == "33 bytes"


def test_it_is_whole_in_private_and_then_in_public(rig):
    staging = staged(rig)
    assert content(rig.staging / safe_name(KEY)) == WHOLE
    assert not target(rig).exists()
    staging.release()
    assert content(target(rig)) == WHOLE
    assert staging.result(WAIT).outcome is Outcome.SENT
    assert list(rig.staging.iterdir()) == []


def test_a_web_server_can_read_what_is_published_and_nobody_what_is_staged(rig):
    staging = staged(rig)
    assert stat.S_IMODE(rig.staging.stat().st_mode) == 0o700
    staging.release()
    assert stat.S_IMODE(target(rig).stat().st_mode) == 0o755
    assert {stat.S_IMODE(file.stat().st_mode) for file in target(rig).iterdir()} == {0o644}


def test_the_public_gets_what_was_published(rig):
    with (
        WebSite(rig.extra["public"], authority()) as site,
        httpx.Client(verify=authority().client_context()) as client,
    ):
        staging = staged(rig)
        assert client.get(f"{site.url}/malpractice-2017/").status_code == 404
        staging.release()
        assert client.get(f"{site.url}/malpractice-2017/").text == channel_rigs.PAGE
        assert client.get(f"{site.url}/malpractice-2017/table%20one.csv").content == WHOLE["table one.csv"]


def test_a_private_staging_is_found_again_by_its_key(rig):
    staged(rig)
    before = {f.name: f.stat().st_ino for f in (rig.staging / safe_name(KEY)).iterdir()}
    again = staged(rig)
    assert {f.name: f.stat().st_ino for f in (rig.staging / safe_name(KEY)).iterdir()} == before
    again.release()
    assert again.result(WAIT).outcome is Outcome.SENT


def test_what_is_given_up_stays_in_private(rig):
    staged(rig).discard()
    assert content(rig.staging / safe_name(KEY)) == WHOLE
    assert not target(rig).exists()


def test_a_private_staging_that_was_cut_short_is_made_whole(rig):
    staged(rig)
    folder = rig.staging / safe_name(KEY)
    (folder / "report.pdf").write_bytes(b"%PDF")
    (folder / "index.html").unlink()
    (folder / ".table one.csv.part").write_bytes(b"ye")
    (folder / "left over").mkdir()
    staging = staged(rig)
    assert staging.held()
    assert content(folder) == WHOLE


def test_a_page_that_changed_since_is_staged_anew(rig):
    staged(rig)
    later = channel_rigs.files(rig.root, page="<h1>at 09:39</h1>")
    assert sent(rig, later).outcome is Outcome.SENT
    assert (target(rig) / "index.html").read_text() == "<h1>at 09:39</h1>"


def test_a_document_that_changed_since_it_was_cleared_stops_it(rig):
    (rig.root / "assets" / "report.pdf").write_bytes(b"%PDF-1.7 saved again")
    staging = ready(rig)
    with pytest.raises(NotReady, match=r'"report\.pdf" has changed since it was cleared'):
        staging.stage()
    assert not staging.held()
    staging.release()
    assert staging.result(WAIT).outcome is Outcome.NOT_SENT
    assert not target(rig).exists()


def test_a_document_that_is_gone_stops_it(rig):
    (rig.root / "assets" / "report.pdf").unlink()
    with pytest.raises(NotReady, match="cannot be copied"):
        ready(rig).stage()


def test_a_staged_copy_that_disappears_is_not_held(rig):
    staging = staged(rig)
    (rig.staging / safe_name(KEY) / "report.pdf").unlink()
    assert not staging.held()


def test_something_else_at_the_address_is_not_overwritten(rig):
    target(rig).mkdir()
    (target(rig) / "index.html").write_text("last year")
    with pytest.raises(NotReady, match="something else"):
        ready(rig)
    assert content(target(rig)) == {"index.html": b"last year"}


def test_something_that_comes_in_between_is_not_overwritten(rig):
    staging = staged(rig)
    target(rig).mkdir()
    (target(rig) / "index.html").write_text("somebody else's")
    staging.release()
    assert staging.result(WAIT).outcome is Outcome.UNKNOWN
    assert content(target(rig)) == {"index.html": b"somebody else's"}


def test_the_same_content_is_published_already(rig):
    sent(rig)
    inode = target(rig).stat().st_ino
    assert sent(rig).outcome is Outcome.SENT
    assert target(rig).stat().st_ino == inode


def test_a_publish_that_fails_is_not_sent(rig):
    staging = staged(rig)
    rig.extra["public"].rename(rig.root / "elsewhere")
    staging.release()
    result = staging.result(WAIT)
    assert result.outcome is Outcome.NOT_SENT
    assert "No such file" in result.detail


# replacing


def test_a_correction_replaces_the_page_and_keeps_the_documents(rig):
    receipt = sent(rig).receipt
    inode = (target(rig) / "report.pdf").stat().st_ino
    correction = channel_rigs.files(rig.root, page="<h1>Corrected</h1>").model_copy(update={"replaces": receipt.id})
    staging = staged(rig, correction, KEY + "/correction/1")
    assert content(target(rig)) == WHOLE
    assert rig.channel.find(rig.channel.build(correction), KEY + "/correction/1").answer is Answer.ABSENT
    staging.release()
    assert staging.result(WAIT).outcome is Outcome.SENT
    assert content(target(rig)) == WHOLE | {"index.html": b"<h1>Corrected</h1>"}
    assert (target(rig) / "report.pdf").stat().st_ino == inode
    assert list(rig.staging.iterdir()) == []


def test_a_correction_replaces_a_document_that_was_wrong(rig):
    sent(rig)
    right = channel_rigs.document(rig.root, "report.pdf", b"%PDF-1.7 right")
    documents = (right, rig.draft.documents[1])
    update = {"replaces": "malpractice-2017", "documents": documents}
    correction = channel_rigs.files(rig.root, page="<h1>Corrected</h1>").model_copy(update=update)
    channel_rigs.document(rig.root, "report.pdf", b"%PDF-1.7 right")
    assert sent(rig, correction, KEY + "/correction/1").outcome is Outcome.SENT
    assert content(target(rig)) == WHOLE | {"index.html": b"<h1>Corrected</h1>", "report.pdf": b"%PDF-1.7 right"}


def test_nothing_cannot_be_replaced(rig):
    with pytest.raises(NotReady, match="nothing at"):
        ready(rig, rig.draft.model_copy(update={"replaces": "malpractice-2017"}))


# finding and taking back


def test_find_reads_what_is_public(rig):
    payload = rig.channel.build(rig.draft)
    assert rig.channel.find(payload, KEY).answer is Answer.ABSENT
    sent(rig)
    found = rig.channel.find(payload, KEY)
    assert found.answer is Answer.THERE
    assert found.receipt.addresses == payload.planned
    (target(rig) / "report.pdf").write_bytes(b"%PDF-1.7 repor!")
    found = rig.channel.find(payload, KEY)
    assert found.answer is Answer.CANNOT_TELL
    assert found.look_at == payload.planned["page"]


def test_a_withdrawn_folder_is_kept_in_private(rig):
    receipt = sent(rig).receipt
    assert rig.channel.withdraw(receipt).outcome is Outcome.SENT
    assert not target(rig).exists()
    assert content(rig.staging / "malpractice-2017.withdrawn-1") == WHOLE
    assert rig.channel.withdraw(receipt).outcome is Outcome.SENT
    assert sent(rig).outcome is Outcome.SENT
    assert rig.channel.withdraw(receipt).outcome is Outcome.SENT
    assert (rig.staging / "malpractice-2017.withdrawn-2").is_dir()


@pytest.mark.parametrize("name", ["", "..", "../assets", "/etc", ".hidden"])
def test_only_a_public_folder_is_withdrawn(rig, name):
    assert rig.channel.withdraw(Receipt(id=name)).outcome is Outcome.NOT_SENT
    assert (rig.root / "assets").is_dir()


# what stands in the way


def test_no_folder_to_publish_in_is_not_ready(rig):
    rig.extra["public"].rmdir()
    with pytest.raises(NotReady, match="There is no folder"):
        ready(rig)
    assert not rig.channel.check().ok


def test_a_staging_folder_in_public_is_not_ready(tmp_path):
    with (
        channel_rigs.upload(tmp_path, authority(), staging_folder="public/staging") as rig,
        pytest.raises(NotReady, match="lies in the public one"),
    ):
        ready(rig)


def test_a_staging_folder_on_another_file_system_is_not_ready(tmp_path):
    other = Path("/dev/shm")
    if not other.is_dir() or other.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("this machine has one file system")
    with (
        channel_rigs.upload(tmp_path, authority(), staging_folder=str(other)) as rig,
        pytest.raises(NotReady, match="not on one file system"),
    ):
        ready(rig)


@pytest.mark.parametrize("folder", ["", ".", "..", "a/b", ".hidden", "a b", "x" * 101])
def test_a_folder_that_cannot_be_public_is_refused_when_built(rig, folder):
    with pytest.raises(CannotSay, match="public folder"):
        rig.channel.build(rig.draft.model_copy(update={"folder": folder}))


@pytest.mark.parametrize("name", ["index.html", "a/b.pdf", ".htaccess", "..", "a\x00.pdf", "Report.pdf"])
def test_a_file_name_that_cannot_be_public_is_refused_when_built(rig, name):
    documents = (*rig.draft.documents, rig.draft.documents[0].model_copy(update={"name": name}))
    with pytest.raises(CannotSay, match="public file"):
        rig.channel.build(rig.draft.model_copy(update={"documents": documents}))


def test_a_page_of_plain_text_is_made_safe(rig):
    parts = {"page": rig.draft.parts["page"].model_copy(update={"text": "a < b", "html": False})}
    sent(rig, rig.draft.model_copy(update={"parts": parts}))
    assert "<pre>a &lt; b</pre>" in (target(rig) / "index.html").read_text()


@pytest.mark.parametrize("changed", [{"folder": ""}, {"url": "alternate.example.org"}, {"fodler": "x"}, {"hold": 0}])
def test_settings_that_are_not_right_are_refused(changed):
    with pytest.raises(ValidationError):
        upload.Settings.model_validate({"folder": "public", "url": "https://alternate.example.org", **changed})


def test_names_of_keys_are_safe_and_never_shared():
    keys = ["a", "a/b", "a-b", "a b", "../../etc", "", ".", "k" * 200, "k" * 201, "é"]
    names = [safe_name(key) for key in keys]
    assert len(set(names)) == len(keys)
    assert all(name.replace("-", "").replace("_", "").isalnum() and len(name) <= 100 for name in names)
