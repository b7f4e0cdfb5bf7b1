"""`release.yaml` → `Release`, with everything that is wrong with it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path, PurePosixPath, PureWindowsPath
from zoneinfo import ZoneInfo

from runbook.loader.raw import Fault, Raw
from runbook.loader.reader import Findings, Loaded, load
from runbook.loader.yaml import read_yaml
from runbook.loader.zones import check_zone
from runbook.model.problem import Path as Keys
from runbook.model.problem import Problem
from runbook.model.release import Asset, Release
from runbook.model.times import NoSuchTime

PLACEHOLDER = "FILL IN"
"""What a new release file says where a person has to."""


def load_release(path: Path) -> Loaded[Release]:
    """Read a release. Never raises for what is in the file, nor if there is none: `problems` says so.

    The documents are not opened here; `assets.documents` does that.
    """
    return release_of(read_yaml(path))


def release_of(raw: Raw) -> Loaded[Release]:
    """Make a release of a file that has been read."""
    raw = replace(raw, faults=(*raw.faults, *_placeholders(raw, raw.data, ())))
    return load(Release, raw, partial(_check, folder=raw.path.parent if raw.path else None))


def _placeholders(raw: Raw, value: object, path: Keys) -> Iterator[Fault]:
    """Yield a fault for each value that a person has not filled in yet."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _placeholders(raw, inner, (*path, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _placeholders(raw, inner, (*path, number))
    elif isinstance(value, str) and value.startswith(PLACEHOLDER):
        name = next((part for part in reversed(path) if isinstance(part, str)), "this file")
        found = f"{name}: this still says {PLACEHOLDER}."
        yield Fault(path, Problem("placeholder", raw.source.where(path), found, "Write what is true of this release."))


def leaves(folder: Path, file: str) -> bool:
    """Tell whether a document's path leads out of the release's folder, also by way of a link."""
    windows = PureWindowsPath(file)
    if windows.drive or windows.root or ".." in windows.parts:
        return True
    try:
        return not (folder / file).resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError):
        # A circle of links leads nowhere, so not out of the folder: the file will be found missing.
        return False


def _check(release: Release, findings: Findings, folder: Path | None) -> None:
    findings.usable = check_zone(release.zone, ("zone",), findings) and _due(release, findings)
    if all(asset.kind != "main" for asset in release.assets) and not findings.about("assets", "kind"):
        remedy = "Mark one with `kind: main`; it is the one that everybody waits for."
        findings.add(("assets",), "no-main", "None of the documents is the main one.", remedy)
    ids: dict[str, int] = {}
    names: dict[str, int] = {}
    for number, asset in enumerate(release.assets):
        _unique(findings, ids, asset.id, number, "id")
        _unique(findings, names, PurePosixPath(asset.file).name, number, "file")
        _inside(findings, folder, asset, number)


def _due(release: Release, findings: Findings) -> bool:
    try:
        _ = release.due
    except NoSuchTime as error:
        offsets = _offsets(release)
        remedy = f"Write the offset with it: {offsets}." if offsets else "Write a time from 00:00 to 23:59, in quotes."
        findings.add(("time",), "no-such-time", f'time: "{release.time}" is not one moment: {error}.', remedy)
        return False
    except OverflowError:
        findings.add(("date",), "wrong-value", f'date: "{release.date}" is out of reach.', "Write the day it is due.")
        return False
    return True


def _offsets(release: Release) -> str:
    """Return the two ways in which a time on the night of a change can be meant; empty if it is no time at all."""
    zone = ZoneInfo(release.zone)
    ways = []
    for fold in (0, 1):
        try:
            wall = datetime.fromisoformat(f"{release.date}T{release.time}").replace(tzinfo=zone, fold=fold)
        except ValueError:
            return ""
        offset = f"{wall:%z}"
        ways.append(f'"{release.time}{offset[:3]}:{offset[3:5]}"')
    return " or ".join(dict.fromkeys(ways))


def _unique(findings: Findings, seen: dict[str, int], name: str, number: int, key: str) -> None:
    first = seen.setdefault(name, number)
    if first != number:
        line = findings.source.where(("assets", first, key)).line
        found = f'{key}: "{name}" stands on line {line} already.'
        remedy = "Give one of them another id." if key == "id" else "They would have one public address: rename one."
        findings.add(("assets", number, key), f"duplicate-{key}", found, remedy)


def _inside(findings: Findings, folder: Path | None, asset: Asset, number: int) -> None:
    if folder is not None and leaves(folder, asset.file):
        found = f'file: "{asset.file}" leads out of the release\'s folder.'
        remedy = "Put the document beside the release file, or in a folder below it."
        findings.add(("assets", number, "file"), "outside", found, remedy)
