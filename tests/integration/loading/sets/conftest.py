"""Zones to which one go file comes for several data files."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.sets import GO


@pytest.fixture
def two(world: Any) -> Any:
    """A world with a mapping for each of two tables, whose files one go file names."""
    for letter in "ab":
        world.map(f"{letter}_*.csv", f"raw_{letter}", go_file=GO)
    return world
