"""One load as the database holds it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from airflow_landing_loader.loading.drift import TableColumn
from airflow_landing_loader.loading.duckdb import ledger, session
from airflow_landing_loader.loading.duckdb import table as raw_table
from airflow_landing_loader.loading.model import DeliveryOutcome, Load, LoadColumn
from airflow_landing_loader.loading.names import LOAD_ID
from airflow_landing_loader.loading.plain_values import INSTANT
from airflow_landing_loader.loading.reader import sql_name

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Connection

_ROWS = 256  # at a time in memory: a row may have megabytes
# What the engine has in hand at a time: rows, and bytes of each column.
_VECTOR = 2048
_BLOCK = 256 * 1024


@dataclass(frozen=True, kw_only=True)
class Committed:
    """See :class:`~airflow_landing_loader.loading.warehouse.CommittedLoad`.

    :param con: open for as long as this is used.
    :param lift_memory_bound: asked for rows of which the engine's usual share holds too few.
    """

    con: Connection
    lift_memory_bound: Callable[[], bool]
    load: Load

    @property
    def outcome(self) -> DeliveryOutcome:
        """See the protocol."""
        return ledger.outcome_of(self.con, self.load.load_id)

    @property
    def columns(self) -> tuple[LoadColumn, ...]:
        """See the protocol."""
        return ledger.columns_of_load(self.con, self.load.load_id)

    @property
    def table(self) -> tuple[TableColumn, ...] | None:
        """See the protocol."""
        return raw_table.columns_of(self.con, self.load.table_name)

    @property
    def sharing(self) -> tuple[int, ...]:
        """See the protocol."""
        return ledger.sharing(self.con, self.load)

    def rows(self, columns: Sequence[TableColumn], longest: int) -> Iterator[tuple[Any, ...]]:
        """See the protocol."""
        if longest * _VECTOR + len(columns) * _BLOCK > session.MEMORY_PER_THREAD // 2:
            self.lift_memory_bound()
        wanted = ", ".join(_expression(column) for column in columns)
        yield from self._stream(
            f"SELECT {wanted} FROM {raw_table.quoted(self.load.table_name)} WHERE {LOAD_ID} = ?"
        )

    def rejects(self) -> Iterator[tuple[int, str]]:
        """See the protocol."""
        rows = self._stream(
            "SELECT record, text FROM load_rejects WHERE load_id = ? ORDER BY record"
        )
        return cast("Iterator[tuple[int, str]]", rows)

    def _stream(self, sql: str) -> Iterator[tuple[Any, ...]]:
        found = self.con.execute(sql, [self.load.load_id])
        while rows := found.fetchmany(_ROWS):
            yield from rows


def committed(
    con: Connection, load_id: str, lift_memory_bound: Callable[[], bool]
) -> Committed | None:
    """Open a load; ``None`` if there is none of this id."""
    load = ledger.loads_by_id(con, [load_id]).get(load_id)
    if load is None:
        return None
    return Committed(
        con=con,
        lift_memory_bound=lift_memory_bound,
        load=load,
    )


def _expression(column: TableColumn) -> str:
    name = sql_name(column.name)
    # The client's own instants need a library for time zones.
    return f"epoch_us({name})" if column.type.upper() == INSTANT else name
