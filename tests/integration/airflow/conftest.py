"""Real runs of generated DAGs, by ``dag.test()``, on one metadata database for the session."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.dag_runs import Lab

from airflow_landing_loader.settings import Settings

LOADER = Path(__file__).parents[3] / "dags" / "landing.py"


@pytest.fixture(scope="session")
def airflow_db() -> Path:
    """A migrated database, and a DAG folder with the loader file."""
    from airflow.sdk.execution_time import supervisor
    from airflow.utils.db import initdb

    home = Path(os.environ["AIRFLOW_HOME"])
    (home / "dags").mkdir(exist_ok=True)
    (home / "dags" / "landing.py").write_text(LOADER.read_text())
    initdb()
    # Airflow 3.1 builds its whole execution API anew for each task; later ones keep it, as here.
    if not hasattr(supervisor.in_process_api_server, "cache_info"):
        supervisor.in_process_api_server = functools.cache(supervisor.in_process_api_server)
    return home


@pytest.fixture
def lab(
    airflow_db: Path, settings: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> Lab:
    """A lab with empty zones; nothing is waited for longer than three seconds."""
    made = Lab(
        settings=settings(poll_interval=1.0, sensor_timeout=3.0, lock_timeout=1.0, dbt_mode="off"),
        environ=monkeypatch.setenv,
    )
    names = ("landing_path", "archive_path", "failed_path", "table_config_path", "duckdb_path")
    for name in names:
        monkeypatch.setenv(name.upper(), getattr(made.settings, name))
    return made
