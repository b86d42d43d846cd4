"""One batch of deliveries: decide, stage, write the manifests, have them committed."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from airflow_landing_loader.exceptions import (
    ErrorCode,
    LandingError,
    TerminalError,
    TransientError,
)
from airflow_landing_loader.landing.model import Validated
from airflow_landing_loader.landing.zone import Zone
from airflow_landing_loader.loading.bigquery import ledger
from airflow_landing_loader.loading.bigquery.commit import Committer, manifest_name
from airflow_landing_loader.loading.bigquery.folder import StagingFolder
from airflow_landing_loader.loading.bigquery.jobs import Jobs
from airflow_landing_loader.loading.bigquery.ledger import Ledger
from airflow_landing_loader.loading.bigquery.manifest import Manifest, Part, staged_files
from airflow_landing_loader.loading.bigquery.staging import Staged, Stager, own_less
from airflow_landing_loader.loading.bigquery.table import Tables, check_own_columns
from airflow_landing_loader.loading.books import (
    Earlier,
    Planned,
    column_rows,
    decide_all,
    load_row,
    refused,
)
from airflow_landing_loader.loading.deliveries import delivery_record
from airflow_landing_loader.loading.drift import TableColumn
from airflow_landing_loader.loading.groups import groups
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
from airflow_landing_loader.loading.records import Written, names_of
from airflow_landing_loader.loading.tables import LOAD_DELIVERIES, LOAD_METADATA

# A transaction of BigQuery changes 100 tables at most; our own are among them.
_MOST_TABLES = 50
# What is staged and in no manifest is a leftover after a week, so it may not become one then.
_LONGEST_STAGING = timedelta(days=1)

_Decided = Planned | Earlier | Duplicate | Refused


@dataclass
class _TableBatch:
    """What of one table is staged; a new table's columns are those of the first good file.

    :param staged: by load id.
    """

    exists: bool
    columns: tuple[TableColumn, ...]
    staged: dict[str, Staged] = field(default_factory=dict)

    @property
    def is_text_only(self) -> bool:
        return all(column.type == "STRING" for column in self.columns)


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
        self._started_at = ledger.now()
        self._batches: dict[str, _TableBatch] = {}
        self._refused: dict[int, Refused] = {}
        self._basis = 0

    def load(
        self, batch: Sequence[Validated], given_up: frozenset[str] = frozenset()
    ) -> tuple[Verdict, ...]:
        """Load deliveries of any tables; they commit together, and a bad one fails alone.

        :param given_up: loads that BigQuery has refused as part of a batch, to be tried in smaller
            ones.
        :raises LandingError: BigQuery itself cannot be used.
        :raises StillRunningError: see :class:`Jobs`.
        """
        self._basis, prior = self._ledger.prior_loads(
            [storable(v.delivery.data.name) for v in batch],
            [v.inspection.sha256 for v in batch],
        )
        while True:
            good = [v for v in batch if id(v) not in self._refused]
            decided = decide_all(good, prior)
            if not self._stage_all([d for d in decided if isinstance(d, Planned)]):
                break
        items = [d for d in decided if isinstance(d, Planned)]
        for together in self._commits(items):
            self._commit(together, given_up)
        return self._verdicts(batch, dict(zip(map(id, good), decided, strict=True)))

    def _stage_all(self, items: Sequence[Planned]) -> bool:
        """Stage what is not staged yet; whether a file was refused, so that others may be decided
        otherwise (what was a duplicate of it is none any more)."""
        todo = [i for i in items if not self._is_staged(i)]
        before = {table: set(batch.staged) for table, batch in self._batches.items()}
        try:
            for group in groups(todo, lambda table: self._table(table).is_text_only):
                self._stage(group, uuid.uuid4().hex)
        except (TerminalError, TransientError) as error:
            for table, batch in self._batches.items():
                kept = before.get(table, ())
                batch.staged = {k: s for k, s in batch.staged.items() if k in kept}
                if not batch.exists and not batch.staged:
                    batch.columns = ()
            if len(todo) == 1:
                self._refuse(todo[0], error)
                return True
            # Which one is at fault, and whose header makes a table, shows by halves, in order.
            middle = len(todo) // 2
            refused = [self._stage_all(part) for part in (todo[:middle], todo[middle:])]
            return any(refused)
        return False

    def _stage(self, items: Sequence[Planned], name: str) -> None:
        first = items[0]
        batch, mapping = self._table(first.table), first.validated.delivery.mapping
        columns = batch.columns or tuple(
            TableColumn(column, "STRING") for column in names_of(first.validated)
        )
        direct = (
            mapping.bigquery.commit == "load_job"
            and all(column.type == "STRING" for column in own_less(columns))
            and not any(item.replaces for item in items)
        )
        path = f"parts/{name}"
        if len(items) == 1:
            staged = self._stager.stage(first, columns, path, direct=direct)
        else:
            staged = self._stager.stage_together(items, columns, path, direct=direct)
        batch.staged |= {item.decision.load_id: staged for item in items}
        batch.columns = columns

    def _table(self, table: str) -> _TableBatch:
        if table not in self._batches:
            columns = self._tables.columns_of(table)
            check_own_columns(table, columns or ())
            self._batches[table] = _TableBatch(columns is not None, columns or ())
        return self._batches[table]

    def _is_staged(self, item: Planned) -> bool:
        batch = self._batches.get(item.table)
        return batch is not None and item.decision.load_id in batch.staged

    def _commits(self, items: Sequence[Planned]) -> Iterator[list[Planned]]:
        """Cut into what commits together: direct loads by table, everything else as one."""
        direct = dict.fromkeys(i.table for i in items if self._staged(i).direct)
        for table in direct:
            yield [i for i in items if i.table == table and self._staged(i).direct]
        others = [i for i in items if not self._staged(i).direct]
        tables = list(dict.fromkeys(i.table for i in others))
        for start in range(0, len(tables), _MOST_TABLES):
            chosen = tables[start : start + _MOST_TABLES]
            yield [i for i in others if i.table in chosen]

    def _commit(self, items: Sequence[Planned], given_up: frozenset[str]) -> None:
        """Commit deliveries together; where that is refused, in halves, down to the bad ones."""
        if not any(item.decision.load_id in given_up for item in items):
            try:
                self._commit_together(items)
                return
            except TransientError as error:
                for item in items:
                    self._refuse(item, error)
                return
            except TerminalError as error:
                if len(items) == 1:
                    self._refuse(items[0], error)
                    return
        # Whoever comes back for a job in pieces would only begin the same search again.
        with self._jobs.to_the_end():
            middle = len(items) // 2
            for half in (items[:middle], items[middle:]) if middle else (items,):
                if not self._stage_again(half):
                    self._commit(half, frozenset())

    def _stage_again(self, items: Sequence[Planned]) -> bool:
        """Stage what was given up with a batch; whether a file was refused meanwhile."""
        for item in items:
            self._table(item.table).staged.pop(item.decision.load_id, None)
        return self._stage_all(items)

    def _commit_together(self, items: Sequence[Planned]) -> None:
        if ledger.now() - self._started_at > _LONGEST_STAGING:
            raise TransientError(
                ErrorCode.WAREHOUSE_UNAVAILABLE,
                f"staging the batch took longer than {_LONGEST_STAGING}",
                hint="nothing of it was loaded; load fewer or smaller files at a time",
            )
        manifest = self._manifest(items)
        for part in manifest.parts:
            mapping = next(i for i in items if i.table == part.table).validated.delivery.mapping
            if not self._batches[part.table].exists:
                names = [name for name, _ in part.columns]
                self._tables.create(part.table, names, mapping.bigquery, row_number=part.row_number)
            columns = self._tables.columns_of(part.table) or ()
            self._tables.fit(part.table, columns, row_number=part.row_number)
        self._stager.hand_over(uri for part in manifest.parts for uri in part.uris)
        self._folder.create(manifest_name(manifest.id), manifest.to_json())
        self._committer.finish(manifest)

    def _manifest(self, items: Sequence[Planned]) -> Manifest:
        loads = [self._load_row(item, offset) for offset, item in enumerate(items)]
        deliveries = [item.validated.delivery for item in items]
        records = [
            delivery_record(
                delivery,
                self._run,
                "loaded",
                at=self._started_at,
                final_uri=load.archive_uri,
                load_id=load.load_id,
            )
            for delivery, load in zip(deliveries, loads, strict=True)
        ]
        tables = dict.fromkeys(item.table for item in items)
        return Manifest(
            id=uuid.uuid4().hex,
            parts=tuple(self._part(t, [i for i in items if i.table == t]) for t in tables),
            files=staged_files(deliveries),
            loads=tuple(LOAD_METADATA.rows(loads)),
            load_columns=tuple(r for i in items for r in column_rows(i, self._written(i))),
            deliveries=tuple(LOAD_DELIVERIES.rows(records)),
            replaces=tuple((i.table, i.replaces) for i in items if i.replaces),
            basis=self._basis,
        )

    def _part(self, table: str, items: Sequence[Planned]) -> Part:
        staged = [self._staged(item) for item in items]
        uris = dict.fromkeys(uri for s in staged for uri in s.uris)
        return Part(
            table=table,
            columns=tuple((c.name, c.type) for c in own_less(self._batches[table].columns)),
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
        return self._batches[item.table].staged[item.decision.load_id]

    def _written(self, item: Planned) -> Written:
        return self._staged(item).written[item.decision.load_id]

    def _verdicts(
        self, batch: Sequence[Validated], decided: dict[int, _Decided]
    ) -> tuple[Verdict, ...]:
        ids = [d.decision.load_id for d in decided.values() if isinstance(d, Planned)]
        ids += [d.load_id for d in decided.values() if isinstance(d, Earlier)]
        loads = self._ledger.loads_by_id(ids)
        return tuple(
            self._refused.get(id(v)) or self._verdict(decided[id(v)], loads) for v in batch
        )

    def _verdict(self, decided: _Decided, loads: dict[str, Load]) -> Verdict:
        match decided:
            case Planned():
                load = loads[decided.decision.load_id]
                validated, plan = decided.validated, self._written(decided).plan
                notes = notes_of(validated, load, lacks_most=plan.lacks_most)
                return Loaded(delivery=validated.delivery, load=load, notes=notes)
            case Earlier():
                return decided.verdict(loads[decided.load_id])
            case _:
                return decided

    def _refuse(self, item: Planned, error: LandingError) -> None:
        self._refused[id(item.validated)] = refused(item.validated, error)
