"""The raw table in DuckDB: what it looks like, making it, and fitting it for our columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from airflow_landing_loader.exceptions import ErrorCode, TerminalError
from airflow_landing_loader.loading.drift import TableColumn
from airflow_landing_loader.loading.literals import TEXT_TYPES
from airflow_landing_loader.loading.names import EXTRA, LOAD_ID, ROW_NUMBER
from airflow_landing_loader.loading.reader import sql_name

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Connection

_OWN_TYPES = {
    LOAD_ID: ("VARCHAR", "UUID"),
    EXTRA: ("VARCHAR", "JSON"),
    ROW_NUMBER: ("BIGINT", "HUGEINT", "VARCHAR"),
}


def quoted(table: str) -> str:
    """Return ``schema.table`` as quoted SQL."""
    return ".".join(sql_name(part) for part in table.split("."))


def columns_of(con: Connection, table: str) -> tuple[TableColumn, ...] | None:
    """Return a table's columns in order, ``None`` if there is no such table.

    :raises TerminalError: the name is a view's.
    """
    schema, _, name = table.rpartition(".")
    rows = con.execute(
        "SELECT column_name, data_type, t.table_name IS NOT NULL FROM duckdb_columns() c "
        "LEFT JOIN duckdb_tables() t USING (database_name, schema_name, table_name) "
        "WHERE c.database_name = current_database() "
        "AND lower(c.schema_name) = lower(coalesce(nullif(?, ''), current_schema())) "
        "AND lower(c.table_name) = lower(?) ORDER BY column_index",
        [schema, name],
    ).fetchall()
    if not rows:
        return None
    if not all(is_table for _, _, is_table in rows):
        raise TerminalError(
            ErrorCode.LOAD_TABLE_UNFIT,
            f"{table} is a view; files load into tables",
            hint="name a table in the mapping, or drop the view",
        )
    return tuple(TableColumn(column, type_) for column, type_, _ in rows)


def relations(con: Connection) -> frozenset[tuple[str, str]]:
    """Return all tables and views as (schema, name), case-folded."""
    rows = con.execute(
        "SELECT table_schema, table_name FROM information_schema.tables"
        " WHERE table_catalog = current_database()"
    ).fetchall()
    return frozenset((schema.casefold(), name.casefold()) for schema, name in rows)


def is_text_only(con: Connection, table: str) -> bool:
    """Whether all columns are text, or the table is not there yet."""
    return all(column.type in TEXT_TYPES for column in columns_of(con, table) or ())


def create(con: Connection, table: str, names: Sequence[str], *, row_number: bool) -> None:
    """Create a raw table: the file's columns as text, then our own."""
    schema, _, _ = table.rpartition(".")
    if schema:
        con.execute(f"CREATE SCHEMA IF NOT EXISTS {sql_name(schema)}")
    columns = [f"{sql_name(name)} VARCHAR" for name in names]
    columns += [f"{LOAD_ID} VARCHAR", f"{EXTRA} VARCHAR"]
    if row_number:
        columns.append(f"{ROW_NUMBER} BIGINT")
    con.execute(f"CREATE TABLE {quoted(table)} ({', '.join(columns)})")


def fit(
    con: Connection, table: str, columns: Sequence[TableColumn], *, row_number: bool
) -> tuple[TableColumn, ...]:
    """Add those of our columns that a table made by hand lacks; return its columns then.

    :raises TerminalError: one of our columns is there with a type that cannot hold its values.
    """
    have = {column.name.casefold(): column for column in columns}
    wanted = [LOAD_ID, EXTRA, *([ROW_NUMBER] if row_number else [])]
    added = []
    for name in wanted:
        types = _OWN_TYPES[name]
        column = have.get(name)
        if column is None:
            con.execute(f"ALTER TABLE {quoted(table)} ADD COLUMN {name} {types[0]}")
            added.append(TableColumn(name, types[0]))
        elif column.type not in types:
            raise TerminalError(
                ErrorCode.LOAD_TABLE_UNFIT,
                f"column {name} of {table} has type {column.type}; it must be {' or '.join(types)}",
                hint=f"ALTER TABLE {table} ALTER COLUMN {name} TYPE {types[0]}, then replay",
                column=name,
            )
    return (*columns, *added)
