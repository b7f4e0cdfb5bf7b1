"""Contact lists that are right but want a look: addresses long unverified, files read in an old encoding."""

from collections.abc import Iterator
from datetime import datetime

from runbook.model.playbook import Playbook
from runbook.model.problem import Problem, Severity, Where
from runbook.model.steps import TogetherStep
from runbook.model.times import duration, in_words
from runbook.workspace.contacts import ContactList
from runbook.workspace.folder import Workspace


def list_remarks(playbook: Playbook, workspace: Workspace, now: datetime) -> Iterator[Problem]:
    """Yield a remark for each list that the playbook uses and that is getting old, or was read with a guess."""
    steps = [step for step in playbook.steps if isinstance(step, TogetherStep)]
    used = dict.fromkeys(message.to for step in steps for message in step.messages.values() if message.to)
    limit = workspace.settings.lists.stale_after
    for name in used:
        contacts = workspace.lists.get(name)
        if contacts is None:
            continue
        yield from _stale(contacts, limit, now)
        if contacts.read_as:
            found = f"This list was read as {contacts.read_as}; the first name in it is {_first(contacts)}."
            yield _remark("list-encoding", contacts, found, "If that is right, nothing is to be done.")


def _first(contacts: ContactList) -> str:
    return f'"{contacts.contacts[0].name}"' if contacts.contacts else "missing"


def _stale(contacts: ContactList, limit: str, now: datetime) -> Iterator[Problem]:
    oldest = now.date() - duration(limit)
    old = [c for c in contacts.contacts if c.verified_on is None or c.verified_on < oldest]
    if old:
        length = in_words(duration(limit))
        found = f"{len(old)} of {len(contacts.contacts)} addresses have not been verified in the last {length}."
        yield _remark("stale-list", contacts, found, "Ask the outlets, and enter the day in verified_on.")


def _remark(code: str, contacts: ContactList, found: str, remedy: str) -> Problem:
    return Problem(code, Where(contacts.file), found, remedy, Severity.REMARK, "The list is used as it is.")
