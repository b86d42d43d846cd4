"""One load as the database holds it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_landing_loader.loading.columns.drift import TableColumn
from airflow_landing_loader.loading.columns.names import LOAD_ID
from airflow_landing_loader.loading.columns.plain_values import INSTANT
from airflow_landing_loader.loading.ledger.committed import Booked
from airflow_landing_loader.loading.sql import sql_name
from airflow_landing_loader.loading.warehouses.duckdb import raw_table, session
from airflow_landing_loader.loading.warehouses.duckdb.ledger import Ledger

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Connection

# What the engine has in hand at a time: rows, and bytes of each column.
_VECTOR = 2048
_BLOCK = 256 * 1024


@dataclass(frozen=True, kw_only=True)
class Committed(Booked):
    """See :class:`~airflow_landing_loader.loading.warehouses.base.CommittedLoad`.

    :param con: open for as long as this is used.
    :param lift_memory_bound: asked for rows of which the engine's usual share holds too few.
    """

    con: Connection
    lift_memory_bound: Callable[[], bool]

    @property
    def table(self) -> tuple[TableColumn, ...] | None:
        return raw_table.columns_of(self.con, self.load.table_name)

    def rows(self, columns: Sequence[TableColumn], longest: int) -> Iterator[tuple[Any, ...]]:
        if longest * _VECTOR + len(columns) * _BLOCK > session.MEMORY_PER_THREAD // 2:
            self.lift_memory_bound()
        wanted = ", ".join(_expression(column) for column in columns)
        table = raw_table.quoted(self.con, self.load.table_name)
        return raw_table.stream(
            self.con, f"SELECT {wanted} FROM {table} WHERE {LOAD_ID} = ?", [self.load.load_id]
        )


def committed(
    con: Connection, load_id: str, lift_memory_bound: Callable[[], bool]
) -> Committed | None:
    """Open a load; ``None`` if there is none of this id."""
    books = Ledger(con)
    load = books.loads_by_id([load_id]).get(load_id)
    if load is None:
        return None
    return Committed(books=books, load=load, con=con, lift_memory_bound=lift_memory_bound)


def _expression(column: TableColumn) -> str:
    name = sql_name(column.name)
    # The client's own instants need a library for time zones.
    return f"epoch_us({name})" if column.type.upper() == INSTANT else name
