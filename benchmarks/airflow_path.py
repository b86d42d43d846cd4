"""This project inside Airflow: `airflow_path.py run` runs the generated DAG and prints its seconds.

All tasks of one run, one after the other in one process by ``dag.test()``: the sensor, and for each
lane validate, load and archive, then gate and report. Every task is a task instance in Airflow's
database, with its XComs by the task API. Not in it: the scheduler's and the executor's turns, and a
new process for each task; those are in the latency.
"""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path

from cases import TABLE

LOADER = Path(__file__).resolve().parents[1] / "dags" / "landing.py"


def prepare(folder: Path) -> None:
    """Make Airflow's database and the DAG file; not part of what is timed."""
    from airflow.utils.db import initdb

    (folder / "dags").mkdir()
    shutil.copy(LOADER, folder / "dags")
    initdb()


def run() -> None:
    """Run the DAG once.

    :raises SystemExit: the run did not end well.
    """
    from airflow_landing_loader.dag_factory import build_landing_dags

    dag = build_landing_dags()[f"landing__{TABLE}"]
    started = time.perf_counter()
    ended = dag.test()
    seconds = time.perf_counter() - started
    if ended.state != "success":
        raise SystemExit(f"the run is {ended.state}")
    print(f"\n{seconds}")


if __name__ == "__main__":
    if sys.argv[1] == "prepare":
        prepare(Path(sys.argv[2]).resolve())
    else:
        run()
