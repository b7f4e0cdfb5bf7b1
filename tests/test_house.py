"""The house: which folder may import what, how long things are, and what every file keeps to.

The sources are those of the checkout; what is installed is asked only where a test says so.
"""

import ast
import builtins
import importlib
import os
import re
import sys
import sysconfig
from pathlib import Path

import pytest

import runbook
from runbook import errors
from runbook.model.problem import Refused
from support.sources import CHECKOUT, PACKAGE, Module, folders, modules, tracked_files

LONGEST_MODULE = 400
LONGEST_FUNCTION = 40

EVERYBODY = {"runbook.errors", "runbook.clock", "runbook.instant"}
"""What each folder may import besides its row of the table."""

FOLDERS: dict[str, set[str]] = {
    "model": set(),
    "workspace": {"model"},
    "loader": {"model", "workspace"},
    "planner": {"model", "workspace"},
    "journal": {"model"},
    "engine": {"model"},
    "channels": {"model", "workspace"},
    "lookout": {"model"},
    "preflight": {"model", "workspace"},
    "exercise": {"model", "engine", "channels", "lookout"},
    "reports": {"model"},
    "terminal": {"model"},
    "cli": {
        "model",
        "workspace",
        "loader",
        "planner",
        "journal",
        "engine",
        "channels",
        "lookout",
        "preflight",
        "exercise",
        "reports",
        "terminal",
    },
    "": set(),
}
"""Folder → the folders it may import. The empty name is the package itself: `errors.py`, `clock.py` and their like."""

THIRD_PARTIES: dict[str, set[str]] = {
    "model": {"pydantic"},
    "workspace": {"pydantic", "pydantic_core", "ruamel", "email_validator", "platformdirs"},
    "loader": {"pydantic", "pydantic_core", "ruamel"},
    "planner": {"jinja2"},
    "journal": {"rfc8785"},
    "engine": {"tenacity"},
    "channels": {"pydantic", "httpx", "tweepy", "requests", "twitter_text", "urllib3"},
    "lookout": {"httpx"},
    "preflight": set(),
    "exercise": set(),
    "reports": {"jinja2"},
    "terminal": {"rich"},
    "cli": {"typer", "pydantic"},
    "": set(),
}

ONLY_IN: dict[str, tuple[str, ...]] = {
    "tweepy": ("runbook/channels/x_session.py",),
    "requests": ("runbook/channels/x_session.py",),
    "twitter_text": ("runbook/channels/x_length.py",),
    "urllib3": ("runbook/channels/tls.py", "runbook/channels/x_session.py"),
}
"""A library that is the business of one file, or of two."""

OPENS_SOMETHING = {"ftplib", "http", "smtplib", "socket", "socketserver", "sqlite3", "ssl", "subprocess", "urllib"}
"""Standard modules that reach the network, a store or another process."""
PURE = ("model", "planner", "engine", "reports")
HARMLESS = {"http.HTTPStatus", "urllib.parse"}

ASKS_THE_TIME = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.sleep"}
PRINT = ("runbook/terminal/", "runbook/cli/")
TELLS_THE_TIME = ("runbook/clock.py", "runbook/cli/failure.py", "runbook/cli/new.py")
"""Who may ask the machine for the time: the clock; a crash report, which trusts no other; the day on a new file."""

# Put together here, so that this file does not hold them.
NEVER_NAMED = [
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("files", "python" + "hosted"),
        ("registry", "npmjs"),
        ("deb", "debian", "org"),
        ("proxy", "golang", "org"),
    )
] + ["/".join(("", *parts, "")) for parts in (("work",), ("farm",), ("tmp", "dev"), ("home", "runner"))]

ALL = modules()


# Who imports what ----------------------------------------------------------------------------------------------------


def test_the_table_has_a_row_for_every_folder() -> None:
    assert set(folders()) <= set(FOLDERS)
    assert set(FOLDERS) == set(THIRD_PARTIES)


def test_a_module_imports_only_what_its_folder_may() -> None:
    wrong = [
        f"{module.label}:{found.line} imports {found.name}"
        for module in ALL
        for found in module.imports()
        if found.top == "runbook"
        and found.name not in EVERYBODY | {"runbook"}
        and found.name.split(".")[1] not in _may_import(module)
    ]
    assert not wrong


def _may_import(module: Module) -> set[str]:
    # `python -m runbook` is a door to the command line, and nothing else.
    return {"cli"} if module.name == "runbook.__main__" else FOLDERS[module.folder] | {module.folder}


def test_a_third_party_is_used_only_in_its_folder() -> None:
    wrong = [
        f"{module.label}:{found.line} imports {found.name}"
        for module in ALL
        for found in module.imports()
        if found.top not in sys.stdlib_module_names
        and found.top not in {"runbook", "__future__"}
        and (
            found.top not in THIRD_PARTIES[module.folder] or module.label not in ONLY_IN.get(found.top, (module.label,))
        )
    ]
    assert not wrong


def test_what_is_pure_opens_nothing() -> None:
    wrong = [
        f"{module.label}:{found.line} imports {found.name}"
        for module in ALL
        if module.folder in PURE
        for found in module.imports()
        if found.top in OPENS_SOMETHING and found.name not in HARMLESS
    ]
    assert not wrong


def test_nobody_imports_the_command_line() -> None:
    importers = {module.label for module in ALL for found in module.imports() if found.name.startswith("runbook.cli")}
    assert {path for path in importers if not path.startswith("runbook/cli/")} <= {"runbook/__main__.py"}


def test_no_module_leads_back_to_itself() -> None:
    names = {module.name for module in ALL}
    graph = {
        module.name: {found.name for found in module.loads() if found.name in names and not _is_package(found.name)}
        for module in ALL
    }
    assert _cycle(graph) == []


def _is_package(name: str) -> bool:
    return CHECKOUT.joinpath(*name.split("."), "__init__.py").is_file()


def _cycle(graph: dict[str, set[str]]) -> list[str]:
    """Return one way round, first name repeated at its end; empty if there is none."""
    done: set[str] = set()

    def walk(name: str, path: list[str]) -> list[str]:
        if name in path:
            return [*path[path.index(name) :], name]
        if name in done:
            return []
        for other in sorted(graph[name]):
            if found := walk(other, [*path, name]):
                return found
        done.add(name)
        return []

    return next((found for name in sorted(graph) if (found := walk(name, []))), [])


def test_a_way_round_is_found_where_there_is_one() -> None:
    assert _cycle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]


# What every file keeps to ---------------------------------------------------------------------------------------------


def test_every_module_is_short() -> None:
    lengths = {module.label: len(module.text.splitlines()) for module in ALL}
    assert {name: length for name, length in lengths.items() if length > LONGEST_MODULE} == {}


def test_every_function_is_short() -> None:
    lengths = {
        f"{module.label}:{node.lineno} {node.name}": (node.end_lineno or node.lineno) - node.lineno + 1
        for module in ALL
        for node in module.functions()
    }
    assert {name: length for name, length in lengths.items() if length > LONGEST_FUNCTION} == {}


def test_what_others_may_use_says_what_it_promises() -> None:
    silent = [
        f"{module.label}:{node.lineno} {node.name}"
        for module in ALL
        for node in module.public()
        if not ast.get_docstring(node)
    ]
    assert [module.label for module in ALL if not ast.get_docstring(module.tree)] + silent == []


def test_no_folder_exports_anything() -> None:
    """An __init__.py is its docstring, on one line."""
    doors = [module for module in ALL if module.path.name == "__init__.py"]
    assert [door.label for door in doors if len(door.tree.body) > 1 or len(door.text.splitlines()) > 1] == []


def test_only_the_terminal_and_the_command_line_print() -> None:
    places = [place for place in _calling({"print", "Console"}) if not place.startswith(PRINT)]
    assert not places


def test_only_the_clock_asks_the_machine_for_the_time() -> None:
    places = [place for place in _calling(ASKS_THE_TIME) if not place.startswith(TELLS_THE_TIME)]
    assert not places


def test_no_failure_is_swallowed_whole() -> None:
    """Whoever catches everything must do something about it."""
    swallowed = [
        f"{module.label}:{node.lineno}"
        for module in ALL
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or (isinstance(node.type, ast.Name) and node.type.id in {"Exception", "BaseException"}))
        and all(isinstance(line, ast.Pass) for line in node.body)
    ]
    assert not swallowed


def _calling(names: set[str]) -> list[str]:
    """Return where one of these is called."""
    return [
        f"{module.label}:{node.lineno}"
        for module in ALL
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and _called(node) in names
    ]


def _called(node: ast.Call) -> str:
    """Return `print` or `datetime.now`: the last two names of what is called."""
    function = node.func
    if isinstance(function, ast.Name):
        return function.id
    if isinstance(function, ast.Attribute):
        owner = function.value
        before = owner.id if isinstance(owner, ast.Name) else owner.attr if isinstance(owner, ast.Attribute) else ""
        return f"{before}.{function.attr}"
    return ""


def test_no_file_names_a_machine_or_a_registry() -> None:
    found = [
        f"{path.relative_to(CHECKOUT)} names {name!r}"
        for path in tracked_files()
        for name in NEVER_NAMED
        if name.encode() in path.read_bytes()
    ]
    assert not found


# The tree of errors ---------------------------------------------------------------------------------------------------

_ROW = re.compile(r"^    (?P<branch>[│├└─ ]*)(?P<name>[A-Z]\w+)  +(?P<code>\d+|\u2013)?\s*(?P<says>\S.*)$")


def _drawn() -> dict[str, tuple[str, int | None]]:
    """Read the tree at the top of errors.py: class → the class it stands under, and its exit code."""
    above: list[tuple[int, str]] = []
    tree: dict[str, tuple[str, int | None]] = {}
    for line in (errors.__doc__ or "").splitlines():
        row = _ROW.match(line)
        if row is None:
            continue
        depth = len(row["branch"])
        above = [(d, name) for d, name in above if d < depth]
        code = int(row["code"]) if row["code"] not in {None, "\u2013"} else None
        tree[row["name"]] = (above[-1][1] if above else "Exception", code)
        above.append((depth, row["name"]))
    return tree


def _classes() -> dict[str, type[BaseException]]:
    own = {name: thing for name, thing in vars(errors).items() if isinstance(thing, type)}
    return {**own, "Refused": Refused, "Exception": Exception}


def test_the_drawn_tree_of_errors_is_the_real_one() -> None:
    drawn = _drawn()
    classes = _classes()
    assert {name for name, thing in classes.items() if issubclass(thing, errors.RunbookError)} == set(drawn)
    for name, (parent, code) in drawn.items():
        assert classes[name].__bases__ == (classes[parent],), name
        if code is not None:
            assert vars(classes[name]).get("exit_code", classes[parent].__dict__.get("exit_code")) == code, name


def test_every_other_error_ends_with_a_documented_code() -> None:
    codes = {code for _, code in _drawn().values() if code is not None}
    for module in ALL:
        if module.path.name != "__main__.py":
            importlib.import_module(module.name)
    waiting = [errors.RunbookError]
    while waiting:
        error = waiting.pop()
        assert error.exit_code in codes, error
        waiting += error.__subclasses__()


def test_no_error_of_ours_takes_a_name_of_the_language() -> None:
    assert not [name for name in _drawn() if hasattr(builtins, name)]


# The map of the code --------------------------------------------------------------------------------------------------

_NAMED = re.compile(r"`([\w./-]+)`")


def _map() -> str:
    return (CHECKOUT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def test_the_map_has_every_folder_and_stays_short() -> None:
    text = _map()
    assert [folder for folder in folders() if f"`runbook/{folder}/`" not in text] == []
    assert len(text.splitlines()) < 120


def test_every_path_on_the_map_exists() -> None:
    text = re.sub(r"```.*?```", "", _map(), flags=re.DOTALL)
    paths = [name for name in _NAMED.findall(text) if "/" in name or name.endswith((".py", ".md", ".toml", ".yaml"))]
    assert len(paths) > 20
    assert [path for path in paths if not (CHECKOUT / path).exists()] == []


# The installed package ------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not os.environ.get("CI"), reason="the checkout may be installed in place on a developer's machine")
def test_the_installed_package_is_what_is_tested() -> None:
    """In CI the wheel is tested: nothing on the way leads to the checkout's own copy."""
    site = {Path(sysconfig.get_path(name)).resolve() for name in ("purelib", "platlib")}
    assert Path(runbook.__file__ or "").resolve().parents[1] in site
    copies = [entry for entry in sys.path if (Path(entry or ".") / "runbook").resolve() == PACKAGE]
    assert not copies
