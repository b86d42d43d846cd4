"""When dbt runs behind the lanes, and when it does not; dbt itself is a stub here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from airflow.sdk import TaskGroup
    from tests.support.dag_runs import Lab


class Stub:
    """Stands for a table's dbt models: one task that does what it is told."""

    def __init__(self) -> None:
        self.broken = False
        self.ran = 0

    def build(self, *, table: str, settings: Any, group_id: str) -> TaskGroup:
        from airflow.sdk import BaseOperator, TaskGroup

        stub = self

        class Model(BaseOperator):
            def execute(self, context: Any) -> None:
                stub.ran += 1
                if stub.broken:
                    raise RuntimeError("a model is broken")

        with TaskGroup(group_id) as group:
            Model(task_id="start") >> Model(task_id="model")
        return group


@pytest.fixture
def dbt(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> Stub:
    from dataclasses import replace

    from airflow_landing_loader.dag_factory import dbt

    lab.settings = replace(lab.settings, dbt_mode="per_table")
    # For the loader file, which Airflow parses too; the stub replaces the project.
    lab.environ("AIRFLOW__LANDING_LOADER__DBT_MODE", "per_table")
    lab.environ("AIRFLOW__LANDING_LOADER__DBT_PROJECT_PATH", str(lab.landing.parent))
    stub = Stub()
    monkeypatch.setattr(dbt, "build_dbt_group", stub.build)
    return stub


def ten_minutes_pass(lab: Lab) -> None:
    """Let what the warehouse remembers of dbt be ten minutes older."""
    import duckdb

    with duckdb.connect(lab.settings.duckdb_path) as con:
        con.execute("UPDATE load_dbt_runs SET recorded_at = recorded_at - INTERVAL 10 MINUTE")


def test_dbt_runs_after_a_load_and_not_without(lab: Lab, dbt: Stub) -> None:
    lab.mapping("dbta_*.csv: {table: raw_dbta, settle_seconds: 0}")
    lab.deliver("dbta_1.csv")
    lab.deliver("dbta_2.csv", 'id\n"')
    first = lab.run("raw_dbta")
    assert first.state == "failed"
    assert first.states["dbt.model"] == "success"
    second = lab.run("raw_dbta")
    assert second.state == "success"
    assert second.states["dbt.start"] == "skipped"
    assert second.states["dbt.model"] == "skipped"


def test_a_failed_dbt_fails_the_run_and_is_made_up_for_later(lab: Lab, dbt: Stub) -> None:
    lab.mapping("dbtb_*.csv: {table: raw_dbtb, settle_seconds: 0, on_failed_file: continue}")
    lab.deliver("dbtb_1.csv")
    dbt.broken = True
    first = lab.run("raw_dbtb")
    assert first.state == "failed"
    assert first.states["file.archive_0"] == "success"
    assert len(first.events) == 1

    # Neither at once nor for a new file: one cause fails one run in ten minutes.
    dbt.ran = 0
    assert lab.run("raw_dbtb").states["wait_for_files"] == "skipped"
    lab.deliver("dbtb_2.csv")
    third = lab.run("raw_dbtb")
    assert third.state == "success"
    assert third.states["any_loaded"] == "success"
    assert third.states["dbt.start"] == "skipped"
    assert len(third.events) == 1
    assert dbt.ran == 0

    ten_minutes_pass(lab)
    dbt.broken = False
    fourth = lab.run("raw_dbtb")
    assert fourth.state == "success"
    assert fourth.xcoms[("wait_for_files", "return_value")] == []
    assert fourth.states["dbt.model"] == "success"
    assert not fourth.events
    assert lab.run("raw_dbtb").states["wait_for_files"] == "skipped"


def test_the_sensor_wakes_when_dbt_becomes_due(lab: Lab, dbt: Stub) -> None:
    from dataclasses import replace

    lab.settings = replace(lab.settings, sensor_timeout=60.0)
    lab.mapping("dbtc_*.csv: {table: raw_dbtc, settle_seconds: 0}")
    lab.deliver("dbtc_1.csv")
    dbt.broken = True
    lab.run("raw_dbtc")
    import duckdb

    with duckdb.connect(lab.settings.duckdb_path) as con:
        con.execute("UPDATE load_dbt_runs SET recorded_at = recorded_at - INTERVAL 592 SECOND")
    dbt.broken = False
    assert lab.run("raw_dbtc").states["dbt.model"] == "success"


def test_a_mapping_without_dbt_has_no_dbt(lab: Lab, dbt: Stub) -> None:
    lab.mapping("dbtd_*.csv: {table: raw_dbtd, dbt: false}")
    assert not [t for t in lab.dag("raw_dbtd").task_ids if t.startswith("dbt")]


def test_a_sensor_that_cannot_ask_for_dbt_asks_again_later(
    lab: Lab, dbt: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow_landing_loader.loading.warehouses.duckdb.lock import DatabaseLock

    lab.mapping("dbte_*.csv: {table: raw_dbte, settle_seconds: 0}")
    database = Path(lab.settings.duckdb_path)
    database.touch()
    with DatabaseLock(database).exclusive("a long load", timeout=0):
        run = lab.run("raw_dbte")
    assert run.state == "success"
    assert run.states["wait_for_files"] == "skipped"
