"""The warehouse protocol on one BigQuery dataset."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime

from airflow_landing_loader.clients import GoogleClients
from airflow_landing_loader.exceptions import ErrorCode, TerminalError
from airflow_landing_loader.landing.model import Validated
from airflow_landing_loader.landing.units import units
from airflow_landing_loader.loading.columns.drift import Owners, TableColumn
from airflow_landing_loader.loading.columns.promotion import Prospect, unknown_table
from airflow_landing_loader.loading.ledger.arrivals import (
    arrivals_in,
    put_arrivals,
    recent_arrivals,
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
from airflow_landing_loader.loading.ledger.summary import summarised
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
from airflow_landing_loader.loading.planning.cuts import cut, expanded_bytes
from airflow_landing_loader.loading.planning.decisions import refused
from airflow_landing_loader.loading.planning.identity import (
    NAMESPACE,
    Content,
    PriorLoad,
    as_they_are,
)
from airflow_landing_loader.loading.summary import Summary
from airflow_landing_loader.loading.warehouses.bigquery import values
from airflow_landing_loader.loading.warehouses.bigquery.batch import MOST_TABLES, BatchLoader
from airflow_landing_loader.loading.warehouses.bigquery.commit import Committer
from airflow_landing_loader.loading.warehouses.bigquery.committed import Committed
from airflow_landing_loader.loading.warehouses.bigquery.folder import StagingFolder
from airflow_landing_loader.loading.warehouses.bigquery.jobs import Jobs
from airflow_landing_loader.loading.warehouses.bigquery.ledger import Ledger
from airflow_landing_loader.loading.warehouses.bigquery.options import BigQueryOptions
from airflow_landing_loader.loading.warehouses.bigquery.promoting import BigQueryPromoting
from airflow_landing_loader.loading.warehouses.bigquery.raw_table import Tables
from airflow_landing_loader.loading.warehouses.bigquery.script import unload_script
from airflow_landing_loader.loading.warehouses.bigquery.staging import Stager
from airflow_landing_loader.loading.warehouses.promoting import with_columns
from airflow_landing_loader.loading.warehouses.recovery import Recovery
from airflow_landing_loader.storage.zone import Zone

_MOST_URIS = 10_000  # of one load job
# A request to BigQuery has 10 MB at most; the rows of our own tables are its parameters. Estimates,
# on the safe side, of what a load and one of its columns take there as JSON.
_MOST_BOOK_BYTES = 6_000_000
_BOOK_BYTES = 6_000
_BOOK_BYTES_PER_COLUMN = 800
_EVENT_BYTES = 6_000
_KEPT = 500
_LIMITS = (_MOST_URIS, _MOST_BOOK_BYTES, MOST_TABLES)


class BigQueryWarehouse:
    """A :class:`~airflow_landing_loader.loading.warehouses.base.Warehouse` on BigQuery, by Parquet
    in a staging bucket.

    :param landing: the zone where the deliveries lie.
    :param archive: the zone where they will lie.
    """

    def __init__(
        self,
        options: BigQueryOptions,
        clients: GoogleClients,
        *,
        landing: Zone,
        archive: Zone,
    ) -> None:
        self._options = options
        self._landing = landing
        self._archive = archive
        self._jobs = Jobs(options, clients)
        self._ledger = Ledger(self._jobs)
        self._tables = Tables(self._jobs, options)
        # Loaders of one dataset that share a bucket but not a landing zone leave each other alone.
        place = uuid.uuid5(NAMESPACE, landing.path).hex[:12]
        self._folder = StagingFolder(
            clients,
            options.staging_bucket,
            f"_landing_loader_staging/{options.project}.{options.dataset}/{place}/",
        )
        self._promoting = BigQueryPromoting(self._jobs, self._ledger, self._tables)
        self._committer = Committer(self._jobs, options, self._folder, landing)
        self._recovery = Recovery(self._committer, self._folder)

    def load(self, batch: Sequence[Validated], run: RunContext) -> tuple[Verdict, ...]:
        if not batch:
            return ()
        self._ledger.ensure_tables()
        given_up = self._recovery.finish_open({v.delivery.mapping.table for v in batch})
        stager = Stager(self._options, self._folder, self._landing)
        try:
            return with_columns(
                self._promoting, batch, lambda: self._load(batch, stager, run, given_up)
            )
        finally:
            stager.close()

    def _load(
        self, batch: Sequence[Validated], stager: Stager, run: RunContext, given_up: frozenset[str]
    ) -> list[Verdict]:
        verdicts = self._too_large(batch)
        named = {verdict.delivery.data.name for verdict in verdicts}
        for part in self._parts(
            [v for v in batch if v.delivery.data.name not in named], len(run.events)
        ):
            verdicts += self._loader(stager, run).load(part, given_up)
        by_name = {verdict.delivery.data.name: verdict for verdict in verdicts}
        return [by_name[validated.delivery.data.name] for validated in batch]

    def prospect(self, table: str, name: str, type_: str | None) -> Prospect:
        if not self._ledger.has_tables():
            raise unknown_table(table, ())
        return self._promoting.prospect(table, name, type_)

    def samples(self, table: str, name: str, limit: int) -> tuple[str, ...]:
        if not self._ledger.has_tables():
            return ()
        return self._promoting.samples(table, name, limit)

    def promote(self, table: str, name: str, type_: str | None) -> Prospect:
        self._ledger.ensure_tables()
        # What was staged before has the column in _extra.
        self._recovery.finish_open({table})
        return self._promoting.promote(table, name, type_)

    def record_deliveries(
        self, records: Sequence[DeliveryRecord], events: Sequence[EventRecord] = ()
    ) -> None:
        if records:
            self.record_events(events)
            self._ledger.ensure_tables()
            self._ledger.put_deliveries(records)

    def record_archived(self, moved: Sequence[tuple[str, str]]) -> None:
        if moved:
            self._ledger.ensure_tables()
            self._ledger.set_archived(moved)

    @contextmanager
    def committed(self, load_id: str) -> Iterator[Committed | None]:
        loads = self._ledger.loads_by_id([load_id]) if self._ledger.has_tables() else {}
        load = loads.get(load_id)
        if load is None:
            yield None
        else:
            yield Committed(jobs=self._jobs, books=self._ledger, tables=self._tables, load=load)

    def sequences(self, tables: Sequence[str]) -> dict[tuple[str, str], int]:
        return self._ledger.sequences(tables) if self._ledger.has_tables() else {}

    def find_loads(self, name: str, beginning: str | None, limit: int) -> tuple[Load, ...]:
        if not self._ledger.has_tables():
            return ()
        return self._ledger.find_loads(name, beginning, limit)

    def unload(self, load_id: str) -> int:
        self._ledger.ensure_tables()
        load = self._ledger.loads_by_id([load_id]).get(load_id)
        if load is None:
            return 0
        there = self._tables.columns_of(load.table_name) is not None
        table = load.table_name if there else None
        self._jobs.query(unload_script(table), [values.text("id", load_id)])
        return load.row_count if there and load.removed_sequence is None else 0

    def mark_replayed(self, ids: Sequence[str], at: datetime) -> frozenset[str]:
        return mark_replayed(self._ledger, ids, at) if self._ledger.has_tables() else frozenset()

    def mark_discarded(self, of: Sequence[DiscardedDelivery], at: datetime) -> frozenset[str]:
        return mark_discarded(self._ledger, of, at) if self._ledger.has_tables() else frozenset()

    def delivery(self, delivery_id: str) -> DeliveryRecord | None:
        return delivery_of(self._ledger, delivery_id) if self._ledger.has_tables() else None

    def columns_of(self, table: str, *, row_number: bool) -> tuple[TableColumn, ...] | None:
        del row_number  # a table that has such a column has it for numbers
        columns = self._tables.columns_of(table)
        with_rows = self._ledger.with_rows if self._ledger.has_tables() else lambda _: frozenset()
        unfit = self._tables.unfit([table], lambda _: columns, with_rows)
        if unfit:
            raise unfit[table]
        return None if columns is None else values.reader_columns(columns)

    def owners_of(self, table: str) -> Owners:
        if not self._ledger.has_tables():
            return {}
        return self._ledger.owners_of([table]).get(table, {})

    def prior_loads(self, content: Content) -> tuple[PriorLoad, ...]:
        if not self._ledger.has_tables():
            return ()
        return tuple(
            as_they_are(
                self._ledger.prior_loads([content]),
                [content],
                self._ledger.remembered,
                lambda t, ids: self._tables.present(t, self._tables.columns_of(t), ids),
            )
        )

    def relations(self) -> frozenset[tuple[str, str]]:
        return self._tables.relations()

    def row_counts(self, tables: Collection[tuple[str, str]]) -> dict[tuple[str, str], int]:
        return self._tables.row_counts(tables)

    def cancel(self) -> None:
        self._jobs.cancel_own()

    @property
    def last_job(self) -> str | None:
        return self._jobs.last

    def overview(self, limit: int) -> Overview:
        as_of = now()
        if not self._ledger.has_tables():
            return Overview(as_of=as_of, loads=(), deliveries=(), dbt_due=())
        with ThreadPoolExecutor(4) as pool:
            batches = pool.submit(self._recovery.open_batches)
            loads = pool.submit(self._ledger.recent_loads, limit)
            deliveries = pool.submit(self._ledger.recent_deliveries, limit)
            due = pool.submit(self._ledger.dbt_due)
            return Overview(
                as_of=as_of,
                loads=loads.result(),
                deliveries=deliveries.result(),
                dbt_due=due.result(),
                open_batches=batches.result(),
            )

    def summary(self) -> Summary:
        overview = self.overview(_KEPT)
        if not self._ledger.has_tables():
            return Summary(overview=overview, counted_at=overview.as_of)
        return Summary(
            overview=overview,
            tables=summarised(self._ledger, overview.as_of),
            arrivals=recent_arrivals(self._ledger, _KEPT),
            counted_at=overview.as_of,
        )

    def publish_summary(self) -> None:
        """Nothing: whoever has a right to the books reaches them."""

    def record_executions(self, records: Sequence[ExecutionRecord]) -> None:
        if records:
            self._ledger.ensure_tables()
            put_executions(self._ledger, records)

    def record_actions(self, records: Sequence[ActionRecord]) -> None:
        if records:
            self._ledger.ensure_tables()
            put_actions(self._ledger, records)

    def action(self, action_id: str) -> ActionRecord | None:
        return action_of(self._ledger, action_id) if self._ledger.has_tables() else None

    def arrivals(
        self, tables: Sequence[str], ended_since: datetime, wanted: WantedSince
    ) -> Arrivals:
        if not self._ledger.has_tables():
            return Arrivals(as_of=now())
        return arrivals_in(self._ledger, tables, ended_since, wanted)

    def record_arrivals(
        self, records: Sequence[ArrivalRecord], events: Sequence[EventRecord] = ()
    ) -> None:
        if records:
            self.record_events(events)
            self._ledger.ensure_tables()
            put_arrivals(self._ledger, records)

    @property
    def history(self) -> History:
        return History(self._books, self.summary)

    @contextmanager
    def _books(self) -> Iterator[Ledger | None]:
        yield self._ledger if self._ledger.has_tables() else None

    def record_events(self, records: Sequence[EventRecord]) -> None:
        if records:
            self._ledger.ensure_tables()
            put_events(self._ledger, records)

    def pending_events(
        self, tables: Sequence[str] | None, leaving_out: Collection[str], limit: int
    ) -> tuple[EventRecord, ...]:
        if not self._ledger.has_tables():
            return ()
        return pending_events(self._ledger, tables, leaving_out, limit)

    def mark_published(self, records: Sequence[EventRecord]) -> None:
        if records:
            self._ledger.ensure_tables()
            mark_published(self._ledger, records, now())

    def dbt_due(self, tables: Sequence[str]) -> tuple[DbtDue, ...]:
        return self._ledger.dbt_due(tables) if self._ledger.has_tables() else ()

    def record_dbt_run(
        self,
        due: Sequence[DbtDue],
        *,
        succeeded: bool,
        executions: Sequence[ExecutionRecord] = (),
    ) -> None:
        if due:
            self._ledger.ensure_tables()
            self._ledger.put_dbt_runs(due, succeeded=succeeded)
            put_executions(self._ledger, executions)

    def _loader(self, stager: Stager, run: RunContext) -> BatchLoader:
        return BatchLoader(
            stager=stager,
            committer=self._committer,
            jobs=self._jobs,
            books=self._ledger,
            tables=self._tables,
            folder=self._folder,
            archive=self._archive,
            run=run,
        )

    def _too_large(self, batch: Sequence[Validated]) -> list[Verdict]:
        """Refuse the sets that nothing can commit at once."""
        return [
            refused(validated, _too_large(len(unit)))
            for unit in units(batch, lambda item: item.delivery)
            if len(unit) > 1
            and any(w > most for w, most in zip(self._weigh(unit), _LIMITS, strict=True))
            for validated in unit
        ]

    def _parts(self, batch: Sequence[Validated], channels: int) -> Iterator[list[Validated]]:
        """Cut a batch where one load job or one statement cannot take it.

        :param channels: to how many of them events of each load may go.
        """

        def weigh(unit: Sequence[Validated]) -> tuple[int, int, int]:
            uris, books, tables = self._weigh(unit)
            return uris, books + _EVENT_BYTES * channels * len(unit), tables

        for part in cut(units(batch, lambda item: item.delivery), weigh, _LIMITS):
            yield [validated for unit in part for validated in unit]

    def _weigh(self, unit: Sequence[Validated]) -> tuple[int, int, int]:
        """Staged objects, bytes of our own tables' rows, and tables that have to commit together"""
        inspections = [validated.inspection for validated in unit]
        columns = sum(
            _BOOK_BYTES_PER_COLUMN + len(name) for one in inspections for name in one.columns
        )
        uris = sum(1 + expanded_bytes(one) // self._options.part_bytes for one in inspections)
        tables = {validated.delivery.mapping.table for validated in unit}
        return uris, _BOOK_BYTES * len(unit) + columns, len(tables) if len(unit) > 1 else 0


def _too_large(files: int) -> TerminalError:
    return TerminalError(
        ErrorCode.SET_TOO_LARGE,
        f"Its go file names {files:,} data files, which are more, of more tables, or with more "
        f"columns than BigQuery commits at once ({MOST_TABLES} tables; some 400 files of 10 "
        "columns).",
        hint="Ask the sender for several go files with fewer data files each.",
    )
