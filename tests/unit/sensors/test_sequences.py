"""A file that waits for a number keeps neither sensor nor trigger awake."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from airflow.providers.common.compat.sdk import TaskDeferred
from tests.unit.sensors.test_landing import FakeTaskInstance

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.pipeline.pipeline import Pipeline
from airflow_landing_loader.sensors.landing import WaitForFilesSensor
from airflow_landing_loader.settings import Settings

if TYPE_CHECKING:
    from tests.support.zones import Zones

MAPPING = {
    "pattern": "a_{seq:0d}.csv",
    "table": "raw_a",
    "settle_seconds": 0,
    "sequence": {"part": "seq"},
}


def deliver(zones: Zones, seq: int) -> None:
    path = zones.landing / f"a_{seq}.csv"
    path.write_text(f"id\n{seq}\n")
    os.utime(path, (1, 1))


def test_the_sensor_waits_for_a_missing_number_and_takes_all_that_follow_it(
    zones: Zones, settings: Callable[..., Settings]
) -> None:
    from airflow.sdk import DAG

    task = WaitForFilesSensor(
        task_id="wait",
        dag=DAG("by_hand", schedule=None),
        mapping=MAPPING,
        settings=settings(),
        timeout=100.0,
        deferrable=True,
    )
    pipeline = Pipeline(settings(), [TableMapping.model_validate(MAPPING)])
    context: dict[str, Any] = {"ti": FakeTaskInstance(), "run_id": "run-2"}
    deliver(zones, 1)
    pipeline.run_batch(pipeline.discover().ready)
    for seq in (10, 3, 9, *range(4, 9)):
        deliver(zones, seq)

    with pytest.raises(TaskDeferred) as caught:
        task.execute(context)  # type: ignore[arg-type]
    trigger = caught.value.trigger
    assert {held["name"] for held in trigger.held} == {f"a_{n}.csv" for n in range(3, 11)}
    assert min(held["until"] for held in trigger.held) > time.time() + 500
    with pytest.raises(asyncio.TimeoutError):  # it is not woken by what waits
        asyncio.run(asyncio.wait_for(anext(trigger.run()), 0.5))

    deliver(zones, 2)
    assert asyncio.run(anext(trigger.run())).payload["status"] == "ready"
    assert task.execute(context) == [[f"a_{n}.csv" for n in range(2, 11)]]  # type: ignore[arg-type]
