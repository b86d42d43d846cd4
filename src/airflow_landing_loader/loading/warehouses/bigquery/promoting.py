"""Promotion in BigQuery: the column first, then one transaction over rows and books.

A column cannot be added within a transaction. One that a dead process has added is empty, and the
next call, of a person or of a load, finds it there and goes on.
"""

from __future__ import annotations

from collections.abc import Sequence

from airflow_landing_loader.config.mapping.own_tables import LOAD_SEQUENCE
from airflow_landing_loader.exceptions import ErrorCode, LandingError, TransientError
from airflow_landing_loader.loading.columns.drift import TableColumn
from airflow_landing_loader.loading.columns.promotion import Step
from airflow_landing_loader.loading.warehouses.bigquery import values
from airflow_landing_loader.loading.warehouses.bigquery.jobs import Jobs
from airflow_landing_loader.loading.warehouses.bigquery.ledger import Ledger, parameters
from airflow_landing_loader.loading.warehouses.bigquery.raw_table import Tables, quoted, quoted_name
from airflow_landing_loader.loading.warehouses.promoting import Promoting
from airflow_landing_loader.loading.warehouses.promotion_sql import PromotionSql, Words
from airflow_landing_loader.loading.warehouses.recovery import OUTDATED

_WORDS = Words(
    matches="REGEXP_CONTAINS",
    text_of_json="JSON_VALUE",
    try_cast="SAFE_CAST",
    type_of=values.type_word,
    cast_type=values.cast_type,
    quoted_table=quoted,
    quoted_name=quoted_name,
)


class BigQueryPromoting(Promoting):
    """Over one dataset."""

    def __init__(self, jobs: Jobs, books: Ledger, tables: Tables) -> None:
        super().__init__(books, _WORDS)
        self._jobs = jobs
        self._tables = tables

    def columns_of(self, table: str) -> tuple[TableColumn, ...] | None:
        columns = self._tables.columns_of(table)
        return None if columns is None else values.reader_columns(columns)

    def steps(self, sql: PromotionSql, *, there: bool, loads: int) -> tuple[Step, ...]:
        add = () if there else (sql.add,)
        return tuple(self.step(each, sql) for each in (*add, *([_script(sql)] if loads else ())))

    def take(self, steps: Sequence[Step]) -> None:
        for step in steps:
            try:
                self._jobs.query(step.sql, parameters(step.values))
            except LandingError as error:
                if OUTDATED not in (error.detail.value or ""):
                    raise
                raise TransientError(
                    ErrorCode.WAREHOUSE_UNAVAILABLE,
                    "a load came while the column was promoted, with values that do not fit",
                    hint="Nothing was moved; call promote again.",
                ) from error


def _script(sql: PromotionSql) -> str:
    """The transaction; run again after it has committed, it changes nothing.

    Commits of loads update the one row of ``load_sequence`` too, so that none comes between.
    """
    statements = [
        f"UPDATE {LOAD_SEQUENCE} SET next = next + 0 WHERE TRUE",
        f"ASSERT ({sql.altered_or_unfit}) = 0 AS '{OUTDATED}'",
        *sql.move,
    ]
    body = "".join(f"{statement};\n" for statement in statements)
    return f"BEGIN TRANSACTION;\n{body}COMMIT TRANSACTION;\n"
