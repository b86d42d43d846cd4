from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowSkipException, DownstreamTasksSkipped

from airflow_landing_loader.dag_factory.assets import table_asset
from airflow_landing_loader.loading.model import DbtDue
from airflow_landing_loader.operators.gate import AnyLoadedOperator
from airflow_landing_loader.xcom.batches import dump_batch

Make = Callable[..., Any]
ASSET = table_asset("raw_a")


class Events:
    """The accessors of a task with one outlet."""

    extra: Any = None

    def __getitem__(self, asset: Any) -> Events:
        assert asset == ASSET
        return self


def core(*due: DbtDue) -> Any:
    mapping = SimpleNamespace(table="raw_a")
    warehouse = SimpleNamespace(dbt_due=lambda tables: due)
    return SimpleNamespace(warehouse=warehouse, mappings=(mapping,))


def due(failed_ago: timedelta | None = None) -> DbtDue:
    at = None if failed_ago is None else datetime.now(UTC).replace(tzinfo=None) - failed_ago
    return DbtDue(table="raw_a", sequence=4, last_attempt=at)


@pytest.fixture
def gate(make: Make, context: Any) -> Callable[..., Any]:
    context["outlet_events"] = Events()

    def build(*due: DbtDue, dbt: bool = True) -> Any:
        prefix = "dbt." if dbt else None
        return make(
            AnyLoadedOperator, core(*due), dbt_task_prefix=prefix, outlets=[ASSET], task_id="gate"
        )

    return build


def test_loaded_files_let_dbt_run_and_describe_the_event(
    gate: Any, values: Any, context: Any, ti: Any
) -> None:
    ti.put("load", dump_batch([values.loaded("a.csv"), values.duplicate("b.csv")]), index=0)
    ti.put("load", dump_batch([values.loaded("c.csv", row_count=5)]), index=1)
    assert gate(due()).execute(context) == 2
    extra = context["outlet_events"].extra
    events = extra.pop("events")
    assert extra == {
        "load_ids": ["id-a.csv", "id-c.csv"],
        "files": ["a.csv", "c.csv"],
        "rows": [2, 5],
        "schema": 1,
    }
    assert [(e["type"], e["load_id"], e["data"]["rows"]) for e in events] == [
        ("layer.completed", "id-a.csv", 2),
        ("layer.completed", "id-c.csv", 5),
    ]
    assert ti.pushed("landing_dbt_due")[0]["sequence"] == 4


@pytest.mark.parametrize("lanes", [None, [["a.csv"]]])
def test_nothing_loaded_skips_and_asks_no_database(
    gate: Any, values: Any, context: Any, ti: Any, lanes: Any
) -> None:
    if lanes:
        ti.put("wait_for_files", lanes)
        ti.put("load", dump_batch([values.duplicate("a.csv")]))
    with pytest.raises(AirflowSkipException):
        gate(due()).execute(context)


def test_a_sensor_without_lanes_means_that_dbt_is_due(gate: Any, context: Any, ti: Any) -> None:
    ti.put("wait_for_files", [])
    task = gate(due(timedelta(minutes=11)))
    assert task.execute(context) == 0
    assert task.outlets == []


def test_a_sensor_without_lanes_may_come_too_late(gate: Any, context: Any, ti: Any) -> None:
    ti.put("wait_for_files", [])
    with pytest.raises(AirflowSkipException):
        gate().execute(context)


def test_after_a_failure_dbt_waits_but_the_event_is_sent(
    gate: Any, values: Any, context: Any, ti: Any
) -> None:
    from airflow.providers.standard.operators.empty import EmptyOperator

    ti.put("load", dump_batch([values.loaded("a.csv")]))
    task = gate(due(timedelta(minutes=9)))
    for name in ("dbt.start", "report"):
        task >> EmptyOperator(task_id=name, dag=task.dag)
    with pytest.raises(DownstreamTasksSkipped) as caught:
        task.execute(context)
    assert caught.value.tasks == ["dbt.start"]
    assert ti.pushed("landing_dbt_later") == pytest.approx(time.time() + 60, abs=30)
    assert context["outlet_events"].extra["files"] == ["a.csv"]


def test_without_dbt_only_loads_count(gate: Any, values: Any, context: Any, ti: Any) -> None:
    ti.put("load", dump_batch([values.loaded("a.csv")]))
    assert gate(due(), dbt=False).execute(context) == 1
    assert ti.pushed("landing_dbt_due") is None
