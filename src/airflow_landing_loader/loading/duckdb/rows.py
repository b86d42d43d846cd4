"""Rows into a raw table, inside a transaction that the caller opens and ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_landing_loader.exceptions import ErrorCode, TerminalError
from airflow_landing_loader.landing.model import RaggedRecord, Validated
from airflow_landing_loader.landing.source import Source
from airflow_landing_loader.landing.zone import Zone
from airflow_landing_loader.loading.drift import ColumnPlan, plan_columns
from airflow_landing_loader.loading.duckdb import table as raw_table
from airflow_landing_loader.loading.duckdb.rejects import (
    BadValue,
    Reject,
    find_rejects,
    ragged_of,
)
from airflow_landing_loader.loading.duckdb.table import TypedColumn, quoted
from airflow_landing_loader.loading.names import EXTRA, LOAD_ID, ROW_NUMBER, column_names
from airflow_landing_loader.loading.reader import (
    ReadOptions,
    RecordsFileSystem,
    RecordsSource,
    sql_name,
    sql_text,
)

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Connection


@dataclass(frozen=True, kw_only=True)
class Written:
    """Rows of one delivery, written but not yet committed."""

    rows: int
    names: tuple[str, ...]
    plan: ColumnPlan
    rejects: tuple[Reject, ...] = ()


class RowWriter:
    """Writes deliveries' records into one raw table.

    :param con: a connection with an open transaction.
    :param views: the file system that the connection reads ``landing://`` from.
    :param landing: the zone where the deliveries lie.
    """

    def __init__(self, con: Connection, views: RecordsFileSystem, landing: Zone) -> None:
        self._con = con
        self._views = views
        self._landing = landing

    def write(self, validated: Validated, load_id: str, *, replaces: str | None = None) -> Written:
        """Write one delivery.

        :param replaces: load whose rows go first.
        :raises TerminalError: the header does not fit, a value has not its column's form, too many
            records are rejected, or the reader does not find the records that were counted.
        """
        mapping = validated.delivery.mapping
        names = self._names(validated)
        plan = self._prepare(validated, names)
        data = validated.delivery.data
        typed = raw_table.typed_columns(mapping.table, plan.known, file=data.name)
        source = self._source(validated)
        # Ordinals mean something only while rows keep the file's order, which costs speed.
        in_order = bool(typed) or mapping.csv.row_number
        self._con.execute(f"SET preserve_insertion_order = {str(in_order).lower()}")
        rejects = find_rejects(
            source.file, validated, source.ragged, self._bad_values(source.read, typed)
        )
        if replaces is not None:
            self._con.execute(
                f"DELETE FROM {quoted(mapping.table)} WHERE {LOAD_ID} = ?",
                [replaces],
            )
        rows = self._insert(source, load_id, plan, typed)
        _check_count(validated, rows, len(rejects))
        return Written(rows=rows, names=names, plan=plan, rejects=rejects)

    def write_together(self, batch: Sequence[tuple[Validated, str]]) -> list[Written]:
        """Write several small deliveries of one table with equal headers by one statement.

        They are read into a temporary table first, where each delivery's rows can be counted.

        :raises TerminalError: as :meth:`write`; the caller then writes them one by one.
        """
        first = batch[0][0]
        names = self._names(first)
        plan = self._prepare(first, names)
        paths = [
            self._views.add(RecordsSource(validated, self._file(validated)))
            for validated, _ in batch
        ]
        options = max((ReadOptions.of(v) for v, _ in batch), key=lambda o: o.line_limit)
        ids = [load_id for _, load_id in batch]
        self._con.execute("SET preserve_insertion_order = false")
        self._con.execute(
            "CREATE OR REPLACE TEMP TABLE landing_batch AS "
            "SELECT ids.load_id AS batch_load_id, r.* "
            f"FROM {options.read_csv(paths, with_path=True)} r "
            "JOIN (SELECT unnest($1::VARCHAR[]) AS path, unnest($2::VARCHAR[]) AS load_id) ids "
            "ON r.filename = ids.path",
            [paths, ids],
        )
        counts = dict(
            self._con.execute(
                "SELECT batch_load_id, count(*) FROM landing_batch GROUP BY ALL"
            ).fetchall()
        )
        for validated, load_id in batch:
            _check_count(validated, counts.get(load_id, 0), 0)
        target = Target(plan, load_id_sql="batch_load_id")
        self._con.execute(
            f"INSERT INTO {quoted(first.delivery.mapping.table)} ({target.columns()}) "
            f"SELECT {target.values()} FROM landing_batch"
        )
        self._con.execute("DROP TABLE landing_batch")
        return [
            Written(rows=validated.inspection.records, names=names, plan=plan)
            for validated, _ in batch
        ]

    def _names(self, validated: Validated) -> tuple[str, ...]:
        inspection = validated.inspection
        return column_names(
            inspection.columns, file=validated.delivery.data.name, line=inspection.header_line
        )

    def _prepare(self, validated: Validated, names: Sequence[str]) -> ColumnPlan:
        """Make or fit the table and say where each column goes."""
        mapping = validated.delivery.mapping
        row_number = mapping.csv.row_number
        columns = raw_table.columns_of(self._con, mapping.table)
        if columns is None:
            raw_table.create(self._con, mapping.table, names, row_number=row_number)
            columns = raw_table.columns_of(self._con, mapping.table) or ()
        # A file that does not belong here must not change the table: plan before fitting.
        plan = plan_columns(names, columns, file=validated.delivery.data.name)
        raw_table.fit(self._con, mapping.table, columns, row_number=row_number)
        return plan

    def _source(self, validated: Validated) -> _Source:
        file = self._file(validated)
        ragged = tuple(ragged_of(file, validated))
        skipped = tuple((r.start, r.end) for r in ragged)
        path = self._views.add(RecordsSource(validated, file, skipped))
        return _Source(validated, file, ragged, ReadOptions.of(validated).read_csv([path]))

    def _file(self, validated: Validated) -> Source:
        return self._landing.source(validated.delivery.data)

    def _bad_values(self, read: str, typed: Sequence[TypedColumn]) -> list[BadValue]:
        """Return the records whose values have not their columns' forms, in order."""
        if not typed:
            return []
        bad = " ".join(f"WHEN NOT {_is_good(t)} THEN {i}" for i, t in enumerate(typed))
        value = " ".join(f"WHEN {i} THEN c{t.position}" for i, t in enumerate(typed))
        rows = self._con.execute(
            f"SELECT ordinal, bad, CASE bad {value} END FROM ("
            f"SELECT row_number() OVER () AS ordinal, CASE {bad} END AS bad, * FROM {read}"
            ") WHERE bad IS NOT NULL ORDER BY ordinal"
        ).fetchall()
        return [BadValue(ordinal, typed[index], text) for ordinal, index, text in rows]

    def _insert(
        self, source: _Source, load_id: str, plan: ColumnPlan, typed: Sequence[TypedColumn]
    ) -> int:
        mapping = source.validated.delivery.mapping
        target = Target(plan, typed, load_id_sql="$1", row_number=mapping.csv.row_number)
        rows_from, values = source.read, [load_id]
        if mapping.csv.row_number:
            rows_from = self._numbered(source)
        good = " AND ".join(_is_good(t) for t in typed)
        row = self._con.execute(
            f"INSERT INTO {quoted(mapping.table)} ({target.columns()}) "
            f"SELECT {target.values()} FROM {rows_from}{f' WHERE {good}' if good else ''}",
            values,
        ).fetchone()
        assert row is not None  # an INSERT always gives its count
        return int(row[0])

    def _numbered(self, source: _Source) -> str:
        """Return SQL that gives each read record its number in the file, as ``record_number``.

        The read records lack those that were set aside: record r_j (the j-th of them, from 0) moves
        all read records from ordinal r_j - j on by one.
        """
        self._con.execute(
            "CREATE OR REPLACE TEMP TABLE landing_gaps AS "
            "SELECT from_ordinal, max(gap) AS gap FROM "
            "(SELECT unnest(?::BIGINT[]) AS from_ordinal, unnest(?::BIGINT[]) AS gap) GROUP BY ALL",
            [
                [r.record - j for j, r in enumerate(source.ragged)],
                [j + 1 for j, _ in enumerate(source.ragged)],
            ],
        )
        return (
            "(SELECT r.*, r.ordinal + coalesce(g.gap, 0) AS record_number FROM "
            f"(SELECT row_number() OVER () AS ordinal, * FROM {source.read}) r "
            "ASOF LEFT JOIN landing_gaps g ON r.ordinal >= g.from_ordinal)"
        )


@dataclass(frozen=True)
class _Source:
    """One delivery's records as the engine reads them."""

    validated: Validated
    file: Source
    ragged: tuple[RaggedRecord, ...]
    read: str


@dataclass(frozen=True)
class Target:
    """The column list of an INSERT and the expressions that fill it.

    Every column of the table is named, those that the file lacks with NULL, so that a column's
    DEFAULT never stands in for a value that nobody sent.
    """

    plan: ColumnPlan
    typed: Sequence[TypedColumn] = ()
    load_id_sql: str = "$1"
    row_number: bool = False

    def columns(self) -> str:
        """Return the quoted column names."""
        names = [column.name for _, column in self.plan.known]
        names += [column.name for column in self.plan.missing]
        names += [LOAD_ID, EXTRA]
        if self.row_number:
            names.append(ROW_NUMBER)
        return ", ".join(sql_name(name) for name in names)

    def values(self) -> str:
        """Return the expressions, in the order of :meth:`columns`."""
        types = {t.position: t.column.type for t in self.typed}
        values = [
            f"CAST(NULLIF(c{i}, '') AS {types[i]})" if i in types else f"c{i}"
            for i, _ in self.plan.known
        ]
        values += ["NULL"] * len(self.plan.missing)
        values += [self.load_id_sql, self._extra()]
        if self.row_number:
            values.append("record_number")
        return ", ".join(values)

    def _extra(self) -> str:
        if not self.plan.extra:
            return "NULL"
        pairs = ", ".join(f"{sql_text(name)}, c{i}" for i, name in self.plan.extra)
        return f"CAST(json_object({pairs}) AS VARCHAR)"


def _is_good(typed: TypedColumn) -> str:
    """Return SQL that is true where a value is NULL, empty, or of the column's literal form."""
    value = f"c{typed.position}"
    form = f"regexp_full_match({value}, {sql_text(typed.form.pattern)})"
    fits = f"TRY_CAST({value} AS {typed.column.type}) IS NOT NULL"
    return f"({value} IS NULL OR {value} = '' OR ({form} AND {fits}))"


def _check_count(validated: Validated, rows: int, rejected: int) -> None:
    """Rows written and records set aside must be the records counted, or nothing commits."""
    counted = validated.inspection.records
    if rows + rejected != counted:
        raise TerminalError(
            ErrorCode.LOAD_READER_DISAGREES,
            f"{counted} records were counted, {rejected} rejected, but the CSV reader gave {rows}",
            hint="keep the file and report it with its mapping; see docs/csv.md for the grammar",
            file=validated.delivery.data.name,
        )
