"""BigQuery: can the dataset be read, and the staging bucket be listed."""

from __future__ import annotations

from collections.abc import Iterator

from airflow_landing_loader.cli.doctor.check import Check
from airflow_landing_loader.clients import DefaultClients
from airflow_landing_loader.exceptions import LandingError
from airflow_landing_loader.loading.warehouses.opening import open_warehouse
from airflow_landing_loader.settings import Settings
from airflow_landing_loader.storage.opening import open_zone, open_zones


def bigquery_checks(settings: Settings) -> Iterator[Check]:
    """The dataset and the staging bucket, as the application default credentials see them."""
    bucket = str(settings.staging_bucket).removeprefix("gs://").rstrip("/")
    try:
        seen = open_warehouse(settings, open_zones(settings)).overview(1)
    except LandingError as error:
        yield Check.of_error("database", error)
    else:
        empty = "" if seen.loads else ", nothing loaded yet"
        yield Check(
            topic="database",
            level="ok",
            message=f"BigQuery {settings.warehouse_name} answers{empty}",
        )
    try:
        open_zone(f"gs://{bucket}/staging", DefaultClients(settings.gcp_project)).require()
    except LandingError as error:
        yield Check.of_error("database", error)
    else:
        yield Check(topic="database", level="ok", message=f"staging bucket gs://{bucket}")
