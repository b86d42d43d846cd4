"""The benchmark: this project beside bare DuckDB and Polars, in one run, alternating.

    make bench                      all cases
    python benchmarks/run.py --quick      a tenth of the size, to see that it works

Absolute times mean little on a shared machine; the ratios, taken pair by pair in one run, hold.
Peak memory is that of the whole process tree. Nothing here is a test: `make test` asserts no time.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
from pyarrow import parquet
from rich.console import Console
from rich.table import Table

from data import write_small_files, write_trades
from measure import Measured, measure

HERE = Path(__file__).resolve().parent
CACHE = HERE.parent / ".bench"
CONSOLE = Console()
BASELINES = ("duckdb", "duckdb-unordered")


@dataclass(frozen=True)
class Sizes:
    """How much each case works on."""

    rows: int
    repeats: int
    small_files: int
    mappings: int


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
    _compare(sizes, BASELINES, (*BASELINES, "landing-loader", "polars"), "into DuckDB")


def csv_to_parquet(sizes: Sizes) -> None:
    """The way to BigQuery up to the bucket, beside the engines alone."""
    bare = ("duckdb-parquet", "polars-parquet")
    for path in bare:
        CONSOLE.print(f"{path} on a file with one stray quote: {_on_broken_input(path)}")
    _compare(sizes, bare, (*bare, "landing-loader-parquet"), "to Parquet")


def _on_broken_input(path: str) -> str:
    """What a path makes of 1,000 records, the 500th with a quote that is not closed."""
    with tempfile.TemporaryDirectory(dir=CACHE) as name:
        folder = Path(name)
        file = write_trades(folder / "trades.csv", 1_000)
        lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
        lines[500] = lines[500].replace(",BUY,", ',"BUY,').replace(",SELL,", ',"SELL,')
        file.write_text("".join(lines), encoding="utf-8")
        command = [sys.executable, str(HERE / "paths.py"), path, str(file), name]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            return "refused"
        return f"{parquet.read_metadata(folder / 'staged.parquet').num_rows:,} of 1,000 records"


def _compare(sizes: Sizes, baselines: Sequence[str], paths: Sequence[str], what: str) -> None:
    file = write_trades(CACHE / f"trades_{sizes.rows}.csv", sizes.rows)
    file.read_bytes()  # warm: all paths find the file in the page cache
    runs: dict[str, list[Measured]] = {}
    for _ in range(sizes.repeats):
        for path in paths:
            runs.setdefault(path, []).append(_run_path(path, file))
    baseline = min(baselines, key=lambda path: _median(runs[path]))
    size = f"{file.stat().st_size / 1e9:.2f} GB, {sizes.rows:,} rows x 10 columns"
    table = Table(title=f"{size}, {what}")
    for column in ("path", "seconds", "MB/s", "speed ratio", "peak MB"):
        table.add_column(column, justify="left" if column == "path" else "right")
    for path, measured in runs.items():
        ratios = [b.seconds / m.seconds for b, m in zip(runs[baseline], measured, strict=True)]
        seconds = _median(measured)
        table.add_row(
            path + (" (baseline)" if path == baseline else ""),
            f"{seconds:.1f}",
            f"{file.stat().st_size / 1e6 / seconds:.0f}",
            f"{statistics.median(ratios):.2f}",
            f"{max(m.peak_bytes for m in measured) / 1e6:.0f}",
        )
    CONSOLE.print(table)


def memory_and_size(sizes: Sizes) -> None:
    """A file four times as large must not need more memory."""
    table = Table(title="memory of the whole path, by file size")
    for column in ("rows", "GB", "seconds", "peak MB"):
        table.add_column(column, justify="right")
    for rows in (sizes.rows, 4 * sizes.rows):
        file = write_trades(CACHE / f"trades_{rows}.csv", rows)
        measured = _run_path("landing-loader", file)
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


def _run_path(path: str, file: Path) -> Measured:
    folder = Path(tempfile.mkdtemp(dir=CACHE))
    try:
        return measure([sys.executable, str(HERE / "paths.py"), path, str(file), str(folder)])
    finally:
        shutil.rmtree(folder)


def _median(runs: list[Measured]) -> float:
    return statistics.median(run.seconds for run in runs)


if __name__ == "__main__":
    main()
