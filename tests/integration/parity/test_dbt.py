"""The example dbt project behind loads into both warehouses: the same tables come out of it."""

from __future__ import annotations

import shutil
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.support import worlds

from airflow_landing_loader.dbt.command import run_dbt

PROJECT = Path(__file__).parents[3] / "include" / "dbt"
DELIVERED = {
    "raw_trades": (
        "trade_id,trade_date,symbol,quantity,price,side,account\n"
        "1,2024-01-15,ACME,10,1.25,BUY,A1\n2,20240116,ACME,-5, 1.23456 ,SELL,A1\n"
    ),
    "raw_positions": (
        "account,symbol,position_date,quantity,market_value\nA1,ACME,2024-01-15,10,13.00\n"
    ),
    "raw_instruments": "symbol,name,currency,exchange,asset_class\nACME,Acme plc,GBP,XLON,equity\n",
    "raw_eod_prices": "symbol,price_date,close_price,volume\nACME,2024-01-15,1.25,1000\n",
}
BUILT = ("stg_trades", "stg_positions", "stg_instruments", "stg_eod_prices", "position_values")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy whose BigQuery profile does without credentials, which the emulator does not know."""
    copy = tmp_path / "dbt"
    shutil.copytree(PROJECT, copy)
    profiles = copy / "profiles.yml"
    text = profiles.read_text()
    assert "method: oauth\n" in text
    secret = "method: oauth-secrets\n      token: none\n"
    profiles.write_text(text.replace("method: oauth\n", secret))
    return copy


def rows(side: worlds.Side, name: str) -> list[dict[str, Any]]:
    """Rows of a relation without the loader's own columns, decimals without trailing zeros."""
    found = side.sql(f"SELECT * FROM {name}")
    plain = [
        {
            key: value.normalize() if isinstance(value, Decimal) else value
            for key, value in row.items()
            if not key.startswith("_")
        }
        for row in found
    ]
    return sorted(plain, key=repr)


def test_the_example_project_gives_equal_tables(both: Any, project: Path) -> None:
    for table, text in DELIVERED.items():
        both.map(f"{table}_*.csv", table)
        both.deliver(f"{table}_1.csv", text)
    both.run()
    for side in both.sides:
        side.settings = replace(side.settings, dbt_project_path=str(project), dbt_mode="shared")
        result = run_dbt(side.settings, tuple(DELIVERED))
        assert result.error is None
        assert {node.status for node in result.nodes} == {"ok"}
    for name in BUILT:
        ours = rows(both.duckdb, name)
        assert ours
        assert ours == rows(both.bigquery, name), name
