"""Small files of one table that one go file names, beside the same with a go file each, and none.

A set is one transaction and moves as a whole; what it costs beside that should be little.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from comparing import run_ours
from data import write_trades
from measure import Measured
from results import SetsResult
from world import ZONES, World

_COUNT = 1_000
"""Also as many as one go file may name."""
_ROWS = 92  # 10 KB


@dataclass(frozen=True)
class _Kind:
    """How the files are announced.

    :param keys: what the mapping says of it.
    :param write: the go files of data files.
    """

    keys: str
    write: Callable[[Path, list[str]], None]


def _no_go(_: Path, __: list[str]) -> None:
    pass


def _a_go_each(landing: Path, names: list[str]) -> None:
    for name in names:
        (landing / f"{name.removesuffix('.csv')}.go").write_text(f"{name},{_ROWS}\n")


def _one_go(landing: Path, names: list[str]) -> None:
    (landing / "day_1.go").write_text("".join(f"{name},{_ROWS}\n" for name in names))


_KINDS: Mapping[str, _Kind] = {
    "none": _Kind("", _no_go),
    "one for each": _Kind(
        ", go_file: {pattern: bench_*.go, format: csv, row_count: 2}", _a_go_each
    ),
    "one for all": _Kind(
        ", go_file: {pattern: day_*.go, format: csv, lists_files: 1, row_count: 2}", _one_go
    ),
}


def file_sets(cache: Path, scale: float, rounds: int) -> dict[str, SetsResult]:
    """Load the same files in each way, in rounds: all of them, then all of them again.

    :param scale: of their number; 1, which is the most, for 1,000.
    :raises SystemExit: a row or a load is missing, or a file was left.
    """
    count = max(2, min(_COUNT, round(_COUNT * scale)))
    runs: dict[str, list[Measured]] = {kind: [] for kind in _KINDS}
    for _ in range(rounds):
        for kind, measured in runs.items():
            measured.append(_run(cache, kind, count))
    return {
        kind: SetsResult(
            files=count,
            seconds=[run.seconds for run in measured],
            cpu_seconds=[run.cpu_seconds for run in measured],
            peak_bytes=max(run.peak_bytes for run in measured),
        )
        for kind, measured in runs.items()
    }


def _run(cache: Path, kind: str, count: int) -> Measured:
    world = World(Path(tempfile.mkdtemp(dir=cache, prefix="run-")))
    landing = world.folder / "landing"
    try:
        for zone in ZONES:
            (world.folder / zone).mkdir()
        mapping = f"bench_*.csv: {{table: raw_bench, settle_seconds: 0{_KINDS[kind].keys}}}\n"
        (world.folder / "tables" / "bench.yaml").write_text(mapping, encoding="utf-8")
        names = [f"bench_{number:05d}.csv" for number in range(count)]
        for number, name in enumerate(names):
            write_trades(landing / name, _ROWS, first=number * _ROWS)
        _KINDS[kind].write(landing, names)
        run = run_ours(world)
        _check(world, kind, count)
        return run
    finally:
        shutil.rmtree(world.folder)


def _check(world: World, kind: str, count: int) -> None:
    with duckdb.connect(str(world.database), read_only=True) as con:
        rows = con.execute("SELECT count(*), count(DISTINCT _load_id) FROM raw_bench").fetchone()
    if rows != (count * _ROWS, count) or world.landed:
        raise SystemExit(
            f"{kind}: {rows} rows and loads of {count} files, {len(world.landed)} left"
        )
