"""What reading a tree of mappings gives: the good ones, and every problem with its place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.config.yaml.documents import Problem
from airflow_landing_loader.exceptions import ErrorCode

_Item = TypeVar("_Item", TableMapping, "MappingProblem")


@dataclass(frozen=True, kw_only=True)
class MappingProblem(Problem):
    """One reason why a mapping, a file or the whole tree cannot be used.

    :param table: table of the mapping at fault, if that much can be read and is a legal name.
    """

    table: str | None


@dataclass(frozen=True)
class MappingSet:
    """All mappings of a tree. A mapping with a problem is only in ``errors``.

    :param mappings: in order of file and line.
    :param errors: in order of file and line.
    """

    mappings: tuple[TableMapping, ...] = ()
    errors: tuple[MappingProblem, ...] = field(default=())

    @property
    def none_yet(self) -> bool:
        """Whether nobody has written a mapping yet, which is told as the only problem."""
        return any(e.detail.code == ErrorCode.MAPPING_NONE_FOUND for e in self.errors)

    def tables(self) -> dict[str, tuple[TableMapping, ...]]:
        """The mappings that feed each table, sorted by table name."""
        return _by_table(self.mappings)

    def table_names(self) -> frozenset[str]:
        """The tables that mappings name, right or wrong ones: a mistake makes no table vanish."""
        wrong = {problem.table for problem in self.errors if problem.table}
        return frozenset(wrong | {mapping.table for mapping in self.mappings})

    def for_table(self, table: str) -> tuple[TableMapping, ...]:
        """The mappings that feed ``table``, which is spelled as in them; empty if none does."""
        return tuple(mapping for mapping in self.mappings if mapping.table == table)

    def problems_by_table(self) -> dict[str, tuple[MappingProblem, ...]]:
        """The problems of each table, sorted by table name; those without a table are left out."""
        return _by_table(self.errors)

    def problems_without_table(self) -> dict[Path, tuple[MappingProblem, ...]]:
        """The problems that belong to no table, by file, sorted."""
        grouped: dict[Path, list[MappingProblem]] = {}
        for problem in self.errors:
            if problem.table is None:
                grouped.setdefault(problem.path, []).append(problem)
        return {path: tuple(grouped[path]) for path in sorted(grouped)}


def _by_table(items: Iterable[_Item]) -> dict[str, tuple[_Item, ...]]:
    grouped: dict[str, list[_Item]] = {}
    for item in items:
        if item.table is not None:
            grouped.setdefault(item.table, []).append(item)
    return {table: tuple(grouped[table]) for table in sorted(grouped)}
