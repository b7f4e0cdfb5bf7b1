"""Every way in which a playbook can be wrong: all at once, each with its place, what was found and what to do."""

import pytest

from runbook.loader.playbook import load_playbook, playbook_of
from runbook.loader.yaml import parse_yaml
from runbook.model.problem import Refused, Severity
from support.small_files import SMALL_PLAYBOOK, place_of, spoilt


def load(text):
    return playbook_of(parse_yaml(text, "small.yaml"))


def test_a_right_playbook_has_no_problems(tmp_path):
    path = tmp_path / "small.yaml"
    path.write_text(SMALL_PLAYBOOK)
    loaded = load_playbook(path)
    assert loaded.problems == ()
    assert loaded.required().id == "small"
    assert loaded.path == path


# (what is spoilt, by what, the code, the text at whose place it stands, words of what was found and of the remedy)
# fmt: off
WRONG = [
    # keys
    ("owner: Head", "ownr: Head", "unknown-key", "ownr", '"ownr"', 'Did you mean "owner"?'),
    ("    marks: [told]", "    marks: [told]\n    zebra: x", "unknown-key", "zebra", '"zebra"', "The keys here are"),
    ("owner: Head of Communications\n", "", "missing-key", "playbook: small", '"owner"', "owner: …"),
    # values
    ("playbook: small", "playbook: Small One", "wrong-value", "playbook: S", '"Small One"', "lower-case"),
    ("review_every: 180d", "review_every: 6 months", "wrong-value", "review_every", '"6 months"', "180d"),
    ("due: T+2m", "due: T+2", "wrong-value", "due: T", '"T+2"', "T+5m"),
    ("on: 2026-11-02", "on: 2026-02-30", "wrong-value", "on: 2026", '"2026-02-30"', "2026-11-02"),
    ("line_to_take: The release is delayed.", "line_to_take:", "wrong-value", "line_to_take", "nothing",
     "Write a text"),
    ("question: Leave it?", "question: 02079460001", "wrong-value", "question", '"02079460001"', '"02079460001"'),
    ("question: Leave it?", "question: [a]", "wrong-value", "question", "list or table", "Write a text"),
    ("question: Leave it?", 'question: ""', "wrong-value", "question", "empty", "Write something"),
    ("owner: Head", "owner: Head " + "x" * 300, "wrong-value", "owner", "300", "Shorten"),
    ("owner: Head of Communications", 'owner: "a\\nb"', "wrong-value", "owner", "not one line", "line breaks"),
    ("measure: told", "measure: tolled", "wrong-value", "measure: tolled", '"tolled"', 'Did you mean "told"?'),
    ("expect: not-public", "expect: gone", "wrong-value", "expect: gone", '"gone"', '"public", "not-public"'),
    ("options: {leave: {title: Leave it}, stay: {title: Stay}}", "options: {leave: {title: Leave it}}", "wrong-value",
     "options: {leave", "there are 1", "missing"),
    ("of: [alternate, announce]", "of: alternate", "wrong-value", "of: alternate}\n  - {id: put-by",
     "list is expected", "[one, two]"),
    ("roles:\n  lead: {title: Incident lead, duty: Decides}", "roles:\n  lead: Incident lead", "wrong-value",
     "lead: I", "table of keys", "key: value"),
    ("when: leave-route == leave", "when: leave-route = leave", "wrong-value", "when: leave-route = ",
     "not a condition", "STEP == OPTION"),
    ("comms: {title: Comm", "Comms: {title: Comm", "wrong-value", "Comms:", '"Comms"', "lower-case"),
    ("expect: public}", "expect: public, wait: maybe}", "wrong-value", "wait: m", '"maybe"', "true or false"),
    ("kind: stage", "kind: stag", "wrong-value", "kind: stag", '"stag"', 'Did you mean "stage"?'),
    ("kind: stage", "kind: xyz", "wrong-value", "kind: xyz", '"xyz"', '"stand-down"'),
    ("kind: stage, ", "", "wrong-value", "{id: put-by", "no kind", '"stand-down"'),
    # steps
    ("id: see,", "id: clear,", "duplicate-id", "id: clear, kind: look", '"clear"', "another id"),
    ("role: lead, of", "role: leed, of", "unknown-role", "role: leed", '"leed"', 'Did you mean "lead"?'),
    ("needs: [confirm]", "needs: [confrim]", "unknown-step", "confrim", '"confrim"', 'Did you mean "confirm"?'),
    ("needs: [confirm]", "needs: [put-by]", "needs-itself", "put-by]}", '"put-by"', "Take it out"),
    ("due: T+2m", "needs: [leave-route]", "cycle", "needs: [leave-route]",
     '"confirm" needs "leave-route" needs "confirm"', "Take one"),
    ("when: leave-route == leave", "when: leave-rout == leave", "unknown-step", "when: leave-rout ", '"leave-rout"',
     '"leave-route"'),
    ("when: leave-route == leave", "when: leave-route == go", "unknown-option", "when: leave-route == go", '"go"',
     '"leave", "stay"'),
    ("when: leave-route == leave", "when: confirm == leave", "not-a-decision", "when: confirm", '"confirm"',
     "decision"),
    ("due: T+2m", "when: leave-route == leave", "when-not-needed", "when: leave-route == leave}", '"confirm"',
     "`needs`"),
    ("unless: announce", "unless: anounce", "unknown-step", "unless", '"anounce"', '"announce"'),
    ("    after: T+10m\n    unless: announce\n", "    needs: []\n", "repeat-alone", "repeat", "`after` and `unless`",
     "Add"),
    ("    after: T+10m\n    unless: announce\n", "    after: T+10m\n", "repeat-alone", "repeat", "needs `unless`",
     "Add"),
    ("needs: [confirm]", "unless: announce", "unless-alone", "unless: announce}", "without `after`", "after: T+"),
    ("example: leave", "example: leaf", "unknown-option", "example: leaf", '"leaf"', "Did you mean"),
    ("then: leave", "then: go", "unknown-option", "then", '"go"', '"leave", "stay"'),
    ("    wait_at_most: 15m\n", "", "then-alone", "then: leave", "without `wait_at_most`", "Add"),
    ("    then: leave\n", "", "no-then", "wait_at_most", "nobody can be reached", "then: OPTION"),
    ("of: [alternate, announce]", "of: [alternate, announce, conf]", "unknown-step", "conf]", '"conf"', "Did you mean"),
    ("of: [alternate, announce]", "of: [alternate, announce, confirm]", "nothing-to-clear",
     "confirm]}\n  - {id: put-by", '"confirm"', "Take it out"),
    ("role: lead, of: [alternate, announce]",

     "role: lead, needs: [leave-route, remind], of: [announce, alternate, remind]",
     "cleared-too-late", "remind]}", '"remind"', "come after"),
    ("of: alternate,", "of: announce,", "not-an-upload", "of: announce, needs", '"announce"', "upload"),
    ("location: original", "location: orginal", "unknown-location", "location: org", '"orginal"', '"original"'),
    ("    publishes: elsewhere", "    publishes: elsewere", "unknown-location", "location: elsewhere", '"elsewhere"',
     '"elsewere"'),
    ("kind: stand-down, title: The end", "kind: manual, title: The end", "no-stand-down", "steps:", "stand-down",
     "last step"),
    # messages
    ("        body: It is out.\n", "", "message-parts", "mail:", "`subject`", "either `text`"),
    ("        to: journalists\n", "", "no-recipients", "mail:", "to whom", "to: LIST"),
    (", correction: {text: It was wrong.}", "", "no-correction", "post: {", "no correction", "Add `correction`"),
    ("correction: {text: It was wrong.}", "correction: {body: It was wrong.}", "correction-parts",
     "correction: {body: It", "`body`", "`text`"),
    ("correction: {body: This page", "correction: {text: This page", "correction-parts", "correction: {text: This",
     "`text`", "`body`"),
    ("channel: x,", "channel: x, corrects: announce.mial,", "unknown-message", "corrects", '"announce.mial"',
     '"announce.mail"'),
    ("of: [alternate, announce]", "of: [announce]", "uncleared", "id: alternate", '"alternate"', "clearance"),
    # objectives
    ("of: announce, within", "within", "skew-of-nothing", "{id: in-step", "compared", "of: STEP"),
    ("of: announce, within", "of: alternate, within", "skew-of-nothing", "of: alternate, within", '"alternate"',
     "together"),
    ("    marks: [told]\n", "", "unmarked-milestone", "measure: told", '"told"', "marks: [told]"),
]
# fmt: on


@pytest.mark.parametrize(("old", "new", "code", "at", "found", "remedy"), WRONG)
def test_one_wrong_thing_is_one_problem_at_its_place(old, new, code, at, found, remedy):
    text = spoilt(SMALL_PLAYBOOK, old, new)
    loaded = load(text)
    assert [p.code for p in loaded.problems] == [code], list(map(str, loaded.problems))
    (problem,) = loaded.problems
    assert (problem.where.line, problem.where.column) == place_of(text, at)
    assert found in problem.found
    assert remedy in problem.remedy
    assert problem.severity is Severity.STOPS
    with pytest.raises(Refused):
        loaded.required()


def test_many_wrong_things_are_told_together_in_the_files_order():
    text = SMALL_PLAYBOOK
    for old, new in [
        ("title: A small plan", "titel: A small plan"),
        ("agreed_by: {statistics", "agreed_by: {statistic"),
        ("on: 2026-11-02", "on: yesterday"),
        ("due: T+2m", "due: 9:45"),
        ("location: original", "location: orginal"),
        ("kind: stage", "kind: stag"),
        ("needs: [clear, put-by]", "needs: [clear, alternate]"),
        ("kind: upload\n", "kind: upload\n    role: lead\n"),
        ("channel: press-email\n        to", "chanel: press-email\n        to"),
        ('subject: "{{ release.title }}"', "subject: {{ release.title }}"),
        ("after: T+10m", "after: 10 minutes"),
    ]:
        text = spoilt(text, old, new)
    loaded = load(text)
    assert [problem.code for problem in loaded.problems] == [
        "unknown-key",
        "unknown-key",
        "wrong-value",
        "unknown-location",
        "bare-time",
        "wrong-value",
        "duplicate-key",
        "needs-itself",
        "unknown-key",
        "unquoted-template",
        "wrong-value",
    ]
    places = [(problem.where.line, problem.where.column) for problem in loaded.problems]
    assert places == sorted(places)
    assert loaded.value is None


def test_what_was_understood_is_given_so_that_more_can_be_found():
    """A misspelt key and a bare time leave no doubt about what was meant; the planner can go on and find the rest."""
    text = spoilt(SMALL_PLAYBOOK, "      post: {channel", "      post: {chanel")
    loaded = load(spoilt(text, "due: T+2m", "due: 9:45"))
    assert [problem.code for problem in loaded.problems] == ["bare-time", "unknown-key"]
    assert loaded.value is not None
    assert loaded.value.steps[0].due == "09:45"
    assert loaded.value.steps[6].messages["post"].channel == "x"


def test_nothing_is_given_that_the_person_did_not_write():
    assert load(spoilt(SMALL_PLAYBOOK, "review_every: 180d", "review_every: soon")).value is None
    assert load(spoilt(SMALL_PLAYBOOK, "owner: Head of Communications", "owner: *head")).value is None


def test_a_step_may_need_a_later_one_if_nothing_goes_in_a_circle():
    text = spoilt(SMALL_PLAYBOOK, "needs: [confirm]}", "needs: [confirm, remind]}")
    assert load(text).problems == ()


def test_a_circle_of_many_steps_is_told_once_and_whole():
    text = spoilt(SMALL_PLAYBOOK, "needs: [confirm]}", "needs: [see]}")
    (problem,) = load(text).problems
    assert problem.code == "cycle"
    assert '"put-by" needs "see" needs "alternate" needs "put-by"' in problem.found


@pytest.mark.parametrize("text", ["- a\n- b\n", "just text\n", "5\n"])
def test_a_file_that_is_no_playbook_at_all_is_one_problem(text):
    assert [problem.code for problem in load(text).problems] == ["wrong-value"]


def test_no_problem_speaks_the_librarys_language():
    for old, new, *_ in WRONG:
        for problem in load(spoilt(SMALL_PLAYBOOK, old, new)).problems:
            words = f"{problem.found} {problem.remedy}"
            for foreign in ("pydantic", "Input should", "type=", "validation", "StrictStr", "NoneType", "dict"):
                assert foreign not in words


STEPS_BY_HAND = """\
  - id: by-hand
    kind: manual
    title: Publish by hand
    role: comms
    needs: [clear]
    publishes: by-hand
    evidence: {pages: {title: Addresses, kind: addresses, example: "https://www.gov.uk/x"}}
    correction: {body: It was wrong.}
"""


def by_hand(old="", new=""):
    step = spoilt(STEPS_BY_HAND, old, new) if old else STEPS_BY_HAND
    text = spoilt(SMALL_PLAYBOOK, "  - id: announce\n", step + "  - id: announce\n")
    return load(spoilt(text, "of: [alternate, announce]", "of: [alternate, announce, by-hand]"))


def test_publishing_by_hand_asks_for_the_addresses_and_has_a_correction():
    assert by_hand().problems == ()
    assert [p.code for p in by_hand("kind: addresses", "kind: text").problems] == ["no-addresses"]
    assert [p.code for p in by_hand("    correction: {body: It was wrong.}\n").problems] == ["no-correction"]
    two = 'evidence: {more: {title: More, kind: addresses, example: "https://www.gov.uk/y"}, pages'
    assert [p.code for p in by_hand("evidence: {pages", two).problems] == ["no-addresses"]


def test_two_ends_and_an_end_in_the_middle_are_told():
    end = "  - {id: early-end, kind: stand-down, title: The end, role: lead}\n"
    text = spoilt(SMALL_PLAYBOOK, "  - id: remind\n", end + "  - id: remind\n")
    assert [p.code for p in load(text).problems] == ["two-stand-downs"]
    text = spoilt(text, "  - {id: stand-down, kind: stand-down, title: The end, role: lead}\n", "")
    assert [p.code for p in load(text).problems] == ["stand-down-not-last"]


def test_aliases_are_told_and_not_what_is_missing_because_of_them():
    lines = ['a0: &a0 ["lol", "lol"]', *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10))]
    loaded = playbook_of(parse_yaml("\n".join(lines), "small.yaml"))
    assert loaded.value is None
    assert [(p.code, p.where.line) for p in loaded.problems] == [("alias", n) for n in range(1, 11)]
