"""The folder that one run works in: its zones with the files, its mapping, its database."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from cases import TABLE, Case

ZONES = ("landing", "archive", "failed", "tables")
MEMORY_LIMIT = f"{256 * (os.cpu_count() or 1)}MB"  # this project's default, for all paths


@dataclass(frozen=True)
class World:
    """Where one path finds a case's files and leaves its table.

    :param folder: absolute; nothing else is in it.
    """

    folder: Path

    @property
    def database(self) -> Path:
        """The DuckDB database."""
        return self.folder / "warehouse.duckdb"

    @property
    def landed(self) -> list[Path]:
        """The files that wait in landing, in order of their names."""
        return sorted((self.folder / "landing").iterdir())

    def environ(self) -> dict[str, str]:
        """The environment of a path's process: this one's, and the loader's settings.

        What is installed has its bytecode, whatever a developer's shell says of writing it.
        """
        inherited = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        return inherited | {
            "LANDING_PATH": str(self.folder / "landing"),
            "ARCHIVE_PATH": str(self.folder / "archive"),
            "FAILED_PATH": str(self.folder / "failed"),
            "TABLE_CONFIG_PATH": str(self.folder / "tables"),
            "DUCKDB_PATH": str(self.database),
            "BENCH_MEMORY_LIMIT": MEMORY_LIMIT,
            "AIRFLOW_HOME": str(self.folder / "airflow"),
            "AIRFLOW__CORE__DAGS_FOLDER": str(self.folder / "dags"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "RUNTIME__DLTHUB_TELEMETRY": "false",
            "DLT_DATA_DIR": str(self.folder / "dlt"),
        }


@contextlib.contextmanager
def world_of(case: Case, files: Sequence[Path], cache: Path) -> Iterator[World]:
    """Put a case's files into the landing zone of a new folder; they are given back at the end."""
    folder = Path(tempfile.mkdtemp(dir=cache, prefix="run-"))
    world = World(folder)
    for zone in ZONES:
        (folder / zone).mkdir()
    (folder / "tables" / "bench.yaml").write_text(case.mapping, encoding="utf-8")
    if case.table is not None:
        _make_table(world.database, case.table)
    try:
        for file in files:
            file.rename(folder / "landing" / file.name)
        yield world
    finally:
        for file in files:
            for zone in ("landing", "archive", "failed"):
                if (moved := folder / zone / file.name).exists():
                    moved.rename(file)
        shutil.rmtree(folder)


def _make_table(database: Path, columns: Sequence[str]) -> None:
    names = ", ".join(f'"{name}" VARCHAR' for name in (*columns, "_load_id", "_extra"))
    with duckdb.connect(str(database)) as con:
        con.execute(f"CREATE TABLE {TABLE} ({names})")


@dataclass(frozen=True)
class Found:
    """What a path left: number of rows, and a sum over the hashes of all cells, in any order."""

    rows: int
    cells: int


def found(world: World, case: Case) -> Found:
    """Look at a path's table. Its load ids differ, and count as being there."""
    names = ", ".join(f'"{name}"' for name in case.columns if name in (case.table or case.columns))
    extra = ", _extra" if case.table is not None else ""
    with duckdb.connect(str(world.database), read_only=True) as con:
        row = con.execute(
            f"SELECT count(_load_id), sum(hash({names}{extra})) FROM {TABLE}"
        ).fetchone()
    assert row is not None
    return Found(rows=int(row[0]), cells=int(row[1] or 0))
