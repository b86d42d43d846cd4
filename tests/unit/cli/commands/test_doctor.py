"""`doctor` finds what is wrong and says how to mend it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from airflow_landing_loader.cli.doctor import places
from airflow_landing_loader.loading.warehouses.duckdb.lock import DatabaseLock


def _levels(cli: Any) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for check in cli("doctor", "--json").json()["checks"]:
        found.setdefault(check["topic"], []).append(check["level"])
    return found


def _check(cli: Any, topic: str, level: str) -> Any:
    document = cli("doctor", "--json").json()
    return next(c for c in document["checks"] if (c["topic"], c["level"]) == (topic, level))


def test_a_sound_installation(cli: Any) -> None:
    ran = cli("doctor")
    assert ran.code == 0
    assert "error" not in ran.out
    assert "DuckDB" in ran.out
    document = cli("doctor", "--json").json()
    assert document["ok"] is True
    assert {check["level"] for check in document["checks"]} == {"ok"}
    landing = next(row for row in document["settings"] if row["name"] == "landing_path")
    assert landing == {
        "name": "landing_path",
        "value": str(cli.zones.landing),
        "origin": "LANDING_PATH",
    }


def test_a_setting_that_nobody_has_set_takes_one_short_line(cli: Any) -> None:
    (line,) = (text for text in cli("doctor").out.splitlines() if text.split()[:1] == ["dbt_mode"])
    assert line.split() == ["dbt_mode", "auto"]


def test_after_a_load(cli: Any) -> None:
    cli.land("instruments_1.csv", "a\n1\n")
    cli("run", "--once")
    assert "opens, with our tables" in cli("doctor").out


def test_missing_settings_end_the_examination(cli: Any) -> None:
    cli.set(ARCHIVE_PATH="", FAILED_PATH="")
    ran = cli("doctor")
    assert ran.code == 3
    assert "archive_path" in ran.out
    assert "failed_path" in ran.out
    assert set(_levels(cli)) == {"version", "settings"}


def test_zones_that_are_not_there_or_no_folders(cli: Any) -> None:
    cli.zones.archive.rmdir()
    cli.zones.failed.rmdir()
    cli.zones.failed.write_text("")
    ran = cli("doctor")
    assert ran.code == 3
    assert "mkdir -p" in ran.out
    assert "is not a folder" in ran.out
    assert _levels(cli)["zone"] == ["ok", "error", "error"]


def test_a_zone_without_rights(cli: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.access
    monkeypatch.setattr(
        os, "access", lambda path, mode: path != cli.zones.archive and real(path, mode)
    )
    ran = cli("doctor")
    assert ran.code == 3
    assert f"Give this user rwx on {cli.zones.archive}" in ran.out


def test_zones_on_several_devices_are_a_warning(cli: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    real = places.Path.stat

    def elsewhere(self: Any, **options: Any) -> os.stat_result:
        status = real(self, **options)
        if self != cli.zones.archive:
            return status
        return os.stat_result([*status[:2], status.st_dev + 1, *status[3:]])

    monkeypatch.setattr(places.Path, "stat", elsewhere)
    ran = cli("doctor")
    assert ran.code == 0
    assert "archive_path lie on another device" in ran.out


def test_wrong_mappings_alone_are_the_mappings_fault(cli: Any) -> None:
    (cli.zones.tables / "bad.yaml").write_text("x\n")
    ran = cli("doctor")
    assert ran.code == 1
    assert "landing-loader validate" in ran.out
    cli.zones.archive.rmdir()
    assert cli("doctor").code == 3


def test_who_holds_the_database_is_named(cli: Any) -> None:
    database = cli.zones.root / "warehouse.duckdb"
    cli.land("instruments_1.csv", "a\n1\n")
    cli("run", "--once")
    with DatabaseLock(database).exclusive("a long load", timeout=1):
        assert "a long load" in _check(cli, "database", "warn")["message"]
    assert cli("doctor").code == 0


def test_a_database_that_is_none(cli: Any) -> None:
    (cli.zones.root / "warehouse.duckdb").write_text("no database at all, just text " * 500)
    ran = cli("doctor")
    assert ran.code == 3
    assert "warehouse.unavailable" in ran.out


def test_a_database_that_is_a_folder(cli: Any) -> None:
    (cli.zones.root / "warehouse.duckdb").mkdir()
    ran = cli("doctor")
    assert ran.code == 3
    assert "warehouse.unavailable" in ran.out


def test_a_folder_that_cannot_hold_the_database(cli: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.access
    monkeypatch.setattr(
        os, "access", lambda path, mode: path != cli.zones.root and real(path, mode)
    )
    assert "set DUCKDB_PATH" in _check(cli, "database", "error")["mend"]


def test_dbt_without_a_project(cli: Any) -> None:
    cli.set(AIRFLOW__LANDING_LOADER__DBT_PROJECT_PATH=str(cli.zones.root / "nowhere"))
    ran = cli("doctor")
    assert ran.code == 3
    assert "dbt_project.yml" in _check(cli, "dbt", "error")["message"]


def test_dbt_without_a_manifest_is_a_warning(cli: Any) -> None:
    project = cli.zones.root / "dbt"
    project.mkdir()
    (project / "dbt_project.yml").write_text("name: p\nprofile: p\n")
    (project / "profiles.yml").write_text("p: {target: dev, outputs: {dev: {type: duckdb}}}\n")
    cli.set(AIRFLOW__LANDING_LOADER__DBT_PROJECT_PATH=str(project))
    ran = cli("doctor")
    assert ran.code == 0
    assert "dbt parse" in _check(cli, "dbt", "warn")["mend"]


def test_a_pool_that_is_configured_has_to_be_made(cli: Any) -> None:
    cli.set(AIRFLOW__LANDING_LOADER__DUCKDB_POOL="writer")
    ran = cli("doctor")
    assert ran.code == 0
    assert "airflow pools set writer 1" in ran.out


def test_hostile_values_of_settings_are_escaped(cli: Any) -> None:
    cli.set(LANDING_PATH=str(cli.zones.root / "\x1b[31m\n[red]"))
    ran = cli("doctor")
    assert ran.code == 3
    assert "\x1b" not in ran.out + ran.err


def test_it_says_which_airflow_cfg_counts_and_what_it_hides(cli: Any, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (tmp_path / "airflow.cfg").write_text(f"[landing_loader]\nlanding_path = {other}\n")
    cli.set(AIRFLOW_HOME=str(tmp_path))
    document = cli("doctor", "--json").json()
    rows = {row["name"]: row for row in document["settings"]}
    assert rows["landing_path"]["origin"] == "airflow.cfg [landing_loader]"
    assert f"{tmp_path}/airflow.cfg was read" in _check(cli, "settings", "ok")["message"]
    hidden = _check(cli, "settings", "warn")
    assert "LANDING_PATH is set and does not count" in hidden["message"]
    cli.set(AIRFLOW__LANDING_LOADER__LANDING_PATH=str(cli.zones.landing))
    assert _levels(cli)["settings"] == ["ok", "warn"]


def test_an_airflow_cfg_with_a_section_twice_is_explained(cli: Any, tmp_path: Path) -> None:
    (tmp_path / "airflow.cfg").write_text("[landing_loader]\n[core]\n[landing_loader]\n")
    cli.set(AIRFLOW_HOME=str(tmp_path))
    ran = cli("doctor")
    assert ran.code == 3
    assert f"{tmp_path}/airflow.cfg:3: airflow.cfg has a second section" in ran.out
    assert "put both into one [landing_loader]" in ran.out
