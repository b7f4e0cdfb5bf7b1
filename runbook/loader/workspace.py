"""`runbook.toml` and what lies beside it → `Workspace`."""

from pathlib import Path

from runbook.loader.reader import Findings, Loaded, load
from runbook.loader.toml import read_toml
from runbook.loader.zones import check_zone
from runbook.model.plan import Person
from runbook.model.problem import Path as Keys
from runbook.model.problem import Problem, Severity
from runbook.workspace.addresses import NotAnAddress, checked_address
from runbook.workspace.contacts import WITHOUT, read_lists
from runbook.workspace.folder import Workspace
from runbook.workspace.settings import Seat, Settings
from runbook.workspace.shipped import SETTINGS_FILE


def load_workspace(root: Path, *, shipped: bool = False, people: bool = True) -> Loaded[Workspace]:
    """Read the workspace in `root`, with its contact lists. Never raises for what is in the files.

    `problems` has those of `runbook.toml` and of every list. In the workspace that is returned nobody has an address
    that is not one: the problem that says so offers to go on without it. Without `people` the lists are left alone, and
    addresses unchecked: that takes a while, and a run that has begun has everybody in its plan.
    """
    loaded = load(Settings, read_toml(root / SETTINGS_FILE), _check if people else _check_zone)
    lists = read_lists(root) if people else {}
    problems = (*loaded.problems, *(problem for each in lists.values() for problem in each.problems))
    value = None
    if loaded.value is not None:
        settings = _without_bad_addresses(loaded.value) if people else loaded.value
        value = Workspace(root.absolute(), settings, loaded.source, lists, shipped)
    return Loaded(value, loaded.source, problems, loaded.path)


def _check_zone(settings: Settings, findings: Findings) -> None:
    findings.usable = check_zone(settings.organisation.zone, ("organisation", "zone"), findings)


def _check(settings: Settings, findings: Findings) -> None:
    _check_zone(settings, findings)
    for role, seat in settings.roles.items():
        people = [(("holder",), seat.holder), *((("deputies", i), person) for i, person in enumerate(seat.deputies))]
        for path, person in people:
            _email(findings, ("roles", role, *path, "email"), person)


def _email(findings: Findings, path: Keys, person: Person | None) -> None:
    why = _wrong(person)
    if person is not None and why:
        found = f'email: "{person.email}" is not an e-mail address: {why}'
        where = findings.source.where(path)
        problem = Problem("malformed-address", where, found, "Correct it.", Severity.UNREADY, WITHOUT)
        findings.note(path, problem)


def _wrong(person: Person | None) -> str:
    """Return why somebody's address is none; empty if it is one, or if there is none to judge."""
    if person is None or not person.email:
        return ""
    try:
        checked_address(person.email)
    except NotAnAddress as error:
        return str(error)
    return ""


def _without_bad_addresses(settings: Settings) -> Settings:
    roles = {role: _seat(seat) for role, seat in settings.roles.items()}
    return settings.model_copy(update={"roles": roles})


def _seat(seat: Seat) -> Seat:
    holder = _person(seat.holder) if seat.holder else None
    return seat.model_copy(update={"holder": holder, "deputies": tuple(map(_person, seat.deputies))})


def _person(person: Person) -> Person:
    return person.model_copy(update={"email": ""}) if _wrong(person) else person
