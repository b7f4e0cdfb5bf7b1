"""JSON Schema for editors: they complete a playbook while it is written, and underline what does not fit."""

import ast
import inspect
import textwrap
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, get_args

from pydantic import BaseModel

from runbook.loader.shape import fields
from runbook.model.noun import Noun
from runbook.model.playbook import Playbook
from runbook.model.release import Release

DRAFT = "https://json-schema.org/draft/2020-12/schema"


def playbook_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a playbook file. It cannot say what `load_playbook` also checks."""
    return _schema(Playbook, "A playbook for runbook")


def release_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a release file."""
    return _schema(Release, "A release for runbook")


def _schema(model: type[BaseModel], title: str) -> dict[str, Any]:
    schema = {"$schema": DRAFT, **model.model_json_schema(by_alias=True), "title": title}
    for noun in _nouns(model, set()):
        described = schema if noun is model else schema["$defs"][noun.__name__]
        for key, text in _descriptions(noun).items():
            described["properties"][key]["description"] = text
    return schema


def _nouns(annotation: Any, seen: set[Any]) -> Iterator[type[BaseModel]]:
    """Yield every noun that a file of this kind can hold, once each."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if annotation not in seen:
            seen.add(annotation)
            yield annotation
            for inner in fields(annotation).values():
                yield from _nouns(inner, seen)
        return
    for inner in get_args(annotation):
        yield from _nouns(inner, seen)


def _descriptions(noun: type[BaseModel]) -> dict[str, str]:
    """Return what each key means: the sentence that stands below its attribute in the class, or in one above it.

    Read from the source here, rather than by pydantic whenever a class is made: that takes longer than all the rest.
    """
    found: dict[str, str] = {}
    for owner in reversed(noun.__mro__):
        if not issubclass(owner, BaseModel) or owner in (BaseModel, Noun):
            continue
        body = ast.parse(textwrap.dedent(inspect.getsource(owner))).body[0]
        for attribute, below in pairwise(getattr(body, "body", ())):
            text = _text(below)
            if text and isinstance(attribute, ast.AnnAssign) and isinstance(attribute.target, ast.Name):
                info = noun.model_fields[attribute.target.id]
                found[info.alias or attribute.target.id] = inspect.cleandoc(text)
    return found


def _text(statement: ast.stmt) -> str:
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
        return str(statement.value.value)
    return ""
