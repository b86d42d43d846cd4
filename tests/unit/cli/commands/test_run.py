"""`run --once` from its settings to its exit code; the processes are in the integration tests."""

from __future__ import annotations

import re
import signal
from pathlib import Path
from typing import Any

import pytest

from airflow_landing_loader.cli.commands import run as run_module
from airflow_landing_loader.cli.commands.run import RunOptions
from airflow_landing_loader.landing.moves import journal
from airflow_landing_loader.landing.moves.journal import MoveNote
from airflow_landing_loader.storage.local import lock
from airflow_landing_loader.storage.local.folder import LocalFolder
from airflow_landing_loader.storage.local.zone import LocalZone
from airflow_landing_loader.storage.model import FileToMove


def test_the_log_begins_with_the_settings_in_force(cli: Any) -> None:
    ran = cli("run", "--once", "--workers", "3")
    assert ran.code == 0
    log = [re.sub(r" +", " ", line.split("Z ", 1)[1]) for line in ran.err.splitlines()]
    root = cli.zones.root
    assert log == [
        f"landing_path {root}/landing (LANDING_PATH)",
        f"archive_path {root}/archive (ARCHIVE_PATH)",
        f"failed_path {root}/failed (FAILED_PATH)",
        f"table_config_path {root}/tables (TABLE_CONFIG_PATH)",
        "loader_workers 3 (--workers)",
        f"duckdb_path {root}/warehouse.duckdb (DUCKDB_PATH)",
        "mappings 2 mappings for 2 tables",
    ]
    assert ran.out.startswith("0 loaded, 0 duplicate, 0 failed, 0 left; 0 rows in ")


def test_workers_of_the_settings_hold_without_the_option(
    cli: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli.set(LOADER_WORKERS="5")
    assert run_module._settings(RunOptions()).loader_workers == 5
    assert run_module._settings(RunOptions(workers=2)).loader_workers == 2


def test_each_outcome_is_told(cli: Any) -> None:
    cli.land("instruments_1.csv", "a\n1\n")
    cli("run", "--once")
    cli.land("instruments_1.csv", "a\n1\n")
    cli.land("instruments_2.csv", "b,a\n1,2\n3,4\n")
    cli.land("instruments_3.csv", "")
    ran = cli("run", "--once")
    assert ran.code == 1
    assert re.search(r"duplicate instruments_1.csv -> raw_instruments 0 rows: equal to", ran.err)
    assert re.search(r"loaded    instruments_2.csv -> raw_instruments 2 rows: .*_extra: b", ran.err)
    assert re.search(r"failed    instruments_3.csv .*\[file.empty\]", ran.err)
    assert "`landing-loader replay FILE` brings a failed file back" in ran.out
    assert ran.out.splitlines()[-1].startswith("1 loaded, 1 duplicate, 1 failed, 0 left; 2 rows")


def test_the_totals_count_files_that_no_mapping_matches(cli: Any) -> None:
    cli.land("stranger.txt", "a")
    assert ", 0 left, 1 unmatched; 0 rows in" in cli("run", "--once").out


def test_a_file_that_may_still_be_written_is_left(cli: Any) -> None:
    (cli.zones.tables / "young.yaml").write_text(
        "young_*.csv:\n  table: raw_young\n  settle_seconds: 0\n  trailer: {row_count_column: 1}\n"
    )
    cli.land("young_1.csv", "a\n1\n")
    ran = cli("run", "--once")
    assert ran.code == 3
    assert "left      young_1.csv" in ran.err
    assert cli.zones.names()["landing"] == ["young_1.csv"]


def test_wrong_mappings_are_told_with_their_line_and_the_rest_works(cli: Any) -> None:
    (cli.zones.tables / "bad.yaml").write_text("x_*.csv: {tabel: raw_x}\n")
    cli.land("instruments_1.csv", "a\n1\n")
    ran = cli("run", "--once")
    assert ran.code == 1
    assert "bad.yaml:1:11" in ran.err
    assert "2 mappings for 2 tables, 1 problem" in ran.err
    assert cli.zones.names()["archive"] == ["instruments_1.csv"]


@pytest.mark.parametrize("zone", ["landing", "archive", "failed"])
def test_a_zone_that_is_not_there_is_not_made(cli: Any, zone: str) -> None:
    folder = getattr(cli.zones, zone)
    folder.rmdir()
    for arguments in (("run", "--once"), ("run",)):
        ran = cli(*arguments)
        assert ran.code == 3
        assert "zone.unavailable" in ran.err
        assert not folder.exists()


def test_signal_handlers_are_given_back(cli: Any) -> None:
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    cli("run", "--once")
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before


def test_a_thousand_strange_names_are_not_a_thousand_lines(cli: Any) -> None:
    for number in range(1000):
        cli.land(f"stranger_{number}.csv", "a\n1\n")
    ran = cli("run", "--once")
    told = [line for line in ran.err.splitlines() if "stranger_" in line]
    assert len(told) == 200
    assert "... and 800 more files are left alone" in ran.err


def test_a_single_round_finishes_what_a_dead_mover_began(cli: Any) -> None:
    cli.land("trades_1.csv", "a\n1\n")
    cli.land("trades_1.go", "record_count=1\n")
    landing = LocalZone(str(cli.zones.landing))
    files = [landing.stat(name) for name in ("trades_1.csv", "trades_1.go")]
    note = MoveNote(
        files=tuple(FileToMove(file=file) for file in files if file is not None),
        suffix_id="1a2b3c4d",
        subfolder="",
    )
    with lock.exclusive(str(cli.zones.archive)) as work:
        journal.write_note(LocalFolder(work), note)
    (cli.zones.landing / "trades_1.csv").rename(cli.zones.archive / "trades_1.csv")

    ran = cli("run", "--once")

    assert ran.code == 0
    assert "orphan" not in ran.err
    assert cli.zones.names() == {
        "landing": [],
        "archive": ["trades_1.csv", "trades_1.go"],
        "failed": [],
    }
    assert [path.name for path in Path(work).iterdir()] == ["lock"]
