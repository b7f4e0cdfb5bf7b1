import re
from datetime import timedelta

from runbook.model.entries import Kind
from runbook.model.message import Form
from runbook.model.state import Progress
from runbook.terminal.header import header, status_lines, what_it_will_do
from support.terminal_plan import DATA, DUE, RUN, Story, plan

NOW = DUE + timedelta(seconds=130)


def text(lines):
    return "\n".join(str(line) for line in lines)


def test_for_real_the_effect_is_named_before_anything_is_asked():
    places = {"x": "@example", "upload": "the alternate site"}
    said = text(header(plan(), RUN, NOW, places=places, notes=("Last rehearsed 3 weeks ago.",)))
    assert said.splitlines()[0] == "ACTUAL  GOV.UK publication failure"
    assert "Due Fri 5 January 2018 09:30:00 GMT · now 09:32:10 · T+2 min" in said
    assert f"Run {RUN} · Ctrl-C at any time: nothing is lost, `runbook resume`" in said
    assert (
        "it will e-mail 214 journalists, post on X as @example and publish 2 documents on the alternate site"
        in " ".join(said.split())
    )
    assert said.splitlines()[-1] == "Last rehearsed 3 weeks ago."


def test_an_exercise_has_other_words_and_another_mark():
    real, practice = text(header(plan(), RUN, NOW)), text(header(plan("exercise"), RUN, NOW))
    assert practice.startswith("EXERCISE EXERCISE EXERCISE  Practising: GOV.UK publication failure")
    assert "Nothing in this run can leave this computer." in practice
    assert "`!` ends it at once for a real event." in " ".join(practice.split())
    for word in ("ACTUAL", "For real", "it will e-mail", "only when you say so"):
        assert word in real
        assert word not in practice
    assert "EXERCISE" not in real


def test_a_plan_that_sends_nothing_by_machine_says_so():
    by_hand = plan()
    by_hand = by_hand.model_copy(update={"steps": tuple(s.model_copy(update={"messages": ()}) for s in by_hand.steps)})
    assert what_it_will_do(by_hand, {}) == ""
    assert "every message goes by hand" in text(header(by_hand, RUN, NOW))


def test_what_a_person_does_by_hand_is_not_among_what_the_machine_does():
    some = plan()
    announce = some.step("announce")
    upload = announce.messages[2].model_copy(update={"kind": "manual", "channel": "by-hand"})
    steps = (s.model_copy(update={"messages": (*s.messages[:2], upload)[: len(s.messages)]}) for s in some.steps)
    said = what_it_will_do(some.model_copy(update={"steps": tuple(steps)}), {})
    assert said == "e-mail 214 journalists and post on X"


def test_people_who_get_two_messages_are_counted_once():
    twice = plan()
    steps = tuple(s.model_copy(update={"messages": s.messages * 2}) for s in twice.steps)
    assert what_it_will_do(twice.model_copy(update={"steps": steps}), {}).startswith(
        "e-mail 214 journalists, post on X"
    )


def test_role_holders_and_pages_are_named_apart():
    twice = plan()
    announce = twice.step("announce")
    alert, page = announce.messages[0], announce.messages[2]
    alert = alert.model_copy(
        update={"audience": "roles", "draft": alert.draft.model_copy(update={"recipients": ("a@example.org",)})}
    )
    page = page.model_copy(update={"channel": "news", "draft": page.draft.model_copy(update={"form": Form.ARTICLE})})
    changed = announce.model_copy(update={"messages": (*announce.messages, alert, page)})
    steps = tuple(changed if s.id == "announce" else s for s in twice.steps)
    said = what_it_will_do(twice.model_copy(update={"steps": steps}), {"news": "https://news.example.org"})
    assert "e-mail 1 role holder," in said
    assert said.endswith("and publish 1 page on https://news.example.org")


def test_where_it_stands_shows_steps_people_messages_and_milestones():
    story = Story()
    for kind in (Kind.ON, Kind.BEGUN, Kind.DONE, Kind.INTENT, Kind.OUTCOME, Kind.ENQUIRY, Kind.LEFT_OUT):
        story.enter(kind)
    said = text(status_lines(story.state, DUE + timedelta(minutes=12)))
    assert said.startswith("ACTUAL  GOV.UK publication failure")
    assert "now 09:42:00 · T+12 min" in said
    assert "8 entries · 1 enquiry" in said
    assert "\nok  1 of 7 steps done\n" in said
    assert re.search(r"^    5 Tell journalists .* +due T\+10, overdue by 2 min$", said, re.MULTILINE)
    assert "\n    Can be done now:\n" in said
    assert "\n    Can be done too: " in said
    assert "On:  Communications: Digital officer  020 7946 0003" in said
    assert "\nok  Sent: Journalists 09:32:52\n" in said
    assert "--  Post: left out. X is down" in said
    assert said.endswith("ok  Met: Fault reported")
    assert len(said.splitlines()) <= 18
    story.enter(Kind.STOOD_DOWN)
    said = text(status_lines(story.state, DUE + timedelta(minutes=12)))
    assert "Not done: 1 Look at the page" in said
    assert re.search(r"^ok  Journalists: sent +09:32:52$", said, re.MULTILINE)
    assert re.search(r"Fault reported +after 2 min +objective 5 min +met$", said, re.MULTILINE)


def needing(story, **needs):
    steps = (s.model_copy(update={"needs": needs.get(s.id.replace("-", "_"), ())}) for s in story.plan.steps)
    story.state.plan = story.plan.model_copy(update={"steps": tuple(steps)})


def test_where_it_stands_tells_what_can_be_done_from_what_comes_later():
    story = Story()
    needing(story, clear=("report-fault",), leave_route=("clear",), announce=("leave-route",), restored=("announce",))
    story.enter(Kind.BEGUN)
    rows = text(status_lines(story.state, NOW)).splitlines()[5:]
    assert rows == [
        "ok  0 of 7 steps done",
        ">>  2 Report the fault to GOV.UK" + "due T+5 · begun".rjust(48),
        "    Can be done now:",
        "    1 Look at the page as the public sees it" + "due T+2, overdue by 10 s".rjust(36),
        "    7 Stand down",
        "    Later: 3 Clearance, 4 Leave the normal route and 2 more",
    ]
    story.enter(Kind.DONE)
    assert "    7 Stand down\n    Later: 4 Leave" in text(status_lines(story.state, NOW)).replace(
        "    3 Clearance\n", ""
    )


def test_steps_of_one_title_are_told_apart_by_their_numbers():
    story = Story()
    needing(story, restored=("clear",))
    twice = [s.model_copy(update={"step": s.step.model_copy(update={"title": "Look"})}) for s in story.state.plan.steps]
    story.state.plan = story.state.plan.model_copy(update={"steps": (twice[0], *story.plan.steps[1:5], twice[5])})
    story.enter(Kind.SKIPPED, step="look")
    said = text(status_lines(story.state, NOW))
    assert "--  1 Look: skipped. not needed today" in said
    assert "6 Look" in said


def test_where_it_stands_says_what_nobody_knows():
    story = Story()
    story.enter(Kind.INTENT)
    assert "??  Journalists: we don't know whether it went out" in text(status_lines(story.state, NOW))


def test_messages_of_one_title_are_told_apart_by_their_steps():
    story = Story()
    for key, step in (("k1", "announce"), ("k2", "stand-down")):
        story.enter(Kind.INTENT, DATA[Kind.INTENT] | {"key": key}, step=step)
        story.enter(Kind.OUTCOME, DATA[Kind.OUTCOME] | {"key": key}, step=step)
    said = text(status_lines(story.state, NOW))
    assert "ok  Sent: Journalists (step 5) 09:32:31, Journalists (step 7) 09:32:45" in said


def test_looking_at_the_state_does_not_change_it():
    story = Story()
    status_lines(story.state, NOW)
    assert story.state.steps == {}


def test_paused_skipped_and_over_are_said():
    story = Story()
    story.enter(Kind.SKIPPED)
    story.enter(Kind.PAUSED)
    assert story.state.steps["report-fault"].progress is Progress.SKIPPED
    said = text(status_lines(story.state, NOW))
    assert "paused, now 09:32:10" in said
    assert "--  2 Report the fault to GOV.UK: skipped. not needed today" in said
    story.enter(Kind.STOOD_DOWN)
    assert "stood down 09:32:38" in text(status_lines(story.state, NOW + timedelta(days=3)))


def test_a_step_that_a_decision_made_needless_is_not_overdue():
    story = Story()
    conditional = [
        s.model_copy(update={"step": s.step.model_copy(update={"when": "leave-route == hold"})})
        if s.id == "announce"
        else s
        for s in story.plan.steps
    ]
    story.state.plan = story.plan.model_copy(update={"steps": tuple(conditional)})
    story.enter(Kind.DECIDED)
    said = " ".join(text(status_lines(story.state, DUE + timedelta(hours=1))).split())
    assert "1 of 7 steps done, 1 not needed" in said
    assert "Tell journalists" not in said


def test_before_a_run_has_started_there_is_nothing_to_show():
    from runbook.model.state import State

    assert text(status_lines(State(), NOW)) == "--  No run has been started."
