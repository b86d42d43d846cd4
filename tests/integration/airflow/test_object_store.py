"""Generated DAGs on zones in a bucket, by an Airflow connection."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
import running
from google.cloud import storage

from airflow_landing_loader.exceptions import ConfigurationError
from airflow_landing_loader.hooks.connections import ConnectionClients
from airflow_landing_loader.landing.objects.gcs import GcsStore
from airflow_landing_loader.landing.zones import open_zones
from airflow_landing_loader.mapping.model import TableMapping
from airflow_landing_loader.triggers.landing import LandingFilesTrigger
from airflow_landing_loader.triggers.shared_zone import SharedZone

if TYPE_CHECKING:
    from conftest import Lab

_buckets = itertools.count()


@pytest.fixture(scope="module")
def gcs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[running.Gcs]:
    with running.gcs(tmp_path_factory.mktemp("gcs")) as emulator:
        yield emulator


@pytest.fixture
def bucket(gcs: running.Gcs, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A new bucket, and the connection that Airflow's side takes."""
    connection = {
        "conn_type": "google_cloud_platform",
        "extra": {"is_anonymous": True, "project": "p"},
    }
    monkeypatch.setenv("AIRFLOW_CONN_LANDING_GCP", json.dumps(connection))
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", gcs.url)
    return storage.Client(project="p").create_bucket(f"zones-{next(_buckets)}")


@pytest.fixture
def in_bucket(lab: Lab, bucket: Any) -> Lab:
    uri = f"gs://{bucket.name}"
    lab.settings = replace(
        lab.settings,
        landing_path=f"{uri}/landing",
        archive_path=f"{uri}/archive",
        failed_path=f"{uri}/failed",
        gcp_conn_id="landing_gcp",
        poll_interval=1.0,
    )
    return lab


def names(bucket: Any) -> list[str]:
    return [blob.name for blob in bucket.list_blobs()]


def test_objects_that_come_while_the_sensor_waits(
    in_bucket: Lab, bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_bucket.mapping("good_*.csv: raw_good")
    refresh = SharedZone.refresh
    looks = 0

    async def deliver_after_the_first(zone: SharedZone, max_age: float) -> None:
        nonlocal looks
        await refresh(zone, max_age)
        looks += 1
        if looks == 1:
            bucket.blob("landing/good_1.csv").upload_from_string("id,name\n1,a\n")
            bucket.blob("landing/good_2.csv").upload_from_string('id,name\n1,"a\n')

    monkeypatch.setattr(SharedZone, "refresh", deliver_after_the_first)
    dag = in_bucket.dag("raw_good")
    run = in_bucket.run(dag)
    assert looks > 1
    assert run.state == "failed"
    assert run.states_of("good_1.csv")["file.archive"] == "success"
    assert run.states_of("good_2.csv")["file.fail"] == "success"
    assert names(bucket) == [
        "archive/good_1.csv",
        "failed/good_2.csv",
        "failed/good_2.csv.error.json",
    ]
    with duckdb.connect(in_bucket.settings.duckdb_path, read_only=True) as con:
        assert con.execute("SELECT id, name FROM raw_good").fetchall() == [("1", "a")]


def test_a_connection_that_is_not_there_is_named(in_bucket: Lab) -> None:
    in_bucket.mapping("good_*.csv: raw_good")
    in_bucket.settings = replace(in_bucket.settings, gcp_conn_id="nobody_made_it")
    clients = ConnectionClients.of(in_bucket.settings)
    with pytest.raises(ConfigurationError) as caught:
        open_zones(in_bucket.settings, clients).landing.list()
    assert "'nobody_made_it'" in caught.value.detail.message
    assert "gcp_conn_id" in (caught.value.detail.hint or "")
    run = in_bucket.run("raw_good")
    assert run.states["wait_for_files"] == "failed"


def trigger(bucket: Any, table: str, *, polls: float) -> LandingFilesTrigger:
    mapping = TableMapping(pattern=f"{table}_*.csv", table=table)
    return LandingFilesTrigger(
        landing_path=f"gs://{bucket.name}/landing",
        mappings=[mapping.model_dump(mode="json")],
        deadline=time.time() + polls,
        poll_interval=1.0,
        gcp_conn_id="landing_gcp",
    )


def test_many_tables_share_one_listing_per_poll(
    bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = GcsStore.list
    calls = 0

    def counted(store: GcsStore, prefix: str) -> Iterator[Any]:
        nonlocal calls
        calls += 1
        return listed(store, prefix)

    monkeypatch.setattr(GcsStore, "list", counted)
    bucket.blob("landing/t7_1.csv").upload_from_string("id\n1\n")

    async def all_of_them() -> list[str]:
        triggers = [trigger(bucket, f"t{n}", polls=1.5) for n in range(40)]
        events = await asyncio.gather(*(anext(aiter(each.run())) for each in triggers))
        return [event.payload["status"] for event in events]

    statuses = asyncio.run(all_of_them())
    assert statuses.count("ready") == 1
    assert statuses[7] == "ready"
    assert statuses.count("timeout") == 39
    # Two or three polls in a second and a half; without sharing it would be forty times as many.
    assert calls <= 4
