"""A live Airflow on zones in a bucket, by a connection that only Airflow's database has.

The triggerer looks into the bucket from a thread of its event loop; that it can ask for a
connection there shows only in a real one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from rich.console import Console
from tests.support import statsd
from tests.support.emulators import running
from tests.support.emulators.buckets import Bucket, GcsBucket, S3Bucket, lasting

from airflow_api import AirflowApi
from airflow_home import Playground, PrivateAirflow, free_port
from waiting import Waiter

SECONDS = 600.0
DAG_ID = "landing__raw_live"
CONNECTION = "only_in_the_database"
SECTION = "AIRFLOW__LANDING_LOADER__"
ZONES = ("landing", "archive", "failed")


@dataclass(frozen=True)
class Place:
    """A bucket, and what Airflow has to know to reach it.

    :param connection: arguments of `airflow connections add`.
    :param options: environment variables.
    """

    bucket: Bucket
    connection: tuple[str, ...]
    options: dict[str, str]


@contextmanager
def in_gcs(folder: Path) -> Iterator[Place]:
    with running.gcs(folder) as emulator, pytest.MonkeyPatch.context() as patch:
        options = {"STORAGE_EMULATOR_HOST": emulator.url}
        patch.setenv("STORAGE_EMULATOR_HOST", emulator.url)
        extra = json.dumps({"is_anonymous": True})
        connection = ("--conn-type", "google_cloud_platform", "--conn-extra", extra)
        option = {f"{SECTION}GCP_CONN_ID": CONNECTION}
        yield Place(GcsBucket("live"), connection, options | option)


@contextmanager
def in_s3(folder: Path) -> Iterator[Place]:
    with running.s3(folder) as emulator, pytest.MonkeyPatch.context() as patch:
        for name, value in emulator.environ.items():
            patch.setenv(name, value)
        extra = json.dumps({"region_name": "us-east-1", "endpoint_url": emulator.url})
        who = ("--conn-login", "test", "--conn-password", "test")
        connection = ("--conn-type", "aws", *who, "--conn-extra", extra)
        option = {f"{SECTION}AWS_CONN_ID": CONNECTION}
        yield Place(S3Bucket("live-bucket"), connection, emulator.environ | option)


@pytest.fixture(scope="module", params=[in_gcs, in_s3], ids=["gcs", "s3"])
def place(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    """A new bucket, of each store in turn."""
    with request.param(tmp_path_factory.mktemp("store")) as made:
        yield made


@pytest.fixture(scope="module")
def numbers(place: Place) -> Iterator[statsd.StatsD]:
    """What is told in this place: another one begins at nought."""
    with statsd.listening() as server:
        yield server


@pytest.fixture(scope="module")
def airflow(
    place: Place, numbers: statsd.StatsD, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PrivateAirflow]:
    playground = Playground(tmp_path_factory.mktemp("bucket"))
    playground.create(wipe=False)
    tables = playground.root / "tables"
    tables.mkdir()
    (tables / "live.yaml").write_text("live_*.csv: raw_live\n")
    options = {
        **{f"{SECTION}{zone.upper()}_PATH": f"{place.bucket.uri}/{zone}" for zone in ZONES},
        f"{SECTION}TABLE_CONFIG_PATH": str(tables),
        f"{SECTION}DBT_MODE": "off",
    }
    made = PrivateAirflow(
        playground, port=free_port(), options=options | place.options | numbers.options
    )
    try:
        yield made
    finally:
        made.stop()


def test_a_bucket_is_polled_and_loaded(
    airflow: PrivateAirflow, place: Place, numbers: statsd.StatsD
) -> None:
    bucket = place.bucket
    waiter = Waiter(Console(), seconds=SECONDS, check=airflow.check)
    airflow.begin_preparing()
    waiter.until("Airflow's database is made", airflow.preparing)
    added = airflow.run("airflow", "connections", "add", CONNECTION, *place.connection)
    assert added.returncode == 0, added.stderr
    airflow.start_servers()
    api = AirflowApi(airflow.url)
    waiter.until("Airflow's api server answers", api.silent)
    airflow.start_workers()
    waiter.until("The sensor waits in the triggerer", lambda: missing_state(api, "deferred"))

    bucket.put("landing/live_1.csv", "id\n1\n2\n")
    bucket.put("landing/live_2.csv", 'id\n"1\n')

    waiter.until("Both objects are where they belong", lambda: ", ".join(unfinished(bucket)))
    log = Path(airflow.playground.logs, "triggerer.log").read_text()
    assert "Traceback" not in log
    waiter.until("Both are counted", lambda: not_counted(numbers))
    done = airflow.run("landing-loader", "status")
    assert "live_1.csv" in done.stdout
    assert "live_2.csv" in done.stdout


def not_counted(numbers: statsd.StatsD) -> str:
    """Nothing, once StatsD was told of both."""
    wanted = {"landing_loader.rows": 2, "landing_loader.failures.csv_unclosed_quote": 1}
    sums = numbers.sums()
    wrong = {name for name, sum_ in wanted.items() if sums.get((name, "raw_live")) != sum_}
    return ", ".join(sorted(wrong))


def missing_state(api: AirflowApi, state: str) -> str:
    """Nothing, once the sensor is in this state."""
    found = api.get("/api/v2/dags/~/dagRuns/~/taskInstances", task_id="wait_for_files")
    states = [task["state"] for task in found["task_instances"] if task["dag_id"] == DAG_ID]
    return "" if state in states else f"states: {states}"


def unfinished(bucket: Bucket) -> set[str]:
    """What is not yet where it belongs; the summary is the loader's own."""
    names = set(lasting(bucket))
    wanted = {"archive/live_1.csv", "failed/live_2.csv", "failed/live_2.csv.error.json"}
    return names ^ wanted
