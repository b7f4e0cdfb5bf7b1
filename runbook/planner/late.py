"""The names in a template whose values come later. Each turns into a slot (`runbook.model.slots`) when inserted.

They can be inserted and nothing else: a text that depended on testing one would not be the text that was cleared.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NoReturn

from jinja2 import UndefinedError

from runbook.model.plan import Plan
from runbook.model.playbook import Playbook
from runbook.model.slots import slot
from runbook.model.steps import ManualStep, StandDownStep


class LateValueError(UndefinedError):
    """A template does something with a late value other than inserting it."""


class Late:
    """One value that comes later."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __str__(self) -> str:
        return slot(self._name)

    def __html__(self) -> str:
        return slot(self._name)

    def _refuse(self, *_: object) -> NoReturn:
        raise LateValueError(f"'{self._name}' is known only during the run: it can be inserted, not tested or changed")

    __bool__ = __len__ = __iter__ = __int__ = __float__ = _refuse
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __add__ = __contains__ = _refuse
    __hash__ = None  # type: ignore[assignment]


class LateNames:
    """A group of late values: `address.alternate`, `answers["report-fault"]`. A name it does not have is an error."""

    def __init__(self, path: str, members: Iterable[str], make: Callable[[str], Any]) -> None:
        self._path = path
        self._members = tuple(members)
        self._make = make

    def __getitem__(self, name: str) -> Any:
        if name not in self._members:
            known = ", ".join(self._members) or "none"
            raise LateValueError(f"'{self._path}' has no '{name}' (it has: {known})")
        return self._make(name)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return self[name]


def late_names(playbook: Playbook, documents: Iterable[str]) -> Mapping[str, Any]:
    """Return the late names a playbook's templates may use; see `docs/writing-a-playbook.md`."""
    places = (*documents, "page")
    evidence = {
        step.id: tuple(step.evidence if isinstance(step, ManualStep) else step.debrief)
        for step in playbook.steps
        if isinstance(step, ManualStep | StandDownStep)
    }
    locations = tuple(dict.fromkeys(p for step in playbook.steps if (p := getattr(step, "publishes", None))))

    def group(path: str, members: Iterable[str]) -> LateNames:
        return LateNames(path, members, lambda name: Late(f"{path}.{name}"))

    return {
        "address": LateNames("address", locations, lambda name: group(f"address.{name}", places)),
        "answers": LateNames("answers", evidence, lambda name: group(f"answers.{name}", evidence[name])),
        "done": group("done", (step.id for step in playbook.steps)),
        "holder": group("holder", playbook.roles),
        "phone": group("phone", playbook.roles),
        "now": group("now", ("clock", "day")),
        "next_news": Late("next_news"),
        "run": group("run", ("id",)),
    }


_LONGEST_ADDRESS = "https://example.org/" + "x" * 180
_LONGEST = {"now.day": "Wednesday 30 September 2026", "phone": "0" * 20, "run": "x" * 60}
"""By slot or by group; the others are clock times."""


def stand_ins(playbook: Playbook, names: Iterable[str], people: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Return, for each slot, the longest value it can get, so that a message too long is refused before the run.

    `people` has the names of those who can hold each role.
    """
    return {name: _stand_in(playbook, name, people) for name in names}


def _stand_in(playbook: Playbook, name: str, people: Mapping[str, tuple[str, ...]]) -> str:
    group, _, rest = name.partition(".")
    if group == "address":
        return _LONGEST_ADDRESS
    if group == "answers":
        step_id, _, evidence_id = rest.partition(".")
        step = next(s for s in playbook.steps if s.id == step_id)
        evidence = step.evidence if isinstance(step, ManualStep) else getattr(step, "debrief", {})
        return "x" * max(evidence[evidence_id].longest, len(evidence[evidence_id].absent))
    if group == "holder":
        return max(people.get(rest, ()), key=len, default="x" * 40)
    return _LONGEST.get(name) or _LONGEST.get(group, "00:00")


def known_addresses(plan: Plan) -> dict[str, str]:
    """Return the slots whose values are known beforehand, for reading: addresses that a machine will fill."""
    return {
        f"address.{message.location}.{place}": address
        for message in plan.messages()
        if message.location
        for place, address in message.planned.items()
    }
