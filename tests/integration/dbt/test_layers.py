"""What the books keep of dbt's layers, by real tasks of Cosmos."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
from tests.support.airflow_homes import Airflow
from tests.support.dbt_example import project_copy

from airflow_landing_loader.dbt.command import write_manifest
from airflow_landing_loader.settings import Settings

TABLE_FILE = """
from airflow_landing_loader.dag_factory import build_landing_dags
from airflow_landing_loader.settings import Settings

globals().update(build_landing_dags({settings!r}))
"""
SHARED_FILE = """
from airflow_landing_loader.dag_factory import build_shared_dbt_dag
from airflow_landing_loader.settings import Settings

dag = build_shared_dbt_dag({settings!r})
"""
POSITIONS = "account,symbol,position_date,quantity,market_value\n"
PRICES = "symbol,price_date,close_price,volume\n"


@pytest.fixture(scope="module")
def tables_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example project with tables for its staging models, and one of them gold by its tag."""
    root = tmp_path_factory.mktemp("layers")
    path = project_copy(root / "dbt")
    config = path / "dbt_project.yml"
    config.write_text(config.read_text().replace("+materialized: view", "+materialized: table"))
    write_manifest(
        Settings(
            **dict.fromkeys(("landing_path", "archive_path", "failed_path"), "/zone"),
            table_config_path="/tables",
            duckdb_path=str(root / "dev.duckdb"),
            dbt_project_path=str(path),
        )
    )
    return path


@pytest.fixture
def layered(settings: Callable[..., Settings], tables_project: Path, zones: Any) -> Settings:
    (zones.tables / "tables.yaml").write_text(
        "positions_*.csv: {table: raw_positions, settle_seconds: 0}\n"
        "prices_*.csv: {table: raw_eod_prices, settle_seconds: 0}\n"
    )
    made = settings(
        dbt_project_path=str(tables_project),
        dbt_mode="per_table",
        poll_interval=1.0,
        sensor_timeout=3.0,
    )
    channels = Path(made.channels_path)
    channels.mkdir()
    (channels / "all.yaml").write_text("type: log\nevents: [layer.completed]\n")
    return made


def kept(settings: Settings, dag_id: str) -> dict[str, dict[str, Any]]:
    """The rows of a DAG's newest run by layer."""
    with duckdb.connect(settings.duckdb_path, read_only=True) as con:
        found = con.execute(
            "SELECT * FROM load_executions WHERE run_id = (SELECT run_id FROM load_executions "
            "WHERE dag_id = ? AND layer = 'run' ORDER BY completed_at DESC LIMIT 1)",
            [dag_id],
        )
        names = [column[0] for column in found.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    return {row["layer"]: row for row in rows}


def told(settings: Settings, dag_id: str) -> list[tuple[str, str, int | None]]:
    """What runs of a DAG have told of layers: the layer, the table, and rows of it."""
    with duckdb.connect(settings.duckdb_path, read_only=True) as con:
        found = con.execute(
            "SELECT body FROM load_events WHERE dag_id = ? ORDER BY occurred_at", [dag_id]
        ).fetchall()
    events = [json.loads(body) for (body,) in found]
    return [(event["data"]["layer"], event["table"], event["data"]["rows"]) for event in events]


def deliver(settings: Settings, name: str, text: str) -> None:
    Path(settings.landing_path, name).write_text(text)


def test_the_layers_of_a_run(airflow_home: Airflow, layered: Settings) -> None:
    airflow_home.write_dags(TABLE_FILE.format(settings=layered))
    deliver(layered, "prices_1.csv", PRICES + "ACME,2024-01-15,1.25,1000\n")
    assert airflow_home.test("landing__raw_eod_prices")[0] == 0
    rows = kept(layered, "landing__raw_eod_prices")
    assert set(rows) == {"run", "bronze", "silver"}
    assert rows["silver"]["records_processed"] == 1
    assert rows["silver"]["records_failed"] == 0
    assert json.loads(rows["silver"]["result"])["models"] == ["stg_eod_prices"]

    # One position came twice: the second one takes the place of the first.
    deliver(layered, "positions_1.csv", POSITIONS + "A1,ACME,2024-01-15,10,13.00\n")
    deliver(layered, "positions_2.csv", POSITIONS + "A1,ACME,2024-01-15,11,13.00\n")
    assert airflow_home.test("landing__raw_positions")[0] == 0
    rows = kept(layered, "landing__raw_positions")
    assert {layer: row["status"] for layer, row in rows.items()} == dict.fromkeys(
        ("run", "bronze", "silver", "gold"), "completed"
    )
    silver, gold = rows["silver"], rows["gold"]
    assert (silver["records_processed"], silver["records_failed"]) == (1, 1)
    assert (gold["records_processed"], gold["records_failed"]) == (1, None)
    assert json.loads(gold["result"]) == {"models": ["position_values"], "failed": [], "warned": []}
    for row in (silver, gold):
        assert row["table_name"] == "raw_positions"
        assert row["duration_ms"] > 0
        assert rows["run"]["started_at"] <= row["started_at"] <= row["completed_at"]
    assert rows["bronze"]["completed_at"] <= silver["started_at"]
    assert silver["completed_at"] <= gold["started_at"]
    layers = [*("bronze", "bronze"), *("silver", "gold")]
    assert told(layered, "landing__raw_positions") == [
        (layer, "raw_positions", 1) for layer in layers
    ]

    # A test fails: of the position there is no quantity.
    deliver(layered, "positions_3.csv", POSITIONS + "A1,,2024-01-15,12,secret-cell\n")
    assert airflow_home.test("landing__raw_positions")[0] != 0
    rows = kept(layered, "landing__raw_positions")
    assert {layer: row["status"] for layer, row in rows.items()} == {
        "run": "failed",
        "bronze": "completed",
        "silver": "failed",
    }
    assert rows["silver"]["error"].startswith("dbt failed in ")
    assert "dbt.stg_positions_model_build" in rows["run"]["error"]
    assert "secret-cell" not in str(rows)
    # A layer that has failed is not complete.
    assert [layer for layer, *_ in told(layered, "landing__raw_positions")[4:]] == ["bronze"]


def test_a_run_of_the_shared_dag(airflow_home: Airflow, layered: Settings) -> None:
    own = replace(layered, dbt_mode="shared")
    airflow_home.write_dags(TABLE_FILE.format(settings=own) + SHARED_FILE.format(settings=own))
    deliver(layered, "prices_1.csv", PRICES + "ACME,2024-01-15,1.25,1000\n")
    assert airflow_home.test("landing__raw_eod_prices")[0] == 0
    assert set(kept(layered, "landing__raw_eod_prices")) == {"run", "bronze"}
    assert airflow_home.test("landing_dbt")[0] == 0
    rows = kept(layered, "landing_dbt")
    assert set(rows) == {"run", "silver"}
    assert {row["table_name"] for row in rows.values()} == {None}
    assert rows["silver"]["records_processed"] == 1
    assert told(own, "landing_dbt") == [("silver", "raw_eod_prices", 1)]
