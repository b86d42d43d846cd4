"""The operators in DAGs that people write themselves."""

from __future__ import annotations

import importlib.util
import json
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from airflow.sdk import DAG
    from tests.support.dag_runs import Lab
    from tests.support.zones import Zones

EXAMPLE = Path(__file__).parents[3] / "include" / "examples" / "hand_written_dag.py"
HEAD = """
from datetime import datetime
from airflow.sdk import DAG
from airflow_landing_loader.operators.landing import (
    ArchiveFilesOperator, LoadFilesOperator, QuarantineFilesOperator, ValidateFilesOperator
)
from airflow_landing_loader.sensors.landing import WaitForFilesSensor

MAPPING = {"pattern": "hand_*.csv", "table": "raw_hand", "settle_seconds": 0}
"""


@pytest.fixture
def written(airflow_db: Path) -> Iterator[Callable[[str], DAG]]:
    """Factory of DAGs from source text, in a file of the DAG folder for as long as the test."""
    file = airflow_db / "dags" / "by_hand.py"

    def make(source: str) -> DAG:
        from airflow.sdk import DAG

        file.write_text(source)
        spec = importlib.util.spec_from_file_location("by_hand", file)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        (dag,) = {v.dag_id: v for v in vars(module).values() if isinstance(v, DAG)}.values()
        for task in dag.tasks:
            task.retries = 0
        return dag

    yield make
    file.unlink(missing_ok=True)


def dag(name: str, body: str) -> str:
    head = f'with DAG("{name}", schedule=None, start_date=datetime(2024, 1, 1)) as dag:\n'
    return HEAD + head + textwrap.indent(textwrap.dedent(body), "    ")


def test_the_example_runs(lab: Lab, zones: Zones, written: Callable[[str], DAG]) -> None:
    lab.mapping("other_*.csv: raw_other")
    lab.deliver("fx_rates_1.csv", "id,rate\n1,1.1\n2,1.2\nTRAILER,2\n")
    lab.deliver("fx_rates_2.csv", "id,rate\n1,1.1\nTRAILER,9\n")
    run = lab.run(written(EXAMPLE.read_text()))
    assert run.states["each.archive_0"] == "success"
    assert run.states["each.validate_1"] == "failed"
    assert run.states["each.refuse_1"] == "success"
    assert run.xcoms[("count_rates", "return_value")] == 2
    assert zones.names() == {
        "landing": [],
        "archive": ["fx_rates_1.csv"],
        "failed": ["fx_rates_2.csv", "fx_rates_2.csv.error.json"],
    }


def test_the_docs_show_the_example_as_it_is() -> None:
    page = EXAMPLE.parents[2] / "docs" / "operators.md"
    assert EXAMPLE.read_text().rstrip() in page.read_text()


@pytest.mark.parametrize("mode", ["poke", "reschedule"])
def test_the_sensor_waits_on_a_worker_too(
    lab: Lab, written: Callable[[str], DAG], mode: str
) -> None:
    body = f"""
    WaitForFilesSensor(
        task_id="wait", mapping=MAPPING, mode="{mode}", poke_interval=1, timeout=2, deferrable=False
    )
    """
    empty = lab.run(written(dag(f"hand_{mode}", body)))
    assert empty.states == {"wait": "skipped"}
    lab.deliver("hand_1.csv")
    full = lab.run(written(dag(f"hand_{mode}", body)))
    assert full.xcoms[("wait", "return_value")] == [["hand_1.csv"]]


@pytest.mark.parametrize("deferrable", [True, False])
def test_a_sensor_may_fail_when_nothing_comes(
    lab: Lab, written: Callable[[str], DAG], deferrable: bool
) -> None:
    body = f"""
    WaitForFilesSensor(
        task_id="wait", mapping=MAPPING, poke_interval=1, timeout=1, skip_on_timeout=False,
        deferrable={deferrable},
    )
    """
    assert lab.run(written(dag(f"hand_late_{deferrable}", body))).states == {"wait": "failed"}


def test_without_lanes_and_with_paths_of_its_own(
    lab: Lab,
    zones: Zones,
    written: Callable[[str], DAG],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    for name in ("LANDING_PATH", "ARCHIVE_PATH", "FAILED_PATH", "TABLE_CONFIG_PATH", "DUCKDB_PATH"):
        monkeypatch.delenv(name)
    database = tmp_path / "mine.duckdb"
    monkeypatch.setenv(
        "AIRFLOW_CONN_MINE", json.dumps({"conn_type": "duckdb", "host": str(database)})
    )
    (tmp_path / "no_tables").mkdir()
    paths = {
        "landing_path": str(zones.landing),
        "archive_path": str(zones.archive),
        "failed_path": str(zones.failed),
        "table_config_path": str(tmp_path / "no_tables"),
    }
    body = f"""
    common = dict(mapping=MAPPING, duckdb_conn_id="mine", **{paths!r})
    validate = ValidateFilesOperator(
        task_id="validate", files="{{{{ dag_run.conf.get('file', 'hand_1.csv') }}}}", **common
    )
    load = LoadFilesOperator(task_id="load", validated=validate.output, **common)
    archive = ArchiveFilesOperator(task_id="archive", verdicts=load.output, **common)
    refuse = QuarantineFilesOperator(
        task_id="refuse", files="hand_1.csv", trigger_rule="one_failed", **common
    )
    [validate, load] >> refuse
    """
    lab.deliver("hand_1.csv")
    good = lab.run(written(dag("hand_plain", body)))
    assert good.states["archive"] == "success"
    assert database.exists()
    lab.deliver("hand_1.csv", 'id\n"')
    bad = lab.run(written(dag("hand_plain", body)))
    assert bad.states["refuse"] == "success"
    assert zones.names()["failed"] == ["hand_1.csv", "hand_1.csv.error.json"]


def test_by_the_name_of_a_table(lab: Lab, written: Callable[[str], DAG]) -> None:
    lab.mapping("hand_*.csv: {table: raw_hand, settle_seconds: 0}\nother_*.csv: raw_other\n")
    lab.deliver("hand_1.csv")
    lab.deliver("other_1.csv")
    body = """
    wait = WaitForFilesSensor(task_id="wait", table="raw_hand", timeout=1, deferrable=False)
    ValidateFilesOperator.partial(task_id="validate", table="raw_hand").expand(files=wait.output)
    """
    run = lab.run(written(dag("hand_table", body)))
    assert run.states == {"wait": "success", "validate_0": "success"}
    assert ("wait", "landing_news") not in run.xcoms


def test_a_wrong_mapping_fails_the_task_with_its_reason(
    lab: Lab, written: Callable[[str], DAG], capfd: pytest.CaptureFixture[str]
) -> None:
    lab.mapping("hand_*.csv: {table: raw_hand, on_bad_row: perhaps}")
    body = """
    ValidateFilesOperator(task_id="inline", mapping={"pattern": "*.csv"}, files="a.csv")
    ValidateFilesOperator(task_id="table", table="raw_hand", files="a.csv")
    ValidateFilesOperator(task_id="unknown", table="raw_nobody", files="a.csv")
    ValidateFilesOperator(task_id="neither", files="a.csv")
    """
    run = lab.run(written(dag("hand_wrong", body)))
    assert set(run.states.values()) == {"failed"}
    codes = {
        k: v["errors"][0]["code"] for (k, name), v in run.xcoms.items() if name == "landing_error"
    }
    assert codes == {
        "inline": "mapping.bad_value",
        "table": "mapping.bad_value",
        "unknown": "mapping.none_found",
        "neither": "mapping.none_found",
    }
