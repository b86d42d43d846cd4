"""One look from start to summary, by every way in, and dbt after it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from tests.support.shells import PROGRAM, Shell, names_in

from airflow_landing_loader.loading.warehouses.duckdb.lock import DatabaseLock


def test_once_from_start_to_summary(shell: Shell) -> None:
    shell.land("instruments_1.csv", "a,b\n1,2\n3,4\n")
    shell.land("instruments_2.csv", "a,b\n1\n")
    shell.land("trades_1.csv", "x\n1\n")
    shell.land("trades_1.go", "record_count=1\n")
    shell.land("trades_2.csv", "x\n1\n")
    shell.land("readme.txt", "")
    ran = shell.run("run", "--once")
    assert ran.returncode == 1  # a file failed
    zones = shell.zones
    assert names_in(zones, "landing") == ["readme.txt", "trades_2.csv"]
    assert names_in(zones, "archive") == ["instruments_1.csv", "trades_1.csv", "trades_1.go"]
    assert names_in(zones, "failed") == ["instruments_2.csv", "instruments_2.csv.error.json"]
    assert shell.query("SELECT a, b FROM raw_instruments ORDER BY a") == [("1", "2"), ("3", "4")]
    # The log: absolute places first, one line per file.
    for place in ("landing", "archive", "failed", "warehouse.duckdb", "tables"):
        assert str(zones.root / place) in ran.stderr
    assert "waits for its go file" in ran.stderr
    assert "readme.txt" in ran.stderr
    # The summary: each file, its table, rows, outcome and why.
    lines = ran.stdout.splitlines()
    assert lines[1].split() == ["outcome", "file", "table", "rows", "why"]
    assert lines[2].split() == ["loaded", "instruments_1.csv", "raw_instruments", "2"]
    assert lines[4].split()[:4] == ["failed", "instruments_2.csv", "raw_instruments", "0"]
    assert "[csv.ragged] line 2, record 1: " in lines[4]
    assert lines[-1].startswith("2 loaded, 0 duplicate, 1 failed, 0 left, 1 unmatched; 3 rows in ")
    assert "\x1b" not in ran.stdout + ran.stderr


def test_once_again_finds_nothing(shell: Shell) -> None:
    shell.land("instruments_1.csv", "a\n1\n")
    assert shell.run("run", "--once").returncode == 0
    ran = shell.run("run", "--once")
    assert ran.returncode == 0
    assert ran.stdout.startswith("0 loaded")
    assert shell.query("SELECT count(*) FROM raw_instruments") == [(1,)]


def test_once_waits_for_a_file_that_has_just_arrived(shell: Shell) -> None:
    (shell.zones.landing / "instruments_1.csv").write_text("a\n1\n")
    assert shell.run("run", "--once").returncode == 0
    assert names_in(shell.zones, "archive") == ["instruments_1.csv"]


def test_what_stops_all_files_leaves_each_of_them_and_says_so(shell: Shell) -> None:
    for number in (1, 2):
        shell.land(f"instruments_{number}.csv", "a\n1\n")
    lock = shell.zones.root / "warehouse.duckdb.queue.lock"
    lock.mkdir()
    ran = shell.run("run", "--once")
    assert ran.returncode == 3
    assert "0 failed, 2 left;" in ran.stdout
    assert ran.stdout.count("[warehouse.unavailable]") == 2
    assert "What to do" in ran.stdout
    lock.rmdir()
    assert shell.run("run", "--once").stdout.count("loaded   instruments") == 2


def test_workers_load_the_same(shell: Shell) -> None:
    for number in range(40):
        shell.land(f"instruments_{number:02}.csv", f"a\n{number}\n")
    shell.environ["LOADER_WORKERS"] = "1"
    ran = shell.run("run", "--once", "--workers", "8")
    assert ran.returncode == 0
    assert shell.query("SELECT count(*), count(DISTINCT a) FROM raw_instruments") == [(40, 40)]
    loads = "SELECT filename FROM load_metadata ORDER BY sequence"
    assert [row[0] for row in shell.query(loads)] == sorted(names_in(shell.zones, "archive"))


@pytest.mark.parametrize("program", ["console script", "module cli", "module main"])
def test_every_way_in(shell: Shell, program: str) -> None:
    script = str(Path(sys.executable).with_name("landing-loader"))
    programs = {
        "console script": (script, "run"),
        "module cli": (*PROGRAM, "run"),
        "module main": (sys.executable, "-m", "airflow_landing_loader.main"),
    }
    shell.land("instruments_1.csv", "a\n1\n")
    ran = shell.run("--once", program=programs[program])
    assert (ran.returncode, ran.stdout.splitlines()[-1][:8]) == (0, "1 loaded")
    assert "Usage: landing-loader run" in shell.run("--help", program=programs[program]).stdout


def test_once_with_some_wrong_mappings_loads_the_rest(shell: Shell) -> None:
    (shell.zones.tables / "bad.yaml").write_text("x_*.csv: {tabel: raw_x}\n")
    shell.land("instruments_1.csv", "a\n1\n")
    ran = shell.run("run", "--once")
    assert ran.returncode == 1
    assert "bad.yaml:1" in ran.stderr
    assert names_in(shell.zones, "archive") == ["instruments_1.csv"]


def test_once_with_no_good_mapping_does_not_start(shell: Shell) -> None:
    (shell.zones.tables / "tables.yaml").write_text("x_*.csv: {tabel: raw_x}\n")
    ran = shell.run("run", "--once")
    assert ran.returncode == 1
    assert ran.stdout == ""
    assert "mapping.unknown_key" in ran.stderr


def test_a_locked_database_leaves_the_file_and_is_the_environments_fault(shell: Shell) -> None:
    shell.land("instruments_1.csv", "a\n1\n")
    shell.environ["AIRFLOW__LANDING_LOADER__LOCK_TIMEOUT"] = "0"
    with DatabaseLock(shell.zones.root / "warehouse.duckdb").exclusive("a test", timeout=1):
        ran = shell.run("run", "--once")
    assert ran.returncode == 3
    assert "a test" in ran.stderr
    assert names_in(shell.zones, "landing") == ["instruments_1.csv"]


def test_dbt_after_loads(shell: Shell) -> None:
    pytest.importorskip("dbt.cli")
    project = shell.zones.root / "dbt"
    (project / "models").mkdir(parents=True)
    (project / "dbt_project.yml").write_text(
        "name: shop\nprofile: shop\nmodel-paths: [models]\nmodels: {shop: {+materialized: table}}\n"
    )
    (project / "profiles.yml").write_text(
        "shop:\n  target: dev\n  outputs:\n"
        "    dev: {type: duckdb, path: \"{{ env_var('DUCKDB_PATH') }}\"}\n"
    )
    (project / "models" / "sources.yml").write_text(
        "sources: [{name: landing, schema: main, tables: [{name: raw_instruments}]}]\n"
    )
    model = project / "models" / "instruments.sql"
    model.write_text("select a::int as a from {{ source('landing', 'raw_instruments') }}")
    shell.environ["AIRFLOW__LANDING_LOADER__DBT_PROJECT_PATH"] = "dbt"
    shell.land("instruments_1.csv", "a\n1\n")
    ran = shell.run("run", "--once")
    assert ran.returncode == 0, ran.stderr
    assert shell.query("SELECT a FROM instruments") == [(1,)]
    assert "dbt: 1 ok" in ran.stderr
    # Nothing is due: dbt does not run again.
    assert "dbt: " not in shell.run("run", "--once").stderr
    # A failure is the data's fault, quotes no value, and stays due until it is mended.
    shell.land("instruments_2.csv", "a\nsecret4711\n")
    ran = shell.run("run", "--once")
    assert ran.returncode == 1
    assert "dbt.failed" in ran.stderr
    assert "secret4711" not in ran.stderr + ran.stdout
    due = json.loads(shell.run("status", "--json").stdout)["dbt_due"]
    assert [entry["table"] for entry in due] == ["raw_instruments"]
    model.write_text(
        "select try_cast(a as int) as a from {{ source('landing', 'raw_instruments') }}"
    )
    ran = shell.run("run", "--once")
    assert ran.returncode == 0
    assert shell.query("SELECT a FROM instruments ORDER BY a") == [(1,), (None,)]
