"""How far apart e-mail and post are at the receivers, of `runbook` and beside it: `python benchmarks/in_step.py`.

Real processes of every tool send to receivers on loopback (`receivers.py`), which say when the committing byte of each
message arrived. It measures the `runbook` of the interpreter that runs it. `benchmarks/README.md` has the rest.
"""

import argparse
import json
import math
import os
import platform
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from findings import findings, rows, short_table, table, wanted_table
from peers import PACKAGES, Environment, Missing, peers
from runbook_tool import Runbook
from scene import Receivers, Tool
from trials import CELLS, QUICK, SLOW_SECONDS, Bench, Trial, least_memory

TOOLS = ("runbook", "apprise", "curl", "ansible")
QUICK_TRIALS = 3
BEGIN, END = "<!-- in-step: written by benchmarks/in_step.py --write -->", "<!-- in-step: end -->"
_AUTHORITY = "authority.pem"
_HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Measured:
    """All trials, and what they were made with."""

    trials: tuple[Trial, ...]
    about: dict[str, Any]

    def save(self, file: Path) -> None:
        """Write everything as JSON."""
        told = {"about": self.about, "trials": [asdict(trial) for trial in self.trials]}
        file.write_text(json.dumps(told, indent=1) + "\n", "utf-8")

    @classmethod
    def read(cls, file: Path) -> "Measured":
        """Read what was saved."""
        told = json.loads(file.read_text("utf-8"))
        return cls(tuple(Trial(**trial) for trial in told["trials"]), told["about"])


def main() -> int:
    """Measure, print the table and what is wanted. Returns the exit code."""
    wish = _wish()
    try:
        measured = Measured.read(wish.read) if wish.read else _measure(wish)
    except Missing as error:
        print(error, file=sys.stderr)
        return 2
    made = rows(measured.trials)
    found = findings(made)
    full = table(made, measured.about["least_memory"])
    foot = _foot(measured.about)
    # A Markdown table is quite readable as it is; --markdown leaves the headline out, so that it can be pasted.
    if not wish.markdown:
        print("How far apart e-mail and post are at the receivers\n")
    print("\n\n".join([full, wanted_table(found), foot]))
    if wish.write:
        whole = "\n\n".join([wanted_table(found), full, foot])
        short = "\n\n".join([short_table(made), "Median · 95th percentile, in milliseconds, over TLS."])
        _write(_HERE / "README.md", whole)
        _write(_HERE.parent / "README.md", short)
    missed = [one for one in found if one.met is False]
    if wish.check and missed:
        print("\n".join(f"Not met: {one.wanted}; found {one.found}." for one in missed), file=sys.stderr)
        return 1
    return 0


def _wish() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure how far apart e-mail and post are at the receivers.")
    parser.add_argument("--trials", type=int, help=f"of each tool in each cell (20; {QUICK_TRIALS} with --quick)")
    parser.add_argument("--slow-trials", type=int, default=3, help="of a tool that takes over 10 s in a cell (3)")
    parser.add_argument("--only", default=",".join(TOOLS), help=f"tools, with commas between: {','.join(TOOLS)}")
    parser.add_argument("--cells", help="cells, with commas between, such as no-delay/100/tls,unlike/1/plain")
    parser.add_argument("--quick", action="store_true", help="few trials, and only cells that something is wanted of")
    parser.add_argument("--peers", type=Path, help="a virtual environment for the peers, made if need be, and kept")
    parser.add_argument("--json", type=Path, metavar="FILE", help="save every trial there, after each cell")
    parser.add_argument("--read", type=Path, metavar="FILE", help="measure nothing; read what --json saved")
    parser.add_argument("--markdown", action="store_true", help="print only what can be pasted")
    parser.add_argument("--write", action="store_true", help="write the tables into the README files")
    parser.add_argument("--check", action="store_true", help="end with 1 when something wanted is not met")
    wish = parser.parse_args()
    wish.trials = wish.trials or (QUICK_TRIALS if wish.quick else 20)
    wish.only = wish.only.split(",")
    if unknown := [name for name in wish.only if name not in TOOLS]:
        parser.error(f'there is no tool "{unknown[0]}"; there are {", ".join(TOOLS)}')
    named = {cell.name: cell for cell in CELLS}
    wanted = wish.cells.split(",") if wish.cells else [cell.name for cell in (QUICK if wish.quick else CELLS)]
    if unknown := [name for name in wanted if name not in named]:
        parser.error(f'there is no cell "{unknown[0]}"; there are {", ".join(named)}')
    wish.cells = [named[name] for name in wanted]
    if wish.trials < 1 or wish.slow_trials < 1:
        parser.error("there is at least 1 trial")
    return wish


def _measure(wish: argparse.Namespace) -> Measured:
    with tempfile.TemporaryDirectory(prefix="in-step-") as temporary:
        folder = Path(temporary)
        others = [name for name in wish.only if name != "runbook"]
        environment = Environment(wish.peers.resolve() if wish.peers else folder / "peers")
        tools: list[Tool] = [Runbook()] if "runbook" in wish.only else []
        tools += peers(others, environment)
        tls = any(cell.tls for cell in wish.cells)
        certificate, key = _certificate(folder) if tls else (None, None)
        about = {
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "system": f"{platform.system()} {platform.release().partition('-')[0]}",
            "versions": environment.versions() if set(others) & set(PACKAGES) else {},
            "trials": wish.trials,
            "slow_trials": wish.slow_trials,
        }
        trials: list[Trial] = []
        with Receivers(certificate, key) as receivers:
            bench = Bench(receivers, folder, folder / _AUTHORITY, _say)
            for cell in wish.cells:
                trials += bench.cell(cell, tools, wish.trials, wish.slow_trials)
                about |= {"kernel": receivers.kernel, "least_memory": math.ceil(least_memory())}
                measured = Measured(tuple(trials), about)
                if wish.json:
                    measured.save(wish.json)
        return measured


def _certificate(folder: Path) -> tuple[Path, Path]:
    """Write an authority, and the certificate and key of 127.0.0.1 that it signs. Raises `Missing`."""
    try:
        import trustme  # noqa: PLC0415  # only TLS needs it
    except ImportError as error:
        raise Missing("TLS needs trustme: pip install '.[test]'. Or name --cells without TLS.") from error
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / _AUTHORITY))
    issued = authority.issue_cert("127.0.0.1", "localhost")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    issued.private_key_pem.write_to_path(str(key))
    for number, part in enumerate(issued.cert_chain_pems):
        part.write_to_path(str(certificate), append=number > 0)
    return certificate, key


def _foot(about: dict[str, Any]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in about["versions"].items())
    stamps = (
        "Every stamp is the kernel's receive time."
        if about["kernel"]
        else "**Not every stamp is the kernel's receive time**: where it gave none, it is the receivers' clock."
    )
    return (
        f"{about['cores']} cores, {about['system']}, Python {about['python']}{', ' if versions else ''}{versions}; "
        f"trials of each: {about['trials']}, {about['slow_trials']} where the first takes over {SLOW_SECONDS} s. "
        f"{stamps} "
        "Start: from the start of the command to the first committing byte, the median. Left out of it: the countdown, "
        "during which it also measures its clock; beside it, how well it then knows it. MiB: the most in any trial."
    )


def _write(file: Path, text: str) -> None:
    """Put the text into the bounded place of a file, if it has one."""
    whole = file.read_text("utf-8")
    before, begin, rest = whole.partition(BEGIN)
    _, end, after = rest.partition(END)
    if begin and end:
        file.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}", "utf-8")


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
