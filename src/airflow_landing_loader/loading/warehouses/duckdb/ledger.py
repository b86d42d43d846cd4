"""Our own tables in DuckDB: making and writing them; what all warehouses ask alike stands in
:mod:`~airflow_landing_loader.loading.ledger.queries`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from duckdb import CatalogException

from airflow_landing_loader.loading.ledger.queries import (
    FIRST_OWNERS,
    NEXT_SEQUENCE,
    Books,
    Dialect,
    Rows,
    Value,
    Values,
)
from airflow_landing_loader.loading.ledger.records import no_table
from airflow_landing_loader.loading.ledger.tables import (
    LOAD_COLUMNS,
    LOAD_DELIVERIES,
    LOAD_METADATA,
    OWN_TABLES,
    OwnTable,
    now,
)
from airflow_landing_loader.loading.ledger.views import VIEWS, create_views
from airflow_landing_loader.loading.model import DeliveryRecord, Load
from airflow_landing_loader.loading.sql import sql_name
from airflow_landing_loader.loading.warehouses.duckdb.raw_table import stream

if TYPE_CHECKING:  # what makes the rows reads files, which a task that asks the books does not
    from duckdb import DuckDBPyConnection as Connection

    from airflow_landing_loader.loading.ledger.rows import ColumnRows


def _rows(name: str, columns: Sequence[str]) -> str:
    """Rows that are bound as one list for each column, which is several times as fast as bound as
    structs."""
    lists = ", ".join(f"unnest(${name}_{c}::VARCHAR[]) AS {c}" for c in columns)
    return f"(SELECT {lists})"


def _json_object(fields: Mapping[str, str]) -> str:
    pairs = ", ".join(f"'{name}', {value}" for name, value in fields.items())
    return f"CAST(json_object({pairs}) AS VARCHAR)"


def _bound(values: Values) -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, Rows):
            for index, column in enumerate(value.columns):
                yield f"{name}_{column}", [row[index] for row in value.rows]
        else:
            yield name, _plain(value)


def _plain(value: Value) -> Any:
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else value


class Ledger(Books):
    """Our tables in the default schema of the database that a connection has open."""

    dialect = Dialect(
        value="${}", any_of="= ANY(${})", rows=_rows, type_of=str, json_object=_json_object
    )

    def __init__(self, con: Connection) -> None:
        self._con = con

    def ensure_tables(self) -> None:
        """Make those of our tables and views that are not there, and add columns of later releases.

        :raises TransientError: ``WAREHOUSE_BOOKS_ALTERED``: one is a view.
        """
        rows = self._con.execute(
            "SELECT view_name FROM duckdb_views() WHERE schema_name = current_schema() "
            "AND database_name = current_database() AND view_name = ANY(?)",
            [[*(t.name for t in OWN_TABLES), *VIEWS]],
        ).fetchall()
        views = {name for (name,) in rows}
        for table in OWN_TABLES:
            if table.name in views:
                raise no_table(table)
        found = self._found()
        for table in OWN_TABLES:
            have = found[table]
            if not have:
                columns = ", ".join(f"{name} {type_}" for name, type_ in table.columns)
                self._con.execute(f"CREATE TABLE {table.name} ({columns})")
                continue
            for name, type_ in table.columns:
                if name not in have:
                    self._con.execute(f"ALTER TABLE {table.name} ADD COLUMN {name} {type_}")
            if "owner" not in have and table is LOAD_COLUMNS:
                self._con.execute(FIRST_OWNERS)
        for name, statement in create_views(self.dialect, str).items():
            if name not in views:
                with suppress(CatalogException):  # somebody has a table of this name
                    self._con.execute(statement)

    def has_tables(self) -> bool:
        """Whether our tables are there; a database that nobody loaded into has none.

        What somebody has dropped of them, or a later release has added, is read as if it were
        there without values, as the next writer makes it; that needs no right to write.
        """
        found = self._found()
        if not any(found.values()):
            return False
        for table, have in found.items():
            lacking = [f"CAST(NULL AS {t}) AS {n}" for n, t in table.columns if n not in have]
            if not lacking:
                continue
            there = "*, " if have else ""
            source = f"FROM {self._place()}.{table.name}" if have else "WHERE false"
            self._con.execute(
                f"CREATE OR REPLACE TEMP VIEW {table.name} AS "
                f"SELECT {there}{', '.join(lacking)} {source}"
            )
        return True

    def _found(self) -> dict[OwnTable, set[str]]:
        """The columns of our tables as they are in the database."""
        rows = self._con.execute(
            "SELECT table_name, column_name FROM duckdb_columns() "
            "WHERE schema_name = current_schema() AND database_name = current_database() "
            "AND table_name = ANY(?)",
            [[t.name for t in OWN_TABLES]],
        ).fetchall()
        return {t: {column for name, column in rows if name == t.name} for t in OWN_TABLES}

    def _place(self) -> str:
        row = self._con.execute("SELECT current_database(), current_schema()").fetchone()
        assert row is not None
        return ".".join(map(sql_name, row))

    def insert(self, table: OwnTable, rows: Sequence[Sequence[Any]]) -> None:
        """Insert rows, in the table's column order, by one statement of bound values."""
        if not rows:
            return
        lists = [list(column) for column in zip(*rows, strict=True)]
        values = ", ".join(f"unnest(?::{type_}[])" for _, type_ in table.columns)
        self._con.execute(f"INSERT INTO {table.name} SELECT {values}", lists)

    def insert_columns(self, columns: Sequence[ColumnRows]) -> None:
        """Insert rows of ``load_columns``; those that loads have alike are bound once."""
        of_loads = [(id_, at) for at, alike in enumerate(columns) for id_ in alike.load_ids]
        rows = [(at, *row) for at, alike in enumerate(columns) for row in alike.rows]
        if not rows:
            return
        _, *rest = LOAD_COLUMNS.columns
        values = ", ".join(f"unnest(?::{type_}[]) AS {name}" for name, type_ in rest)
        self._con.execute(
            f"INSERT INTO {LOAD_COLUMNS.name} "
            f"SELECT l.load_id, {', '.join(f'c.{name}' for name, _ in rest)} "
            "FROM (SELECT unnest(?::VARCHAR[]) AS load_id, unnest(?::BIGINT[]) AS alike) l "
            f"JOIN (SELECT unnest(?::BIGINT[]) AS alike, {values}) c USING (alike)",
            [list(column) for column in (*zip(*of_loads, strict=True), *zip(*rows, strict=True))],
        )

    def insert_loads(self, loads: Sequence[Load]) -> None:
        """Insert rows of ``load_metadata``."""
        self.insert(LOAD_METADATA, LOAD_METADATA.rows(loads))

    def put_deliveries(self, records: Sequence[DeliveryRecord]) -> None:
        """Insert rows of ``load_deliveries``, in place of earlier ones of the same deliveries."""
        ids = [record.delivery_id for record in records]
        failed = dict(
            self.ask(
                "SELECT delivery_id, failed_at FROM load_deliveries "
                "WHERE delivery_id = ANY(:ids) AND failed_at IS NOT NULL",
                ids=ids,
            )
        )
        self.ask("DELETE FROM load_deliveries WHERE delivery_id = ANY(:ids)", ids=ids)
        kept = [
            replace(r, failed_at=failed[r.delivery_id]) if r.delivery_id in failed else r
            for r in records
        ]
        self.insert(LOAD_DELIVERIES, LOAD_DELIVERIES.rows(kept))

    def next_sequence(self) -> int:
        """Return the number for the next load; the caller holds the database alone."""
        return int(self.ask(NEXT_SEQUENCE)[0][0])

    def mark_superseded(self, replaced: Sequence[tuple[str, int]]) -> None:
        """Say of loads and their deliveries that a later delivery replaced their rows.

        :param replaced: (load id, sequence of the load that replaces it).
        """
        if not replaced:
            return
        self._mark_removed(replaced)
        self.ask(
            "UPDATE load_deliveries SET outcome = 'superseded' "
            "WHERE load_id = ANY(:ids) AND outcome = 'loaded'",
            ids=[load_id for load_id, _ in replaced],
        )

    def mark_unloaded(self, load_id: str) -> None:
        """Say of a load and its delivery that its rows were taken back."""
        self._mark_removed([(load_id, self.next_sequence())])
        self.ask(
            "UPDATE load_deliveries SET outcome = 'unloaded', recorded_at = :at "
            "WHERE load_id = :id AND outcome = 'loaded'",
            at=now(),
            id=load_id,
        )

    def _mark_removed(self, removed: Sequence[tuple[str, int]]) -> None:
        """Write at which sequence loads went out of their tables, of those that are still there."""
        self._con.execute(
            "UPDATE load_metadata t SET removed_sequence = r.sequence "
            "FROM (SELECT unnest($1) AS id, unnest($2) AS sequence) r "
            "WHERE t.load_id = r.id AND t.removed_sequence IS NULL",
            [list(values) for values in zip(*removed, strict=True)],
        )

    def _run(self, sql: str, values: Values) -> list[tuple[Any, ...]]:
        rows = self._con.execute(sql, dict(_bound(values))).fetchall()
        return [tuple(tuple(v) if isinstance(v, list) else v for v in row) for row in rows]

    def _stream(self, sql: str, values: Values) -> Iterator[tuple[Any, ...]]:
        return stream(self._con, sql, dict(_bound(values)))
