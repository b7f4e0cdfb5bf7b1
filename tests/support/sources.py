"""The sources of the checkout, parsed: modules, what they import and where, their functions and classes."""

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeGuard

CHECKOUT = Path(__file__).resolve().parents[2]
PACKAGE = CHECKOUT / "runbook"

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Import:
    """One name that a module imports: `runbook.model.state`, `httpx`. `line` is where."""

    name: str
    line: int

    @property
    def top(self) -> str:
        return self.name.partition(".")[0]


@dataclass(frozen=True)
class Module:
    """One file of the package."""

    path: Path

    @property
    def name(self) -> str:
        """`runbook.model.state`; a folder's `__init__` has the folder's name."""
        parts = self.path.relative_to(CHECKOUT).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @property
    def folder(self) -> str:
        """`model`; empty for the modules that lie in the package itself."""
        parts = self.path.relative_to(PACKAGE).parts
        return parts[0] if len(parts) > 1 else ""

    @property
    def label(self) -> str:
        return self.path.relative_to(CHECKOUT).as_posix()

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.label)

    def imports(self) -> Iterator[Import]:
        """Yield everything it imports: also inside functions, also under TYPE_CHECKING, also by `import_module`."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (Import(alias.name, node.lineno) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                base = self._base(node)
                yield Import(base, node.lineno)
                # `from runbook.model import slots` imports the module `runbook.model.slots`.
                yield from (
                    Import(f"{base}.{alias.name}", node.lineno) for alias in node.names if _is_module(base, alias.name)
                )
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and _names_module(node.value):
                yield Import(node.value, node.lineno)

    def loads(self) -> Iterator[Import]:
        """Yield what it imports at once when it is imported itself: not inside functions, not for the type checker."""
        later = {
            line
            for node in ast.walk(self.tree)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) or _for_the_type_checker(node)
            for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
        }
        texts = {node.lineno for node in ast.walk(self.tree) if isinstance(node, ast.Constant)}
        return (found for found in self.imports() if found.line not in later | texts)

    def _base(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        package = self.path.relative_to(CHECKOUT).parts[: -node.level]
        return ".".join([*package, node.module] if node.module else package)

    def functions(self) -> Iterator[Function]:
        """Yield every function and method, nested ones too."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield node

    def public(self) -> Iterator[Function | ast.ClassDef]:
        """Yield what others may use: public classes and functions of the module, and the classes' public methods."""
        yield from _public(self.tree.body)


def _public(body: list[ast.stmt]) -> Iterator[Function | ast.ClassDef]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from _public(node.body)


def _for_the_type_checker(node: ast.AST) -> TypeGuard[ast.If]:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def _is_module(package: str, name: str) -> bool:
    return _file_of(f"{package}.{name}") is not None


def _names_module(text: str) -> bool:
    """Whether a text is the dotted name of one of our modules: what a registry imports on use."""
    return text.startswith("runbook.") and _file_of(text) is not None


def _file_of(name: str) -> Path | None:
    if not name.startswith("runbook."):
        return None
    bare = CHECKOUT.joinpath(*name.split("."))
    return next((path for path in (bare.with_suffix(".py"), bare / "__init__.py") if path.is_file()), None)


def modules() -> list[Module]:
    """Return every module of the package, as it lies in the checkout."""
    return [Module(path) for path in sorted(PACKAGE.rglob("*.py"))]


def folders() -> list[str]:
    """Return the folders of the package."""
    return sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py"))


def tracked_files() -> list[Path]:
    """Return the files that belong to the project; without git, all that do not lie in a hidden folder."""
    if not (CHECKOUT / ".git").exists():
        return [path for path in CHECKOUT.rglob("*") if path.is_file() and not _hidden(path)]
    # The checkout may belong to somebody else than the user who runs the tests.
    command = ["git", "-c", f"safe.directory={CHECKOUT}", "ls-files", "-z"]
    listed = subprocess.run(command, cwd=CHECKOUT, capture_output=True, check=True).stdout.decode().split("\0")
    return [CHECKOUT / name for name in listed if name and (CHECKOUT / name).is_file()]


def _hidden(path: Path) -> bool:
    return any(part.startswith((".", "__")) for part in path.relative_to(CHECKOUT).parts[:-1])
