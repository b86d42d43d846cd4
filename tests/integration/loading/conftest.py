"""A small world: zones, a mapping, a database; deliver files, run the pipeline, look at the end."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pytest
from tests.support.proofs import assert_loaded_as_delivered
from tests.support.sidecars import read_sidecar

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.exceptions import ErrorDetail
from airflow_landing_loader.landing.moves.sidecar import Sidecar
from airflow_landing_loader.pipeline.outcome import Outcome
from airflow_landing_loader.pipeline.pipeline import Pipeline
from airflow_landing_loader.settings import Settings


@dataclass
class World:
    """One landing zone with its surroundings.

    Files are an hour old unless a test says otherwise, so that grace is over.
    """

    settings: Settings
    zones: Any
    mappings: list[TableMapping] = field(default_factory=list)

    def map(self, pattern: str = "a_*.csv", table: str = "raw_a", **keys: Any) -> TableMapping:
        """Add a mapping, ready at once."""
        mapping = TableMapping.model_validate(
            {"pattern": pattern, "table": table, "settle_seconds": 0, **keys}
        )
        self.mappings.append(mapping)
        return mapping

    def deliver(self, name: str, content: str | bytes, *, age: float = 3600.0) -> Path:
        """Write a file into landing, as a sender's upload does: under another name first."""
        data = content.encode() if isinstance(content, str) else content
        path = self.zones.landing / name
        upload = self.zones.landing / ".upload"
        upload.write_bytes(data)
        when = time.time_ns() - int(age * 1e9)
        os.utime(upload, ns=(when, when))
        upload.rename(path)
        return path

    @property
    def pipeline(self) -> Pipeline:
        """A new pipeline, as every Airflow task makes one."""
        return Pipeline(self.settings, self.mappings)

    def run(self) -> dict[str, Outcome]:
        """One poll: outcomes by file name."""
        pipeline = self.pipeline
        outcomes = pipeline.run_batch(pipeline.discover().ready)
        assert_loaded_as_delivered(self.settings, self.mappings, outcomes)
        return {o.name: o for o in outcomes}

    def load(self, content: str | bytes, name: str = "a_1.csv", **keys: Any) -> Outcome:
        """Deliver one file, run, and return its outcome; maps it first if nothing is mapped."""
        if not self.mappings:
            self.map(**keys)
        self.deliver(name, content)
        return self.run()[name]

    @contextmanager
    def database(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """The database, as a person opens it."""
        con = duckdb.connect(self.settings.duckdb_path)
        try:
            yield con
        finally:
            con.close()

    def sql(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Rows of a query, or of nothing."""
        with self.database() as con:
            return con.execute(statement, list(values)).fetchall()

    def rows(self, table: str = "raw_a", columns: str = "* EXCLUDE (_load_id)") -> list[Any]:
        """Rows of a table as a sorted list, NULL last."""
        rows = self.sql(f"SELECT {columns} FROM {table}")
        return sorted(rows, key=lambda row: [(v is None, str(v)) for v in row])

    def count(self, table: str) -> int:
        """How many rows a table has; 0 if it does not exist."""
        if not self.sql("SELECT 1 FROM duckdb_tables() WHERE table_name = ?", table):
            return 0
        return int(self.sql(f"SELECT count(*) FROM {table}")[0][0])

    def outcomes(self) -> list[tuple[Any, ...]]:
        """Name and recorded outcome of each delivery, oldest first."""
        return self.sql(
            "SELECT filename, outcome FROM load_deliveries ORDER BY recorded_at, filename"
        )

    def sidecar(self, name: str) -> Sidecar:
        """The sidecar of a file in the failed zone."""
        return read_sidecar(str(self.zones.failed / f"{name}.error.json"))

    def refused(self, content: str | bytes, name: str = "a_1.csv", **keys: Any) -> ErrorDetail:
        """Deliver one bad file and return why it was refused, after checking what must hold.

        It lies in failed byte for byte, with a sidecar; no row is anywhere; it is recorded.
        """
        outcome = self.load(content, name, **keys)
        assert outcome.status == "failed", outcome
        assert outcome.error is not None
        data = content.encode() if isinstance(content, str) else content
        assert (self.zones.failed / name).read_bytes() == data
        assert not (self.zones.landing / name).exists()
        assert self.sidecar(name).error.code == outcome.error.code
        assert self.count(self.mappings[0].table) == 0
        assert self.count("load_metadata") == 0
        recorded = self.sql("SELECT filename, outcome, code FROM load_deliveries")
        assert recorded == [(name, "failed", outcome.error.code)]
        return outcome.error


@pytest.fixture
def world(zones: Any, settings: Callable[..., Settings]) -> World:
    """An empty world."""
    return World(settings=settings(lock_timeout=20.0), zones=zones)
