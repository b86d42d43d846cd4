"""Zones with a warehouse, to deliver files to; and the same deliveries into all warehouses.

A warehouse joins the suite by a :class:`Side` that can read it and a line in :data:`WORLDS`.
"""

from __future__ import annotations

import itertools
import os
import re
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import duckdb
import pytest
from google.api_core.exceptions import NotFound
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery, storage

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.loading.ledger.tables import (
    LOAD_COLUMNS,
    LOAD_DELIVERIES,
    LOAD_METADATA,
    LOAD_QUALITY,
    LOAD_REJECTS,
    LOAD_TOTALS,
)
from airflow_landing_loader.loading.model import RunContext, short_id
from airflow_landing_loader.pipeline.outcome import Outcome
from airflow_landing_loader.pipeline.pipeline import Pipeline
from airflow_landing_loader.settings import Settings
from tests.support.emulators import running
from tests.support.proofs import assert_loaded_as_delivered
from tests.support.sidecars import read_sidecar

_datasets = itertools.count()
_ZONES = ("landing", "archive", "failed")
_TIMES = ("started_at", "completed_at", "recorded_at", "failed_at")
_SKIPPED = (*_TIMES, "delivery_id", "delivery_token")  # the last two are made of inodes


@contextmanager
def emulators(factory: pytest.TempPathFactory, *, lake: bool = False) -> Iterator[running.BigQuery]:
    """Both emulators, running.

    :param lake: for transactions that meet.
    """
    with (
        running.gcs(factory.mktemp("gcs")) as gcs,
        running.bigquery(factory.mktemp("bigquery"), gcs, lake=lake) as emulator,
    ):
        yield emulator


@dataclass
class Side(ABC):
    """Three local zones and one warehouse.

    :ivar loader: who loads, and which events that tells.
    :cvar proved_each_run: whether what each run has loaded is held against what was delivered; a
        warehouse that takes long to answer is held against the others as a whole.
    :cvar type_words: what messages call a type, and its word in all of them.
    """

    settings: Settings
    mappings: list[TableMapping] = field(default_factory=list)
    loader: RunContext = field(default_factory=RunContext)
    proved_each_run: ClassVar[bool] = False
    type_words: ClassVar[Mapping[str, str]] = {}

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
        return Pipeline(self.settings, self.mappings, run=self.loader)

    def map(self, pattern: str = "a_*.csv", table: str = "raw_a", **keys: Any) -> None:
        """Add a mapping, ready at once."""
        fields = {"pattern": pattern, "table": table, "settle_seconds": 0, **keys}
        self.mappings.append(TableMapping.model_validate(fields))

    def run(self) -> dict[str, Outcome]:
        """One poll: outcomes by file name."""
        pipeline = self.pipeline
        outcomes = pipeline.run_batch(pipeline.discover().ready)
        if self.proved_each_run:
            assert_loaded_as_delivered(self.settings, self.mappings, outcomes)
        return {o.name: o for o in outcomes}

    @abstractmethod
    def staged(self) -> list[str]:
        """What lies between landing and the tables; nothing, once all is loaded."""

    @abstractmethod
    def sql(self, statement: str) -> list[dict[str, Any]]:
        """Rows of a statement that all warehouses understand."""

    @abstractmethod
    def table(self, name: str) -> list[dict[str, Any]] | None:
        """All rows of a table, ``None`` if there is no such table; rows are in no order."""

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

    def state(self, *, ordered: bool = True) -> dict[str, Any]:
        """Everything that must be equal: tables with their columns, books and zones.

        :param ordered: loads are known by their sequence; else by their files' names.
        """
        loads = self.table("load_metadata") or []
        name = "sequence" if ordered else "filename"
        known = {row["load_id"]: f"load {row[name]}" for row in loads}
        raw = sorted({mapping.table for mapping in self.mappings})
        books = (
            LOAD_METADATA,
            LOAD_COLUMNS,
            LOAD_REJECTS,
            LOAD_TOTALS,
            LOAD_QUALITY,
            LOAD_DELIVERIES,
        )
        tables = [t.name for t in books]
        found = {LOAD_METADATA.name: loads} | {
            name: self.table(name) or [] for name in (*tables, *raw) if name != LOAD_METADATA.name
        }
        skipped = _SKIPPED if ordered else (*_SKIPPED, "sequence")
        if not ordered:
            for row in loads:  # a number among those of the loads, which came in another order
                row["removed_sequence"] = row["removed_sequence"] is not None
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
        if self.type_words and " has type " in value:
            value = re.sub(r"\b[A-Z]+\b", lambda m: self.type_words.get(m[0], m[0]), value)
        # The suffix of a name that was taken is of a load or delivery id.
        value = re.sub(r"~[0-9a-f]{8}\b", "~id", value)
        for load_id, name in known.items():
            value = value.replace(load_id, name)
            value = value.replace(f"load {short_id(load_id)}", f"load {name}")
        return value.replace(str(self.folder("landing").parent), "")


class DuckDBSide(Side):
    """With a database beside its zones."""

    proved_each_run = True
    type_words: ClassVar[Mapping[str, str]] = {"BLOB": "BYTES"}

    def staged(self) -> list[str]:
        """Nothing: rows go in by one transaction."""
        return []

    def sql(self, statement: str) -> list[dict[str, Any]]:
        """Rows of a statement."""
        with duckdb.connect(self.settings.duckdb_path) as con:
            cursor = con.execute(statement)
            names = [d[0] for d in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def table(self, name: str) -> list[dict[str, Any]] | None:
        """All rows of a table."""
        try:
            return self.sql(f"SELECT * FROM {name}")
        except duckdb.CatalogException:
            return None


class BigQuerySide(Side):
    """With a dataset and a staging bucket of its own."""

    def staged(self) -> list[str]:
        """What lies in the staging bucket, and the staging tables."""
        tables = [t.table_id for t in self._client().list_tables(str(self.settings.bq_dataset))]
        bucket = storage.Client(project=self.settings.gcp_project).list_blobs(
            self.settings.staging_bucket
        )
        return [*(b.name for b in bucket), *(t for t in tables if t.startswith("_landing_stage"))]

    def sql(self, statement: str) -> list[dict[str, Any]]:
        """Rows of a statement."""
        config = bigquery.QueryJobConfig(default_dataset=self.settings.warehouse_name)
        job = self._client().query(statement, job_config=config)
        return [dict(row.items()) for row in job.result()]

    def table(self, name: str) -> list[dict[str, Any]] | None:
        """All rows of a table."""
        dataset = "" if "." in name else f"{self.settings.bq_dataset}."
        try:
            rows = self._client().list_rows(f"{self.settings.gcp_project}.{dataset}{name}")
            return [dict(row.items()) for row in rows]
        except NotFound:
            return None

    def _client(self) -> bigquery.Client:
        return bigquery.Client(self.settings.gcp_project, AnonymousCredentials())


@dataclass
class Sides:
    """All warehouses, given the same.

    :param by_name: DuckDB's, which all others are held against, is the first.
    """

    by_name: Mapping[str, Side]

    @property
    def sides(self) -> tuple[Side, ...]:
        """All of them."""
        return tuple(self.by_name.values())

    @property
    def duckdb(self) -> Side:
        """DuckDB's."""
        return self.by_name["duckdb"]

    @property
    def bigquery(self) -> Side:
        """BigQuery's."""
        return self.by_name["bigquery"]

    def map(self, pattern: str = "a_*.csv", table: str = "raw_a", **keys: Any) -> None:
        """Add a mapping, ready at once."""
        for side in self.sides:
            side.map(pattern, table, **keys)

    def deliver(self, name: str, content: bytes | str, *, age: float = 3600.0) -> None:
        """Write a file into all landing zones."""
        for side in self.sides:
            side.deliver(name, content, age)

    def sql(self, statement: str) -> None:
        """Run a statement on all."""
        for side in self.sides:
            side.sql(statement)

    def run(self) -> dict[str, Outcome]:
        """Poll all and return DuckDB's outcomes, after comparing everything."""
        first, *others = [(side, side.run()) for side in self.sides]
        # With commit: load_job, loads of a batch that need the transaction come after the others.
        ordered = all(m.bigquery.commit == "transaction" for m in first[0].mappings)
        state = first[0].state(ordered=ordered)
        for side, outcomes in others:
            assert {n: _told(o) for n, o in first[1].items()} == {
                n: _told(o) for n, o in outcomes.items()
            }
            assert state == side.state(ordered=ordered)
        return first[1]

    def load(self, content: bytes | str, name: str = "a_1.csv") -> Outcome:
        """Deliver one file to all, run all, compare, and return its outcome."""
        self.deliver(name, content)
        return self.run()[name]


def _told(outcome: Outcome) -> tuple[Any, ...]:
    error = outcome.error
    return (outcome.status, outcome.rows, len(outcome.notes), error and (error.code, error.line))


@contextmanager
def all_sides(
    emulator: running.BigQuery, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Sides]:
    """An empty world for each warehouse below ``folder``; in the end nothing may be left staged."""
    with ExitStack() as stack:
        by_name = {
            name: stack.enter_context(opened(emulator, folder / name, monkeypatch))
            for name, opened in WORLDS.items()
        }
        yield Sides(by_name)
        assert {name: left for name, side in by_name.items() if (left := side.staged())} == {}


def duckdb_side(folder: Path) -> Side:
    """An empty world with a database beside its zones."""
    return DuckDBSide(_settings(folder))


@contextmanager
def _duckdb_side(_: running.BigQuery, folder: Path, __: pytest.MonkeyPatch) -> Iterator[Side]:
    yield duckdb_side(folder)


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
        yield BigQuerySide(settings)
    finally:
        client.delete_dataset(name, delete_contents=True)


Opened = Callable[[running.BigQuery, Path, pytest.MonkeyPatch], AbstractContextManager[Side]]

WORLDS: Mapping[str, Opened] = {"duckdb": _duckdb_side, "bigquery": bigquery_side}
"""How an empty world of each warehouse is opened."""


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
