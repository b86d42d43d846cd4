"""The loop and those that stop it: signals, deaths, trouble that comes and goes."""

from __future__ import annotations

import signal

import pytest
from tests.support.shells import PATIENCE, Shell, names_in, wait_for

from airflow_landing_loader.loading.warehouses.duckdb.lock import DatabaseLock


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_loop_takes_what_comes_later_and_stops_cleanly(shell: Shell, number: int) -> None:
    shell.land("instruments_1.csv", "a\n1\n")
    process = shell.start("run", "--interval", "0.1")
    wait_for(lambda: len(names_in(shell.zones, "archive")) == 1, "the first file")
    shell.land("trades_1.csv", "x\n1\n")
    wait_for(lambda: "waits for its go file" in shell.log(), "the report")
    shell.land("trades_1.go", "record_count=1\n")
    wait_for(lambda: len(names_in(shell.zones, "archive")) == 3, "the second file")
    process.send_signal(number)
    out, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert "2 loaded, 0 duplicate, 0 failed, 0 left; 2 rows" in out
    assert signal.Signals(number).name in shell.log()
    assert shell.log().count("waits for its go file") == 1  # once, not at each poll


def test_a_signal_stops_a_sleep_at_once(shell: Shell) -> None:
    process = shell.start("run", "--interval", "3600")
    wait_for(lambda: "mappings " in shell.log(), "the start")
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_once_that_is_stopped_has_not_done_its_work(shell: Shell, number: int, code: int) -> None:
    (shell.zones.tables / "slow.yaml").write_text(
        "slow_*.csv: {table: raw_slow, settle_seconds: 3600}\n"
    )
    (shell.zones.landing / "slow_1.csv").write_text("a\n1\n")
    process = shell.start("run", "--once")
    wait_for(lambda: "mappings " in shell.log(), "the start")
    process.send_signal(number)
    process.communicate(timeout=PATIENCE)
    assert process.returncode == code
    assert names_in(shell.zones, "landing") == ["slow_1.csv"]


def test_a_stop_while_the_database_is_held(shell: Shell) -> None:
    """A second signal ends what a first one cannot: nothing is lost."""
    shell.land("instruments_1.csv", "a\n1\n")
    with DatabaseLock(shell.zones.root / "warehouse.duckdb").exclusive("a test", timeout=1):
        process = shell.start("run", "--interval", "0.1")
        wait_for(lambda: "a test" in shell.log(), "the wait for the database")
        process.send_signal(signal.SIGTERM)
        wait_for(lambda: "SIGTERM: stopping" in shell.log(), "the answer to the signal")
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE)
    assert process.returncode == -signal.SIGTERM
    assert names_in(shell.zones, "landing") == ["instruments_1.csv"]
    assert shell.run("run", "--once").returncode == 0
    assert shell.query("SELECT count(*) FROM raw_instruments") == [(1,)]


def test_killed_in_the_middle_nothing_is_lost_or_doubled(shell: Shell) -> None:
    for number in range(60):
        shell.land(f"instruments_{number:03}.csv", f"a\n{number}\n")
    process = shell.start("run", "--interval", "0.1")
    wait_for(lambda: len(names_in(shell.zones, "archive")) > 0, "the first files")
    process.kill()
    process.communicate()
    assert shell.run("run", "--once").returncode == 0
    assert len(names_in(shell.zones, "archive")) == 60
    assert names_in(shell.zones, "landing") == []
    counts = "SELECT count(*), count(DISTINCT a), count(DISTINCT _load_id) FROM raw_instruments"
    assert shell.query(counts) == [(60, 60, 60)]


def test_two_loops_on_the_same_zones(shell: Shell) -> None:
    processes = [shell.start("run", "--interval", "0.1") for _ in range(2)]
    wait_for(lambda: all("mappings " in shell.log(n) for n in range(2)), "both starts")
    for number in range(50):
        shell.land(f"instruments_{number:03}.csv", f"a\n{number}\n")
    wait_for(lambda: len(names_in(shell.zones, "archive")) == 50, "all files")
    totals = []
    for process in processes:
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0
        totals.append(out.splitlines()[-1])
    assert all(" 0 failed, 0 left;" in total for total in totals)
    counts = "SELECT count(*), count(DISTINCT a), count(DISTINCT _load_id) FROM raw_instruments"
    assert shell.query(counts) == [(50, 50, 50)]
    assert names_in(shell.zones, "failed") == []


def test_the_loop_takes_up_changed_mappings_and_keeps_the_good_ones(shell: Shell) -> None:
    process = shell.start("run", "--interval", "0.1")
    wait_for(lambda: "mappings " in shell.log(), "the start")
    (shell.zones.tables / "bad.yaml").write_text("x_*.csv: {tabel: raw_x}\n")
    wait_for(lambda: "mapping.unknown_key" in shell.log(), "the problem")
    (shell.zones.tables / "more.yaml").write_text("more_*.csv: raw_more\n")
    shell.land("more_1.csv", "a\n1\n")
    shell.land("instruments_1.csv", "a\n1\n")
    wait_for(lambda: len(names_in(shell.zones, "archive")) == 2, "both files")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert shell.log().count("mapping.unknown_key") == 1


def test_the_loop_outlives_a_zone_that_goes_and_comes(shell: Shell) -> None:
    process = shell.start("run", "--interval", "0.1")
    wait_for(lambda: "mappings " in shell.log(), "the start")
    away = shell.zones.root / "away"
    shell.zones.landing.rename(away)
    wait_for(lambda: "zone.unavailable" in shell.log(), "the trouble")
    away.rename(shell.zones.landing)
    shell.land("instruments_1.csv", "a\n1\n")
    wait_for(lambda: names_in(shell.zones, "archive"), "the file")
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert shell.log().count("zone.unavailable") == 1
