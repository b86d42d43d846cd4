"""One batch of deliveries into the database: decide, write, keep the books, commit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import duckdb

from airflow_landing_loader.exceptions import LandingError, TransientError
from airflow_landing_loader.landing.archive_layout import archive_path
from airflow_landing_loader.landing.discovery import still_same
from airflow_landing_loader.landing.model import Delivery, Validated
from airflow_landing_loader.landing.zone import Zone
from airflow_landing_loader.loading.deliveries import delivery_record
from airflow_landing_loader.loading.duckdb import ledger
from airflow_landing_loader.loading.duckdb import table as raw_table
from airflow_landing_loader.loading.duckdb.rows import RowWriter, Written
from airflow_landing_loader.loading.duckdb.session import Connection, translate
from airflow_landing_loader.loading.identity import (
    AlreadyLoaded,
    Decision,
    DuplicateOf,
    NewLoad,
    PriorLoad,
    decide,
)
from airflow_landing_loader.loading.model import (
    Duplicate,
    Load,
    Loaded,
    Refused,
    RunContext,
    Verdict,
)
from airflow_landing_loader.loading.names import storable
from airflow_landing_loader.loading.notes import notes_of
from airflow_landing_loader.loading.reader import ReadOptions, RecordsFileSystem
from airflow_landing_loader.loading.tables import LOAD_COLUMNS, LOAD_REJECTS

# Deliveries up to this size are written many at a time: they cost more by number than by size.
SMALL_FILE_BYTES = 1024 * 1024


@dataclass(frozen=True)
class _Planned:
    """A delivery that is to be loaded."""

    validated: Validated
    decision: NewLoad


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
        self._views = RecordsFileSystem()
        con.register_filesystem(self._views)
        self._writer = RowWriter(con, self._views, landing)

    def load(self, batch: Sequence[Validated]) -> tuple[Verdict, ...]:
        """Load all in one transaction; where that fails, one by one, so that each has its verdict.

        :raises TransientError: the warehouse itself cannot go on.
        """
        if len(batch) > 1:
            try:
                return self._load_together(batch)
            except (LandingError, duckdb.Error):
                # Which one is at fault shows when each has its own transaction.
                self._views.clear()
        return tuple(self._load_alone(validated) for validated in batch)

    def _load_alone(self, validated: Validated) -> Verdict:
        delivery = validated.delivery
        try:
            return self._load_with_enough_memory(validated)
        except LandingError as error:
            return _refused(validated, error)
        except duckdb.Error as error:
            return _refused(validated, self._blame(delivery, error))
        finally:
            self._views.clear()

    def _load_with_enough_memory(self, validated: Validated) -> Verdict:
        try:
            return self._load_together([validated])[0]
        except duckdb.OutOfMemoryException:
            if not self._lift_memory_bound():
                raise
        self._views.clear()
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
            planned = [v for v in verdicts if isinstance(v, _Planned)]
            loads = self._write_all(planned) if planned else {}
            result = tuple(loads[id(v)] if isinstance(v, _Planned) else v for v in verdicts)
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

    def _decide_all(self, batch: Sequence[Validated]) -> list[Verdict | _Planned]:
        prior = ledger.prior_loads(
            self._con,
            [storable(v.delivery.data.name) for v in batch],
            [v.inspection.sha256 for v in batch],
        )
        decided: list[Verdict | _Planned] = []
        for validated in batch:
            try:
                decision = decide(validated, prior)
            except LandingError as error:
                decided.append(_refused(validated, error))
                continue
            if isinstance(decision, NewLoad):
                # The next of the batch may have the same content.
                prior.append(_as_prior(validated, decision, len(prior)))
            decided.append(self._verdict(validated, decision))
        return decided

    def _verdict(self, validated: Validated, decision: Decision) -> Verdict | _Planned:
        delivery = validated.delivery
        match decision:
            case NewLoad():
                return _Planned(validated, decision)
            case AlreadyLoaded(load=prior):
                load = ledger.loads_by_id(self._con, [prior.load_id])[prior.load_id]
                return Loaded(delivery=delivery, load=load, notes=("loaded by an earlier try",))
            case DuplicateOf(load=prior):
                return Duplicate(
                    delivery=delivery,
                    sha256=validated.inspection.sha256,
                    of_load_id=prior.load_id,
                    notes=(f"equal to {prior.filename}, load {prior.load_id}",),
                )

    def _write_all(self, planned: Sequence[_Planned]) -> dict[int, Loaded]:
        started_at = ledger.now()
        written: dict[int, Written] = {}
        for group in self._groups(planned):
            if len(group) == 1:
                item = group[0]
                written[id(item)] = self._write_one(item)
            else:
                pairs = [(item.validated, item.decision.load_id) for item in group]
                results = self._writer.write_together(pairs)
                written.update({id(i): w for i, w in zip(group, results, strict=True)})
        return self._keep_books(planned, written, started_at)

    def _write_one(self, item: _Planned) -> Written:
        mapping, decision = item.validated.delivery.mapping, item.decision
        replaces = None
        if decision.restates is not None and mapping.on_redelivery == "replace":
            replaces = decision.restates.load_id
        return self._writer.write(item.validated, decision.load_id, replaces=replaces)

    def _groups(self, planned: Sequence[_Planned]) -> list[list[_Planned]]:
        """Put together what one statement can write; everything else stands alone, in order."""
        groups: dict[object, list[_Planned]] = defaultdict(list)
        text_only = {
            table: raw_table.is_text_only(self._con, table)
            for table in {item.validated.delivery.mapping.table for item in planned}
        }
        for index, item in enumerate(planned):
            table = item.validated.delivery.mapping.table
            if text_only[table] and _goes_together(item):
                columns = item.validated.inspection.columns
                groups[(table, columns, ReadOptions.of(item.validated))].append(item)
            else:
                groups[index].append(item)
        return list(groups.values())

    def _keep_books(
        self, planned: Sequence[_Planned], written: dict[int, Written], started_at: datetime
    ) -> dict[int, Loaded]:
        """Write metadata, columns, rejects and delivery records in the same transaction."""
        sequence, completed_at = ledger.next_sequence(self._con), ledger.now()
        loads = [
            self._load_row(item, written[id(item)], started_at, completed_at, sequence + offset)
            for offset, item in enumerate(planned)
        ]
        ledger.insert_loads(self._con, loads)
        ledger.insert(self._con, LOAD_COLUMNS, _column_rows(planned, written))
        ledger.insert(self._con, LOAD_REJECTS, _reject_rows(planned, written))
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
                item.decision.restates.load_id
                for item in planned
                if item.decision.restates is not None
                and item.validated.delivery.mapping.on_redelivery == "replace"
            ],
        )
        return {
            id(item): Loaded(
                delivery=item.validated.delivery,
                load=load,
                notes=notes_of(load, lacks_most=written[id(item)].plan.lacks_most),
            )
            for item, load in zip(planned, loads, strict=True)
        }

    def _load_row(
        self,
        item: _Planned,
        written: Written,
        started_at: datetime,
        completed_at: datetime,
        sequence: int,
    ) -> Load:
        validated, decision = item.validated, item.decision
        delivery, inspection = validated.delivery, validated.inspection
        return Load(
            load_id=decision.load_id,
            filename=storable(delivery.data.name),
            table_name=delivery.mapping.table,
            row_count=written.rows,
            started_at=started_at,
            completed_at=completed_at,
            sequence=sequence,
            uri=storable(delivery.data.path),
            size_bytes=inspection.size,
            sha256=inspection.sha256,
            delivery_token=delivery.data.token,
            go_filename=storable(delivery.go.name) if delivery.go else None,
            go_sha256=validated.go.sha256 if validated.go else None,
            record_count=inspection.records,
            expected_count=validated.expected_records,
            rejected_count=len(written.rejects),
            drift_columns=tuple(name for _, name in written.plan.extra),
            missing_columns=tuple(column.name for column in written.plan.missing),
            restates_load_id=decision.restates.load_id if decision.restates else None,
            same_content_load_id=decision.same_content.load_id if decision.same_content else None,
            archive_uri=storable(
                archive_path(self._archive, delivery, started_at.replace(tzinfo=UTC))
            ),
            dag_id=self._run.dag_id,
            run_id=self._run.run_id,
        )


def _goes_together(item: _Planned) -> bool:
    """Whether a delivery is small and simple enough to be written with others."""
    mapping, inspection = item.validated.delivery.mapping, item.validated.inspection
    replaces = item.decision.restates is not None and mapping.on_redelivery == "replace"
    return (
        inspection.size <= SMALL_FILE_BYTES
        and inspection.compression == "none"
        and not inspection.ragged
        and not mapping.csv.row_number
        and not replaces
    )


def _refused(validated: Validated, error: LandingError) -> Refused:
    sha256 = validated.inspection.sha256
    return Refused(delivery=validated.delivery, error=error.detail, sha256=sha256)


def _as_prior(validated: Validated, decision: NewLoad, order: int) -> PriorLoad:
    delivery = validated.delivery
    return PriorLoad(
        load_id=decision.load_id,
        filename=storable(delivery.data.name),
        table_name=delivery.mapping.table,
        sha256=validated.inspection.sha256,
        delivery_token=delivery.data.token,
        sequence=2**62 + order,  # later than anything that is committed
    )


def _column_rows(
    planned: Sequence[_Planned], written: dict[int, Written]
) -> list[tuple[str, int, str, str, str]]:
    rows = []
    for item in planned:
        result = written[id(item)]
        extra = {index for index, _ in result.plan.extra}
        sender_names = item.validated.inspection.columns
        for index, (sender, name) in enumerate(zip(sender_names, result.names, strict=True)):
            destination = "extra" if index in extra else "column"
            rows.append((item.decision.load_id, index + 1, sender, name, destination))
    return rows


def _reject_rows(
    planned: Sequence[_Planned], written: dict[int, Written]
) -> list[tuple[object, ...]]:
    return [
        (
            item.decision.load_id,
            storable(item.validated.delivery.data.name),
            item.validated.delivery.mapping.table,
            reject.record,
            reject.line,
            reject.code.value,
            reject.column,
            reject.message,
            reject.text,
        )
        for item in planned
        for reject in written[id(item)].rejects
    ]
