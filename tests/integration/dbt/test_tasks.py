"""A table's models as tasks behind its loads, under Airflow."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

from tests.support.airflow_homes import Airflow, dag_file
from tests.support.dbt_example import INSTRUMENT, POSITION, PRICE, Warehouse, project_copy

from airflow_landing_loader.settings import Settings


class TestTasks:
    def test_several_dags_and_loads_at_once(
        self,
        airflow: Airflow,
        configured: Settings,
        warehouse: Warehouse,
        writer: subprocess.Popen[str],
        tmp_path: Path,
    ) -> None:
        warehouse.deliver("raw_positions", POSITION)
        warehouse.deliver("raw_eod_prices", PRICE)
        dags = {"landing__raw_positions": airflow}
        dags["landing__raw_eod_prices"] = airflow.twin(tmp_path / "airflow")
        runs = [where.start_test(dag) for dag, where in dags.items()]
        output = "".join(run.communicate()[0] for run in runs)
        print(output)  # pytest shows it if the test fails
        assert [run.returncode for run in runs] == [0, 0]
        assert writer.poll() is None
        assert "lock on file" not in output
        for dag, where in dags.items():
            staging = dag.replace("landing__raw_", "stg_")
            states = where.states(dag)
            mart = states.pop("dbt.position_values_model_build")
            assert mart in ("success", "skipped")
            assert states == {
                "before": "success",
                "dbt.start": "success",
                f"dbt.{staging}_model_build": "success",
                "after": "success",
            }
        assert warehouse.query("SELECT count(*) FROM position_values") == [(1,)]

    def test_a_failed_test_fails_the_task_at_once(
        self, airflow: Airflow, configured: Settings, warehouse: Warehouse
    ) -> None:
        warehouse.deliver("raw_instruments", (None, *INSTRUMENT[1:]))
        code, output = airflow.test("landing__raw_instruments")
        assert code != 0
        assert airflow.states("landing__raw_instruments")["dbt.stg_instruments_model_build"] == (
            "failed"
        )
        assert airflow.tries("landing__raw_instruments")["dbt.stg_instruments_model_build"] == 1
        assert (
            "[dbt.failed] dbt invocation completed with errors: not_null_stg_instruments" in output
        )
        # It let go of the database all the same.
        assert warehouse.query("SELECT count(*) FROM raw_instruments") == [(1,)]

    def test_without_a_manifest(
        self, airflow: Airflow, configured: Settings, tmp_path: Path
    ) -> None:
        bare = project_copy(tmp_path / "bare")
        settings = replace(configured, dbt_project_path=str(bare))
        # An id of its own: Airflow 3.1 would take the tasks of an earlier test for this DAG's.
        airflow.write_dags(dag_file(settings, "raw_trades", prefix="bare"))
        code, output = airflow.test("bare__raw_trades")
        assert code != 0
        assert airflow.states("bare__raw_trades") == {
            "before": "success",
            "dbt.start": "success",
            "dbt.unavailable": "failed",
            "after": "upstream_failed",
        }
        assert airflow.tries("bare__raw_trades")["dbt.unavailable"] == 1
        assert "[dbt.no_manifest]" in output
        assert f"dbt parse --project-dir {bare}" in output
