"""A file of a few bytes, read by its mapping."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.landing.formats.csv.cells import read_records
from airflow_landing_loader.landing.formats.csv.inspection import inspect, locate
from airflow_landing_loader.landing.model import Delivery, Inspection, Validated
from airflow_landing_loader.loading.reading.csv import RecordsSource
from airflow_landing_loader.loading.reading.plain_csv import records_source
from fuzzing.memory import MemoryZone


@dataclass(frozen=True, kw_only=True)
class Read:
    """What stands in a file.

    :param cells: of each record.
    :param lines: physical lines of the records.
    """

    mapping: TableMapping
    inspection: Inspection
    cells: list[tuple[str | None, ...]]
    lines: list[int]
    zone: MemoryZone

    @property
    def columns(self) -> tuple[str, ...]:
        """The names in the header."""
        return self.inspection.columns

    def given(self) -> RecordsSource:
        """What the engine is given of it."""
        file = self.zone.file("a_1.csv")
        delivery = Delivery(mapping=self.mapping, data=file)
        validated = Validated(delivery=delivery, inspection=self.inspection)
        return records_source(validated, self.zone.source(file), ())


def read(
    content: bytes,
    *,
    trailer: dict[str, Any] | None = None,
    keys: dict[str, Any] | None = None,
    **csv: Any,
) -> Read:
    """Inspect a file and read its records.

    :param trailer: the mapping's.
    :param keys: further keys of the mapping.
    :param csv: the dialect.
    """
    zone = MemoryZone({"a_1.csv": content})
    mapping = TableMapping.model_validate(
        {"pattern": "*", "table": "t", "csv": csv, "trailer": trailer, **(keys or {})}
    )
    source = zone.source(zone.file("a_1.csv"))
    found = inspect(source, mapping)
    numbers = range(1, found.records + 1)
    return Read(
        mapping=mapping,
        inspection=found,
        cells=[record.cells for record in read_records(source, mapping, found)],
        lines=[place.line for place in locate(source, mapping, found, numbers)],
        zone=zone,
    )
