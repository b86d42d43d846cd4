"""One load as the dataset holds it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

from airflow_landing_loader.loading.bigquery import values
from airflow_landing_loader.loading.bigquery.jobs import Jobs
from airflow_landing_loader.loading.bigquery.ledger import Ledger
from airflow_landing_loader.loading.bigquery.table import Tables, quoted, quoted_name
from airflow_landing_loader.loading.drift import TableColumn
from airflow_landing_loader.loading.model import DeliveryOutcome, Load, LoadColumn
from airflow_landing_loader.loading.names import LOAD_ID


@dataclass(frozen=True, kw_only=True)
class Committed:
    """See :class:`~airflow_landing_loader.loading.warehouse.CommittedLoad`."""

    jobs: Jobs
    books: Ledger
    tables: Tables
    load: Load

    @property
    def outcome(self) -> DeliveryOutcome:
        """See the protocol."""
        return self.books.outcome_of(self.load.load_id)

    @property
    def columns(self) -> tuple[LoadColumn, ...]:
        """See the protocol."""
        return self.books.columns_of_load(self.load.load_id)

    @property
    def table(self) -> tuple[TableColumn, ...] | None:
        """See the protocol."""
        columns = self.tables.columns_of(self.load.table_name)
        if columns is None:
            return None
        return tuple(TableColumn(c.name, values.reader_type(c.type) or c.type) for c in columns)

    @property
    def sharing(self) -> tuple[int, ...]:
        """See the protocol."""
        return self.books.sharing(self.load)

    def rows(self, columns: Sequence[TableColumn], longest: int) -> Iterator[tuple[Any, ...]]:
        """See the protocol."""
        del longest  # pages are of bytes, not of rows
        wanted = ", ".join(f"t.{quoted_name(column.name)}" for column in columns)
        return self._stream(
            f"SELECT {wanted} FROM {quoted(self.load.table_name)} t WHERE t.{LOAD_ID} = @id"
        )

    def rejects(self) -> Iterator[tuple[int, str]]:
        """See the protocol."""
        rows = self._stream(
            "SELECT record, text FROM load_rejects WHERE load_id = @id ORDER BY record"
        )
        return cast("Iterator[tuple[int, str]]", rows)

    def _stream(self, sql: str) -> Iterator[tuple[Any, ...]]:
        return self.jobs.stream(sql, [values.text("id", self.load.load_id)])
