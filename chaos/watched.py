"""A DuckDB connection whose statements can be died at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from airflow_landing_loader.loading.warehouses.duckdb import session

Act = Callable[[], None]


def nothing() -> None:
    """Do nothing."""


class WatchedConnection:
    """Passes everything on to a connection, and tells of its statements and of its end.

    :param before: called with each statement before it is executed.
    :param after: called with each statement after it.
    """

    def __init__(self, con: Any, before: Callable[[str], None], after: Callable[[str], None]):
        self._con = con
        self._before = before
        self._after = after

    def execute(self, statement: str, *values: Any) -> Any:
        """Execute a statement."""
        self._before(statement)
        result = self._con.execute(statement, *values)
        self._after(statement)
        return result

    def close(self) -> None:
        """Close, which writes the log into the database file."""
        self._before("CLOSE")
        self._con.close()
        self._after("CLOSE")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._con, name)


def at_statement(beginning: str, *, before: Act = nothing, after: Act = nothing) -> None:
    """Let every connection that is opened from now on tell of some statements.

    :param beginning: what they begin with; ``CLOSE`` for the end of a connection.
    """
    original = session._open

    def tell(act: Act) -> Callable[[str], None]:
        return lambda statement: act() if statement.startswith(beginning) else None

    def opened(*args: Any, **keys: Any) -> Any:
        return WatchedConnection(original(*args, **keys), tell(before), tell(after))

    session._open = opened  # type: ignore[assignment]
