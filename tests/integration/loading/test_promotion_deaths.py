"""A promotion that is killed before each of its statements: all of it is done, or nothing."""

from __future__ import annotations

import pickle
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.support.promoting import promote, proved
from tests.support.worlds import Side, duckdb_side

ROOT = Path(__file__).parents[3]
DIES = """
import os, pickle, signal, sys
from airflow_landing_loader.loading.warehouses.duckdb import promoting
from tests.support.promoting import promote

side, last = pickle.loads(sys.stdin.buffer.read())

class Dying:
    def __init__(self, con):
        self.con, self.left = con, last
    def execute(self, *args):
        self.left -= 1
        if self.left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return self.con.execute(*args)

take = promoting.DuckDBPromoting._take
def dying(self, steps):
    self._con = Dying(self._con)
    take(self, steps)
    print("done", flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
promoting.DuckDBPromoting._take = dying
promote(side, "raw_a", "venue")
"""


def state(side: Side) -> Any:
    columns = side.sql("SELECT column_name FROM duckdb_columns() WHERE table_name = 'raw_a'")
    books = side.sql("SELECT * FROM load_columns ORDER BY ALL")
    return columns, side.sql("SELECT * FROM raw_a ORDER BY ALL"), books


def delivered(folder: Path) -> Side:
    side = duckdb_side(folder)
    side.map()
    for name, content in (("a_1.csv", "id\n1\n"), ("a_2.csv", 'id,venue\n2,"x"\n3,\n')):
        side.deliver(name, content)
        side.run()
    return side


def test_a_promotion_is_done_or_it_is_not(tmp_path: Path) -> None:
    side = delivered(tmp_path)
    before, after, statements = state(side), None, 0
    while after is None:
        told = pickle.dumps((side, statements))
        died = subprocess.run(
            [sys.executable, "-c", DIES], input=told, capture_output=True, check=False, cwd=ROOT
        )
        assert died.returncode == -signal.SIGKILL, died.stderr
        assert proved(side) == 2
        if died.stdout.startswith(b"done"):
            after = state(side)
        else:
            assert state(side) == before
            statements += 1
    assert statements >= 4  # the transaction's two, and one or more for the table and the books
    assert after != before
    assert promote(side, "raw_a", "venue").is_done
    assert state(side) == after
    columns, rows, _ = after
    assert {"column_name": "venue"} in columns
    assert sorted((row["id"], row["venue"]) for row in rows) == [
        ("1", None),
        ("2", "x"),
        ("3", None),
    ]
