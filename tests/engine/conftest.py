"""A run in a folder of its own, for every test of the engine."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.scripted import Setting


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Setting]:
    """Return what makes a run from a plan."""
    setting = Setting(tmp_path)
    yield setting
    setting.close()
