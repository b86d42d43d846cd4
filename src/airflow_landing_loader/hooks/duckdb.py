"""The DuckDB hook of the official provider, under our lock."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.providers.duckdb.hooks.duckdb import DuckDBHook

from airflow_landing_loader.exceptions import ConfigurationError, ErrorCode
from airflow_landing_loader.loading.warehouses.duckdb.lock import DatabaseLock
from airflow_landing_loader.settings.airflow import airflow_settings

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


class LandingDuckDBHook(DuckDBHook):
    """Reads and writes the loader's database without getting in the way of loads and dbt.

    DuckDB lets one process write. Loads and dbt take turns by a lock file beside the database; this
    hook takes it too, for as long as a connection is open: :meth:`reading` shared with other
    readers, :meth:`writing` alone. Keep the block short; everybody else waits for it, and is told
    for whom.

    Connections that :meth:`get_conn` gives out are *not* under the lock.

    :param duckdb_conn_id: connection whose host is the database file. Default: the database of
        section ``[landing_loader]``.
    :param database: the database file, instead of a connection.
    :param lock_timeout: seconds to wait for the others, 0 or more.
    :param kwargs: as :class:`~airflow.providers.duckdb.hooks.duckdb.DuckDBHook`.
    """

    def __init__(
        self,
        duckdb_conn_id: str | None = None,
        *,
        database: str | None = None,
        lock_timeout: float = 300.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(duckdb_conn_id=duckdb_conn_id, database=database, **kwargs)
        self.lock_timeout = lock_timeout
        self._by_settings = duckdb_conn_id is None and database is None

    def get_database(self) -> str:
        """The database file.

        :raises ConfigurationError: neither an argument, a connection nor a setting names a file.
        """
        database = airflow_settings().duckdb_path if self._by_settings else super().get_database()
        if database.startswith((":memory:", "md:", "motherduck:")):
            raise ConfigurationError(
                ErrorCode.SETTINGS_BAD_VALUE,
                f"Connection {self.get_conn_id()} names no DuckDB file.",
                hint="Write the absolute path of the database file into the connection's host.",
            )
        return str(database)

    @contextlib.contextmanager
    def reading(self) -> Iterator[DuckDBPyConnection]:
        """A read-only connection; other readers may read meanwhile, writers wait.

        :raises TransientError: ``warehouse.locked``, a writer held the database too long.
        """
        with self._lock().shared("hook", timeout=self.lock_timeout, on_wait=self.log.info):
            yield from self._connected(read_only=True)

    @contextlib.contextmanager
    def writing(self, purpose: str) -> Iterator[DuckDBPyConnection]:
        """A connection that may write; everybody else waits.

        :param purpose: what for, in a few words; those who wait read it.
        :raises TransientError: ``warehouse.locked``, somebody held the database too long.
        """
        with self._lock().exclusive(purpose, timeout=self.lock_timeout, on_wait=self.log.info):
            yield from self._connected(read_only=False)

    def _lock(self) -> DatabaseLock:
        return DatabaseLock(Path(self.get_database()))

    def _connected(self, *, read_only: bool) -> Iterator[DuckDBPyConnection]:
        opener = copy.copy(self)
        opener._read_only = read_only
        connection = opener.get_conn()
        try:
            yield connection
        finally:
            connection.close()
