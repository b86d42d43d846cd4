"""dbt for real: the example project, the command line, and Cosmos tasks under Airflow."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from airflow_landing_loader.dbt.command import DbtResult, run_dbt, write_manifest
from airflow_landing_loader.exceptions import ErrorCode
from airflow_landing_loader.loading.warehouses.duckdb.ledger import Ledger
from airflow_landing_loader.loading.warehouses.duckdb.lock import DatabaseLock
from airflow_landing_loader.settings import Settings

CHECKOUT = Path(__file__).parents[2]
COLUMNS = {
    "raw_trades": ("trade_id", "trade_date", "symbol", "quantity", "price", "side", "account"),
    "raw_positions": ("account", "symbol", "position_date", "quantity", "market_value"),
    "raw_instruments": ("symbol", "name", "currency", "exchange", "asset_class"),
    "raw_eod_prices": ("symbol", "price_date", "close_price", "volume"),
}
TRADE = ("1", "2024-01-15", "ACME", "10", "1.25", "BUY", "A1")
POSITION = ("A1", "ACME", "2024-01-15", "10", "13.00")
INSTRUMENT = ("ACME", "Acme plc", "GBP", "XLON", "equity")
PRICE = ("ACME", "2024-01-15", "1.25", "1000")

WRITE_NOW_AND_THEN = """
import sys, time
from pathlib import Path
from airflow_landing_loader.loading.warehouses.duckdb.session import SessionOptions, writing
database, done = Path(sys.argv[1]), Path(sys.argv[2])
options = SessionOptions(lock_timeout=300)
print("writing", flush=True)
while not done.exists():
    with writing(database, options, "a load") as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS elsewhere (a INTEGER)")
        connection.execute("INSERT INTO elsewhere VALUES (1)")
    time.sleep(0.2)  # leave the processor to the others; nothing depends on it
"""


class Warehouse:
    """A database with raw tables as the loader leaves them."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._sequence = 0

    def deliver(
        self,
        table: str,
        *rows: Sequence[str | None],
        extra: str | None = None,
        restates: str | None = None,
    ) -> str:
        """Load some rows, and return their load id."""
        self._sequence += 1
        load_id = f"load-{self._sequence}"
        columns = COLUMNS[table]
        with self._alone(), duckdb.connect(self.path) as connection:
            Ledger(connection).ensure_tables()
            text = ", ".join(f"{name} VARCHAR" for name in (*columns, "_load_id", "_extra"))
            connection.execute(f"CREATE TABLE IF NOT EXISTS {table} ({text})")
            marks = ", ".join("?" for _ in (*columns, "_load_id", "_extra"))
            for row in rows:
                connection.execute(f"INSERT INTO {table} VALUES ({marks})", [*row, load_id, extra])
            connection.execute(
                "INSERT INTO load_metadata (load_id, filename, table_name, row_count, completed_at,"
                " sequence, restates_load_id) VALUES (?, ?, ?, ?, now()::TIMESTAMP, ?, ?)",
                [load_id, f"{table}.csv", table, len(rows), self._sequence, restates],
            )
        return load_id

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with self._alone(), duckdb.connect(self.path, read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def _alone(self) -> AbstractContextManager[int]:
        return DatabaseLock(Path(self.path)).exclusive("the test", timeout=300)


def project_copy(target: Path) -> Path:
    ignored = shutil.ignore_patterns("target", "logs", "dbt_packages")
    shutil.copytree(CHECKOUT / "include" / "dbt", target, ignore=ignored)
    return target


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example project with its manifest; not to be changed."""
    root = tmp_path_factory.mktemp("project")
    path = project_copy(root / "dbt")
    write_manifest(
        Settings(
            **dict.fromkeys(("landing_path", "archive_path", "failed_path"), "/zone"),
            table_config_path="/tables",
            duckdb_path=str(root / "dev.duckdb"),
            dbt_project_path=str(path),
        )
    )
    assert not (root / "dev.duckdb").exists()
    assert not (path / "logs").exists()
    return path


@pytest.fixture
def configured(settings: Callable[..., Settings], project: Path) -> Settings:
    return settings(dbt_project_path=str(project), dbt_mode="per_table")


@pytest.fixture
def warehouse(configured: Settings) -> Warehouse:
    return Warehouse(configured.duckdb_path)


def statuses(result: DbtResult, *, kind: str = "model") -> dict[str, str]:
    return {node.name: node.status for node in result.nodes if node.kind == kind}


class TestExampleProject:
    def test_a_mart_waits_for_its_second_table(
        self, configured: Settings, warehouse: Warehouse, project: Path
    ) -> None:
        before = sorted(project.rglob("*"))
        warehouse.deliver("raw_positions", POSITION, ("A1", "NOPRICE", "20240115", "1", None))
        first = run_dbt(configured, ["raw_positions"])
        assert first.ok, first.error
        assert statuses(first) == {"stg_positions": "ok", "position_values": "waiting"}
        assert set(statuses(first, kind="test").values()) == {"ok", "waiting"}

        warehouse.deliver("raw_eod_prices", PRICE)
        second = run_dbt(configured, ["raw_eod_prices"])
        assert second.ok, second.error
        assert statuses(second) == {"stg_eod_prices": "ok", "position_values": "ok"}
        assert "waiting" not in statuses(second, kind="test").values()
        values = warehouse.query(
            "SELECT symbol, position_date::VARCHAR, value_at_close, difference"
            " FROM position_values ORDER BY ALL"
        )
        assert [(s, d, str(v), str(x)) for s, d, v, x in values] == [
            ("ACME", "2024-01-15", "12.50", "-0.50"),
            ("NOPRICE", "2024-01-15", "None", "None"),
        ]
        assert sorted(project.rglob("*")) == before

    def test_the_newest_rows_count(self, configured: Settings, warehouse: Warehouse) -> None:
        other = ("2", "20240116", " ACME ", "5", "2", "s", "")
        wrong = warehouse.deliver("raw_trades", TRADE, ("3", *TRADE[1:]))
        warehouse.deliver("raw_trades", other, extra='{"venue": "XLON"}')
        warehouse.deliver("raw_trades", ("1", *TRADE[1:3], "99", *TRADE[4:]), restates=wrong)
        warehouse.deliver("raw_instruments", INSTRUMENT)
        warehouse.deliver("raw_instruments", ("ACME", "Acme SE", "eur", "XETR", "equity"))
        result = run_dbt(configured, ["raw_trades", "raw_instruments"])
        assert result.ok, result.error
        trades = warehouse.query(
            "SELECT trade_id, trade_date::VARCHAR, symbol, quantity::INT, side, account, venue,"
            " _filename FROM stg_trades ORDER BY trade_id"
        )
        assert trades == [
            ("1", "2024-01-15", "ACME", 99, "BUY", "A1", None, "raw_trades.csv"),
            ("2", "2024-01-16", "ACME", 5, "SELL", None, "XLON", "raw_trades.csv"),
        ]
        assert warehouse.query("SELECT name, currency FROM stg_instruments") == [("Acme SE", "EUR")]

    def test_what_is_wrong_is_named(self, configured: Settings, warehouse: Warehouse) -> None:
        warehouse.deliver(
            "raw_trades",
            ("1", "01/02/2024", "GHOST", "ten", "1", "HOLD", "A1"),
            ("1", "2024-01-15", "GHOST", "1", "1", "BUY", "A1"),
        )
        warehouse.deliver("raw_instruments", INSTRUMENT)
        result = run_dbt(configured, ["raw_trades", "raw_instruments"])
        assert not result.ok
        failed = {node.name for node in result.nodes if node.status == "failed"}
        assert failed == {
            "accepted_values_stg_trades_side__BUY__SELL",
            "not_null_stg_trades_quantity",
            "not_null_stg_trades_trade_date",
            "unique_stg_trades_trade_id",
        }
        assert result.error is not None
        assert result.error.code == ErrorCode.DBT_FAILED.value
        assert all(name in result.error.message for name in failed)
        warned = [node.name for node in result.nodes if node.status == "warned"]
        assert len(warned) == 1
        assert warned[0].startswith("relationships_stg_trades_symbol")

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("{% if %}", "dbt built nothing: "),
            ("select nothing from {{ source('landing', 'raw_trades') }}", "failed in stg_trades"),
        ],
    )
    def test_a_broken_model(
        self,
        configured: Settings,
        warehouse: Warehouse,
        tmp_path: Path,
        text: str,
        message: str,
    ) -> None:
        broken = project_copy(tmp_path / "broken")
        (broken / "models" / "staging" / "stg_trades.sql").write_text(text)
        warehouse.deliver("raw_trades", TRADE)
        result = run_dbt(replace(configured, dbt_project_path=str(broken)), ["raw_trades"])
        assert result.error is not None
        assert result.error.code == ErrorCode.DBT_FAILED.value
        assert message in result.error.message
        assert "Traceback" not in result.error.message


@pytest.fixture
def writer(configured: Settings, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that loads now and then until the test is over; it must not fail."""
    done = tmp_path / "done"
    process = subprocess.Popen(
        [sys.executable, "-c", WRITE_NOW_AND_THEN, configured.duckdb_path, str(done)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "writing\n"
    yield process
    done.touch()
    assert process.wait() == 0
    process.stdout.close()


class TestOneDatabaseForMany:
    def test_two_runs_and_loads_at_once(
        self, configured: Settings, warehouse: Warehouse, writer: subprocess.Popen[str]
    ) -> None:
        code = (
            "import sys\n"
            "from airflow_landing_loader.dbt.command import run_dbt\n"
            "from airflow_landing_loader.settings import Settings\n"
            f"result = run_dbt({configured!r}, [sys.argv[1]], on_line=print)\n"
            "print(result.error)\n"
            "sys.exit(not result.ok)\n"
        )
        warehouse.deliver("raw_positions", POSITION)
        warehouse.deliver("raw_eod_prices", PRICE)
        runs = [
            subprocess.Popen(
                [sys.executable, "-c", code, table],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            for table in ("raw_positions", "raw_eod_prices")
        ]
        output = "".join(run.communicate()[0] for run in runs)
        print(output)  # pytest shows it if the test fails
        assert [run.returncode for run in runs] == [0, 0]
        assert writer.poll() is None
        assert "lock on file" not in output


DAG_FILE = """
from datetime import datetime, timedelta
from airflow.sdk import DAG
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow_landing_loader.dag_factory.dbt import build_dbt_group
from airflow_landing_loader.settings import Settings

SETTINGS = {settings!r}
for table in {tables!r}:
    with DAG(
        f"{prefix}__{{table}}",
        schedule=None,
        start_date=datetime(2024, 1, 1),
        default_args={{"retries": 3, "retry_delay": timedelta(seconds=1)}},
    ) as dag:
        before = EmptyOperator(task_id="before")
        after = EmptyOperator(task_id="after", trigger_rule="none_failed")
        group = build_dbt_group(table=table, settings=SETTINGS)
        before >> (group or after)
        if group:
            group >> after
    globals()[dag.dag_id] = dag
"""


def _dag_file(settings: Settings, *tables: str, prefix: str = "landing") -> str:
    return DAG_FILE.format(settings=settings, tables=tables, prefix=prefix)


@dataclass(frozen=True)
class Airflow:
    """An Airflow home of its own, and commands that run in it."""

    home: Path

    def twin(self, home: Path) -> Airflow:
        """Another Airflow with the same DAGs; in one, two tests would write the same rows."""
        (home / "dags").mkdir(parents=True)
        for name in ("airflow.db", "dags/dbt_dags.py"):
            shutil.copy(self.home / name, home / name)
        return Airflow(home)

    def write_dags(self, text: str) -> None:
        (self.home / "dags" / "dbt_dags.py").write_text(text)

    def start_test(self, dag_id: str) -> subprocess.Popen[str]:
        return self._start("-m", "airflow", "dags", "test", dag_id)

    def test(self, dag_id: str) -> tuple[int, str]:
        process = self.start_test(dag_id)
        output = process.communicate()[0]
        print(output)  # pytest shows it if the test fails
        return process.returncode, output

    def python(self, code: str, **environment: str) -> str:
        process = self._start("-c", code, **environment)
        output = process.communicate()[0]
        assert process.returncode == 0, output
        return output

    def states(self, dag_id: str) -> dict[str, str]:
        """States of the newest run's tasks."""
        return {task: state for task, state, _ in self._tasks(dag_id)}

    def tries(self, dag_id: str) -> dict[str, int]:
        return {task: tries for task, _, tries in self._tasks(dag_id)}

    def _tasks(self, dag_id: str) -> list[tuple[str, str, int]]:
        with sqlite3.connect(self.home / "airflow.db") as connection:
            return connection.execute(
                "SELECT task_id, state, try_number FROM task_instance WHERE dag_id = ? AND run_id ="
                " (SELECT run_id FROM dag_run WHERE dag_id = ?1 ORDER BY id DESC LIMIT 1)",
                [dag_id],
            ).fetchall()

    def _start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, *arguments],
            env={
                **os.environ,
                "AIRFLOW_HOME": str(self.home),
                "AIRFLOW__CORE__DAGS_FOLDER": str(self.home / "dags"),
                "AIRFLOW__COSMOS__CACHE_DIR": str(self.home / "cosmos"),
                **environment,
            },
            cwd=self.home,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


@pytest.fixture(scope="module")
def airflow_home(tmp_path_factory: pytest.TempPathFactory) -> Airflow:
    airflow = Airflow(tmp_path_factory.mktemp("airflow"))
    (airflow.home / "dags").mkdir()
    airflow.python(
        "import sys; from airflow.__main__ import main; sys.argv[1:] = ['db', 'migrate']; main()"
    )
    return airflow


@pytest.fixture
def airflow(airflow_home: Airflow, configured: Settings) -> Airflow:
    airflow_home.write_dags(_dag_file(configured, *COLUMNS))
    return airflow_home


class TestTasks:
    def test_several_dags_and_loads_at_once(
        self,
        airflow: Airflow,
        configured: Settings,
        warehouse: Warehouse,
        writer: subprocess.Popen[str],
        tmp_path: Path,
    ) -> None:
        warehouse.deliver("raw_positions", POSITION)
        warehouse.deliver("raw_eod_prices", PRICE)
        dags = {"landing__raw_positions": airflow}
        dags["landing__raw_eod_prices"] = airflow.twin(tmp_path / "airflow")
        runs = [where.start_test(dag) for dag, where in dags.items()]
        output = "".join(run.communicate()[0] for run in runs)
        print(output)  # pytest shows it if the test fails
        assert [run.returncode for run in runs] == [0, 0]
        assert writer.poll() is None
        assert "lock on file" not in output
        for dag, where in dags.items():
            staging = dag.replace("landing__raw_", "stg_")
            states = where.states(dag)
            mart = states.pop("dbt.position_values_model_build")
            assert mart in ("success", "skipped")
            assert states == {
                "before": "success",
                "dbt.start": "success",
                f"dbt.{staging}_model_build": "success",
                "after": "success",
            }
        assert warehouse.query("SELECT count(*) FROM position_values") == [(1,)]

    def test_a_failed_test_fails_the_task_at_once(
        self, airflow: Airflow, configured: Settings, warehouse: Warehouse
    ) -> None:
        warehouse.deliver("raw_instruments", (None, *INSTRUMENT[1:]))
        code, output = airflow.test("landing__raw_instruments")
        assert code != 0
        assert airflow.states("landing__raw_instruments")["dbt.stg_instruments_model_build"] == (
            "failed"
        )
        assert airflow.tries("landing__raw_instruments")["dbt.stg_instruments_model_build"] == 1
        assert (
            "[dbt.failed] dbt invocation completed with errors: not_null_stg_instruments" in output
        )
        # It let go of the database all the same.
        assert warehouse.query("SELECT count(*) FROM raw_instruments") == [(1,)]

    def test_without_a_manifest(
        self, airflow: Airflow, configured: Settings, tmp_path: Path
    ) -> None:
        bare = project_copy(tmp_path / "bare")
        settings = replace(configured, dbt_project_path=str(bare))
        # An id of its own: Airflow 3.1 would take the tasks of an earlier test for this DAG's.
        airflow.write_dags(_dag_file(settings, "raw_trades", prefix="bare"))
        code, output = airflow.test("bare__raw_trades")
        assert code != 0
        assert airflow.states("bare__raw_trades") == {
            "before": "success",
            "dbt.start": "success",
            "dbt.unavailable": "failed",
            "after": "upstream_failed",
        }
        assert airflow.tries("bare__raw_trades")["dbt.unavailable"] == 1
        assert "[dbt.no_manifest]" in output
        assert f"dbt parse --project-dir {bare}" in output


SHARED_FILE = """
from airflow_landing_loader.dag_factory import build_shared_dbt_dag
from airflow_landing_loader.settings import Settings

dag = build_shared_dbt_dag({settings!r})
"""


class TestSharedDag:
    @pytest.fixture
    def shared(self, configured: Settings, zones: Any) -> Settings:
        (zones.tables / "tables.yaml").write_text(
            "instruments_*.csv: raw_instruments\n"
            "prices_*.csv: {table: raw_eod_prices}\n"
            "nothing_*.csv: {table: raw_positions, dbt: false}\n"
        )
        return replace(configured, dbt_mode="shared")

    def test_it_covers_what_is_due(
        self, airflow: Airflow, shared: Settings, warehouse: Warehouse
    ) -> None:
        airflow.write_dags(SHARED_FILE.format(settings=shared))
        warehouse.deliver("raw_eod_prices", PRICE)
        code, output = airflow.test("landing_dbt")
        assert code == 0
        assert "stg_instruments waits for raw_instruments: not there yet" in output
        states = airflow.states("landing_dbt")
        assert states.pop("dbt.stg_instruments_model_build") == "skipped"
        assert {task for task, state in states.items() if state == "skipped"} == {
            "dbt.position_values_model_build",
            next(task for task in states if task.startswith("dbt.relationships_")),
        }
        assert states["dbt.stg_eod_prices_model_build"] == "success"
        runs = "SELECT table_name, sequence, succeeded FROM load_dbt_runs ORDER BY ALL"
        assert warehouse.query(runs) == [("raw_eod_prices", 1, True)]

        warehouse.deliver("raw_instruments", (None, *INSTRUMENT[1:]))
        assert airflow.test("landing_dbt")[0] != 0
        assert airflow.states("landing_dbt")["dbt.stg_instruments_model_build"] == "failed"
        assert warehouse.query(runs) == [
            ("raw_eod_prices", 1, True),
            ("raw_instruments", 2, False),
        ]

    def test_its_schedule(self, shared: Settings) -> None:
        from airflow_landing_loader.dag_factory import build_shared_dbt_dag

        dag = build_shared_dbt_dag(shared)
        assert dag is not None
        assert dag.max_active_runs == 1
        assert not dag.catchup
        written = json.dumps(_serialised(dag)["dag"]["timetable"])
        assert "landing_raw_instruments" in written
        assert "landing_raw_eod_prices" in written
        assert "landing_raw_positions" not in written
        assert "asset_any" in written
        assert "*/15 * * * *" in written

    def test_only_where_it_is_wanted(self, shared: Settings, zones: Any) -> None:
        from airflow_landing_loader.dag_factory import build_shared_dbt_dag

        assert build_shared_dbt_dag(replace(shared, dbt_mode="per_table")) is None
        assert build_shared_dbt_dag(replace(shared, dbt_mode="auto")) is None
        assert build_shared_dbt_dag(replace(shared, dbt_mode="off")) is None
        (zones.tables / "tables.yaml").write_text("a_*.csv: {table: raw_a, dbt: false}\n")
        assert build_shared_dbt_dag(shared) is None


TASKS = """
import json, runpy, sys
found = runpy.run_path("dags/dbt_dags.py")
dags = {k: v for k, v in found.items() if k.startswith("landing__")}
print("tasks", json.dumps({k: {t.task_id: sorted(t.downstream_task_ids) for t in v.tasks}
                           for k, v in dags.items()}))
print("heavy", "cosmos.converter" in sys.modules, "dbt" in sys.modules, "duckdb" in sys.modules)
from airflow.models.serialized_dag import SerializedDagModel
from airflow.serialization import serialized_objects
kind = getattr(serialized_objects, "DagSerialization", None) or serialized_objects.SerializedDAG
print("hash", [SerializedDagModel.hash(kind.to_dict(v)) for v in dags.values()])
"""


def said(output: str, key: str) -> str:
    return next(
        line.removeprefix(f"{key} ") for line in output.splitlines() if line.startswith(f"{key} ")
    )


class TestParsing:
    def test_the_same_in_every_process(self, airflow: Airflow) -> None:
        outputs = [airflow.python(TASKS, PYTHONHASHSEED=seed) for seed in ("1", "77")]
        assert said(outputs[0], "hash") == said(outputs[1], "hash")
        assert said(outputs[0], "heavy") == "True False False"
        assert json.loads(said(outputs[0], "tasks"))["landing__raw_eod_prices"] == {
            "before": ["dbt.start"],
            "dbt.start": ["dbt.stg_eod_prices_model_build"],
            "dbt.stg_eod_prices_model_build": ["dbt.position_values_model_build"],
            "dbt.position_values_model_build": ["after"],
            "after": [],
        }

    def test_a_worker_with_another_task_does_without_cosmos(self, airflow: Airflow) -> None:
        context = {
            "_AIRFLOW_PARSING_CONTEXT_DAG_ID": "landing__raw_trades",
            "_AIRFLOW_PARSING_CONTEXT_TASK_ID": "before",
        }
        output = airflow.python(TASKS, **context)
        assert said(output, "heavy") == "False False False"
        assert json.loads(said(output, "tasks"))["landing__raw_trades"] == {
            "before": ["dbt.start"],
            "dbt.start": ["after"],
            "after": [],
        }
        context["_AIRFLOW_PARSING_CONTEXT_TASK_ID"] = "dbt.stg_trades_model_build"
        output = airflow.python(TASKS, **context)
        assert (
            "dbt.stg_trades_model_build" in json.loads(said(output, "tasks"))["landing__raw_trades"]
        )

    @pytest.mark.parametrize(
        ("spoil", "reason"),
        [
            (lambda path, node: node.pop("original_file_path"), "found nothing"),
            (lambda path, node: node.update(fqn=None), "cannot be read"),
            (lambda path, node: shutil.rmtree(path / "models"), "Could not find models"),
            (lambda path, node: _wrong_argument(node, retries="many"), "must be int"),
            (lambda path, node: _wrong_argument(node, trigger_rule="perhaps"), "trigger_rule"),
        ],
        ids=["incomplete", "wrong_type", "no_models", "wrong_retries", "wrong_rule"],
    )
    def test_no_manifest_breaks_the_file(
        self,
        configured: Settings,
        project: Path,
        tmp_path: Path,
        spoil: Callable[[Path, dict[str, Any]], object],
        reason: str,
    ) -> None:
        from airflow.sdk import DAG

        from airflow_landing_loader.dag_factory.dbt import build_dbt_group

        path = project_copy(tmp_path / "spoilt")
        manifest = json.loads((project / "target" / "manifest.json").read_text())
        spoil(path, manifest["nodes"]["model.landing.stg_trades"])
        (path / "target").mkdir()
        (path / "target" / "manifest.json").write_text(json.dumps(manifest))
        settings = replace(configured, dbt_project_path=str(path))
        with DAG("landing__raw_trades", schedule=None) as dag:
            group = build_dbt_group(table="raw_trades", settings=settings)
        assert group is not None
        assert {task.task_id for task in group.get_roots()} == {"dbt.start"}
        assert dag.get_task("dbt.start").downstream_task_ids == {"dbt.unavailable"}
        assert reason in dag.get_task("dbt.unavailable").reason
        _serialised(dag)

    def test_a_table_without_models(self, airflow: Airflow, configured: Settings) -> None:
        from airflow.sdk import DAG

        from airflow_landing_loader.dag_factory.dbt import build_dbt_group

        with DAG("landing__raw_unknown", schedule=None) as dag:
            assert build_dbt_group(table="raw_unknown", settings=configured) is None
        assert dag.tasks == []

    def test_a_pool_holds_the_dbt_tasks_too(self, configured: Settings) -> None:
        from airflow.sdk import DAG

        from airflow_landing_loader.dag_factory.dbt import build_dbt_group

        with DAG("landing__raw_trades", schedule=None) as dag:
            build_dbt_group(
                table="raw_trades", settings=replace(configured, duckdb_pool="one_writer")
            )
        pools = {task.task_id: task.pool for task in dag.tasks}
        assert pools.pop("dbt.start") == "default_pool"
        assert set(pools.values()) == {"one_writer"}


def _serialised(dag: Any) -> dict[str, Any]:
    from airflow.serialization import serialized_objects

    before_3_2 = getattr(serialized_objects, "SerializedDAG", None)
    kind = getattr(serialized_objects, "DagSerialization", before_3_2)
    content: dict[str, Any] = kind.to_dict(dag)
    return content


def _wrong_argument(node: dict[str, Any], **arguments: object) -> None:
    node["config"]["meta"] = {"cosmos": {"operator_kwargs": arguments}}
