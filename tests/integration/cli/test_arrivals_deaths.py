"""A loader that dies around the writing of outcomes: the next one writes the same."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import pytest
from tests.support.shells import Shell

DIES = """
import os, signal, sys
import airflow_landing_loader.loading.warehouses.duckdb.warehouse as warehouse

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

if sys.argv[1] == "before":
    warehouse.DuckDBWarehouse.record_arrivals = die
else:
    put = warehouse.put_arrivals
    warehouse.put_arrivals = lambda *args: (put(*args), die())
from airflow_landing_loader.cli.app import app
app(["run", "--once"])
"""
NOW = datetime.now(UTC)


def _clock(hours: float) -> str:
    return f"{NOW + timedelta(hours=hours):%H:%M}"


def _books(shell: Shell, statement: str) -> Any:
    with duckdb.connect(str(shell.zones.root / "warehouse.duckdb")) as con:
        return con.execute(statement).fetchall()


def _outcomes(shell: Shell) -> Any:
    return _books(
        shell,
        "SELECT day, outcome, reason, file_count, row_count, arrived_at, mended_at "
        "FROM load_arrivals ORDER BY day",
    )


@pytest.mark.parametrize("where", ["before", "after"])
def test_a_death_around_the_writing_of_outcomes_changes_none(shell: Shell, where: str) -> None:
    (shell.zones.tables / "expected.yaml").write_text(
        f'pos_*.csv: {{table: raw_pos, expect: {{by: "{_clock(-3)}", until: "{_clock(-1)}"}}}}\n'
    )
    assert shell.run("run", "--once").returncode == 0
    day = (NOW - timedelta(days=3)).date()
    _books(shell, f"UPDATE load_arrivals SET day = '{day}'")
    landed = shell.zones.landing / "pos_1.csv"
    landed.write_text("a\n1\n2\n")
    old = (NOW - timedelta(hours=1)).timestamp()
    os.utime(landed, (old, old))
    died = subprocess.run(
        [sys.executable, "-c", DIES, where],
        cwd=shell.zones.root,
        env=shell.environ,
        check=False,
        capture_output=True,
    )
    assert died.returncode == -signal.SIGKILL
    assert _books(shell, "SELECT count(*) FROM load_metadata") == [(1,)]
    before = _outcomes(shell)
    assert (len(before) == 1) == (where == "before")
    shell.run("run", "--once")
    first = _outcomes(shell)
    assert {outcome for _, outcome, *_ in first} == {"missing"}
    (mended,) = [row for row in first if row[-1] is not None]
    if where == "after":
        assert first == before
    shell.run("arrivals")
    assert _outcomes(shell) == first
    assert _books(shell, "SELECT completed_at FROM load_metadata") == [(mended[-1],)]
