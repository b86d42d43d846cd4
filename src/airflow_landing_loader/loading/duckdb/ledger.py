"""Our own tables in DuckDB: making, writing and reading them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow_landing_loader.loading.identity import PriorLoad
from airflow_landing_loader.loading.model import (
    DbtDue,
    DeliveryOutcome,
    DeliveryRecord,
    Load,
    LoadColumn,
)
from airflow_landing_loader.loading.tables import (
    LOAD_DBT_RUNS,
    LOAD_DELIVERIES,
    LOAD_METADATA,
    OWN_TABLES,
    OwnTable,
)

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Connection


def now() -> datetime:
    """Return the time as our tables hold it: UTC without zone."""
    return datetime.now(UTC).replace(tzinfo=None)


def ensure_tables(con: Connection) -> None:
    """Make those of our tables that are not there, and add columns that a later release brought."""
    found = con.execute(
        "SELECT table_name, column_name FROM duckdb_columns() "
        "WHERE schema_name = current_schema() AND database_name = current_database() "
        "AND table_name = ANY(?)",
        [[t.name for t in OWN_TABLES]],
    ).fetchall()
    for table in OWN_TABLES:
        have = {column for name, column in found if name == table.name}
        if not have:
            columns = ", ".join(f"{name} {type_}" for name, type_ in table.columns)
            con.execute(f"CREATE TABLE {table.name} ({columns})")
            continue
        for name, type_ in table.columns:
            if name not in have:
                con.execute(f"ALTER TABLE {table.name} ADD COLUMN {name} {type_}")


def has_tables(con: Connection) -> bool:
    """Whether our tables are there; a database that nobody loaded into has none."""
    found = con.execute(
        "SELECT count(*) FROM duckdb_tables() WHERE schema_name = current_schema() "
        "AND database_name = current_database() AND table_name = ANY(?)",
        [[t.name for t in OWN_TABLES]],
    ).fetchone()
    return found is not None and found[0] == len(OWN_TABLES)


def insert(con: Connection, table: OwnTable, rows: Sequence[Sequence[Any]]) -> None:
    """Insert rows, in the table's column order, by one statement of bound values."""
    if not rows:
        return
    lists = [list(column) for column in zip(*rows, strict=True)]
    values = ", ".join(f"unnest(?::{type_}[])" for _, type_ in table.columns)
    con.execute(f"INSERT INTO {table.name} SELECT {values}", lists)


def insert_loads(con: Connection, loads: Sequence[Load]) -> None:
    """Insert rows of ``load_metadata``."""
    insert(con, LOAD_METADATA, LOAD_METADATA.rows(loads))


def put_deliveries(con: Connection, records: Sequence[DeliveryRecord]) -> None:
    """Insert rows of ``load_deliveries``, in place of earlier ones of the same deliveries."""
    con.execute(
        "DELETE FROM load_deliveries WHERE delivery_id = ANY(?)",
        [[record.delivery_id for record in records]],
    )
    insert(con, LOAD_DELIVERIES, LOAD_DELIVERIES.rows(records))


def next_sequence(con: Connection) -> int:
    """Return the number for the next load; the caller holds the database alone."""
    row = con.execute(
        "SELECT coalesce(max(greatest(sequence, removed_sequence)), 0) + 1 FROM load_metadata"
    ).fetchone()
    assert row is not None  # an aggregate always gives a row
    return int(row[0])


def prior_loads(
    con: Connection, filenames: Sequence[str], sha256s: Sequence[str]
) -> list[PriorLoad]:
    """Return the earlier loads of these file names or of this content."""
    rows = con.execute(
        "SELECT load_id, filename, table_name, sha256, delivery_token, sequence, "
        "removed_sequence IS NOT NULL FROM load_metadata "
        "WHERE filename = ANY($1) OR sha256 = ANY($2)",
        [list(filenames), list(sha256s)],
    ).fetchall()
    return [
        PriorLoad(
            load_id=row[0],
            filename=row[1],
            table_name=row[2],
            sha256=row[3],
            delivery_token=row[4],
            sequence=row[5],
            removed=row[6],
        )
        for row in rows
    ]


def loads_by_id(con: Connection, load_ids: Sequence[str]) -> dict[str, Load]:
    """Return rows of ``load_metadata`` by load id."""
    return {load.load_id: load for load in _loads(con, "WHERE load_id = ANY(?)", [list(load_ids)])}


def recent_loads(con: Connection, limit: int) -> tuple[Load, ...]:
    """Return the newest loads, newest first."""
    return _loads(con, "ORDER BY sequence DESC LIMIT ?", [limit])


def recent_deliveries(con: Connection, limit: int) -> tuple[DeliveryRecord, ...]:
    """Return the newest delivery records, newest first."""
    names = ", ".join(LOAD_DELIVERIES.column_names)
    rows = con.execute(
        f"SELECT {names} FROM load_deliveries ORDER BY recorded_at DESC, filename LIMIT ?",
        [limit],
    ).fetchall()
    return tuple(DeliveryRecord(**_fields(LOAD_DELIVERIES.column_names, row)) for row in rows)


def dbt_due(con: Connection, tables: Sequence[str] | None = None) -> tuple[DbtDue, ...]:
    """Return the tables whose newest load or unload no successful dbt run has covered, sorted.

    :param tables: only these; all tables that were ever loaded if ``None``.
    """
    rows = con.execute(
        """
        WITH newest AS (
            SELECT table_name, max(greatest(sequence, removed_sequence)) AS sequence
            FROM load_metadata GROUP BY table_name
        ), runs AS (
            SELECT table_name,
                   max(sequence) FILTER (succeeded) AS covered,
                   max(recorded_at) FILTER (NOT succeeded) AS failed_at,
                   max(recorded_at) FILTER (succeeded) AS succeeded_at
            FROM load_dbt_runs GROUP BY table_name
        )
        SELECT table_name, newest.sequence,
               CASE WHEN failed_at > succeeded_at OR succeeded_at IS NULL THEN failed_at END
        FROM newest LEFT JOIN runs USING (table_name)
        WHERE newest.sequence > coalesce(covered, 0)
        ORDER BY table_name
        """
    ).fetchall()
    return tuple(
        DbtDue(table=table, sequence=sequence, last_attempt=attempt)
        for table, sequence, attempt in rows
        if tables is None or table in tables
    )


def put_dbt_runs(con: Connection, due: Sequence[DbtDue], *, succeeded: bool) -> None:
    """Remember one dbt run for each of these tables."""
    at = now()
    insert(con, LOAD_DBT_RUNS, [(d.table, d.sequence, succeeded, at) for d in due])


def _loads(con: Connection, clause: str, values: list[Any]) -> tuple[Load, ...]:
    names = LOAD_METADATA.column_names
    rows = con.execute(
        f"SELECT {', '.join(names)} FROM load_metadata {clause}",
        values,
    ).fetchall()
    return tuple(Load(**_fields(names, row)) for row in rows)


def _fields(names: Sequence[str], row: Sequence[Any]) -> dict[str, Any]:
    values = (tuple(value) if isinstance(value, list) else value for value in row)
    return dict(zip(names, values, strict=True))


def mark_superseded(con: Connection, replaced: Sequence[tuple[str, int]]) -> None:
    """Say of loads and their deliveries that a later delivery replaced their rows.

    :param replaced: (load id, sequence of the load that replaces it).
    """
    for load_id, sequence in replaced:
        _mark_removed(con, load_id, sequence)
        con.execute(
            "UPDATE load_deliveries SET outcome = 'superseded' "
            "WHERE load_id = ? AND outcome = 'loaded'",
            [load_id],
        )


def mark_unloaded(con: Connection, load_id: str) -> None:
    """Say of a load and its delivery that its rows were taken back."""
    _mark_removed(con, load_id, next_sequence(con))
    con.execute(
        "UPDATE load_deliveries SET outcome = 'unloaded', recorded_at = ? "
        "WHERE load_id = ? AND outcome = 'loaded'",
        [now(), load_id],
    )


def _mark_removed(con: Connection, load_id: str, sequence: int) -> None:
    con.execute(
        "UPDATE load_metadata SET removed_sequence = ? "
        "WHERE load_id = ? AND removed_sequence IS NULL",
        [sequence, load_id],
    )


def outcome_of(con: Connection, load_id: str) -> DeliveryOutcome:
    """Return what became of a load's own delivery."""
    row = con.execute(
        "SELECT outcome FROM load_deliveries "
        "WHERE load_id = ? AND outcome IN ('loaded', 'superseded', 'unloaded') "
        "ORDER BY recorded_at DESC LIMIT 1",
        [load_id],
    ).fetchone()
    outcome: DeliveryOutcome = "loaded" if row is None else row[0]
    return outcome


def columns_of_load(con: Connection, load_id: str) -> tuple[LoadColumn, ...]:
    """Return the columns of a load's file, in file order."""
    rows = con.execute(
        "SELECT column_name, destination FROM load_columns WHERE load_id = ? ORDER BY position",
        [load_id],
    ).fetchall()
    return tuple(LoadColumn(name=name, extra=place == "extra") for name, place in rows)


def sharing(con: Connection, load: Load) -> tuple[int, ...]:
    """Return the sequences of other loads in their tables that have the same archived file."""
    rows = con.execute(
        "SELECT sequence FROM load_metadata "
        "WHERE archive_uri = ? AND load_id <> ? AND removed_sequence IS NULL",
        [load.archive_uri, load.load_id],
    ).fetchall()
    return tuple(sequence for (sequence,) in rows)


def set_archived(con: Connection, moved: Sequence[tuple[str, str]]) -> None:
    """Write where files lie, by load id, where that is not what was foreseen."""
    values = [[load_id for load_id, _ in moved], [uri for _, uri in moved]]
    pairs = "(SELECT unnest($1::VARCHAR[]) AS moved_id, unnest($2::VARCHAR[]) AS moved_uri)"
    con.execute(
        f"UPDATE load_metadata SET archive_uri = moved_uri FROM {pairs} WHERE load_id = moved_id",
        values,
    )
    con.execute(
        f"UPDATE load_deliveries SET final_uri = moved_uri FROM {pairs} "
        "WHERE load_id = moved_id AND outcome IN ('loaded', 'unloaded')",
        values,
    )


def mark_replayed(con: Connection, filenames: Sequence[str], at: datetime) -> None:
    """Say of each name's newest failed delivery before ``at`` that it went back to landing."""
    con.execute(
        "UPDATE load_deliveries SET outcome = 'replayed', recorded_at = $2 WHERE delivery_id IN ("
        "SELECT arg_max(delivery_id, recorded_at) FROM load_deliveries "
        "WHERE outcome = 'failed' AND recorded_at < $2 AND filename = ANY($1) GROUP BY filename)",
        [list(filenames), at],
    )
