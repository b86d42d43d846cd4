"""Fixtures for all tests, and a surrounding in which no test can touch this machine's Airflow."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings as hypothesis_settings

from airflow_landing_loader.settings import PREFIX, Settings, options
from tests.support.zones import Zones

CHECKOUT = Path(__file__).parents[1]

# Before anything imports Airflow, which writes to AIRFLOW_HOME as soon as it is imported.
_HOME = tempfile.mkdtemp(prefix="landing-loader-tests-")
atexit.register(shutil.rmtree, _HOME, ignore_errors=True)
for _name in list(os.environ):
    if _name.startswith(PREFIX) or _name in {v for o in options() for v in o.variables}:
        del os.environ[_name]
os.environ.update(
    AIRFLOW_HOME=_HOME,
    AIRFLOW__CORE__LOAD_EXAMPLES="False",
    AIRFLOW__CORE__DAGS_FOLDER=f"{_HOME}/dags",
    AIRFLOW__COSMOS__ENABLE_TELEMETRY="False",
    DBT_SEND_ANONYMOUS_USAGE_STATS="False",
    DO_NOT_TRACK="1",
)

# No deadlines: two workers share two cores, and a slow example is no bug.
hypothesis_settings.register_profile("local", deadline=None)
hypothesis_settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
hypothesis_settings.register_profile("thorough", deadline=None, max_examples=5000)
hypothesis_settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "local")
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The end-to-end tests start when the rest is done: they need the machine for themselves."""
    folder = CHECKOUT / "tests" / "end_to_end"
    items.sort(key=lambda item: item.path.is_relative_to(folder))


@pytest.fixture(scope="session")
def zones_in() -> Callable[[Path], Zones]:
    """Makes empty zones and a mapping folder in a folder, for more tests than one."""

    def make(root: Path) -> Zones:
        made = Zones(
            root=root,
            landing=root / "landing",
            archive=root / "archive",
            failed=root / "failed",
            tables=root / "tables",
        )
        for folder in (made.landing, made.archive, made.failed, made.tables):
            folder.mkdir(parents=True)
        return made

    return make


@pytest.fixture
def zones(tmp_path: Path, zones_in: Callable[[Path], Zones]) -> Zones:
    """Empty zones and a mapping folder under ``tmp_path / "zones"``."""
    return zones_in(tmp_path / "zones")


@pytest.fixture
def settings(zones: Zones) -> Callable[..., Settings]:
    """Factory of settings on ``zones`` with a database beside them; arguments override options."""

    def make(**overrides: Any) -> Settings:
        chosen: dict[str, Any] = {
            "landing_path": str(zones.landing),
            "archive_path": str(zones.archive),
            "failed_path": str(zones.failed),
            "table_config_path": str(zones.tables),
            "duckdb_path": str(zones.root / "warehouse.duckdb"),
        }
        return Settings(**(chosen | overrides))

    return make


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real deliveries beside the checkout; the test is skipped where it is absent."""
    folder = CHECKOUT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no real deliveries in {folder}")
    return folder
