"""Times the DAG file on many mappings: `parse.py all|one|bare FOLDER MAPPINGS`, one process each.

``all`` is the dag processor: every DAG is built. ``one`` is a worker: Airflow says of which DAG it
runs a task. ``bare`` is as many DAGs of the same shape out of Airflow's own operators, without a
mapping or a line of ours: what nobody can be faster than. What any DAG file pays for is imported
before the clock starts: Airflow's own authoring classes and timetables. Prints a line of JSON.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

Build = Callable[[], tuple[float, int]]
"""Builds DAGs; returns when all was imported, and how many there are."""

ZONES = ("landing", "archive", "failed", "tables", "airflow")


def write_mappings(folder: Path, count: int) -> None:
    """Write mappings with go files, each in a file of its own, in twenty folders."""
    for name in ZONES:
        (folder / name).mkdir()
    for number in range(count):
        text = (
            f"feed{number:04d}_*.csv:\n"
            f"  table: raw_feed{number:04d}\n"
            "  go_file:\n"
            f"    pattern: feed{number:04d}_*.go\n"
            "    format: properties\n"
            "    row_count_key: record_count\n"
        )
        group = folder / "tables" / f"group{number % 20}"
        group.mkdir(exist_ok=True)
        (group / f"feed{number:04d}.yaml").write_text(text, encoding="utf-8")


def main(what: str, folder: Path, count: int) -> None:
    """Import Airflow, then time importing the factory and building the DAGs."""
    os.environ |= {
        "AIRFLOW_HOME": str(folder / "airflow"),
        "LANDING_PATH": str(folder / "landing"),
        "ARCHIVE_PATH": str(folder / "archive"),
        "FAILED_PATH": str(folder / "failed"),
        "TABLE_CONFIG_PATH": str(folder / "tables"),
        "AIRFLOW__LANDING_LOADER__DBT_MODE": "shared",
        "AIRFLOW__LANDING_LOADER__DBT_PROJECT_PATH": str(
            Path(__file__).resolve().parent.parent / "include" / "dbt"
        ),
    }
    import airflow.sdk.execution_time.task_runner  # noqa: F401 - what every worker has
    from airflow.sdk import (  # noqa: F401 - what every DAG file with a sensor pays for
        DAG,
        Asset,
        BaseOperator,
        BaseSensorOperator,
        TaskGroup,
        task_group,
    )
    from airflow.triggers.base import BaseTrigger  # noqa: F401 - and one that defers

    DAG("any", schedule="@daily")  # the first one imports Airflow's timetables
    build = _bare_dags(count) if what == "bare" else _landing_dags(what, count)
    gc.freeze()  # as Airflow does before it forks the processes that read DAG files
    cpu, started = time.process_time(), time.perf_counter()
    imported, dags = build()
    ended = time.perf_counter()
    # With all mappings comes one DAG for what none of them matches.
    if dags != {"one": 1, "bare": count}.get(what, count + 1):
        raise SystemExit(f"{dags} DAGs")
    found = {
        "mappings": count,
        "what": what,
        "importing": imported - started,
        "building": ended - imported,
        "cpu": time.process_time() - cpu,
    }
    print("\n" + json.dumps(found))


def _landing_dags(what: str, count: int) -> Build:
    from airflow.sdk.definitions._internal import dag_parsing_context as asked

    wanted = f"landing__raw_feed{count // 2:04d}"
    dag_id, task_id = (wanted, "file.load") if what == "one" else (None, None)

    def build() -> tuple[float, int]:
        from airflow_landing_loader.dag_factory import build_landing_dags

        imported = time.perf_counter()
        with asked._airflow_parsing_context_manager(dag_id=dag_id, task_id=task_id):
            return imported, len(build_landing_dags())

    return build


def _bare_dags(count: int) -> Build:
    from airflow.sdk import DAG, Asset, BaseOperator, BaseSensorOperator, task_group

    class Task(BaseOperator):
        template_fields = ("files",)

        def __init__(self, files: Any = None, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.files = files

    retries = {"retries": 8, "retry_delay": timedelta(seconds=10)}

    def dag(number: int) -> DAG:
        with DAG(
            f"bare{number}",
            schedule="@continuous",
            start_date=datetime(2024, 1, 1, tzinfo=UTC),
            max_active_runs=1,
            default_args={"owner": "bare", **retries},
        ) as made:
            wait = BaseSensorOperator(task_id="wait_for_files")
            gate = Task(task_id="any_loaded", outlets=[Asset(f"bare{number}")])
            report = Task(task_id="report", trigger_rule="all_done")

            @task_group(group_id="file")
            def lane(files: Any) -> None:
                validate = Task(task_id="validate", files=files)
                load = Task(task_id="load", files=validate.output)
                Task(task_id="archive", files=load.output)
                load >> [Task(task_id="fail", trigger_rule="all_failed"), gate]

            [lane.expand(files=wait.output), gate] >> report
        return made

    return lambda: (time.perf_counter(), len([dag(number) for number in range(count)]))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]).resolve(), int(sys.argv[3]))
