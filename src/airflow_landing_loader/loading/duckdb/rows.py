"""Rows into a raw table, inside a transaction that the caller opens and ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from airflow_landing_loader.landing.model import Validated
from airflow_landing_loader.loading.drift import ColumnPlan, plan_columns
from airflow_landing_loader.loading.duckdb import ledger
from airflow_landing_loader.loading.duckdb import table as raw_table
from airflow_landing_loader.loading.duckdb.table import quoted
from airflow_landing_loader.loading.names import LOAD_ID
from airflow_landing_loader.loading.records import (
    GATHERED,
    RecordReader,
    Target,
    Written,
    check_count,
    names_of,
)
from airflow_landing_loader.loading.typed import typed_columns

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Connection


class RowWriter:
    """Writes deliveries' records into one raw table.

    :param con: a connection with an open transaction.
    :param records: reads the deliveries over that connection.
    """

    def __init__(self, con: Connection, records: RecordReader) -> None:
        self._con = con
        self._records = records

    def write(self, validated: Validated, load_id: str, *, replaces: str | None = None) -> Written:
        """Write one delivery.

        :param replaces: load whose rows go first.
        :raises TerminalError: the header does not fit, a value has not its column's form, too many
            records are rejected, or the reader does not find the records that were counted.
        """
        mapping = validated.delivery.mapping
        names = names_of(validated)
        plan = self._prepare(validated, names)
        typed = typed_columns(mapping.table, plan.known, file=validated.delivery.data.name)
        rows_from, rejects = self._records.set_aside(validated, typed)
        if replaces is not None:
            delete_rows(self._con, mapping.table, replaces)
        target = Target(plan, typed, row_number=mapping.csv.row_number)
        row = self._con.execute(
            f"INSERT INTO {quoted(mapping.table)} ({target.columns()}) "
            f"SELECT {target.values()} FROM {rows_from}",
            [load_id],
        ).fetchone()
        assert row is not None  # an INSERT always gives its count
        check_count(validated, int(row[0]), len(rejects))
        return Written(rows=int(row[0]), names=names, plan=plan, rejects=rejects)

    def write_together(self, batch: Sequence[tuple[Validated, str]]) -> list[Written]:
        """Write several small deliveries of one table with equal headers by one statement.

        They are read into a temporary table first, where each delivery's rows can be counted.

        :raises TerminalError: as :meth:`write`; the caller then writes them one by one.
        """
        first = batch[0][0]
        names = names_of(first)
        plan = self._prepare(first, names)
        self._records.gather(batch)
        target = Target(plan, load_id_sql="batch_load_id")
        self._con.execute(
            f"INSERT INTO {quoted(first.delivery.mapping.table)} ({target.columns()}) "
            f"SELECT {target.values()} FROM {GATHERED}"
        )
        self._con.execute(f"DROP TABLE {GATHERED}")
        return [
            Written(rows=validated.inspection.records, names=names, plan=plan)
            for validated, _ in batch
        ]

    def _prepare(self, validated: Validated, names: Sequence[str]) -> ColumnPlan:
        """Make or fit the table and say where each column goes."""
        mapping = validated.delivery.mapping
        row_number = mapping.csv.row_number
        columns = raw_table.columns_of(self._con, mapping.table)
        if columns is None:
            raw_table.create(self._con, mapping.table, names, row_number=row_number)
            columns = raw_table.columns_of(self._con, mapping.table) or ()
        # A file that does not belong here must not change the table: plan before fitting.
        plan = plan_columns(names, columns, file=validated.delivery.data.name)
        raw_table.fit(self._con, mapping.table, columns, row_number=row_number)
        return plan


def unload(con: Connection, load_id: str) -> int:
    """Take a load's rows out of its table and mark it so; return how many rows went.

    :raises TerminalError: the table is a view by now.
    """
    con.execute("BEGIN TRANSACTION")
    try:
        load = ledger.loads_by_id(con, [load_id]).get(load_id)
        removed = 0
        if load is not None and load.removed_sequence is None:
            if raw_table.columns_of(con, load.table_name) is not None:
                removed = delete_rows(con, load.table_name, load_id)
            ledger.mark_unloaded(con, load_id)
    except BaseException:
        con.execute("ROLLBACK")
        raise
    con.execute("COMMIT")
    return removed


def delete_rows(con: Connection, table: str, load_id: str) -> int:
    """Delete a load's rows; return how many those were."""
    row = con.execute(f"DELETE FROM {quoted(table)} WHERE {LOAD_ID} = ?", [load_id]).fetchone()
    assert row is not None  # a DELETE always gives its count
    return int(row[0])
