"""Our own tables: names, columns and types, in order. They lie in the default schema or dataset.

``load_metadata`` begins with the six columns of the first document of this design, in its order.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any

from airflow_landing_loader.config.mapping import own_tables


@dataclass(frozen=True)
class OwnTable:
    """One of our tables.

    :param columns: (name, type) in order; types are DuckDB's.
    :param cluster_by: columns that a warehouse lays the rows together by which knows such a thing,
        so that a question about some of their values does not read all rows.
    """

    name: str
    columns: tuple[tuple[str, str], ...]
    cluster_by: tuple[str, ...] = ()

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names in order."""
        return tuple(name for name, _ in self.columns)

    def rows(self, records: Iterable[object]) -> list[tuple[Any, ...]]:
        """Return the values of records, whose fields bear the columns' names, in column order."""
        values = attrgetter(*self.column_names)
        return [values(record) for record in records]


LOAD_METADATA = OwnTable(
    own_tables.LOAD_METADATA,
    (
        ("load_id", "VARCHAR"),
        ("filename", "VARCHAR"),
        ("table_name", "VARCHAR"),
        ("row_count", "BIGINT"),
        ("started_at", "TIMESTAMP"),
        ("completed_at", "TIMESTAMP"),
        ("sequence", "BIGINT"),
        ("uri", "VARCHAR"),
        ("size_bytes", "BIGINT"),
        ("sha256", "VARCHAR"),
        ("delivery_token", "VARCHAR"),
        ("go_filename", "VARCHAR"),
        ("go_sha256", "VARCHAR"),
        ("record_count", "BIGINT"),
        ("expected_count", "BIGINT"),
        ("rejected_count", "BIGINT"),
        ("drift_columns", "VARCHAR[]"),
        ("missing_columns", "VARCHAR[]"),
        ("restates_load_id", "VARCHAR"),
        ("same_content_load_id", "VARCHAR"),
        ("archive_uri", "VARCHAR"),
        ("dag_id", "VARCHAR"),
        ("run_id", "VARCHAR"),
        ("removed_sequence", "BIGINT"),
        ("identity_key", "VARCHAR"),
        ("quality_score", "DOUBLE"),
        ("sequence_number", "BIGINT"),
        ("sequence_key", "VARCHAR"),
    ),
)

LOAD_DELIVERIES = OwnTable(
    own_tables.LOAD_DELIVERIES,
    (
        ("delivery_id", "VARCHAR"),
        ("filename", "VARCHAR"),
        ("table_name", "VARCHAR"),
        ("outcome", "VARCHAR"),
        ("code", "VARCHAR"),
        ("message", "VARCHAR"),
        ("load_id", "VARCHAR"),
        ("landing_uri", "VARCHAR"),
        ("final_uri", "VARCHAR"),
        ("dag_id", "VARCHAR"),
        ("run_id", "VARCHAR"),
        ("recorded_at", "TIMESTAMP"),
        ("sha256", "VARCHAR"),
        ("failed_at", "TIMESTAMP"),
    ),
)

LOAD_COLUMNS = OwnTable(
    own_tables.LOAD_COLUMNS,
    (
        ("load_id", "VARCHAR"),
        ("position", "BIGINT"),
        ("sender_name", "VARCHAR"),
        ("column_name", "VARCHAR"),
        ("destination", "VARCHAR"),
        ("owner", "VARCHAR"),
    ),
    cluster_by=("load_id",),
)

LOAD_REJECTS = OwnTable(
    own_tables.LOAD_REJECTS,
    (
        ("load_id", "VARCHAR"),
        ("filename", "VARCHAR"),
        ("table_name", "VARCHAR"),
        ("record", "BIGINT"),
        ("line", "BIGINT"),
        ("code", "VARCHAR"),
        ("column_name", "VARCHAR"),
        ("message", "VARCHAR"),
        ("text", "VARCHAR"),
    ),
)

LOAD_TOTALS = OwnTable(
    own_tables.LOAD_TOTALS,
    (
        ("load_id", "VARCHAR"),
        ("filename", "VARCHAR"),
        ("table_name", "VARCHAR"),
        ("column_name", "VARCHAR"),
        ("kind", "VARCHAR"),
        ("promised", "VARCHAR"),
        ("computed", "VARCHAR"),
        ("promised_by", "VARCHAR"),
        ("width", "BIGINT"),
    ),
    cluster_by=("load_id",),
)

LOAD_QUALITY = OwnTable(
    own_tables.LOAD_QUALITY,
    (
        ("load_id", "VARCHAR"),
        ("filename", "VARCHAR"),
        ("table_name", "VARCHAR"),
        ("rule", "VARCHAR"),
        ("column_name", "VARCHAR"),
        ("failed_count", "BIGINT"),
        ("record_count", "BIGINT"),
        ("score", "DOUBLE"),
    ),
    cluster_by=("load_id",),
)

LOAD_DBT_RUNS = OwnTable(
    own_tables.LOAD_DBT_RUNS,
    (
        ("table_name", "VARCHAR"),
        ("sequence", "BIGINT"),
        ("succeeded", "BOOLEAN"),
        ("recorded_at", "TIMESTAMP"),
    ),
)

LOAD_ARRIVALS = OwnTable(
    own_tables.LOAD_ARRIVALS,
    (
        ("table_name", "VARCHAR"),
        ("pattern", "VARCHAR"),
        ("day", "VARCHAR"),
        ("opens_at", "TIMESTAMP"),
        ("due_at", "TIMESTAMP"),
        ("until_at", "TIMESTAMP"),
        ("outcome", "VARCHAR"),
        ("reason", "VARCHAR"),
        ("file_count", "BIGINT"),
        ("row_count", "BIGINT"),
        ("arrived_at", "TIMESTAMP"),
        ("mended_at", "TIMESTAMP"),
        ("recorded_at", "TIMESTAMP"),
    ),
)

LOAD_EVENTS = OwnTable(
    own_tables.LOAD_EVENTS,
    (
        ("event_id", "VARCHAR"),
        ("channel", "VARCHAR"),
        ("event_type", "VARCHAR"),
        ("occurred_at", "TIMESTAMP"),
        ("table_name", "VARCHAR"),
        ("load_id", "VARCHAR"),
        ("dag_id", "VARCHAR"),
        ("run_id", "VARCHAR"),
        ("body", "VARCHAR"),
        ("published_at", "TIMESTAMP"),
    ),
    # What was sent stays, and each look for what was not would read it all.
    cluster_by=("published_at", "table_name"),
)

LOAD_EXECUTIONS = OwnTable(
    own_tables.LOAD_EXECUTIONS,
    (
        ("execution_id", "VARCHAR"),
        ("dag_id", "VARCHAR"),
        ("run_id", "VARCHAR"),
        ("table_name", "VARCHAR"),
        ("layer", "VARCHAR"),
        ("status", "VARCHAR"),
        ("config", "VARCHAR"),
        ("result", "VARCHAR"),
        ("error", "VARCHAR"),
        ("records_processed", "BIGINT"),
        ("records_failed", "BIGINT"),
        ("size_bytes", "BIGINT"),
        ("duration_ms", "BIGINT"),
        ("started_at", "TIMESTAMP"),
        ("completed_at", "TIMESTAMP"),
    ),
)

LOAD_ACTIONS = OwnTable(
    own_tables.LOAD_ACTIONS,
    (
        ("action_id", "VARCHAR"),
        ("action", "VARCHAR"),
        ("table_name", "VARCHAR"),
        ("targets", "VARCHAR"),
        ("parameters", "VARCHAR"),
        ("reason", "VARCHAR"),
        ("asked_by", "VARCHAR"),
        ("asked_at", "TIMESTAMP"),
        ("outcome", "VARCHAR"),
        ("message", "VARCHAR"),
        ("done_at", "TIMESTAMP"),
        ("dag_id", "VARCHAR"),
        ("run_id", "VARCHAR"),
    ),
)

OWN_TABLES = (
    LOAD_METADATA,
    LOAD_DELIVERIES,
    LOAD_COLUMNS,
    LOAD_REJECTS,
    LOAD_TOTALS,
    LOAD_QUALITY,
    LOAD_DBT_RUNS,
    LOAD_ARRIVALS,
    LOAD_EVENTS,
    LOAD_EXECUTIONS,
    LOAD_ACTIONS,
)


def now() -> datetime:
    """Return the time as our tables hold it: UTC without zone."""
    return datetime.now(UTC).replace(tzinfo=None)


def plain(value: Any) -> Any:
    """Return a value as JSON and parameters take it: times as text in UTC, tuples as lists."""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S.%f}+00"
    return list(value) if isinstance(value, tuple) else value
