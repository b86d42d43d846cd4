"""What the books keep of a run, from what is known at its end."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from airflow_landing_loader.dbt.results import DbtNodeRun, DbtTaskRun
from airflow_landing_loader.exceptions import ErrorDetail
from airflow_landing_loader.loading.operations import ExecutionRecord
from airflow_landing_loader.pipeline.outcome import Outcome
from airflow_landing_loader.runs.executions import RunKey, run_of
from airflow_landing_loader.runs.layers import (
    DagRun,
    DbtWork,
    Span,
    layers_completed,
    records_of_dbt_run,
    records_of_run,
)
from airflow_landing_loader.runs.refusals import Refusal
from airflow_landing_loader.runs.report import RunReport

AT = datetime(2024, 1, 15, 7, tzinfo=UTC)
RUN = DagRun(
    key=RunKey("landing__raw_a", "manual__1"),
    table="raw_a",
    conf={},
    began=AT - timedelta(hours=1),
)
LANES = Span(began=AT - timedelta(minutes=9), ended=AT - timedelta(minutes=8))
ERROR = ErrorDetail(code="csv.ragged", message="is wrong", file="b.csv", line=7, value="secret")
RAW, STAGED = ("main", "raw_a"), ("main", "stg_a")


def stored(hour: int, minute: int) -> datetime:
    """A time of this day as the books hold it."""
    return AT.replace(hour=hour, minute=minute, tzinfo=None)


def outcome(name: str, status: Any = "loaded", **changes: Any) -> Outcome:
    fields: dict[str, Any] = {"rows": 10, "rejected": 1, "size_bytes": 99}
    return Outcome(name=name, table="raw_a", status=status, uri="", **(fields | changes))


def node(name: str, status: Any = "ok", **changes: Any) -> DbtNodeRun:
    fields: dict[str, Any] = {"kind": "model", "layer": "silver", "table": ("main", name)}
    return DbtNodeRun(name=name, status=status, **(fields | changes))


def task(*nodes: DbtNodeRun, minutes: int = 0, ended: bool = True) -> DbtTaskRun:
    began = AT - timedelta(minutes=6 - minutes)
    return DbtTaskRun(
        name=nodes[0].name,
        layer=nodes[0].layer,
        began=began,
        ended=began + timedelta(seconds=5) if ended else None,
        nodes=nodes if ended else (),
    )


def records(report: RunReport, *tasks: DbtTaskRun, **rows: int) -> dict[str, ExecutionRecord]:
    counts = {("main", name): count for name, count in rows.items()}
    work = DbtWork(tasks=tasks, rows=counts)
    found = records_of_run(RUN, report, LANES, work, fail_on_files=True, at=AT)
    return {record.layer: record for record in found}


def test_nothing_happened() -> None:
    assert records(RunReport()) == {}
    refused = RunReport(refused=(Refusal(name="x.csv", code="landing.two_patterns", due=0.0),))
    assert records(refused)["run"].status == "failed"


def test_the_run_began_to_work_with_its_first_layer() -> None:
    found = records(RunReport(outcomes=(outcome("a.csv"), outcome("b.csv"))))
    whole, bronze = found["run"], found["bronze"]
    assert run_of(whole.execution_id) == RUN.key
    assert (bronze.started_at, bronze.completed_at) == (
        stored(6, 51),
        stored(6, 52),
    )
    assert bronze.duration_ms == 60_000
    assert (whole.started_at, whole.completed_at) == (
        stored(6, 51),
        stored(7, 0),
    )
    assert whole.duration_ms == 540_000
    for record in (whole, bronze):
        assert (record.records_processed, record.records_failed) == (20, 2)
        assert record.size_bytes == 198


def test_what_did_not_load_counts_no_rows() -> None:
    outcomes = (
        outcome("a.csv"),
        outcome("b.csv", "duplicate"),
        outcome("c.csv", "failed", error=ERROR),
    )
    bronze = records(RunReport(outcomes=outcomes, waiting=4))["bronze"]
    assert (bronze.records_processed, bronze.size_bytes) == (10, 99)
    assert json.loads(bronze.result or "") == {
        "loaded": 1,
        "duplicate": 1,
        "failed": 1,
        "left": 0,
        "waiting": 4,
    }
    assert bronze.error == "[csv.ragged] c.csv is in the failed zone"


def test_times_that_nobody_told() -> None:
    report = RunReport(outcomes=(outcome("a.csv"),))
    found = records_of_run(RUN, report, Span(), DbtWork(), fail_on_files=True, at=AT)
    whole, bronze = found
    assert bronze.started_at is bronze.duration_ms is None
    assert whole.duration_ms == 3_600_000


def test_clocks_that_differ_give_no_negative_time() -> None:
    report = RunReport(outcomes=(outcome("a.csv"),))
    lanes = Span.of([20.0, 30.0], [10.0])
    bronze = records_of_run(RUN, report, lanes, DbtWork(), fail_on_files=True, at=AT)[1]
    assert bronze.duration_ms == 0


class TestLayersOfDbt:
    def test_rows_of_the_tables_and_what_they_leave_out(self) -> None:
        silver = task(node("stg_a", made_from=RAW), node("not_null", kind="test", table=None))
        gold = task(node("mart", layer="gold"), minutes=2)
        found = records(RunReport(dbt="succeeded"), silver, gold, raw_a=12, stg_a=10, mart=3)
        assert set(found) == {"run", "silver", "gold"}
        assert (found["silver"].records_processed, found["silver"].records_failed) == (10, 2)
        assert (found["gold"].records_processed, found["gold"].records_failed) == (3, None)
        assert found["silver"].duration_ms == 5000
        assert found["run"].started_at == stored(6, 54)
        assert json.loads(found["silver"].result or "")["models"] == ["stg_a"]

    def test_what_is_not_counted_is_not_known(self) -> None:
        found = records(RunReport(dbt="succeeded"), task(node("stg_a", made_from=RAW)), raw_a=12)
        assert found["silver"].records_processed is found["silver"].records_failed is None

    def test_a_model_with_more_rows_than_it_is_made_from(self) -> None:
        made = task(node("stg_a", made_from=RAW))
        found = records(RunReport(dbt="succeeded"), made, raw_a=2, stg_a=10)
        assert found["silver"].records_failed == 0

    @pytest.mark.parametrize("ended", [True, False])
    def test_a_failure_and_a_death(self, ended: bool) -> None:
        made = task(node("stg_a", "failed"), ended=ended)
        found = records(RunReport(dbt="failed", dbt_failed=("dbt.stg_a",)), made)
        assert found["silver"].status == "failed"
        assert found["silver"].error == "dbt failed in stg_a"
        assert found["run"].status == "failed"

    def test_what_is_counted(self) -> None:
        work = DbtWork(tasks=(task(node("stg_a", made_from=RAW), node("v", table=None)),))
        assert work.tables() == {RAW, STAGED}

    def test_the_shared_dag_is_for_no_table(self) -> None:
        run = replace(RUN, table=None, key=RunKey("landing_dbt", "r"))
        work = DbtWork(tasks=(task(node("stg_a", "failed")),))
        whole, silver = records_of_dbt_run(run, work, "dbt failed in dbt.stg_a", AT)
        assert (whole.layer, silver.layer) == ("run", "silver")
        assert whole.table_name is silver.table_name is None
        assert whole.error == "dbt failed in dbt.stg_a"


class TestLayersTell:
    def test_one_event_for_each_table_and_layer_that_is_complete(self) -> None:
        work = DbtWork(tasks=(task(node("stg_a")), task(node("top", layer="gold"))))
        made = records_of_dbt_run(replace(RUN, table=None), work, None, AT)
        told = list(layers_completed(made, ["raw_a", "raw_b"]))
        assert [(e.table, e.data["layer"], e.data["models"]) for e in told] == [
            ("raw_a", "silver", ["stg_a"]),
            ("raw_b", "silver", ["stg_a"]),
            ("raw_a", "gold", ["top"]),
            ("raw_b", "gold", ["top"]),
        ]
        assert len({e.id for e in told}) == 4
        assert [e.id for e in layers_completed(made, ["raw_a", "raw_b"])] == [e.id for e in told]

    def test_neither_bronze_nor_what_failed(self) -> None:
        work = DbtWork(tasks=(task(node("stg_a", "failed")),))
        made = records_of_dbt_run(replace(RUN, table=None), work, "is wrong", AT)
        assert list(layers_completed(made, ["raw_a"])) == []
        loaded = records(RunReport(outcomes=(outcome("a.csv"),)))
        assert list(layers_completed(loaded.values(), ["raw_a"])) == []
