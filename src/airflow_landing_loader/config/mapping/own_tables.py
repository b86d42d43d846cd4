"""Names of the loader's own tables: no mapping may feed one, and the warehouses make them so."""

from __future__ import annotations

LOAD_METADATA = "load_metadata"
LOAD_DELIVERIES = "load_deliveries"
LOAD_COLUMNS = "load_columns"
LOAD_REJECTS = "load_rejects"
LOAD_TOTALS = "load_totals"
LOAD_QUALITY = "load_quality"
LOAD_DBT_RUNS = "load_dbt_runs"
LOAD_ARRIVALS = "load_arrivals"
LOAD_EVENTS = "load_events"
LOAD_EXECUTIONS = "load_executions"
LOAD_ACTIONS = "load_actions"
LOAD_SEQUENCE = "load_sequence"
"""BigQuery's: one row with the next number. Each commit updates it, so they come one by one."""

ETL_EXECUTIONS = "etl_executions"
DATA_QUALITY_METRICS = "data_quality_metrics"
"""These two are views over the others."""

NAMES = (
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
    LOAD_SEQUENCE,
    ETL_EXECUTIONS,
    DATA_QUALITY_METRICS,
)
