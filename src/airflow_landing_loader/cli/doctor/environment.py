"""What is installed: Python, DuckDB, dbt, Airflow."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from importlib import metadata

from airflow_landing_loader import __version__
from airflow_landing_loader.cli import session
from airflow_landing_loader.cli.doctor.check import Check
from airflow_landing_loader.settings import Settings, airflow_cfg_path, options


def version_checks() -> Iterator[Check]:
    """The versions that a report of a problem needs."""
    duckdb = _version("duckdb")
    versions = f"landing-loader {__version__}, Python {platform.python_version()}"
    if duckdb is None:
        yield Check(
            topic="version",
            level="error",
            message=f"{versions}, no DuckDB",
            mend="`pip install duckdb`.",
        )
    else:
        yield Check(topic="version", level="ok", message=f"{versions}, DuckDB {duckdb}")


def settings_checks(settings: Settings) -> Iterator[Check]:
    """Which ``airflow.cfg`` counts, and the variables that it hides."""
    path = airflow_cfg_path(os.environ)
    where = f"{path} was read" if path else "there is no airflow.cfg"
    yield Check(topic="settings", level="ok", message=f"complete and not contradictory; {where}")
    origins = dict(settings.origins)
    for option in options():
        bare = option.variables[-1]
        hidden = option.seed and os.environ.get(bare, "").strip()
        if hidden and origins.get(option.name) != bare:
            yield Check(
                topic="settings",
                level="warn",
                message=f"{bare} is set and does not count: {origins.get(option.name)} wins",
                mend=f"Set {option.variables[0]} to win over both, or unset {bare}.",
            )


def dbt_checks(settings: Settings) -> Iterator[Check]:
    """Whether dbt can run, if it is to run at all."""
    tables = session.mappings_of(settings).table_names()
    mode = settings.dbt_mode_for(len(tables))
    if mode == "off":
        yield Check(topic="dbt", level="ok", message="off")
        return
    # Imported here: it costs time that an installation without dbt does not have to spend.
    from airflow_landing_loader.dbt.command import require_dbt
    from airflow_landing_loader.dbt.manifest import read_manifest
    from airflow_landing_loader.dbt.project import read_project
    from airflow_landing_loader.exceptions import ConfigurationError, ErrorCode

    require_dbt()
    project = read_project(settings)
    yield Check(
        topic="dbt",
        level="ok",
        message=f"dbt {_version('dbt-core')}, {mode}, project {project.path}",
    )
    try:
        manifest = read_manifest(project)
    except ConfigurationError as error:
        if error.code is not ErrorCode.DBT_NO_MANIFEST:
            raise
        # Only the generated DAGs need it; `run` lets dbt make one.
        yield Check(
            topic="dbt",
            level="warn",
            message=error.detail.message,
            mend=error.detail.hint or "",
        )
        return
    unread = [t for t in tables if not manifest.sources([t], settings.dbt_source)]
    if unread:
        yield Check(
            topic="dbt",
            level="warn",
            message=f"no dbt source {settings.dbt_source!r} for {', '.join(unread)}",
            mend="Add the tables to the source, or set dbt: false in their mappings.",
        )


def airflow_checks(settings: Settings) -> Iterator[Check]:
    """Airflow's version, and whether a pool has to be made."""
    version = _version("apache-airflow")
    if version is None:
        yield Check(topic="airflow", level="ok", message="not installed; `run` does not need it")
        return
    yield Check(topic="airflow", level="ok", message=f"Airflow {version}")
    if settings.writer_pool is not None:
        yield Check(
            topic="airflow",
            level="warn",
            message=f"tasks that write to DuckDB wait for pool {settings.writer_pool!r}",
            mend=f"If it does not exist: `airflow pools set {settings.writer_pool} 1 'DuckDB'`.",
        )


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None
