"""A good file behind very many that are none of the loader's business, or cannot be loaded yet."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import duckdb

from comparing import run_ours
from data import write_trades
from results import StrangePoint
from world import ZONES, World

_COUNT = 200_000
_ROWS = 92  # 10 KB
_MAPPINGS = """\
good_*.csv: {table: raw_good, settle_seconds: 0}
pair_*.csv:
  table: raw_pairs
  settle_seconds: 0
  go_file: {pattern: pair_*.go, format: properties, row_count_key: rows}
"""

_KINDS: Mapping[str, Callable[[Path, int], None]] = {
    "hidden": lambda landing, n: (landing / f".upload_{n}").touch(),
    "of no mapping": lambda landing, n: (landing / f"note_{n}.txt").touch(),
    "data without its go file": lambda landing, n: (landing / f"pair_{n}.csv").touch(),
    "go files without data": lambda landing, n: (landing / f"pair_{n}.go").touch(),
    "links": lambda landing, n: (landing / f"good_{n}.csv").symlink_to("elsewhere"),
}


def strange_files(cache: Path, scale: float) -> list[StrangePoint]:
    """Load one good file from a landing zone that is full of one kind of strange ones.

    :param scale: of their number; 1 for 200,000.
    :raises SystemExit: the good file was not loaded, or a strange one was moved.
    """
    count = max(1, round(_COUNT * scale))
    return [_point(cache, "none", 0), *(_point(cache, kind, count) for kind in _KINDS)]


def _point(cache: Path, kind: str, count: int) -> StrangePoint:
    folder = Path(tempfile.mkdtemp(dir=cache, prefix="run-"))
    world = World(folder)
    landing = folder / "landing"
    try:
        for zone in ZONES:
            (folder / zone).mkdir()
        (folder / "tables" / "bench.yaml").write_text(_MAPPINGS, encoding="utf-8")
        for number in range(count):
            _KINDS[kind](landing, number)
        write_trades(landing / "good_file.csv", _ROWS)
        # A file that is refused and stays makes the exit code 1.
        run = run_ours(world, accepted=(0, 1))
        _check(world, kind, count)
        return StrangePoint(kind, count, run.seconds, run.peak_bytes)
    finally:
        shutil.rmtree(folder)


def _check(world: World, kind: str, count: int) -> None:
    left = len(list((world.folder / "landing").iterdir()))
    with duckdb.connect(str(world.database), read_only=True) as con:
        rows = con.execute("SELECT count(*) FROM raw_good").fetchone()
    if rows != (_ROWS,) or left != count:
        raise SystemExit(f"{kind}: {rows} rows loaded, {left} files left of {count}")
