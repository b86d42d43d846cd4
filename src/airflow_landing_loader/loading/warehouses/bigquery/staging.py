"""Deliveries' records into staged Parquet, checked as locally."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import duckdb

from airflow_landing_loader.exceptions import (
    ErrorCode,
    LandingError,
    TerminalError,
    TransientError,
    explained,
)
from airflow_landing_loader.landing.discovery.discover import still_same
from airflow_landing_loader.loading.columns.drift import Owners, TableColumn, filled, plan_columns
from airflow_landing_loader.loading.columns.names import EXTRA, LOAD_ID, ROW_NUMBER, columns_of
from airflow_landing_loader.loading.columns.typed import typed_columns
from airflow_landing_loader.loading.ledger.rows import reject_rows
from airflow_landing_loader.loading.ledger.tables import LOAD_REJECTS
from airflow_landing_loader.loading.planning.steps import Planned
from airflow_landing_loader.loading.reading.disagreement import reader_disagrees
from airflow_landing_loader.loading.reading.records import (
    GATHERED,
    RecordReader,
    Target,
    Written,
    check_count,
    with_added,
)
from airflow_landing_loader.loading.sql import sql_name, sql_text
from airflow_landing_loader.loading.warehouses.bigquery.errors import GOOGLE_ERRORS, translate
from airflow_landing_loader.loading.warehouses.bigquery.folder import StagingFolder
from airflow_landing_loader.loading.warehouses.bigquery.options import BigQueryOptions
from airflow_landing_loader.loading.warehouses.bigquery.parquet import PROTOCOL, WritingFileSystem
from airflow_landing_loader.loading.warehouses.bigquery.values import reader_type
from airflow_landing_loader.storage.zone import Zone

log = logging.getLogger(__name__)

_NO_TEXT = "CAST(NULL AS VARCHAR)"
_NO_NUMBER = "CAST(NULL AS BIGINT)"


@dataclass(frozen=True, kw_only=True)
class Staged:
    """Rows of deliveries of one table, staged together.

    :param written: by load id.
    :param owners: whose the table's columns are when they are loaded.
    :param direct: they are as the table is, for a load job that writes into it.
    :param uris: the objects that hold them.
    """

    written: dict[str, Written]
    owners: Owners
    direct: bool
    uris: tuple[str, ...]


@dataclass(frozen=True)
class Layout:
    """How rows lie in staged Parquet.

    :param table: the table's columns in order; those that no file fills are passed over.
    :param direct: under the names of the table's columns; else as ``c0``, ``c1``, ... beside
        ``load_id``, ``extra``, ``reject`` and ``record_number``.
    """

    table: tuple[TableColumn, ...]
    direct: bool

    def select(self, target: Target, rows_from: str) -> str:
        """Return the SELECT of good rows."""
        by_name = dict(zip(target.column_names, target.expressions(), strict=True))
        columns = [by_name[column.name] for column in filled(self.table)]
        number = by_name.get(ROW_NUMBER)
        if self.direct:
            own = [(LOAD_ID, target.load_id_sql), (EXTRA, by_name[EXTRA])]
            own += [(ROW_NUMBER, number)] if number else []
            names = [column.name for column in filled(self.table)]
        else:
            own = [("load_id", target.load_id_sql), ("extra", by_name[EXTRA])]
            own += [("reject", _NO_TEXT), ("record_number", number or _NO_NUMBER)]
            names = [f"c{i}" for i in range(len(columns))]
        pairs = [*zip(names, columns, strict=True), *own]
        selected = ", ".join(f"{expression} AS {sql_name(name)}" for name, expression in pairs)
        return f"SELECT {selected} FROM {rows_from}"

    def select_rejects(self, rejects_from: str) -> str:
        """Return the SELECT of rejected records, which follow the good rows."""
        columns = [_NO_TEXT] * len(filled(self.table))
        own = ["load_id", _NO_TEXT, "reject", _NO_NUMBER]
        return f"SELECT {', '.join([*columns, *own])} FROM {rejects_from}"


class Stager:
    """Stages deliveries through a DuckDB in memory, which is the CSV reader and nothing else.

    What it has staged is its own until a manifest takes it over.

    :param landing: the zone where the deliveries lie.
    """

    def __init__(self, options: BigQueryOptions, folder: StagingFolder, landing: Zone) -> None:
        self._options = options
        self._folder = folder
        self._landing = landing
        self._files = WritingFileSystem(folder)
        self._untaken: set[str] = set()
        self._con = duckdb.connect(config=_config(options))
        self._con.execute("SET enable_progress_bar = false")
        self._con.execute("SET TimeZone = 'UTC'")
        self._con.register_filesystem(self._files)
        self._records = RecordReader(self._con, landing, spills=False)

    def hand_over(self, uris: Iterable[str]) -> None:
        """Leave objects to a manifest that is about to be written."""
        self._untaken.difference_update(map(self._folder.name, uris))

    def close(self) -> None:
        """Remove what no manifest has taken over, and give the reader's memory back."""
        self._con.close()
        try:
            self._folder.remove(sorted(self._untaken))
        except LandingError as error:
            # No reason to fail a load: they go with what dead loaders leave.
            log.warning("staged objects could not be removed: %s", error.detail.text())

    def require_plain_table(self, item: Planned) -> None:
        """Refuse a delivery of which no table should be made.

        :raises LandingError: ``CSV_DOUBTFUL_FIRST_FILE``, or the file cannot be read.
        """
        self._records.require_plain_table(item.validated)

    def stage(
        self,
        item: Planned,
        table: Sequence[TableColumn],
        owners: Owners,
        name: str,
        *,
        direct: bool,
    ) -> Staged:
        """Write one delivery's rows, and the records that are set aside.

        :param table: the table's columns in order.
        :param owners: whose they are.
        :param name: of the objects below the staging folder; a number and a suffix follow.
        :param direct: for a load job into the table itself, if no record is set aside.
        :raises LandingError: as in any warehouse; ``WAREHOUSE_UNAVAILABLE`` for the bucket.
        """
        with self._blaming([item]):
            return self._stage(item, tuple(table), owners, name, direct)

    def stage_together(
        self,
        items: Sequence[Planned],
        table: Sequence[TableColumn],
        owners: Owners,
        name: str,
        *,
        direct: bool,
    ) -> Staged:
        """Write several small deliveries of one all-text table with equal headers.

        :param name: as for :meth:`stage`; so are the others.
        :raises LandingError: as :meth:`stage`; the caller then stages them one by one.
        """
        with self._blaming(items):
            first = items[0].validated
            columns = columns_of(first.delivery, first.inspection)
            plan = plan_columns(columns, table, owners, file=first.delivery.data.name)
            rejects = self._records.gather([(i.validated, i.load_id) for i in items])
            target = Target(plan, load_id_sql="batch_load_id", as_text=True)
            plans = [plan, *[plan.for_next()] * (len(items) - 1)]
            rows_from = with_added(first, GATHERED)
            quality = self._records.quality(
                [(i.validated, i.load_id, len(its)) for i, its in zip(items, rejects, strict=True)],
                columns,
                plan,
                lambda _: (f"(SELECT batch_load_id AS load, * FROM {rows_from})", ()),
            )
            written = {
                item.load_id: Written.of(item.validated, columns, its_plan, aside, its)
                for item, its_plan, aside, its in zip(items, plans, rejects, quality, strict=True)
            }
            layout = Layout(tuple(table), direct and not any(rejects))
            self._copy(self._select(layout, target, rows_from, items, written), name)
            self._con.execute(f"DROP TABLE {GATHERED}")
            return Staged(
                written=written, owners=plan.owners, direct=layout.direct, uris=self._uris()
            )

    def _stage(
        self,
        item: Planned,
        table: tuple[TableColumn, ...],
        owners: Owners,
        name: str,
        direct: bool,
    ) -> Staged:
        validated, load_id = item.validated, item.load_id
        file = validated.delivery.data.name
        columns = columns_of(validated.delivery, validated.inspection)
        plan = plan_columns(columns, table, owners, file=file)
        if not columns:  # nor any record
            nothing = Written.of_nothing(validated, plan)
            return Staged(written={load_id: nothing}, owners=owners, direct=False, uris=())
        typed = typed_columns(item.table, plan.known, file=file, type_of=reader_type)
        rows_from, rejects = self._records.set_aside(validated, typed)
        target = Target(
            plan,
            typed,
            load_id_sql=sql_text(load_id),
            row_number=validated.delivery.mapping.csv.row_number,
            as_text=True,
        )
        layout = Layout(table, direct and not rejects)
        written = {load_id: Written(rows=0, columns=columns, plan=plan, rejects=rejects)}
        select = self._select(layout, target, rows_from, [item], written)
        rows = self._copy(select, name) - len(rejects)
        check_count(validated, rows, len(rejects))
        (quality,) = self._records.quality(
            [(validated, load_id, len(rejects))],
            columns,
            plan,
            lambda _: (f"(SELECT {sql_text(load_id)} AS load, * FROM {rows_from})", ()),
        )
        written = {load_id: replace(written[load_id], rows=rows, quality=quality)}
        return Staged(written=written, owners=plan.owners, direct=layout.direct, uris=self._uris())

    def _select(
        self,
        layout: Layout,
        target: Target,
        rows_from: str,
        items: Sequence[Planned],
        written: Mapping[str, Written],
    ) -> str:
        """Return the SELECT of what is staged: good rows, then the records that were set aside."""
        select = layout.select(target, rows_from)
        rejects = [
            (item.load_id, _reject_json(row))
            for item in items
            for row in reject_rows(item, written[item.load_id])
        ]
        if not rejects:
            return select
        self._con.execute(
            "CREATE OR REPLACE TEMP TABLE landing_rejects AS"
            " SELECT unnest($1) AS load_id, unnest($2) AS reject",
            [[load_id for load_id, _ in rejects], [text for _, text in rejects]],
        )
        return f"{select} UNION ALL {layout.select_rejects('landing_rejects')}"

    def _copy(self, select: str, name: str) -> int:
        row = self._con.execute(
            f"COPY ({select}) TO '{PROTOCOL}://{name}' (FORMAT parquet, COMPRESSION zstd,"
            f" FILE_SIZE_BYTES {self._options.part_bytes})"
        ).fetchone()
        assert row is not None  # a COPY always gives its count
        return int(row[0])

    def _uris(self) -> tuple[str, ...]:
        return tuple(self._folder.uri(name) for name in self._files.written)

    @contextmanager
    def _blaming(self, items: Sequence[Planned]) -> Iterator[None]:
        """Say whose fault it is: the bucket's, a file's that changed meanwhile, or the reader's."""
        self._files.begin()
        try:
            yield
            if self._landing.settles:  # an object is never written into
                self._require_same(items)
        except GOOGLE_ERRORS as error:
            raise translate(error) from error
        except TerminalError:
            self._require_same(items)
            raise
        except duckdb.Error as error:
            if isinstance(self._files.failure, GOOGLE_ERRORS):
                raise translate(self._files.failure) from error
            self._require_same(items)
            file, failure = items[0].validated.delivery.data.name, self._records.failure
            if failure is not None:
                raise explained(failure, file=file) from error
            raise _reader_error(error, file) from error
        except Exception as error:
            raise explained(error, file=items[0].validated.delivery.data.name) from error
        finally:
            self._untaken.update(self._files.written)
            self._records.clear()

    def _require_same(self, items: Sequence[Planned]) -> None:
        for item in items:
            still_same(self._landing, item.validated.delivery)


def _reject_json(row: Sequence[object]) -> str:
    return json.dumps(dict(zip(LOAD_REJECTS.column_names, row, strict=True)), ensure_ascii=False)


def _reader_error(error: duckdb.Error, file: str) -> LandingError:
    if isinstance(error, duckdb.InvalidInputException | duckdb.ConversionException):
        return reader_disagrees(file=file, value=str(error))
    return TransientError(
        ErrorCode.WAREHOUSE_UNAVAILABLE,
        f"the CSV reader failed with {type(error).__name__}",
        hint="Give it more memory with [landing_loader] duckdb_memory_limit.",
        file=file,
        value=str(error),
    )


def _config(options: BigQueryOptions) -> dict[str, str | bool | int | float | list[str]]:
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": options.memory_limit,
        "temp_directory": "",
    }
    if options.threads is not None:
        config["threads"] = options.threads
    return config
