"""Our own tables in BigQuery: making and writing them; what all warehouses ask alike stands in
:mod:`~airflow_landing_loader.loading.ledger.queries`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from tenacity import (
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    wait_exponential_jitter,
)

from airflow_landing_loader.config.mapping.own_tables import LOAD_SEQUENCE
from airflow_landing_loader.exceptions import TerminalError
from airflow_landing_loader.loading.ledger.queries import (
    FIRST_OWNERS,
    IS_PRIOR,
    NEXT_SEQUENCE,
    PRIOR_COLUMNS,
    Books,
    Dialect,
    Rows,
    Value,
    Values,
    of_contents,
    prior_load,
)
from airflow_landing_loader.loading.ledger.records import no_table
from airflow_landing_loader.loading.ledger.tables import (
    LOAD_COLUMNS,
    LOAD_DELIVERIES,
    OWN_TABLES,
    OwnTable,
)
from airflow_landing_loader.loading.ledger.views import VIEWS, create_views
from airflow_landing_loader.loading.model import DeliveryRecord
from airflow_landing_loader.loading.planning.identity import Content, PriorLoad
from airflow_landing_loader.loading.warehouses.bigquery import values
from airflow_landing_loader.loading.warehouses.bigquery.jobs import Jobs, Parameter

_LOOKS = 3


def _json_object(fields: Mapping[str, str]) -> str:
    return f"TO_JSON_STRING(STRUCT({', '.join(f'{v} AS {name}' for name, v in fields.items())}))"


class Ledger(Books):
    """Our tables in the default dataset."""

    dialect = Dialect(
        value="@{}",
        any_of="IN UNNEST(@{})",
        rows=lambda name, _columns: f"UNNEST(@{name})",
        type_of=values.own_type,
        json_object=_json_object,
    )

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._ensured = False

    def ensure_tables(self) -> None:
        """Make those of our tables that are not there, and add columns of later releases.

        What BigQuery refuses is looked at once more: another loader may make the same tables.

        :raises TransientError: ``WAREHOUSE_BOOKS_ALTERED``: one is a view.
        """
        if not self._ensured:
            attempts = Retrying(
                retry=retry_if_exception_type(TerminalError),
                stop=stop_after_attempt(_LOOKS),
                wait=wait_exponential_jitter(initial=0.1, max=1),
                reraise=True,
            )
            attempts(self._ensure)
            self._ensured = True

    def has_tables(self) -> bool:
        """Whether our tables are there; a dataset that nobody loaded into has none.

        What somebody has dropped of them, or a later release has added, is made as by the next
        load, without values. A view in the place of one is read; no load is written.
        """
        if self._ensured:
            return True
        have, views = self._found()
        if not have >= {(own.name, name) for own in OWN_TABLES for name in own.column_names}:
            if have:
                self.ensure_tables()
        elif views == set(VIEWS):
            self._ensured = True
        return bool(have)

    def _found(self) -> tuple[set[tuple[str, str]], set[str]]:
        """The columns of our tables and views that are there, as pairs of table and column, and the
        names of those that are views."""
        names = values.texts("names", [*(t.name for t in OWN_TABLES), LOAD_SEQUENCE, *VIEWS])
        rows = self._jobs.query(
            "SELECT table_name, column_name, NULL FROM INFORMATION_SCHEMA.COLUMNS "
            "WHERE table_name IN UNNEST(@names) UNION ALL "
            "SELECT table_name, NULL, table_type FROM INFORMATION_SCHEMA.TABLES "
            "WHERE table_name IN UNNEST(@names)",
            [names],
        )
        views = {table for table, _, kind in rows if kind not in (None, "BASE TABLE")}
        return {(table, column) for table, column, _ in rows if column is not None}, views

    def _ensure(self) -> None:
        have, views = self._found()
        for own in OWN_TABLES:
            if own.name in views:
                raise no_table(own)
        tables = {table for table, _ in have}
        statements = [s for t in OWN_TABLES for s in _missing(t, have, t.name in tables)]
        if LOAD_COLUMNS.name in tables and (LOAD_COLUMNS.name, "owner") not in have:
            statements.append(FIRST_OWNERS)
        if LOAD_SEQUENCE not in tables:
            statements.append(f"CREATE TABLE IF NOT EXISTS {LOAD_SEQUENCE} AS {NEXT_SEQUENCE}")
        made = create_views(self.dialect, self._jobs.named)
        statements += [statement for view, statement in made.items() if view not in tables]
        if statements:
            self._jobs.query(";\n".join(statements))

    def put_deliveries(self, records: Sequence[DeliveryRecord]) -> None:
        """Insert rows of ``load_deliveries``, or write over those of the same deliveries."""
        names = LOAD_DELIVERIES.column_names
        newest = {record.delivery_id: record for record in records}
        source = ", ".join(f"x.{n} AS {n}" for n in names)
        changed = {n: f"r.{n}" for n in names}
        changed["failed_at"] = "COALESCE(t.failed_at, r.failed_at)"  # when it was first refused
        self._jobs.query(
            f"MERGE {LOAD_DELIVERIES.name} t USING "
            f"(SELECT {source} FROM UNNEST(@{LOAD_DELIVERIES.name}) x) r "
            "ON t.delivery_id = r.delivery_id "
            f"WHEN MATCHED THEN UPDATE SET {', '.join(f'{n} = {v}' for n, v in changed.items())} "
            f"WHEN NOT MATCHED THEN INSERT ({', '.join(names)}) "
            f"VALUES ({', '.join(f'r.{n}' for n in names)})",
            [values.table_rows(LOAD_DELIVERIES, LOAD_DELIVERIES.rows(newest.values()))],
        )

    def insert(self, table: OwnTable, rows: Sequence[Sequence[Any]]) -> None:
        """Insert rows, in the table's column order, by one statement of bound values."""
        self._jobs.query(insert(table), [values.table_rows(table, rows)])

    def prior_loads_until(self, contents: Sequence[Content]) -> tuple[int, list[PriorLoad]]:
        """Return the newest sequence too.

        Both from one statement, which sees one state: what comes later has a higher sequence.
        """
        rows = self.ask(
            f"SELECT s.next - 1, {PRIOR_COLUMNS} "
            f"FROM {LOAD_SEQUENCE} s LEFT JOIN load_metadata m ON {IS_PRIOR}",
            **of_contents(contents),
        )
        return int(rows[0][0]), [prior_load(row[1:]) for row in rows if row[1] is not None]

    def _run(self, sql: str, bound: Values) -> list[tuple[Any, ...]]:
        rows = self._jobs.query(sql, parameters(bound))
        return [tuple(values.ours(value) for value in row) for row in rows]

    def _stream(self, sql: str, bound: Values) -> Iterator[tuple[Any, ...]]:
        return self._jobs.stream(sql, parameters(bound))


def insert(table: OwnTable, **instead: str) -> str:
    """Return the INSERT of rows that come as a parameter named like the table.

    :param instead: SQL for columns whose value is not the row's own, which is ``r``.
    """
    names = table.column_names
    source = ", ".join(instead.get(n, f"r.{n}") for n in names)
    return (
        f"INSERT INTO {table.name} ({', '.join(names)}) "
        f"SELECT {source} FROM UNNEST(@{table.name}) r"
    )


def _missing(table: OwnTable, have: set[tuple[Any, ...]], exists: bool) -> list[str]:
    columns = [f"{name} {values.own_type(type_)}" for name, type_ in table.columns]
    if not exists:
        clustered = f" CLUSTER BY {', '.join(table.cluster_by)}" if table.cluster_by else ""
        return [f"CREATE TABLE IF NOT EXISTS {table.name} ({', '.join(columns)}){clustered}"]
    return [
        f"ALTER TABLE {table.name} ADD COLUMN IF NOT EXISTS {column}"
        for (name, _), column in zip(table.columns, columns, strict=True)
        if (table.name, name) not in have
    ]


def parameters(bound: Values) -> list[Parameter]:
    """Return values as the parameters of a statement."""
    return [_parameter(name, value) for name, value in bound.items()]


def _parameter(name: str, value: Value) -> Parameter:
    match value:
        case Rows(columns=columns, rows=rows):
            return values.rows(name, [(column, "VARCHAR") for column in columns], rows)
        case str() | None:
            return values.text(name, value)
        case int():
            return values.whole(name, value)
        case datetime():
            return values.instant(name, value)
        case _:
            return values.texts(name, value)
