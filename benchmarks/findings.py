"""What the trials say: medians, percentiles, the table, and whether what is wanted was met."""

import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from trials import CELLS, Cell, Trial

CONDITION_NAMES = {"no-delay": "no delay", "round-trip": "round trip of 50 ms", "unlike": "unlike channels"}
MEMORY_MIB = 120
NOTHING = "\N{EN DASH}"
_CELLS = {cell.name: cell for cell in CELLS}


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which this share lies, between the two next to it in proportion."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


@dataclass(frozen=True)
class Row:
    """One tool in one cell. Seconds."""

    cell: Cell
    tool: str
    trials: tuple[Trial, ...]

    @property
    def right(self) -> tuple[Trial, ...]:
        """The trials in which everybody had the message exactly once; only these are measured."""
        return tuple(trial for trial in self.trials if not trial.wrong)

    def skew(self, share: float) -> float:
        """Return a percentile of the skew; infinite if no trial was right."""
        return percentile([trial.skew for trial in self.right], share) if self.right else float("inf")

    def median(self, value: Callable[[Trial], float]) -> float:
        """Return the median of something; infinite if no trial was right."""
        return statistics.median(map(value, self.right)) if self.right else float("inf")

    @property
    def memory(self) -> float:
        """The most, in mebibytes, in any trial."""
        return max(trial.memory for trial in self.trials)


def rows(trials: Iterable[Trial]) -> list[Row]:
    """Return one row for each cell and tool, in the order of the cells."""
    found: dict[tuple[str, str], list[Trial]] = {}
    for trial in trials:
        found.setdefault((trial.cell, trial.tool), []).append(trial)
    order = list(_CELLS)
    made = [Row(_CELLS[cell], tool, tuple(some)) for (cell, tool), some in found.items()]
    return sorted(made, key=lambda row: order.index(row.cell.name))


# The table ------------------------------------------------------------------------------------------------------------


def table(measured: Sequence[Row], least: float) -> str:
    """Return every row as a Markdown table. Less memory than `least` cannot be seen."""
    lines = [
        (
            "| condition | recipients | TLS | tool | n | median ms | 95 % ms | worst ms "
            "| start s | countdown s | clock ± ms | MiB |"
        ),
        "|---|---:|---|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for row in measured:
        first = [CONDITION_NAMES[row.cell.condition], f"{row.cell.recipients:,}", "yes" if row.cell.tls else "no"]
        lines.append("| " + " | ".join([*first, *_figures(row), _memory_of(row, least)]) + " |")
    return "\n".join(lines)


def _figures(row: Row) -> list[str]:
    wrong = len(row.trials) - len(row.right)
    count = f"{len(row.right)}" + (f", {wrong} wrong" if wrong else "")
    if not row.right:
        return [row.tool, count, *[NOTHING] * 6]
    skews = [milliseconds(row.skew(share)) for share in (0.5, 0.95, 1.0)]
    countdown, clock = row.median(lambda t: t.countdown), row.median(lambda t: t.clock_within)
    beside = [f"{countdown:.2f}" if countdown else "", milliseconds(clock) if clock else ""]
    return [row.tool, count, *skews, f"{row.median(lambda t: t.start):.2f}", *beside]


def _memory_of(row: Row, least: float) -> str:
    return f"{row.memory:.0f}" if row.memory > least else f"under {least:.0f}"


def milliseconds(seconds: float) -> str:
    """Return `0.042`, `3.7`, `605` or `5,318`: as many figures as say something."""
    value = seconds * 1000
    if value < 1:
        return f"{value:.3f}"
    return f"{value:.1f}" if value < 100 else f"{value:,.0f}"


def short_table(measured: Sequence[Row]) -> str:
    """Return the cells that something is wanted of, over TLS: a row a cell, a column a tool; median and 95 %."""
    tools = list(dict.fromkeys(row.tool for row in measured))
    found = {(row.cell, row.tool): row for row in measured}
    shown = [cell for cell in CELLS if cell.tls and any(row.cell == cell for row in measured) and _is_goal(cell)]
    lines = ["| | " + " | ".join(tools) + " |", "|---|" + "---:|" * len(tools)]
    for cell in shown:
        cells = [_both(found.get((cell, tool))) for tool in tools]
        people = f"{cell.recipients:,} recipient" + ("" if cell.recipients == 1 else "s")
        lines.append(f"| {CONDITION_NAMES[cell.condition]}, {people} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _is_goal(cell: Cell) -> bool:
    return cell.condition == "no-delay" or cell.recipients == 100


def _both(row: Row | None) -> str:
    if row is None or not row.right:
        return NOTHING
    return f"{milliseconds(row.skew(0.5))} · {milliseconds(row.skew(0.95))}"


# What is wanted -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Finding:
    """Something that is wanted. `met` is None where the cells that show it were not measured."""

    wanted: str
    met: bool | None
    found: str
    """The worst of the cells, in words."""


def findings(measured: Sequence[Row]) -> list[Finding]:
    """Return what is wanted of `runbook`, and whether it was met in every cell that shows it."""
    ours = [row for row in measured if row.tool == "runbook"]
    peers = [row for row in measured if row.tool != "runbook"]
    plain = [row for row in ours if row.cell.condition == "no-delay"]
    trips = [row for row in ours if row.cell.condition == "round-trip" and row.cell.recipients == 100]
    unlike = [row for row in ours if row.cell.condition == "unlike"]
    many = [row for row in ours if row.cell.recipients == 1000]
    few = [row for row in plain if row.cell.recipients < 1000]
    return [
        _below("no delay, 1 and 100 recipients: under 0.5 ms at 95 %", few, 0.0005),
        _below(
            "1,000 recipients in batches, like channels: under 1 ms at 95 %",
            [row for row in many if row.cell.condition != "unlike"],
            0.001,
        ),
        _share("round trip, 100 recipients: at most 1/1000 of the best peer at 95 %", trips, peers, 1 / 1000),
        _share("unlike channels, after five runs: at most 1/20 of the best peer at 95 %", unlike, peers, 1 / 20),
        _start(plain, peers),
        _memory(many),
        _right(ours),
    ]


def _finding(wanted: str, judged: Sequence[tuple[float, float, str]]) -> Finding:
    """`judged` holds what was found, the most that is good enough, and where; the worst in proportion is told."""
    if not judged:
        return Finding(wanted, None, "not measured")
    found, most, words = max(judged, key=lambda one: one[0] / one[1])
    if found == float("inf"):
        words = f"no trial was right ({words.rpartition('(')[2]}"
    return Finding(wanted, found <= most, words)


def _below(wanted: str, ours: Sequence[Row], most: float) -> Finding:
    judged = [(row.skew(0.95), most, f"{milliseconds(row.skew(0.95))} ms ({row.cell.name})") for row in ours]
    return _finding(wanted, judged)


def _share(wanted: str, ours: Sequence[Row], peers: Sequence[Row], most: float) -> Finding:
    judged = []
    for row in ours:
        others = [peer for peer in peers if peer.cell == row.cell and peer.right]
        if others:
            best = min(others, key=lambda peer: peer.skew(0.95))
            mine, its = row.skew(0.95), best.skew(0.95)
            words = f"{milliseconds(mine)} ms, {best.tool} {milliseconds(its)}: 1/{its / mine:,.0f} ({row.cell.name})"
            judged.append((mine, its * most, words))
    return _finding(wanted, judged)


def _start(ours: Sequence[Row], peers: Sequence[Row]) -> Finding:
    judged = []
    for row in ours:
        for peer in peers:
            if (peer.tool, peer.cell) == ("apprise", row.cell) and peer.right:
                mine, its = row.median(lambda t: t.start), peer.median(lambda t: t.start)
                judged.append((mine, its, f"{mine:.2f} s, apprise {its:.2f} ({row.cell.name})"))
    return _finding("no delay: started and committed no later than apprise, at the median", judged)


def _memory(ours: Sequence[Row]) -> Finding:
    judged = [(row.memory, MEMORY_MIB, f"{row.memory:.0f} MiB ({row.cell.name})") for row in ours]
    return _finding(f"1,000 recipients: under {MEMORY_MIB} MiB", judged)


def _right(ours: Sequence[Row]) -> Finding:
    judged = [
        (len(row.trials) - len(row.right), 0.5, f"{len(row.right)} of {len(row.trials)} ({row.cell.name})")
        for row in ours
    ]
    return _finding("every recipient and the post exactly once, in every trial of runbook", judged)


def wanted_table(found: Sequence[Finding]) -> str:
    """Return what is wanted as a Markdown table."""
    words = {True: "met", False: "**not met**", None: "not measured"}
    lines = ["| wanted of runbook | | its worst cell |", "|---|---|---|"]
    lines += [f"| {one.wanted} | {words[one.met]} | {one.found if one.met is not None else ''} |" for one in found]
    return "\n".join(lines)
