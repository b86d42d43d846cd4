"""The command line as people start it: processes, signals, pipes, terminals."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from airflow_landing_loader.loading.warehouses.duckdb.lock import DatabaseLock

if TYPE_CHECKING:
    from tests.support.zones import Zones

PROGRAM = (sys.executable, "-m", "airflow_landing_loader.cli")
PATIENCE = 60.0  # seconds until a test that waits for something gives up
MAPPINGS = """\
instruments_*.csv:
  table: raw_instruments
  grace_seconds: 0
trades_*.csv:
  table: raw_trades
  grace_seconds: 0
  go_file: {pattern: trades_*.go, format: properties, row_count_key: record_count}
"""


@dataclass
class Shell:
    """Starts commands with settings for the zones; ends what a test left running."""

    zones: Zones
    environ: dict[str, str]
    running: list[subprocess.Popen[str]] = field(default_factory=list)

    def run(self, *arguments: str, program: tuple[str, ...] = PROGRAM, **options: Any) -> Any:
        """Run a command to its end."""
        return subprocess.run(
            [*program, *arguments],
            env=self.environ,
            capture_output=True,
            text=True,
            errors="surrogateescape",
            check=False,
            timeout=PATIENCE,
            cwd=self.zones.root,
            **options,
        )

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command; its standard error is a file, so that it never waits for a reader."""
        with (self.zones.root / f"log{len(self.running)}").open("w") as log:
            process = subprocess.Popen(
                [*PROGRAM, *arguments],
                env=self.environ,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                cwd=self.zones.root,
            )
        self.running.append(process)
        return process

    def log(self, number: int = 0) -> str:
        """Standard error of a started command so far."""
        return (self.zones.root / f"log{number}").read_text()

    def land(self, name: str, content: str) -> None:
        """Deliver a file that has rested for long."""
        path = self.zones.landing / name
        path.write_text(content)
        os.utime(path, (1_700_000_000, 1_700_000_000))

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Ask the database, when nobody writes."""
        database = self.zones.root / "warehouse.duckdb"
        with DatabaseLock(database).shared("a test", timeout=PATIENCE):
            connection = duckdb.connect(str(database), read_only=True)
            try:
                return connection.execute(sql).fetchall()
            finally:
                connection.close()


@pytest.fixture
def shell(zones: Zones) -> Iterator[Shell]:
    (zones.tables / "tables.yaml").write_text(MAPPINGS)
    environ = {
        **os.environ,
        # Relative: taken from the working directory.
        "LANDING_PATH": "landing",
        "ARCHIVE_PATH": "archive",
        "FAILED_PATH": "failed",
        "TABLE_CONFIG_PATH": "tables",
        "DUCKDB_PATH": "warehouse.duckdb",
    }
    made = Shell(zones, environ)
    yield made
    for process in made.running:
        if process.poll() is None:
            process.kill()
            process.communicate()


def _wait_for(condition: Callable[[], Any], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"waited in vain for {what}")
        time.sleep(0.02)


def _names(zones: Zones, zone: str) -> list[str]:
    return [name for name in zones.names()[zone] if not name.startswith(".")]


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
    assert _names(zones, "landing") == ["readme.txt", "trades_2.csv"]
    assert _names(zones, "archive") == ["instruments_1.csv", "trades_1.csv", "trades_1.go"]
    assert _names(zones, "failed") == ["instruments_2.csv", "instruments_2.csv.error.json"]
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
    assert lines[-1].startswith("2 loaded, 0 duplicate, 1 failed, 0 left; 3 rows in ")
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
    assert _names(shell.zones, "archive") == ["instruments_1.csv"]


def test_workers_load_the_same(shell: Shell) -> None:
    for number in range(40):
        shell.land(f"instruments_{number:02}.csv", f"a\n{number}\n")
    shell.environ["LOADER_WORKERS"] = "1"
    ran = shell.run("run", "--once", "--workers", "8")
    assert ran.returncode == 0
    assert shell.query("SELECT count(*), count(DISTINCT a) FROM raw_instruments") == [(40, 40)]
    loads = "SELECT filename FROM load_metadata ORDER BY sequence"
    assert [row[0] for row in shell.query(loads)] == sorted(_names(shell.zones, "archive"))


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


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_loop_takes_what_comes_later_and_stops_cleanly(shell: Shell, number: int) -> None:
    shell.land("instruments_1.csv", "a\n1\n")
    process = shell.start("run", "--interval", "0.1")
    _wait_for(lambda: len(_names(shell.zones, "archive")) == 1, "the first file")
    shell.land("trades_1.csv", "x\n1\n")
    _wait_for(lambda: "waits for its go file" in shell.log(), "the report")
    shell.land("trades_1.go", "record_count=1\n")
    _wait_for(lambda: len(_names(shell.zones, "archive")) == 3, "the second file")
    process.send_signal(number)
    out, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert "2 loaded, 0 duplicate, 0 failed, 0 left; 2 rows" in out
    assert signal.Signals(number).name in shell.log()
    assert shell.log().count("waits for its go file") == 1  # once, not at each poll


def test_a_signal_stops_a_sleep_at_once(shell: Shell) -> None:
    process = shell.start("run", "--interval", "3600")
    _wait_for(lambda: "mappings " in shell.log(), "the start")
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
    _wait_for(lambda: "mappings " in shell.log(), "the start")
    process.send_signal(number)
    process.communicate(timeout=PATIENCE)
    assert process.returncode == code
    assert _names(shell.zones, "landing") == ["slow_1.csv"]


def test_a_stop_while_the_database_is_held(shell: Shell) -> None:
    """A second signal ends what a first one cannot: nothing is lost."""
    shell.land("instruments_1.csv", "a\n1\n")
    with DatabaseLock(shell.zones.root / "warehouse.duckdb").exclusive("a test", timeout=1):
        process = shell.start("run", "--interval", "0.1")
        _wait_for(lambda: "a test" in shell.log(), "the wait for the database")
        process.send_signal(signal.SIGTERM)
        _wait_for(lambda: "SIGTERM: stopping" in shell.log(), "the answer to the signal")
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE)
    assert process.returncode == -signal.SIGTERM
    assert _names(shell.zones, "landing") == ["instruments_1.csv"]
    assert shell.run("run", "--once").returncode == 0
    assert shell.query("SELECT count(*) FROM raw_instruments") == [(1,)]


def test_killed_in_the_middle_nothing_is_lost_or_doubled(shell: Shell) -> None:
    for number in range(60):
        shell.land(f"instruments_{number:03}.csv", f"a\n{number}\n")
    process = shell.start("run", "--interval", "0.1")
    _wait_for(lambda: len(_names(shell.zones, "archive")) > 0, "the first files")
    process.kill()
    process.communicate()
    assert shell.run("run", "--once").returncode == 0
    assert len(_names(shell.zones, "archive")) == 60
    assert _names(shell.zones, "landing") == []
    counts = "SELECT count(*), count(DISTINCT a), count(DISTINCT _load_id) FROM raw_instruments"
    assert shell.query(counts) == [(60, 60, 60)]


def test_two_loops_on_the_same_zones(shell: Shell) -> None:
    processes = [shell.start("run", "--interval", "0.1") for _ in range(2)]
    _wait_for(lambda: all("mappings " in shell.log(n) for n in range(2)), "both starts")
    for number in range(50):
        shell.land(f"instruments_{number:03}.csv", f"a\n{number}\n")
    _wait_for(lambda: len(_names(shell.zones, "archive")) == 50, "all files")
    totals = []
    for process in processes:
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0
        totals.append(out.splitlines()[-1])
    assert all(" 0 failed, 0 left;" in total for total in totals)
    counts = "SELECT count(*), count(DISTINCT a), count(DISTINCT _load_id) FROM raw_instruments"
    assert shell.query(counts) == [(50, 50, 50)]
    assert _names(shell.zones, "failed") == []


def test_the_loop_takes_up_changed_mappings_and_keeps_the_good_ones(shell: Shell) -> None:
    process = shell.start("run", "--interval", "0.1")
    _wait_for(lambda: "mappings " in shell.log(), "the start")
    (shell.zones.tables / "bad.yaml").write_text("x_*.csv: {tabel: raw_x}\n")
    _wait_for(lambda: "mapping.unknown_key" in shell.log(), "the problem")
    (shell.zones.tables / "more.yaml").write_text("more_*.csv: raw_more\n")
    shell.land("more_1.csv", "a\n1\n")
    shell.land("instruments_1.csv", "a\n1\n")
    _wait_for(lambda: len(_names(shell.zones, "archive")) == 2, "both files")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert shell.log().count("mapping.unknown_key") == 1


def test_the_loop_outlives_a_zone_that_goes_and_comes(shell: Shell) -> None:
    process = shell.start("run", "--interval", "0.1")
    _wait_for(lambda: "mappings " in shell.log(), "the start")
    away = shell.zones.root / "away"
    shell.zones.landing.rename(away)
    _wait_for(lambda: "zone.unavailable" in shell.log(), "the trouble")
    away.rename(shell.zones.landing)
    shell.land("instruments_1.csv", "a\n1\n")
    _wait_for(lambda: _names(shell.zones, "archive"), "the file")
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert shell.log().count("zone.unavailable") == 1


def test_once_with_some_wrong_mappings_loads_the_rest(shell: Shell) -> None:
    (shell.zones.tables / "bad.yaml").write_text("x_*.csv: {tabel: raw_x}\n")
    shell.land("instruments_1.csv", "a\n1\n")
    ran = shell.run("run", "--once")
    assert ran.returncode == 1
    assert "bad.yaml:1" in ran.stderr
    assert _names(shell.zones, "archive") == ["instruments_1.csv"]


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
    assert _names(shell.zones, "landing") == ["instruments_1.csv"]


HOSTILE_NAMES = [
    "instruments_a b.csv",
    "instruments_'\"$(touch x)`.csv",
    "instruments_%s%d{}.csv",
    "instruments_[1]*?.csv",
    "instruments_\n2024-01-15T07:00:03Z loaded forged.csv",
    "instruments_\x1b]0;title\x07\x1b[31m.csv",
    "instruments_[bold red]x[dim].csv",
    "instruments_\u202egnp.csv",
    "instruments_äöü€😀.csv",
    os.fsdecode(b"instruments_\xff\xfe.csv"),
    "instruments_--help.csv",
]


def test_hostile_names_from_end_to_end(shell: Shell) -> None:
    for name in HOSTILE_NAMES:
        shell.land(name, "a\n1,2\n")
    for arguments in (["list"], ["run", "--once"], ["status"], ["status", "--json"]):
        ran = shell.run(*arguments)
        text = ran.stdout + ran.stderr
        assert "Traceback" not in text
        assert all(c == "\n" or c.isprintable() for c in text)
        assert "\u202e" not in text
        assert not any(line.startswith("2024-01-15T07:00:03Z") for line in text.splitlines())
    failures = json.loads(ran.stdout)["open_failures"]
    assert sorted(failure["name"] for failure in failures) == sorted(HOSTILE_NAMES)
    assert shell.run("replay", "--", *HOSTILE_NAMES).returncode == 0
    assert _names(shell.zones, "landing") == sorted(HOSTILE_NAMES)


def test_without_settings_every_command_says_what_is_missing(shell: Shell) -> None:
    for name in [name for name in shell.environ if name.endswith("_PATH")]:
        del shell.environ[name]
    for arguments in (["run"], ["list"], ["doctor"]):
        ran = shell.run(*arguments)
        assert ran.returncode == 3
        assert "Traceback" not in ran.stderr
        for variable in ("landing_path", "archive_path", "failed_path", "table_config_path"):
            assert variable in ran.stderr + ran.stdout


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ({"PYTHONIOENCODING": "ascii"}, r"instruments_\xe4\u20ac.csv"),
        ({"LC_ALL": "C", "PYTHONUTF8": "0"}, r"$'instruments_\xc3\xa4\xe2\x82\xac.csv'"),
    ],
)
def test_an_encoding_that_knows_few_characters(
    shell: Shell, encoding: dict[str, str], shown: str
) -> None:
    shell.environ |= {"PYTHONCOERCECLOCALE": "0", **encoding}
    shell.land("instruments_ä€.csv", "a\n1\n")
    assert shell.run("list").returncode == 0
    ran = shell.run("run", "--once")
    assert ran.returncode == 0
    assert shown in ran.stdout
    assert _names(shell.zones, "archive") == ["instruments_ä€.csv"]


def test_a_working_directory_that_is_gone(shell: Shell) -> None:
    gone = shell.zones.root / "gone"
    gone.mkdir()
    script = f"cd {gone} && rmdir {gone} && exec {' '.join(PROGRAM)} list"
    ran = shell.run("-c", script, program=("bash",))
    assert ran.returncode == 3
    assert "Traceback" not in ran.stderr


def test_a_reader_that_goes_away_is_no_error(shell: Shell) -> None:
    for number in range(3000):
        shell.land(f"unmatched_with_a_long_name_{number:05}.txt", "")
    script = f"{' '.join(PROGRAM)} list | head -1"
    ran = shell.run("-c", script, program=("bash",))
    assert ran.stdout.startswith("Places")
    assert ran.stderr == ""


def test_debug_shows_the_trace(shell: Shell) -> None:
    shell.environ["LANDING_PATH"] = ""
    assert "Traceback" in shell.run("--debug", "list").stderr
    shell.environ["LANDING_LOADER_DEBUG"] = "1"
    assert "Traceback" in shell.run("list").stderr


def _on_a_terminal(shell: Shell, *arguments: str, columns: int = 120) -> tuple[int, str]:
    main, other = pty.openpty()
    environ = {**shell.environ, "TERM": "xterm-256color", "COLUMNS": str(columns), "LINES": "40"}
    process = subprocess.Popen(
        [*PROGRAM, *arguments],
        env=environ,
        stdin=other,
        stdout=other,
        stderr=other,
        cwd=shell.zones.root,
        close_fds=True,
    )
    os.close(other)
    said = bytearray()

    def read() -> None:
        while True:
            try:
                chunk = os.read(main, 65536)
            except OSError:  # the other end is closed
                return
            if not chunk:
                return
            said.extend(chunk)

    reader = threading.Thread(target=read)
    reader.start()
    code = process.wait(timeout=PATIENCE)
    reader.join()
    os.close(main)
    return code, said.decode()


def test_a_terminal_gets_a_bar_and_tables(shell: Shell) -> None:
    for number in range(20):
        shell.land(f"instruments_{number:02}.csv", "a\n1\n")
    shell.land("instruments_[red]bad.csv", "")
    code, said = _on_a_terminal(shell, "run", "--once")
    assert code == 1
    assert "21/21" in said
    assert "━" in said
    assert "instruments_[red]bad.csv" in said
    assert "What to do:" in said
    shell.environ["NO_COLOR"] = "1"
    code, said = _on_a_terminal(shell, "list")
    assert code == 0
    assert "\x1b[3" not in said
    assert "raw_instruments" in said


def test_a_narrow_terminal_breaks_no_name(shell: Shell) -> None:
    name = "instruments_of_a_counterparty_of_a_rather_long_name_20240115.csv"
    shell.land(name, "a\n1,2\n")
    for command in (["list"], ["run", "--once"], ["status"]):
        _, said = _on_a_terminal(shell, *command, columns=80)
        lines = [re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", line) for line in said.splitlines()]
        assert any(name in line and len(line) <= 80 for line in lines), command
    _, said = _on_a_terminal(shell, "verify", "nobody.csv", columns=40)
    assert max(map(len, said.replace("\x1b[31m", "").replace("\x1b[0m", "").split("\r\n"))) <= 40


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
