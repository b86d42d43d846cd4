"""The warehouse that the settings name: each is looked at in its own way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from airflow_landing_loader.cli.doctor.bigquery import bigquery_checks
from airflow_landing_loader.cli.doctor.check import Check
from airflow_landing_loader.cli.doctor.duckdb import duckdb_checks
from airflow_landing_loader.settings import BackendName, Settings

_EXAMINERS: Mapping[BackendName, Callable[[Settings], Iterator[Check]]] = {
    "duckdb": duckdb_checks,
    "bigquery": bigquery_checks,
}


def database_checks(settings: Settings) -> Iterator[Check]:
    """What there is to say of the warehouse."""
    return _EXAMINERS[settings.loader_backend](settings)
