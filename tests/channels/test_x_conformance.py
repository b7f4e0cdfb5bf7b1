"""X's own conformance cases for counting (twitter-text, configuration v3), read from beside the project."""

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from runbook.channels.x_length import weighted

CASES = Path(__file__).parents[2].parent / "shared" / "data" / "twitter-text" / "conformance" / "validate.yml"
GROUPS = ("WeightedTweetsWithDiscountedEmojiCounterTest", "UnicodeDirectionalMarkerCounterTest")

pytestmark = pytest.mark.skipif(not CASES.is_file(), reason="X's conformance cases are not beside the project")


def _cases() -> list[Any]:
    if not CASES.is_file():
        return []
    tests = YAML(typ="safe", pure=True).load(CASES.read_text(encoding="utf-8"))["tests"]
    return [pytest.param(case, id=f"{group}-{n}") for group in GROUPS for n, case in enumerate(tests[group])]


@pytest.mark.parametrize("case", _cases())
def test_a_post_is_counted_as_x_counts_it(case: dict[str, Any]) -> None:
    used, valid = weighted(case["text"])
    assert used == case["expected"]["weightedLength"]
    assert (valid and used <= 280) == case["expected"]["valid"]


def test_the_cases_are_all_there() -> None:
    assert len(_cases()) == 24
