"""The warehouse protocol on one DuckDB file."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import duckdb

from airflow_landing_loader.exceptions import ErrorCode, LandingError, TransientError
from airflow_landing_loader.landing.model import Validated
from airflow_landing_loader.loading.columns.drift import Owners, TableColumn
from airflow_landing_loader.loading.columns.promotion import Prospect, unknown_table
from airflow_landing_loader.loading.ledger.arrivals import (
    arrivals_in,
    put_arrivals,
    remembered_arrivals,
)
from airflow_landing_loader.loading.ledger.history import History, delivery_of
from airflow_landing_loader.loading.ledger.operations import (
    action_of,
    mark_discarded,
    mark_replayed,
    put_actions,
    put_executions,
)
from airflow_landing_loader.loading.ledger.outbox import (
    mark_published,
    pending_events,
    put_events,
)
from airflow_landing_loader.loading.ledger.tables import now
from airflow_landing_loader.loading.model import (
    ArrivalRecord,
    Arrivals,
    DbtDue,
    DeliveryRecord,
    DiscardedDelivery,
    Load,
    Overview,
    RunContext,
    Verdict,
    WantedSince,
)
from airflow_landing_loader.loading.operations import ActionRecord, EventRecord, ExecutionRecord
from airflow_landing_loader.loading.planning.identity import Content, PriorLoad, as_they_are
from airflow_landing_loader.loading.summary import Summary
from airflow_landing_loader.loading.warehouses.duckdb import kept_summary
from airflow_landing_loader.loading.warehouses.duckdb import raw_table as table
from airflow_landing_loader.loading.warehouses.duckdb.committed import Committed, committed
from airflow_landing_loader.loading.warehouses.duckdb.ledger import Ledger
from airflow_landing_loader.loading.warehouses.duckdb.lock import DatabaseLock
from airflow_landing_loader.loading.warehouses.duckdb.promoting import DuckDBPromoting
from airflow_landing_loader.loading.warehouses.duckdb.session import (
    Connection,
    SessionOptions,
    lift_memory_bound,
    reading,
    translate,
    writing,
)
from airflow_landing_loader.safe_text import counted
from airflow_landing_loader.storage.zone import Zone

# How long a reader waits for a writer before it answers from the snapshot, seconds.
_PATIENCE = 0.3


class DuckDBWarehouse:
    """A :class:`~airflow_landing_loader.loading.warehouses.base.Warehouse` on a DuckDB file.

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
        if not batch:
            return ()
        # Imported here, as is what unloads: a task that reads our tables, or says where a file lies
        # now, loads nothing and would take longer to start than to work.
        from airflow_landing_loader.loading.warehouses.duckdb.batch import BatchLoader
        from airflow_landing_loader.loading.warehouses.promoting import with_columns

        with self._writing(_purpose(batch)) as con:
            loader = BatchLoader(
                con,
                run,
                landing=self._landing,
                archive=self._archive,
                lift_memory_bound=lambda: lift_memory_bound(con, self._options),
            )
            return with_columns(self._promoting(con), batch, lambda: loader.load(batch))

    def prospect(self, table: str, name: str, type_: str | None) -> Prospect:
        with self._reading() as con:
            if con is None or not Ledger(con).has_tables():
                raise unknown_table(table, ())
            return self._promoting(con).prospect(table, name, type_)

    def samples(self, table: str, name: str, limit: int) -> tuple[str, ...]:
        with self._reading() as con:
            if con is None or not Ledger(con).has_tables():
                return ()
            return self._promoting(con).samples(table, name, limit)

    def promote(self, table: str, name: str, type_: str | None) -> Prospect:
        with self._writing(f"promoting a column of {table}", anew=[table]) as con:
            return self._promoting(con).promote(table, name, type_)

    def record_deliveries(
        self, records: Sequence[DeliveryRecord], events: Sequence[EventRecord] = ()
    ) -> None:
        if records:
            with self._writing(f"recording {counted(len(records), 'outcome')}") as con:
                put_events(Ledger(con), events)
                Ledger(con).put_deliveries(records)

    def record_archived(self, moved: Sequence[tuple[str, str]]) -> None:
        if moved:
            with self._writing(f"recording {counted(len(moved), 'archived file')}") as con:
                Ledger(con).set_archived(moved)

    @contextmanager
    def committed(self, load_id: str) -> Iterator[Committed | None]:
        with self._reading() as con:
            if con is None or not Ledger(con).has_tables():
                yield None
                return
            yield committed(con, load_id, lambda: lift_memory_bound(con, self._options))

    def sequences(self, tables: Sequence[str]) -> dict[tuple[str, str], int]:
        with self._books(timeout=_PATIENCE) as books:
            return {} if books is None else books.sequences(tables)

    def find_loads(self, name: str, beginning: str | None, limit: int) -> tuple[Load, ...]:
        with self._books() as books:
            return () if books is None else books.find_loads(name, beginning, limit)

    def unload(self, load_id: str) -> int:
        from airflow_landing_loader.loading.warehouses.duckdb import rows

        with self._writing(f"unloading {load_id}") as con:
            return rows.unload(con, load_id)

    def mark_replayed(self, ids: Sequence[str], at: datetime) -> frozenset[str]:
        if not ids or not self._database.exists():
            return frozenset()
        with self._writing(f"recording {counted(len(ids), 'replay')}") as con:
            return mark_replayed(Ledger(con), ids, at)

    def mark_discarded(self, of: Sequence[DiscardedDelivery], at: datetime) -> frozenset[str]:
        if not of or not self._database.exists():
            return frozenset()
        with self._writing(f"recording {counted(len(of), 'discard')}") as con:
            return mark_discarded(Ledger(con), of, at)

    def delivery(self, delivery_id: str) -> DeliveryRecord | None:
        with self._books() as books:
            return None if books is None else delivery_of(books, delivery_id)

    def columns_of(self, name: str, *, row_number: bool) -> tuple[TableColumn, ...] | None:
        with self._reading() as con:
            if con is None:
                return None
            books, catalogue = Ledger(con), table.Catalogue(con)
            with_rows = books.with_rows if books.has_tables() else lambda _: frozenset()
            unfit = table.unfit(con, catalogue, with_rows, [name], row_number=row_number)
            if unfit:
                raise unfit[name]
            return catalogue.columns_of(name)

    def owners_of(self, name: str) -> Owners:
        with self._books() as books:
            return {} if books is None else books.owners_of([name]).get(name, {})

    def prior_loads(self, content: Content) -> tuple[PriorLoad, ...]:
        with self._reading() as con:
            if con is None or not (books := Ledger(con)).has_tables():
                return ()
            return tuple(
                as_they_are(
                    books.prior_loads([content]),
                    [content],
                    books.remembered,
                    lambda t, ids: table.present(con, t, table.columns_of(con, t), ids),
                )
            )

    def relations(self) -> frozenset[tuple[str, str]]:
        with self._reading() as con:
            return frozenset() if con is None else table.relations(con)

    def row_counts(self, tables: Collection[tuple[str, str]]) -> dict[tuple[str, str], int]:
        if not tables:
            return {}
        with self._reading() as con:
            return {} if con is None else table.row_counts(con, tables)

    def cancel(self) -> None:
        """Nothing to stop: all work is done in this process, and ends with it."""

    @property
    def last_job(self) -> str | None:
        return None

    def overview(self, limit: int) -> Overview:
        try:
            with self._books(timeout=_PATIENCE) as books:
                if books is None:
                    return Overview(as_of=now(), loads=(), deliveries=(), dbt_due=())
                return kept_summary.overview_of(books, limit)
        except TransientError as error:
            if error.code is not ErrorCode.WAREHOUSE_LOCKED:
                raise
            found = self._remembered(error).overview
            return replace(found, loads=found.loads[:limit], deliveries=found.deliveries[:limit])

    def summary(self) -> Summary:
        kept = self._kept()
        if kept is None:
            return self._counted()
        holder = DatabaseLock(self._database).holder()
        busy_with = None if holder is None else holder.text()
        return replace(kept, overview=replace(kept.overview, busy_with=busy_with))

    def publish_summary(self) -> None:
        kept = kept_summary.read(self._database)
        current = kept is not None and kept.copied_at == kept.overview.as_of
        if not current and self._database.exists():
            with self._writing("publishing the summary"):
                pass  # the end of each writing does it

    def arrivals(
        self, tables: Sequence[str], ended_since: datetime, wanted: WantedSince
    ) -> Arrivals:
        try:
            with self._books(timeout=_PATIENCE) as books:
                if books is None:
                    return Arrivals(as_of=now())
                return arrivals_in(books, tables, ended_since, wanted)
        except TransientError as error:
            if error.code is not ErrorCode.WAREHOUSE_LOCKED:
                raise
            return remembered_arrivals(self._remembered(error), tables)

    def record_arrivals(
        self, records: Sequence[ArrivalRecord], events: Sequence[EventRecord] = ()
    ) -> None:
        if records:
            with self._writing(f"recording {counted(len(records), 'window')}") as con:
                put_events(Ledger(con), events)
                put_arrivals(Ledger(con), records)

    def record_events(self, records: Sequence[EventRecord]) -> None:
        if records:
            with self._writing(f"recording {counted(len(records), 'event')}") as con:
                put_events(Ledger(con), records)

    def pending_events(
        self, tables: Sequence[str] | None, leaving_out: Collection[str], limit: int
    ) -> tuple[EventRecord, ...]:
        with self._books() as books:
            return () if books is None else pending_events(books, tables, leaving_out, limit)

    def mark_published(self, records: Sequence[EventRecord]) -> None:
        if records:
            with self._writing(f"marking {counted(len(records), 'event')}") as con:
                mark_published(Ledger(con), records, now())

    def record_executions(self, records: Sequence[ExecutionRecord]) -> None:
        if records:
            with self._writing(f"recording {counted(len(records), 'layer')} of a run") as con:
                put_executions(Ledger(con), records)

    def record_actions(self, records: Sequence[ActionRecord]) -> None:
        if records:
            with self._writing(f"recording {counted(len(records), 'action')}") as con:
                put_actions(Ledger(con), records)

    @property
    def history(self) -> History:
        return History(lambda: self._books(timeout=0), self.summary)

    def action(self, action_id: str) -> ActionRecord | None:
        with self._books() as books:
            return None if books is None else action_of(books, action_id)

    def dbt_due(self, tables: Sequence[str]) -> tuple[DbtDue, ...]:
        with self._books() as books:
            return () if books is None else books.dbt_due(tables)

    def record_dbt_run(
        self,
        due: Sequence[DbtDue],
        *,
        succeeded: bool,
        executions: Sequence[ExecutionRecord] = (),
    ) -> None:
        if due:
            with self._writing("recording a dbt run") as con:
                books = Ledger(con)
                books.put_dbt_runs(due, succeeded=succeeded)
                put_executions(books, executions)

    def _promoting(self, con: Connection) -> DuckDBPromoting:
        return DuckDBPromoting(con, lambda: lift_memory_bound(con, self._options))

    def _counted(self) -> Summary:
        """The summary of a database that no writer of this release has left one beside."""
        try:
            with self._books(timeout=_PATIENCE) as books:
                return _empty() if books is None else kept_summary.counted(books, None)
        except TransientError as error:
            if error.code is not ErrorCode.WAREHOUSE_LOCKED:
                raise
            return self._remembered(error)

    def _kept(self) -> Summary | None:
        """The summary as the last writer has left it; where the database is not this machine's, its
        copy in the archive."""
        if self._database.exists():
            return kept_summary.read(self._database)
        copy = kept_summary.read_copy(self._archive)
        return None if copy is None else replace(copy, is_copy=True)

    def _remembered(self, error: TransientError) -> Summary:
        """What is known while a writer has the database."""
        holder = DatabaseLock(self._database).holder()
        busy_with = error.detail.message if holder is None else holder.text()
        found = self._kept() or _empty()
        return replace(found, overview=replace(found.overview, busy_with=busy_with))

    @contextmanager
    def _writing(self, purpose: str, anew: Sequence[str] = ()) -> Iterator[Connection]:
        """:param anew: tables of which more than rows is written."""
        try:
            with writing(self._database, self._options, purpose) as con:
                yield con
                # What is done is committed: only what is told of it may stay as it was before.
                with suppress(LandingError, duckdb.Error):
                    kept_summary.renew(Ledger(con), self._database, self._archive, anew)
        except duckdb.Error as error:
            raise translate(error) from error

    @contextmanager
    def _reading(self, timeout: float | None = None) -> Iterator[Connection | None]:
        try:
            with reading(self._database, self._options, timeout=timeout) as con:
                yield con
        except duckdb.Error as error:
            raise translate(error) from error

    @contextmanager
    def _books(self, timeout: float | None = None) -> Iterator[Ledger | None]:
        """Our tables to be read; ``None`` where nobody has loaded yet."""
        with self._reading(timeout) as con:
            books = None if con is None else Ledger(con)
            yield books if books is not None and books.has_tables() else None


def _purpose(batch: Sequence[Validated]) -> str:
    """What a load of these is, for those who wait for its end."""
    files = [item.delivery.data.name for item in batch]
    tables = list({item.delivery.mapping.table for item in batch})
    return f"loading {_named(files, 'file')} into {_named(tables, 'table')}"


def _named(names: Sequence[str], thing: str) -> str:
    """One by its name, several by their number."""
    return names[0] if len(names) == 1 else counted(len(names), thing)


def _empty() -> Summary:
    """The summary of books that are not there."""
    at = now()
    overview = Overview(as_of=at, loads=(), deliveries=(), dbt_due=())
    return Summary(overview=overview, counted_at=at)
