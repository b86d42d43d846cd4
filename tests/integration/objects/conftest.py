"""Zones in the emulators of all stores, used through the official clients."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
from tests.support.emulators import running
from tests.support.emulators.buckets import AzureBucket, Bucket, GcsBucket, S3Bucket, lasting

from airflow_landing_loader.clients import DefaultClients
from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.pipeline.outcome import Outcome
from airflow_landing_loader.pipeline.pipeline import Pipeline
from airflow_landing_loader.settings import Settings, from_environment
from airflow_landing_loader.storage.opening import open_zones

_buckets = itertools.count()


@pytest.fixture(scope="session")
def gcs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[running.Gcs]:
    """The emulator of this test process."""
    with running.gcs(tmp_path_factory.mktemp("gcs")) as emulator:
        yield emulator


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[running.S3]:
    """The emulator of this test process."""
    with running.s3(tmp_path_factory.mktemp("s3")) as emulator:
        yield emulator


@pytest.fixture(scope="session")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[running.Azure]:
    """The emulator of this test process."""
    with running.azure(tmp_path_factory.mktemp("azure")) as emulator:
        yield emulator


@dataclass
class Cloud:
    """Three zones in a bucket of their own, a local database, and mappings."""

    bucket: Bucket
    settings: Settings
    mappings: list[TableMapping] = field(default_factory=list)

    def map(self, pattern: str = "a_*.csv", table: str = "raw_a", **keys: Any) -> None:
        """Add a mapping; the usual wait for rest stays on where it must not matter."""
        fields = {"pattern": pattern, "table": table, "grace_seconds": 0}
        if self.bucket.store.settles:
            fields["settle_seconds"] = 0
        fields |= keys
        self.mappings.append(TableMapping.model_validate(fields))

    def deliver(self, name: str, content: bytes | str) -> None:
        """Put an object into landing, over an earlier one if there is one."""
        self.bucket.put(f"landing/{name}", content)

    def deliver_again(self, name: str, content: bytes | str) -> None:
        """Put an object into landing that was there before, as another arrival."""
        self.bucket.put_again(f"landing/{name}", content)

    @property
    def pipeline(self) -> Pipeline:
        """A new pipeline, as every task makes one."""
        return Pipeline(self.settings, self.mappings)

    def run(self) -> dict[str, Outcome]:
        """One poll: outcomes by file name."""
        pipeline = self.pipeline
        return {o.name: o for o in pipeline.run_batch(pipeline.discover().ready)}

    def names(self, zone: str) -> list[str]:
        """Names of all objects below a zone, but the copy of the summary."""
        return [key.removeprefix(f"{zone}/") for key in lasting(self.bucket, f"{zone}/")]

    def content(self, zone: str, name: str) -> bytes:
        """Bytes of an object."""
        return self.bucket.get(f"{zone}/{name}")

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        """Rows of a query."""
        con = duckdb.connect(self.settings.duckdb_path)
        try:
            return con.execute(statement).fetchall()
        finally:
            con.close()

    def locally(self, zone: str, folder: Path) -> None:
        """Let one of the zones be a local folder instead."""
        folder.mkdir()
        self.settings = replace(self.settings, **{f"{zone}_path": str(folder)})


@pytest.fixture
def gcs_bucket(gcs: running.Gcs, monkeypatch: pytest.MonkeyPatch) -> GcsBucket:
    """A new bucket in GCS."""
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", gcs.url)
    return GcsBucket(f"bucket-{next(_buckets)}")


@pytest.fixture
def s3_bucket(s3: running.S3, monkeypatch: pytest.MonkeyPatch) -> S3Bucket:
    """A new bucket in S3."""
    for name, value in s3.environ.items():
        monkeypatch.setenv(name, value)
    return S3Bucket(f"bucket-{next(_buckets)}")


@pytest.fixture
def azure_bucket(azure: running.Azure, monkeypatch: pytest.MonkeyPatch) -> AzureBucket:
    """A new container in Azure."""
    for name, value in azure.environ.items():
        monkeypatch.setenv(name, value)
    return AzureBucket(f"bucket-{next(_buckets)}")


@pytest.fixture(params=["gcs", "s3", "azure"])
def cloud(request: pytest.FixtureRequest, tmp_path: Path) -> Cloud:
    """An empty world in a new bucket, of each store in turn."""
    return world(request.getfixturevalue(f"{request.param}_bucket"), tmp_path)


@pytest.fixture
def cloud_on_s3(s3_bucket: S3Bucket, tmp_path: Path) -> Cloud:
    """An empty world in a new bucket in S3."""
    return world(s3_bucket, tmp_path)


@pytest.fixture
def cloud_on_azure(azure_bucket: AzureBucket, tmp_path: Path) -> Cloud:
    """An empty world in a new container in Azure."""
    return world(azure_bucket, tmp_path)


def world(bucket: Bucket, tmp_path: Path) -> Cloud:
    """A world whose zones are in a bucket."""
    settings = from_environment(
        {
            "LANDING_PATH": f"{bucket.uri}/landing",
            "ARCHIVE_PATH": f"{bucket.uri}/archive",
            "FAILED_PATH": f"{bucket.uri}/failed",
            "TABLE_CONFIG_PATH": str(tmp_path / "tables"),
            "DUCKDB_PATH": str(tmp_path / "warehouse.duckdb"),
            "GCP_PROJECT": "p",
        },
        base=tmp_path,
    )
    return Cloud(bucket=bucket, settings=settings)


@pytest.fixture
def zones(cloud: Cloud) -> Any:
    """The zones themselves."""
    return open_zones(cloud.settings, DefaultClients("p"))
