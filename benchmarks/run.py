"""The benchmark: this project beside bare DuckDB and Polars, in one run, alternating.

    make bench                      all cases
    python benchmarks/run.py --quick      a tenth of the size, to see that it works

Absolute times mean little on a shared machine; the ratios, taken pair by pair in one run, hold.
Peak memory is that of the whole process tree. Nothing here is a test: `make test` asserts no time.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
from rich.table import Table

from comparing import CACHE, CONSOLE, HERE, Sizes, compare, run_path
from data import write_small_files, write_trades
from measure import measure
from parquet_stage import csv_to_parquet

BASELINES = ("duckdb", "duckdb-unordered")
FULL = Sizes(rows=10_000_000, repeats=3, small_files=2_000, mappings=500)
QUICK = Sizes(rows=1_000_000, repeats=1, small_files=200, mappings=50)


def main() -> None:
    """Run the cases that were asked for and print their tables."""
    cases = {
        "large": one_large_file,
        "memory": memory_and_size,
        "parquet": csv_to_parquet,
        "small": many_small_files,
        "parse": many_mappings,
    }
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("cases", nargs="*", choices=[[], *cases], help="default: all")
    parser.add_argument("--quick", action="store_true", help="a tenth of the size, one run each")
    arguments = parser.parse_args()
    sizes = QUICK if arguments.quick else FULL
    CACHE.mkdir(exist_ok=True)
    memory = psutil.virtual_memory().total / 2**30
    CONSOLE.print(f"{os.cpu_count()} CPUs, {memory:.0f} GiB of memory\n")
    for name in arguments.cases or cases:
        cases[name](sizes)


def one_large_file(sizes: Sizes) -> None:
    """One file through every path: the ratio is speed, 1 being the faster bare DuckDB."""
    compare(sizes, BASELINES, (*BASELINES, "landing-loader", "polars"), "into DuckDB")


def memory_and_size(sizes: Sizes) -> None:
    """A file four times as large must not need more memory."""
    table = Table(title="memory of the whole path, by file size")
    for column in ("rows", "GB", "seconds", "peak MB"):
        table.add_column(column, justify="right")
    for rows in (sizes.rows, 4 * sizes.rows):
        file = write_trades(CACHE / f"trades_{rows}.csv", rows)
        measured = run_path("landing-loader", file)
        table.add_row(
            f"{rows:,}",
            f"{file.stat().st_size / 1e9:.2f}",
            f"{measured.seconds:.1f}",
            f"{measured.peak_bytes / 1e6:.0f}",
        )
        if rows != sizes.rows:
            file.unlink()
    CONSOLE.print(table)


def many_small_files(sizes: Sizes) -> None:
    """Many small files through the command line, start of the process included."""
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        home = Path(folder)
        for name in ("landing", "archive", "failed", "tables"):
            (home / name).mkdir()
        mapping = "small_*.csv: {table: raw_small, settle_seconds: 0}\n"
        (home / "tables" / "small.yaml").write_text(mapping, encoding="utf-8")
        write_small_files(home / "landing", sizes.small_files)
        environ = os.environ | {
            "LANDING_PATH": str(home / "landing"),
            "ARCHIVE_PATH": str(home / "archive"),
            "FAILED_PATH": str(home / "failed"),
            "TABLE_CONFIG_PATH": str(home / "tables"),
            "DUCKDB_PATH": str(home / "warehouse.duckdb"),
            "LOADER_WORKERS": "2",
        }
        command = [sys.executable, "-m", "airflow_landing_loader.main", "--once"]
        measured = measure(command, environ)
        left = len(list((home / "landing").iterdir()))
        archived = len(list((home / "archive").glob("small_*.csv")))
    if left or archived != sizes.small_files:
        raise SystemExit(f"{left} files left, {archived} archived")
    CONSOLE.print(
        f"{sizes.small_files:,} files of 10 KB by `landing-loader run --once`: "
        f"{measured.seconds:.1f} s, [bold]{sizes.small_files / measured.seconds:.0f} files/s[/], "
        f"peak {measured.peak_bytes / 1e6:.0f} MB\n"
    )


def many_mappings(sizes: Sizes) -> None:
    """Building the DAGs of many mappings with dbt on, beyond importing Airflow."""
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        command = [sys.executable, str(HERE / "parse.py"), folder, str(sizes.mappings)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    CONSOLE.print(done.stdout.strip().splitlines()[-1])


if __name__ == "__main__":
    main()
