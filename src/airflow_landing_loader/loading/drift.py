"""Schema drift: which column of a file goes where, given the table. Pure, for both warehouses.

The table is the schema. Columns it knows load (case does not count), columns it lacks go to
``_extra``, columns the file lacks are NULL.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from airflow_landing_loader.exceptions import ErrorCode, TerminalError
from airflow_landing_loader.loading.names import OWN_COLUMNS


@dataclass(frozen=True)
class TableColumn:
    """A column of a table: its name and the warehouse's own word for its type."""

    name: str
    type: str


@dataclass(frozen=True, kw_only=True)
class ColumnPlan:
    """Where each column of a file goes.

    :param known: (position in the file from 0, column of the table), in the table's order.
    :param extra: (position in the file from 0, name in ``_extra``), in file order.
    :param missing: columns of the table that the file lacks, in the table's order.
    """

    known: tuple[tuple[int, TableColumn], ...]
    extra: tuple[tuple[int, str], ...]
    missing: tuple[TableColumn, ...]

    @property
    def lacks_most(self) -> bool:
        """Whether the file lacks more than half of the table's columns."""
        return len(self.missing) > (len(self.known) + len(self.missing)) / 2


def plan_columns(names: Sequence[str], table: Sequence[TableColumn], *, file: str) -> ColumnPlan:
    """Match a file's columns with a table's.

    :param names: the file's column names in file order, as :func:`names.column_names` gives them.
    :param table: the table's columns in order; our own are passed over.
    :raises TerminalError: the table knows none of the file's columns.
    """
    position = {name.casefold(): index for index, name in enumerate(names)}
    columns = [c for c in table if c.name.casefold() not in OWN_COLUMNS]
    known = tuple(
        (position[c.name.casefold()], c) for c in columns if c.name.casefold() in position
    )
    if not known:
        raise TerminalError(
            ErrorCode.HEADER_NO_KNOWN_COLUMN,
            f"the table knows none of the file's {len(names)} columns "
            f"(it has {', '.join(c.name for c in columns[:8]) or 'none of its own'})",
            hint="is this the right file for this table? Check the pattern, csv.delimiter and "
            "csv.header of the mapping",
            file=file,
        )
    of_table = {c.name.casefold() for c in columns}
    return ColumnPlan(
        known=known,
        extra=tuple((i, name) for i, name in enumerate(names) if name.casefold() not in of_table),
        missing=tuple(c for c in columns if c.name.casefold() not in position),
    )
