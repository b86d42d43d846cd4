"""The warehouses that settings can name: what each needs to be set, and what sets it apart.

The table stands below all rooms that read it: settings say by it what is missing and where rows go,
the DAG builder how a task waits, and neither imports a warehouse. How one is opened stands beside
the warehouses, in :mod:`airflow_landing_loader.loading.warehouses.opening`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

BackendName = Literal["duckdb", "bigquery"]


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """What sets a warehouse apart for those who use it.

    :param single_writer: one process at a time may write: dbt takes its turn among the loaders, and
        an Airflow pool may keep tasks from waiting for each other.
    :param long_jobs: rows go in by jobs that run elsewhere: a task may wait without a worker.
    """

    single_writer: bool
    long_jobs: bool


@dataclass(frozen=True, kw_only=True)
class Naming:
    """How others than we call the tables of a warehouse: texts with options of ``place`` in braces.

    :param namespace: as OpenLineage has it, where it has a rule.
    :param schema: that of a table whose mapping names none.
    :param name: with ``{schema}`` and ``{table}``.
    """

    namespace: str
    schema: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Backend:
    """A warehouse as settings know it; texts are names of options.

    :param needs: what has to be set for it.
    :param place: where its rows go, joined by dots.
    :param told: what a dbt project is told of it.
    """

    capabilities: Capabilities
    needs: tuple[str, ...] = ()
    place: tuple[str, ...]
    told: tuple[str, ...]
    naming: Naming


BACKENDS: Mapping[BackendName, Backend] = {
    "duckdb": Backend(
        capabilities=Capabilities(single_writer=True, long_jobs=False),
        place=("duckdb_path",),
        told=("duckdb_path",),
        naming=Naming(namespace="duckdb://{duckdb_path}", schema="main", name="{schema}.{table}"),
    ),
    "bigquery": Backend(
        capabilities=Capabilities(single_writer=False, long_jobs=True),
        needs=("gcp_project", "bq_dataset", "staging_bucket"),
        place=("gcp_project", "bq_dataset"),
        told=("gcp_project", "bq_dataset", "bq_location"),
        naming=Naming(
            namespace="bigquery", schema="{bq_dataset}", name="{gcp_project}.{schema}.{table}"
        ),
    ),
}
