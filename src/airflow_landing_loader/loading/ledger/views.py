"""Views over our own tables, for whoever knows the two tables of the seed by their columns.

An identity is the row's own: that of a run, or ``<run>.<layer>`` for one of its layers.
"""

from __future__ import annotations

from collections.abc import Callable

from airflow_landing_loader.config.mapping import own_tables
from airflow_landing_loader.loading.ledger.queries import Dialect
from airflow_landing_loader.loading.ledger.tables import (
    LOAD_EXECUTIONS,
    LOAD_METADATA,
    LOAD_QUALITY,
    OwnTable,
)

VIEWS = (own_tables.ETL_EXECUTIONS, own_tables.DATA_QUALITY_METRICS)
METRIC_OF_RULE = {
    "required": "missing_fields",
    "types": "invalid_types",
    "unique": "duplicates",
}
"""What the seed calls a rule that records break."""
REJECTED_METRIC = "rejected_records"

_EXECUTIONS = """
SELECT CASE WHEN e.layer = 'run' THEN e.execution_id
    ELSE CONCAT(e.execution_id, '.', e.layer) END AS id,
  e.dag_id AS pipeline_id, CAST(NULL AS {whole}) AS org_id, e.status,
  NULLIF(e.layer, 'run') AS layer, e.config, e.result, e.error, e.records_processed,
  e.records_failed, e.size_bytes, e.duration_ms, e.started_at, e.completed_at
FROM {executions} e
"""
_METRICS = """
SELECT ROW_NUMBER() OVER (ORDER BY i.sequence, i.metric_type, i.column_name) AS id,
  i.dag_id AS pipeline_id, CAST(NULL AS {whole}) AS org_id, x.execution_id, 'bronze' AS layer,
  i.metric_type, i.failed AS count, 'warning' AS severity, {details} AS details,
  i.completed_at AS timestamp
FROM (
  SELECT m.sequence, m.load_id, m.table_name, m.dag_id, m.run_id, m.completed_at, q.column_name,
    q.failed_count AS failed, CASE q.rule {rules} END AS metric_type
  FROM {quality} q JOIN {metadata} m ON m.load_id = q.load_id
  WHERE q.failed_count > 0 AND q.rule IN ({ruled})
  UNION ALL
  SELECT m.sequence, m.load_id, m.table_name, m.dag_id, m.run_id, m.completed_at,
    CAST(NULL AS {text}), m.rejected_count, '{rejected}'
  FROM {metadata} m WHERE m.rejected_count > 0
) i LEFT JOIN {executions} x
  ON x.dag_id = i.dag_id AND x.run_id = i.run_id AND x.layer = 'run'
"""


def create_views(dialect: Dialect, place: Callable[[str], str]) -> dict[str, str]:
    """Return the statement that makes each view, by its name.

    :param place: how a statement names one of our tables, which a view is read with from anywhere.
    """

    def table(own: OwnTable) -> str:
        return place(own.name)

    selects = {
        own_tables.ETL_EXECUTIONS: _EXECUTIONS.format(
            whole=dialect.type_of("BIGINT"), executions=table(LOAD_EXECUTIONS)
        ),
        own_tables.DATA_QUALITY_METRICS: _METRICS.format(
            whole=dialect.type_of("BIGINT"),
            text=dialect.type_of("VARCHAR"),
            details=dialect.json_object(
                {name: f"i.{name}" for name in ("load_id", "table_name", "column_name")}
            ),
            rules=" ".join(f"WHEN '{r}' THEN '{m}'" for r, m in METRIC_OF_RULE.items()),
            ruled=", ".join(f"'{rule}'" for rule in METRIC_OF_RULE),
            rejected=REJECTED_METRIC,
            quality=table(LOAD_QUALITY),
            metadata=table(LOAD_METADATA),
            executions=table(LOAD_EXECUTIONS),
        ),
    }
    return {
        name: f"CREATE VIEW IF NOT EXISTS {place(name)} AS {select}"
        for name, select in selects.items()
    }
