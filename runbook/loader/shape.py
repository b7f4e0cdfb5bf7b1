"""What the nouns expect at a place of a file: which keys, which values. Asked only once something does not fit."""

import types
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel, TypeAdapter, ValidationError

from runbook.model.problem import Path

_KEY = "[key]"
"""What pydantic puts at the end of a place to say that the key is meant, not its value."""
_TEXTS = ("x", "1m", "T+1m", "09:30", "2000-01-01", "x == x", "https://example.org/", "0" * 64)
_VALUES: tuple[Any, ...] = (*_TEXTS, 1, False)


class NoStandIn(LookupError):
    """Nothing simple fits there."""


@dataclass(frozen=True)
class Spot:
    """A place that pydantic names, as the file knows it."""

    path: Path
    expected: Any
    """The annotation of the value; Any if there is none."""
    owner: type[BaseModel] | None
    """The noun whose key it is."""
    is_key: bool = False


def spot(model: type[BaseModel], location: tuple[str | int, ...]) -> Spot:
    """Return the place: without the names that pydantic puts between, for the member of a union that it tried."""
    expected: Any = model
    owner: type[BaseModel] | None = None
    path: list[str | int] = []
    for part in location:
        if part == _KEY:
            return Spot(tuple(path), expected, owner, is_key=True)
        expected = bare(expected)
        if part in (members := kinds(expected)):
            expected = members[str(part)]
            continue
        owner, expected = _below(expected, part)
        path.append(part)
    return Spot(tuple(path), expected, owner)


def bare(annotation: Any) -> Any:
    """Return an annotation without what is written around it: `Annotated`, and that it may be absent."""
    while True:
        arguments = get_args(annotation)
        if get_origin(annotation) is Annotated:
            annotation = arguments[0]
        elif _is_union(annotation) and len(some := [a for a in arguments if a is not types.NoneType]) == 1:
            annotation = some[0]
        else:
            return annotation


def kinds(annotation: Any) -> dict[str, type[BaseModel]]:
    """Return the nouns of a union by the word that their `kind` has; empty if it is no such union."""
    annotation = bare(annotation)
    if not _is_union(annotation):
        return {}
    return {get_args(fields(member)["kind"])[0]: member for member in get_args(annotation)}


@cache
def fields(model: type[BaseModel]) -> Mapping[str, Any]:
    """Return the keys of a noun, as they stand in the file, and what each expects."""
    hints = get_type_hints(model, include_extras=True)
    return {info.alias or name: hints[name] for name, info in model.model_fields.items()}


@cache
def required(model: type[BaseModel]) -> frozenset[str]:
    """Return the keys of a noun that may not be absent."""
    return frozenset(info.alias or name for name, info in model.model_fields.items() if info.is_required())


def stand_in(annotation: Any) -> Any:
    """Return a value that fits, so that the rest of the file can still be checked. Raises `NoStandIn`."""
    inner = bare(annotation)
    arguments = get_args(inner)
    if isinstance(inner, type) and issubclass(inner, BaseModel):
        return {key: stand_in(fields(inner)[key]) for key in required(inner)}
    if get_origin(inner) is Literal:
        return arguments[0]
    if get_origin(inner) is tuple:
        return [stand_in(arguments[0])]
    if get_origin(inner) is dict:
        return {"x": stand_in(arguments[1]), "y": stand_in(arguments[1])}
    adapter: TypeAdapter[Any] = TypeAdapter(annotation)
    for value in _VALUES:
        try:
            adapter.validate_python(value)
        except ValidationError:
            continue
        return value
    raise NoStandIn


def _is_union(annotation: Any) -> bool:
    return get_origin(annotation) in (Union, types.UnionType)


def _below(annotation: Any, part: str | int) -> tuple[type[BaseModel] | None, Any]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, fields(annotation).get(str(part), Any)
    arguments = get_args(annotation)
    if get_origin(annotation) is dict:
        return None, arguments[1]
    if get_origin(annotation) is tuple:
        return None, arguments[0]
    return None, Any
