"""Files land under a live Airflow; what became of them is read from its REST API and the zones."""

from __future__ import annotations

import contextlib
import csv
import hashlib
import io
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import duckdb
import psutil  # type: ignore[import-untyped]
import pytest
from tests.support.sidecars import read_sidecar
from tests.support.statsd import StatsD

from airflow_api import AirflowApi, Run, Task
from airflow_home import Playground, PrivateAirflow
from airflow_landing_loader.loading.warehouses.duckdb.lock import DatabaseLock
from deliveries import Expectation, Sample, drop
from waiting import Waiter
from watching import busy, dag_id_of, still_landing

TABLES = (
    "raw_eod_prices",
    "raw_exchange_rates",
    "raw_instruments",
    "raw_positions",
    "raw_trades",
)

HEADER = "trade_id,trade_date,symbol,quantity,price,side,account"
GOOD_LINES = [HEADER, *(f"T{n},2024-03-01,ABCD,{n},1.5,BUY,ACC-{n % 3}" for n in range(1, 101))]
BAD_LINES = [*GOOD_LINES[:41], "T41,2024-03-02,ABCD,1,1.5,SELL", *GOOD_LINES[41:]]


def trades(name: str, lines: list[str]) -> Sample:
    """A file of trades with a go file that tells its true number of records."""
    return Sample(
        name=f"{name}.csv",
        table="raw_trades",
        content="".join(f"{line}\n" for line in lines).encode(),
        go_name=f"{name}.go",
        go_content=f"record_count={len(lines) - 1}\n".encode(),
        story="",
        expect=Expectation(fate="loaded"),
    )


GOOD = trades("trades_good", GOOD_LINES)
BAD = trades("trades_bad", BAD_LINES)
# A name that every layer between the folder and the grid could stumble over.
STRANGE = Sample(
    name="instruments_é \"50%\" '[a-z]' {{ x }} $HOME.csv",
    table="raw_instruments",
    content=b'symbol,name,currency,exchange,asset_class\nABCD,"A, B",EUR,XETR,equity\n',
    story="",
    expect=Expectation(fate="loaded"),
)
DELIVERED = (GOOD, BAD, STRANGE)


@dataclass(frozen=True)
class Ended:
    """The run of a table that took the files, and its task instances."""

    run: Run
    tasks: tuple[Task, ...]

    def labels(self, task_id: str) -> dict[str | None, str | None]:
        """States of a mapped task, by what the grid calls each."""
        return {task.label: task.state for task in self.tasks if task.task_id == task_id}

    def states(self, task_id: str) -> list[str | None]:
        """States of a task, of each of its instances."""
        return [task.state for task in self.tasks if task.task_id == task_id]

    def only(self, task_id: str) -> Task:
        """A task that is not mapped."""
        (task,) = [task for task in self.tasks if task.task_id == task_id]
        return task


@contextlib.contextmanager
def reading(playground: Playground) -> Iterator[Any]:
    """The warehouse, as a reader that keeps to the rules."""
    lock = DatabaseLock(playground.database)
    with (
        lock.shared("an end-to-end test", timeout=60),
        duckdb.connect(str(playground.database), read_only=True) as warehouse,
    ):
        yield warehouse


def query(playground: Playground, sql: str, *arguments: object) -> list[tuple[Any, ...]]:
    """Rows of a query."""
    with reading(playground) as warehouse:
        rows: list[tuple[Any, ...]] = warehouse.execute(sql, list(arguments)).fetchall()
    return rows


def ended_run(api: AirflowApi, table: str) -> Ended:
    """The newest run of a table that has ended."""
    run = [run for run in api.runs(dag_id_of(table)) if run.state in ("success", "failed")][-1]
    return Ended(run=run, tasks=tuple(api.tasks(run)))


@pytest.fixture(scope="module")
def runs(playground: Playground, api: AirflowApi, waiter: Waiter) -> dict[str, Ended]:
    """The runs that took the files, by table, after everything has come to rest again."""
    waiter.until("all DAGs wait", lambda: busy(api, TABLES))
    drop(DELIVERED, playground.landing)
    waiter.until("files taken", lambda: still_landing(playground, DELIVERED))
    waiter.until("all DAGs wait again", lambda: busy(api, TABLES))
    return {table: ended_run(api, table) for table in ("raw_trades", "raw_instruments")}


def test_the_dags_are_there_and_nothing_is_broken(api: AirflowApi, waiter: Waiter) -> None:
    own = ("landing_actions", "landing_arrivals__0030_utc", "landing_unmatched")
    wanted = [*(dag_id_of(table) for table in TABLES), *own]
    waiter.until("DAGs", lambda: ", ".join(sorted(set(wanted) - set(api.dag_ids()))))
    assert api.import_errors() == []
    assert api.dag_ids() == wanted


def test_the_grid_shows_every_file_by_its_name(runs: dict[str, Ended]) -> None:
    instruments, both = runs["raw_instruments"], runs["raw_trades"]
    assert instruments.labels("file.validate") == {STRANGE.name: "success"}
    assert instruments.labels("file.load") == {STRANGE.name: "success"}
    assert instruments.labels("file.archive") == {STRANGE.name: "success"}
    assert both.labels("file.validate") == {GOOD.name: "success", BAD.name: "failed"}
    assert both.labels("file.load")[GOOD.name] == "success"
    assert both.labels("file.archive")[GOOD.name] == "success"
    assert both.labels("file.fail")[BAD.name] == "success"


def test_a_bad_file_fails_its_run_and_no_other(runs: dict[str, Ended]) -> None:
    assert runs["raw_trades"].run.state == "failed"
    assert runs["raw_trades"].states("report") == ["failed"]
    assert runs["raw_instruments"].run.state == "success"
    assert runs["raw_instruments"].states("report") == ["success"]


def test_the_good_file_of_the_same_run_is_loaded(
    runs: dict[str, Ended], playground: Playground
) -> None:
    rows = query(
        playground,
        "SELECT trade_id, trade_date, symbol, quantity, price, side, account FROM raw_trades",
    )
    wanted = [tuple(record) for record in csv.reader(io.StringIO("\n".join(GOOD_LINES[1:])))]
    assert sorted(rows) == sorted(wanted)
    loads = query(
        playground,
        "SELECT filename, table_name, row_count, sha256, dag_id, run_id FROM load_metadata"
        " WHERE table_name = 'raw_trades'",
    )
    run = runs["raw_trades"].run
    digest = hashlib.sha256(GOOD.content or b"").hexdigest()
    assert loads == [(GOOD.name, "raw_trades", 100, digest, run.dag_id, run.run_id)]


def test_a_file_with_a_strange_name_is_loaded_too(
    runs: dict[str, Ended], playground: Playground
) -> None:
    assert query(playground, "SELECT symbol, name FROM raw_instruments") == [("ABCD", "A, B")]
    assert query(
        playground, "SELECT filename FROM load_metadata WHERE table_name = 'raw_instruments'"
    ) == [(STRANGE.name,)]


def test_loaded_files_lie_in_the_archive_byte_for_byte(
    runs: dict[str, Ended], playground: Playground
) -> None:
    wanted = GOOD.files() | STRANGE.files()
    found = {path.name: path for path in playground.archive.iterdir() if path.is_file()}
    assert {name: found[name].read_bytes() for name in wanted} == wanted
    assert list(playground.landing.glob("[!.]*")) == []


def test_the_bad_file_lies_in_the_failed_zone_with_its_reason(
    runs: dict[str, Ended], playground: Playground
) -> None:
    names = sorted(path.name for path in playground.failed.iterdir() if path.is_file())
    assert names == ["trades_bad.csv", "trades_bad.csv.error.json", "trades_bad.go"]
    for name, content in BAD.files().items():
        assert (playground.failed / name).read_bytes() == content
    sidecar = read_sidecar(str(playground.failed / "trades_bad.csv.error.json"))
    assert (sidecar.error.code, sidecar.error.line, sidecar.error.record) == ("csv.ragged", 42, 41)
    assert (sidecar.data_name, sidecar.go_name) == (BAD.name, BAD.go_name)
    assert (sidecar.dag_id, sidecar.run_id) == (
        "landing__raw_trades",
        runs["raw_trades"].run.run_id,
    )


def test_the_report_says_what_became_of_each_file(runs: dict[str, Ended], api: AirflowApi) -> None:
    text = api.log(runs["raw_trades"].only("report"))
    assert f"loaded  {GOOD.name}" in text
    assert "100" in text
    assert "[csv.ragged] trades_bad.csv:42" in text
    assert STRANGE.name in api.log(runs["raw_instruments"].only("report"))


def test_logs_hold_no_cell_of_a_refused_record(runs: dict[str, Ended], api: AirflowApi) -> None:
    refused = [t for t in runs["raw_trades"].tasks if t.state in ("success", "failed")]
    texts = [api.log(task) for task in refused if not task.task_id.startswith("any_loaded")]
    assert any(BAD.name in text for text in texts)
    assert not [text for text in texts if "2024-03-02" in text]


def test_dbt_ran_behind_the_load(runs: dict[str, Ended], playground: Playground) -> None:
    states = {
        task.state for task in runs["raw_trades"].tasks if task.task_id.startswith("dbt.stg_trades")
    }
    assert states == {"success"}
    assert query(playground, "SELECT count(*), sum(quantity) FROM stg_trades") == [(100, 5050)]


def test_one_asset_event_per_run_names_the_load(
    runs: dict[str, Ended], playground: Playground, api: AirflowApi
) -> None:
    (event,) = api.asset_events("landing_raw_trades")
    load_ids = query(
        playground, "SELECT load_id FROM load_metadata WHERE table_name = 'raw_trades'"
    )
    extra = event["extra"]
    (told,) = extra.pop("events")
    assert extra == {
        "schema": 1,
        "load_ids": [load_id for (load_id,) in load_ids],
        "files": [GOOD.name],
        "rows": [100],
    }
    assert (told["type"], told["table"]) == ("layer.completed", "raw_trades")
    assert told["data"]["rows"] == 100
    assert event["source_dag_id"] == "landing__raw_trades"
    assert event["source_run_id"] == runs["raw_trades"].run.run_id


def test_its_processes_tell_the_same_numbers(runs: dict[str, Ended], numbers: StatsD) -> None:
    sums = numbers.sums()
    assert sums["landing_loader.loads", "raw_trades"] == 1
    assert sums["landing_loader.rows", "raw_trades"] == 100
    assert sums["landing_loader.failures.csv_ragged", "raw_trades"] == 1
    # The triggerer looks on when the runs are over.
    waiting = [line for line in numbers.lines() if line.name == "airflow.landing_loader.waiting"]
    last = {line.tags["table"]: line.value for line in waiting}
    assert {table: last[table] for table in TABLES} == dict.fromkeys(TABLES, 0)


def test_status_shows_the_same_from_the_command_line(
    runs: dict[str, Ended], airflow: PrivateAirflow
) -> None:
    answer = airflow.run("landing-loader", "status")
    assert answer.returncode == 0, answer.stderr
    assert GOOD.name in answer.stdout
    assert BAD.name in answer.stdout


def test_a_load_that_is_killed_is_loaded_once(
    runs: dict[str, Ended], playground: Playground, api: AirflowApi, waiter: Waiter
) -> None:
    rows = [f"ACC-1,S{n},2024-03-01,{n},1.5" for n in range(1_000_000)]
    lines = ["account,symbol,position_date,quantity,market_value", *rows]
    big = Sample(
        name="positions_big.csv",
        table="raw_positions",
        content="".join(f"{line}\n" for line in lines).encode(),
        go_name="positions_big.ctl",
        go_content=f"positions_big.csv,{len(rows)},SUCCESS\n".encode(),
        story="",
        expect=Expectation(fate="loaded"),
    )
    processes: dict[int, Task] = {}
    # As long as we read, no load can write: time to learn whose process it is that will.
    with DatabaseLock(playground.database).shared("an end-to-end test", timeout=60):
        drop([big], playground.landing)
        waiter.until(
            "load begun", lambda: "" if find_loads(api, processes) else "no process of a load"
        )
    killed = kill_writer(playground, processes)

    waiter.until("file taken", lambda: still_landing(playground, [big]))
    waiter.until("all DAGs wait again", lambda: busy(api, TABLES))
    ended = ended_run(api, "raw_positions")
    (load,) = [task for task in ended.tasks if task.task_id == "file.load"]
    # Its label came only with the process: what was killed was the first try of the same task.
    assert (killed.map_index, killed.try_number) == (load.map_index, 1)
    assert (load.state, load.try_number, load.label) == ("success", 2, big.name)
    assert ended.run.state == "success"
    assert query(playground, "SELECT count(*), count(DISTINCT symbol) FROM raw_positions") == [
        (len(rows), len(rows))
    ]
    assert query(
        playground, "SELECT row_count FROM load_metadata WHERE filename = ?", big.name
    ) == [(len(rows),)]
    for name, content in big.files().items():
        assert (playground.archive / name).read_bytes() == content


def find_loads(api: AirflowApi, processes: dict[int, Task]) -> bool:
    """The load tasks that are at work, by process id.

    A task's process is known by its title. Its supervisor has the task's id in its title too.
    """
    loads = [task for task in api.tasks_at_work() if task.task_id == "file.load"]
    for process in psutil.process_iter(["cmdline"]):
        title = " ".join(process.info["cmdline"] or ()).strip()
        for load in loads:
            if title == f"airflow worker -- {load.id}":
                processes[process.pid] = load
    return bool(processes)


def kill_writer(playground: Playground, processes: dict[int, Task]) -> Task:
    """Kill the first of these processes that holds the database, while it does."""
    lock = DatabaseLock(playground.database)
    end = time.monotonic() + 120
    while time.monotonic() < end:
        holder = lock.holder()
        if holder is not None and holder.pid in processes:
            os.kill(holder.pid, signal.SIGKILL)
            return processes[holder.pid]
        time.sleep(0.001)
    raise AssertionError(f"none of {sorted(processes)} ever held the database")
