"""Published means seen: the looks of a live run, at pages that only seem to be there."""

import pytest

from runbook.model.entries import Kind
from support.received import Log
from support.stage import ORIGINAL, PLAYBOOK, Stage, answers_for, of_kind
from support.web_site import error_page, missing, other, slow, stale

REPORT = "/releases/gcse-malpractice-2017/malpractice-summer-2017-report.pdf"
DATA = "/releases/gcse-malpractice-2017/malpractice-summer-2017-data.xlsx"
PAGE = "/releases/gcse-malpractice-2017/"
ONLY_SEEMS = {
    "an error page that comes with 200": (PAGE, error_page(), "an error page, though its status says 200"),
    "last year's file": (REPORT, other(b"%PDF-1.7 last year's figures", "application/pdf"), "another file of 28 bytes"),
    "one document missing": (DATA, missing(), "not found"),
    "a stale copy": (REPORT, stale(b"%PDF-1.7 as it was", "application/pdf"), "another file of 18 bytes"),
    "an error page in place of a document": (DATA, error_page(), "a web page instead of the document"),
}


def skipping_the_rest(answers):
    return answers | {"tell-roles": "s", "tell-roles.reason": "told by telephone"}


def test_nobody_is_told_while_the_other_address_only_seems_to_be_public(tmp_path):
    with Stage(tmp_path) as stage:
        playbook = stage.workspace / "playbooks" / f"{PLAYBOOK}.yaml"
        playbook.write_text(playbook.read_text("utf-8").replace("every: 5s", "every: 1s"), "utf-8")
        faults = iter(ONLY_SEEMS.values())
        path, fault, words = next(faults)
        stage.alternate.faults[path] = fault
        running = stage.start("execute", PLAYBOOK, answers=skipping_the_rest(answers_for("by-machine", "short")))
        seen = []
        while True:
            seen.append(stage.wait_for(_looked_and_found(words), running))
            following = next(faults, None)
            if following is None:
                break
            stage.alternate.faults.clear()
            path, fault, words = following
            stage.alternate.faults[path] = fault
        log = Log.of(stage)
        assert len({entry.sequence for entry in seen}) == len(ONLY_SEEMS)
        assert {entry.data["verdict"] for entry in seen} == {"not public"}
        assert not any(e.step in {"right-and-whole", "announce"} for e in log.entries)
        assert (stage.mail.received, stage.x.connected) == ([], [])

        stage.alternate.faults.clear()
        stage.wait_for(of_kind(Kind.LOOKED, "alternate-public", verdict="public"), running)
        stage.wait_for(of_kind(Kind.DONE, "right-and-whole"), running)
        assert running.interrupt().code == 130
        assert Log.of(stage).state.paused


def _looked_and_found(words):
    def found(entry):
        return (
            entry.kind is Kind.LOOKED
            and entry.step == "alternate-public"
            and any(words in sighting["found"] and not sighting["seen"] for sighting in entry.data["sightings"])
        )

    return found


def looked(stage, **changes):
    """Run up to the first look and return its entry; the file has no answer for a look that is not as expected."""
    running = stage.start("execute", PLAYBOOK, answers=answers_for("by-machine", "short") | changes)
    entry = stage.wait_for(of_kind(Kind.LOOKED, "confirm"), running)
    return entry, running


def test_a_page_that_is_whole_and_public_is_no_failure_and_the_run_stops_to_ask(tmp_path):
    with Stage(tmp_path) as stage:
        stage.restore_original()
        entry, running = looked(stage)
        finished = running.wait()
        assert entry.data["verdict"] == "public"
        assert finished.code == 3
        assert '"confirm" has no answer' in finished.err
        assert not any(e.kind is Kind.DONE for e in stage.entries())
        assert (stage.mail.received, stage.x.connected) == ([], [])


@pytest.mark.parametrize("fault", [error_page(), other(b"<h1>Last year's release</h1>", "text/html"), stale()])
def test_a_page_that_only_seems_to_be_there_is_a_failure(tmp_path, fault):
    with Stage(tmp_path) as stage:
        stage.restore_original()
        for path in (ORIGINAL, f"{ORIGINAL}/"):
            stage.original.faults[path] = fault
        entry, running = looked(stage)
        assert entry.data["verdict"] == "not public"
        stage.wait_for(of_kind(Kind.DONE, "confirm"), running)
        running.interrupt()


def test_a_site_that_does_not_answer_is_not_taken_for_a_failed_release(tmp_path):
    with Stage(tmp_path) as stage:
        settings = stage.workspace / "runbook.toml"
        settings.write_text(settings.read_text("utf-8").replace("timeout = 10", "timeout = 1"), "utf-8")
        stage.original.faults[ORIGINAL] = slow(60)
        entry, running = looked(stage)
        finished = running.wait()
        assert entry.data["verdict"] == "cannot tell"
        assert finished.code == 3
        assert '"confirm" has no answer' in finished.err
        assert not any(e.kind is Kind.DONE for e in stage.entries())
