"""Which steps wait for which: what `needs` means where it is not written, and whether steps wait in a circle."""

from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter

from runbook.model.playbook import Playbook
from runbook.model.steps import Step

Needs = Mapping[str, tuple[str, ...]]
"""Step id → the ids of the steps that must be over first."""


def default_needs(playbook: Playbook) -> dict[str, tuple[str, ...]]:
    """Return what each step needs, by its id, in the playbook's order.

    Where a step does not say, it needs the nearest step before it that does not start on the clock (`after`); one that
    starts on the clock itself needs none.
    """
    return {step.id: _needs(playbook.steps[:place], step) for place, step in enumerate(playbook.steps)}


def cycle(needs: Needs) -> tuple[str, ...]:
    """Return steps that wait for each other, each needing the next and the last the first; empty if there are none."""
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        # The library names each step before the one that needs it, and the first again at the end.
        return tuple(reversed(error.args[1][1:]))
    return ()


def before(needs: Needs, step: str) -> frozenset[str]:
    """Return every step that must be over before `step`, directly or through others; also if they go in a circle."""
    found: set[str] = set()
    waiting = list(needs.get(step, ()))
    while waiting:
        other = waiting.pop()
        if other not in found:
            found.add(other)
            waiting.extend(needs.get(other, ()))
    return frozenset(found)


def _needs(earlier: Iterable[Step], step: Step) -> tuple[str, ...]:
    if step.needs is not None:
        return step.needs
    if step.after is not None:
        return ()
    return tuple(other.id for other in earlier if other.after is None)[-1:]
