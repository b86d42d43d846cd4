"""Zones in the GCS emulator, used through the official client."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
import running
from google.cloud import storage

from airflow_landing_loader.clients import DefaultClients
from airflow_landing_loader.landing.zones import open_zones
from airflow_landing_loader.mapping.model import TableMapping
from airflow_landing_loader.outcome import Outcome
from airflow_landing_loader.pipeline import Pipeline
from airflow_landing_loader.settings import Settings, from_environment

_buckets = itertools.count()


@pytest.fixture(scope="session")
def gcs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[running.Gcs]:
    """The emulator of this test process."""
    with running.gcs(tmp_path_factory.mktemp("gcs")) as emulator:
        yield emulator


@dataclass
class Cloud:
    """Three zones in a bucket of their own, a local database, and mappings."""

    bucket: Any
    settings: Settings
    mappings: list[TableMapping] = field(default_factory=list)

    def map(self, pattern: str = "a_*.csv", table: str = "raw_a", **keys: Any) -> None:
        """Add a mapping; the usual wait for rest stays on, as it must not matter here."""
        fields = {"pattern": pattern, "table": table, "grace_seconds": 0, **keys}
        self.mappings.append(TableMapping.model_validate(fields))

    def deliver(self, name: str, content: bytes | str) -> None:
        """Put an object into landing, over an earlier one if there is one."""
        self.bucket.blob(f"landing/{name}").upload_from_string(content)

    @property
    def pipeline(self) -> Pipeline:
        """A new pipeline, as every task makes one."""
        return Pipeline(self.settings, self.mappings)

    def run(self) -> dict[str, Outcome]:
        """One poll: outcomes by file name."""
        pipeline = self.pipeline
        return {o.name: o for o in pipeline.run_batch(pipeline.discover().ready)}

    def names(self, zone: str) -> list[str]:
        """Names of all objects below a zone."""
        return sorted(
            blob.name.removeprefix(f"{zone}/") for blob in self.bucket.list_blobs(prefix=f"{zone}/")
        )

    def content(self, zone: str, name: str) -> bytes:
        """Bytes of an object."""
        content: bytes = self.bucket.blob(f"{zone}/{name}").download_as_bytes()
        return content

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
def cloud(gcs: running.Gcs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    """An empty world in a new bucket."""
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", gcs.url)
    name = f"bucket-{next(_buckets)}"
    bucket = storage.Client(project="p").create_bucket(name)
    settings = from_environment(
        {
            "LANDING_PATH": f"gs://{name}/landing",
            "ARCHIVE_PATH": f"gs://{name}/archive",
            "FAILED_PATH": f"gs://{name}/failed",
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
