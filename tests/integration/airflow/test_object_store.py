"""Generated DAGs on zones in a bucket, by an Airflow connection."""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from tests.support.emulators import running
from tests.support.emulators.buckets import AzureBucket, Bucket, GcsBucket, S3Bucket, lasting

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.exceptions import ConfigurationError
from airflow_landing_loader.hooks.connections import ConnectionClients, Connections
from airflow_landing_loader.storage.opening import open_zone, open_zones
from airflow_landing_loader.triggers.landing import LandingFilesTrigger
from airflow_landing_loader.triggers.shared_zone import SharedZone

if TYPE_CHECKING:
    from tests.support.dag_runs import Lab

_buckets = itertools.count()


@pytest.fixture(scope="module")
def gcs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[running.Gcs]:
    with running.gcs(tmp_path_factory.mktemp("gcs")) as emulator:
        yield emulator


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[running.S3]:
    with running.s3(tmp_path_factory.mktemp("s3")) as emulator:
        yield emulator


@pytest.fixture(scope="module")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[running.Azure]:
    with running.azure(tmp_path_factory.mktemp("azure")) as emulator:
        yield emulator


def in_gcs(gcs: running.Gcs, patch: pytest.MonkeyPatch) -> Bucket:
    """A new bucket, and the connection that Airflow's side takes."""
    connection = {
        "conn_type": "google_cloud_platform",
        "extra": {"is_anonymous": True, "project": "p"},
    }
    patch.setenv("AIRFLOW_CONN_LANDING_GCP", json.dumps(connection))
    patch.setenv("STORAGE_EMULATOR_HOST", gcs.url)
    return GcsBucket(f"zones-{next(_buckets)}")


def in_s3(s3: running.S3, patch: pytest.MonkeyPatch) -> Bucket:
    """A new bucket, and the connection that Airflow's side takes: no variable leads to it."""
    connection = {
        "conn_type": "aws",
        "login": "test",
        "password": "test",
        "extra": {"region_name": "us-east-1", "endpoint_url": s3.url},
    }
    patch.setenv("AIRFLOW_CONN_LANDING_AWS", json.dumps(connection))
    with pytest.MonkeyPatch.context() as passing:
        for name, value in s3.environ.items():
            passing.setenv(name, value)
        return S3Bucket(f"zones-{next(_buckets)}")


def in_azure(azure: running.Azure, patch: pytest.MonkeyPatch) -> Bucket:
    """A new container, and the connection that Airflow's side takes: no variable leads to it."""
    extra = {"connection_string": azure.connection_string}
    patch.setenv("AIRFLOW_CONN_LANDING_AZURE", json.dumps({"conn_type": "wasb", "extra": extra}))
    with pytest.MonkeyPatch.context() as passing:
        for name, value in azure.environ.items():
            passing.setenv(name, value)
        return AzureBucket(f"zones-{next(_buckets)}")


@pytest.fixture(params=["gcs", "s3", "azure"])
def bucket(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """A new bucket, of each store in turn."""
    make = {"gcs": in_gcs, "s3": in_s3, "azure": in_azure}[request.param]
    return make(request.getfixturevalue(request.param), monkeypatch)


@pytest.fixture
def in_bucket(lab: Lab, bucket: Bucket) -> Lab:
    lab.settings = replace(
        lab.settings,
        landing_path=f"{bucket.uri}/landing",
        archive_path=f"{bucket.uri}/archive",
        failed_path=f"{bucket.uri}/failed",
        gcp_conn_id="landing_gcp",
        aws_conn_id="landing_aws",
        azure_conn_id="landing_azure",
        poll_interval=1.0,
        # The first look imports a provider.
        sensor_timeout=60.0,
    )
    return lab


def test_objects_that_come_while_the_sensor_waits(
    in_bucket: Lab, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Where a file may be seen half-written, a broken one would be waited for.
    in_bucket.mapping("good_*.csv: {table: raw_good, grace_seconds: 0}")
    refresh = SharedZone.refresh
    looks = 0

    async def deliver_after_the_first(zone: SharedZone, max_age: float) -> None:
        nonlocal looks
        await refresh(zone, max_age)
        looks += 1
        if looks == 1:
            bucket.put("landing/good_1.csv", "id,name\n1,a\n")
            bucket.put("landing/good_2.csv", 'id,name\n1,"a\n')

    monkeypatch.setattr(SharedZone, "refresh", deliver_after_the_first)
    dag = in_bucket.dag("raw_good")
    run = in_bucket.run(dag)
    assert looks > 1
    assert run.state == "failed"
    assert run.states_of("good_1.csv")["file.archive"] == "success"
    assert run.states_of("good_2.csv")["file.fail"] == "success"
    assert lasting(bucket) == [
        "archive/good_1.csv",
        "failed/good_2.csv",
        "failed/good_2.csv.error.json",
    ]
    with duckdb.connect(in_bucket.settings.duckdb_path, read_only=True) as con:
        assert con.execute("SELECT id, name FROM raw_good").fetchall() == [("1", "a")]


def test_a_connection_that_is_not_there_is_named(in_bucket: Lab, bucket: Bucket) -> None:
    kind = {"gs": "gcp", "s3": "aws", "az": "azure"}[bucket.uri[:2]]
    in_bucket.mapping("good_*.csv: raw_good")
    in_bucket.settings = replace(in_bucket.settings, **{f"{kind}_conn_id": "nobody_made_it"})
    clients = ConnectionClients.of(in_bucket.settings)
    with pytest.raises(ConfigurationError) as caught:
        open_zones(in_bucket.settings, clients).landing.list()
    assert "'nobody_made_it'" in caught.value.detail.message
    assert f"{kind}_conn_id" in (caught.value.detail.hint or "")
    run = in_bucket.run("raw_good")
    assert run.states["wait_for_files"] == "failed"


def trigger(bucket: Bucket, table: str, *, polls: float) -> LandingFilesTrigger:
    mapping = TableMapping(pattern=f"{table}_*.csv", table=table, settle_seconds=0)
    return LandingFilesTrigger(
        landing_path=f"{bucket.uri}/landing",
        mappings=[mapping.model_dump(mode="json")],
        deadline=time.time() + polls,
        poll_interval=1.0,
        gcp_conn_id="landing_gcp",
        aws_conn_id="landing_aws",
        azure_conn_id="landing_azure",
    )


def test_many_tables_share_one_listing_per_poll(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = bucket.store.list
    calls = 0

    def counted(store: Any, prefix: str) -> Iterator[Any]:
        nonlocal calls
        calls += 1
        return listed(store, prefix)

    monkeypatch.setattr(bucket.store, "list", counted)
    bucket.put("landing/t7_1.csv", "id\n1\n")

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


def test_what_may_grow_is_looked_at_twice(
    azure: running.Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = in_azure(azure, monkeypatch)
    bucket.put("landing/t_1.csv", "id\n1\n")
    listed: list[float] = []
    real = bucket.store.list

    def noted(store: Any, prefix: str) -> Iterator[Any]:
        listed.append(time.time())
        return real(store, prefix)

    monkeypatch.setattr(bucket.store, "list", noted)
    waiting = LandingFilesTrigger(
        landing_path=f"{bucket.uri}/landing",
        mappings=[TableMapping(pattern="t_*.csv", table="t").model_dump(mode="json")],
        deadline=time.time() + 600,
        # A listing that is shared with others is not taken for another look.
        poll_interval=600,
        azure_conn_id="landing_azure",
    )

    async def event() -> Any:
        return await anext(aiter(waiting.run()))

    assert asyncio.run(event()).payload["status"] == "ready"
    assert len(listed) > 1


def test_without_a_connection_boto3_finds_the_credentials(
    s3: running.S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in s3.environ.items():
        monkeypatch.setenv(name, value)
    bucket = S3Bucket(f"zones-{next(_buckets)}")
    bucket.put("landing/a.csv", "1")
    clients = ConnectionClients(Connections(gcp_conn_id="no_connection_of_google"))
    zone = open_zone(f"{bucket.uri}/landing", clients)
    assert [entry.name for entry in zone.list()] == ["a.csv"]


def test_without_a_connection_a_variable_leads_to_azure(
    azure: running.Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in azure.environ.items():
        monkeypatch.setenv(name, value)
    bucket = AzureBucket(f"zones-{next(_buckets)}")
    bucket.put("landing/a.csv", "1")
    clients = ConnectionClients(Connections(gcp_conn_id="no_such"))
    zone = open_zone(f"{bucket.uri}/landing", clients)
    assert [entry.name for entry in zone.list()] == ["a.csv"]


@pytest.mark.parametrize(
    ("store", "module", "package"),
    [
        ("s3", "amazon.aws.hooks.s3", "apache-airflow-providers-amazon"),
        ("azure", "microsoft.azure.hooks.wasb", "apache-airflow-providers-microsoft-azure"),
    ],
)
def test_a_missing_provider_is_named(
    store: str, module: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, f"airflow.providers.{module}", None)
    clients = ConnectionClients(Connections(aws_conn_id="mine", azure_conn_id="mine"))
    with pytest.raises(ConfigurationError, match="'mine'") as caught:
        getattr(clients, store)()
    assert package in (caught.value.detail.hint or "")
