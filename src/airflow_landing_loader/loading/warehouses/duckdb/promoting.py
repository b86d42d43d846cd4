"""Promotion in DuckDB: one transaction over table, rows and books."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import duckdb

from airflow_landing_loader.loading.columns.drift import TableColumn
from airflow_landing_loader.loading.columns.promotion import Prospect, Step
from airflow_landing_loader.loading.sql import sql_name
from airflow_landing_loader.loading.warehouses.duckdb import raw_table
from airflow_landing_loader.loading.warehouses.duckdb.ledger import Ledger
from airflow_landing_loader.loading.warehouses.duckdb.session import translate
from airflow_landing_loader.loading.warehouses.promoting import Promoting
from airflow_landing_loader.loading.warehouses.promotion_sql import PromotionSql, Words

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Connection


class DuckDBPromoting(Promoting):
    """Over one connection, which holds the database alone where anything is to be done.

    :param lift_memory_bound: asked when the engine runs out of memory; whether it has more now.
    """

    def __init__(self, con: Connection, lift_memory_bound: Callable[[], bool]) -> None:
        super().__init__(
            Ledger(con),
            Words(
                matches="REGEXP_MATCHES",
                text_of_json="JSON_EXTRACT_STRING",
                try_cast="TRY_CAST",
                type_of=str,
                cast_type=str,
                quoted_table=partial(raw_table.quoted, con),
                quoted_name=sql_name,
            ),
        )
        self._con = con
        self._lift_memory_bound = lift_memory_bound

    def columns_of(self, table: str) -> tuple[TableColumn, ...] | None:
        return raw_table.columns_of(self._con, table)

    def steps(self, sql: PromotionSql, *, there: bool, loads: int) -> tuple[Step, ...]:
        add = () if there else (sql.add,)
        return tuple(self.step(each, sql) for each in (*add, *(sql.move if loads else ())))

    def promote(self, table: str, name: str, type_: str | None, *, new: bool = False) -> Prospect:
        try:
            return super().promote(table, name, type_, new=new)
        except duckdb.Error as error:
            raise translate(error) from error

    def take(self, steps: Sequence[Step]) -> None:
        try:
            self._take(steps)
        except duckdb.OutOfMemoryException:
            if not self._lift_memory_bound():
                raise
            self._take(steps)

    def _take(self, steps: Sequence[Step]) -> None:
        self._con.execute("BEGIN TRANSACTION")
        try:
            for step in steps:
                self._con.execute(step.sql, dict(step.values))
        except BaseException:
            self._con.execute("ROLLBACK")
            raise
        self._con.execute("COMMIT")
