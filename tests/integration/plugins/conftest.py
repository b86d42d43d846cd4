"""Airflow's API server in this process, with two tables."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from tests.support.api import (
    FERNET_KEY,
    SECRET,
    Api,
    BooksOfTest,
    forget_dags,
    forget_runs,
    read_dag_files,
)
from tests.support.fernet import fernet_keys
from tests.support.zones import Zones

CHECKOUT = Path(__file__).parents[3]
LOADER = CHECKOUT / "dags" / "landing.py"
FAB = "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"
MAPPINGS = "a_*.csv: raw_a\nb_*.csv: raw_b\n"


def settings_of(zones: Zones) -> dict[str, str]:
    """The environment of an API server whose loader works on these zones."""
    return {
        **{
            f"{name.upper()}_PATH": str(getattr(zones, name))
            for name in ("landing", "archive", "failed")
        },
        "TABLE_CONFIG_PATH": str(zones.tables),
        "DUCKDB_PATH": str(zones.root / "warehouse.duckdb"),
        "AIRFLOW__LANDING_LOADER__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__API_AUTH__JWT_SECRET": SECRET,
    }


@pytest.fixture(scope="session")
def environment(
    zones_in: Callable[[Path], Zones], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """What the server finds in its environment, while a test asks it."""
    zones = zones_in(tmp_path_factory.mktemp("api"))
    (zones.tables / "tables.yaml").write_text(MAPPINGS)
    return settings_of(zones)


@pytest.fixture(scope="session")
def airflow_api(airflow_db: Path, environment: dict[str, str]) -> Api:
    """The server; ``landing__raw_a``, ``landing__raw_b``, and the DAG of actions are there."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        from airflow.api_fastapi.app import create_app

        # Other tests of this process have read theirs into the same database.
        forget_dags()
        read_dag_files()
        return Api(create_app(apps="core"), BooksOfTest())


@pytest.fixture
def api(
    airflow_api: Api, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Api]:
    """The server, which has no runs and reads empty books."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    from airflow_landing_loader.plugins.api.services import Books
    from airflow_landing_loader.plugins.landing_loader import LandingLoaderPlugin

    forget_runs()
    books = BooksOfTest()
    app = LandingLoaderPlugin.fastapi_apps[0]["app"].app()
    before = app.state.open_books
    app.state.open_books = lambda: Books(executions=books, quality=books)
    with fernet_keys(FERNET_KEY):
        yield Api(airflow_api.airflow, books)
    app.state.open_books = before


@dataclass(frozen=True)
class FabServer:
    """A server of its own, with FAB and below a prefix.

    :param tokens: by name of a user; `tests.support.fab_server.USERS` has their roles.
    """

    base_url: str
    tokens: dict[str, str]

    def asking(self, name: str | None, **headers: str) -> httpx.Client:
        """A client of a user; ``None``: of nobody."""
        shown = {"authorization": f"Bearer {self.tokens[name]}"} if name else {}
        return httpx.Client(base_url=self.base_url, headers={**shown, **headers}, timeout=60)


@pytest.fixture(scope="session")
def fab(
    zones_in: Callable[[Path], Zones], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FabServer]:
    """The server; ``landing__raw_a``, ``landing__raw_b``, and the DAG of actions are there."""
    home = tmp_path_factory.mktemp("fab")
    zones = zones_in(home / "zones")
    dags = home / "dags"
    dags.mkdir()
    shutil.copy(LOADER, dags / "landing.py")
    (zones.tables / "tables.yaml").write_text(MAPPINGS)
    environment = {
        **os.environ,
        **settings_of(zones),
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__FERNET_KEY": FERNET_KEY,
        "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
        "AIRFLOW__CORE__AUTH_MANAGER": FAB,
    }
    with (home / "server.log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "tests.support.fab_server", home],
            env=environment,
            cwd=CHECKOUT,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    try:
        assert server.stdout is not None
        for line in server.stdout:
            if line.startswith('{"base_url"'):
                yield FabServer(**json.loads(line))
                break
        else:
            raise AssertionError((home / "server.log").read_text())
    finally:
        server.terminate()
        server.communicate()
