"""Buttons beside a task's log: each leads to what the page says of the task's table."""

from __future__ import annotations

from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG
from airflow.serialization import serialized_objects

from airflow_landing_loader.operators.base import LandingOperator
from airflow_landing_loader.operators.landing import (
    ArchiveFilesOperator,
    LoadFilesOperator,
    QuarantineFilesOperator,
    ValidateFilesOperator,
)
from airflow_landing_loader.operators.report import ReportRunOperator
from airflow_landing_loader.sensors.landing import WaitForFilesSensor

A, B = ({"pattern": f"{x}_*.csv", "table": f"raw_{x}"} for x in "ab")


def links(operator: Any) -> dict[str, str]:
    return {
        link.name: link.get_link(operator, ti_key=None) for link in operator.operator_extra_links
    }


@pytest.mark.parametrize(
    ("mapping", "table", "path"),
    [
        (A, None, "tables/raw_a"),
        ([A, {**A, "pattern": "a2_*.csv"}], None, "tables/raw_a"),
        ([A, B], None, ""),
        (None, "market.prices", "tables/market.prices"),
        (None, None, ""),
    ],
)
def test_every_task_leads_to_its_table(mapping: Any, table: str | None, path: str) -> None:
    task = LandingOperator(task_id="t", mapping=mapping, table=table)
    assert links(task) == {"Landing zone": f"/landing-loader/{path}"}


def test_below_the_prefix_of_airflow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example.org/team-a/")
    task = ReportRunOperator(task_id="t", table="raw_a")
    assert links(task) == {"Landing zone": "/team-a/landing-loader/tables/raw_a"}


def test_what_loads_and_what_refuses_lead_further() -> None:
    load = LoadFilesOperator(task_id="l", validated={}, table="raw_a")
    assert links(load)["Loads"] == "/landing-loader/loads?table=raw_a"
    fail = QuarantineFilesOperator(task_id="f", files="a", table="a&b ü")
    assert links(fail)["Failures"] == "/landing-loader/failures?table=a%26b%20%C3%BC"


def test_airflow_knows_the_links_of_a_dag_that_it_has_stored() -> None:
    serialization: Any = getattr(serialized_objects, "DagSerialization", None)
    serialization = serialization or serialized_objects.SerializedDAG
    with DAG("d", schedule=None) as dag:
        WaitForFilesSensor(task_id="w", mapping=A)
        ValidateFilesOperator(task_id="v", files="a", mapping=A)
        LoadFilesOperator(task_id="l", validated={}, mapping=A)
        ArchiveFilesOperator(task_id="a", verdicts={}, mapping=A)
    stored = serialization.from_dict(serialization.to_dict(dag))
    names = {task.task_id: sorted(task.extra_links) for task in stored.tasks}
    assert names == {
        "w": ["Landing zone"],
        "v": ["Landing zone"],
        "l": ["Landing zone", "Loads"],
        "a": ["Landing zone"],
    }
