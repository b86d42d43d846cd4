"""One batch of deliveries into the database: decide, write, keep the books, commit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

import duckdb

from airflow_landing_loader.exceptions import LandingError, TransientError
from airflow_landing_loader.landing.discovery import still_same
from airflow_landing_loader.landing.model import Delivery, Validated
from airflow_landing_loader.landing.zone import Zone
from airflow_landing_loader.loading.books import (
    Earlier,
    Planned,
    column_rows,
    decide_all,
    load_row,
    refused,
    reject_rows,
)
from airflow_landing_loader.loading.deliveries import delivery_record
from airflow_landing_loader.loading.duckdb import ledger
from airflow_landing_loader.loading.duckdb import table as raw_table
from airflow_landing_loader.loading.duckdb.rows import RowWriter
from airflow_landing_loader.loading.duckdb.session import Connection, translate
from airflow_landing_loader.loading.groups import groups
from airflow_landing_loader.loading.model import Loaded, RunContext, Verdict
from airflow_landing_loader.loading.names import storable
from airflow_landing_loader.loading.notes import notes_of
from airflow_landing_loader.loading.records import RecordReader, Written
from airflow_landing_loader.loading.tables import LOAD_COLUMNS, LOAD_REJECTS


class BatchLoader:
    """Loads one batch over one connection.

    :param landing: the zone where the deliveries lie.
    :param archive: the zone where they will lie.
    :param lift_memory_bound: asked when the engine runs out of memory; whether it has more now.
    """

    def __init__(
        self,
        con: Connection,
        run: RunContext,
        *,
        landing: Zone,
        archive: Zone,
        lift_memory_bound: Callable[[], bool],
    ) -> None:
        self._con = con
        self._run = run
        self._landing = landing
        self._archive = archive
        self._lift_memory_bound = lift_memory_bound
        self._records = RecordReader(con, landing)
        self._writer = RowWriter(con, self._records)

    def load(self, batch: Sequence[Validated]) -> tuple[Verdict, ...]:
        """Load all in one transaction; where that fails, each half of them, until who is at fault
        stands alone and has its verdict.

        :param batch: one delivery or more.
        :raises TransientError: the warehouse itself cannot go on.
        """
        if len(batch) == 1:
            return (self._load_alone(batch[0]),)
        try:
            return self._load_together(batch)
        except (LandingError, duckdb.Error):
            self._records.clear()
        middle = len(batch) // 2
        return (*self.load(batch[:middle]), *self.load(batch[middle:]))

    def _load_alone(self, validated: Validated) -> Verdict:
        delivery = validated.delivery
        try:
            return self._load_with_enough_memory(validated)
        except LandingError as error:
            return refused(validated, error)
        except duckdb.Error as error:
            return refused(validated, self._blame(delivery, error))
        finally:
            self._records.clear()

    def _load_with_enough_memory(self, validated: Validated) -> Verdict:
        try:
            return self._load_together([validated])[0]
        except duckdb.OutOfMemoryException:
            if not self._lift_memory_bound():
                raise
        self._records.clear()
        return self._load_together([validated])[0]

    def _blame(self, delivery: Delivery, error: duckdb.Error) -> LandingError:
        """A reader that stumbles over a file that has changed meanwhile is not the file's fault."""
        try:
            still_same(self._landing, delivery)
        except TransientError as changed:
            return changed
        return translate(error, file=delivery.data.name)

    def _load_together(self, batch: Sequence[Validated]) -> tuple[Verdict, ...]:
        with self._transaction():
            verdicts = self._decide_all(batch)
            planned = [v for v in verdicts if isinstance(v, Planned)]
            loads = self._write_all(planned) if planned else {}
            result = tuple(loads[id(v)] if isinstance(v, Planned) else v for v in verdicts)
            for item in planned:
                still_same(self._landing, item.validated.delivery)
        return result

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._con.execute("BEGIN TRANSACTION")
        try:
            yield
        except BaseException:
            self._con.execute("ROLLBACK")
            raise
        self._con.execute("COMMIT")

    def _decide_all(self, batch: Sequence[Validated]) -> list[Verdict | Planned]:
        prior = ledger.prior_loads(
            self._con,
            [storable(v.delivery.data.name) for v in batch],
            [v.inspection.sha256 for v in batch],
        )
        decided = decide_all(batch, prior)
        earlier = [d.load_id for d in decided if isinstance(d, Earlier)]
        loads = ledger.loads_by_id(self._con, earlier) if earlier else {}
        return [d.verdict(loads[d.load_id]) if isinstance(d, Earlier) else d for d in decided]

    def _write_all(self, planned: Sequence[Planned]) -> dict[int, Loaded]:
        started_at = ledger.now()
        written: dict[int, Written] = {}
        for group in groups(planned, lambda table: raw_table.is_text_only(self._con, table)):
            if len(group) == 1:
                item = group[0]
                written[id(item)] = self._writer.write(
                    item.validated, item.decision.load_id, replaces=item.replaces
                )
            else:
                pairs = [(item.validated, item.decision.load_id) for item in group]
                results = self._writer.write_together(pairs)
                written.update({id(i): w for i, w in zip(group, results, strict=True)})
        return self._keep_books(planned, written, started_at)

    def _keep_books(
        self, planned: Sequence[Planned], written: dict[int, Written], started_at: datetime
    ) -> dict[int, Loaded]:
        """Write metadata, columns, rejects and delivery records in the same transaction."""
        sequence, completed_at = ledger.next_sequence(self._con), ledger.now()
        loads = [
            load_row(
                item,
                written[id(item)],
                self._run,
                archive=self._archive,
                started_at=started_at,
                completed_at=completed_at,
                sequence=sequence + offset,
            )
            for offset, item in enumerate(planned)
        ]
        ledger.insert_loads(self._con, loads)
        columns = [row for item in planned for row in column_rows(item, written[id(item)])]
        ledger.insert(self._con, LOAD_COLUMNS, columns)
        rejects = [row for item in planned for row in reject_rows(item, written[id(item)])]
        ledger.insert(self._con, LOAD_REJECTS, rejects)
        records = [
            delivery_record(
                item.validated.delivery,
                self._run,
                "loaded",
                at=load.completed_at,
                final_uri=load.archive_uri,
                load_id=load.load_id,
            )
            for item, load in zip(planned, loads, strict=True)
        ]
        ledger.put_deliveries(self._con, records)
        ledger.mark_superseded(
            self._con,
            [
                (i.replaces, load.sequence)
                for i, load in zip(planned, loads, strict=True)
                if i.replaces
            ],
        )
        return {
            id(item): Loaded(
                delivery=item.validated.delivery,
                load=load,
                notes=notes_of(item.validated, load, lacks_most=written[id(item)].plan.lacks_most),
            )
            for item, load in zip(planned, loads, strict=True)
        }
