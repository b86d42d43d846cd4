"""Where each option comes from, and that nothing is missing or unknown."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.seeds import SEEDS, build, refused

from airflow_landing_loader.exceptions import ConfigurationError, ErrorCode
from airflow_landing_loader.settings import (
    PREFIX,
    Settings,
    from_airflow_conf,
    from_environment,
    options,
)


def test_the_seeds_variables_keep_their_names_and_meaning(tmp_path: Path) -> None:
    settings = build(
        tmp_path,
        LOADER_BACKEND="duckdb",
        LOADER_WORKERS="4",
        DUCKDB_PATH="./warehouse.duckdb",
        GCP_PROJECT="p",
        BQ_DATASET="raw",
        STAGING_BUCKET="gs://my-bucket/",
    )
    assert settings == Settings(
        landing_path=f"{tmp_path}/landing",
        archive_path=f"{tmp_path}/archive",
        failed_path=f"{tmp_path}/failed",
        table_config_path=f"{tmp_path}/tables",
        loader_backend="duckdb",
        loader_workers=4,
        duckdb_path=f"{tmp_path}/warehouse.duckdb",
        gcp_project="p",
        bq_dataset="raw",
        staging_bucket="gs://my-bucket/",
    )


def test_the_seeds_defaults(tmp_path: Path) -> None:
    settings = build(tmp_path)
    assert settings.loader_backend == "duckdb"
    assert settings.loader_workers == 1
    assert settings.duckdb_path == f"{tmp_path}/dev.duckdb"


def test_every_option_has_its_airflow_variable_and_it_wins(tmp_path: Path) -> None:
    values = {
        "loader_backend": "duckdb",
        "dbt_mode": "shared",
        "dbt_profile": "connection",
        "duckdb_memory_limit": "2GB",
        "show_values": "true",
        "dags_are_paused_at_creation": "false",
        **{option.name: "7 70" for option in options() if option.name.startswith("retry_waits_")},
    }
    environ = dict(SEEDS)
    for option in options():
        text = values.get(option.name, "7" if option.type_ != "string" else f"own_{option.name}")
        environ[PREFIX + option.name.upper()] = text
        if option.seed:
            environ[option.name.upper()] = "9" if option.type_ == "integer" else "seed"
    settings = from_environment(environ, base=tmp_path)
    for row, option in zip(settings.describe(), options(), strict=True):
        assert row.origin == option.variables[0]
        assert "seed" not in row.value
        assert row.value != "9"
    assert settings.loader_workers == 7
    assert settings.show_values is True
    assert settings.landing_path == f"{tmp_path}/own_landing_path"


def test_the_section_wins_over_the_bare_variable(tmp_path: Path) -> None:
    settings = from_airflow_conf(
        {"landing_path": "/from/cfg", "loader_workers": "3"},
        SEEDS | {"LOADER_WORKERS": "9"},
        base=tmp_path,
    )
    assert (settings.landing_path, settings.loader_workers) == ("/from/cfg", 3)
    assert settings.archive_path == f"{tmp_path}/archive"


def test_an_argument_wins_over_every_place(tmp_path: Path) -> None:
    settings = from_airflow_conf(
        {"landing_path": "/from/cfg"},
        SEEDS | {f"{PREFIX}LANDING_PATH": "/from/variable"},
        base=tmp_path,
        overrides={"landing_path": "mine", "archive_path": ""},
    )
    rows = {row.name: row for row in settings.describe()}
    assert (settings.landing_path, rows["landing_path"].origin) == (f"{tmp_path}/mine", "argument")
    assert rows["archive_path"].origin == "ARCHIVE_PATH"


def test_an_unknown_argument_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        from_airflow_conf({}, SEEDS, base=tmp_path, overrides={"landing": "mine"})
    assert caught.value.code is ErrorCode.SETTINGS_BAD_VALUE


def test_describe_says_where_each_value_came_from(tmp_path: Path) -> None:
    environ = SEEDS | {f"{PREFIX}LOADER_WORKERS": "2"}
    section = {"loader_workers": "2", "dbt_source": "raw"}
    rows = {r.name: r for r in from_airflow_conf(section, environ, base=tmp_path).describe()}
    assert [o.name for o in options()] == list(rows)
    assert rows["landing_path"].origin == "LANDING_PATH"
    assert rows["landing_path"].value == f"{tmp_path}/landing"
    assert rows["loader_workers"].origin == "AIRFLOW__LANDING_LOADER__LOADER_WORKERS"
    assert rows["dbt_source"].origin == "airflow.cfg [landing_loader]"
    assert (rows["duckdb_pool"].value, rows["duckdb_pool"].origin) == ("not set", "default")


@pytest.mark.parametrize("variable", [f"{PREFIX}LANDING_PATH", "LANDING_PATH"])
def test_an_empty_value_counts_as_not_set(tmp_path: Path, variable: str) -> None:
    environ = SEEDS | {"LANDING_PATH": "seed", f"{PREFIX}LANDING_PATH": "own"} | {variable: "  "}
    settings = from_environment(environ, base=tmp_path)
    assert settings.landing_path == f"{tmp_path}/{'seed' if variable.startswith(PREFIX) else 'own'}"


def test_airflow_variables_are_expanded_as_airflow_does(tmp_path: Path) -> None:
    environ = SEEDS | {
        "DATA": "/data",
        f"{PREFIX}LANDING_PATH": "$DATA/in",
        f"{PREFIX}ARCHIVE_PATH": "${DATA}/done",
        f"{PREFIX}FAILED_PATH": "/data/$UNKNOWN",
    }
    settings = from_environment(environ, base=tmp_path)
    assert settings.landing_path == "/data/in"
    assert settings.archive_path == "/data/done"
    assert settings.failed_path == "/data/$UNKNOWN"


def test_missing_ones_are_all_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        from_environment({"ARCHIVE_PATH": "a", "LANDING_PATH": ""}, base=tmp_path)
    detail = caught.value.detail
    assert caught.value.code is ErrorCode.SETTINGS_MISSING
    assert "landing_path, failed_path, table_config_path" in detail.message
    assert "archive" not in detail.message
    assert "LANDING_PATH=/data/landing" in str(detail.hint)
    assert "[landing_loader] of airflow.cfg" in str(detail.hint)


@pytest.mark.parametrize("mode", ["per_table", "shared"])
def test_a_dbt_mode_needs_a_project(tmp_path: Path, mode: str) -> None:
    error = refused(tmp_path, **{f"{PREFIX}DBT_MODE": mode})
    assert error.code is ErrorCode.SETTINGS_MISSING
    assert f"dbt_mode is {mode}" in error.detail.message
    assert "AIRFLOW__LANDING_LOADER__DBT_PROJECT_PATH=" in str(error.detail.hint)


def test_an_unknown_option_is_refused_with_a_guess(tmp_path: Path) -> None:
    error = refused(tmp_path, **{f"{PREFIX}LANDING_PAHT": "/data"})
    assert error.code is ErrorCode.SETTINGS_BAD_VALUE
    assert "no option landing_paht" in error.detail.message
    assert "Did you mean landing_path?" in str(error.detail.hint)
    assert "duckdb_path" not in str(error.detail.hint)
    assert "duckdb_path" in str(refused(tmp_path, **{f"{PREFIX}ZEBRA": "x"}).detail.hint)


def test_bigquery_needs_project_dataset_and_bucket(tmp_path: Path) -> None:
    error = refused(tmp_path, LOADER_BACKEND="bigquery", GCP_PROJECT="p")
    assert error.code is ErrorCode.SETTINGS_MISSING
    assert "bq_dataset, staging_bucket (loader_backend is bigquery)" in error.detail.message
