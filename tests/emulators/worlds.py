"""Zones with a warehouse, to deliver files to; and the same deliveries into both warehouses."""

from __future__ import annotations

import itertools
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pytest
import running
from google.api_core.exceptions import NotFound
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery, storage
from proofs import assert_loaded_as_delivered

from airflow_landing_loader.landing.sidecar import read_sidecar
from airflow_landing_loader.loading.tables import (
    LOAD_COLUMNS,
    LOAD_DELIVERIES,
    LOAD_METADATA,
    LOAD_REJECTS,
)
from airflow_landing_loader.mapping.model import TableMapping
from airflow_landing_loader.outcome import Outcome
from airflow_landing_loader.pipeline import Pipeline
from airflow_landing_loader.settings import Settings

# Where the warehouses truly differ: messages call a type as its warehouse does.
TYPE_WORDS = {"BLOB": "BYTES"}

_datasets = itertools.count()
_ZONES = ("landing", "archive", "failed")
_TIMES = ("started_at", "completed_at", "recorded_at")
_SKIPPED = (*_TIMES, "delivery_id", "delivery_token")  # the last two are made of inodes


@contextmanager
def emulators(factory: pytest.TempPathFactory) -> Iterator[running.BigQuery]:
    """Both emulators, running."""
    with (
        running.gcs(factory.mktemp("gcs")) as gcs,
        running.bigquery(factory.mktemp("bigquery"), gcs) as emulator,
    ):
        yield emulator


@dataclass
class Side:
    """Three local zones and one warehouse."""

    settings: Settings
    mappings: list[TableMapping] = field(default_factory=list)

    def folder(self, zone: str) -> Path:
        """The folder of a zone."""
        return Path(getattr(self.settings, f"{zone}_path"))

    def deliver(self, name: str, content: bytes | str, age: float = 3600.0) -> None:
        """Write a file into landing, at rest for ``age`` seconds."""
        data = content.encode() if isinstance(content, str) else content
        upload = self.folder("landing") / ".upload"
        upload.write_bytes(data)
        when = time.time_ns() - int(age * 1e9)
        os.utime(upload, ns=(when, when))
        upload.rename(self.folder("landing") / name)

    @property
    def pipeline(self) -> Pipeline:
        """A new pipeline, as every task makes one."""
        return Pipeline(self.settings, self.mappings)

    def map(self, pattern: str = "a_*.csv", table: str = "raw_a", **keys: Any) -> None:
        """Add a mapping, ready at once."""
        fields = {"pattern": pattern, "table": table, "settle_seconds": 0, **keys}
        self.mappings.append(TableMapping.model_validate(fields))

    def run(self) -> dict[str, Outcome]:
        """One poll: outcomes by file name."""
        pipeline = self.pipeline
        outcomes = pipeline.run_batch(pipeline.discover().ready)
        if self.settings.loader_backend == "duckdb":
            # BigQuery is held against DuckDB as a whole; asking it for every load takes long.
            assert_loaded_as_delivered(self.settings, self.mappings, outcomes)
        return {o.name: o for o in outcomes}

    def staged(self) -> list[str]:
        """What lies in the staging bucket, and the staging tables."""
        client = bigquery.Client(self.settings.gcp_project, AnonymousCredentials())
        tables = [t.table_id for t in client.list_tables(str(self.settings.bq_dataset))]
        bucket = storage.Client(project=self.settings.gcp_project).list_blobs(
            self.settings.staging_bucket
        )
        return [*(b.name for b in bucket), *(t for t in tables if t.startswith("_landing_stage"))]

    def sql(self, statement: str) -> list[dict[str, Any]]:
        """Rows of a statement that both warehouses understand."""
        if self.settings.loader_backend == "duckdb":
            with duckdb.connect(self.settings.duckdb_path) as con:
                cursor = con.execute(statement)
                names = [d[0] for d in cursor.description or ()]
                return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        dataset = f"{self.settings.gcp_project}.{self.settings.bq_dataset}"
        config = bigquery.QueryJobConfig(default_dataset=dataset)
        job = bigquery.Client(self.settings.gcp_project, AnonymousCredentials()).query(
            statement, job_config=config
        )
        return [dict(row.items()) for row in job.result()]

    def zones(self) -> dict[str, dict[str, Any]]:
        """Bytes of every file by zone and name; of sidecars what they say."""
        return {zone: self._files(self.folder(zone)) for zone in _ZONES}

    def _files(self, folder: Path) -> dict[str, Any]:
        return {
            str(path.relative_to(folder)): (
                self.plain(read_sidecar(str(path)).error.text(), {})
                if path.name.endswith(".error.json")
                else path.read_bytes()
            )
            for path in folder.rglob("*")
            if path.is_file() and ".landing-loader" not in path.parts
        }

    def table(self, name: str) -> list[dict[str, Any]] | None:
        """All rows of a table, ``None`` if there is no such table; rows are in no order."""
        if self.settings.loader_backend == "duckdb":
            try:
                return self.sql(f"SELECT * FROM {name}")
            except duckdb.CatalogException:
                return None
        dataset = "" if "." in name else f"{self.settings.bq_dataset}."
        client = bigquery.Client(self.settings.gcp_project, AnonymousCredentials())
        try:
            rows = client.list_rows(f"{self.settings.gcp_project}.{dataset}{name}")
            return [dict(row.items()) for row in rows]
        except NotFound:
            return None

    def state(self, *, ordered: bool = True) -> dict[str, Any]:
        """Everything that must be equal: tables with their columns, books and zones.

        :param ordered: loads are known by their sequence; else by their files' names.
        """
        loads = self.table("load_metadata") or []
        name = "sequence" if ordered else "filename"
        known = {row["load_id"]: f"load {row[name]}" for row in loads}
        raw = sorted({mapping.table for mapping in self.mappings})
        tables = [t.name for t in (LOAD_METADATA, LOAD_COLUMNS, LOAD_REJECTS, LOAD_DELIVERIES)]
        found = {name: self.table(name) or [] for name in (*tables, *raw)}
        skipped = _SKIPPED if ordered else (*_SKIPPED, "sequence")
        zones = {
            zone: sorted(((self.plain(n, {}), c) for n, c in files.items()), key=repr)
            for zone, files in self.zones().items()
        }
        return {"zones": zones} | {
            name: sorted((self._plain_row(row, known, skipped) for row in rows), key=repr)
            for name, rows in found.items()
        }

    def _plain_row(
        self, row: dict[str, Any], known: dict[str, str], skipped: tuple[str, ...]
    ) -> tuple[Any, ...]:
        """A row with its columns in order."""
        return tuple((k, self.plain(v, known)) for k, v in row.items() if k not in skipped)

    def plain(self, value: Any, known: dict[str, str]) -> Any:
        """A value without what differs from one world to the other by its nature."""
        if not isinstance(value, str):
            return value
        if self.settings.loader_backend == "duckdb" and " has type " in value:
            value = re.sub(r"\b[A-Z]+\b", lambda m: TYPE_WORDS.get(m[0], m[0]), value)
        for load_id, name in known.items():
            value = value.replace(load_id, name)
        # The suffix of a name that was taken is of a load or delivery id.
        value = re.sub(r"~[0-9a-f]{8}\b", "~id", value)
        return value.replace(str(self.folder("landing").parent), "")


@dataclass
class Both:
    """DuckDB and BigQuery, given the same."""

    duckdb: Side
    bigquery: Side

    @property
    def sides(self) -> tuple[Side, Side]:
        """Both of them."""
        return self.duckdb, self.bigquery

    def map(self, pattern: str = "a_*.csv", table: str = "raw_a", **keys: Any) -> None:
        """Add a mapping, ready at once."""
        for side in self.sides:
            side.map(pattern, table, **keys)

    def deliver(self, name: str, content: bytes | str, *, age: float = 3600.0) -> None:
        """Write a file into both landing zones."""
        for side in self.sides:
            side.deliver(name, content, age)

    def sql(self, statement: str) -> None:
        """Run a statement on both."""
        for side in self.sides:
            side.sql(statement)

    def run(self) -> dict[str, Outcome]:
        """Poll both and return the outcomes, after comparing everything."""
        ours, theirs = self.duckdb.run(), self.bigquery.run()
        assert {n: _told(o) for n, o in ours.items()} == {n: _told(o) for n, o in theirs.items()}
        # With commit: load_job, loads of a batch that need the transaction come after the others.
        ordered = all(m.bigquery.commit == "transaction" for m in self.bigquery.mappings)
        assert self.duckdb.state(ordered=ordered) == self.bigquery.state(ordered=ordered)
        return ours

    def load(self, content: bytes | str, name: str = "a_1.csv") -> Outcome:
        """Deliver one file to both, run both, compare, and return its outcome."""
        self.deliver(name, content)
        return self.run()[name]


def _told(outcome: Outcome) -> tuple[Any, ...]:
    error = outcome.error
    return (outcome.status, outcome.rows, len(outcome.notes), error and (error.code, error.line))


@contextmanager
def two_sides(
    emulator: running.BigQuery, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Both]:
    """Two empty worlds below ``folder``; in the end nothing may be left staged."""
    with bigquery_side(emulator, folder / "bigquery", monkeypatch) as theirs:
        yield Both(duckdb=duckdb_side(folder / "duckdb"), bigquery=theirs)
        assert theirs.staged() == []


def duckdb_side(folder: Path) -> Side:
    """An empty world with a database beside its zones."""
    return Side(_settings(folder))


def point_at(emulator: running.BigQuery, monkeypatch: pytest.MonkeyPatch) -> bigquery.Client:
    """Let Google's clients of this test find the emulators; return one."""
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", emulator.gcs.url)
    monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", emulator.url)
    return bigquery.Client(emulator.project, AnonymousCredentials())


def make_places(client: bigquery.Client, name: str) -> None:
    """A dataset and a staging bucket of one name."""
    client.create_dataset(name)
    storage.Client(project=client.project).create_bucket(name)


@contextmanager
def bigquery_side(
    emulator: running.BigQuery, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Side]:
    """An empty world with a dataset and a staging bucket of its own.

    The dataset goes in the end: the emulator slows down with every table that it has.
    """
    name = f"world_{next(_datasets)}"
    client = point_at(emulator, monkeypatch)
    make_places(client, name)
    settings = _settings(
        folder,
        loader_backend="bigquery",
        gcp_project=emulator.project,
        bq_dataset=name,
        staging_bucket=name,
    )
    try:
        yield Side(settings)
    finally:
        client.delete_dataset(name, delete_contents=True)


def _settings(root: Path, **more: Any) -> Settings:
    for zone in (*_ZONES, "tables"):
        (root / zone).mkdir(parents=True)
    return Settings(
        landing_path=str(root / "landing"),
        archive_path=str(root / "archive"),
        failed_path=str(root / "failed"),
        table_config_path=str(root / "tables"),
        duckdb_path=str(root / "warehouse.duckdb"),
        lock_timeout=20.0,
        **more,
    )
