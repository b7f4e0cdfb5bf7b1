"""Desks without a person: a rehearsal that answers by each question's example, and a file of answers."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from runbook.clock import Clock, SimulatedClock
from runbook.errors import Left
from runbook.model.ports import Interrupted, Look
from runbook.model.questions import Ask, Question, Reply
from runbook.model.state import State
from runbook.model.times import in_words
from runbook.terminal.desk import Teller
from runbook.terminal.inbox import Inbox, Seen
from runbook.terminal.paper import Paper
from runbook.terminal.prompt import question_lines, typing_line
from runbook.terminal.reading import Wrong, answer, tidy
from runbook.terminal.styled import Ink, Styled

_TO_CHOOSE = 10.0
"""Simulated seconds for a choice: a practised team reads what it is about to do, says yes, and presses a key."""
_TO_TYPE = 5.0
"""Simulated seconds for a line of text: the thinking was done before, and a number is quickly typed."""
_OFTEN = 500
"""The same answer to the same question so often goes round in a circle."""


class _Printing(Teller):
    """Prints each question with the answer that was taken, so that the run can be read afterwards."""

    def __init__(self, clock: Clock, paper: Paper, inbox: Inbox) -> None:
        super().__init__(clock, paper)
        self.inbox = inbox
        self._times: Counter[str] = Counter()

    def post_look(self, step: str, look: Look) -> None:
        """Take in what a step's look saw, from any thread."""
        self.inbox.put_look(step, look)

    def _came_in(self) -> Interrupted | None:
        while (item := self.inbox.get_now()) is not None:
            if isinstance(item, Seen):
                return Interrupted(look=(item.step, item.look))
        return None

    def _print(self, question: Question, state: State, said: str) -> None:
        self.paper.put(question_lines(question, state, self.clock.now(), self.paper.width))
        rows, last = typing_line(question, self.paper.width)
        self.paper.put([*(Styled(row, ink=Ink.STRONG) for row in rows), Styled(last + said)])

    def _count(self, question: Question) -> None:
        self._times[question.id] += 1
        if self._times[question.id] > _OFTEN:
            raise Left(
                f'The question "{question.id}" was answered {_OFTEN} times without an end.',
                "Give it another answer: this one leads round in a circle.",
            )


class YesDesk(_Printing):
    """Answers every question with its example, on a simulated clock that goes on as if a person had answered.

    `wait_limit` bounds all waiting together; past it, or when nothing can come any more, `Left` is raised.
    """

    def __init__(
        self, clock: SimulatedClock, paper: Paper, inbox: Inbox, wait_limit: timedelta = timedelta(days=7)
    ) -> None:
        super().__init__(clock, paper, inbox)
        self._left = wait_limit

    def ask(self, question: Question, state: State, until: datetime | None) -> Reply | Interrupted:
        """Answer with the example; a wait ends at once, with what came in or at `until`."""
        came_in = self._came_in()
        if came_in is not None:
            return came_in
        if question.ask is Ask.WAIT:
            return self._wait(question, until)
        self._count(question)
        reply = _example(question)
        self._print(question, state, f"{reply.value}  (example)" if reply.value else "(example)")
        self.clock.sleep(_TO_TYPE if question.ask is Ask.TEXT else _TO_CHOOSE)
        return reply

    def _wait(self, question: Question, until: datetime | None) -> Interrupted:
        if until is None:
            raise Left(
                f'The rehearsal waits for something that cannot come: "{question.text}"',
                "Practise this part with a person at the terminal: leave out --yes.",
            )
        length = max(timedelta(), until - self.clock.now())
        self._left -= length
        if self._left < timedelta():
            raise Left(
                f'The rehearsal has waited too long, at last for this: "{question.text}"',
                "Something that is waited for never comes. Look at the last lines of `runbook log`.",
            )
        if length >= timedelta(minutes=1):
            self.paper.put([Styled(f"{in_words(length)} later", mark="--")])
        self.clock.sleep(length.total_seconds())
        return Interrupted(timer=True)


def _example(question: Question) -> Reply:
    if question.ask is Ask.TYPED:
        return Reply(question.expected)
    for value in (question.example, question.default):
        if value is not None and not isinstance(found := answer(question, value), Wrong):
            return found
    raise Left(
        f'The question "{question.id}" has no usable example: found "{question.example}".',
        "Correct the example in the playbook, or answer it yourself: leave out --yes.",
    )


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers given beforehand: question id → what to answer, and who answers it (may be empty).

    `source` is where they were read, for messages.
    """

    values: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    source: str = "the answers file"

    def get(self, question: Question) -> Reply | None:
        """Return the answer to a question, or None if there is none. Nothing is said of whether it fits."""
        found = self.values.get(question.id)
        return Reply(found[0], who=found[1]) if found is not None else None

    def about(self, step: str) -> bool:
        """Whether anything is answered for a step."""
        return any(name == step or name.startswith(f"{step}.") for name in self.values)


class AnswersDesk(_Printing):
    """Answers from a file, for a live run without a terminal. A question without an answer raises `Left`."""

    def __init__(self, answers: Answers, clock: Clock, paper: Paper, inbox: Inbox) -> None:
        super().__init__(clock, paper, inbox)
        self._answers = answers

    def ask(self, question: Question, state: State, until: datetime | None) -> Reply | Interrupted:
        """Answer as the file says; wait for a look or `until` where nothing is asked.

        Raises `Left` for an answer that is missing or does not fit, naming the question.
        """
        if question.ask is Ask.WAIT:
            return self._wait(until)
        came_in = self._came_in()
        if came_in is not None:
            return came_in
        self._count(question)
        reply = self._answer(question, state)
        by = f", {reply.who}" if reply.who else ""
        self._print(question, state, f"{reply.value}  (from {self._answers.source}{by})")
        return reply

    def _answer(self, question: Question, state: State) -> Reply:
        given = self._answers.get(question) or self._order(question)
        if given is None:
            raise Left(
                f'The question "{question.id}" has no answer in {self._answers.source}: {question.text}',
                f"Add `{question.id}:` with {_fitting(question)}, or answer it at a terminal: "
                f"`runbook resume {state.run}`.",
            )
        found = answer(question, tidy(given.value))
        if isinstance(found, Wrong):
            raise Left(
                f'The answer to "{question.id}" in {self._answers.source} does not fit. {found.why}',
                f"Give {_fitting(question)}.",
            )
        return Reply(found.value, who=given.who)

    def _order(self, question: Question) -> Reply | None:
        """Return the first of several steps that the file has answers for.

        Which step is next is an order of work, not a yes: the step still asks before it does anything.
        """
        return next(
            (Reply(choice.key) for choice in question.options if choice.step and self._answers.about(choice.step)), None
        )

    def _wait(self, until: datetime | None) -> Interrupted:
        while True:
            item = self.inbox.get(until, self.clock)
            if item is None:
                return Interrupted(timer=True)
            if isinstance(item, Seen):
                return Interrupted(look=(item.step, item.look))


def _fitting(question: Question) -> str:
    """Return in words what would answer a question."""
    if question.ask is Ask.TYPED:
        return f'"{question.expected}"'
    if question.ask is Ask.TEXT:
        return "a public web address" if question.address else f"a text of at most {question.longest} characters"
    return "one of " + ", ".join(f'"{choice.key}" ({choice.label})' for choice in question.options)
