"""One load as the dataset holds it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from airflow_landing_loader.loading.columns.drift import TableColumn
from airflow_landing_loader.loading.columns.names import LOAD_ID
from airflow_landing_loader.loading.ledger.committed import Booked
from airflow_landing_loader.loading.warehouses.bigquery import values
from airflow_landing_loader.loading.warehouses.bigquery.jobs import Jobs
from airflow_landing_loader.loading.warehouses.bigquery.raw_table import Tables, quoted, quoted_name


@dataclass(frozen=True, kw_only=True)
class Committed(Booked):
    """See :class:`~airflow_landing_loader.loading.warehouses.base.CommittedLoad`."""

    jobs: Jobs
    tables: Tables

    @property
    def table(self) -> tuple[TableColumn, ...] | None:
        columns = self.tables.columns_of(self.load.table_name)
        return None if columns is None else values.reader_columns(columns)

    def rows(self, columns: Sequence[TableColumn], longest: int) -> Iterator[tuple[Any, ...]]:
        del longest  # pages are of bytes, not of rows
        wanted = ", ".join(f"t.{quoted_name(column.name)}" for column in columns)
        return self.jobs.stream(
            f"SELECT {wanted} FROM {quoted(self.load.table_name)} t WHERE t.{LOAD_ID} = @id",
            [values.text("id", self.load.load_id)],
        )
