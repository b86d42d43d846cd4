"""One batch of deliveries into the database: decide, write, keep the books, commit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime

import duckdb

from airflow_landing_loader.exceptions import LandingError, TerminalError, contained, explained
from airflow_landing_loader.landing.discovery.discover import still_same
from airflow_landing_loader.landing.model import Delivery, Validated
from airflow_landing_loader.landing.units import units
from airflow_landing_loader.loading.ledger.deliveries import loaded_record
from airflow_landing_loader.loading.ledger.events import of_loads
from airflow_landing_loader.loading.ledger.outbox import put_events
from airflow_landing_loader.loading.ledger.rows import (
    column_rows,
    load_row,
    quality_lines,
    quality_rows,
    reject_rows,
    total_rows,
)
from airflow_landing_loader.loading.ledger.tables import (
    LOAD_QUALITY,
    LOAD_REJECTS,
    LOAD_TOTALS,
    now,
)
from airflow_landing_loader.loading.model import Load, Loaded, Refused, RunContext, Verdict
from airflow_landing_loader.loading.operations import EventRecord
from airflow_landing_loader.loading.planning.decisions import decide_all, refused
from airflow_landing_loader.loading.planning.groups import readings
from airflow_landing_loader.loading.planning.identity import as_they_are, contents_of
from airflow_landing_loader.loading.planning.notes import notes_of
from airflow_landing_loader.loading.planning.sequences import counting
from airflow_landing_loader.loading.planning.sets import refused_with
from airflow_landing_loader.loading.planning.steps import Earlier, Planned
from airflow_landing_loader.loading.reading.records import RecordReader, Written
from airflow_landing_loader.loading.warehouses.duckdb import raw_table
from airflow_landing_loader.loading.warehouses.duckdb.ledger import Ledger
from airflow_landing_loader.loading.warehouses.duckdb.rows import RowWriter
from airflow_landing_loader.loading.warehouses.duckdb.session import Connection, translate
from airflow_landing_loader.storage.zone import Zone


class _TakenBackError(Exception):
    """Ends a transaction of which nothing is to stay."""


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
        self._catalogue = raw_table.Catalogue(con)
        self._ledger = Ledger(con)
        self._writer = RowWriter(con, self._records, self._catalogue)

    def load(self, batch: Sequence[Validated]) -> tuple[Verdict, ...]:
        """Load all in one transaction; where that fails, each half of them, until who is at fault
        stands alone and has its verdict. What is taken together is in one half.

        :param batch: one delivery or more.
        :raises TransientError: the warehouse itself cannot go on.
        """
        verdicts = self._load_units(units(batch, lambda item: item.delivery))
        by_name = {verdict.delivery.data.name: verdict for verdict in verdicts}
        return tuple([by_name[validated.delivery.data.name] for validated in batch])

    def _load_units(self, parts: Sequence[tuple[Validated, ...]]) -> tuple[Verdict, ...]:
        if len(parts) == 1:
            (unit,) = parts
            return self._load_set(unit) if len(unit) > 1 else (self._load_alone(unit[0]),)
        try:
            return self._load_together([item for unit in parts for item in unit])
        except Exception:  # noqa: BLE001 - whatever it is, it is found out below whose
            self._records.clear()
        middle = len(parts) // 2
        return (*self._load_units(parts[:middle]), *self._load_units(parts[middle:]))

    def _load_set(self, unit: Sequence[Validated]) -> tuple[Verdict, ...]:
        """Load all of a set or nothing; where that fails, find out whose fault it is."""
        try:
            return self._load_with_enough_memory(unit)
        except Exception as error:  # noqa: BLE001 - as above
            self._records.clear()
            told = explained(error)
        faults = self._faults(unit) or [refused(validated, told) for validated in unit]
        return tuple(refused_with(unit, faults))

    def _faults(self, part: Sequence[Validated]) -> list[Refused]:
        """Those that fail by themselves, and why; nothing of what is tried stays."""
        if len(part) == 1:
            fault = self._alone(part[0], lambda: self._try(part))
            return [] if fault is None else [fault]
        try:
            self._try(part)
        except Exception:  # noqa: BLE001 - as above
            self._records.clear()
            middle = len(part) // 2
            return [*self._faults(part[:middle]), *self._faults(part[middle:])]
        return []

    def _try(self, part: Sequence[Validated]) -> None:
        with suppress(_TakenBackError):
            self._load_together(part, take_back=True)

    def _load_alone(self, validated: Validated) -> Verdict:
        verdicts: list[Verdict] = []
        fault = self._alone(
            validated, lambda: verdicts.extend(self._load_with_enough_memory([validated]))
        )
        return verdicts[0] if fault is None else fault

    def _alone(self, validated: Validated, work: Callable[[], None]) -> Refused | None:
        """Do what is about one delivery; return why it cannot be done."""
        delivery = validated.delivery

        def done() -> Refused | None:
            try:
                work()
            except TerminalError:
                still_same(self._landing, delivery)
                raise
            except duckdb.Error as error:
                raise self._blame(delivery, error) from error
            return None

        try:
            return contained(done, lambda error: refused(validated, error), file=delivery.data.name)
        finally:
            self._records.clear()

    def _load_with_enough_memory(self, unit: Sequence[Validated]) -> tuple[Verdict, ...]:
        try:
            return self._load_together(unit)
        except duckdb.OutOfMemoryException:
            if not self._lift_memory_bound():
                raise
        self._records.clear()
        return self._load_together(unit)

    def _blame(self, delivery: Delivery, error: duckdb.Error) -> LandingError:
        """What the engine stumbled over: a file that has changed meanwhile or cannot be read is not
        at fault itself."""
        name, failure = delivery.data.name, self._records.failure
        still_same(self._landing, delivery)
        return translate(error, file=name) if failure is None else explained(failure, file=name)

    def _load_together(
        self, batch: Sequence[Validated], *, take_back: bool = False
    ) -> tuple[Verdict, ...]:
        with self._transaction():
            verdicts = self._decide_all(batch)
            planned = [v for v in verdicts if isinstance(v, Planned)]
            loads = self._write_all(planned) if planned else {}
            result = tuple(loads[v.load_id] if isinstance(v, Planned) else v for v in verdicts)
            for item in planned:
                still_same(self._landing, item.validated.delivery)
            if take_back:
                raise _TakenBackError
        return result

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._con.execute("BEGIN TRANSACTION")
        try:
            yield
        except BaseException:
            self._con.execute("ROLLBACK")
            self._catalogue.undone()
            raise
        self._con.execute("COMMIT")
        self._catalogue.committed()

    def _decide_all(self, batch: Sequence[Validated]) -> list[Verdict | Planned]:
        contents = contents_of(batch)
        prior = self._ledger.prior_loads(contents)
        tables = [v.delivery.mapping.table for v in batch]
        self._catalogue.look_up(tables)
        prior = as_they_are(prior, contents, self._ledger.remembered, self._present)
        unfit = raw_table.unfit(self._con, self._catalogue, self._ledger.with_rows, tables)
        counted = counting([v.delivery.mapping for v in batch])
        last = self._ledger.sequences(counted) if counted else {}
        decided = decide_all(batch, prior, unfit, last)
        earlier = [d.load_id for d in decided if isinstance(d, Earlier)]
        loads = self._ledger.loads_by_id(earlier)
        return [d.verdict(loads[d.load_id]) if isinstance(d, Earlier) else d for d in decided]

    def _present(self, table: str, load_ids: Sequence[str]) -> set[str] | None:
        return raw_table.present(self._con, table, self._catalogue.columns_of(table), load_ids)

    def _write_all(self, planned: Sequence[Planned]) -> dict[str, Loaded]:
        started_at = now()
        owners = self._ledger.owners_of({item.table for item in planned})
        self._writer.plan(planned, owners)
        written: dict[str, Written] = {}
        for reading in readings(planned, self._catalogue.is_text_only):
            first = reading[0][0]
            if len(reading) == len(reading[0]) == 1:
                written[first.load_id] = self._writer.write(first)
            else:
                written |= self._writer.write_together(reading)
        return self._keep_books(planned, written, started_at)

    def _keep_books(
        self, planned: Sequence[Planned], written: dict[str, Written], started_at: datetime
    ) -> dict[str, Loaded]:
        """Write metadata, columns, rejects, totals and delivery records in the same transaction."""
        sequence, completed_at = self._ledger.next_sequence(), now()
        loads = [
            load_row(
                item,
                written[item.load_id],
                self._run,
                archive=self._archive,
                started_at=started_at,
                completed_at=completed_at,
                sequence=sequence + offset,
            )
            for offset, item in enumerate(planned)
        ]
        self._ledger.insert_loads(loads)
        self._ledger.insert_columns(column_rows((i.load_id, written[i.load_id]) for i in planned))
        rejects = [row for item in planned for row in reject_rows(item, written[item.load_id])]
        self._ledger.insert(LOAD_REJECTS, rejects)
        self._ledger.insert(LOAD_TOTALS, [row for item in planned for row in total_rows(item)])
        quality = [row for item in planned for row in quality_rows(item, written[item.load_id])]
        self._ledger.insert(LOAD_QUALITY, quality)
        records = [
            loaded_record(item.validated.delivery, self._run, load)
            for item, load in zip(planned, loads, strict=True)
        ]
        self._ledger.put_deliveries(records)
        if self._run.events:
            put_events(self._ledger, self._events(planned, written, loads, completed_at))
        self._ledger.mark_superseded(
            [
                (replaced, load.sequence)
                for i, load in zip(planned, loads, strict=True)
                for replaced in i.replaces
            ],
        )
        return {
            item.load_id: Loaded(
                delivery=item.validated.delivery,
                load=load,
                notes=(
                    *item.notes,
                    *notes_of(
                        item.validated,
                        load,
                        written[item.load_id].plan,
                        written[item.load_id].quality,
                    ),
                ),
            )
            for item, load in zip(planned, loads, strict=True)
        }

    def _events(
        self,
        planned: Sequence[Planned],
        written: dict[str, Written],
        loads: Sequence[Load],
        at: datetime,
    ) -> tuple[EventRecord, ...]:
        counted = [quality_lines(written[item.load_id]) for item in planned]
        return of_loads(list(zip(loads, counted, strict=True)), self._run, at)
