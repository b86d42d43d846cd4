"""The questions to our own tables, and what is written there: each once, for every warehouse.

The SQL keeps to what the warehouses share. A bound value is written ``:name``, any one of a bound
list ``= ANY(:name)``, and bound rows that are read like a table ``ROWS(:name)``: a :class:`Dialect`
says these three as its warehouse does. No value ever becomes part of a statement.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, ClassVar, TypeVar, cast

from airflow_landing_loader.loading.columns.drift import Owners, owners_by_table
from airflow_landing_loader.loading.ledger.records import altered, row_of
from airflow_landing_loader.loading.ledger.tables import (
    LOAD_COLUMNS,
    LOAD_DBT_RUNS,
    LOAD_DELIVERIES,
    LOAD_METADATA,
    LOAD_QUALITY,
    LOAD_TOTALS,
    OwnTable,
    now,
)
from airflow_landing_loader.loading.model import (
    DbtDue,
    DeliveryOutcome,
    DeliveryRecord,
    Load,
    LoadColumn,
    LoadTotal,
)
from airflow_landing_loader.loading.planning.identity import Asked, Content, PriorLoad, Remembered
from airflow_landing_loader.loading.reading.quality import QualityLine

_Record = TypeVar("_Record")
_BOUND = re.compile(r"(= ANY|ROWS)\(:(\w+)\)|:(\w+)")

_PRIOR = tuple(f.name for f in fields(PriorLoad) if f.name not in ("lost", "forgotten"))
PRIOR_COLUMNS = ", ".join(f"m.{n}" for n in _PRIOR).replace(
    "m.removed", "m.removed_sequence IS NOT NULL"
)
"""What of ``load_metadata`` makes a :class:`PriorLoad`; the rest is found out later."""
IS_PRIOR = "m.filename = ANY(:filenames) OR m.sha256 = ANY(:sha256s) OR m.identity_key = ANY(:keys)"

# An earlier release did not write down whose a column is: the name that came first.
FIRST_OWNERS = """
UPDATE load_columns t SET owner = t.sender_name FROM (
  SELECT c.column_name, MIN_BY(c.load_id, m.sequence) AS load_id
  FROM load_columns c JOIN load_metadata m ON c.load_id = m.load_id
  WHERE c.destination = 'column' GROUP BY m.table_name, c.column_name
) f WHERE t.load_id = f.load_id AND t.column_name = f.column_name
"""

# All of a batch have one time: what comes next is told by time and id, as a page's end names it.
NEWEST_DELIVERIES = "recorded_at DESC, delivery_id DESC"

# After all that is known, also where load_metadata was dropped: what dbt has seen is old.
NEXT_SEQUENCE = """
SELECT COALESCE(MAX(s.sequence), 0) + 1 AS next FROM (
  SELECT GREATEST(sequence, COALESCE(removed_sequence, 0)) AS sequence FROM load_metadata
  UNION ALL SELECT sequence FROM load_dbt_runs
) s
"""


@dataclass(frozen=True)
class Rows:
    """Rows of texts that a statement reads like a table."""

    columns: tuple[str, ...]
    rows: Sequence[Sequence[str | None]]


Value = str | int | datetime | Sequence[str] | Rows | None
Values = Mapping[str, Value]


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """How a warehouse says what is bound; ``{}`` stands for its name.

    :param value: one value.
    :param any_of: that a column is one of a list.
    :param rows: rows with these columns, to be read like a table.
    :param type_of: the warehouse's word for a type of our tables.
    :param json_object: a JSON object as text, of names and what their values are made by.
    """

    value: str
    any_of: str
    rows: Callable[[str, tuple[str, ...]], str]
    type_of: Callable[[str], str]
    json_object: Callable[[Mapping[str, str]], str]

    def said(self, sql: str, values: Values) -> str:
        """A statement of this module in the warehouse's words."""

        def word(found: re.Match[str]) -> str:
            kind, listed, alone = found.groups()
            bound = values[listed or alone]
            if isinstance(bound, Rows):
                return self.rows(listed, bound.columns)
            return self.any_of.format(listed) if kind else self.value.format(alone)

        return _BOUND.sub(word, sql)


class Books(ABC):
    """Our own tables in one warehouse."""

    dialect: ClassVar[Dialect]

    @abstractmethod
    def _run(self, sql: str, values: Values) -> list[tuple[Any, ...]]:
        """Run a statement in the warehouse's words; its rows: times in UTC without zone, tuples."""

    @abstractmethod
    def _stream(self, sql: str, values: Values) -> Iterator[tuple[Any, ...]]:
        """The same for a question with more rows than memory should hold."""

    @abstractmethod
    def insert(self, table: OwnTable, rows: Sequence[Sequence[Any]]) -> None:
        """Insert rows, in the table's column order, by one statement of bound values."""

    def ask(self, sql: str, **values: Value) -> list[tuple[Any, ...]]:
        """Run a statement of this module's words."""
        return self._run(self.dialect.said(sql, values), values)

    def stream(self, sql: str, **values: Value) -> Iterator[tuple[Any, ...]]:
        """Run a question of this module's words, whose rows may be many."""
        return self._stream(self.dialect.said(sql, values), values)

    def prior_loads(self, contents: Sequence[Content]) -> list[PriorLoad]:
        """Return the earlier loads of these file names, of these keys or of this content."""
        rows = self.ask(
            f"SELECT {PRIOR_COLUMNS} FROM load_metadata m WHERE {IS_PRIOR}",
            **of_contents(contents),
        )
        return [prior_load(row) for row in rows]

    def sequences(self, tables: Sequence[str]) -> dict[tuple[str, str], int]:
        """Return the last number of each sequence whose rows are there, by table and its key."""
        rows = self.ask(
            "SELECT m.table_name, m.sequence_key, MAX(m.sequence_number) FROM load_metadata m "
            "WHERE m.removed_sequence IS NULL AND m.sequence_number IS NOT NULL "
            "AND m.table_name = ANY(:tables) GROUP BY m.table_name, m.sequence_key",
            tables=tables,
        )
        return {(table, key): number for table, key, number in rows}

    def with_rows(self, tables: Sequence[str]) -> frozenset[str]:
        """Return those of the tables that have rows of loads, as far as is known."""
        rows = self.ask(
            "SELECT DISTINCT m.table_name FROM load_metadata m WHERE m.removed_sequence IS NULL "
            "AND m.row_count > 0 AND m.table_name = ANY(:tables)",
            tables=list(tables),
        )
        return frozenset(table for (table,) in rows)

    def remembered(self, asked: Sequence[Asked]) -> list[Remembered]:
        """See :func:`~airflow_landing_loader.loading.planning.identity.as_they_are`."""
        # Nowhere NOT IN: one row of load_metadata without a value, and it would find none.
        rows = self.ask(
            """
            WITH found AS (
              SELECT a.table_name, a.filename, a.sha256, d.load_id, TRUE AS booked
              FROM ROWS(:asked) a JOIN load_deliveries d ON a.table_name = d.table_name
                AND a.filename = d.filename AND a.sha256 = d.sha256
              WHERE d.outcome = 'loaded'
              UNION DISTINCT
              SELECT a.table_name, a.filename, a.sha256, a.load_id, TRUE FROM ROWS(:asked) a
              WHERE a.load_id IN (SELECT c.load_id FROM load_columns c WHERE c.load_id = ANY(:ids))
              UNION DISTINCT
              SELECT a.table_name, a.filename, a.sha256, a.load_id, FALSE FROM ROWS(:asked) a
              WHERE NOT EXISTS (
                SELECT 1 FROM load_metadata m WHERE m.table_name = a.table_name)
            )
            SELECT f.table_name, f.filename, f.sha256, f.load_id, f.booked, COUNT(later.load_id) > 0
            FROM found f LEFT JOIN load_deliveries own
              ON own.load_id = f.load_id AND own.outcome = 'loaded'
            LEFT JOIN load_deliveries later ON later.table_name = f.table_name
              AND later.filename = f.filename AND later.sha256 != f.sha256
              AND later.outcome = 'loaded' AND later.recorded_at > own.recorded_at
            WHERE NOT EXISTS (SELECT 1 FROM load_metadata m WHERE m.load_id = f.load_id)
            GROUP BY f.table_name, f.filename, f.sha256, f.load_id, f.booked
            """,
            asked=Rows(("table_name", "filename", "sha256", "load_id"), asked),
            # Constants, so that a warehouse reads only the blocks where they may be.
            ids=sorted({content.load_id for content in asked}),
        )
        return [Remembered(*row) for row in rows]

    def loads_by_id(self, load_ids: Sequence[str]) -> dict[str, Load]:
        """Return rows of ``load_metadata`` by load id."""
        if not load_ids:
            return {}
        found = self._loads("WHERE load_id = ANY(:ids)", ids=load_ids)
        return {load.load_id: load for load in found}

    def recent_loads(self, limit: int) -> tuple[Load, ...]:
        """Return the newest loads, newest first."""
        return self._loads("ORDER BY sequence DESC LIMIT :most", most=limit)

    def find_loads(self, name: str, beginning: str | None, limit: int) -> tuple[Load, ...]:
        """Return the loads of a file's name or of the beginning of an id, newest first."""
        return self._loads(
            "WHERE filename = :name OR ENDS_WITH(archive_uri, CONCAT('/', :name)) "
            "OR STARTS_WITH(load_id, :beginning) ORDER BY sequence DESC LIMIT :most",
            name=name,
            beginning=beginning,
            most=limit,
        )

    def recent_deliveries(self, limit: int) -> tuple[DeliveryRecord, ...]:
        """Return the newest delivery records, newest first."""
        clause = f"ORDER BY {NEWEST_DELIVERIES} LIMIT :most"
        return self.records(DeliveryRecord, LOAD_DELIVERIES, clause, most=limit)

    def outcome_of(self, load_id: str) -> DeliveryOutcome:
        """Return what became of a load's own delivery."""
        rows = self.ask(
            "SELECT outcome FROM load_deliveries "
            "WHERE load_id = :id AND outcome IN ('loaded', 'superseded', 'unloaded') "
            "ORDER BY recorded_at DESC LIMIT 1",
            id=load_id,
        )
        outcome: DeliveryOutcome = rows[0][0] if rows else "loaded"
        return outcome

    def columns_of_load(self, load_id: str) -> tuple[LoadColumn, ...]:
        """Return the columns of a load's file, in file order."""
        rows = self.ask(
            "SELECT column_name, destination FROM load_columns WHERE load_id = :id "
            "ORDER BY position",
            id=load_id,
        )
        return tuple(
            row_of(LoadColumn, LOAD_COLUMNS, {"name": name, "extra": place == "extra"})
            for name, place in rows
        )

    def totals_of_load(self, load_id: str) -> tuple[LoadTotal, ...]:
        """Return the totals of a load's columns, in no order that means something.

        :raises TransientError: ``WAREHOUSE_BOOKS_ALTERED``.
        """
        return self.records(
            LoadTotal,
            LOAD_TOTALS,
            "WHERE load_id = :id ORDER BY column_name, kind, promised_by, width",
            id=load_id,
        )

    def quality_of_load(self, load_id: str) -> tuple[QualityLine, ...]:
        """Return what was counted of a load's records, in no order."""
        rows = self.ask(
            "SELECT rule, column_name, failed_count FROM load_quality WHERE load_id = :id",
            id=load_id,
        )
        return tuple(
            row_of(QualityLine, LOAD_QUALITY, {"rule": rule, "column": column, "failed": failed})
            for rule, column, failed in rows
        )

    def rejects_of(self, load_id: str) -> Iterator[tuple[int, str]]:
        """Return number and text of a load's rejects, in the order of their records."""
        rows = self.stream(
            "SELECT record, text FROM load_rejects WHERE load_id = :id ORDER BY record", id=load_id
        )
        return cast("Iterator[tuple[int, str]]", rows)

    def owners_of(self, tables: Collection[str]) -> dict[str, Owners]:
        """Return whose columns are, by table, of those tables that have such columns.

        :raises TransientError: ``WAREHOUSE_BOOKS_ALTERED``.
        """
        rows = self.ask(
            "SELECT m.table_name, c.column_name, MAX_BY(c.owner, m.sequence) "
            "FROM load_columns c JOIN load_metadata m ON c.load_id = m.load_id "
            "WHERE c.owner IS NOT NULL AND m.table_name = ANY(:tables) "
            "GROUP BY m.table_name, c.column_name",
            tables=sorted(tables),
        )
        if any(column is None for _, column, _ in rows):
            raise altered(LOAD_COLUMNS, ["column_name"])
        return owners_by_table(rows)

    def sharing(self, load: Load) -> tuple[int, ...]:
        """Return the sequences of other loads in their tables that have the same archived file."""
        rows = self.ask(
            "SELECT sequence FROM load_metadata "
            "WHERE archive_uri = :uri AND load_id != :id AND removed_sequence IS NULL",
            uri=load.archive_uri,
            id=load.load_id,
        )
        return tuple(sequence for (sequence,) in rows)

    def set_mates(self, load: Load) -> tuple[Load, ...]:
        """Return the loads of other files that came with the same go file, in order.

        The next set may have one of the same name and content; but a set is one commit.
        """
        if load.go_filename is None or load.go_sha256 is None:
            return ()
        return self._loads(
            "WHERE go_filename = :go AND go_sha256 = :sha256 AND completed_at = :at "
            "AND load_id != :id ORDER BY sequence",
            go=load.go_filename,
            sha256=load.go_sha256,
            at=load.completed_at,
            id=load.load_id,
        )

    def dbt_due(self, tables: Sequence[str] | None = None) -> tuple[DbtDue, ...]:
        """Return the tables whose newest load or unload no successful dbt run has covered, sorted.

        :param tables: only these; all tables that were ever loaded if ``None``.
        """
        rows = self.ask(
            """
            WITH newest AS (
              SELECT table_name, MAX(GREATEST(sequence, COALESCE(removed_sequence, 0))) AS sequence
              FROM load_metadata GROUP BY table_name
            ), runs AS (
              SELECT table_name,
                     MAX(CASE WHEN succeeded THEN sequence END) AS covered,
                     MAX(CASE WHEN NOT succeeded THEN recorded_at END) AS failed_at,
                     MAX(CASE WHEN succeeded THEN recorded_at END) AS succeeded_at
              FROM load_dbt_runs GROUP BY table_name
            )
            SELECT newest.table_name, newest.sequence,
                   CASE WHEN failed_at > succeeded_at OR succeeded_at IS NULL THEN failed_at END
            FROM newest LEFT JOIN runs ON newest.table_name = runs.table_name
            WHERE newest.sequence > COALESCE(runs.covered, 0)
            ORDER BY newest.table_name
            """
        )
        return tuple(
            DbtDue(table=table, sequence=sequence, last_attempt=attempt)
            for table, sequence, attempt in rows
            if tables is None or table in tables
        )

    def put_dbt_runs(self, due: Sequence[DbtDue], *, succeeded: bool) -> None:
        """Remember one dbt run for each of these tables."""
        at = now()
        self.insert(LOAD_DBT_RUNS, [(d.table, d.sequence, succeeded, at) for d in due])

    def set_archived(self, moved: Sequence[tuple[str, str]]) -> None:
        """Write where files lie, by load id, where that is not what was foreseen."""
        bound = Rows(("id", "uri"), moved)
        self.ask(
            "UPDATE load_metadata t SET archive_uri = m.uri "
            "FROM (SELECT x.id, x.uri FROM ROWS(:moved) x) m WHERE t.load_id = m.id",
            moved=bound,
        )
        self.ask(
            "UPDATE load_deliveries t SET final_uri = NULLIF(m.uri, '') "
            "FROM (SELECT x.id, x.uri FROM ROWS(:moved) x) m "
            "WHERE t.load_id = m.id AND t.outcome IN ('loaded', 'unloaded')",
            moved=bound,
        )

    def _loads(self, clause: str, **values: Value) -> tuple[Load, ...]:
        return self.records(Load, LOAD_METADATA, clause, **values)

    def records(
        self, kind: type[_Record], table: OwnTable, clause: str, **values: Value
    ) -> tuple[_Record, ...]:
        """The rows of one of our tables as what they are."""
        names = table.column_names
        rows = self.ask(f"SELECT {', '.join(names)} FROM {table.name} {clause}", **values)
        return tuple(row_of(kind, table, dict(zip(names, row, strict=True))) for row in rows)


def of_contents(contents: Sequence[Content]) -> dict[str, Value]:
    """What :data:`IS_PRIOR` has bound."""
    return {
        "filenames": [content.filename for content in contents],
        "sha256s": [content.sha256 for content in contents],
        "keys": sorted({c.identity_key for c in contents if c.identity_key is not None}),
    }


def prior_load(row: Sequence[Any]) -> PriorLoad:
    """The earlier load that a row of :data:`PRIOR_COLUMNS` is."""
    return row_of(PriorLoad, LOAD_METADATA, dict(zip(_PRIOR, row, strict=True)))
