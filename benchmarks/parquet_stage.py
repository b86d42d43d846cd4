"""The case of the way to BigQuery up to the bucket: CSV to Parquet, beside the engines alone."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from pyarrow import parquet
from rich.table import Table

from comparing import CACHE, CONSOLE, HERE, Sizes, compare, run_path
from data import write_trades
from measure import Measured

OURS = "landing-loader-parquet"
BARE = ("duckdb-parquet", "polars-parquet")
REFUSED = "refused"
_RECORDS = 1_000


def csv_to_parquet(sizes: Sizes) -> None:
    """What the engines make of broken input, their speed, and memory by file size.

    The baseline is the faster engine of those that do not take half a record for a whole one.
    """
    _broken_input()
    baselines = [path for path in BARE if _rows(path, _drop_fields) == REFUSED]
    compare(sizes, baselines, (*BARE, OURS), "to Parquet", seconds=_stage)
    _memory(sizes)


def _stage(measured: Measured) -> float:
    """Seconds of the stage itself, which a path prints last."""
    return float(measured.output.split()[-1])


def _memory(sizes: Sizes) -> None:
    """A file four times as large must not need more memory."""
    for rows in (sizes.rows, 4 * sizes.rows):
        file = write_trades(CACHE / f"trades_{rows}.csv", rows)
        peak = run_path(OURS, file).peak_bytes
        CONSOLE.print(f"{OURS}, {file.stat().st_size / 1e9:.2f} GB: peak {peak / 1e6:.0f} MB")
        if rows != sizes.rows:
            file.unlink()
    CONSOLE.print()


def _broken_input() -> None:
    table = Table(title=f"Rows from {_RECORDS:,} records, some of them broken")
    table.add_column("input")
    for path in (*BARE, OURS):
        table.add_column(path, justify="right")
    for what, break_lines in BREAKAGES.items():
        table.add_row(what, *(_rows(path, break_lines) for path in (*BARE, OURS)))
    CONSOLE.print(table)


def _rows(path: str, break_lines: Callable[[list[str]], None]) -> str:
    with tempfile.TemporaryDirectory(dir=CACHE) as name:
        folder = Path(name)
        file = write_trades(folder / "trades.csv", _RECORDS)
        lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
        break_lines(lines)
        file.write_text("".join(lines), encoding="utf-8")
        command = [sys.executable, str(HERE / "paths.py"), path, str(file), name]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            return REFUSED
        staged = sorted(folder.glob("staged*"))
        files = [f for s in staged for f in (sorted(s.rglob("*.parquet")) if s.is_dir() else [s])]
        return f"{sum(parquet.read_metadata(f).num_rows for f in files):,}"


def _cut_last_record(lines: list[str]) -> None:
    lines[-1] = lines[-1][:20]


def _drop_fields(lines: list[str]) -> None:
    lines[500] = ",".join(lines[500].split(",")[:5]) + "\n"


def _open_quote(lines: list[str]) -> None:
    lines[500] = lines[500].replace(",BUY,", ',"BUY,').replace(",SELL,", ',"SELL,')


def _quote_over_lines(lines: list[str]) -> None:
    # Legal CSV: one record with a cell of a hundred lines. Only a count can tell.
    _open_quote(lines)
    lines[600] = lines[600].replace(",BUY,", ',BUY",').replace(",SELL,", ',SELL",')


def _quote_inside(lines: list[str]) -> None:
    lines[500] = lines[500].replace(",BUY,", ',B"UY,').replace(",SELL,", ',S"ELL,')


def _nul_byte(lines: list[str]) -> None:
    lines[500] = lines[500].replace(",BUY,", ",B\0UY,").replace(",SELL,", ",S\0ELL,")


def _mixed_line_ends(lines: list[str]) -> None:
    lines[500] = lines[500].replace("\n", "\r\n")


BREAKAGES: dict[str, Callable[[list[str]], None]] = {
    "cut in the last record": _cut_last_record,
    "half a record": _drop_fields,
    "a quote that is not closed": _open_quote,
    "a quote closed 100 records later": _quote_over_lines,
    "a quote inside a field": _quote_inside,
    "a NUL byte": _nul_byte,
    "one CRLF among LF": _mixed_line_ends,
}
