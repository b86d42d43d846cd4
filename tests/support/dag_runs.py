"""A landing zone with a real Airflow to work on it, and what its runs left."""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_landing_loader.settings import Settings

if TYPE_CHECKING:
    from airflow.sdk import DAG

HOUR = 3600.0


@dataclass(frozen=True)
class Run:
    """What a run left in Airflow's own tables.

    :param states: state of each task instance, by ``task`` or ``task_<map index>``.
    :param labels: what the grid calls the mapped ones that ran.
    :param xcoms: values by task instance and key.
    """

    state: str
    run_id: str
    states: dict[str, str]
    labels: dict[str, str]
    xcoms: dict[tuple[str, str], Any]
    events: list[dict[str, Any]] = field(default_factory=list)

    def count(self, task: str) -> Counter[str]:
        """States of the mapped instances of a task."""
        return Counter(s for key, s in self.states.items() if key.rpartition("_")[0] == task)

    def states_of(self, label: str) -> dict[str, str]:
        """States of the tasks that the grid calls by this name; those that ran have one."""
        return {
            key.rpartition("_")[0]: self.states[key]
            for key, text in self.labels.items()
            if text == label
        }


@dataclass
class Lab:
    """One landing zone with its mappings, and Airflow to work on it."""

    settings: Settings
    environ: Callable[[str, str], None]

    @property
    def landing(self) -> Path:
        return Path(self.settings.landing_path)

    def mapping(self, text: str, name: str = "tables.yaml") -> None:
        """Write a mapping file."""
        (Path(self.settings.table_config_path) / name).write_text(text)

    def deliver(self, name: str, text: str = "id,name\n1,a\n", *, age: float = HOUR) -> Path:
        """Put a file into landing that has come to rest ``age`` seconds ago."""
        path = self.landing / name
        path.write_text(text)
        then = time.time() - age
        os.utime(path, (then, then))
        return path

    def dag(self, table: str) -> DAG:
        """The generated DAG of a table, with retries that come at once."""
        return self.dag_with_id(f"landing__{table}")

    def dag_with_id(self, dag_id: str) -> DAG:
        """Any generated DAG, with retries that come at once."""
        from airflow_landing_loader.dag_factory import build_landing_dags

        forget_tasks()
        dag = build_landing_dags(self.settings)[dag_id]
        for task in dag.tasks:
            task.retries = 0
        return dag

    def run(self, dag: DAG | str) -> Run:
        """Run a DAG as ``airflow dags test`` does, and read what came out."""
        dag = self.dag(dag) if isinstance(dag, str) else dag
        return read_run(dag.test())


def forget_tasks() -> None:
    """Take back what a task that ran in this process has set, which Airflow 3.1 leaves: whatever
    reads the DAG file then, a process that is started from here too, finds that task's DAG alone.
    """
    for name in ("DAG_ID", "TASK_ID"):
        os.environ.pop(f"_AIRFLOW_PARSING_CONTEXT_{name}", None)


def read_run(dag_run: Any) -> Run:
    """Read a finished run back from the metadata database."""
    from airflow.models.asset import AssetEvent
    from airflow.models.taskinstance import TaskInstance
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session
    from sqlalchemy import select

    of_run = {"dag_id": dag_run.dag_id, "run_id": dag_run.run_id}
    with create_session() as session:
        tasks = session.scalars(select(TaskInstance).filter_by(**of_run)).all()
        xcoms = session.scalars(select(XComModel).filter_by(**of_run)).all()
        events = session.scalars(
            select(AssetEvent).filter_by(source_dag_id=dag_run.dag_id, source_run_id=dag_run.run_id)
        ).all()
        return Run(
            state=str(dag_run.state),
            run_id=dag_run.run_id,
            states={_key(t.task_id, t.map_index): str(t.state) for t in tasks},
            labels={
                _key(t.task_id, t.map_index): str(t.rendered_map_index)
                for t in tasks
                if t.rendered_map_index
            },
            xcoms={(_key(x.task_id, x.map_index), x.key): _plain(x.value) for x in xcoms},
            events=[event.extra for event in events],
        )


def _key(task_id: str, map_index: int) -> str:
    return task_id if map_index < 0 else f"{task_id}_{map_index}"


def _plain(value: Any) -> Any:
    """Airflow releases differ in whether they hand out a stored value as JSON text."""
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return value
