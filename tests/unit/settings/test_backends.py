"""The table of warehouses: each is complete, and everybody who goes by it knows each."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_landing_loader.cli.doctor import database
from airflow_landing_loader.exceptions import ConfigurationError, ErrorCode
from airflow_landing_loader.loading.warehouses import opening
from airflow_landing_loader.settings import (
    BACKENDS,
    BackendName,
    Settings,
    from_environment,
    options,
)

ZONES = {
    f"{name.upper()}_PATH": f"/data/{name}"
    for name in ("landing", "archive", "failed", "table_config")
}
BY_NAME = {option.name: option for option in options()}


def test_each_can_be_opened_and_examined() -> None:
    assert set(opening._OPENERS) == set(BACKENDS)
    assert set(database._EXAMINERS) == set(BACKENDS)
    assert BY_NAME["loader_backend"].choices == tuple(BACKENDS)


@pytest.mark.parametrize("name", BACKENDS)
def test_what_a_warehouse_needs_is_missed_and_then_says_where_rows_go(
    name: BackendName, tmp_path: Path
) -> None:
    backend = BACKENDS[name]
    environ = ZONES | {"LOADER_BACKEND": name}
    values = {need: str(BY_NAME[need].example) for need in backend.needs}
    for missing in backend.needs:
        others = {need.upper(): text for need, text in values.items() if need != missing}
        with pytest.raises(ConfigurationError) as refused:
            from_environment(environ | others, base=tmp_path)
        assert refused.value.code is ErrorCode.SETTINGS_MISSING
        assert f"{missing} (loader_backend is {name})" in refused.value.detail.message
    given = {need.upper(): text for need, text in values.items()}
    settings = from_environment(environ | given, base=tmp_path)
    assert settings.capabilities is backend.capabilities
    places = [str(getattr(settings, option)) for option in backend.place]
    assert settings.warehouse_name == ".".join(places)
    told = settings.dbt_environment()
    assert told["LOADER_BACKEND"] == name
    assert set(told) <= {"LOADER_BACKEND", *(option.upper() for option in backend.told)}
    assert {option.upper() for option in backend.place} <= set(told)


@pytest.mark.parametrize("name", BACKENDS)
def test_a_pool_is_for_those_who_write_one_by_one(name: BackendName) -> None:
    settings = Settings(
        landing_path="/l",
        archive_path="/a",
        failed_path="/f",
        table_config_path="/t",
        loader_backend=name,
        duckdb_pool="writers",
    )
    one_by_one = BACKENDS[name].capabilities.single_writer
    assert settings.writer_pool == ("writers" if one_by_one else None)
