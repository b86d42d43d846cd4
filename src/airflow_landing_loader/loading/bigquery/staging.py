"""Deliveries' records into staged Parquet, checked as locally."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb

from airflow_landing_loader.exceptions import ErrorCode, LandingError, TerminalError, TransientError
from airflow_landing_loader.landing.discovery import still_same
from airflow_landing_loader.landing.zone import Zone
from airflow_landing_loader.loading.bigquery.errors import GOOGLE_ERRORS, translate
from airflow_landing_loader.loading.bigquery.folder import StagingFolder
from airflow_landing_loader.loading.bigquery.options import BigQueryOptions
from airflow_landing_loader.loading.bigquery.parquet import PROTOCOL, WritingFileSystem
from airflow_landing_loader.loading.bigquery.values import reader_type
from airflow_landing_loader.loading.books import Planned, reject_rows
from airflow_landing_loader.loading.drift import TableColumn, plan_columns
from airflow_landing_loader.loading.names import EXTRA, LOAD_ID, OWN_COLUMNS, ROW_NUMBER
from airflow_landing_loader.loading.reader import sql_name, sql_text
from airflow_landing_loader.loading.records import (
    GATHERED,
    RecordReader,
    Target,
    Written,
    check_count,
    names_of,
)
from airflow_landing_loader.loading.tables import LOAD_REJECTS
from airflow_landing_loader.loading.typed import typed_columns

log = logging.getLogger(__name__)

_NO_TEXT = "CAST(NULL AS VARCHAR)"
_NO_NUMBER = "CAST(NULL AS BIGINT)"


@dataclass(frozen=True, kw_only=True)
class Staged:
    """Rows of deliveries of one table, staged together.

    :param written: by load id.
    :param direct: they are as the table is, for a load job that writes into it.
    :param uris: the objects that hold them.
    """

    written: dict[str, Written]
    direct: bool
    uris: tuple[str, ...]


@dataclass(frozen=True)
class Layout:
    """How rows lie in staged Parquet.

    :param table: the table's columns in order; ours are passed over.
    :param direct: under the names of the table's columns; else as ``c0``, ``c1``, ... beside
        ``load_id``, ``extra``, ``reject`` and ``record_number``.
    """

    table: tuple[TableColumn, ...]
    direct: bool

    def select(self, target: Target, rows_from: str) -> str:
        """Return the SELECT of good rows."""
        by_name = dict(zip(target.column_names, target.expressions(), strict=True))
        columns = [by_name[column.name] for column in own_less(self.table)]
        number = by_name.get(ROW_NUMBER)
        if self.direct:
            own = [(LOAD_ID, target.load_id_sql), (EXTRA, by_name[EXTRA])]
            own += [(ROW_NUMBER, number)] if number else []
            names = [column.name for column in own_less(self.table)]
        else:
            own = [("load_id", target.load_id_sql), ("extra", by_name[EXTRA])]
            own += [("reject", _NO_TEXT), ("record_number", number or _NO_NUMBER)]
            names = [f"c{i}" for i in range(len(columns))]
        pairs = [*zip(names, columns, strict=True), *own]
        selected = ", ".join(f"{expression} AS {sql_name(name)}" for name, expression in pairs)
        return f"SELECT {selected} FROM {rows_from}"

    def select_rejects(self, load_id: str, rejects_from: str) -> str:
        """Return the SELECT of rejected records, which follow the good rows."""
        columns = [_NO_TEXT] * len(own_less(self.table))
        own = [sql_text(load_id), _NO_TEXT, "reject", _NO_NUMBER]
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
        self._records = RecordReader(self._con, landing)

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

    def stage(
        self, item: Planned, table: Sequence[TableColumn], name: str, *, direct: bool
    ) -> Staged:
        """Write one delivery's rows, and the records that are set aside.

        :param table: the table's columns in order.
        :param name: of the objects below the staging folder; a number and a suffix follow.
        :param direct: for a load job into the table itself, if no record is set aside.
        :raises LandingError: as in any warehouse; ``WAREHOUSE_UNAVAILABLE`` for the bucket.
        """
        with self._blaming([item]):
            return self._stage(item, tuple(table), name, direct)

    def stage_together(
        self, items: Sequence[Planned], table: Sequence[TableColumn], name: str, *, direct: bool
    ) -> Staged:
        """Write several small deliveries of one all-text table with equal headers.

        :param name: as for :meth:`stage`; so are the others.
        :raises LandingError: as :meth:`stage`; the caller then stages them one by one.
        """
        with self._blaming(items):
            first = items[0].validated
            names = names_of(first)
            plan = plan_columns(names, table, file=first.delivery.data.name)
            self._records.gather([(i.validated, i.decision.load_id) for i in items])
            target = Target(plan, load_id_sql="batch_load_id", as_text=True)
            layout = Layout(tuple(table), direct)
            self._copy(layout.select(target, GATHERED), name)
            self._con.execute(f"DROP TABLE {GATHERED}")
            written = {
                item.decision.load_id: Written(
                    rows=item.validated.inspection.records, names=names, plan=plan
                )
                for item in items
            }
            return Staged(written=written, direct=direct, uris=self._uris())

    def _stage(
        self, item: Planned, table: tuple[TableColumn, ...], name: str, direct: bool
    ) -> Staged:
        validated, load_id = item.validated, item.decision.load_id
        file = validated.delivery.data.name
        names = names_of(validated)
        plan = plan_columns(names, table, file=file)
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
        select = layout.select(target, rows_from)
        written = Written(rows=0, names=names, plan=plan, rejects=rejects)
        if rejects:
            self._con.execute(
                "CREATE OR REPLACE TEMP TABLE landing_rejects AS SELECT unnest($1) AS reject",
                [[_reject_json(row) for row in reject_rows(item, written)]],
            )
            select += f" UNION ALL {layout.select_rejects(load_id, 'landing_rejects')}"
        rows = self._copy(select, name) - len(rejects)
        check_count(validated, rows, len(rejects))
        written = Written(rows=rows, names=names, plan=plan, rejects=rejects)
        return Staged(written={load_id: written}, direct=layout.direct, uris=self._uris())

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
        except GOOGLE_ERRORS as error:
            raise translate(error) from error
        except duckdb.Error as error:
            if isinstance(self._files.failure, GOOGLE_ERRORS):
                raise translate(self._files.failure) from error
            for item in items:
                still_same(self._landing, item.validated.delivery)
            raise _reader_error(error, items[0].validated.delivery.data.name) from error
        finally:
            self._untaken.update(self._files.written)
            self._records.clear()


def own_less(table: Sequence[TableColumn]) -> tuple[TableColumn, ...]:
    """Return a table's columns without ours."""
    return tuple(column for column in table if column.name.casefold() not in OWN_COLUMNS)


def _reject_json(row: Sequence[object]) -> str:
    return json.dumps(dict(zip(LOAD_REJECTS.column_names, row, strict=True)), ensure_ascii=False)


def _reader_error(error: duckdb.Error, file: str) -> LandingError:
    if isinstance(error, duckdb.InvalidInputException | duckdb.ConversionException):
        return TerminalError(
            ErrorCode.LOAD_READER_DISAGREES,
            "the CSV reader does not agree with the inspection of this file",
            hint="keep the file and report it with its mapping; see docs/csv.md",
            file=file,
            value=str(error),
        )
    return TransientError(
        ErrorCode.WAREHOUSE_UNAVAILABLE,
        f"the CSV reader failed with {type(error).__name__}",
        hint="give it more memory with [landing_loader] duckdb_memory_limit",
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
