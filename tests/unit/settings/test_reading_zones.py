"""Zones and the database: none lies in another, by whatever name."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.seeds import SEEDS, build, refused

from airflow_landing_loader.exceptions import ConfigurationError, ErrorCode
from airflow_landing_loader.settings import from_environment


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("data", "data"),
        ("data", "data/"),
        ("data", "./data/."),
        ("data", "data/archive"),
        ("data/a/b/c", "data"),
        ("data", "other/../data/deep"),
        ("data", "link"),
        ("data", "link/below"),
        ("link", "link2"),
    ],
)
@pytest.mark.parametrize("pair", [("LANDING_PATH", "FAILED_PATH"), ("FAILED_PATH", "ARCHIVE_PATH")])
def test_zones_must_not_overlap(
    tmp_path: Path, first: str, second: str, pair: tuple[str, str]
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "link").symlink_to("data")
    (tmp_path / "link2").symlink_to("link")
    error = refused(tmp_path, **{pair[0]: first, pair[1]: second})
    assert error.code is ErrorCode.SETTINGS_ZONES_OVERLAP
    assert all(name.lower() in error.detail.message for name in pair)


def test_dot_dot_after_a_symlink_means_what_the_system_means(tmp_path: Path) -> None:
    # By name link/../landing is tmp_path/landing; to the system it is deep/landing.
    (tmp_path / "deep" / "inner").mkdir(parents=True)
    (tmp_path / "link").symlink_to("deep/inner")
    settings = build(tmp_path, ARCHIVE_PATH="link/../landing")
    assert settings.archive_path == f"{tmp_path}/deep/landing"
    error = refused(tmp_path, ARCHIVE_PATH="link/../landing", FAILED_PATH="deep")
    assert error.code is ErrorCode.SETTINGS_ZONES_OVERLAP


@pytest.mark.parametrize("name", ["landing", "landing-2", "xlanding", "land"])
def test_names_that_only_look_alike_do_not_overlap(tmp_path: Path, name: str) -> None:
    settings = build(tmp_path, LANDING_PATH="landing/x", ARCHIVE_PATH=f"other/{name}")
    assert settings.archive_path.endswith(name)


@pytest.mark.parametrize("database", ["landing/dev.duckdb", "failed/deep/dev.duckdb", "archive"])
def test_the_database_lies_in_no_zone(tmp_path: Path, database: str) -> None:
    error = refused(tmp_path, DUCKDB_PATH=database)
    assert error.code is ErrorCode.SETTINGS_ZONES_OVERLAP
    assert "duckdb_path" in error.detail.message


def test_the_database_lies_in_no_zone_by_a_link_either(tmp_path: Path) -> None:
    (tmp_path / "landing").mkdir()
    (tmp_path / "dev.duckdb").symlink_to("landing/real.duckdb")
    assert refused(tmp_path).code is ErrorCode.SETTINGS_ZONES_OVERLAP


NAMES = st.lists(st.sampled_from(["a", "b", "..", "."]), min_size=1, max_size=4).map("/".join)


@given(first=NAMES, second=NAMES)
def test_overlap_agrees_with_the_file_system(
    first: str, second: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    base = Path("/nowhere/p/q/r/s")
    one, other = (Path(os.path.normpath(base / name)) for name in (first, second))
    environ = SEEDS | {
        "LANDING_PATH": first,
        "ARCHIVE_PATH": second,
        "FAILED_PATH": "/elsewhere/failed",
        "DUCKDB_PATH": "/elsewhere/dev.duckdb",
    }
    if one.is_relative_to(other) or other.is_relative_to(one):
        with pytest.raises(ConfigurationError) as caught:
            from_environment(environ, base=base)
        assert caught.value.code is ErrorCode.SETTINGS_ZONES_OVERLAP
    else:
        settings = from_environment(environ, base=base)
        assert (settings.landing_path, settings.archive_path) == (str(one), str(other))


def test_zones_in_a_bucket_must_not_lie_in_one_another(tmp_path: Path) -> None:
    error = refused(tmp_path, LANDING_PATH="gs://b/in", ARCHIVE_PATH="gs://b/in/archive")
    assert error.code is ErrorCode.SETTINGS_ZONES_OVERLAP
