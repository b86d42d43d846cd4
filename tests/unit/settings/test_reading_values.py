"""What each option may be: nothing wrong gets past the builders."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.seeds import SEEDS, build, refused

from airflow_landing_loader.exceptions import ConfigurationError, ErrorCode
from airflow_landing_loader.settings import PREFIX, from_environment, options


@pytest.mark.parametrize(
    ("option", "text", "said"),
    [
        ("loader_workers", "0", "whole number of 1 or more"),
        ("loader_workers", "-1", "whole number of 1 or more"),
        ("loader_workers", "1.5", "whole number"),
        ("loader_workers", "1_0", "whole number"),
        ("loader_workers", "٣", "whole number"),
        ("loader_workers", "9" * 5000, "whole number of 1 or more"),
        ("lock_timeout", "-0.1", "number of 0 or more"),
        ("lock_timeout", "nan", "number of 0 or more"),
        ("lock_timeout", "inf", "number of 0 or more"),
        ("lock_timeout", "9" * 400, "number of 0 or more"),
        ("lock_timeout", "5 minutes", "number of 0 or more"),
        ("poll_interval", "0", "number of 1 or more"),
        ("show_values", "yes", "true and false"),
        ("dbt_mode", "per-table", "Did you mean per_table?"),
        ("dbt_mode", "SHARED", "Did you mean shared?"),
        ("loader_backend", "duckdbb", "Did you mean duckdb?"),
        ("duckdb_memory_limit", "lots", "write it like 2GB"),
        ("duckdb_memory_limit", "2GB'; DROP TABLE t; --", "write it like 2GB"),
        ("retry_waits_network", "1s 2s", "write it like 1 2 4 8 16"),
        ("retry_waits_network", "-1", "write it like 1 2 4 8 16"),
        ("retry_waits_timeout", "1;2", "write it like 10 20 40"),
        ("retry_waits_rate_limit", "100000", "write it like 60 60 60"),
        ("retry_waits_other", " ".join(["1"] * 31), "write it like 10 20 40"),
        ("landing_path", "ftp://host/landing", "s3://bucket/prefix, az://bucket/prefix"),
        ("archive_path", "GS://bucket//x", "gs://bucket/prefix"),
        ("archive_path", "s3://bucket/../x", "s3://bucket/prefix"),
        ("failed_path", "file:///data/failed", "without a scheme"),
        ("table_config_path", "gs://bucket/tables", "without a scheme"),
        ("duckdb_path", ":memory:", "name a local file"),
        ("duckdb_path", "md:my_db", "name a local file"),
        ("landing_path", "~nobody-has-this-name/x", "home folder is not known"),
    ],
)
def test_bad_values_say_what_is_allowed(tmp_path: Path, option: str, text: str, said: str) -> None:
    error = refused(tmp_path, **{PREFIX + option.upper(): text})
    assert error.code is ErrorCode.SETTINGS_BAD_VALUE
    assert said in error.detail.message
    assert f"{PREFIX}{option.upper()}: {option} is" in error.detail.message
    assert error.detail.key_path == option


def test_all_bad_values_are_named_at_once(tmp_path: Path) -> None:
    error = refused(tmp_path, LOADER_WORKERS="many", **{f"{PREFIX}SHOW_VALUES": "maybe"})
    assert "LOADER_WORKERS: loader_workers is 'many'" in error.detail.message
    assert "AIRFLOW__LANDING_LOADER__SHOW_VALUES: show_values is 'maybe'" in error.detail.message


@pytest.mark.parametrize("text", ["true", "T", "1", "True"])
def test_true_is_spelt_as_in_airflow(tmp_path: Path, text: str) -> None:
    assert build(tmp_path, **{f"{PREFIX}SHOW_VALUES": text}).show_values is True


@pytest.mark.parametrize("text", ["false", "F", "0", "False"])
def test_false_is_spelt_as_in_airflow(tmp_path: Path, text: str) -> None:
    assert build(tmp_path, **{f"{PREFIX}SHOW_VALUES": text}).show_values is False


def test_paths_become_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    settings = build(
        tmp_path / "base",
        LANDING_PATH="./data//landing/",
        ARCHIVE_PATH="~/archive",
        FAILED_PATH="/var/failed/",
        TABLE_CONFIG_PATH="../tables",
    )
    assert settings.landing_path == f"{tmp_path}/base/data/landing"
    assert settings.archive_path == f"{tmp_path}/home/archive"
    assert settings.failed_path == "/var/failed"
    assert settings.table_config_path == f"{tmp_path}/tables"


def test_a_symlink_stays_one_so_that_a_mount_can_be_swapped(tmp_path: Path) -> None:
    (tmp_path / "v1").mkdir()
    (tmp_path / "..data").symlink_to("v1")
    settings = build(tmp_path, TABLE_CONFIG_PATH="..data")
    assert settings.table_config_path == f"{tmp_path}/..data"


ANY_TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=12)


@given(
    st.dictionaries(
        st.sampled_from([v for o in options() for v in o.variables]),
        ANY_TEXT,
    )
)
def test_any_text_is_taken_or_refused_in_words(environ: dict[str, str]) -> None:
    with suppress(ConfigurationError):
        settings = from_environment({v: f"/{v}" for v in SEEDS} | environ, base=Path("/base"))
        assert all(getattr(settings, o.name).startswith("/") for o in options() if o.required)


def test_zones_in_a_bucket_are_kept_as_they_are(tmp_path: Path) -> None:
    settings = build(
        tmp_path,
        LANDING_PATH="GS://bucket/landing/",
        ARCHIVE_PATH="gs://bucket/archive",
        FAILED_PATH="s3://bucket/failed/",
    )
    assert settings.landing_path == "gs://bucket/landing"
    assert settings.archive_path == "gs://bucket/archive"
    assert settings.failed_path == "s3://bucket/failed"


@pytest.mark.parametrize("bucket", ["gs://bucket/folder", "b", "s3://bucket"])
def test_the_staging_bucket_is_a_bucket(tmp_path: Path, bucket: str) -> None:
    error = refused(
        tmp_path,
        LOADER_BACKEND="bigquery",
        GCP_PROJECT="p",
        BQ_DATASET="raw",
        STAGING_BUCKET=bucket,
    )
    assert (error.code, error.detail.key_path) == (
        ErrorCode.SETTINGS_BAD_VALUE,
        "staging_bucket",
    )
