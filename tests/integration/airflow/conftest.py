"""Real runs of generated DAGs, by ``dag.test()``, on one metadata database for the session."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.dag_runs import Lab

from airflow_landing_loader.settings import Settings


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
