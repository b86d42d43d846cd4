"""A delivery's records as the one reader gives them: what is set aside, and the SQL of the rest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_landing_loader.exceptions import TerminalError
from airflow_landing_loader.landing.formats.csv.first_file import require_plain
from airflow_landing_loader.landing.model import RaggedRecord, Validated
from airflow_landing_loader.loading.columns.added import added_cells
from airflow_landing_loader.loading.columns.drift import ColumnPlan
from airflow_landing_loader.loading.columns.names import (
    EXTRA,
    LOAD_ID,
    ROW_NUMBER,
    FileColumn,
)
from airflow_landing_loader.loading.columns.typed import TypedColumn
from airflow_landing_loader.loading.reading.csv import RecordsSource
from airflow_landing_loader.loading.reading.disagreement import reader_disagrees
from airflow_landing_loader.loading.reading.filesystem import RecordsFileSystem
from airflow_landing_loader.loading.reading.gathered import GatheredText, gather
from airflow_landing_loader.loading.reading.plain_csv import records_source
from airflow_landing_loader.loading.reading.quality import LoadQuality
from airflow_landing_loader.loading.reading.quality_counts import (
    Measured,
    QualityRules,
    Rows,
    count_quality,
)
from airflow_landing_loader.loading.reading.rejects import (
    BadValue,
    Reject,
    find_rejects,
    headers_of,
    ragged_of,
)
from airflow_landing_loader.loading.sql import sql_name, sql_text
from airflow_landing_loader.storage.content import FileContent, changed
from airflow_landing_loader.storage.zone import Zone

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Connection


GATHERED = "landing_batch"


@dataclass(frozen=True, kw_only=True)
class Written:
    """Rows of one delivery, written but not yet committed.

    :param columns: the file's, in file order.
    :param quality: ``None`` where the mapping has no rules.
    """

    rows: int
    columns: tuple[FileColumn, ...]
    plan: ColumnPlan
    rejects: tuple[Reject, ...] = ()
    quality: LoadQuality | None = None

    @classmethod
    def of_nothing(cls, validated: Validated, plan: ColumnPlan) -> Written:
        """Return what was written of a delivery without columns, and so without records."""
        rules = validated.delivery.mapping.quality
        quality = None if rules is None else LoadQuality.of_nothing()
        return cls(rows=0, columns=(), plan=plan, quality=quality)

    @classmethod
    def of(
        cls,
        validated: Validated,
        columns: tuple[FileColumn, ...],
        plan: ColumnPlan,
        rejects: tuple[Reject, ...],
        quality: LoadQuality | None = None,
    ) -> Written:
        """Return what was written of a delivery whose rows were counted as they were gathered."""
        rows = validated.inspection.records - len(rejects)
        return cls(rows=rows, columns=columns, plan=plan, rejects=rejects, quality=quality)


@dataclass(frozen=True)
class _Records:
    """One delivery's records as the engine reads them."""

    validated: Validated
    file: FileContent
    ragged: tuple[RaggedRecord, ...]
    read: str


_NO_RECORDS = "(SELECT NULL AS record_number WHERE false)"


class RecordReader:
    """Reads deliveries through a DuckDB connection.

    :param con: the connection; for a warehouse that is not DuckDB, one in memory.
    :param landing: the zone where the deliveries lie.
    :param spills: whether the engine may use the disk, where it needs more memory than it has.
    """

    def __init__(self, con: Connection, landing: Zone, *, spills: bool = True) -> None:
        self._con = con
        self._spills = spills
        self._landing = landing
        self._views = RecordsFileSystem()
        con.register_filesystem(self._views)

    @property
    def failure(self) -> Exception | None:
        """What went wrong when the engine read a delivery, which it does not hand on itself."""
        failure = self._views.failure
        if isinstance(failure, TerminalError):
            # It was in order when it was inspected.
            return changed(failure.detail.file or "")
        return failure

    def clear(self) -> None:
        """Forget the deliveries read so far."""
        self._views.clear()

    def gather(self, batch: Sequence[tuple[Validated, str]]) -> tuple[tuple[Reject, ...], ...]:
        """Read small deliveries with equal read options into the temporary table ``GATHERED``.

        Its columns are ``batch_load_id``, ``number``, then ``c0``, ``c1``, ...; there each
        delivery's rows can be counted, which a statement that writes them cannot do.

        :param batch: deliveries and their load ids; their numbers count from 1.
        :returns: the rejects of each.
        :raises TerminalError: the reader does not find the records that were counted, or too many
            records are rejected.
        """
        opened = [self._without_ragged(validated) for validated, _ in batch]
        rejects = tuple(
            find_rejects(source.file, source.validated, ragged, ()) for source, ragged in opened
        )
        text = gather([source for source, _ in opened])
        options = max((source.options() for source, _ in opened), key=lambda o: o.line_limit)
        options = options.with_line_of(text.mark_size)
        # The marks say whose records follow, so these have to come in the file's order.
        self._con.execute("SET preserve_insertion_order = true")
        self._con.execute(
            f"CREATE OR REPLACE TEMP TABLE {GATHERED} AS "
            "SELECT ($1::VARCHAR[])[number] AS batch_load_id, * FROM (SELECT "
            "count(*) FILTER (WHERE starts_with(c0, $2)) OVER (ROWS UNBOUNDED PRECEDING) AS number,"
            f" * FROM {options.read_csv(self._views.add(text))})",
            [[load_id for _, load_id in batch], text.prefix],
        )
        rejected = [len(each) for each in rejects]
        self._check_marks([validated for validated, _ in batch], rejected, text)
        return rejects

    def _check_marks(
        self, batch: Sequence[Validated], rejected: Sequence[int], text: GatheredText
    ) -> None:
        """Hold the gathered rows against the marks and the counts; then the marks go."""
        rows = self._con.execute(
            "SELECT number, count(*), any_value(c0) FILTER (WHERE starts_with(c0, $1)) "
            f"FROM {GATHERED} GROUP BY number",
            [text.prefix],
        ).fetchall()
        found = {number: (count - 1, mark) for number, count, mark in rows}
        expected = zip(batch, rejected, text.marks, strict=True)
        for number, (validated, aside, mark) in enumerate(expected, start=1):
            count, found_mark = found.pop(number, (0, None))
            if found_mark != mark or (number == len(batch) and found):
                raise _disagreement(validated, count, aside)
            check_count(validated, count, aside)
        self._con.execute(f"DELETE FROM {GATHERED} WHERE starts_with(c0, $1)", [text.prefix])

    def set_aside(
        self, validated: Validated, typed: Sequence[TypedColumn]
    ) -> tuple[str, tuple[Reject, ...]]:
        """Find what cannot be loaded; return the SQL to select the others from, and the rejects.

        :raises TerminalError: a value has not its column's form, or too many records are rejected.
        """
        if not validated.inspection.columns:
            return _NO_RECORDS, ()
        records = self._open(validated)
        row_number = validated.delivery.mapping.csv.row_number
        # Ordinals mean something only while rows keep the file's order, which costs speed.
        in_order = bool(typed) or row_number
        self._con.execute(f"SET preserve_insertion_order = {str(in_order).lower()}")
        bad = self._bad_values(records.read, typed)
        rejects = find_rejects(records.file, validated, records.ragged, bad)
        rows = self._numbered(records) if row_number else records.read
        good = " AND ".join(t.is_good() for t in typed)
        return f"{rows}{f' WHERE {good}' if good else ''}", rejects

    def quality(
        self,
        items: Sequence[tuple[Validated, str, int]],
        columns: Sequence[FileColumn],
        plan: ColumnPlan,
        rows_from: Callable[[QualityRules], tuple[str, Sequence[object]]],
    ) -> tuple[LoadQuality | None, ...]:
        """Count by the mappings' rules, which are the same for all; ``None`` without any.

        :param items: deliveries with one header, their load ids, and how many records of each were
            set aside.
        :param rows_from: SQL of their rows with ``load`` and what the rules are about as ``c0``,
            ``c1``, ..., and what is bound in it.
        :raises TerminalError: ``QUALITY_TOO_LOW``, for the first that is too bad.
        """
        quality = items[0][0].delivery.mapping.quality
        if quality is None:
            return (None,) * len(items)
        rules = QualityRules(quality, columns, plan)
        sql, values = rows_from(rules)
        loads = [
            Measured(load=load_id, records=validated.inspection.records, rejected=rejected)
            for validated, load_id, rejected in items
        ]
        found = count_quality(
            self._con, rules, Rows(sql=sql, values=values, spills=self._spills), loads
        )
        for (validated, _, _), counted in zip(items, found, strict=True):
            counted.require(quality.fail_below, file=validated.delivery.data.name)
        return tuple(found)

    def require_plain_table(self, validated: Validated) -> None:
        """Refuse a delivery of which no table should be made.

        :raises TerminalError: ``CSV_DOUBTFUL_FIRST_FILE``.
        """
        require_plain(self._file(validated), validated)

    def _open(self, validated: Validated) -> _Records:
        source, ragged = self._without_ragged(validated)
        path = self._views.add(source)
        read = with_added(validated, source.options().read_csv(path))
        return _Records(validated, source.file, ragged, read)

    def _without_ragged(
        self, validated: Validated
    ) -> tuple[RecordsSource, tuple[RaggedRecord, ...]]:
        """Return the records with the right number of fields, and the others."""
        file = self._file(validated)
        ragged = tuple(ragged_of(file, validated))
        skipped = sorted([*((r.start, r.end) for r in ragged), *headers_of(file, validated)])
        return records_source(validated, file, tuple(skipped)), ragged

    def _file(self, validated: Validated) -> FileContent:
        return self._landing.source(validated.delivery.data)

    def _bad_values(self, read: str, typed: Sequence[TypedColumn]) -> list[BadValue]:
        """Return the records whose values have not their columns' forms, in order."""
        if not typed:
            return []
        bad = " ".join(f"WHEN NOT {t.is_good()} THEN {i}" for i, t in enumerate(typed))
        value = " ".join(f"WHEN {i} THEN c{t.position}" for i, t in enumerate(typed))
        rows = self._con.execute(
            f"SELECT ordinal, bad, CASE bad {value} END FROM ("
            f"SELECT row_number() OVER () AS ordinal, CASE {bad} END AS bad, * FROM {read}"
            ") WHERE bad IS NOT NULL ORDER BY ordinal"
        ).fetchall()
        return [BadValue(ordinal, typed[index], text) for ordinal, index, text in rows]

    def _numbered(self, records: _Records) -> str:
        """Return SQL that gives each read record its number in the file, as ``record_number``.

        The read records lack those that were set aside: record r_j (the j-th of them, from 0) moves
        all read records from ordinal r_j - j on by one.
        """
        self._con.execute(
            "CREATE OR REPLACE TEMP TABLE landing_gaps AS "
            "SELECT from_ordinal, max(gap) AS gap FROM "
            "(SELECT unnest(?::BIGINT[]) AS from_ordinal, unnest(?::BIGINT[]) AS gap) GROUP BY ALL",
            [
                [r.record - j for j, r in enumerate(records.ragged)],
                [j + 1 for j, _ in enumerate(records.ragged)],
            ],
        )
        return (
            "(SELECT r.*, r.ordinal + coalesce(g.gap, 0) AS record_number FROM "
            f"(SELECT row_number() OVER () AS ordinal, * FROM {records.read}) r "
            "ASOF LEFT JOIN landing_gaps g ON r.ordinal >= g.from_ordinal)"
        )


@dataclass(frozen=True)
class Target:
    """The columns that are written and the expressions that fill them.

    Every column of the table is named, those that the file lacks with NULL, so that a column's
    DEFAULT never stands in for a value that nobody sent.

    :param as_text: give typed values as text, in the one way the reader writes each type.
    """

    plan: ColumnPlan
    typed: Sequence[TypedColumn] = ()
    load_id_sql: str = "$1"
    row_number: bool = False
    as_text: bool = False

    @property
    def column_names(self) -> tuple[str, ...]:
        """The columns' names."""
        names = [column.name for _, column in self.plan.known]
        names += [column.name for column in self.plan.missing]
        names += [LOAD_ID, EXTRA]
        if self.row_number:
            names.append(ROW_NUMBER)
        return tuple(names)

    def columns(self) -> str:
        """Return the quoted column names."""
        return ", ".join(sql_name(name) for name in self.column_names)

    def expressions(self) -> tuple[str, ...]:
        """Return the expressions, in the order of ``column_names``."""
        types = {t.position: t.type for t in self.typed}
        values = [
            self._typed_value(i, types[i]) if i in types else f"c{i}" for i, _ in self.plan.known
        ]
        values += ["CAST(NULL AS VARCHAR)" if self.as_text else "NULL"] * len(self.plan.missing)
        values += [self.load_id_sql, self._extra()]
        if self.row_number:
            values.append("record_number")
        return tuple(values)

    def values(self) -> str:
        """Return the expressions as SQL."""
        return ", ".join(self.expressions())

    def _typed_value(self, position: int, type_: str) -> str:
        value = f"CAST(NULLIF(c{position}, '') AS {type_})"
        return f"CAST({value} AS VARCHAR)" if self.as_text else value

    def _extra(self) -> str:
        if not self.plan.extra:
            return "CAST(NULL AS VARCHAR)"
        pairs = ", ".join(f"{sql_text(name)}, c{i}" for i, name in self.plan.extra)
        return f"CAST(json_object({pairs}) AS VARCHAR)"


def with_added(validated: Validated, rows_from: str) -> str:
    """SQL of rows with the columns that the delivery's mapping adds, behind those of the file."""
    cells = added_cells(validated.delivery)
    if not cells:
        return rows_from
    first = len(validated.inspection.columns)
    added = ", ".join(
        f"CAST({'NULL' if cell is None else sql_text(cell)} AS VARCHAR) AS c{index}"
        for index, cell in enumerate(cells, start=first)
    )
    return f"(SELECT *, {added} FROM {rows_from})"


def check_count(validated: Validated, rows: int, rejected: int) -> None:
    """Rows written and records set aside must be the records counted, or nothing commits.

    :raises TerminalError: ``LOAD_READER_DISAGREES``.
    """
    if rows + rejected != validated.inspection.records:
        raise _disagreement(validated, rows, rejected)


def _disagreement(validated: Validated, rows: int, rejected: int) -> TerminalError:
    counted = validated.inspection.records
    return reader_disagrees(
        f"{counted} records were counted, {rejected} rejected, but the CSV reader gave {rows}",
        file=validated.delivery.data.name,
    )
