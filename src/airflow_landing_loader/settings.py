"""Frozen settings; the one place that knows names, defaults and meaning of every setting.

Built by :func:`from_environment` for the command line (seed variables such as ``LANDING_PATH``, and
``AIRFLOW__LANDING_LOADER__LANDING_PATH``, which wins) and by the Airflow side from the
``[landing_loader]`` section. Nothing else reads environment variables.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from airflow_landing_loader.exceptions import ConfigurationError, ErrorCode

SECTION = "landing_loader"
Backend = Literal["duckdb", "bigquery"]
DbtMode = Literal["per_table", "shared", "off", "auto"]


def _option(description: str, *, default: Any = None, seed: bool = False, type_: str = "string",
            example: str | None = None, choices: tuple[str, ...] = ()) -> Any:
    """A settings field whose metadata feeds `provider_info`, the docs and the readers.

    ``seed`` marks an option that has a bare environment variable of the same name in capitals.
    """
    return field(default=default, metadata={"description": description, "seed": seed, "type": type_,
                                            "example": example, "choices": choices})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything the core needs to know about its surroundings. Paths are absolute once built."""

    landing_path: str = _option("Where files arrive: a folder.", seed=True, example="/data/landing")
    archive_path: str = _option("Where loaded files are kept: a folder.", seed=True, example="/data/archive")
    failed_path: str = _option("Where refused files are kept, each with its reason: a folder.", seed=True, example="/data/failed")
    table_config_path: str = _option("Root folder of the table mappings (*.yaml, *.yml, any depth).", seed=True, example="/config/tables")
    loader_backend: Backend = _option("Warehouse: duckdb.", default="duckdb", seed=True, choices=("duckdb",))
    loader_workers: int = _option("Files inspected and moved at the same time.", default=1, seed=True, type_="integer")
    duckdb_path: str = _option("DuckDB database file.", default="dev.duckdb", seed=True)
    gcp_project: str | None = _option("Google Cloud project (BigQuery only).", seed=True)
    bq_dataset: str | None = _option("BigQuery dataset (BigQuery only).", seed=True)
    staging_bucket: str | None = _option("Bucket for Parquet staging (BigQuery only).", seed=True)
    dbt_mode: DbtMode = _option("per_table, shared, off, or auto: per_table up to 30 tables, then shared.", default="off", choices=("per_table", "shared", "off", "auto"))
    dbt_project_path: str | None = _option("Folder of the dbt project that reads the raw tables.")
    dbt_source: str = _option("Name of the dbt source whose tables are the raw tables.", default="landing")
    duckdb_pool: str | None = _option("Airflow pool for tasks that write to DuckDB; none is required.")
    lock_timeout: float = _option("Seconds a writer or reader waits for the database before it reports a transient error.", default=300.0, type_="float")
    show_values: bool = _option("Let logs and XCom show cell values in error messages.", default=False, type_="boolean")
