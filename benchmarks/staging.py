"""The case of the way to BigQuery up to the bucket: CSV to Parquet, beside the engines alone."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from pyarrow import parquet

import data
from comparing import CONSOLE, HERE
from measure import Measured, measure, warm
from results import CaseResult, PathResult

OURS = "landing-loader-parquet"
BARE = ("duckdb-parquet", "polars-parquet")
REFUSED = "refused"
_RECORDS = 1_000


def staging(cache: Path, gigabytes: float, rounds: int) -> CaseResult:
    """Speed and memory of each path on one file."""
    made = data.ready(cache, "one", gigabytes)
    runs: dict[str, list[Measured]] = {path: [] for path in (*BARE, OURS)}
    for number in range(rounds):
        for path, of_path in runs.items():
            warm(made.files)
            with tempfile.TemporaryDirectory(dir=cache) as folder:
                of_path.append(measure(_command(path, made.files[0], folder)))
            CONSOLE.print(f"round {number + 1}  {path:<24} {_seconds(of_path[-1]):7.2f} s")
    return CaseResult(
        title="CSV to Parquet",
        files=1,
        size=made.size,
        rows=int(gigabytes * data.ROWS_PER_GB),
        columns=len(data.TRADES),
        paths={
            path: PathResult(
                seconds=[_seconds(run) for run in of_path],
                process_seconds=[run.seconds for run in of_path],
                peak_bytes=[run.peak_bytes for run in of_path],
            )
            for path, of_path in runs.items()
        },
    )


def broken_input(cache: Path) -> dict[str, dict[str, str]]:
    """Rows that each path makes of 1,000 records of which some are broken, by breakage and path."""
    return {
        what: {path: _rows(cache, path, break_lines) for path in (*BARE, OURS)}
        for what, break_lines in BREAKAGES.items()
    }


def _seconds(measured: Measured) -> float:
    """Seconds of the stage itself, which a path prints last."""
    return float(measured.output.split()[-1])


def _command(path: str, file: Path, folder: str) -> list[str]:
    return [sys.executable, str(HERE / "staging_paths.py"), path, str(file), folder]


def _rows(cache: Path, path: str, break_lines: Callable[[list[str]], None]) -> str:
    with tempfile.TemporaryDirectory(dir=cache) as name:
        folder = Path(name)
        file = data.write_trades(folder / "trades.csv", _RECORDS)
        lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
        break_lines(lines)
        file.write_text("".join(lines), encoding="utf-8")
        if subprocess.run(_command(path, file, name), capture_output=True, check=False).returncode:
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
