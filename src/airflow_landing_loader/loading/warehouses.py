"""Opens the warehouse that the settings name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from airflow_landing_loader.clients import DefaultClients, GoogleClients
from airflow_landing_loader.landing.zones import Zones
from airflow_landing_loader.loading.warehouse import Warehouse
from airflow_landing_loader.settings import Settings


def open_warehouse(
    settings: Settings,
    zones: Zones,
    *,
    clients: GoogleClients | None = None,
    on_wait: Callable[[str], None] | None = None,
    job_wait: float | None = None,
) -> Warehouse:
    """Open the warehouse; nothing is connected to before it is used.

    :param zones: where deliveries lie and will lie.
    :param clients: for BigQuery; application default credentials unless given.
    :param on_wait: told who is waited for when another process holds the database (DuckDB).
    :param job_wait: seconds for which a job of a load is waited for before
        :class:`~airflow_landing_loader.loading.warehouse.StillRunningError` is raised (BigQuery).
    """
    if settings.loader_backend == "bigquery":
        return _bigquery(settings, zones, clients, job_wait)
    return _duckdb(settings, zones, on_wait)


def _duckdb(settings: Settings, zones: Zones, on_wait: Callable[[str], None] | None) -> Warehouse:
    # Imported here: whoever only looks at files does not pay for an engine.
    from airflow_landing_loader.loading.duckdb import DuckDBWarehouse, SessionOptions

    return DuckDBWarehouse(
        Path(settings.duckdb_path),
        SessionOptions(
            lock_timeout=settings.lock_timeout,
            memory_limit=settings.duckdb_memory_limit,
            threads=settings.duckdb_threads,
            on_wait=on_wait,
        ),
        landing=zones.landing,
        archive=zones.archive,
    )


def _bigquery(
    settings: Settings, zones: Zones, clients: GoogleClients | None, job_wait: float | None
) -> Warehouse:
    from airflow_landing_loader.loading.bigquery import BigQueryOptions, BigQueryWarehouse

    # The settings have required these for this backend.
    project, bucket = str(settings.gcp_project), str(settings.staging_bucket)
    options = BigQueryOptions(
        project=project,
        dataset=str(settings.bq_dataset),
        staging_bucket=bucket.removeprefix("gs://").rstrip("/"),
        location=settings.bq_location,
        patience=settings.lock_timeout,
        job_wait=job_wait,
        memory_limit=settings.duckdb_memory_limit or BigQueryOptions.memory_limit,
        threads=settings.duckdb_threads,
    )
    return BigQueryWarehouse(
        options,
        clients or DefaultClients(project),
        landing=zones.landing,
        archive=zones.archive,
    )
