"""docs/channels.md has every kind of channel, and every key that its table may have, with its default."""

import importlib
import re
from pathlib import Path

import pytest

from runbook.channels.registry import KINDS

TEXT = (Path(__file__).parents[2] / "docs" / "channels.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (\w+): [^\n]*\n(.*?)(?=^## |\Z)", TEXT, flags=re.DOTALL | re.MULTILINE))


def test_every_kind_has_its_section() -> None:
    assert sorted(SECTIONS) == sorted(KINDS)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_table_of_a_kind_has_its_keys_and_no_others(kind: str) -> None:
    fields = importlib.import_module(KINDS[kind]).Settings.model_fields
    keys = {field.alias or name for name, field in fields.items()} - {"kind"}
    rows = re.findall(r"^\| (`[^|]*) \|", SECTIONS[kind], flags=re.MULTILINE)
    assert {key for row in rows for key in re.findall(r"`(\w+)`", row)} == keys


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_key_that_must_be_set_is_called_required_and_no_other_is(kind: str) -> None:
    fields = importlib.import_module(KINDS[kind]).Settings.model_fields
    required = {field.alias or name for name, field in fields.items() if field.is_required()}
    rows = re.findall(r"^\| (`[^|]*) \| required \|", SECTIONS[kind], flags=re.MULTILINE)
    assert {key for row in rows for key in re.findall(r"`(\w+)`", row)} == required


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_number_that_is_the_default_stands_in_the_table(kind: str) -> None:
    fields = importlib.import_module(KINDS[kind]).Settings.model_fields
    rows = dict(re.findall(r"^\| `(\w+)` \| (\d+) \|", SECTIONS[kind], flags=re.MULTILINE))
    numbers = {n: f.default for n, f in fields.items() if type(f.default) in {int, float}}
    assert {name: float(value) for name, value in rows.items()} == {n: float(v) for n, v in numbers.items()}
