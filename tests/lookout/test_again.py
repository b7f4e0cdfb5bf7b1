"""Looks that go on by themselves, over a real web site, until it is as hoped or somebody stops them."""

import queue
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from runbook.clock import SystemClock
from runbook.lookout.again import ThreadedLooks
from runbook.lookout.eye import PublicEye
from runbook.model.ports import Look, LookAt, Looks, Verdict
from support.certificates import authority
from support.release_site import PAGE, look_at, publish
from support.web_site import WebSite, missing

WAIT = 20.0


@pytest.fixture
def site(tmp_path: Path) -> Iterator[WebSite]:
    publish(tmp_path)
    with WebSite(tmp_path, authority()) as web:
        yield web


@pytest.fixture
def posted() -> queue.Queue[tuple[str, Look]]:
    return queue.Queue()


@pytest.fixture
def looks(posted: queue.Queue[tuple[str, Look]]) -> Iterator[Looks]:
    eye = PublicEye(timeout=5, ca_file=authority().ca_file)
    threaded = ThreadedLooks(eye, SystemClock(), lambda step, look: posted.put((step, look)))
    yield threaded
    threaded.stop_all()
    for thread in threading.enumerate():
        if thread.name.startswith("look"):
            thread.join(WAIT)
            assert not thread.is_alive(), "a look goes on after it was stopped"


def test_one_look_is_posted_and_that_is_all(looks: Looks, posted: queue.Queue[tuple[str, Look]], site: WebSite) -> None:
    site.faults[PAGE] = missing()
    looks.start("confirm", look_at(site.url), None)
    step, look = posted.get(timeout=WAIT)
    assert (step, look.verdict) == ("confirm", Verdict.NOT_PUBLIC)
    assert looks.running() == frozenset()
    assert posted.empty()


def test_it_looks_again_until_the_verdict_is_the_one_expected(
    looks: Looks, posted: queue.Queue[tuple[str, Look]], site: WebSite
) -> None:
    site.faults[PAGE] = missing()
    looks.start("restored", look_at(site.url), 0.01)
    for _ in range(3):
        assert posted.get(timeout=WAIT)[1].verdict is Verdict.NOT_PUBLIC
        assert looks.running() == {"restored"}
    del site.faults[PAGE]
    verdicts = [Verdict.NOT_PUBLIC]
    while verdicts[-1] is Verdict.NOT_PUBLIC:
        verdicts.append(posted.get(timeout=WAIT)[1].verdict)
    assert verdicts[-1] is Verdict.PUBLIC
    assert looks.running() == frozenset()


def test_it_looks_until_a_location_is_no_longer_public(
    looks: Looks, posted: queue.Queue[tuple[str, Look]], site: WebSite
) -> None:
    looks.start("gone", replace(look_at(site.url), expect=Verdict.NOT_PUBLIC), 0.01)
    assert posted.get(timeout=WAIT)[1].verdict is Verdict.PUBLIC
    site.faults[PAGE] = missing()
    while posted.get(timeout=WAIT)[1].verdict is Verdict.PUBLIC:
        pass
    assert looks.running() == frozenset()


def test_several_steps_look_side_by_side(looks: Looks, posted: queue.Queue[tuple[str, Look]], site: WebSite) -> None:
    site.faults[PAGE] = missing()
    looks.start("one", look_at(site.url), 60)
    looks.start("other", look_at(site.url, page="/elsewhere/"), 60)
    assert {posted.get(timeout=WAIT)[0] for _ in range(2)} == {"one", "other"}
    assert looks.running() == {"one", "other"}
    looks.stop("one")
    assert looks.running() == {"other"}


def test_a_pause_between_two_looks_ends_at_once_when_it_is_stopped(
    looks: Looks, posted: queue.Queue[tuple[str, Look]], site: WebSite
) -> None:
    site.faults[PAGE] = missing()
    looks.start("restored", look_at(site.url), 3600)
    posted.get(timeout=WAIT)
    [thread] = [t for t in threading.enumerate() if t.name == "look restored"]
    looks.stop("restored")
    thread.join(WAIT)
    assert not thread.is_alive()
    assert looks.running() == frozenset()


def test_stopping_what_does_not_run_is_harmless(looks: Looks) -> None:
    looks.stop("nothing")
    looks.stop_all()
    assert looks.running() == frozenset()


class Held:
    """An eye of our own that looks for as long as the test says."""

    def __init__(self) -> None:
        self.looking = threading.Event()
        self.go_on = threading.Event()

    def look(self, _: LookAt) -> Look:
        self.looking.set()
        self.go_on.wait(WAIT)
        return Look(Verdict.PUBLIC, "Seen.")


def start_and_hold(posted: queue.Queue[tuple[str, Look]]) -> tuple[Held, ThreadedLooks, threading.Thread]:
    eye = Held()
    looks = ThreadedLooks(eye, SystemClock(), lambda step, look: posted.put((step, look)))
    looks.start("restored", look_at("https://www.example.org"), None)
    assert eye.looking.wait(WAIT)
    [thread] = [t for t in threading.enumerate() if t.name == "look restored"]
    return eye, looks, thread


def test_a_look_that_is_under_way_when_it_is_stopped_is_not_posted(posted: queue.Queue[tuple[str, Look]]) -> None:
    eye, looks, thread = start_and_hold(posted)
    looks.stop("restored")
    eye.go_on.set()
    thread.join(WAIT)
    assert posted.empty()


def test_starting_a_step_again_drops_the_look_that_was_under_way(posted: queue.Queue[tuple[str, Look]]) -> None:
    eye, looks, first = start_and_hold(posted)
    looks.start("restored", look_at("https://other.example.org"), None)
    eye.go_on.set()
    first.join(WAIT)
    assert posted.get(timeout=WAIT)[0] == "restored"
    assert posted.empty()


def test_whoever_is_told_may_stop_and_start_looks(posted: queue.Queue[tuple[str, Look]]) -> None:
    eye = Held()
    eye.go_on.set()
    over = threading.Event()

    def post(step: str, look: Look) -> None:
        posted.put((step, look))
        looks.stop_all()
        if step == "first":
            looks.start("second", look_at("https://www.example.org"), None)
        else:
            over.set()

    looks = ThreadedLooks(eye, SystemClock(), post)
    looks.start("first", look_at("https://www.example.org"), 0.01)
    assert over.wait(WAIT)
    assert [posted.get_nowait()[0] for _ in range(2)] == ["first", "second"]
