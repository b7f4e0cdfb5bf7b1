"""The files of a small plan, for every test of the planner."""

from pathlib import Path

import pytest

from support.planning import Files


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """Return files in which nothing is wrong yet."""
    return Files(tmp_path)
