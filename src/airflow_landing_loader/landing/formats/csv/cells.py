"""The cells of a data file, read by code of our own: what a table should hold.

This is the witness of the values, as the inspection is the witness of the count. It knows
``docs/csv.md`` and no CSV engine, and keeps one block and one record in memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from airflow_landing_loader.config.mapping.model import CsvDialect, TableMapping
from airflow_landing_loader.landing.formats.csv.dialect import Dialect, null_texts
from airflow_landing_loader.landing.formats.csv.header.record import fields_of
from airflow_landing_loader.landing.formats.csv.inspection import record_texts
from airflow_landing_loader.landing.model import Inspection
from airflow_landing_loader.storage.content import FileContent


@dataclass(frozen=True, slots=True)
class Record:
    """One data record.

    :param number: from 1, ragged ones counted too.
    :param text: as delivered, in UTF-8, without its line end.
    :param cells: one for each field; ``None`` is NULL.
    """

    number: int
    text: str
    cells: tuple[str | None, ...]


class CellReader:
    """Takes the records of one file apart.

    :param csv: how they are written.
    :param columns: how many the file has.
    """

    def __init__(self, csv: CsvDialect, columns: int) -> None:
        self._dialect, self._columns = Dialect.of(csv), columns
        self._nulls = frozenset(null_texts(csv))

    def cells(self, text: str) -> tuple[str | None, ...]:
        """The cells of a record.

        :param text: the record, which follows the grammar, without its line end.
        """
        nulls = self._nulls
        return tuple(
            None if not field.quoted and field.text in nulls else field.text
            for field in fields_of(text, self._dialect, self._columns)
        )


def read_records(
    source: FileContent, mapping: TableMapping, inspection: Inspection
) -> Iterator[Record]:
    """Read all data records, in file order.

    :param source: the file that was inspected.
    :param mapping: its table mapping.
    :param inspection: what :func:`~airflow_landing_loader.landing.formats.csv.inspection.inspect`
        found in it.
    :raises TransientError: ``LANDING_CHANGED`` where the file is not the one that was inspected;
        otherwise as the inspection.
    """
    cells_of = CellReader(mapping.csv, len(inspection.columns)).cells
    for number, text in enumerate(record_texts(source, mapping, inspection), start=1):
        yield Record(number, text, cells_of(text))
