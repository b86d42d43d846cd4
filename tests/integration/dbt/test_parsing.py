"""What a DAG file builds of a manifest, whatever the manifest is."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.support.airflow_homes import Airflow, serialised
from tests.support.dbt_example import project_copy

from airflow_landing_loader.settings import Settings

TASKS = """
import json, runpy, sys
found = runpy.run_path("dags/dbt_dags.py")
dags = {k: v for k, v in found.items() if k.startswith("landing__")}
print("tasks", json.dumps({k: {t.task_id: sorted(t.downstream_task_ids) for t in v.tasks}
                           for k, v in dags.items()}))
print("heavy", "cosmos.converter" in sys.modules, "dbt" in sys.modules, "duckdb" in sys.modules)
from airflow.models.serialized_dag import SerializedDagModel
from airflow.serialization import serialized_objects
kind = getattr(serialized_objects, "DagSerialization", None) or serialized_objects.SerializedDAG
print("hash", [SerializedDagModel.hash(kind.to_dict(v)) for v in dags.values()])
"""


def said(output: str, key: str) -> str:
    return next(
        line.removeprefix(f"{key} ") for line in output.splitlines() if line.startswith(f"{key} ")
    )


class TestParsing:
    def test_the_same_in_every_process(self, airflow: Airflow) -> None:
        outputs = [airflow.python(TASKS, PYTHONHASHSEED=seed) for seed in ("1", "77")]
        assert said(outputs[0], "hash") == said(outputs[1], "hash")
        assert said(outputs[0], "heavy") == "True False False"
        assert json.loads(said(outputs[0], "tasks"))["landing__raw_eod_prices"] == {
            "before": ["dbt.start"],
            "dbt.start": ["dbt.stg_eod_prices_model_build"],
            "dbt.stg_eod_prices_model_build": ["dbt.position_values_model_build"],
            "dbt.position_values_model_build": ["after"],
            "after": [],
        }

    def test_a_worker_with_another_task_does_without_cosmos(self, airflow: Airflow) -> None:
        context = {
            "_AIRFLOW_PARSING_CONTEXT_DAG_ID": "landing__raw_trades",
            "_AIRFLOW_PARSING_CONTEXT_TASK_ID": "before",
        }
        output = airflow.python(TASKS, **context)
        assert said(output, "heavy") == "False False False"
        assert json.loads(said(output, "tasks"))["landing__raw_trades"] == {
            "before": ["dbt.start"],
            "dbt.start": ["after"],
            "after": [],
        }
        context["_AIRFLOW_PARSING_CONTEXT_TASK_ID"] = "dbt.stg_trades_model_build"
        output = airflow.python(TASKS, **context)
        assert (
            "dbt.stg_trades_model_build" in json.loads(said(output, "tasks"))["landing__raw_trades"]
        )

    @pytest.mark.parametrize(
        ("spoil", "reason"),
        [
            (lambda path, node: node.pop("original_file_path"), "found nothing"),
            (lambda path, node: node.update(fqn=None), "cannot be read"),
            (lambda path, node: shutil.rmtree(path / "models"), "Could not find models"),
            (lambda path, node: _wrong_argument(node, retries="many"), "must be int"),
            (lambda path, node: _wrong_argument(node, trigger_rule="perhaps"), "trigger_rule"),
        ],
        ids=["incomplete", "wrong_type", "no_models", "wrong_retries", "wrong_rule"],
    )
    def test_no_manifest_breaks_the_file(
        self,
        configured: Settings,
        project: Path,
        tmp_path: Path,
        spoil: Callable[[Path, dict[str, Any]], object],
        reason: str,
    ) -> None:
        from airflow.sdk import DAG

        from airflow_landing_loader.dag_factory.dbt import build_dbt_group

        path = project_copy(tmp_path / "spoilt")
        manifest = json.loads((project / "target" / "manifest.json").read_text())
        spoil(path, manifest["nodes"]["model.landing.stg_trades"])
        (path / "target").mkdir()
        (path / "target" / "manifest.json").write_text(json.dumps(manifest))
        settings = replace(configured, dbt_project_path=str(path))
        with DAG("landing__raw_trades", schedule=None) as dag:
            group = build_dbt_group(table="raw_trades", settings=settings)
        assert group is not None
        assert {task.task_id for task in group.get_roots()} == {"dbt.start"}
        assert dag.get_task("dbt.start").downstream_task_ids == {"dbt.unavailable"}
        assert reason in dag.get_task("dbt.unavailable").reason
        serialised(dag)

    def test_a_table_without_models(self, airflow: Airflow, configured: Settings) -> None:
        from airflow.sdk import DAG

        from airflow_landing_loader.dag_factory.dbt import build_dbt_group

        with DAG("landing__raw_unknown", schedule=None) as dag:
            assert build_dbt_group(table="raw_unknown", settings=configured) is None
        assert dag.tasks == []

    def test_a_pool_holds_the_dbt_tasks_too(self, configured: Settings) -> None:
        from airflow.sdk import DAG

        from airflow_landing_loader.dag_factory.dbt import build_dbt_group

        with DAG("landing__raw_trades", schedule=None) as dag:
            build_dbt_group(
                table="raw_trades", settings=replace(configured, duckdb_pool="one_writer")
            )
        pools = {task.task_id: task.pool for task in dag.tasks}
        assert pools.pop("dbt.start") == "default_pool"
        assert set(pools.values()) == {"one_writer"}


def _wrong_argument(node: dict[str, Any], **arguments: object) -> None:
    node["config"]["meta"] = {"cosmos": {"operator_kwargs": arguments}}
