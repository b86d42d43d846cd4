"""What the database refuses, said with its cure; and nothing lost by it."""

from __future__ import annotations

import random
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest


@contextmanager
def _no_file_larger_than(size: int) -> Iterator[None]:
    """As a disk that is full: the system refuses to write more into any file."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)


def test_no_room_for_one_file_leaves_it_and_loads_the_small_one(world: Any) -> None:
    world.map()
    world.load("id\n1\n")
    numbers = random.Random(1)
    text = "".join(f"{numbers.random()}\n" for _ in range(400_000))
    world.deliver("a_large.csv", f"id\n{text}")
    world.deliver("a_small.csv", "id\n2\n")
    pipeline = world.pipeline
    with _no_file_larger_than(Path(world.settings.duckdb_path).stat().st_size + 3_000_000):
        outcomes = {o.name: o for o in pipeline.run_batch(pipeline.discover().ready)}
    assert outcomes["a_small.csv"].status == "loaded"
    assert outcomes["a_large.csv"].status == "left"
    assert outcomes["a_large.csv"].error.code == "warehouse.disk_full"
    assert world.run()["a_large.csv"].status == "loaded"


@pytest.mark.parametrize("schema", ["warehouse", "WAREHOUSE", "main"])
def test_a_schema_that_is_named_as_the_database_is(world: Any, schema: str) -> None:
    table = f"{schema}.raw_a"
    world.map(table=table)
    world.deliver("a_1.csv", "id\n1\n")
    pipeline = world.pipeline
    (outcome,) = pipeline.run_batch(pipeline.discover().ready)
    assert (outcome.status, outcome.rows) == ("loaded", 1)
    assert world.sql(f"SELECT id FROM warehouse.{table}") == [("1",)]
    assert pipeline.warehouse.unload(outcome.load_id) == 1


def test_a_column_that_the_table_generates_itself(world: Any) -> None:
    world.map()
    world.sql("CREATE TABLE raw_a (id VARCHAR, twice VARCHAR GENERATED ALWAYS AS (id || id))")
    world.deliver("a_1.csv", "id,twice\n1,11\n")
    (outcome,) = world.run().values()
    assert outcome.status == "failed"
    assert outcome.error.code == "load.table_unfit"
    assert "Drop the column" in outcome.error.hint
