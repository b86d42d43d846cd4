"""A hand-written DAG with the landing loader's operators: nightly, with a task of its own between.

Copy it into the DAG folder and change it. Zones and database come from section [landing_loader].
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from airflow.sdk import DAG, task, task_group

from airflow_landing_loader.operators.landing import (
    ArchiveFilesOperator,
    LoadFilesOperator,
    QuarantineFilesOperator,
    ValidateFilesOperator,
)
from airflow_landing_loader.sensors.landing import WaitForFilesSensor

FX_RATES = {
    "pattern": "fx_rates_*.csv",
    "table": "raw_fx_rates",
    "trailer": {"row_count_column": 1, "tag": "TRAILER"},
}

with DAG(
    "nightly_fx_rates",
    schedule="0 22 * * 1-5",
    start_date=datetime(2024, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args={"mapping": FX_RATES, "retries": 5},
) as dag:
    wait = WaitForFilesSensor(task_id="wait_for_files", timeout=3 * 60 * 60, deferrable=True)

    @task_group
    def each(files: Any) -> None:
        validate = ValidateFilesOperator(task_id="validate", files=files)
        load = LoadFilesOperator(task_id="load", validated=validate.output)
        archive = ArchiveFilesOperator(task_id="archive", verdicts=load.output)
        refuse = QuarantineFilesOperator(
            task_id="refuse",
            files="{{ ti.xcom_pull(task_ids='wait_for_files')[ti.map_index] | tojson }}",
            error_task_ids=["each.validate", "each.load"],
            trigger_rule="all_failed",
        )
        load >> [archive, refuse]

    @task(trigger_rule="all_done")
    def count_rates() -> int:
        from airflow_landing_loader.hooks.duckdb import LandingDuckDBHook

        with LandingDuckDBHook().reading() as connection:
            (count,) = connection.execute("SELECT count(*) FROM raw_fx_rates").fetchone()
        return count

    each.expand(files=wait.output) >> count_rates()
