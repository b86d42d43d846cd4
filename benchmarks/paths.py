"""The paths that are compared, one per process: `python benchmarks/paths.py PATH FILE FOLDER`.

Each reads FILE and leaves the same cells, ``_load_id`` included, in FOLDER: as a DuckDB database,
or as Parquet such as BigQuery is given. The latter print the seconds of that step by itself.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from airflow_landing_loader.pipeline import Pipeline

STAGING_MEMORY_LIMIT = "1GB"  # the project's default for BigQuery, for the baseline too
MEMORY_LIMIT = f"{256 * (os.cpu_count() or 1)}MB"  # the project's default, for the baseline too
LOAD_ID = "6f0d1c9e-5b1e-5c43-9d55-0a4f1b1f7a10"
COLUMNS = (
    *("trade_id", "trade_date", "symbol", "quantity", "price"),
    *("side", "account", "trader", "venue", "note"),
)


def bare_duckdb(file: Path, folder: Path, *, keep_order: bool) -> None:
    """What an expert writes without any check."""
    import duckdb

    con = duckdb.connect(str(folder / "warehouse.duckdb"))
    con.execute(f"SET memory_limit = '{MEMORY_LIMIT}'")
    con.execute(f"SET preserve_insertion_order = {str(keep_order).lower()}")
    columns = {name: "VARCHAR" for name in COLUMNS}
    con.execute(
        f"CREATE TABLE raw_trades AS SELECT *, '{LOAD_ID}' AS _load_id, NULL::VARCHAR AS _extra "
        f"FROM read_csv('{file}', columns={columns}, header=true, auto_detect=false)"
    )
    con.close()


def polars_arrow(file: Path, folder: Path) -> None:
    """The path of the first document of this design: Polars to Arrow to DuckDB."""
    import duckdb
    import polars as pl

    frame = pl.read_csv(file, infer_schema=False)
    frame = frame.with_columns(_load_id=pl.lit(LOAD_ID), _extra=pl.lit(None, dtype=pl.String))
    table = frame.to_arrow()
    con = duckdb.connect(str(folder / "warehouse.duckdb"))
    con.register("incoming", table)
    con.execute("CREATE TABLE raw_trades AS SELECT * FROM incoming")
    con.close()


def duckdb_parquet(file: Path, folder: Path) -> None:
    """CSV to Parquet by DuckDB, without any check."""
    import duckdb

    con = duckdb.connect()
    con.execute(f"SET memory_limit = '{STAGING_MEMORY_LIMIT}'")
    con.execute("SET preserve_insertion_order = false")
    columns = {name: "VARCHAR" for name in COLUMNS}
    with _timed():
        con.execute(
            f"COPY (SELECT *, '{LOAD_ID}' AS load_id, NULL::VARCHAR AS extra FROM read_csv("
            f"'{file}', columns={columns}, header=true, auto_detect=false)) "
            f"TO '{folder / 'staged.parquet'}' (FORMAT parquet, COMPRESSION zstd)"
        )


def polars_parquet(file: Path, folder: Path) -> None:
    """CSV to Parquet by Polars, without any check."""
    import polars as pl

    frame = pl.scan_csv(file, infer_schema=False).with_columns(
        load_id=pl.lit(LOAD_ID), extra=pl.lit(None, dtype=pl.String)
    )
    with _timed():
        frame.sink_parquet(folder / "staged.parquet", compression="zstd", maintain_order=False)


def landing_loader_parquet(file: Path, folder: Path) -> None:
    """This project's way to BigQuery up to the bucket: inspect, validate, read, count, stage."""
    from airflow_landing_loader.loading.bigquery.options import BigQueryOptions
    from airflow_landing_loader.loading.bigquery.staging import Stager
    from airflow_landing_loader.loading.books import Planned
    from airflow_landing_loader.loading.drift import TableColumn
    from airflow_landing_loader.loading.identity import NewLoad

    pipeline, delivered = _pipeline(file, folder)
    try:
        options = BigQueryOptions(
            project="p", dataset="d", staging_bucket="b", memory_limit=STAGING_MEMORY_LIMIT
        )
        stager = Stager(options, LocalFolder(folder), pipeline.zones.landing)  # type: ignore[arg-type]
        (delivery,) = pipeline.discover().ready
        decision = NewLoad(load_id=LOAD_ID, restates=None, same_content=None)
        item = Planned(pipeline.validate(delivery), decision)
        table = [TableColumn(name, "STRING") for name in COLUMNS]
        with _timed():
            stager.stage(item, table, "staged", direct=False)
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


def landing_loader(file: Path, folder: Path) -> None:
    """The whole path of this project: inspect, validate, load, metadata, archive."""
    pipeline, delivered = _pipeline(file, folder)
    outcomes = pipeline.run_batch(pipeline.discover().ready)
    (folder / "archive" / delivered.name).rename(file)
    if [outcome.status for outcome in outcomes] != ["loaded"]:
        raise SystemExit(f"not loaded: {outcomes}")


def _pipeline(file: Path, folder: Path) -> tuple[Pipeline, Path]:
    """A pipeline with the file in its landing zone, and where the file is there."""
    from airflow_landing_loader.mapping.model import TableMapping
    from airflow_landing_loader.pipeline import Pipeline
    from airflow_landing_loader.settings import from_environment

    zones = {name: folder / name for name in ("landing", "archive", "failed", "tables")}
    for zone in zones.values():
        zone.mkdir()
    delivered = zones["landing"] / "trades_1.csv"
    file.rename(delivered)
    settings = from_environment(
        {
            "LANDING_PATH": str(zones["landing"]),
            "ARCHIVE_PATH": str(zones["archive"]),
            "FAILED_PATH": str(zones["failed"]),
            "TABLE_CONFIG_PATH": str(zones["tables"]),
            "DUCKDB_PATH": str(folder / "warehouse.duckdb"),
        },
        base=folder,
    )
    settings = replace(settings, duckdb_memory_limit=MEMORY_LIMIT)
    mapping = TableMapping(pattern="trades_*.csv", table="raw_trades", settle_seconds=0)
    return Pipeline(settings, [mapping]), delivered


PATHS: dict[str, Callable[[Path, Path], None]] = {
    "duckdb": lambda file, folder: bare_duckdb(file, folder, keep_order=True),
    "duckdb-unordered": lambda file, folder: bare_duckdb(file, folder, keep_order=False),
    "polars": polars_arrow,
    "landing-loader": landing_loader,
    "duckdb-parquet": duckdb_parquet,
    "polars-parquet": polars_parquet,
    "landing-loader-parquet": landing_loader_parquet,
}

if __name__ == "__main__":
    PATHS[sys.argv[1]](Path(sys.argv[2]).resolve(), Path(sys.argv[3]).resolve())
