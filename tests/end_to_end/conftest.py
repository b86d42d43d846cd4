"""One live Airflow for the tests of the whole: scheduler, triggerer, dag processor, api server.

Tests of people's rights start others, by ``tests.support.live_airflow``.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser
from rich.console import Console
from tests.support import statsd
from tests.support.browser import chromium

from airflow_api import AirflowApi
from airflow_home import Playground, PrivateAirflow, free_port
from starting import start
from waiting import Waiter

# Two minutes on two idle cores; this is for a machine where others work too.
SECONDS = 900.0


@pytest.fixture(scope="session")
def playground(tmp_path_factory: pytest.TempPathFactory) -> Playground:
    """Empty zones, and room for everything else."""
    made = Playground(tmp_path_factory.mktemp("live"))
    made.create(wipe=False)
    return made


@pytest.fixture(scope="session")
def numbers() -> Iterator[statsd.StatsD]:
    """What the live Airflow's processes tell of themselves."""
    with statsd.listening() as server:
        yield server


@pytest.fixture(scope="session")
def airflow(playground: Playground, numbers: statsd.StatsD) -> Iterator[PrivateAirflow]:
    """An Airflow that is being started; afterwards nothing of it may be left."""
    made = PrivateAirflow(playground, port=free_port(), options=numbers.options)
    try:
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="session")
def waiter(airflow: PrivateAirflow) -> Waiter:
    """Waits for conditions as long as Airflow lives."""
    return Waiter(Console(), seconds=SECONDS, check=airflow.check)


@pytest.fixture(scope="session")
def api(airflow: PrivateAirflow, waiter: Waiter) -> AirflowApi:
    """The REST API of the healthy Airflow."""
    return start(airflow, waiter)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium; of a module, because other modules may use coroutines."""
    with chromium() as started:
        yield started
