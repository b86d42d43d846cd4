"""A live Airflow on zones in a bucket, by a connection that only Airflow's database has.

The triggerer looks into the bucket from a thread of its event loop; that it can ask for a
connection there shows only in a real one.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import running
from google.cloud import storage
from rich.console import Console

from airflow_api import AirflowApi
from airflow_home import Playground, PrivateAirflow, free_port
from waiting import Waiter

SECONDS = 600.0
DAG_ID = "landing__raw_live"


@pytest.fixture(scope="module")
def gcs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[running.Gcs]:
    with running.gcs(tmp_path_factory.mktemp("gcs")) as emulator:
        yield emulator


@pytest.fixture(scope="module")
def bucket(gcs: running.Gcs) -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STORAGE_EMULATOR_HOST", gcs.url)
        yield storage.Client(project="p").create_bucket("live")


@pytest.fixture(scope="module")
def airflow(
    gcs: running.Gcs, bucket: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PrivateAirflow]:
    playground = Playground(tmp_path_factory.mktemp("bucket"))
    playground.create(wipe=False)
    tables = playground.root / "tables"
    tables.mkdir()
    (tables / "live.yaml").write_text("live_*.csv: raw_live\n")
    section = "AIRFLOW__LANDING_LOADER__"
    options = {
        f"{section}LANDING_PATH": "gs://live/landing",
        f"{section}ARCHIVE_PATH": "gs://live/archive",
        f"{section}FAILED_PATH": "gs://live/failed",
        f"{section}TABLE_CONFIG_PATH": str(tables),
        f"{section}GCP_CONN_ID": "only_in_the_database",
        f"{section}DBT_MODE": "off",
        "STORAGE_EMULATOR_HOST": gcs.url,
    }
    made = PrivateAirflow(playground, port=free_port(), options=options)
    try:
        yield made
    finally:
        made.stop()


def test_a_bucket_is_polled_and_loaded(airflow: PrivateAirflow, bucket: Any) -> None:
    waiter = Waiter(Console(), seconds=SECONDS, check=airflow.check)
    airflow.begin_preparing()
    waiter.until("Airflow's database is made", airflow.preparing)
    arguments = ("--conn-type", "google_cloud_platform", "--conn-extra", '{"is_anonymous": true}')
    added = airflow.run("airflow", "connections", "add", "only_in_the_database", *arguments)
    assert added.returncode == 0, added.stderr
    airflow.start_servers()
    api = AirflowApi(airflow.url)
    waiter.until("Airflow's api server answers", api.silent)
    airflow.start_workers()
    waiter.until("The sensor waits in the triggerer", lambda: missing_state(api, "deferred"))

    bucket.blob("landing/live_1.csv").upload_from_string("id\n1\n2\n")
    bucket.blob("landing/live_2.csv").upload_from_string('id\n"1\n')

    waiter.until("Both objects are where they belong", lambda: ", ".join(unfinished(bucket)))
    log = Path(airflow.playground.logs, "triggerer.log").read_text()
    assert "Traceback" not in log
    done = airflow.run("landing-loader", "status")
    assert "live_1.csv" in done.stdout
    assert "live_2.csv" in done.stdout


def missing_state(api: AirflowApi, state: str) -> str:
    """Nothing, once the sensor is in this state."""
    found = api.get("/api/v2/dags/~/dagRuns/~/taskInstances", task_id="wait_for_files")
    states = [task["state"] for task in found["task_instances"] if task["dag_id"] == DAG_ID]
    return "" if state in states else f"states: {states}"


def unfinished(bucket: Any) -> set[str]:
    """What is not yet where it belongs."""
    names = {blob.name for blob in bucket.list_blobs()}
    wanted = {"archive/live_1.csv", "failed/live_2.csv", "failed/live_2.csv.error.json"}
    return names ^ wanted
