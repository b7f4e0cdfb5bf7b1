"""What a plan holds: everything rendered, addressed and measured, so that nothing is made up during the run."""

from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest

from runbook.model.exercise_mark import MARK
from runbook.model.plan import Plan
from runbook.model.slots import slot
from runbook.planner import pages
from support.planning import NOW, Files
from support.small_files import SMALL_RELEASE, spoilt

EVIL = '<script>alert(1)</script> & "quotes"'


class Tags(HTMLParser):
    """Collects the elements of a page, and what stands in its addresses."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.links: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.elements.append(tag)
        self.links += [value for name, value in attrs if name == "href"]


def test_a_title_cannot_bring_its_own_elements_onto_the_page(files: Files):
    files.release = spoilt(SMALL_RELEASE, "title: A small release", f"title: '{EVIL}'")
    files.release = spoilt(files.release, "title: The report", f"title: '{EVIL}'")
    files.with_("page: The documents.", 'page: "{{ release.title }} <b>bold</b>"')
    page = files.plan().message("alternate.documents").draft.text("page")
    assert {"script", "b"} & set(Tags(page).elements) == set()
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;quotes&quot;") == 4


def test_the_page_lists_every_document_beside_it(files: Files):
    page = files.plan().message("alternate.documents").draft.text("page")
    assert Tags(page).links == ["report.pdf"]
    assert "(PDF, 6 bytes)" in page
    assert page.startswith("<!doctype html>")


def test_the_corrected_page_says_so_above_everything_else(files: Files):
    message = files.plan().message("alternate.documents")
    page = message.correction.draft.text("page")
    assert page.index("This page was wrong.") < page.index("<h1>")
    assert "report.pdf" in page
    assert message.correction.exempt


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("One.\n\nTwo\nlines.", "<p>One.</p>\n<p>Two<br>lines.</p>"),
        ("- a\n- b", "<ul><li>a</li><li>b</li></ul>"),
        ("See https://example.org/a?b=1&c=2.", None),
        ("<i>no</i>", "<p>&lt;i&gt;no&lt;/i&gt;</p>"),
    ],
)
def test_plain_text_becomes_paragraphs_lists_and_links(text: str, made: str | None):
    link = "https://example.org/a?b=1&amp;c=2"
    assert pages.paragraphs(text) == (made or f'<p>See <a href="{link}">{link}</a>.</p>')


def test_an_address_that_comes_later_is_a_link_already():
    inner = slot("address.elsewhere.page")
    assert pages.paragraphs(inner) == f'<p><a href="{inner}">{inner}</a></p>'


def test_every_message_of_an_exercise_bears_its_mark_and_none_of_a_live_run_does(files: Files):
    live = files.plan()
    files.status = "exercise"
    practice = files.plan()
    for plan, bears in ((live, False), (practice, True)):
        for message in plan.messages():
            for one in filter(None, (message, message.correction)):
                assert all((MARK in part.text) is bears for part in one.draft.parts.values()), one.id


def test_an_exercise_and_the_real_thing_are_cleared_apart(files: Files):
    live = files.plan()
    files.status = "exercise"
    assert files.plan().cleared_digest("clear") != live.cleared_digest("clear")


def test_the_same_files_make_the_same_plan(files: Files):
    assert files.plan().digest == files.plan().digest


def test_a_plan_comes_back_from_its_json_as_it_was(files: Files):
    plan = files.with_("body: It is out.", "body: 'At {{ now.clock }}'").plan()
    assert Plan.model_validate(plan.model_dump(mode="json")) == plan
    assert Plan.model_validate_json(plan.model_dump_json()).digest == plan.digest


def test_messages_are_measured_with_the_longest_names_of_the_line_of_succession(files: Files):
    short = files.with_("text: It is out.,", "text: 'Ask X',").plan().message("announce.post").length.used
    files.playbook = spoilt(files.playbook, "text: 'Ask X',", "text: 'Ask {{ holder[\"lead\"] }}',")
    longest = files.plan().message("announce.post").length.used
    assert longest - short == len("Deputy lead of the day") - 1


def test_messages_to_the_team_go_to_everybody_of_the_roll_call_once(files: Files):
    message = files.plan().message("remind.team")
    assert message.draft.recipients == ("lead@example.org", "deputy@example.org", "digital@example.org")
    assert message.exempt
    assert not files.plan().message("announce.mail").exempt


def test_messages_to_a_list_go_to_its_addresses(files: Files):
    assert files.plan().message("announce.mail").draft.recipients == ("desk@example.org",)


def test_documents_have_their_public_addresses_before_anything_is_sent(files: Files):
    assert files.plan().message("alternate.documents").planned == {
        "report": "https://alternate.example.org/small/report.pdf",
        "page": "https://alternate.example.org/small/",
    }


def test_steps_have_their_needs_clearances_and_times(files: Files):
    plan = files.plan()
    assert plan.step("alternate").needs == ("clear", "put-by")
    assert plan.step("alternate").cleared_by == ("clear",)
    assert plan.step("remind").needs == ()
    due = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
    assert plan.step("confirm").due == due + timedelta(minutes=2)
    assert plan.step("remind").after == due + timedelta(minutes=10)


def test_an_exercise_may_move_the_due_time_and_every_moment_moves_with_it(files: Files):
    files.due = NOW + timedelta(days=1)
    plan = files.plan()
    assert plan.release.due == files.due
    assert plan.step("confirm").due == files.due + timedelta(minutes=2)


def test_a_plan_holds_no_secret(files: Files):
    text = files.plan().model_dump_json()
    assert "X_CONSUMER" not in text
    assert "env:" not in text
