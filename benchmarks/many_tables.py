"""A landing zone of many tables: one small file for each, delivered twice.

The first delivery makes the tables, the second finds them. What a file costs should not grow with
the number of tables.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb

from comparing import run_bare_tables, run_ours
from data import write_trades
from results import TablesPoint
from world import ZONES, World

_COUNTS = (100, 1_000, 3_000)
_ROWS = 92  # 10 KB
_DELIVERIES = (1, 2)
_BAD = "cut off\n"


def many_tables(cache: Path, scale: float) -> list[TablesPoint]:
    """Load both deliveries for each number of tables, without and with a bad record in each file.

    :param scale: of the numbers of tables; 1 for 100, 1,000 and 3,000.
    :raises SystemExit: a row is missing.
    """
    return [
        point
        for count in (max(1, round(number * scale)) for number in _COUNTS)
        for rejects in (False, True)
        for point in _points(cache, count, rejects)
    ]


def _points(cache: Path, count: int, rejects: bool) -> list[TablesPoint]:
    keys = "settle_seconds: 0" + (", on_bad_row: reject, max_rejected: 0.5" if rejects else "")
    lines = [f"t{n:05d}_*: {{table: raw_t{n:05d}, {keys}}}\n" for n in range(count)]
    with _world(cache, lines) as ours, _world(cache, lines) as bare:
        return [_point(ours, bare, count, delivery, rejects) for delivery in _DELIVERIES]


@contextmanager
def _world(cache: Path, mappings: Sequence[str]) -> Iterator[World]:
    folder = Path(tempfile.mkdtemp(dir=cache, prefix="run-"))
    try:
        for zone in ZONES:
            (folder / zone).mkdir()
        (folder / "tables" / "bench.yaml").write_text("".join(mappings), encoding="utf-8")
        yield World(folder)
    finally:
        shutil.rmtree(folder)


def _point(ours: World, bare: World, count: int, delivery: int, rejects: bool) -> TablesPoint:
    _deliver(bare, count, delivery, rejects)
    its = run_bare_tables(bare)
    _check_rows(bare, count, delivery)
    for file in bare.landed:
        file.unlink()
    _deliver(ours, count, delivery, rejects)
    run = run_ours(ours)
    _check_rows(ours, count, delivery)
    _check_books(ours, count, delivery, rejects)
    return TablesPoint(count, delivery, rejects, run.seconds, run.peak_bytes, its.seconds)


def _deliver(world: World, count: int, delivery: int, rejects: bool) -> None:
    for number in range(count):
        path = world.folder / "landing" / f"t{number:05d}_{delivery}.csv"
        write_trades(path, _ROWS, first=(delivery * count + number) * _ROWS)
        if rejects:
            with path.open("a", encoding="utf-8") as file:
                file.write(_BAD)


def _check_rows(world: World, count: int, delivery: int) -> None:
    with duckdb.connect(str(world.database), read_only=True) as con:
        for number in range(count):
            found = con.execute(f"SELECT count(*) FROM raw_t{number:05d}").fetchone()
            if found != (delivery * _ROWS,):
                raise SystemExit(f"{count} tables: {found} rows in table {number}")


def _check_books(world: World, count: int, delivery: int, rejects: bool) -> None:
    with duckdb.connect(str(world.database), read_only=True) as con:
        found = con.execute(
            "SELECT sum(row_count), sum(rejected_count) FROM load_metadata"
        ).fetchone()
    loads = count * delivery
    if found != (loads * _ROWS, loads * rejects):
        raise SystemExit(f"{count} tables: {found} rows and rejects in the books")
