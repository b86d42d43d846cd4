"""The cells of a data file, read by code of our own: what a table should hold.

This is the witness of the values, as the inspection is the witness of the count. It knows
``docs/csv.md`` and no CSV engine, and keeps one block and one record in memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.landing.formats.csv.header.record import split
from airflow_landing_loader.landing.formats.csv.inspection import record_texts
from airflow_landing_loader.landing.formats.csv.tokenizer import Dialect
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
    dialect = Dialect.of(mapping.csv)
    nulls = frozenset(("", *mapping.csv.null_values))
    for number, text in enumerate(record_texts(source, mapping, inspection), start=1):
        cells = tuple(
            None if not field.quoted and field.text in nulls else field.text
            for field in split(text, dialect)
        )
        yield Record(number, text, cells)
