"""Our own tables in BigQuery: making, writing and reading them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from google.cloud import bigquery

from airflow_landing_loader.loading.bigquery import values
from airflow_landing_loader.loading.bigquery.jobs import Jobs
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

SEQUENCE = "load_sequence"
"""One row, one column ``next``: every commit updates it, so that commits come one after another."""


def now() -> datetime:
    """Return the time as our tables hold it: UTC without zone."""
    return datetime.now(UTC).replace(tzinfo=None)


class Ledger:
    """Reads and writes our tables in the default dataset."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._ensured = False

    def ensure_tables(self) -> None:
        """Make those of our tables that are not there, and add columns of later releases."""
        if self._ensured:
            return
        names = [*(t.name for t in OWN_TABLES), SEQUENCE]
        found = self._jobs.query(
            "SELECT c.table_name, c.column_name FROM INFORMATION_SCHEMA.COLUMNS c "
            "WHERE c.table_name IN UNNEST(@names)",
            [values.texts("names", names)],
        )
        have = set(found)
        tables = {table for table, _ in have}
        statements = [s for t in OWN_TABLES for s in _missing(t, have, t.name in tables)]
        if SEQUENCE not in tables:
            statements.append(f"CREATE TABLE IF NOT EXISTS {SEQUENCE} AS SELECT 1 AS next")
        if statements:
            self._jobs.query(";\n".join(statements))
        self._ensured = True

    def has_tables(self) -> bool:
        """Whether our tables are there; a dataset that nobody loaded into has none."""
        if not self._ensured:
            found = self._jobs.query(
                "SELECT DISTINCT c.table_name FROM INFORMATION_SCHEMA.COLUMNS c "
                "WHERE c.table_name IN UNNEST(@names)",
                [values.texts("names", [t.name for t in OWN_TABLES])],
            )
            return len(found) == len(OWN_TABLES)
        return True

    def put_deliveries(self, records: Sequence[DeliveryRecord]) -> None:
        """Insert rows of ``load_deliveries``, or write over those of the same deliveries."""
        names = LOAD_DELIVERIES.column_names
        newest = {record.delivery_id: record for record in records}
        source = ", ".join(f"x.{n} AS {n}" for n in names)
        self._jobs.query(
            f"MERGE {LOAD_DELIVERIES.name} t USING "
            f"(SELECT {source} FROM UNNEST(@{LOAD_DELIVERIES.name}) x) r "
            "ON t.delivery_id = r.delivery_id "
            f"WHEN MATCHED THEN UPDATE SET {', '.join(f'{n} = r.{n}' for n in names)} "
            f"WHEN NOT MATCHED THEN INSERT ({', '.join(names)}) "
            f"VALUES ({', '.join(f'r.{n}' for n in names)})",
            [values.table_rows(LOAD_DELIVERIES, LOAD_DELIVERIES.rows(newest.values()))],
        )

    def prior_loads(
        self, names: Sequence[str], sha256s: Sequence[str]
    ) -> tuple[int, list[PriorLoad]]:
        """Return the newest sequence, and the earlier loads of these file names or this content.

        Both from one statement, which sees one state: what comes later has a higher sequence.
        """
        rows = self._jobs.query(
            "SELECT s.next - 1, m.load_id, m.filename, m.table_name, m.sha256, m.delivery_token, "
            "m.sequence, m.removed_sequence IS NOT NULL "
            f"FROM {SEQUENCE} s LEFT JOIN load_metadata m "
            "ON m.filename IN UNNEST(@names) OR m.sha256 IN UNNEST(@sha256s)",
            [values.texts("names", names), values.texts("sha256s", sha256s)],
        )
        return int(rows[0][0]), [
            PriorLoad(
                load_id=row[1],
                filename=row[2],
                table_name=row[3],
                sha256=row[4],
                delivery_token=row[5],
                sequence=row[6],
                removed=row[7],
            )
            for row in rows
            if row[1] is not None
        ]

    def loads_by_id(self, load_ids: Sequence[str]) -> dict[str, Load]:
        """Return rows of ``load_metadata`` by load id."""
        if not load_ids:
            return {}
        found = self._loads("WHERE load_id IN UNNEST(@ids)", [values.texts("ids", load_ids)])
        return {load.load_id: load for load in found}

    def outcome_of(self, load_id: str) -> DeliveryOutcome:
        """Return what became of a load's own delivery."""
        rows = self._jobs.query(
            "SELECT outcome FROM load_deliveries "
            "WHERE load_id = @id AND outcome IN ('loaded', 'superseded', 'unloaded') "
            "ORDER BY recorded_at DESC LIMIT 1",
            [values.text("id", load_id)],
        )
        outcome: DeliveryOutcome = rows[0][0] if rows else "loaded"
        return outcome

    def columns_of_load(self, load_id: str) -> tuple[LoadColumn, ...]:
        """Return the columns of a load's file, in file order."""
        rows = self._jobs.query(
            "SELECT column_name, destination FROM load_columns WHERE load_id = @id "
            "ORDER BY position",
            [values.text("id", load_id)],
        )
        return tuple(LoadColumn(name=name, extra=place == "extra") for name, place in rows)

    def sharing(self, load: Load) -> tuple[int, ...]:
        """Return the sequences of other loads in their tables that have the same archived file."""
        rows = self._jobs.query(
            "SELECT sequence FROM load_metadata "
            "WHERE archive_uri = @uri AND load_id != @id AND removed_sequence IS NULL",
            [values.text("uri", load.archive_uri), values.text("id", load.load_id)],
        )
        return tuple(sequence for (sequence,) in rows)

    def recent_loads(self, limit: int) -> tuple[Load, ...]:
        """Return the newest loads, newest first."""
        return self._loads("ORDER BY sequence DESC LIMIT @limit", [values.whole("limit", limit)])

    def recent_deliveries(self, limit: int) -> tuple[DeliveryRecord, ...]:
        """Return the newest delivery records, newest first."""
        names = LOAD_DELIVERIES.column_names
        rows = self._jobs.query(
            f"SELECT {', '.join(names)} FROM load_deliveries "
            "ORDER BY recorded_at DESC, filename LIMIT @limit",
            [values.whole("limit", limit)],
        )
        return tuple(DeliveryRecord(**_fields(names, row)) for row in rows)

    def dbt_due(self, tables: Sequence[str] | None = None) -> tuple[DbtDue, ...]:
        """Return the tables whose newest load or unload no successful dbt run has covered, sorted.

        :param tables: only these; all tables that were ever loaded if ``None``.
        """
        rows = self._jobs.query(
            """
            WITH newest AS (
                SELECT table_name,
                       MAX(GREATEST(sequence, COALESCE(removed_sequence, 0))) AS sequence
                FROM load_metadata GROUP BY table_name
            ), runs AS (
                SELECT table_name,
                       MAX(IF(succeeded, sequence, NULL)) AS covered,
                       MAX(IF(succeeded, NULL, recorded_at)) AS failed_at,
                       MAX(IF(succeeded, recorded_at, NULL)) AS succeeded_at
                FROM load_dbt_runs GROUP BY table_name
            )
            SELECT newest.table_name, newest.sequence,
                   IF(failed_at > succeeded_at OR succeeded_at IS NULL, failed_at, NULL)
            FROM newest LEFT JOIN runs ON newest.table_name = runs.table_name
            WHERE newest.sequence > COALESCE(runs.covered, 0)
            ORDER BY newest.table_name
            """
        )
        return tuple(
            DbtDue(table=table, sequence=sequence, last_attempt=values.ours(attempt))
            for table, sequence, attempt in rows
            if tables is None or table in tables
        )

    def put_dbt_runs(self, due: Sequence[DbtDue], *, succeeded: bool) -> None:
        """Remember one dbt run for each of these tables."""
        at = now()
        self._jobs.query(
            insert(LOAD_DBT_RUNS),
            [values.table_rows(LOAD_DBT_RUNS, [(d.table, d.sequence, succeeded, at) for d in due])],
        )

    def set_archived(self, moved: Sequence[tuple[str, str]]) -> None:
        """Write where files lie, by load id, where that is not what was foreseen."""
        parameter = values.rows("moved", [("id", "VARCHAR"), ("uri", "VARCHAR")], moved)
        source = "(SELECT x.id AS id, x.uri AS uri FROM UNNEST(@moved) x) m"
        self._jobs.query(
            f"UPDATE load_metadata t SET archive_uri = m.uri FROM {source} WHERE t.load_id = m.id",
            [parameter],
        )
        self._jobs.query(
            f"UPDATE load_deliveries t SET final_uri = m.uri FROM {source} "
            "WHERE t.load_id = m.id AND t.outcome IN ('loaded', 'unloaded')",
            [parameter],
        )

    def mark_replayed(self, filenames: Sequence[str], at: datetime) -> None:
        """Say of each name's newest failed delivery before ``at`` that it went back to landing."""
        self._jobs.query(
            "UPDATE load_deliveries SET outcome = 'replayed', recorded_at = @at "
            "WHERE delivery_id IN (SELECT d.delivery_id FROM load_deliveries d "
            "WHERE d.outcome = 'failed' AND d.recorded_at < @at AND d.filename IN UNNEST(@names) "
            "QUALIFY ROW_NUMBER() OVER (PARTITION BY d.filename ORDER BY d.recorded_at DESC) = 1)",
            [
                values.texts("names", filenames),
                bigquery.ScalarQueryParameter("at", "TIMESTAMP", values.plain(at)),
            ],
        )

    def _loads(self, clause: str, parameters: Sequence[Any]) -> tuple[Load, ...]:
        names = LOAD_METADATA.column_names
        rows = self._jobs.query(
            f"SELECT {', '.join(names)} FROM load_metadata {clause}", parameters
        )
        return tuple(Load(**_fields(names, row)) for row in rows)


def insert(table: OwnTable, **instead: str) -> str:
    """Return the INSERT of rows that come as a parameter named like the table.

    :param instead: SQL for columns whose value is not the row's own, which is ``r``.
    """
    names = table.column_names
    source = ", ".join(instead.get(n, f"r.{n}") for n in names)
    return (
        f"INSERT INTO {table.name} ({', '.join(names)}) "
        f"SELECT {source} FROM UNNEST(@{table.name}) r"
    )


def _missing(table: OwnTable, have: set[tuple[Any, ...]], exists: bool) -> list[str]:
    columns = [f"{name} {values.own_type(type_)}" for name, type_ in table.columns]
    if not exists:
        return [f"CREATE TABLE IF NOT EXISTS {table.name} ({', '.join(columns)})"]
    return [
        f"ALTER TABLE {table.name} ADD COLUMN IF NOT EXISTS {column}"
        for (name, _), column in zip(table.columns, columns, strict=True)
        if (table.name, name) not in have
    ]


def _fields(names: Sequence[str], row: Sequence[Any]) -> dict[str, Any]:
    found = dict(zip(names, (values.ours(value) for value in row), strict=True))
    return {
        name: () if value is None and name.endswith("_columns") else value
        for name, value in found.items()
    }
