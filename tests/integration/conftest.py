"""What is started once for all integration tests of a process."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support import dag_runs, worlds
from tests.support.emulators import running

LOADER = Path(__file__).parents[2] / "dags" / "landing.py"


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


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[running.BigQuery]:
    """The emulators of BigQuery and of its bucket."""
    with worlds.emulators(tmp_path_factory) as emulator:
        yield emulator


@pytest.fixture(autouse=True)
def _no_task_is_left() -> Iterator[None]:
    """The tests after this one see no task that it has run."""
    yield
    dag_runs.forget_tasks()
