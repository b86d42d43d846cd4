"""The paths that are compared, one per process: `python benchmarks/paths.py PATH FILE FOLDER`.

Each reads FILE and leaves a DuckDB database with the same cells, ``_load_id`` included, in FOLDER.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

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


def landing_loader(file: Path, folder: Path) -> None:
    """The whole path of this project: inspect, validate, load, metadata, archive."""
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
    pipeline = Pipeline(settings, [mapping])
    outcomes = pipeline.run_batch(pipeline.discover().ready)
    (zones["archive"] / "trades_1.csv").rename(file)
    if [outcome.status for outcome in outcomes] != ["loaded"]:
        raise SystemExit(f"not loaded: {outcomes}")


PATHS: dict[str, Callable[[Path, Path], None]] = {
    "duckdb": lambda file, folder: bare_duckdb(file, folder, keep_order=True),
    "duckdb-unordered": lambda file, folder: bare_duckdb(file, folder, keep_order=False),
    "polars": polars_arrow,
    "landing-loader": landing_loader,
}

if __name__ == "__main__":
    PATHS[sys.argv[1]](Path(sys.argv[2]).resolve(), Path(sys.argv[3]).resolve())
