"""Whatever is broken around them, all commands end with a text and a known exit code."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from typing import Any

import pytest


def _move_away(cli: Any, zone: str, content: str | None) -> None:
    folder = getattr(cli.zones, zone)
    shutil.rmtree(folder)
    if content is not None:
        folder.write_text(content)


def _mapping_is_a_fifo(cli: Any) -> None:
    (cli.zones.tables / "tables.yaml").unlink()
    os.mkfifo(cli.zones.tables / "tables.yaml")


def _no_settings(cli: Any) -> None:
    for name in ("LANDING", "ARCHIVE", "FAILED", "TABLE_CONFIG", "DUCKDB"):
        cli.monkeypatch.delenv(f"{name}_PATH")


def _set(**variables: str) -> Callable[[Any], None]:
    return lambda cli: cli.set(
        **{name: text.replace("ROOT", str(cli.zones.root)) for name, text in variables.items()}
    )


BROKEN: dict[str, Callable[[Any], object]] = {
    "no settings at all": _no_settings,
    "landing missing": lambda cli: _move_away(cli, "landing", None),
    "archive missing": lambda cli: _move_away(cli, "archive", None),
    "archive is a file": lambda cli: _move_away(cli, "archive", ""),
    "failed is a file": lambda cli: _move_away(cli, "failed", ""),
    "zones are one": _set(ARCHIVE_PATH="ROOT/landing"),
    "zones are nested": _set(ARCHIVE_PATH="ROOT/landing/archive"),
    "zone in the cloud": _set(LANDING_PATH="gs://bucket/landing"),
    "mappings missing": lambda cli: _move_away(cli, "tables", None),
    "mappings are a file": lambda cli: _move_away(cli, "tables", "a_*.csv: raw_a"),
    "mappings are binary": lambda cli: (cli.zones.tables / "tables.yaml").write_bytes(
        bytes(range(256))
    ),
    "mappings are all wrong": lambda cli: (cli.zones.tables / "tables.yaml").write_text("a: [\n"),
    "mapping is a FIFO": _mapping_is_a_fifo,
    "database is text": lambda cli: (cli.zones.root / "warehouse.duckdb").write_text(
        "text " * 2000
    ),
    "database is a folder": lambda cli: (cli.zones.root / "warehouse.duckdb").mkdir(),
    "database folder is a file": _set(DUCKDB_PATH="ROOT/tables/tables.yaml/x.duckdb"),
    "database in a zone": _set(DUCKDB_PATH="ROOT/landing/x.duckdb"),
    "lock is a folder": lambda cli: (cli.zones.root / "warehouse.duckdb.lock").mkdir(),
    "workers is a word": _set(LOADER_WORKERS="many"),
    "unknown option": _set(AIRFLOW__LANDING_LOADER__LANDING_PAHT="x"),
    "backend is not there yet": _set(LOADER_BACKEND="bigquery"),
    "dbt project missing": _set(AIRFLOW__LANDING_LOADER__DBT_PROJECT_PATH="nowhere"),
    "dbt without project": _set(AIRFLOW__LANDING_LOADER__DBT_MODE="per_table"),
    "a path too long": _set(LANDING_PATH="/" + "x" * 5000),
    "a NUL in a path": _set(LANDING_PATH="ROOT/%00"),
}
COMMANDS = [
    ["run", "--once"],
    ["validate"],
    ["list"],
    ["list", "--json"],
    ["check", "instruments_1.csv"],
    ["check", "instruments_1.csv", "--json"],
    ["status"],
    ["status", "--json"],
    ["replay", "instruments_9.csv"],
    ["discard", "instruments_9.csv", "--reason", "none"],
    ["doctor"],
    ["doctor", "--json"],
]


@pytest.mark.parametrize("kind", BROKEN)
def test_never_a_trace_whatever_is_broken(cli: Any, kind: str) -> None:
    cli.land("instruments_1.csv", "a\n1\n")
    cli.land("instruments_9.csv", "a\n1\n", failed=True)
    BROKEN[kind](cli)
    codes = {}
    for arguments in COMMANDS:
        ran = cli(*arguments)
        codes[arguments[0]] = ran.code
        assert ran.code in (0, 1, 3), arguments
        assert ran.out or ran.err, arguments
        assert "internal.unexpected" not in ran.out + ran.err, arguments
        if "--json" in arguments:
            assert ran.json(), arguments
    assert codes["doctor"] in (1, 3)
    assert codes["run"] in (1, 3)
    assert cli("schema").code == 0
