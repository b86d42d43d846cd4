"""The example project beside a database, and an Airflow that runs it.

The project's manifest and Airflow's migrated database take long to make: each test process makes
them once for all modules here. Tests leave the project as it is, and overwrite Airflow's DAG file.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.support.airflow_homes import Airflow, dag_file
from tests.support.dbt_example import COLUMNS, Warehouse, project_copy

from airflow_landing_loader.dbt.command import write_manifest
from airflow_landing_loader.settings import Settings

WRITE_NOW_AND_THEN = """
import sys, time
from pathlib import Path
from airflow_landing_loader.loading.warehouses.duckdb.session import SessionOptions, writing
database, done = Path(sys.argv[1]), Path(sys.argv[2])
options = SessionOptions(lock_timeout=300)
print("writing", flush=True)
while not done.exists():
    with writing(database, options, "a load") as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS elsewhere (a INTEGER)")
        connection.execute("INSERT INTO elsewhere VALUES (1)")
    time.sleep(0.2)  # leave the processor to the others; nothing depends on it
"""


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example project with its manifest; not to be changed."""
    root = tmp_path_factory.mktemp("project")
    path = project_copy(root / "dbt")
    write_manifest(
        Settings(
            **dict.fromkeys(("landing_path", "archive_path", "failed_path"), "/zone"),
            table_config_path="/tables",
            duckdb_path=str(root / "dev.duckdb"),
            dbt_project_path=str(path),
        )
    )
    assert not (root / "dev.duckdb").exists()
    assert not (path / "logs").exists()
    return path


@pytest.fixture
def configured(settings: Callable[..., Settings], project: Path) -> Settings:
    """Settings for the example project, with dbt beside each table."""
    return settings(dbt_project_path=str(project), dbt_mode="per_table")


@pytest.fixture
def warehouse(configured: Settings) -> Warehouse:
    """The database of ``configured``, empty."""
    return Warehouse(configured.duckdb_path)


@pytest.fixture
def writer(configured: Settings, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that loads now and then until the test is over; it must not fail."""
    done = tmp_path / "done"
    process = subprocess.Popen(
        [sys.executable, "-c", WRITE_NOW_AND_THEN, configured.duckdb_path, str(done)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "writing\n"
    yield process
    done.touch()
    assert process.wait() == 0
    process.stdout.close()


@pytest.fixture(scope="session")
def airflow_home(tmp_path_factory: pytest.TempPathFactory) -> Airflow:
    """An Airflow with a migrated database and no DAG."""
    airflow = Airflow(tmp_path_factory.mktemp("airflow"))
    (airflow.home / "dags").mkdir()
    airflow.python(
        "import sys; from airflow.__main__ import main; sys.argv[1:] = ['db', 'migrate']; main()"
    )
    return airflow


@pytest.fixture
def airflow(airflow_home: Airflow, configured: Settings) -> Airflow:
    """Airflow with a DAG for each raw table."""
    airflow_home.write_dags(dag_file(configured, *COLUMNS))
    return airflow_home
