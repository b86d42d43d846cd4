"""CSV to Parquet, one path per process: `staging_paths.py PATH FILE FOLDER`.

Each reads FILE and leaves in FOLDER Parquet such as BigQuery is given, and prints the seconds of
that step by itself.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from data import TRADES

MEMORY_LIMIT = "1GB"  # the project's default for BigQuery, for the baseline too
LOAD_ID = "6f0d1c9e-5b1e-5c43-9d55-0a4f1b1f7a10"


def duckdb_alone(file: Path, folder: Path) -> None:
    """By DuckDB, without any check."""
    import duckdb

    con = duckdb.connect()
    con.execute(f"SET memory_limit = '{MEMORY_LIMIT}'")
    con.execute("SET preserve_insertion_order = false")
    columns = dict.fromkeys(TRADES, "VARCHAR")
    with _timed():
        con.execute(
            f"COPY (SELECT *, '{LOAD_ID}' AS load_id, NULL::VARCHAR AS extra FROM read_csv("
            f"'{file}', columns={columns}, header=true, auto_detect=false)) "
            f"TO '{folder / 'staged.parquet'}' (FORMAT parquet, COMPRESSION zstd)"
        )


def polars_alone(file: Path, folder: Path) -> None:
    """By Polars, without any check."""
    import polars as pl

    frame = pl.scan_csv(file, infer_schema=False).with_columns(
        load_id=pl.lit(LOAD_ID), extra=pl.lit(None, dtype=pl.String)
    )
    with _timed():
        frame.sink_parquet(folder / "staged.parquet", compression="zstd", maintain_order=False)


def landing_loader(file: Path, folder: Path) -> None:
    """This project's way to BigQuery up to the bucket: inspect, validate, read, count, stage."""
    from airflow_landing_loader.config.mapping.model import TableMapping
    from airflow_landing_loader.loading.columns.drift import TableColumn
    from airflow_landing_loader.loading.planning.identity import NewLoad
    from airflow_landing_loader.loading.planning.steps import Planned
    from airflow_landing_loader.loading.warehouses.bigquery.options import BigQueryOptions
    from airflow_landing_loader.loading.warehouses.bigquery.staging import Stager
    from airflow_landing_loader.pipeline.pipeline import Pipeline
    from airflow_landing_loader.settings import from_environment

    variables = {"LANDING_PATH": "landing", "ARCHIVE_PATH": "archive", "FAILED_PATH": "failed"}
    for zone in variables.values():
        (folder / zone).mkdir()
    delivered = folder / "landing" / "trades_1.csv"
    file.rename(delivered)
    try:
        settings = from_environment({**variables, "TABLE_CONFIG_PATH": "tables"}, base=folder)
        mapping = TableMapping(pattern="trades_*.csv", table="raw_trades", settle_seconds=0)
        pipeline = Pipeline(settings, [mapping])
        options = BigQueryOptions(
            project="p", dataset="d", staging_bucket="b", memory_limit=MEMORY_LIMIT
        )
        stager = Stager(options, LocalFolder(folder), pipeline.zones.landing)  # type: ignore[arg-type]
        (delivery,) = pipeline.discover().ready
        decision = NewLoad(load_id=LOAD_ID, restates=None, same_content=None)
        item = Planned(pipeline.validate(delivery), decision)
        table = [TableColumn(name, "STRING") for name in TRADES]
        with _timed():
            stager.stage(item, table, {}, "staged", direct=False)
    finally:
        delivered.rename(file)


@contextmanager
def _timed() -> Iterator[None]:
    started = time.perf_counter()
    yield
    print(time.perf_counter() - started)


class LocalFolder:
    """A folder in the place of the staging bucket: the engine's speed, not the network's."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def uri(self, name: str) -> str:
        """Path of an object."""
        return str(self._folder / name)

    def writer(self, name: str) -> BinaryIO:
        """Open an object for writing."""
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("wb")


PATHS: dict[str, Callable[[Path, Path], None]] = {
    "duckdb-parquet": duckdb_alone,
    "polars-parquet": polars_alone,
    "landing-loader-parquet": landing_loader,
}

if __name__ == "__main__":
    PATHS[sys.argv[1]](Path(sys.argv[2]).resolve(), Path(sys.argv[3]).resolve())
