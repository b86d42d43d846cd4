"""Trees of mapping files, and what the reader finds wrong in them."""

from __future__ import annotations

from pathlib import Path

from airflow_landing_loader.config.mapping.mapping_set import MappingProblem, MappingSet
from airflow_landing_loader.config.mapping.reader import read_mappings


class Tree:
    """A folder of mapping files that is read again for each question."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, text: str | bytes, name: str = "a.yaml") -> Tree:
        """Write a file into it."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return self

    def read(self) -> MappingSet:
        """Read all of it."""
        return read_mappings(self.root)


def places(found: MappingSet) -> list[tuple[str, int | None, str | int | None, str | None]]:
    """Code, line, column and key of each problem."""
    details = [problem.detail for problem in found.errors]
    return [(d.code.removeprefix("mapping."), d.line, d.column, d.key_path) for d in details]


def only(found: MappingSet) -> MappingProblem:
    """The one problem that there is."""
    assert len(found.errors) == 1, [problem.render() for problem in found.errors]
    return found.errors[0]
