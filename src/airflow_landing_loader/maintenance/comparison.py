"""What of a load can be compared: its file's cells and its table's cells, in one order.

A table's cell is written as the file's would be: typed values in one plain form, values in
``_extra`` one by one. What can never be in a file, a NUL, marks what has no counterpart.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from airflow_landing_loader.config.mapping.column_names import same
from airflow_landing_loader.landing.formats.csv.cells import Record
from airflow_landing_loader.loading.columns.drift import TableColumn
from airflow_landing_loader.loading.columns.names import EXTRA, ROW_NUMBER
from airflow_landing_loader.loading.columns.plain_values import plain, reader_of
from airflow_landing_loader.loading.model import Load, LoadColumn

_NO_COUNTERPART = "\0"

Cell = str | None


@dataclass(frozen=True, kw_only=True)
class Compared:
    """One column of the comparison.

    :param position: its place in the file from 0; ``None``: the file lacks it.
    :param column: the table's; ``None``: it is in ``_extra``, or the table has none.
    :param read: writes the file's text as the table's value is written.
    :param hindrance: why it cannot be compared.
    """

    name: str
    position: int | None = None
    column: TableColumn | None = None
    read: Callable[[str], Cell] = str
    hindrance: str | None = None

    def of_cells(self, cells: Sequence[Cell]) -> Cell:
        """The file's cell."""
        text = None if self.position is None else cells[self.position]
        return None if text is None else self.read(text)


@dataclass(frozen=True)
class Comparison:
    """The columns that are compared.

    :param plain_columns: those that have a column of their own in the table, or should.
    :param extra: those in ``_extra``; ``_extra`` itself where nothing of the file is there.
    :param has_extra: whether the table has ``_extra``.
    :param row_number: the table's column for it, if it has one.
    """

    plain_columns: tuple[Compared, ...]
    extra: tuple[Compared, ...]
    has_extra: bool
    row_number: TableColumn | None

    @property
    def names(self) -> tuple[str, ...]:
        """Names in order."""
        columns = (*self.plain_columns, *self.extra)
        return (*(c.name for c in columns), *([ROW_NUMBER] if self.row_number else []))

    @property
    def hindrances(self) -> dict[str, str]:
        """Why columns cannot be compared, by name."""
        return {c.name: c.hindrance for c in self.plain_columns if c.hindrance}

    @property
    def selected(self) -> tuple[TableColumn, ...]:
        """The table's columns whose values :meth:`of_row` takes."""
        columns = [c.column for c in self.plain_columns if c.column]
        if self.has_extra:
            columns.append(TableColumn(EXTRA, "VARCHAR"))
        return (*columns, *([self.row_number] if self.row_number else []))

    def of_record(self, record: Record, added: Sequence[Cell], *, numbered: bool) -> list[Cell]:
        """The cells that a record should have given.

        :param added: those that its mapping adds.
        :param numbered: whether the load's rows have numbers.
        """
        read = (*record.cells, *added) if added else record.cells
        cells = [column.of_cells(read) for column in (*self.plain_columns, *self.extra)]
        if self.row_number:
            cells.append(str(record.number) if numbered else None)
        return cells

    def of_row(self, values: Sequence[Any]) -> list[Cell]:
        """The cells of a row, given the values of ``selected``."""
        left = iter(values)
        cells = [
            _plain(next(left)) if column.column else _NO_COUNTERPART
            for column in self.plain_columns
        ]
        cells += self._of_extra(_plain(next(left)) if self.has_extra else None)
        if self.row_number:
            cells.append(_plain(next(left)))
        return cells

    def _of_extra(self, text: Cell) -> list[Cell]:
        if self.extra[0].position is None:
            return [text]
        names = [column.name for column in self.extra]
        values = _pairs(text)
        if [name for name, _ in values] != names:
            return [_NO_COUNTERPART for _ in names]
        return [value if value is None else str(value) for _, value in values]


def comparison_of(
    load: Load, columns: Sequence[LoadColumn], table: Sequence[TableColumn]
) -> Comparison:
    """Say what is compared.

    :param columns: the file's, in file order.
    :param table: the table's, as they are now.
    """
    of_table = {same(column.name): column for column in table}
    known = [
        _known(column.name, position, of_table.get(same(column.name)))
        for position, column in enumerate(columns)
        if not column.extra
    ]
    missing = [
        Compared(name=name, column=column)
        for name in load.missing_columns
        if (column := of_table.get(same(name))) is not None and not column.generated
    ]
    extra = [
        Compared(name=column.name, position=position)
        for position, column in enumerate(columns)
        if column.extra
    ]
    return Comparison(
        plain_columns=(*known, *missing),
        extra=tuple(extra) or (Compared(name=EXTRA),),
        has_extra=EXTRA in of_table,
        row_number=of_table.get(ROW_NUMBER),
    )


def _known(name: str, position: int, column: TableColumn | None) -> Compared:
    if column is None:
        gone = "the table has no such column any more"
        return Compared(name=name, position=position, hindrance=gone)
    read = reader_of(column.type)
    if read is None:
        unfit = f"type {column.type} has no documented literal form"
        return Compared(name=name, column=column, position=position, hindrance=unfit)
    return Compared(name=name, column=column, position=position, read=read)


def _plain(value: Any) -> Cell:
    return None if value is None else plain(value)


def _pairs(text: Cell) -> list[tuple[str, Any]]:
    """Keys and values of a JSON object, in its order; none if it is no such object."""
    try:
        found = json.loads(text or "", object_pairs_hook=tuple)
    except (ValueError, RecursionError):  # RecursionError: brackets nested thousands deep
        return []
    return list(found) if isinstance(found, tuple) else []
