"""Opens the warehouse that the settings name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from airflow_landing_loader.clients import DefaultClients, GoogleClients
from airflow_landing_loader.loading.warehouses.base import Warehouse
from airflow_landing_loader.settings import BackendName, Settings
from airflow_landing_loader.storage.opening import Zones


@dataclass(frozen=True, kw_only=True)
class _Opening:
    """See :func:`open_warehouse`."""

    settings: Settings
    zones: Zones
    clients: GoogleClients | None
    on_wait: Callable[[str], None] | None
    job_wait: float | None


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
        :class:`~airflow_landing_loader.loading.warehouses.base.StillRunningError` is raised
        (BigQuery).
    """
    opening = _Opening(
        settings=settings, zones=zones, clients=clients, on_wait=on_wait, job_wait=job_wait
    )
    return _OPENERS[settings.loader_backend](opening)


def _duckdb(opening: _Opening) -> Warehouse:
    # Imported here: whoever only looks at files does not pay for an engine.
    from airflow_landing_loader.loading.warehouses.duckdb import DuckDBWarehouse, SessionOptions

    settings = opening.settings
    return DuckDBWarehouse(
        Path(settings.duckdb_path),
        SessionOptions(
            lock_timeout=settings.lock_timeout,
            memory_limit=settings.duckdb_memory_limit,
            threads=settings.duckdb_threads,
            on_wait=opening.on_wait,
        ),
        landing=opening.zones.landing,
        archive=opening.zones.archive,
    )


def _bigquery(opening: _Opening) -> Warehouse:
    from airflow_landing_loader.loading.warehouses.bigquery import (
        BigQueryOptions,
        BigQueryWarehouse,
    )

    settings = opening.settings
    # The settings have required these for this backend.
    project, bucket = str(settings.gcp_project), str(settings.staging_bucket)
    options = BigQueryOptions(
        project=project,
        dataset=str(settings.bq_dataset),
        staging_bucket=bucket.removeprefix("gs://").rstrip("/"),
        location=settings.bq_location,
        patience=settings.lock_timeout,
        job_wait=opening.job_wait,
        memory_limit=settings.duckdb_memory_limit or BigQueryOptions.memory_limit,
        threads=settings.duckdb_threads,
    )
    return BigQueryWarehouse(
        options,
        opening.clients or DefaultClients(project),
        landing=opening.zones.landing,
        archive=opening.zones.archive,
    )


_OPENERS: Mapping[BackendName, Callable[[_Opening], Warehouse]] = {
    "duckdb": _duckdb,
    "bigquery": _bigquery,
}
