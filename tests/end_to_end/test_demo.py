"""`make demo` and `make up` around the part that the live Airflow test sees: what they find wrong,
and that they leave nothing running."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import psutil  # type: ignore[import-untyped]
import pytest

import airflow_home
import deliveries
import evidence
from airflow_home import Playground, PrivateAirflow
from evidence import DbtLine, Evidence

DEMO = Path(airflow_home.__file__).parent
SAMPLES = deliveries.samples()
DBT = [DbtLine(name="unique_stg_trades_trade_id", kind="test", result="PASS")]
START_SECONDS = 300.0


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Evidence]:
    """Both waves, taken by the command line; returns a function that looks at the result anew."""
    playground = Playground(tmp_path_factory.mktemp("demo"))
    playground.create(wipe=True)
    loader = PrivateAirflow(
        playground, port=1, options={"AIRFLOW__LANDING_LOADER__DBT_MODE": "off"}
    )
    for wave in (1, 2):
        deliveries.drop([s for s in SAMPLES if s.wave == wave], playground.landing)
        loader.run("landing-loader", "run", "--once", timeout=START_SECONDS)
    return lambda: evidence.gather(playground, SAMPLES, DBT, ["something else"])


def expect_no_dbt(found: Evidence) -> list[str]:
    """The problems beside those that are there because dbt did not run."""
    missing = [f"dbt model {name}: never run" for name in evidence.MODELS]
    assert set(missing) <= set(found.problems)
    return [problem for problem in found.problems if problem not in missing]


def test_all_samples_become_what_they_must(loaded: Callable[[], Evidence]) -> None:
    found = loaded()
    assert expect_no_dbt(found) == ["something else"]
    assert {(f.sample.name, f.sample.wave): f.fate for f in found.files} == {
        (s.name, s.wave): s.expect.fate for s in SAMPLES
    }
    assert {table.name: (table.rows, table.drift) for table in found.tables} == {
        "raw_eod_prices": (2000, ()),
        "raw_exchange_rates": (4, ()),
        "raw_instruments": (2000, ()),
        "raw_positions": (3000, ()),
        "raw_trades": (9010, ("venue",)),
    }


def test_the_control_total_is_proved_and_kept(loaded: Callable[[], Evidence]) -> None:
    where = next(f.where for f in loaded().files if f.sample.table == "raw_eod_prices")
    assert where is not None
    with duckdb.connect(str(where.parents[1] / "warehouse.duckdb"), read_only=True) as warehouse:
        found = warehouse.sql("SELECT column_name, kind, promised, computed FROM load_totals")
        assert found.fetchall() == [("volume", "sum", "997317431", "997317431")]


def test_both_files_of_the_set_are_held_against_the_one_go_file(
    loaded: Callable[[], Evidence],
) -> None:
    where = next(f.where for f in loaded().files if f.sample.table == "raw_exchange_rates")
    assert where is not None
    assert where.with_name("market_20240115.ctl").is_file()
    with duckdb.connect(str(where.parents[1] / "warehouse.duckdb"), read_only=True) as warehouse:
        found = warehouse.sql(
            "SELECT filename, expected_count FROM load_metadata"
            " WHERE table_name IN ('raw_eod_prices', 'raw_exchange_rates') ORDER BY 1"
        )
        assert found.fetchall() == [
            ("eod_prices_20240115.csv", 2000),
            ("exchange_rates_20240115.csv", 4),
        ]


def test_what_is_wrong_is_found(loaded: Callable[[], Evidence]) -> None:
    found = loaded()
    where = {(f.sample.name, f.sample.wave): f.where for f in found.files}
    archived = where["instruments_20240115.csv", 1]
    refused = where["positions_20240116.csv", 1]
    unmatched = where["customers_20240115.csv", 1]
    assert archived is not None
    assert refused is not None
    assert unmatched is not None
    archived.write_bytes(archived.read_bytes() + b"x")
    refused.with_name(f"{refused.name}.error.json").unlink()
    unmatched.unlink()
    (archived.parent / ".half-moved").write_text("x")
    assert sorted(expect_no_dbt(loaded())) == sorted(
        [
            "customers_20240115.csv: nothing instead of stays",
            f"instruments_20240115.csv: {archived} is not what was delivered",
            "positions_20240116.csv: nothing instead of failed",
            f"{archived.parent / '.half-moved'} belongs to no sample",
            f"{archived} belongs to no sample",
            "something else",
        ]
    )


def test_dbt_lines_are_read_with_and_without_colours() -> None:
    log = (
        "00:55:25  1 of 4 START sql view model main.stg_x ............. [RUN]\n"
        "00:55:25  1 of 4 OK created sql view model main.stg_x ...... [\x1b[32mOK\x1b[0m in 0.4s]\n"
        "00:55:25  2 of 4 PASS unique_stg_x_y ......................... [PASS in 0.3s]\n"
        "00:55:25  3 of 4 WARN 2 not_null_stg_x_y ..................... [WARN 2 in 0.3s]\n"
        "00:55:25  4 of 4 ERROR creating sql table model main.z ....... [ERROR in 0.3s]\n"
        "00:55:26  Done. PASS=4 WARN=0 ERROR=0 SKIP=0 NO-OP=0 TOTAL=4\n"
    )
    assert [(line.name, line.kind, line.result) for line in evidence.parse_dbt_log(log)] == [
        ("stg_x", "model", "OK"),
        ("unique_stg_x_y", "test", "PASS"),
        ("not_null_stg_x_y", "test", "WARN"),
        ("z", "model", "ERROR"),
    ]


def start_script(name: str, folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """Start ``demo/<name>`` on a folder of its own."""
    return subprocess.Popen(
        [sys.executable, str(DEMO / name), "--folder", str(folder), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def processes_of(folder: Path) -> list[int]:
    """Ids of all processes that were told to work in a folder."""
    found = []
    for process in psutil.process_iter():
        try:
            told = " ".join([*process.environ().values(), *process.cmdline()])
        except psutil.Error:
            continue
        if str(folder) in told:
            found.append(process.pid)
    return found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stopped_demo_leaves_nothing_running(tmp_path: Path, number: signal.Signals) -> None:
    folder = tmp_path / "demo"
    demo = start_script("run.py", folder)
    # While the preparation runs for the first signal, later for the others.
    log = "api-server.log" if number is signal.SIGTERM else "database.log"
    end = time.monotonic() + START_SECONDS
    before = processes_of(folder)
    # The log is there a moment before the process that writes it.
    while demo.poll() is None and not ((folder / "logs" / log).exists() and len(before) > 1):
        assert time.monotonic() < end
        time.sleep(0.1)
        before = processes_of(folder)
    demo.send_signal(number)
    output, _ = demo.communicate(timeout=60)
    assert len(before) > 1, output
    assert demo.returncode == 128 + number
    assert "Nothing is left running." in output
    assert processes_of(folder) == []


def test_a_demo_that_takes_too_long_says_what_was_missing(tmp_path: Path) -> None:
    demo = start_script("run.py", tmp_path, "--timeout", "0.5")
    output, _ = demo.communicate(timeout=60)
    assert demo.returncode == 1
    assert "still missing" in output
    assert "database" in output
    assert str(tmp_path / "logs") in output
    assert processes_of(tmp_path) == []


def test_a_part_that_dies_is_named_with_the_end_of_its_log(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    # A folder where Airflow's database must be.
    with Playground(folder).reserved():
        (folder / "airflow" / "airflow.db").mkdir(parents=True)
    up = start_script("up.py", folder, "--port", str(airflow_home.free_port()))
    output, _ = up.communicate(timeout=START_SECONDS)
    assert up.returncode == 1
    assert "database ended with code" in output
    assert "unable to open database file" in output
    assert processes_of(folder) == []


def test_up_says_that_its_port_is_taken(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        up = start_script("up.py", tmp_path, "--port", str(port))
        output, _ = up.communicate(timeout=60)
    assert up.returncode == 3
    assert f"Port {port} of 127.0.0.1 is in use." in output


@pytest.mark.parametrize("script", ["run.py", "up.py"])
def test_a_folder_with_other_files_is_left_alone(tmp_path: Path, script: str) -> None:
    (tmp_path / "mine.txt").touch()
    port = ["--port", str(airflow_home.free_port())] if script == "up.py" else []
    begun = start_script(script, tmp_path, *port)
    output, _ = begun.communicate(timeout=60)
    assert begun.returncode == 1
    assert "is not empty" in output
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("script", ["run.py", "up.py"])
def test_two_do_not_share_a_folder(tmp_path: Path, script: str) -> None:
    port = ["--port", str(airflow_home.free_port())] if script == "up.py" else []
    with Playground(tmp_path).reserved():
        (tmp_path / "kept").touch()
        other = start_script(script, tmp_path, *port)
        output, _ = other.communicate(timeout=60)
    assert other.returncode == 3
    assert "in use" in output
    assert (tmp_path / "kept").exists()
