"""From a file that is visible to rows that are visible, under a running Airflow.

The scheduler, triggerer, dag processor and api server of the demo, each a process; LocalExecutor;
the zone is polled every second. A file that has come to rest is renamed into the landing zone while
the table's DAG waits for it; the clock stops when a reader of the database finds its rows.

An idle scheduler of Airflow sleeps for a second between two turns, and a load needs three of them:
it is measured with a shorter sleep, too.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import duckdb

from comparing import CONSOLE, HERE

sys.path.append(str(HERE.parent / "demo"))

from airflow_api import AirflowApi
from airflow_home import Playground, PrivateAirflow, free_port
from airflow_landing_loader.exceptions import TransientError
from airflow_landing_loader.loading.warehouses.duckdb.lock import DatabaseLock
from starting import start
from waiting import Waiter
from watching import busy, lacking_dags

TABLE = "raw_visible"
_IDLE_SLEEPS = {
    "1 s, Airflow's default": {},
    "0.1 s": {"AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.1"},
}
_ROWS = 1_000
_LOOK = 0.02  # seconds between two looks
_PATIENCE = 120.0
_AN_HOUR = 3600.0


def latencies(cache: Path, files: int) -> dict[str, list[float]]:
    """Deliver files one after the other and return the seconds of each, by the scheduler's sleep.

    :param cache: the folder in which Airflow gets a folder of its own.
    :raises SystemExit: a file's rows did not appear within two minutes.
    """
    return {name: _latencies(cache, files, set_) for name, set_ in _IDLE_SLEEPS.items()}


def _latencies(cache: Path, files: int, scheduler: dict[str, str]) -> list[float]:
    playground = Playground((cache / "latency").resolve())
    with playground.reserved():
        playground.create(wipe=True)
        tables = playground.root / "tables"
        tables.mkdir()
        (tables / "visible.yaml").write_text(f"visible_*.csv: {TABLE}\n", encoding="utf-8")
        options = {
            "AIRFLOW__LANDING_LOADER__TABLE_CONFIG_PATH": str(tables),
            "AIRFLOW__LANDING_LOADER__DBT_MODE": "off",
            **scheduler,
        }
        airflow = PrivateAirflow(playground, port=free_port(), options=options)
        try:
            waiter = Waiter(CONSOLE, seconds=900.0 + 60.0 * files, check=airflow.check)
            api = start(airflow, waiter)
            waiter.until("the DAG is there", lambda: lacking_dags(api, [TABLE]))
            return [_one(playground, api, waiter, number) for number in range(files)]
        finally:
            airflow.stop()


def _one(playground: Playground, api: AirflowApi, waiter: Waiter, number: int) -> float:
    waiter.until("the DAG waits for a file", lambda: busy(api, [TABLE]))
    written = playground.root / f"visible_{number}.csv"
    lines = (f"{number},{row},text of row {row}\n" for row in range(_ROWS))
    written.write_text("file,row,text\n" + "".join(lines), encoding="utf-8")
    an_hour_ago = time.time() - _AN_HOUR
    os.utime(written, (an_hour_ago, an_hour_ago))  # it has settled
    time.sleep(0.137 * number)  # not always at the same moment between two polls
    started = time.perf_counter()
    written.rename(playground.landing / written.name)
    reader = _Reader(playground.database)
    while not reader.sees((number + 1) * _ROWS):
        time.sleep(_LOOK)
        if time.perf_counter() - started > _PATIENCE:
            raise SystemExit(f"{written.name} was not loaded in {_PATIENCE:.0f} s")
    return time.perf_counter() - started


class _Reader:
    """A reader who keeps to the lock file, and looks only when the database has changed."""

    def __init__(self, database: Path) -> None:
        self._database = database
        self._looked_at = 0

    def sees(self, rows: int) -> bool:
        """Whether the table has so many rows."""
        changed = self._database.stat().st_mtime_ns if self._database.exists() else 0
        if changed == self._looked_at:
            return False
        try:
            with (
                DatabaseLock(self._database).shared("the benchmark", timeout=0),
                duckdb.connect(str(self._database), read_only=True) as con,
            ):
                found = con.execute(f"SELECT count(*) FROM {TABLE}").fetchone()
        except TransientError:
            return False  # a writer has it
        except duckdb.Error:
            found = None  # the table is not there yet
        self._looked_at = changed
        return found is not None and found[0] >= rows
