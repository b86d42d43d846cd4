"""The DuckDB database: can it be opened, who holds it, are our tables in it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from airflow_landing_loader.cli.doctor.check import Check
from airflow_landing_loader.exceptions import ErrorCode, TransientError
from airflow_landing_loader.loading.warehouses.duckdb.lock import DatabaseLock
from airflow_landing_loader.settings import Settings

_PATIENCE = 1.0


def duckdb_checks(settings: Settings) -> Iterator[Check]:
    """The database file, its folder, its lock and its tables."""
    database = Path(settings.duckdb_path)
    yield _folder(database)
    lock = DatabaseLock(database)
    if lock.path.exists() and not lock.path.is_file():
        yield Check(
            topic="database",
            level="error",
            message=f"{lock.path} is in the place of the lock file and is none",
            mend="Remove it.",
        )
        return
    if lock.database.is_symlink():  # all links on the way are resolved, but for a circle
        yield Check(
            topic="database",
            level="error",
            message=f"{database} is a link that leads to itself",
            mend="Remove it, or set DUCKDB_PATH to another place.",
        )
        return
    if not database.exists():
        yield Check(topic="database", level="ok", message=f"{database} is made by the first load")
        return
    if not os.access(database, os.R_OK | os.W_OK):
        yield Check(
            topic="database",
            level="error",
            message=f"{database} cannot be read and written",
            mend=f"Give this user rw on {database}.",
        )
        return
    holder = lock.holder()
    if holder is not None:
        yield Check(
            topic="database",
            level="warn",
            message=f"{database} is held by {holder.text()}",
            mend="Loads wait for it; it frees itself when that process ends.",
        )
        return
    yield from _opened(database)


def _folder(database: Path) -> Check:
    folder = next(parent for parent in database.parents if parent.exists())
    if os.access(folder, os.W_OK | os.X_OK):
        return Check(topic="database", level="ok", message=f"{folder} can be written")
    return Check(
        topic="database",
        level="error",
        message=f"{folder} cannot be written: DuckDB keeps its log and we keep the lock there",
        mend=f"Give this user rwx on {folder}, or set DUCKDB_PATH to another place.",
    )


def _opened(database: Path) -> Iterator[Check]:
    import duckdb

    from airflow_landing_loader.loading.warehouses.duckdb import SessionOptions, session
    from airflow_landing_loader.loading.warehouses.duckdb.ledger import Ledger

    try:
        with session.reading(database, SessionOptions(lock_timeout=_PATIENCE)) as con:
            books = None if con is None else Ledger(con)
            has_tables = books is not None and books.has_tables()
            loads = len(books.recent_loads(1)) if books is not None and has_tables else 0
    except duckdb.Error as error:
        yield Check.of_error("database", session.translate(error))
        return
    except TransientError as error:
        check = Check.of_error("database", error)
        held = error.code is ErrorCode.WAREHOUSE_LOCKED  # loads wait for whoever holds it
        yield replace(check, level="warn") if held else check
        return
    tables = "with our tables" if has_tables else "without our tables; the first load makes them"
    empty = "" if loads or not has_tables else ", nothing loaded yet"
    yield Check(topic="database", level="ok", message=f"{database} opens, {tables}{empty}")
