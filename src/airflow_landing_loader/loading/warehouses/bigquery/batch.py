"""One batch of deliveries: decide, stage, write the manifests, have them committed."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from airflow_landing_loader.exceptions import (
    ErrorCode,
    LandingError,
    TransientError,
    explained,
)
from airflow_landing_loader.landing.model import Validated
from airflow_landing_loader.landing.units import units
from airflow_landing_loader.loading.columns.drift import (
    Owners,
    TableColumn,
    filled,
    first_columns,
)
from airflow_landing_loader.loading.columns.names import columns_of
from airflow_landing_loader.loading.ledger.deliveries import loaded_record
from airflow_landing_loader.loading.ledger.events import of_loads
from airflow_landing_loader.loading.ledger.rows import (
    column_rows,
    load_row,
    quality_lines,
    quality_rows,
    total_rows,
)
from airflow_landing_loader.loading.ledger.tables import (
    LOAD_DELIVERIES,
    LOAD_EVENTS,
    LOAD_METADATA,
    now,
)
from airflow_landing_loader.loading.model import (
    Duplicate,
    Load,
    Loaded,
    Refused,
    RunContext,
    Verdict,
)
from airflow_landing_loader.loading.operations import EventRecord
from airflow_landing_loader.loading.planning.decisions import decide_all
from airflow_landing_loader.loading.planning.groups import readings
from airflow_landing_loader.loading.planning.identity import as_they_are, contents_of
from airflow_landing_loader.loading.planning.notes import notes_of
from airflow_landing_loader.loading.planning.sequences import (
    counting,
)
from airflow_landing_loader.loading.planning.steps import Earlier, Planned
from airflow_landing_loader.loading.reading.records import Written
from airflow_landing_loader.loading.warehouses.base import StillRunningError
from airflow_landing_loader.loading.warehouses.bigquery.commit import Committer
from airflow_landing_loader.loading.warehouses.bigquery.folder import StagingFolder
from airflow_landing_loader.loading.warehouses.bigquery.jobs import Jobs
from airflow_landing_loader.loading.warehouses.bigquery.ledger import Ledger
from airflow_landing_loader.loading.warehouses.bigquery.raw_table import Tables
from airflow_landing_loader.loading.warehouses.bigquery.refusals import Refusals
from airflow_landing_loader.loading.warehouses.bigquery.staging import Staged, Stager
from airflow_landing_loader.loading.warehouses.bigquery.values import type_word
from airflow_landing_loader.loading.warehouses.manifest import (
    Manifest,
    Part,
    manifest_name,
    staged_files,
)
from airflow_landing_loader.loading.warehouses.recovery import ends_here, finish
from airflow_landing_loader.storage.zone import Zone

# A transaction of BigQuery changes 100 tables at most; our own are among them.
MOST_TABLES = 50
# What is staged and in no manifest is a leftover after a week, so it may not become one then.
_LONGEST_STAGING = timedelta(days=1)

_Decided = Planned | Earlier | Duplicate | Refused


@dataclass
class _TableBatch:
    """What of one table is staged; a new table's columns are those of the first good file.

    :param owners: whose they are once all that is staged is committed.
    :param committed: whose they are by what is committed.
    :param staged: by load id.
    """

    exists: bool
    columns: tuple[TableColumn, ...]
    owners: Owners
    committed: Owners
    staged: dict[str, Staged] = field(default_factory=dict)

    @property
    def is_text_only(self) -> bool:
        return all(column.type == "STRING" or column.generated for column in self.columns)


class BatchLoader:
    """Loads one batch.

    :param folder: where its objects go.
    :param archive: the zone where the deliveries will lie.
    """

    def __init__(
        self,
        *,
        stager: Stager,
        committer: Committer,
        jobs: Jobs,
        books: Ledger,
        tables: Tables,
        folder: StagingFolder,
        archive: Zone,
        run: RunContext,
    ) -> None:
        self._stager = stager
        self._committer = committer
        self._jobs = jobs
        self._ledger = books
        self._tables = tables
        self._folder = folder
        self._archive = archive
        self._run = run
        self._started_at = now()
        self._batches: dict[str, _TableBatch] = {}
        self._refusals = Refusals(())
        self._basis = 0
        self._owners: dict[str, Owners] = {}

    def load(
        self, batch: Sequence[Validated], given_up: frozenset[str] = frozenset()
    ) -> tuple[Verdict, ...]:
        """Load deliveries of any tables; they commit together, and a bad one fails alone.

        :param given_up: loads that BigQuery has refused as part of a batch, to be tried in smaller
            ones.
        :raises LandingError: BigQuery itself cannot be used.
        :raises StillRunningError: see :class:`Jobs`.
        """
        self._refusals = Refusals(batch)
        contents = contents_of(batch)
        self._basis, prior = self._ledger.prior_loads_until(contents)
        self._owners = self._ledger.owners_of({v.delivery.mapping.table for v in batch})
        prior = as_they_are(prior, contents, self._ledger.remembered, self._present)
        tables = [v.delivery.mapping.table for v in batch]
        unfit = self._tables.unfit(tables, self._columns_of, self._ledger.with_rows)
        counted = counting([v.delivery.mapping for v in batch])
        last = self._ledger.sequences(counted) if counted else {}  # after the basis
        while True:
            good = [v for v in batch if self._refusals.of(v.delivery) is None]
            decided = decide_all(good, prior, unfit, last)
            self._refusals.spare(d.delivery for d in decided if isinstance(d, Earlier))
            if not self._stage_all([d for d in decided if isinstance(d, Planned)]):
                break
        items = [d for d in decided if isinstance(d, Planned)]
        for together in self._commits(items):
            self._commit(together, given_up)
        names = [v.delivery.data.name for v in good]
        return self._verdicts(batch, dict(zip(names, decided, strict=True)))

    def _stage_all(self, items: Sequence[Planned]) -> bool:
        """Stage what is not staged yet; whether a file was refused, so that others may be decided
        otherwise (what was a duplicate of it is none any more)."""
        todo = [i for i in items if not self._is_staged(i)]
        before = {t: (set(batch.staged), batch.owners) for t, batch in self._batches.items()}
        try:
            typed = {i.table for i in todo if i.validated.delivery.mapping.types}
            for reading in readings(todo, lambda table: self._is_text_only(table, typed)):
                for group in reading:
                    self._stage(group, uuid.uuid4().hex)
        except LandingError as error:
            for table, batch in self._batches.items():
                kept, batch.owners = before.get(table, ((), batch.committed))
                batch.staged = {k: s for k, s in batch.staged.items() if k in kept}
                if not batch.exists and not batch.staged:
                    batch.columns = ()
            if len(todo) == 1:
                self._refusals.add(todo[0], error)
                return True
            # Which one is at fault, and whose header makes a table, shows by halves, in order.
            middle = len(todo) // 2
            refused = [self._stage_all(part) for part in (todo[:middle], todo[middle:])]
            return any(refused)
        return False

    def _stage(self, items: Sequence[Planned], name: str) -> None:
        first = items[0]
        batch, mapping = self._table(first.table), first.validated.delivery.mapping
        if not batch.exists and not batch.columns:
            self._stager.require_plain_table(first)
        columns = batch.columns or tuple(
            replace(column, type=type_word(column.type))
            for column in first_columns(
                columns_of(first.validated.delivery, first.validated.inspection), mapping.types
            )
        )
        direct = (
            mapping.bigquery.commit == "load_job"
            and all(column.type == "STRING" for column in filled(columns))
            # Parquet gives a load job's columns their names, which takes plain ones as they are.
            and all(column.name.isascii() for column in columns)
            and not any(item.replaces or item.delivery.members for item in items)
            and mapping.sequence is None  # they commit in the order of their numbers
        )
        path = f"parts/{name}"
        if len(items) == 1:
            staged = self._stager.stage(first, columns, batch.owners, path, direct=direct)
        else:
            staged = self._stager.stage_together(items, columns, batch.owners, path, direct=direct)
        batch.staged |= {item.load_id: staged for item in items}
        batch.columns, batch.owners = columns, staged.owners

    def _is_text_only(self, table: str, typed: Collection[str]) -> bool:
        """Whether a table has text columns only, or will be made so.

        :param typed: those whose mappings give columns types.
        """
        batch = self._table(table)
        return batch.is_text_only and (bool(batch.columns) or table not in typed)

    def _table(self, table: str) -> _TableBatch:
        if table not in self._batches:
            columns = self._tables.columns_of(table)
            # The owners of an earlier table of that name own nothing here.
            owners = {} if columns is None else self._owners.get(table, {})
            self._batches[table] = _TableBatch(columns is not None, columns or (), owners, owners)
        return self._batches[table]

    def _columns_of(self, table: str) -> tuple[TableColumn, ...] | None:
        batch = self._table(table)
        return batch.columns if batch.exists else None

    def _present(self, table: str, load_ids: Sequence[str]) -> set[str] | None:
        return self._tables.present(table, self._columns_of(table), load_ids)

    def _is_staged(self, item: Planned) -> bool:
        batch = self._batches.get(item.table)
        return batch is not None and item.load_id in batch.staged

    def _commits(self, items: Sequence[Planned]) -> Iterator[list[Planned]]:
        """Cut into what commits together: direct loads by table, everything else as one.

        All tables of sets, which are not too many, are in the first cut of the others.
        """
        direct = dict.fromkeys(i.table for i in items if self._staged(i).direct)
        for table in direct:
            yield [i for i in items if i.table == table and self._staged(i).direct]
        others = [i for i in items if not self._staged(i).direct]
        of_sets = [i.table for i in others if i.delivery.members]
        tables = list(dict.fromkeys([*of_sets, *(i.table for i in others)]))
        for start in range(0, len(tables), MOST_TABLES):
            chosen = tables[start : start + MOST_TABLES]
            yield [i for i in others if i.table in chosen]

    def _commit(self, items: Sequence[Planned], given_up: frozenset[str]) -> None:
        """Commit deliveries together; where that is refused, in halves, down to the bad ones."""
        items = [item for item in items if not self._refusals.waits(item)]
        if not items:
            return
        if not any(item.load_id in given_up for item in items):
            try:
                self._commit_together(items)
                return
            except StillRunningError:
                raise
            except Exception as error:  # noqa: BLE001 - whatever it is, it is these files'
                told = explained(error)
                if len(_units_of(items)) == 1 or not ends_here(told):
                    for item in items:
                        self._refusals.add(item, told)
                    return
        # Whoever comes back for a job in pieces would only begin the same search again.
        with self._jobs.to_the_end():
            for half in _halves(items):
                if not self._stage_again(half):
                    self._commit(half, frozenset())

    def _stage_again(self, items: Sequence[Planned]) -> bool:
        """Stage what was given up with a batch; whether a file was refused meanwhile."""
        for item in items:
            batch = self._table(item.table)
            batch.staged.pop(item.load_id, None)
            batch.owners = batch.committed
        return self._stage_all(items)

    def _commit_together(self, items: Sequence[Planned]) -> None:
        if now() - self._started_at > _LONGEST_STAGING:
            raise TransientError(
                ErrorCode.WAREHOUSE_UNAVAILABLE,
                f"staging the batch took longer than {_LONGEST_STAGING}",
                hint="Nothing of it was loaded; load fewer or smaller files at a time.",
            )
        manifest = self._manifest(items)
        for part in manifest.parts:
            mapping = next(i for i in items if i.table == part.table).validated.delivery.mapping
            if not self._batches[part.table].exists:
                self._tables.create(
                    part.table, part.columns, mapping.bigquery, row_number=part.row_number
                )
            columns = self._tables.columns_of(part.table) or ()
            self._tables.fit(part.table, columns, row_number=part.row_number)
        self._stager.hand_over(uri for part in manifest.parts for uri in part.uris)
        self._folder.create(manifest_name(manifest.id), manifest.to_json())
        finish(self._committer, manifest)
        for item in items:
            batch = self._batches[item.table]
            batch.committed = {**batch.committed, **self._written(item).plan.new_owners}

    def _manifest(self, items: Sequence[Planned]) -> Manifest:
        loads = [self._load_row(item, offset) for offset, item in enumerate(items)]
        deliveries = [item.validated.delivery for item in items]
        records = [
            loaded_record(delivery, self._run, load)
            for delivery, load in zip(deliveries, loads, strict=True)
        ]
        tables = dict.fromkeys(i.table for i in items if self._staged(i).uris)
        columns = column_rows((item.load_id, self._written(item)) for item in items)
        return Manifest(
            id=uuid.uuid4().hex,
            parts=tuple(self._part(t, [i for i in items if i.table == t]) for t in tables),
            files=staged_files(deliveries),
            loads=tuple(LOAD_METADATA.rows(loads)),
            load_columns=tuple(
                (load_id, *row)
                for alike in columns
                for load_id in alike.load_ids
                for row in alike.rows
            ),
            load_totals=tuple(row for item in items for row in total_rows(item)),
            deliveries=tuple(LOAD_DELIVERIES.rows(records)),
            replaces=tuple((i.table, load_id) for i in items for load_id in i.replaces),
            basis=self._basis,
            load_quality=tuple(r for i in items for r in quality_rows(i, self._written(i))),
            events=tuple(LOAD_EVENTS.rows(self._events(items, loads))),
        )

    def _events(self, items: Sequence[Planned], loads: Sequence[Load]) -> tuple[EventRecord, ...]:
        counted = [quality_lines(self._written(item)) for item in items]
        return of_loads(list(zip(loads, counted, strict=True)), self._run, now())

    def _part(self, table: str, items: Sequence[Planned]) -> Part:
        staged = [found for item in items if (found := self._staged(item)).uris]
        uris = dict.fromkeys(uri for s in staged for uri in s.uris)
        return Part(
            table=table,
            columns=tuple((c.name, c.type) for c in filled(self._batches[table].columns)),
            row_number=any(i.validated.delivery.mapping.csv.row_number for i in items),
            direct=staged[0].direct,
            uris=tuple(uris),
            row_count=sum(self._written(item).rows for item in items),
        )

    def _load_row(self, item: Planned, offset: int) -> Load:
        return load_row(
            item,
            self._written(item),
            self._run,
            archive=self._archive,
            started_at=self._started_at,
            completed_at=self._started_at,
            sequence=offset,
        )

    def _staged(self, item: Planned) -> Staged:
        return self._batches[item.table].staged[item.load_id]

    def _written(self, item: Planned) -> Written:
        return self._staged(item).written[item.load_id]

    def _verdicts(
        self, batch: Sequence[Validated], decided: dict[str, _Decided]
    ) -> tuple[Verdict, ...]:
        ids = [d.decision.load_id for d in decided.values() if isinstance(d, Planned)]
        ids += [d.load_id for d in decided.values() if isinstance(d, Earlier)]
        loads = self._ledger.loads_by_id(ids)
        return tuple(
            self._refusals.of(v.delivery) or self._verdict(decided[v.delivery.data.name], loads)
            for v in batch
        )

    def _verdict(self, decided: _Decided, loads: dict[str, Load]) -> Verdict:
        match decided:
            case Planned():
                load = loads[decided.decision.load_id]
                validated = decided.validated
                written = self._written(decided)
                notes = notes_of(validated, load, written.plan, written.quality)
                return Loaded(
                    delivery=validated.delivery, load=load, notes=(*decided.notes, *notes)
                )
            case Earlier():
                return decided.verdict(loads[decided.load_id])
            case _:
                return decided


def _units_of(items: Sequence[Planned]) -> list[tuple[Planned, ...]]:
    return units(items, lambda item: item.delivery)


def _halves(items: Sequence[Planned]) -> list[list[Planned]]:
    """Two halves, or all where it is taken together."""
    parts = _units_of(items)
    middle = len(parts) // 2
    halves = (parts[:middle], parts[middle:])
    return [[item for unit in half for item in unit] for half in halves if half]
