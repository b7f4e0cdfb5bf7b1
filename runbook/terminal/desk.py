"""The desk with a person at it: what they are told, and what they are asked, in a terminal."""

import os
from dataclasses import replace
from datetime import datetime, timedelta

from runbook.clock import Clock
from runbook.errors import Left
from runbook.model.entries import Entry, Kind
from runbook.model.ports import Interrupted, Look
from runbook.model.questions import Ask, Question, Reply, Sheet
from runbook.model.state import State
from runbook.model.steps import LookStep
from runbook.model.text import one_line
from runbook.terminal.header import status_lines
from runbook.terminal.inbox import EndOfInput, Inbox, Line, Reader
from runbook.terminal.lines import line
from runbook.terminal.paper import Paper
from runbook.terminal.prompt import all_keys, question_lines, typing_line
from runbook.terminal.reading import Help, Wrong, doubted, read, tidy
from runbook.terminal.sheet import sheet_lines
from runbook.terminal.styled import Ink, Styled
from runbook.terminal.waits import is_long_wait, waiting_lines, with_looks
from runbook.terminal.words import step_of, step_title

_REFRESH = timedelta(minutes=5)
"""How often a wait, or a look that keeps seeing the same, says again where it stands."""


class Teller:
    """Tells and shows; the part of a desk that needs nobody to answer."""

    def __init__(self, clock: Clock, paper: Paper) -> None:
        self.clock = clock
        self.paper = paper
        self._looks: dict[str, tuple[object, datetime]] = {}
        self._last_looks: dict[str, tuple[datetime, str]] = {}
        self._headed = ("", -1)

    def tell(self, entry: Entry, state: State) -> None:
        """Print what an entry says. Never waits, never raises."""
        if entry.kind is Kind.LOOKED:
            self._last_looks[entry.step] = (entry.at, str(entry.data.get("verdict", "")))
        if self._seen_before(entry, state):
            return
        if _by_ctrl_c(entry):
            self.paper.after_ctrl_c()
        if entry.kind is Kind.LOOKED and entry.step != self._headed[0]:
            # A look comes back at any time, under the heading of whatever is being done by then.
            self.paper.put([Styled(f"{step_title(state, entry.step)}:")])
        self.paper.put(line(entry, state))
        if entry.kind is Kind.BEGUN:
            self._headed = (entry.step, self.paper.count)

    def show(self, sheet: Sheet, state: State) -> None:
        """Print a sheet; its heading only if the line above does not say it already. Never waits, never raises."""
        said = self._headed == (sheet.step, self.paper.count) and sheet.heading == step_title(state, sheet.step)
        self.paper.put(sheet_lines(replace(sheet, heading="") if said else sheet))

    def _seen_before(self, entry: Entry, state: State) -> bool:
        """Whether a look that is repeated saw what it saw last time: four an hour would drown everything else."""
        planned = step_of(state, entry.step)
        if entry.kind is not Kind.LOOKED or planned is None or not isinstance(planned.step, LookStep):
            return False
        saw = (entry.data.get("verdict"), entry.data.get("detail"))
        last, told_at = self._looks.get(entry.step, (None, entry.at))
        if planned.step.wait and saw == last and entry.at - told_at < _REFRESH:
            return True
        self._looks[entry.step] = (saw, entry.at)
        return False


class TerminalDesk(Teller):
    """A person at a terminal. Only a line that was sent off after its question stood on the screen answers it."""

    def __init__(self, clock: Clock, paper: Paper, inbox: Inbox, descriptor: int = 0) -> None:
        super().__init__(clock, paper)
        self.inbox = inbox
        self._reader = Reader(inbox, descriptor)
        self._echoes = not os.isatty(descriptor)
        self._asked: Question | None = None
        self._standing = -1
        self._put_at = clock.now()
        self._doubted = ""
        self._waited = False

    def post_look(self, step: str, look: Look) -> None:
        """Take in what a step's look saw, from any thread; it interrupts the question that stands."""
        self.inbox.put_look(step, look)

    def ask(self, question: Question, state: State, until: datetime | None) -> Reply | Interrupted:
        """Put a question and wait for its answer, a look, or `until`.

        Raises `Left` when the input has ended. Ctrl-C raises KeyboardInterrupt at once.
        """
        self._reader.start()
        if not self._stands(question):
            self._leave_typed_ahead()
            self._put(question, state)
        while True:
            item = self.inbox.get(until, self.clock)
            if item is None:
                return Interrupted(timer=True)
            if isinstance(item, EndOfInput):
                self.inbox.put_back(item)
                self.paper.close()
                raise Left(
                    "Nobody is at the terminal any more: its input has ended.",
                    f"Nothing is lost; `runbook resume {state.run}` carries on.",
                )
            if not isinstance(item, Line):
                return Interrupted(look=(item.step, item.look))
            reply = self._taken(question, item.text, state)
            if reply is not None:
                self._asked = None
                return reply

    def _taken(self, question: Question, typed: str, state: State) -> Reply | None:
        """Return what a typed line answers; None if it does not, and the question was put again."""
        self.paper.answered(typed if self._echoes else None)
        meant = self._meant(question, typed, state)
        if isinstance(meant, Reply) and not (meant.command and meant.value == "i"):
            return meant
        if isinstance(meant, Wrong):
            self.paper.put([Styled(meant.why, mark="--")])
        elif isinstance(meant, Help):
            self.paper.put(all_keys(question, state))
        else:
            self.paper.put(status_lines(state, self.clock.now()))
        self._put(question, state)
        return None

    def _meant(self, question: Question, typed: str, state: State) -> Reply | Wrong | Help:
        """Return what a line means; a text that looks like a key is taken as text only when it comes twice."""
        text, before = tidy(typed), self._doubted
        self._doubted = ""
        doubt = doubted(question, text)
        if doubt and text != before:
            self._doubted = text
            return Wrong(doubt)
        return read(question, typed, state.status)

    def _stands(self, question: Question) -> bool:
        """Whether this very question is still the last thing on the screen, waiting to be typed on."""
        if self._asked is None or self._standing != self.paper.count or not _same(question, self._asked):
            return False
        old = self.clock.now() - self._put_at >= _REFRESH
        return not (question.ask is Ask.WAIT and old and question.text != self._asked.text)

    def _put(self, question: Question, state: State) -> None:
        # A choice's keys say what is asked; the keys of a text do not, nor does a wait.
        again = self._asked is not None and _same(question, self._asked) and question.ask in (Ask.CHOICE, Ask.TYPED)
        if not again:
            shown = with_looks(question, state, self._last_looks)
            self.paper.put(question_lines(shown, state, self.clock.now(), self.paper.width))
            if is_long_wait(question, state):
                self.paper.put(waiting_lines(state, first=not self._waited))
                self._waited = True
        self._put_line(question)

    def _put_line(self, question: Question) -> None:
        rows, last = typing_line(question, self.paper.width)
        self.paper.put([Styled(row, ink=Ink.STRONG) for row in rows])
        self.paper.prompt(last)
        self._asked, self._standing, self._put_at = question, self.paper.count, self.clock.now()

    def _leave_typed_ahead(self) -> None:
        """Take no line that was sent off before the question could be read: it was meant for something else."""
        self._reader.settle()
        early = [one_line(text) for text in self.inbox.take_lines()]
        if early:
            said = ", ".join(f'"{text}"' for text in early[:3]) + (" …" if len(early) > 3 else "")
            self.paper.put([Styled(f"Typed before the question stood here, so not taken: {said}", mark="--")])


def _by_ctrl_c(entry: Entry) -> bool:
    """Whether an entry says that somebody pressed Ctrl-C."""
    stopped = entry.kind is Kind.STOPPED and "by hand" in str(entry.data.get("why", ""))
    return stopped or (entry.kind is Kind.PAUSED and entry.data.get("reason") == "interrupted")


def _same(one: Question, other: Question) -> bool:
    """Whether two questions ask the same: a time in their text may have moved on."""
    return (one.id, one.ask, one.options, one.expected) == (other.id, other.ask, other.options, other.expected)
