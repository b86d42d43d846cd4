"""The example dbt project, and a database with the raw tables that it reads."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import duckdb

from airflow_landing_loader.loading.warehouses.duckdb.ledger import Ledger
from airflow_landing_loader.loading.warehouses.duckdb.lock import DatabaseLock

CHECKOUT = Path(__file__).parents[2]
COLUMNS = {
    "raw_trades": ("trade_id", "trade_date", "symbol", "quantity", "price", "side", "account"),
    "raw_positions": ("account", "symbol", "position_date", "quantity", "market_value"),
    "raw_instruments": ("symbol", "name", "currency", "exchange", "asset_class"),
    "raw_eod_prices": ("symbol", "price_date", "close_price", "volume"),
}
"""Columns of each raw table, without the loader's own."""
TRADE = ("1", "2024-01-15", "ACME", "10", "1.25", "BUY", "A1")
POSITION = ("A1", "ACME", "2024-01-15", "10", "13.00")
INSTRUMENT = ("ACME", "Acme plc", "GBP", "XLON", "equity")
PRICE = ("ACME", "2024-01-15", "1.25", "1000")


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
        """Load some rows, and return their load id.

        :param table: one of :data:`COLUMNS`.
        :param extra: what each row has in ``_extra``, as JSON.
        :param restates: id of an earlier load that this one restates.
        """
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
        """Rows of a query, when nobody writes."""
        with self._alone(), duckdb.connect(self.path, read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def _alone(self) -> AbstractContextManager[int]:
        return DatabaseLock(Path(self.path)).exclusive("the test", timeout=300)


def project_copy(target: Path) -> Path:
    """Copy the example project to a new folder, without what dbt has made in it; return that."""
    ignored = shutil.ignore_patterns("target", "logs", "dbt_packages")
    shutil.copytree(CHECKOUT / "include" / "dbt", target, ignore=ignored)
    return target
