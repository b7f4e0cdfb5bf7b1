"""Who can hold each role: the holder first, then the deputies in order."""

from difflib import get_close_matches

from runbook.model.plan import Person, PlannedRole
from runbook.model.playbook import Playbook
from runbook.model.problem import Problem, Severity
from runbook.workspace.folder import Workspace


def planned_roles(playbook: Playbook, workspace: Workspace) -> tuple[tuple[PlannedRole, ...], tuple[Problem, ...]]:
    """Return the playbook's roles with the workspace's people, and a problem for each role that nobody holds.

    A role of the workspace alone is not a problem, since it may be another playbook's; one that looks like a slip of
    the pen for a role that nobody holds is a remark.
    """
    roles: list[PlannedRole] = []
    problems: list[Problem] = []
    for role_id, role in playbook.roles.items():
        held = workspace.settings.roles.get(role_id)
        people: tuple[Person, ...] = ()
        if held is not None:
            people = tuple(p for p in (held.holder, *held.deputies) if p is not None)
        if held is None or held.holder is None:
            problems.append(_unheld(role_id, role.title, people, workspace))
        roles.append(PlannedRole(id=role_id, title=role.title, duty=role.duty, people=people))
    missing = [role_id for role_id in playbook.roles if role_id not in workspace.settings.roles]
    others = [role_id for role_id in workspace.settings.roles if role_id not in playbook.roles]
    problems.extend(
        _mistaken(other, near[0], workspace) for other in others if (near := get_close_matches(other, missing, 1))
    )
    return tuple(roles), tuple(problems)


def _mistaken(role_id: str, near: str, workspace: Workspace) -> Problem:
    return Problem(
        code="unknown-role",
        where=workspace.source.where(("roles", role_id)),
        found=f'This playbook has no role "{role_id}".',
        remedy=f'Did you mean "{near}"?',
        severity=Severity.REMARK,
        settle="These people are not called.",
    )


def _unheld(role_id: str, title: str, people: tuple[Person, ...], workspace: Workspace) -> Problem:
    deputy = f" The first deputy is {people[0].name}." if people else ""
    return Problem(
        code="unheld-role",
        where=workspace.source.where(("roles", role_id)),
        found=f'Nobody is named as holder of the role "{role_id}" ({title}).{deputy}',
        remedy=f"Add [roles.{role_id}] with a holder to runbook.toml.",
        severity=Severity.UNREADY,
        settle="The roll-call asks who takes the role.",
    )
