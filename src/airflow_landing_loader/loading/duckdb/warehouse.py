"""The warehouse protocol on one DuckDB file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import duckdb

from airflow_landing_loader.exceptions import TransientError
from airflow_landing_loader.landing.model import Validated
from airflow_landing_loader.landing.zone import Zone
from airflow_landing_loader.loading.drift import TableColumn
from airflow_landing_loader.loading.duckdb import ledger, rows, snapshot, table
from airflow_landing_loader.loading.duckdb.batch import BatchLoader
from airflow_landing_loader.loading.duckdb.committed import Committed, committed
from airflow_landing_loader.loading.duckdb.session import (
    Connection,
    SessionOptions,
    lift_memory_bound,
    reading,
    translate,
    writing,
)
from airflow_landing_loader.loading.identity import PriorLoad
from airflow_landing_loader.loading.lock import DatabaseLock
from airflow_landing_loader.loading.model import (
    DbtDue,
    DeliveryRecord,
    Overview,
    RunContext,
    Verdict,
)
from airflow_landing_loader.loading.names import storable

# How long a reader waits for a writer before it answers from the snapshot, seconds.
_PATIENCE = 0.3


class DuckDBWarehouse:
    """Loads into a DuckDB file.

    Each method opens the database, works and closes it again, so that other processes get their
    turn; the lock file beside the database keeps them apart.

    :param database: the database file; made on first load.
    :param options: how it is opened.
    :param landing: the zone where the deliveries lie.
    :param archive: the zone where they will lie.
    """

    def __init__(
        self,
        database: Path,
        options: SessionOptions,
        *,
        landing: Zone,
        archive: Zone,
    ) -> None:
        self._database = database
        self._options = options
        self._landing = landing
        self._archive = archive

    def load(self, batch: Sequence[Validated], run: RunContext) -> tuple[Verdict, ...]:
        """See :class:`~airflow_landing_loader.loading.warehouse.Warehouse`."""
        if not batch:
            return ()
        names = f"{batch[0].delivery.data.name}" if len(batch) == 1 else f"{len(batch)} files"
        with self._writing(f"loading {names} into {batch[0].delivery.mapping.table}") as con:
            loader = BatchLoader(
                con,
                run,
                landing=self._landing,
                archive=self._archive,
                lift_memory_bound=lambda: lift_memory_bound(con, self._options),
            )
            return loader.load(batch)

    def record_deliveries(self, records: Sequence[DeliveryRecord]) -> None:
        """See :class:`~airflow_landing_loader.loading.warehouse.Warehouse`."""
        if records:
            with self._writing(f"recording {len(records)} deliveries") as con:
                ledger.put_deliveries(con, records)

    def record_archived(self, moved: Sequence[tuple[str, str]]) -> None:
        """See :class:`~airflow_landing_loader.loading.warehouse.Warehouse`."""
        if moved:
            with self._writing(f"recording {len(moved)} archived files") as con:
                ledger.set_archived(con, moved)

    @contextmanager
    def committed(self, load_id: str) -> Iterator[Committed | None]:
        """See :class:`~airflow_landing_loader.loading.warehouse.Warehouse`."""
        with self._reading() as con:
            if con is None or not ledger.has_tables(con):
                yield None
                return
            yield committed(con, load_id, lambda: lift_memory_bound(con, self._options))

    def unload(self, load_id: str) -> int:
        """See :class:`~airflow_landing_loader.loading.warehouse.Warehouse`."""
        with self._writing(f"unloading {load_id}") as con:
            return rows.unload(con, load_id)

    def mark_replayed(self, filenames: Sequence[str], at: datetime) -> None:
        """See :class:`~airflow_landing_loader.loading.warehouse.Warehouse`."""
        if filenames and self._database.exists():
            with self._writing(f"recording {len(filenames)} replays") as con:
                ledger.mark_replayed(con, [storable(name) for name in filenames], at)

    def columns_of(self, name: str) -> tuple[TableColumn, ...] | None:
        """See :class:`~airflow_landing_loader.loading.warehouse.Warehouse`."""
        with self._reading() as con:
            return None if con is None else table.columns_of(con, name)

    def prior_loads(self, filename: str, sha256: str) -> tuple[PriorLoad, ...]:
        """See :class:`~airflow_landing_loader.loading.warehouse.Warehouse`."""
        with self._reading() as con:
            if con is None or not ledger.has_tables(con):
                return ()
            return tuple(ledger.prior_loads(con, [storable(filename)], [sha256]))

    def relations(self) -> frozenset[tuple[str, str]]:
        """See :class:`~airflow_landing_loader.loading.warehouse.Warehouse`."""
        with self._reading() as con:
            return frozenset() if con is None else table.relations(con)

    def cancel(self) -> None:
        """Nothing to stop: all work is done in this process, and ends with it."""

    def overview(self, limit: int) -> Overview:
        """See :class:`~airflow_landing_loader.loading.warehouse.Warehouse`."""
        try:
            with self._reading(timeout=_PATIENCE) as con:
                if con is None or not ledger.has_tables(con):
                    return Overview(as_of=ledger.now(), loads=(), deliveries=(), dbt_due=())
                return _overview(con, limit)
        except TransientError as error:
            return self._remembered(limit, error)

    def dbt_due(self, tables: Sequence[str]) -> tuple[DbtDue, ...]:
        """See :class:`~airflow_landing_loader.loading.warehouse.Warehouse`."""
        with self._reading() as con:
            if con is None or not ledger.has_tables(con):
                return ()
            return ledger.dbt_due(con, tables)

    def record_dbt_run(self, due: Sequence[DbtDue], *, succeeded: bool) -> None:
        """See :class:`~airflow_landing_loader.loading.warehouse.Warehouse`."""
        if due:
            with self._writing("recording a dbt run") as con:
                ledger.put_dbt_runs(con, due, succeeded=succeeded)

    def _remembered(self, limit: int, error: TransientError) -> Overview:
        holder = DatabaseLock(self._database).holder()
        busy_with = error.detail.message if holder is None else holder.text()
        found = snapshot.read(self._database)
        if found is None:
            return Overview(
                as_of=ledger.now(), loads=(), deliveries=(), dbt_due=(), busy_with=busy_with
            )
        return replace(
            found,
            loads=found.loads[:limit],
            deliveries=found.deliveries[:limit],
            busy_with=busy_with,
        )

    @contextmanager
    def _writing(self, purpose: str) -> Iterator[Connection]:
        try:
            with writing(self._database, self._options, purpose) as con:
                yield con
                snapshot.write(self._database, _overview(con, snapshot.KEPT))
        except duckdb.Error as error:
            raise translate(error) from error

    @contextmanager
    def _reading(self, timeout: float | None = None) -> Iterator[Connection | None]:
        try:
            with reading(self._database, self._options, timeout=timeout) as con:
                yield con
        except duckdb.Error as error:
            raise translate(error) from error


def _overview(con: Connection, limit: int) -> Overview:
    return Overview(
        as_of=ledger.now(),
        loads=ledger.recent_loads(con, limit),
        deliveries=ledger.recent_deliveries(con, limit),
        dbt_due=ledger.dbt_due(con),
    )
