"""Loaders that die, and several on the same zones: each file is loaded once."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.support.deliveries import A, B

DIES = """
import os, pickle, signal, sys
from airflow_landing_loader.pipeline import finishing
from airflow_landing_loader.loading.warehouses.duckdb import kept_summary
from airflow_landing_loader.pipeline.pipeline import Pipeline

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

settings, mappings, where = pickle.loads(sys.stdin.buffer.read())
if where == "after the move":
    move = finishing.moves.move
    finishing.moves.move = lambda *args, **keys: (move(*args, **keys), die())
else:
    kept_summary.Path.replace = die
pipeline = Pipeline(settings, mappings)
pipeline.run_batch(pipeline.discover().ready)
"""


def die(world: Any, where: str) -> None:
    """Run a loader that dies at a place."""
    told = pickle.dumps((world.settings, world.mappings, where))
    died = subprocess.run([sys.executable, "-c", DIES], input=told, check=False)
    assert died.returncode == -signal.SIGKILL


@pytest.mark.parametrize("second", [B, A, 'id,x\n"', ""])
def test_a_death_after_the_move_leaves_the_right_place_in_the_books(
    world: Any, second: str
) -> None:
    bad = second not in (A, B)
    world.load('id,x\n"1' if bad else A)
    world.deliver("a_1.csv", second)
    die(world, "after the move")
    world.run()
    assert world.zones.names()["landing"] == []
    uris = world.sql(
        "SELECT final_uri FROM load_deliveries UNION ALL SELECT archive_uri FROM load_metadata"
    )
    lies = {Path(uri).read_text() for (uri,) in uris}
    assert lies == {'id,x\n"1' if bad else A, second}


def test_a_death_while_the_status_is_copied_leaves_nothing_for_ever(world: Any) -> None:
    world.load(A)
    folder = Path(world.settings.duckdb_path).parent
    tidy = {path.name for path in folder.iterdir()}
    world.deliver("a_2.csv", B)
    die(world, "status copy")
    world.run()
    assert {path.name for path in folder.iterdir()} == tidy


WORKER = """
import sys
from pathlib import Path
from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.pipeline.pipeline import Pipeline
from airflow_landing_loader.settings import Settings
root = Path(sys.argv[1])
settings = Settings(
    landing_path=str(root / "landing"), archive_path=str(root / "archive"),
    failed_path=str(root / "failed"), table_config_path=str(root / "tables"),
    duckdb_path=str(root / "warehouse.duckdb"), lock_timeout=60.0, loader_workers=2,
)
pipeline = Pipeline(settings, [
    TableMapping(pattern="a_*.csv", table="raw_a", settle_seconds=0),
    TableMapping(pattern="b_*.csv", table="raw_b", settle_seconds=0),
])
print("ready", flush=True)
sys.stdin.readline()
ready = pipeline.discover().ready
for start in range(0, len(ready), 10):
    pipeline.run_batch(ready[start:start + 10])
"""


def start_worker(world: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WORKER, str(world.zones.root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def check_each_loaded_once(world: Any, files: int) -> None:
    assert world.zones.names()["landing"] == []
    assert world.zones.names()["failed"] == []
    assert len(world.zones.names()["archive"]) == 2 * files
    for table in ("raw_a", "raw_b"):
        assert world.rows(table, "id") == sorted((str(n),) for n in range(files))
    assert world.count("load_metadata") == 2 * files
    assert world.sql("SELECT DISTINCT outcome FROM load_deliveries") == [("loaded",)]


def test_two_loops_on_the_same_zones_both_finish(world: Any) -> None:
    files = 30
    for number in range(files):
        world.deliver(f"a_{number}.csv", f"id\n{number}\n")
        world.deliver(f"b_{number}.csv", f"id\n{number}\n")
    workers = [start_worker(world) for _ in range(2)]
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    results = [worker.communicate("go\n", timeout=120) for worker in workers]
    assert [w.returncode for w in workers] == [0, 0], results
    check_each_loaded_once(world, files)


def test_sigkill_at_any_moment_loses_and_doubles_nothing(world: Any) -> None:
    files = 40
    for number in range(files):
        world.deliver(f"a_{number}.csv", f"id\n{number}\n")
        world.deliver(f"b_{number}.csv", f"id\n{number}\n")
    killed = 0
    for kill in range(8):
        worker = start_worker(world)
        assert worker.stdout is not None
        assert worker.stdin is not None
        worker.stdout.readline()
        worker.stdin.write("go\n")
        worker.stdin.flush()
        try:
            worker.wait(timeout=0.1 + 0.13 * kill)
        except subprocess.TimeoutExpired:
            os.kill(worker.pid, signal.SIGKILL)
            killed += 1
        worker.communicate()
        delivered = sum(len(names) for names in world.zones.names().values())
        assert delivered == 2 * files  # each file in exactly one zone
    assert killed
    worker = start_worker(world)
    _, errors = worker.communicate("go\n", timeout=120)
    assert worker.returncode == 0, errors
    check_each_loaded_once(world, files)
