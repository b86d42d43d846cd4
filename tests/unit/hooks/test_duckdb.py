from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from airflow_landing_loader.exceptions import ConfigurationError, TransientError
from airflow_landing_loader.hooks.duckdb import LandingDuckDBHook
from airflow_landing_loader.loading.warehouses.duckdb.lock import DatabaseLock


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute("CREATE TABLE t AS SELECT 1 AS n")
    return path


def test_reading_is_shared_and_read_only(database: Path) -> None:
    hook = LandingDuckDBHook(database=str(database), lock_timeout=0)
    lock = DatabaseLock(database)
    with hook.reading() as con:
        assert con.execute("SELECT n FROM t").fetchall() == [(1,)]
        with pytest.raises(duckdb.InvalidInputException):
            con.execute("INSERT INTO t VALUES (2)")
        with lock.shared("another reader", timeout=0):
            pass
        with pytest.raises(TransientError), lock.exclusive("a load", timeout=0):
            pass
    with lock.exclusive("a load", timeout=0):
        pass


def test_writing_is_alone_and_says_what_for(database: Path) -> None:
    hook = LandingDuckDBHook(database=str(database), lock_timeout=0)
    with hook.writing("monthly correction") as con:
        con.execute("INSERT INTO t VALUES (2)")
        holder = DatabaseLock(database).holder()
        assert holder is not None
        assert holder.purpose == "monthly correction"
        with pytest.raises(TransientError, match="monthly correction"), hook.reading():
            pass
    with hook.reading() as con:
        assert con.execute("SELECT count(*) FROM t").fetchall() == [(2,)]


def test_the_lock_is_free_after_an_error(database: Path) -> None:
    hook = LandingDuckDBHook(database=str(database), lock_timeout=0)
    with pytest.raises(duckdb.CatalogException), hook.writing("a mistake") as con:
        con.execute("SELECT * FROM nowhere")
    assert DatabaseLock(database).holder() is None


def test_the_database_comes_from_a_connection(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = {"conn_type": "duckdb", "host": str(database)}
    monkeypatch.setenv("AIRFLOW_CONN_MINE", json.dumps(connection))
    assert LandingDuckDBHook("mine").get_database() == str(database)


def test_without_one_it_is_the_loaders_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LANDING", "ARCHIVE", "FAILED"):
        monkeypatch.setenv(f"{name}_PATH", str(tmp_path / name))
    monkeypatch.setenv("TABLE_CONFIG_PATH", str(tmp_path / "tables"))
    monkeypatch.setenv("DUCKDB_PATH", str(tmp_path / "own.duckdb"))
    assert LandingDuckDBHook().get_database() == str(tmp_path / "own.duckdb")


@pytest.mark.parametrize("database", [":memory:", "md:warehouse"])
def test_what_is_no_file_cannot_be_locked(database: str) -> None:
    with pytest.raises(ConfigurationError), LandingDuckDBHook(database=database).reading():
        pass
