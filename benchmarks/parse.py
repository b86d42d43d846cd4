"""Times the DAG file on many mappings: `parse.py all|one FOLDER MAPPINGS`, one process each.

``all`` is the dag processor: every DAG is built. ``one`` is a worker: Airflow says of which DAG it
runs a task. What any DAG file pays for is imported before the clock starts: Airflow's own authoring
classes and timetables. Prints a line of JSON.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time
from pathlib import Path

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
    from airflow.sdk.definitions._internal import dag_parsing_context as asked
    from airflow.triggers.base import BaseTrigger  # noqa: F401 - and one that defers

    DAG("any", schedule="@daily")  # the first one imports Airflow's timetables
    gc.freeze()  # as Airflow does before it forks the processes that read DAG files
    cpu, started = time.process_time(), time.perf_counter()
    from airflow_landing_loader.dag_factory import build_landing_dags

    imported = time.perf_counter()
    wanted = f"landing__raw_feed{count // 2:04d}"
    dag_id, task_id = (wanted, "file.load") if what == "one" else (None, None)
    with asked._airflow_parsing_context_manager(dag_id=dag_id, task_id=task_id):
        dags = build_landing_dags()
    ended = time.perf_counter()
    if len(dags) != (1 if what == "one" else count):
        raise SystemExit(f"{len(dags)} DAGs")
    found = {
        "mappings": count,
        "what": what,
        "importing": imported - started,
        "building": ended - imported,
        "cpu": time.process_time() - cpu,
    }
    print("\n" + json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]).resolve(), int(sys.argv[3]))
