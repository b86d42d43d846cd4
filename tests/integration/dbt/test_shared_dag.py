"""One DAG that runs dbt for all tables."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from tests.support.airflow_homes import Airflow, serialised
from tests.support.dbt_example import INSTRUMENT, PRICE, Warehouse

from airflow_landing_loader.settings import Settings

SHARED_FILE = """
from airflow_landing_loader.dag_factory import build_shared_dbt_dag
from airflow_landing_loader.settings import Settings

dag = build_shared_dbt_dag({settings!r})
"""


class TestSharedDag:
    @pytest.fixture
    def shared(self, configured: Settings, zones: Any) -> Settings:
        (zones.tables / "tables.yaml").write_text(
            "instruments_*.csv: raw_instruments\n"
            "prices_*.csv: {table: raw_eod_prices}\n"
            "nothing_*.csv: {table: raw_positions, dbt: false}\n"
        )
        return replace(configured, dbt_mode="shared")

    def test_it_covers_what_is_due(
        self, airflow: Airflow, shared: Settings, warehouse: Warehouse
    ) -> None:
        airflow.write_dags(SHARED_FILE.format(settings=shared))
        warehouse.deliver("raw_eod_prices", PRICE)
        code, output = airflow.test("landing_dbt")
        assert code == 0
        assert "stg_instruments waits for raw_instruments: not there yet" in output
        states = airflow.states("landing_dbt")
        assert states.pop("dbt.stg_instruments_model_build") == "skipped"
        assert {task for task, state in states.items() if state == "skipped"} == {
            "dbt.position_values_model_build",
            next(task for task in states if task.startswith("dbt.relationships_")),
        }
        assert states["dbt.stg_eod_prices_model_build"] == "success"
        runs = "SELECT table_name, sequence, succeeded FROM load_dbt_runs ORDER BY ALL"
        assert warehouse.query(runs) == [("raw_eod_prices", 1, True)]

        warehouse.deliver("raw_instruments", (None, *INSTRUMENT[1:]))
        assert airflow.test("landing_dbt")[0] != 0
        assert airflow.states("landing_dbt")["dbt.stg_instruments_model_build"] == "failed"
        assert warehouse.query(runs) == [
            ("raw_eod_prices", 1, True),
            ("raw_instruments", 2, False),
        ]

    def test_its_schedule(self, shared: Settings) -> None:
        from airflow_landing_loader.dag_factory import build_shared_dbt_dag

        dag = build_shared_dbt_dag(shared)
        assert dag is not None
        assert dag.max_active_runs == 1
        assert not dag.catchup
        written = json.dumps(serialised(dag)["dag"]["timetable"])
        assert "landing_raw_instruments" in written
        assert "landing_raw_eod_prices" in written
        assert "landing_raw_positions" not in written
        assert "asset_any" in written
        assert "*/15 * * * *" in written

    def test_only_where_it_is_wanted(self, shared: Settings, zones: Any) -> None:
        from airflow_landing_loader.dag_factory import build_shared_dbt_dag

        assert build_shared_dbt_dag(replace(shared, dbt_mode="per_table")) is None
        assert build_shared_dbt_dag(replace(shared, dbt_mode="auto")) is None
        assert build_shared_dbt_dag(replace(shared, dbt_mode="off")) is None
        (zones.tables / "tables.yaml").write_text("a_*.csv: {table: raw_a, dbt: false}\n")
        assert build_shared_dbt_dag(shared) is None
