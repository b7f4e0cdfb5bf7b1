"""Every reason why a plan cannot be made, or not be run as it is, with its place in the file."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from runbook.model.problem import Severity
from support.planning import Files, place_of
from support.small_files import SMALL_RELEASE, spoilt

MAIL = "body: It is out."


def where(problem) -> str:
    """Return `small.yaml:12:5`, without the folder."""
    return f"{Path(problem.where.file).name}:{problem.where.line}:{problem.where.column}"


def test_files_in_which_nothing_is_wrong_make_a_plan_without_problems(files: Files):
    assert len(files.plan().steps) == 9


@pytest.mark.parametrize(
    ("template", "says"),
    [
        ("{{ nothing }}", '"nothing" is not a name'),
        ("{{ release.nothing }}", "nothing"),
        ("{{ address.nowhere.page }}", "'address' has no 'nowhere' (it has: elsewhere)"),
        ("{{ address.elsewhere.cover }}", "has no 'cover' (it has: report, page)"),
        ('{{ holder["chief"] }}', "has no 'chief' (it has: lead, comms)"),
        ("{{ done.nothing }}", "has no 'nothing'"),
        ("{% if now.clock %}late{% endif %}", "it can be inserted, not tested or changed"),
        ('{% if now.clock == "09:30" %}due{% endif %}', "it can be inserted, not tested or changed"),
        ("{% for c in now.clock %}{{ c }}{% endfor %}", "it can be inserted, not tested or changed"),
        ("{{ now.clock | length }}", "it can be inserted, not tested or changed"),
        ("{{ now.clock | upper }}", "changed by a filter"),
        ("{{ now.clock | string | truncate(5) }}", ""),
        ("{{ now.clock[0] }}", ""),
        ("{{ now._path }}", ""),
        ("{{ now.clock.__class__ }}", ""),
        ("{{ now", "not complete"),
        ("{% if release %}", "not complete"),
        (
            "{{ release.due | clok }}",
            'There is no filter "clok". There are: clock, day, size and Jinja\'s own.',
        ),
        ("{{ 1 / 0 }}", ""),
        ("{{ 'x' * 200000 }}", ""),
        ("{% for i in range(100000) %}xxxx{% endfor %}", ""),
    ],
)
def test_a_template_that_cannot_be_filled_in_is_refused_at_its_place(files: Files, template: str, says: str):
    text = f"body: {template!r}" if "'" not in template else f'body: "{template}"'
    problem = files.with_(MAIL, text).problem()
    assert (problem.code, problem.severity) == ("template", Severity.STOPS)
    assert where(problem) == files.at(text)
    assert says in problem.found
    assert ".." not in problem.found


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("page: The documents.", "page: '{{ nothing }}'"),
        ("body: This page was wrong.", "body: '{{ nothing }}'"),
        ("question: Leave it?", "question: '{{ nothing }}'"),
        ("line_to_take: The release is delayed.", "line_to_take: '{{ nothing }}'"),
        ("reason_example: It will last", "reason_example: It will last\n    instructions: '{{ nothing }}'"),
        ("subject: Corrected,", "subject: '{{ nothing }}',"),
    ],
)
def test_every_text_of_a_playbook_is_rendered(files: Files, old: str, new: str):
    problem = files.with_(old, new).problem()
    line = new.splitlines()[-1].strip()
    assert where(problem) == files.at(line)


def test_a_value_that_comes_later_may_be_inserted_anywhere(files: Files):
    text = 'body: \'At {{ now.clock }}: {{ address.elsewhere.report }} {{ holder["lead"] ~ "!" }}\''
    plan = files.with_(MAIL, text).plan()
    slots = ("now.clock", "address.elsewhere.report", "holder.lead")
    assert plan.message("announce.mail").draft.slots == slots


def test_a_channel_that_the_workspace_lacks_is_done_by_hand(files: Files):
    problem = files.with_("post: {channel: x,", "post: {channel: mastodon,").problem()
    assert (problem.code, problem.severity) == ("no-such-channel", Severity.UNREADY)
    assert where(problem) == files.at("channel: mastodon")
    assert 'no channel "mastodon"' in problem.found
    assert "alternate-site, by-hand, press-email, x" in problem.found
    assert files.made().plan.message("announce.post").channel == "by-hand"


def test_another_channel_is_checked_beforehand_too(files: Files):
    problem = files.with_("post: {channel: x,", "post: {channel: x, otherwise: mastodon,").problem()
    assert where(problem) == files.at("otherwise: mastodon")
    assert files.made().plan.message("announce.post").otherwise is None


def test_another_channel_that_cannot_carry_the_message_is_told(files: Files):
    problem = files.with_("post: {channel: x,", "post: {channel: x, otherwise: alternate-site,").problem()
    assert (problem.code, where(problem)) == ("cannot-say", files.at("otherwise: alternate-site"))


def test_a_list_that_is_not_there_is_told_once(files: Files):
    problem = files.with_("to: journalists", "to: editors").problem()
    assert (problem.code, where(problem)) == ("no-such-list", files.at("to: editors"))
    assert "There are: journalists." in problem.found


def test_an_alert_to_a_team_without_addresses_is_told(files: Files):
    files.settings = re.sub(r', email = "[^"]*"', "", files.settings)
    problem = files.problem()
    assert (problem.code, where(problem)) == ("nobody-to-send-to", files.at("to: roles"))


def test_what_is_for_the_team_goes_to_the_team(files: Files):
    """Else it would leave before the due time, and without a clearance."""
    problem = files.with_("to: roles, audience: roles", "to: journalists, audience: roles").problem()
    assert (problem.code, problem.severity) == ("not-the-team", Severity.STOPS)
    assert where(problem) == files.at("audience: roles")
    assert 'it goes to the list "journalists"' in problem.found


def test_a_post_is_not_for_the_team_alone(files: Files):
    files.with_("post: {channel: x,", "post: {channel: x, audience: roles,")
    assert files.problem().code == "not-the-team"


def test_a_message_too_long_with_the_longest_values_is_told_before_the_run(files: Files):
    files.with_("text: It is out.,", f"text: '{'x' * 265} {{{{ holder[\"lead\"] }}}}',")
    problem = files.problem()
    assert (problem.code, problem.severity) == ("cannot-say", Severity.UNREADY)
    assert '"announce.post"' in problem.found


def test_a_correction_too_long_is_told_at_its_own_place(files: Files):
    problem = files.with_("correction: {text: It was wrong.}", f"correction: {{text: {'x' * 300}}}").problem()
    assert '"announce.post.correction"' in problem.found
    assert where(problem) == files.at(f"correction: {{text: {'x' * 300}")


def test_a_message_is_measured_without_the_mark_of_an_exercise(files: Files):
    files.status = "exercise"
    files.with_("text: It is out.,", f"text: {'x' * 280},").plan()


def test_a_role_that_nobody_holds_is_told_at_its_place_in_the_workspace(files: Files):
    old = 'holder = { name = "Digital officer", phone = "020 7946 0002", email = "digital@example.org" }'
    files.settings = spoilt(files.settings, old, "")
    problem = files.problem()
    line, _ = place_of(files.settings, "[roles.comms]")
    assert (problem.code, problem.severity, problem.where.line) == ("unheld-role", Severity.UNREADY, line)
    assert Path(problem.where.file).name == "runbook.toml"


def test_a_role_without_a_holder_names_the_first_deputy(files: Files):
    old = 'holder = { name = "Duty lead", phone = "020 7946 0001", email = "lead@example.org" }\n'
    files.settings = spoilt(files.settings, old, "")
    assert "The first deputy is Deputy lead of the day." in files.problem().found


def test_a_role_that_is_a_slip_of_the_pen_for_one_that_nobody_holds_is_a_remark(files: Files):
    files.settings = spoilt(files.settings, "[roles.comms]", "[roles.coms]")
    mistaken, unheld = sorted(files.problems(), key=lambda problem: problem.severity)
    line, _ = place_of(files.settings, "[roles.coms]")
    assert (mistaken.code, mistaken.severity, mistaken.where.line) == ("unknown-role", Severity.REMARK, line)
    assert str(mistaken).endswith('This playbook has no role "coms". Did you mean "comms"?')
    assert unheld.code == "unheld-role"


@pytest.mark.parametrize("role", ["comm", "archivist"])
def test_a_role_for_another_playbook_is_no_problem(files: Files, role: str):
    files.settings += f'\n[roles.{role}]\nholder = {{ name = "Somebody else" }}\n'
    files.plan()


def test_a_review_that_is_overdue_is_only_a_remark(files: Files):
    files.now = datetime(2027, 5, 2, 9, 31, tzinfo=UTC)
    files.lists = {"journalists": "address,name,outlet,verified_on\na@example.org,A,B,2027-05-01\n"}
    problem = files.problem()
    assert (problem.code, problem.severity) == ("review-overdue", Severity.REMARK)
    assert where(problem) == files.at("on: 2026-11-02")
    assert "by 01 May 2027" in problem.found


def test_a_playbook_is_not_overdue_on_its_day_of_review(files: Files):
    files.now = datetime(2027, 5, 1, 9, 31, tzinfo=UTC)
    files.lists = {"journalists": "address,name,outlet,verified_on\na@example.org,A,B,2027-05-01\n"}
    assert files.problems() == ()


@pytest.mark.parametrize(("day", "why"), [("2027-03-28", "does not exist"), ("2027-10-31", "comes twice")])
def test_a_clock_time_that_the_day_lacks_or_has_twice_is_refused(files: Files, day: str, why: str):
    files.release = spoilt(SMALL_RELEASE, "2026-11-02", day)
    problem = files.with_("due: T+2m", 'due: "01:30"').problem()
    assert (problem.code, problem.severity) == ("no-such-time", Severity.STOPS)
    assert where(problem) == files.at('due: "01:30"')
    assert why in problem.found


def test_all_problems_come_at_once(files: Files):
    files.with_(MAIL, "body: '{{ nothing }}'").with_("page: The documents.", "page: '{{ nobody }}'")
    files.with_("to: journalists", "to: editors").with_("due: T+2m", 'due: "25:00"')
    assert sorted(p.code for p in files.problems()) == ["no-such-list", "no-such-time", "template", "template"]
