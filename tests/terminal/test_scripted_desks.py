import io
import threading
from datetime import UTC, datetime, timedelta

import pytest

from runbook.clock import SimulatedClock, SystemClock
from runbook.errors import Left
from runbook.model.entries import Kind
from runbook.model.ports import Interrupted, Look, Verdict
from runbook.model.questions import Ask, Choice, Question, Reply, Sheet
from runbook.terminal.inbox import Inbox
from runbook.terminal.paper import Paper
from runbook.terminal.scripted import Answers, AnswersDesk, YesDesk
from support.terminal_plan import Story

START = datetime(2018, 1, 5, 9, 32, tzinfo=UTC)
LOOK = Look(Verdict.PUBLIC, "It is back.")
KEYS = (Choice("d", "done"), Choice("s", "skip"))
DONE = Question("report-fault", "Done?", options=KEYS, example="d", step="report-fault")
TICKET = Question("report-fault.evidence.ticket", "Ticket number", ask=Ask.TEXT, example="4711234", longest=10)
WAIT = Question("wait", "Waiting for the original page.", ask=Ask.WAIT)


class Rehearsal:
    def __init__(self, **more):
        self.out, self.clock, self.state = io.StringIO(), SimulatedClock(START), Story("exercise").state
        self.desk = YesDesk(self.clock, Paper(self.out), Inbox(), **more)

    def ask(self, question, until=None):
        return self.desk.ask(question, self.state, until)


class Scripted:
    def __init__(self, values, clock=None):
        self.out, self.clock, self.state = io.StringIO(), clock or SystemClock(), Story().state
        self.desk = AnswersDesk(Answers(values, source="answers.yaml"), self.clock, Paper(self.out), Inbox())

    def ask(self, question, until=None):
        return self.desk.ask(question, self.state, until)


def test_a_rehearsal_takes_each_example_and_prints_it():
    rehearsal = Rehearsal()
    assert rehearsal.ask(DONE) == Reply("d")
    assert rehearsal.ask(TICKET) == Reply("4711234")
    said = rehearsal.out.getvalue()
    assert "Done?" in said
    assert "EXERCISE" in said
    assert said.splitlines()[-3].endswith("? all keys: d  (example)")
    assert said.splitlines()[-2].startswith("Ticket number  ")
    assert said.splitlines()[-1].endswith("? all keys: 4711234  (example)")


def test_a_rehearsal_s_clock_goes_on_as_if_a_person_had_answered():
    rehearsal = Rehearsal()
    rehearsal.ask(DONE)
    assert rehearsal.clock.now() - START == timedelta(seconds=10)
    rehearsal.ask(TICKET)
    assert rehearsal.clock.now() - START == timedelta(seconds=15)


def test_a_rehearsal_types_what_must_be_typed():
    question = Question("begin", "Type x", ask=Ask.TYPED, expected="gov-uk-failure")
    assert Rehearsal().ask(question) == Reply("gov-uk-failure")


def test_a_rehearsal_falls_back_on_the_default_and_never_on_a_guess():
    assert Rehearsal().ask(Question("q", "?", options=KEYS, default="s", example="zzz")) == Reply("s")
    assert Rehearsal().ask(Question("q", "?", options=(Choice("", "Enter"),), default="", example="")) == Reply("")
    with pytest.raises(Left, match='"q" has no usable example: found "zzz"'):
        Rehearsal().ask(Question("q", "?", options=KEYS, example="zzz"))
    with pytest.raises(Left, match='"q" has no usable example'):
        Rehearsal().ask(Question("q", "?", ask=Ask.TEXT, example="much too long", longest=3))


def test_a_rehearsal_s_wait_takes_no_time():
    rehearsal = Rehearsal()
    assert rehearsal.ask(WAIT, START + timedelta(hours=2)) == Interrupted(timer=True)
    assert rehearsal.clock.now() == START + timedelta(hours=2)
    assert "--  2 h later" in rehearsal.out.getvalue()


def test_what_came_in_is_taken_before_anything_is_answered_or_waited_for():
    rehearsal = Rehearsal()
    rehearsal.desk.post_look("restored", LOOK)
    rehearsal.desk.post_look("again", LOOK)
    assert rehearsal.ask(DONE) == Interrupted(look=("restored", LOOK))
    assert rehearsal.ask(WAIT, START + timedelta(hours=1)) == Interrupted(look=("again", LOOK))
    assert rehearsal.clock.now() == START


def test_a_rehearsal_does_not_wait_for_ever():
    with pytest.raises(Left, match="waits for something that cannot come"):
        Rehearsal().ask(WAIT)
    rehearsal = Rehearsal(wait_limit=timedelta(hours=1))
    rehearsal.ask(WAIT, START + timedelta(minutes=59))
    with pytest.raises(Left, match="waited too long"):
        rehearsal.ask(WAIT, START + timedelta(minutes=120))


def test_a_rehearsal_does_not_go_round_in_circles_for_ever():
    rehearsal = Rehearsal()
    for _ in range(500):
        rehearsal.ask(DONE)
    with pytest.raises(Left, match='"report-fault" was answered 500 times'):
        rehearsal.ask(DONE)


def test_answers_from_a_file_name_who_gave_them():
    scripted = Scripted({"report-fault": ("D", "Digital officer"), TICKET.id: ("4711\x1b[2J", "")})
    assert scripted.ask(DONE) == Reply("d", who="Digital officer")
    assert scripted.ask(TICKET) == Reply("4711")
    assert "(from answers.yaml, Digital officer)" in " ".join(scripted.out.getvalue().split())


def test_a_missing_answer_is_never_a_yes_even_with_a_default_and_an_example():
    question = Question("announce.go", "Nothing is sent yet.", options=KEYS, default="d", example="d")
    with pytest.raises(Left) as caught:
        Scripted({}).ask(question)
    assert '"announce.go" has no answer in answers.yaml' in caught.value.message
    assert 'one of "d" (done), "s" (skip)' in caught.value.remedy
    assert "`runbook resume gcse-malpractice-1`" in caught.value.remedy
    assert caught.value.exit_code == 3


@pytest.mark.parametrize(
    ("question", "value", "remedy"),
    [
        (DONE, "yes", 'Give one of "d" (done)'),
        (TICKET, "12345678901", "Give a text of at most 10 characters"),
        (Question("report-fault", "Address", ask=Ask.TEXT, address=True), "here", "Give a public web address"),
        (Question("begin", "Type x", ask=Ask.TYPED, expected="gov-uk-failure"), "y", 'Give "gov-uk-failure"'),
    ],
)
def test_an_answer_that_does_not_fit_is_refused(question, value, remedy):
    with pytest.raises(Left, match="does not fit") as caught:
        Scripted({question.id: (value, "")}).ask(question)
    assert caught.value.remedy.startswith(remedy)


def test_which_step_is_next_follows_from_what_is_answered():
    options = (Choice("1", "Report", step="report-fault"), Choice("2", "Levers", step="own-levers"))
    question = Question("next", "Can be done now", options=options, listed=True, example="1")
    assert Scripted({"own-levers": ("d", "")}).ask(question) == Reply("2")
    assert Scripted({"own-levers.reason": ("x", ""), "report-fault": ("d", "")}).ask(question) == Reply("1")
    with pytest.raises(Left, match='"next" has no answer'):
        Scripted({"own-levers-too": ("d", "")}).ask(question)


def test_answers_wait_for_a_look_or_the_moment():
    scripted = Scripted({})
    other = threading.Timer(0.05, scripted.desk.post_look, ("restored", LOOK))
    other.start()
    assert scripted.ask(WAIT) == Interrupted(look=("restored", LOOK))
    other.join()
    assert scripted.ask(WAIT, scripted.clock.now() + timedelta(seconds=0.02)) == Interrupted(timer=True)


def test_a_look_comes_before_an_answer():
    scripted = Scripted({"report-fault": ("d", "")})
    scripted.desk.post_look("restored", LOOK)
    assert scripted.ask(DONE) == Interrupted(look=("restored", LOOK))
    assert scripted.ask(DONE) == Reply("d")


def test_a_look_that_keeps_seeing_the_same_is_told_every_five_minutes():
    rehearsal, story = Rehearsal(), Story("exercise")
    data = {"location": "original", "verdict": "not public", "detail": "Not public", "sightings": []}
    for _ in range(60):  # one every seven seconds: seven minutes
        rehearsal.desk.tell(story.enter(Kind.LOOKED, data, step="restored"), story.state)
    assert rehearsal.out.getvalue().count("Not public") == 2
    rehearsal.desk.tell(story.enter(Kind.LOOKED, {**data, "detail": "Another page"}, step="restored"), story.state)
    assert "Another page" in rehearsal.out.getvalue()


def test_a_sheet_does_not_repeat_the_heading_that_stands_above_it():
    rehearsal, story = Rehearsal(), Story("exercise")
    sheet = Sheet("Report the fault to GOV.UK", (("", "Paste this:"),), step="report-fault")
    rehearsal.desk.tell(story.enter(Kind.BEGUN), story.state)
    rehearsal.desk.show(sheet, story.state)
    assert rehearsal.out.getvalue().count("Report the fault to GOV.UK") == 1
    rehearsal.desk.show(sheet, story.state)
    assert rehearsal.out.getvalue().count("Report the fault to GOV.UK") == 2


def test_a_look_that_comes_back_during_another_step_says_which_one_it_is():
    rehearsal, story = Rehearsal(), Story("exercise")
    rehearsal.desk.tell(story.enter(Kind.BEGUN, step="look"), story.state)
    rehearsal.desk.tell(story.enter(Kind.LOOKED), story.state)
    assert rehearsal.out.getvalue().count("Look at the page as the public sees it") == 1
    rehearsal.desk.tell(story.enter(Kind.BEGUN), story.state)
    rehearsal.desk.tell(story.enter(Kind.LOOKED), story.state)
    assert "\nLook at the page as the public sees it:\n  09:32:45  Not found" in rehearsal.out.getvalue()


def test_long_answers_are_broken_like_everything_else():
    rehearsal = Rehearsal()
    rehearsal.ask(Question("q", "Why?", ask=Ask.TEXT, example="because " * 30))
    assert max(len(row) for row in rehearsal.out.getvalue().splitlines()) <= 80
