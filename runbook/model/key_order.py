"""The order of keys, noted beside a value: the log's canonical JSON sorts them, and people read them in their order.

Options, questions and messages stand in a playbook in the order in which they are put to people. A run that is taken up
again must put them in the same one.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel

Orders = Mapping[str, Sequence[str]]
"""Path of keys (`steps/14/step/options`) → the keys of the object there, in their order."""


def orders_of(value: BaseModel) -> dict[str, list[str]]:
    """Return the order of each mapping in a noun's dump (`model_dump(mode="json")`) that is not alphabetical."""
    return dict(_orders(value, ()))


def _orders(value: object, path: tuple[str, ...]) -> Iterator[tuple[str, list[str]]]:
    if isinstance(value, BaseModel):
        for name, field in type(value).model_fields.items():
            yield from _orders(getattr(value, name), (*path, field.serialization_alias or field.alias or name))
    elif isinstance(value, Mapping):
        keys = [str(key) for key in value]
        if keys != sorted(keys):
            yield "/".join(path), keys
        for key, item in value.items():
            yield from _orders(item, (*path, str(key)))
    elif isinstance(value, list | tuple):
        for place, item in enumerate(value):
            yield from _orders(item, (*path, str(place)))


def in_order(value: Any, orders: Orders, path: tuple[str, ...] = ()) -> Any:
    """Return a value of JSON with its keys in the order that was noted; keys that were not noted come last."""
    if isinstance(value, Mapping):
        noted = [key for key in orders.get("/".join(path), ()) if key in value]
        keys = dict.fromkeys((*noted, *value))
        return {key: in_order(value[key], orders, (*path, key)) for key in keys}
    if isinstance(value, list):
        return [in_order(item, orders, (*path, str(place))) for place, item in enumerate(value)]
    return value
