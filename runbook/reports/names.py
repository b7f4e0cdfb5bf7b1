"""How a log's steps, roles and messages are called, and where its clock stands: all from the log itself.

The plan is in the first entry. It is read as plain JSON, so that a log of another version can still be told.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from runbook.model.entries import Entry, Kind
from runbook.model.text import one_line
from runbook.model.times import after_due, exact_time, full_time, unstamp

MACHINE = "runbook"
"""The actor of what nobody did by hand."""

_QUOTED = 300  # characters of an entry that a correction quotes


class Names:
    """What the entries so far say of names. `learn` each entry, in order, before it is told."""

    def __init__(self) -> None:
        self.zone = "UTC"
        self.due: datetime | None = None
        self.said: dict[int, str] = {}
        """What each entry said, for the corrections."""
        self._titles: dict[tuple[str, str], str] = {}
        self._corrections: set[str] = set()

    def learn(self, entry: Entry) -> None:
        """Take in what an entry says of names."""
        if entry.kind is Kind.STARTED and isinstance(entry.data.get("plan"), Mapping):
            self._learn_plan(entry.data["plan"])
        elif entry.kind is Kind.ASKED:
            self._titles["question", str(entry.data.get("question"))] = one_line(entry.data.get("text", ""))
        elif entry.kind is Kind.INTENT and entry.data.get("correction"):
            self._corrections.add(str(entry.data.get("key")))

    def remember(self, sequence: int, text: str) -> None:
        """Keep what an entry said, in case it is corrected."""
        self.said[sequence] = text if len(text) <= _QUOTED else f"{text[:_QUOTED]} …"

    def role(self, role: object) -> str:
        """Return a role's title, else its id."""
        return self._title("role", role)

    def step(self, step: object) -> str:
        """Return a step's title, else its id."""
        return self._title("step", step)

    def question(self, question: object) -> str:
        """Return a question's text, else its id."""
        return self._title("question", question)

    def evidence(self, step: object, given: Mapping[str, Any]) -> str:
        """Return what was noted down at a step, each with its title: `Ticket number: 4711234; Address: …`."""
        noted = ((self._titles.get(("evidence", f"{step}.{name}"), one_line(name)), given[name]) for name in given)
        return "; ".join(
            f"{title}{'' if title.endswith('?') else ':'} {one_line(value)}" for title, value in noted if value
        )

    def message(self, data: Mapping[str, Any]) -> str:
        """Return the title of the message that data names, else its id; `Correction of …` for a correction."""
        title = self._title("message", data.get("message", ""))
        corrects = data.get("correction") or data.get("key") in self._corrections
        return f"Correction of {title}" if corrects and not title.startswith("Correction") else title

    def messages(self, ids: object) -> str:
        """Return the titles of several messages."""
        return ", ".join(self._title("message", message) for message in ids) if isinstance(ids, list | tuple) else ""

    def who(self, entry: Entry) -> str:
        """Return who did it, with the role: `Digital officer (Communications)`."""
        actor, role = one_line(entry.actor) or MACHINE, self.role(entry.role) if entry.role else ""
        return f"{actor} ({role})" if role and actor not in (MACHINE, role) else actor

    def clock(self, at: datetime) -> str:
        """Return a time in the release's zone, `09:32:31`, with its day if that is not the release's."""
        return exact_time(at, self.due, self.zone) if self.due else at.strftime("%H:%M:%S UTC")

    def day(self, at: datetime) -> str:
        """Return a time in full: `Fri 5 January 2018 09:30:00 GMT`."""
        return full_time(at, self.zone)

    def t_plus(self, at: datetime) -> str:
        """Return `T+4 min`; nothing if no due time is known."""
        return after_due(at, self.due) if self.due else ""

    def _title(self, sort: str, name: object) -> str:
        return self._titles.get((sort, str(name))) or one_line(name)

    def _learn_plan(self, plan: Mapping[str, Any]) -> None:
        release = plan.get("release") or {}
        if release.get("due") and release.get("zone"):
            self.due, self.zone = unstamp(release["due"]), str(release["zone"])
        for role in plan.get("roles") or ():
            self._titles["role", role["id"]] = one_line(role["title"])
        for planned in plan.get("steps") or ():
            step = planned["step"]
            self._titles["step", step["id"]] = one_line(step["title"])
            for name, item in {**(step.get("evidence") or {}), **(step.get("debrief") or {})}.items():
                self._titles["evidence", f"{step['id']}.{name}"] = one_line(item["title"])
            for message in planned.get("messages") or ():
                for sort, name, title in _messages(message):
                    self._titles[sort, name] = title


def _messages(message: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    title = one_line(message["title"])
    yield "message", message["id"], title
    correction = message.get("correction")
    if correction and correction["id"] != message["id"]:
        yield "message", correction["id"], f"Correction of {title}"
