"""A landing zone of many tables: one small file for each, delivered twice.

The first delivery makes the tables, the second finds them. What a file costs should not grow with
the number of tables.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
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
    """Load both deliveries for each number of tables: of plain files, with a bad record in each,
    and with a day in each name.

    :param scale: of the numbers of tables; 1 for 100, 1,000 and 3,000.
    :raises SystemExit: a row is missing.
    """
    return [
        point
        for count in (max(1, round(number * scale)) for number in _COUNTS)
        for kind in (_Kind(), _Kind(rejects=True), _Kind(parts=True))
        for point in _points(cache, count, kind)
    ]


@dataclass(frozen=True)
class _Kind:
    """What files and mappings have besides.

    :param rejects: a record in each file that is set aside.
    :param parts: a day in each name, which fills a column.
    """

    rejects: bool = False
    parts: bool = False

    def mapping(self, number: int) -> str:
        """The mapping of a table."""
        keys = "settle_seconds: 0"
        if self.rejects:
            keys += ", on_bad_row: reject, max_rejected: 0.5"
        if self.parts:
            keys += ', add_columns: {day: "{day}"}'
        rest = "{day:%Y%m%d}.csv" if self.parts else "*"
        return f'"t{number:05d}_{rest}": {{table: raw_t{number:05d}, {keys}}}\n'

    def name(self, number: int, delivery: int) -> str:
        """The name of a table's file."""
        return f"t{number:05d}_{f'2024011{delivery}' if self.parts else delivery}.csv"


def _points(cache: Path, count: int, kind: _Kind) -> list[TablesPoint]:
    lines = [kind.mapping(number) for number in range(count)]
    with _world(cache, lines) as ours, _world(cache, lines) as bare:
        return [_point(ours, bare, count, delivery, kind) for delivery in _DELIVERIES]


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


def _point(ours: World, bare: World, count: int, delivery: int, kind: _Kind) -> TablesPoint:
    _deliver(bare, count, delivery, kind)
    its = run_bare_tables(bare)
    _check_rows(bare, count, delivery)
    for file in bare.landed:
        file.unlink()
    _deliver(ours, count, delivery, kind)
    run = run_ours(ours)
    _check_rows(ours, count, delivery)
    _check_books(ours, count, delivery, kind.rejects)
    return TablesPoint(
        tables=count,
        delivery=delivery,
        rejects=kind.rejects,
        parts=kind.parts,
        seconds=run.seconds,
        peak_bytes=run.peak_bytes,
        bare_seconds=its.seconds,
    )


def _deliver(world: World, count: int, delivery: int, kind: _Kind) -> None:
    for number in range(count):
        path = world.folder / "landing" / kind.name(number, delivery)
        write_trades(path, _ROWS, first=(delivery * count + number) * _ROWS)
        if kind.rejects:
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
