"""The raw table in DuckDB: what it looks like, making it, and fitting it for our columns."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_landing_loader.exceptions import ErrorCode, LandingError, TerminalError
from airflow_landing_loader.loading.columns.drift import TableColumn
from airflow_landing_loader.loading.columns.literals import TEXT_TYPES
from airflow_landing_loader.loading.columns.names import EXTRA, LOAD_ID, ROW_NUMBER
from airflow_landing_loader.loading.columns.own import (
    check_own_columns,
    lacking_own,
    load_id_of,
    own_columns,
    unfit_tables,
)
from airflow_landing_loader.loading.sql import sql_name

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Connection

_AT_A_TIME = 256  # rows: one may have megabytes
_OWN_TYPES = {
    LOAD_ID: ("VARCHAR", "UUID"),
    EXTRA: ("VARCHAR", "JSON"),
    ROW_NUMBER: ("BIGINT", "HUGEINT", "VARCHAR"),
}


def quoted(con: Connection, table: str) -> str:
    """Return ``schema.table`` as quoted SQL.

    With the database before the schema: one that is named as a database is (``temp``, or as the
    file) would be ambiguous alone.
    """
    parts = table.split(".")
    if len(parts) > 1:
        row = con.execute("SELECT current_database()").fetchone()
        assert row is not None
        parts.insert(0, row[0])
    return ".".join(map(sql_name, parts))


def stream(con: Connection, sql: str, values: object) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a question, few of them in memory at a time."""
    found = con.execute(sql, values)
    while rows := found.fetchmany(_AT_A_TIME):
        yield from rows


def columns_of(con: Connection, table: str) -> tuple[TableColumn, ...] | None:
    """Return a table's columns in order, ``None`` if there is no such table.

    :raises TerminalError: the name is a view's.
    """
    return Catalogue(con).columns_of(table)


@dataclass(frozen=True, kw_only=True)
class _Relation:
    columns: tuple[TableColumn, ...]
    is_view: bool


class Catalogue:
    """What tables look like, as one connection sees them; nobody else changes them meanwhile.

    The engine goes through its whole catalogue for each such question, which would make every table
    cost more the more there are. So a batch's tables are asked for at once, and remembered.

    :param con: the connection.
    """

    def __init__(self, con: Connection) -> None:
        self._con = con
        self._known: dict[str, _Relation | None] = {}
        self._before: dict[str, _Relation | None] = {}

    def look_up(self, tables: Iterable[str]) -> None:
        """Ask for those of these tables that are not known yet."""
        unknown = [table for table in dict.fromkeys(tables) if table not in self._known]
        if not unknown:
            return
        parts = [table.rpartition(".") for table in unknown]
        rows = self._con.execute(
            "SELECT wanted, list(column_name ORDER BY column_index),"
            " list(data_type ORDER BY column_index), list(is_generated ORDER BY column_index),"
            " bool_or(v.view_name IS NOT NULL)"
            " FROM (SELECT unnest($1) AS wanted, unnest($2) AS schema, unnest($3) AS name)"
            " JOIN duckdb_columns() c ON lower(c.table_name) = lower(name)"
            " AND lower(c.schema_name) = lower(coalesce(nullif(schema, ''), current_schema()))"
            " LEFT JOIN duckdb_views() v ON v.database_name = c.database_name"
            " AND v.schema_name = c.schema_name AND v.view_name = c.table_name"
            " WHERE c.database_name = current_database() GROUP BY wanted",
            [unknown, [schema for schema, _, _ in parts], [name for _, _, name in parts]],
        ).fetchall()
        self._known.update(dict.fromkeys(unknown))
        for table, names, types, generated, is_view in rows:
            columns = tuple(map(TableColumn, names, types, generated))
            self._known[table] = _Relation(columns=columns, is_view=is_view)

    def columns_of(self, table: str) -> tuple[TableColumn, ...] | None:
        """Return a table's columns in order, ``None`` if there is no such table.

        :raises TerminalError: the name is a view's.
        """
        self.look_up([table])
        found = self._known[table]
        if found is None:
            return None
        if found.is_view:
            raise TerminalError(
                ErrorCode.LOAD_TABLE_UNFIT,
                f"{table} is a view; files load into tables",
                hint="Name a table in the mapping, or drop the view.",
            )
        return found.columns

    def is_text_only(self, table: str) -> bool:
        """Whether all columns that files fill are text, or there is no such table.

        :raises TerminalError: the name is a view's.
        """
        columns = self.columns_of(table) or ()
        return all(column.type in TEXT_TYPES or column.generated for column in columns)

    def changed(self, table: str, columns: Sequence[TableColumn]) -> None:
        """Know that a table was made or altered, for as long as the transaction is not undone."""
        self._before.setdefault(table, self._known.get(table))
        self._known[table] = _Relation(columns=tuple(columns), is_view=False)

    def committed(self) -> None:
        """The transaction stands."""
        self._before.clear()

    def undone(self) -> None:
        """The transaction was rolled back, and with it what it changed."""
        self._known.update(self._before)
        self._before.clear()


def present(
    con: Connection, table: str, columns: Sequence[TableColumn] | None, load_ids: Sequence[str]
) -> set[str] | None:
    """Return which of these loads have rows in the table; ``None`` if nothing tells.

    :param columns: the table's; ``None``: it is not there.
    """
    if columns is None:
        return set()
    if load_id_of(columns) is None:
        return set() if is_empty(con, table) else None
    rows = con.execute(
        "SELECT id FROM (SELECT unnest($1) AS id) WHERE id IN (SELECT"
        f" CAST({LOAD_ID} AS VARCHAR) FROM {quoted(con, table)} WHERE {LOAD_ID} IS NOT NULL)",
        [list(load_ids)],
    ).fetchall()
    return {load_id for (load_id,) in rows}


def is_empty(con: Connection, table: str) -> bool:
    """Whether a table has no rows."""
    return con.execute(f"SELECT 1 FROM {quoted(con, table)} LIMIT 1").fetchone() is None


def check_own(table: str, columns: Sequence[TableColumn], *, row_number: bool) -> None:
    """Refuse a table in which one of our columns is another's.

    :param row_number: whether rows shall have numbers.
    :raises TerminalError: ``LOAD_TABLE_UNFIT``.
    """
    types = {name: _OWN_TYPES[name] for name in own_columns(row_number=row_number)}
    cure = "ALTER TABLE {table} ALTER COLUMN {column} TYPE {type}, then replay."
    check_own_columns(table, columns, types, cure)


def unfit(
    con: Connection,
    catalogue: Catalogue,
    with_loads: Callable[[Sequence[str]], Collection[str]],
    tables: Iterable[str],
    *,
    row_number: bool = False,
) -> dict[str, LandingError]:
    """See :func:`~airflow_landing_loader.loading.columns.own.unfit_tables`."""

    def columns_of(table: str) -> tuple[TableColumn, ...] | None:
        columns = catalogue.columns_of(table)
        check_own(table, columns or (), row_number=row_number)
        return columns

    return unfit_tables(tables, columns_of, with_loads, lambda table: is_empty(con, table))


def relations(con: Connection) -> frozenset[tuple[str, str]]:
    """Return all tables and views as (schema, name), case-folded."""
    rows = con.execute(
        "SELECT table_schema, table_name FROM information_schema.tables"
        " WHERE table_catalog = current_database()"
    ).fetchall()
    return frozenset((schema.casefold(), name.casefold()) for schema, name in rows)


def row_counts(con: Connection, tables: Collection[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """Return how many rows tables have, as (schema, name); views are left out."""
    rows = con.execute(
        "SELECT schema_name, table_name FROM duckdb_tables()"
        " WHERE database_name = current_database()"
    ).fetchall()
    spelled = {(schema.casefold(), name.casefold()): (schema, name) for schema, name in rows}
    counts = {}
    for place in tables:
        found = spelled.get((place[0].casefold(), place[1].casefold()))
        if found is not None:
            sql = f"SELECT COUNT(*) FROM {'.'.join(map(sql_name, found))}"
            counts[place] = int(con.execute(sql).fetchall()[0][0])
    return counts


def create(
    con: Connection, table: str, theirs: Sequence[TableColumn], *, row_number: bool
) -> tuple[TableColumn, ...]:
    """Create a raw table: the file's columns, then our own; return them."""
    name = quoted(con, table)
    schema, _, _ = name.rpartition(".")
    if schema:
        con.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
    own = own_columns(row_number=row_number)
    columns = [
        *theirs,
        *(TableColumn(name, _OWN_TYPES[name][0]) for name in own),
    ]
    definitions = ", ".join(f"{sql_name(column.name)} {column.type}" for column in columns)
    con.execute(f"CREATE TABLE {name} ({definitions})")
    return tuple(columns)


def fit(
    con: Connection, table: str, columns: Sequence[TableColumn], *, row_number: bool
) -> tuple[TableColumn, ...]:
    """Add those of our columns that a table made by hand lacks; return its columns then.

    :raises TerminalError: one of our columns is there with a type that cannot hold its values.
    """
    check_own(table, columns, row_number=row_number)
    lacking = lacking_own(columns, row_number=row_number)
    added = [TableColumn(name, _OWN_TYPES[name][0]) for name in lacking]
    for column in added:
        con.execute(f"ALTER TABLE {quoted(con, table)} ADD COLUMN {column.name} {column.type}")
    return (*columns, *added)
