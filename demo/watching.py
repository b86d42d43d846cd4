"""Conditions that the demo waits for: each says what is missing still, or nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from airflow_api import AirflowApi
from airflow_home import Playground
from deliveries import Sample

WAIT_TASK = "wait_for_files"


def dag_id_of(table: str) -> str:
    """The id of the DAG that is generated for a table."""
    return f"landing__{table}"


def lacking_dags(api: AirflowApi, tables: Sequence[str]) -> str:
    """Which DAGs have not been generated.

    :raises RuntimeError: the loader file cannot be parsed.
    """
    errors = api.import_errors()
    if errors:
        raise RuntimeError("Airflow cannot parse the loader file:\n" + "\n".join(errors))
    missing = {dag_id_of(table) for table in tables} - set(api.dag_ids())
    return ", ".join(sorted(missing))


def still_landing(playground: Playground, samples: Sequence[Sample]) -> str:
    """Which files that must be taken lie in landing still."""
    names = [
        name
        for sample in samples
        if sample.expect.fate != "stays"
        for name in sample.files()
        if (playground.landing / name).exists()
    ]
    return ", ".join(names)


def busy(api: AirflowApi, tables: Sequence[str]) -> str:
    """What the DAGs are doing; nothing when each waits for the next file and all else has ended."""
    runs, tasks = api.runs(active=True), api.tasks_at_work()
    doing = []
    for table in tables:
        active = [run.run_id for run in runs if run.dag_id == dag_id_of(table)]
        now = [task for task in tasks if task.dag_id == dag_id_of(table)]
        waiting = [t.run_id for t in now if (t.task_id, t.state) == (WAIT_TASK, "deferred")]
        if active != waiting or len(active) != 1:
            labels = [f"{task.task_id} {task.label or ''}".strip() for task in now]
            doing.append(f"{table}: {', '.join(labels) or 'between two tasks'}")
    return "; ".join(doing)


def wrong_runs(api: AirflowApi, samples: Sequence[Sample]) -> list[str]:
    """DAG runs that failed although no file was refused, and the other way round."""
    problems = []
    for table in sorted({sample.table for sample in samples if sample.table}):
        refused = [s.name for s in samples if s.table == table and s.expect.fate == "failed"]
        states = Counter(run.state for run in api.runs(dag_id_of(table)))
        if bool(refused) != bool(states["failed"]):
            problems.append(
                f"{dag_id_of(table)}: {states['failed']} failed runs, {len(refused)} refused files"
            )
    return problems
