"""Airflow in a home of its own, with DAGs that have a dbt group."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from airflow_landing_loader.settings import Settings

_DAG_FILE = """
from datetime import datetime, timedelta
from airflow.sdk import DAG
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow_landing_loader.dag_factory.dbt import build_dbt_group
from airflow_landing_loader.settings import Settings

SETTINGS = {settings!r}
for table in {tables!r}:
    with DAG(
        f"{prefix}__{{table}}",
        schedule=None,
        start_date=datetime(2024, 1, 1),
        default_args={{"retries": 3, "retry_delay": timedelta(seconds=1)}},
    ) as dag:
        before = EmptyOperator(task_id="before")
        after = EmptyOperator(task_id="after", trigger_rule="none_failed")
        group = build_dbt_group(table=table, settings=SETTINGS)
        before >> (group or after)
        if group:
            group >> after
    globals()[dag.dag_id] = dag
"""


def dag_file(settings: Settings, *tables: str, prefix: str = "landing") -> str:
    """A DAG file with a DAG ``<prefix>__<table>`` for each table: before, its dbt group, after."""
    return _DAG_FILE.format(settings=settings, tables=tables, prefix=prefix)


@dataclass(frozen=True)
class Airflow:
    """An Airflow home of its own, and commands that run in it."""

    home: Path

    def twin(self, home: Path) -> Airflow:
        """Another Airflow with the same DAGs; in one, two tests would write the same rows."""
        (home / "dags").mkdir(parents=True)
        for name in ("airflow.db", "dags/dbt_dags.py"):
            shutil.copy(self.home / name, home / name)
        return Airflow(home)

    def write_dags(self, text: str) -> None:
        """Make this its DAG file."""
        (self.home / "dags" / "dbt_dags.py").write_text(text)

    def start_test(self, dag_id: str) -> subprocess.Popen[str]:
        """Start a run of a DAG by ``airflow dags test``."""
        return self._start("-m", "airflow", "dags", "test", dag_id)

    def test(self, dag_id: str) -> tuple[int, str]:
        """Run a DAG to its end; the exit code, and all that was said."""
        process = self.start_test(dag_id)
        output = process.communicate()[0]
        print(output)  # pytest shows it if the test fails
        return process.returncode, output

    def python(self, code: str, **environment: str) -> str:
        """Run a program that must end well; all that it said."""
        process = self._start("-c", code, **environment)
        output = process.communicate()[0]
        assert process.returncode == 0, output
        return output

    def states(self, dag_id: str) -> dict[str, str]:
        """States of the newest run's tasks."""
        return {task: state for task, state, _ in self._tasks(dag_id)}

    def tries(self, dag_id: str) -> dict[str, int]:
        """How often each of the newest run's tasks was tried."""
        return {task: tries for task, _, tries in self._tasks(dag_id)}

    def _tasks(self, dag_id: str) -> list[tuple[str, str, int]]:
        with sqlite3.connect(self.home / "airflow.db") as connection:
            return connection.execute(
                "SELECT task_id, state, try_number FROM task_instance WHERE dag_id = ? AND run_id ="
                " (SELECT run_id FROM dag_run WHERE dag_id = ?1 ORDER BY id DESC LIMIT 1)",
                [dag_id],
            ).fetchall()

    def _start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, *arguments],
            env={
                **os.environ,
                "AIRFLOW_HOME": str(self.home),
                "AIRFLOW__CORE__DAGS_FOLDER": str(self.home / "dags"),
                "AIRFLOW__COSMOS__CACHE_DIR": str(self.home / "cosmos"),
                **environment,
            },
            cwd=self.home,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


def serialised(dag: Any) -> dict[str, Any]:
    """A DAG as Airflow keeps it, whatever the version calls what does that."""
    content: dict[str, Any] = _serialisation().to_dict(dag)
    return content


def as_scheduled(dag: Any) -> Any:
    """A DAG as the scheduler has it."""
    return _serialisation().from_dict(serialised(dag))


def _serialisation() -> Any:
    from airflow.serialization import serialized_objects

    before_3_2 = getattr(serialized_objects, "SerializedDAG", None)
    return getattr(serialized_objects, "DagSerialization", before_3_2)
