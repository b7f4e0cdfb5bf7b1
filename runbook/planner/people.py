"""Who can hold each role: the holder first, then the deputies in order."""

from runbook.model.plan import Person, PlannedRole
from runbook.model.playbook import Playbook
from runbook.model.problem import Problem, Severity
from runbook.workspace.folder import Workspace


def planned_roles(playbook: Playbook, workspace: Workspace) -> tuple[tuple[PlannedRole, ...], tuple[Problem, ...]]:
    """Return the playbook's roles with the workspace's people, and a problem for each role that nobody holds."""
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
    return tuple(roles), tuple(problems)


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
