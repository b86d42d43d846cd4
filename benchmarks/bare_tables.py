"""Bare DuckDB with a small file for each of many tables: `bare_tables.py FOLDER`.

What an expert writes without any check, who knows the columns: each of the files in FOLDER/landing,
``t00001_1.csv``, goes into the table of its name in FOLDER/warehouse.duckdb, all in one
transaction; a line that is no record is left out.
"""

from __future__ import annotations

import json
import os
import sys
import uuid
from pathlib import Path

import duckdb

from data import TRADES


def load(folder: Path) -> None:
    """Load all files; the first delivery makes the tables."""
    con = duckdb.connect(str(folder / "warehouse.duckdb"))
    con.execute(f"SET memory_limit = '{os.environ['BENCH_MEMORY_LIMIT']}'")
    con.execute("BEGIN")
    there = {row[0] for row in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    columns = json.dumps(dict.fromkeys(TRADES, "VARCHAR"))
    for file in sorted((folder / "landing").iterdir()):
        table = f"raw_{file.stem.split('_')[0]}"
        rows = (
            f"SELECT *, '{uuid.uuid4()}' AS _load_id FROM "
            f"read_csv('{file}', header = true, auto_detect = false, columns = {columns},"
            " ignore_errors = true)"
        )
        con.execute(
            f"INSERT INTO {table} {rows}" if table in there else f"CREATE TABLE {table} AS {rows}"
        )
    con.execute("COMMIT")
    con.close()


if __name__ == "__main__":
    load(Path(sys.argv[1]))
