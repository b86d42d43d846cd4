"""A person has the database open: loads wait for them by name, and status answers."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from tests.support.deliveries import A, B

from airflow_landing_loader.exceptions import ErrorCode as Code
from airflow_landing_loader.exceptions import TransientError

HOLDER = """
import duckdb, sys
con = duckdb.connect(sys.argv[1])
con.execute("CREATE TABLE IF NOT EXISTS mine (x INTEGER)")
print("open", flush=True)
sys.stdin.readline()
"""


def test_a_person_with_the_database_open_makes_loads_wait_and_is_named(world: Any) -> None:
    world.load(A)
    person = subprocess.Popen(
        [sys.executable, "-c", HOLDER, world.settings.duckdb_path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert person.stdout is not None
    assert person.stdout.readline() == "open\n"
    world.deliver("a_2.csv", B)
    waited: list[str] = []

    def heard(message: str) -> None:
        if not waited:
            person.communicate("\n")
        waited.append(message)

    from airflow_landing_loader.pipeline.pipeline import Pipeline

    pipeline = Pipeline(world.settings, world.mappings, on_wait=heard)
    outcomes = pipeline.run_batch(pipeline.discover().ready)
    assert [o.status for o in outcomes] == ["loaded"]
    assert f"process {person.pid}" in waited[0]


def test_who_waits_too_long_gets_a_transient_error_and_status_still_answers(
    world: Any, settings: Any
) -> None:
    from airflow_landing_loader.pipeline.pipeline import Pipeline

    world.load(A)
    person = subprocess.Popen(
        [sys.executable, "-c", HOLDER, world.settings.duckdb_path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert person.stdout is not None
    person.stdout.readline()
    try:
        world.deliver("a_2.csv", B)
        impatient = Pipeline(settings(lock_timeout=0.2), world.mappings)
        with pytest.raises(TransientError) as caught:
            impatient.run_batch(impatient.discover().ready)
        assert caught.value.code is Code.WAREHOUSE_LOCKED
        assert str(person.pid) in caught.value.detail.message
        assert (world.zones.landing / "a_2.csv").exists()
        overview = impatient.warehouse.overview(10)
        assert [load.filename for load in overview.loads] == ["a_1.csv"]
        assert overview.busy_with is not None
        assert str(person.pid) in overview.busy_with
    finally:
        person.communicate("\n")
    assert world.run()["a_2.csv"].status == "loaded"
