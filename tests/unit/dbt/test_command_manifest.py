"""The manifest that is written, and what has to be there before dbt is run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from tests.support.dbt_stub import raised

from airflow_landing_loader.dbt import command as dbt_command
from airflow_landing_loader.dbt.command import (
    lock_conflict,
    relations,
    require_dbt,
    run_dbt,
    write_manifest,
)
from airflow_landing_loader.exceptions import ErrorCode
from airflow_landing_loader.loading.warehouses.duckdb.lock import DatabaseLock
from airflow_landing_loader.settings import Settings


class TestManifest:
    def target(self, configured: Settings) -> Path:
        return Path(str(configured.dbt_project_path), "target")

    def test_written(self, configured: Settings, dbt: Callable[[str], None]) -> None:
        dbt('assert arguments[1:3] == ["dbt.cli.main", "parse"]; stub.manifest("new")')
        assert write_manifest(configured) == self.target(configured) / "manifest.json"
        assert (self.target(configured) / "manifest.json").read_text() == "new"
        assert sorted(p.name for p in self.target(configured).iterdir()) == [
            "manifest.json",
            "partial_parse.msgpack",
        ]

    def test_a_refused_project_keeps_the_earlier_one(
        self, configured: Settings, dbt: Callable[[str], None]
    ) -> None:
        self.target(configured).mkdir()
        (self.target(configured) / "manifest.json").write_text("old")
        dbt('stub.manifest("half"); print("Parsing Error in models"); sys.exit(2)')
        error = raised(lambda: write_manifest(configured))
        assert error.code is ErrorCode.DBT_FAILED
        assert "Parsing Error in models" in str(error)
        assert [p.name for p in self.target(configured).iterdir()] == ["manifest.json"]
        assert (self.target(configured) / "manifest.json").read_text() == "old"

    def test_it_needs_no_database(self, configured: Settings, dbt: Callable[[str], None]) -> None:
        dbt("stub.manifest()")
        with DatabaseLock(Path(configured.duckdb_path)).exclusive("a load", timeout=0):
            write_manifest(configured)


class TestSurroundings:
    def test_dbt_is_not_installed(
        self, configured: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        require_dbt()
        monkeypatch.setattr(dbt_command.importlib.util, "find_spec", lambda name: None)
        for call in (
            require_dbt,
            lambda: run_dbt(configured, ["raw_a"]),
            lambda: write_manifest(configured),
        ):
            assert raised(call).code is ErrorCode.DBT_NOT_INSTALLED

    def test_no_project(self, configured: Settings) -> None:
        elsewhere = replace(configured, dbt_project_path="/nowhere")
        assert raised(lambda: run_dbt(elsewhere, ["raw_a"])).code is ErrorCode.SETTINGS_BAD_VALUE

    def test_relations(self, configured: Settings) -> None:
        with duckdb.connect(configured.duckdb_path) as connection:
            connection.execute("CREATE SCHEMA Raw")
            connection.execute("CREATE TABLE Raw.Trades (a VARCHAR)")
            connection.execute("CREATE VIEW Stg AS SELECT 1 AS a")
        assert relations(configured) == {("main", "raw_a"), ("raw", "trades"), ("main", "stg")}

    def test_relations_without_a_database(self, configured: Settings) -> None:
        Path(configured.duckdb_path).unlink()
        assert relations(configured) == frozenset()

    def test_other_errors_are_no_lock_conflict(self) -> None:
        assert lock_conflict("Binder Error: no such table lock") is None
