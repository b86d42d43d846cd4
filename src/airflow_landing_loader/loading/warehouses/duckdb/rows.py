"""Rows into a raw table, inside a transaction that the caller opens and ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from airflow_landing_loader.landing.model import Validated
from airflow_landing_loader.loading.columns.drift import (
    ColumnPlan,
    Owners,
    first_columns,
    plan_columns,
)
from airflow_landing_loader.loading.columns.names import LOAD_ID, FileColumn, columns_of
from airflow_landing_loader.loading.columns.typed import typed_columns
from airflow_landing_loader.loading.planning.groups import Group
from airflow_landing_loader.loading.planning.steps import Planned
from airflow_landing_loader.loading.reading.quality_counts import QualityRules
from airflow_landing_loader.loading.reading.records import (
    GATHERED,
    RecordReader,
    Target,
    Written,
    check_count,
    with_added,
)
from airflow_landing_loader.loading.reading.rejects import Reject
from airflow_landing_loader.loading.sql import sql_name, sql_text
from airflow_landing_loader.loading.warehouses.duckdb import raw_table
from airflow_landing_loader.loading.warehouses.duckdb.ledger import Ledger
from airflow_landing_loader.loading.warehouses.duckdb.raw_table import Catalogue, quoted

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Connection


@dataclass(frozen=True)
class Planning:
    """A delivery's columns, and where they go."""

    columns: tuple[FileColumn, ...]
    plan: ColumnPlan

    def for_next(self) -> Planning:
        """The same for a later file with the same columns."""
        plan = self.plan.for_next()
        return self if plan is self.plan else replace(self, plan=plan)


class RowWriter:
    """Writes deliveries' records into raw tables.

    :param con: a connection with an open transaction.
    :param records: reads the deliveries over that connection.
    :param catalogue: knows the tables over that connection.
    """

    def __init__(self, con: Connection, records: RecordReader, catalogue: Catalogue) -> None:
        self._con = con
        self._records = records
        self._catalogue = catalogue
        self._owners: dict[str, Owners] = {}
        self._plans: dict[str, Planning] = {}

    def plan(self, items: Sequence[Planned], owners: Mapping[str, Owners]) -> None:
        """Make or fit the tables of a transaction, and say where each delivery's columns go.

        In the order of the batch, whatever is written first: who comes first makes the table, and
        owns what nobody owned.

        :param owners: whose columns are, by table.
        :raises TerminalError: a header does not fit.
        """
        self._owners = dict(owners)
        self._plans = {}
        equal: dict[object, Planning] = {}
        for item in items:
            delivery = item.validated.delivery
            columns = columns_of(delivery, item.validated.inspection)
            key = (item.table, columns, delivery.mapping.csv.row_number)
            earlier = equal.get(key)
            # One object for all that are alike: what follows from it is worked out once.
            equal[key] = planning = (
                earlier.for_next()
                if earlier
                else Planning(columns, self._prepare(item.validated, columns))
            )
            self._plans[item.load_id] = planning

    def write(self, item: Planned) -> Written:
        """Write one delivery that was planned; the rows of the loads that it replaces go first.

        :raises TerminalError: a value has not its column's form, too many records are rejected, or
            the reader does not find the records that were counted.
        """
        validated, planning = item.validated, self._plans[item.load_id]
        columns, plan = planning.columns, planning.plan
        mapping = validated.delivery.mapping
        typed = typed_columns(mapping.table, plan.known, file=validated.delivery.data.name)
        if item.replaces and self._catalogue.columns_of(item.table) is not None:
            for replaced in item.replaces:
                delete_rows(self._con, item.table, replaced)
        if not columns:  # nor any record
            return Written.of_nothing(validated, plan)
        rows_from, rejects = self._records.set_aside(validated, typed)
        target = Target(plan, typed, row_number=mapping.csv.row_number)
        rows = self._insert(item, target, rows_from, [item.load_id])
        check_count(validated, rows, len(rejects))
        (quality,) = self._records.quality(
            [(validated, item.load_id, len(rejects))],
            columns,
            plan,
            lambda rules: self._rows_of(item, rules, rows_from),
        )
        return Written(rows=rows, columns=columns, plan=plan, rejects=rejects, quality=quality)

    def _rows_of(
        self, item: Planned, rules: QualityRules, rows_from: str
    ) -> tuple[str, Sequence[object]]:
        """The rows that were written, from the table where that has the texts: it costs less than
        to read the file again."""
        texts = rules.columns_in_table()
        if texts is None:
            return f"(SELECT {sql_text(item.load_id)} AS load, * FROM {rows_from})", ()
        columns = "".join(f", {sql_name(name)} AS c{index}" for index, name in texts.items())
        table = quoted(self._con, item.table)
        return (
            f"(SELECT $1 AS load{columns} FROM {table} WHERE {LOAD_ID} = $1)",
            [item.load_id],
        )

    def write_together(self, groups: Sequence[Group]) -> dict[str, Written]:
        """Write small deliveries that one reading reads, each group by one statement.

        They are read into a temporary table first, where each delivery's rows can be counted.

        :returns: what was written, by load id.
        :raises TerminalError: as :meth:`write`; the caller then writes them one by one.
        """
        items = [item for group in groups for item in group]
        rejects = self._records.gather([(item.validated, item.load_id) for item in items])
        written: dict[str, Written] = {}
        for group in groups:
            written |= self._write_group(group, len(written), rejects)
        self._con.execute(f"DROP TABLE {GATHERED}")
        return written

    def _write_group(
        self, group: Group, before: int, rejects: Sequence[tuple[Reject, ...]]
    ) -> dict[str, Written]:
        """Write one group of what was gathered.

        :param before: number of deliveries that were gathered before it.
        """
        first, plan = group[0], self._plans[group[0].load_id].plan
        target = Target(plan, load_id_sql="batch_load_id")
        after = before + len(group)
        numbers = [before + 1, after]
        # Not as a question within: to tell its columns would take a tenth of the statement's time.
        rows_from = f"{GATHERED} WHERE number BETWEEN ? AND ?"
        rows_from = with_added(first.validated, rows_from)
        self._insert(first, target, rows_from, numbers)
        planned = [self._plans[item.load_id] for item in group]
        aside = rejects[before:after]
        quality = self._records.quality(
            [(i.validated, i.load_id, len(its)) for i, its in zip(group, aside, strict=True)],
            planned[0].columns,
            plan,
            lambda _: (f"(SELECT batch_load_id AS load, * FROM {rows_from})", numbers),
        )
        return {
            item.load_id: Written.of(item.validated, its.columns, its.plan, set_aside, counted)
            for item, its, set_aside, counted in zip(group, planned, aside, quality, strict=True)
        }

    def _insert(
        self, item: Planned, target: Target, rows_from: str, values: Sequence[object]
    ) -> int:
        row = self._con.execute(
            f"INSERT INTO {quoted(self._con, item.table)} ({target.columns()}) "
            f"SELECT {target.values()} FROM {rows_from}",
            values,
        ).fetchone()
        assert row is not None  # an INSERT always gives its count
        return int(row[0])

    def _prepare(self, validated: Validated, columns: Sequence[FileColumn]) -> ColumnPlan:
        """Make or fit the table and say where each column goes."""
        mapping, file = validated.delivery.mapping, validated.delivery.data.name
        table, row_number = mapping.table, mapping.csv.row_number
        there = self._catalogue.columns_of(table)
        if there is None and not columns:
            # Nothing says what the table would look like.
            return plan_columns((), (), {}, file=file)
        if there is None:
            self._records.require_plain_table(validated)
            made = first_columns(columns, mapping.types)
            fitted = raw_table.create(self._con, table, made, row_number=row_number)
            # The owners of an earlier table of that name own nothing here.
            plan = plan_columns(columns, fitted, {}, file=file)
        else:
            # A file that does not belong here must not change the table: plan before fitting.
            plan = plan_columns(columns, there, self._owners.get(table, {}), file=file)
            fitted = raw_table.fit(self._con, table, there, row_number=row_number)
        if fitted != there:
            self._catalogue.changed(table, fitted)
        self._owners[table] = plan.owners
        return plan


def unload(con: Connection, load_id: str) -> int:
    """Take a load's rows out of its table and mark it so; return how many rows went.

    :raises TerminalError: the table is a view by now.
    """
    books = Ledger(con)
    con.execute("BEGIN TRANSACTION")
    try:
        load = books.loads_by_id([load_id]).get(load_id)
        removed = 0
        if load is not None and load.removed_sequence is None:
            if raw_table.columns_of(con, load.table_name) is not None:
                removed = delete_rows(con, load.table_name, load_id)
            books.mark_unloaded(load_id)
    except BaseException:
        con.execute("ROLLBACK")
        raise
    con.execute("COMMIT")
    return removed


def delete_rows(con: Connection, table: str, load_id: str) -> int:
    """Delete a load's rows; return how many those were."""
    row = con.execute(f"DELETE FROM {quoted(con, table)} WHERE {LOAD_ID} = ?", [load_id]).fetchone()
    assert row is not None  # a DELETE always gives its count
    return int(row[0])
