"""Opening the database: the lock file first, then DuckDB, and errors in our own words."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    stop_after_delay,
    wait_random_exponential,
)

from airflow_landing_loader.exceptions import ErrorCode, LandingError, TransientError
from airflow_landing_loader.loading.reading.disagreement import reader_disagrees
from airflow_landing_loader.loading.warehouses.constraints import broken_constraint
from airflow_landing_loader.loading.warehouses.duckdb.ledger import Ledger
from airflow_landing_loader.loading.warehouses.duckdb.lock import DatabaseLock, Wait

Connection = duckdb.DuckDBPyConnection

MEMORY_PER_THREAD = 256_000_000
"""Bytes. DuckDB keeps what it has written in memory as long as it may, so that without a bound a
load takes more the larger its file is; with this one it is as fast (docs/benchmarks.md)."""

# In errors of several kinds: at a COMMIT it is a fatal one.
_NO_ROOM = ("No space left", "Disk quota", "File too large", "max_temp_directory_size")
_HELD_BY = re.compile(r"Conflicting lock is held in (.+?) \(PID (\d+)\)")


@dataclass(frozen=True, kw_only=True)
class SessionOptions:
    """How the database is opened.

    :param lock_timeout: seconds to wait for another process before a transient error.
    :param memory_limit: DuckDB's own setting such as ``"1GB"``; ``None``: :data:`MEMORY_PER_THREAD`
        for each thread, and DuckDB's own default (80 % of the machine's) for what that does not do.
    :param threads: DuckDB's own setting; ``None`` leaves its default.
    :param on_wait: told who is waited for, once in a while.
    """

    lock_timeout: float = 300.0
    memory_limit: str | None = None
    threads: int | None = None
    on_wait: Callable[[str], None] | None = None


@contextmanager
def writing(database: Path, options: SessionOptions, purpose: str) -> Iterator[Connection]:
    """Hold the database alone, with our tables in place.

    :param purpose: shown to whoever waits meanwhile.
    :raises TransientError: another process holds it longer than ``lock_timeout``, or it cannot be
        opened.
    """
    _make_folder(database)
    lock = DatabaseLock(database)
    with lock.exclusive(purpose, timeout=options.lock_timeout, on_wait=options.on_wait):
        con = _connect(database, options, read_only=False, timeout=options.lock_timeout)
        try:
            Ledger(con).ensure_tables()
            yield con
        finally:
            con.close()


@contextmanager
def reading(
    database: Path, options: SessionOptions, *, timeout: float | None = None
) -> Iterator[Connection | None]:
    """Hold the database with other readers; ``None`` if there is no database yet.

    :param timeout: seconds to wait, ``lock_timeout`` unless told otherwise.
    :raises TransientError: a writer holds it longer than that.
    """
    lock = DatabaseLock(database)
    if not os.path.lexists(lock.database):  # a link to itself is there, and is no database
        yield None
        return
    wait = options.lock_timeout if timeout is None else timeout
    with lock.shared("reading", timeout=wait, on_wait=options.on_wait):
        con = _connect(database, options, read_only=True, timeout=wait)
        try:
            yield con
        finally:
            con.close()


def lift_memory_bound(con: Connection, options: SessionOptions) -> bool:
    """Let DuckDB take what it would by itself; whether that is more than it may now.

    A record of many megabytes or a table with a large index needs more than the bound.
    """
    if options.memory_limit is not None:
        return False
    limit = "SELECT current_setting('memory_limit')"
    before = con.execute(limit).fetchone()
    con.execute("RESET memory_limit")
    return con.execute(limit).fetchone() != before


def translate(error: duckdb.Error, *, file: str | None = None) -> LandingError:
    """Return our error for one of DuckDB's, without its text where that may hold cell values."""
    text = str(error)
    if isinstance(error, duckdb.OutOfMemoryException) or "failed to allocate" in text:
        return TransientError(
            ErrorCode.WAREHOUSE_UNAVAILABLE,
            "DuckDB ran out of memory",
            hint="Raise [landing_loader] duckdb_memory_limit, or load fewer files at a time.",
            file=file,
        )
    if any(word in text for word in _NO_ROOM):
        return TransientError(
            ErrorCode.WAREHOUSE_DISK_FULL,
            "no room is left for the database",
            hint="Free space beside it on its disk: the database's own file does not shrink. Loads "
            "go on by themselves afterwards.",
            file=file,
        )
    if isinstance(error, duckdb.IOException):
        return _translate_io(text, file)
    if isinstance(error, duckdb.ConstraintException):
        return broken_constraint(text, file=file)
    if isinstance(error, duckdb.InvalidInputException | duckdb.ConversionException):
        return reader_disagrees(file=file, value=text)
    return TransientError(
        ErrorCode.WAREHOUSE_UNAVAILABLE,
        f"DuckDB failed with {type(error).__name__}",
        hint="Look at the database file with `landing-loader doctor`.",
        file=file,
        value=text,
    )


def _translate_io(text: str, file: str | None) -> TransientError:
    held = _HELD_BY.search(text)
    if held or "Could not set lock" in text:
        holder = f"{held[1]} (process {held[2]})" if held else "another process"
        return TransientError(
            ErrorCode.WAREHOUSE_LOCKED,
            f"the database is open in {holder}",
            hint="Close it there; loads go on by themselves afterwards.",
            file=file,
        )
    return TransientError(
        ErrorCode.WAREHOUSE_UNAVAILABLE,
        "the database cannot be read or written",
        hint="Look at it with `landing-loader doctor`.",
        file=file,
        value=text,
    )


def _make_folder(database: Path) -> None:
    try:
        database.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TransientError(
            ErrorCode.WAREHOUSE_UNAVAILABLE,
            f"the folder of the database cannot be made: {error.strerror}",
            hint="Set DUCKDB_PATH to a place that can be written.",
            file=str(database),
        ) from error


def _connect(
    database: Path, options: SessionOptions, *, read_only: bool, timeout: float
) -> Connection:
    waiting = Wait(timeout, options.on_wait)

    def say(state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, duckdb.Error):
            waiting.report(lambda: translate(error).detail.message)

    attempts = Retrying(
        retry=retry_if_exception(_is_lock_conflict),
        stop=stop_after_delay(timeout),
        wait=wait_random_exponential(multiplier=0.05, max=2),
        before_sleep=say,
        reraise=True,
    )
    try:
        return attempts(_open, database, options, read_only)
    except duckdb.Error as error:
        raise translate(error) from error


def _open(database: Path, options: SessionOptions, read_only: bool) -> Connection:
    config: dict[str, str | bool | int | float | list[str]] = {}
    if options.memory_limit is not None:
        config["memory_limit"] = options.memory_limit
    if options.threads is not None:
        config["threads"] = options.threads
    con = duckdb.connect(str(database), read_only=read_only, config=config)
    con.execute("SET enable_progress_bar = false")
    con.execute("SET autoinstall_known_extensions = false")  # no code comes over the network
    if options.memory_limit is None:
        _bound_memory(con)
    return con


def _bound_memory(con: Connection) -> None:
    row = con.execute(
        "SELECT least(parse_formatted_bytes(current_setting('memory_limit')), "
        "?::BIGINT * current_setting('threads'))",
        [MEMORY_PER_THREAD],
    ).fetchone()
    assert row is not None
    con.execute(f"SET memory_limit = '{row[0]}B'")


def _is_lock_conflict(error: BaseException) -> bool:
    return isinstance(error, duckdb.IOException) and "lock" in str(error)
