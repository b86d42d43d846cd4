"""What the example project makes of raw tables, and says of what is wrong."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.dbt_example import INSTRUMENT, POSITION, PRICE, TRADE, Warehouse, project_copy

from airflow_landing_loader.dbt.command import DbtResult, run_dbt
from airflow_landing_loader.exceptions import ErrorCode
from airflow_landing_loader.settings import Settings


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
