"""Sets of data files that one go file names."""

from __future__ import annotations

from typing import Any

GO = {"pattern": "day_*.ctl", "format": "csv", "lists_files": 1, "row_count_column": 2}
A = "id\n1\n"
B = "id\n2\n3\n"
LISTED = "a_1.csv,1\nb_1.csv,2\n"


def deliver(world: Any, listed: str = LISTED, **files: str) -> None:
    """Write a set: data files by letter, ``a_1.csv`` and ``b_1.csv`` if none are given."""
    for letter, content in (files or {"a": A, "b": B}).items():
        world.deliver(f"{letter}_1.csv", content)
    world.deliver("day_1.ctl", listed)
