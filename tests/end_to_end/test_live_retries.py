"""Retries by the sort of trouble, under a live Airflow whose zones lie in a store that has some.

The store notes when it is asked, so that what is waited is seen on every version of Airflow; the
number of tries is Airflow's own from 3.3 on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from rich.console import Console
from tests.support.emulators import running
from tests.support.emulators.buckets import S3Bucket, lasting
from tests.support.troubled_server import Bad, Troubled, troubled

from airflow_api import AirflowApi, Task
from airflow_home import Playground, PrivateAirflow, free_port
from airflow_landing_loader.version_compat import WAITS_AS_TOLD
from waiting import Waiter

SECONDS = 900.0
DAG_ID = "landing__raw_live"
SECTION = "AIRFLOW__LANDING_LOADER__"
NETWORK = [1, 2, 4, 8, 16]
TIMEOUT = [3, 6]
ASKED_FOR = 5
_SLOW_DOWN = b"<Error><Code>SlowDown</Code><Message>later</Message></Error>"
_FAILS = b"<Error><Code>InternalError</Code><Message>sorry</Message></Error>"


@dataclass(frozen=True)
class Stage:
    airflow: PrivateAirflow
    store: Troubled
    bucket: S3Bucket


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    playground = Playground(tmp_path_factory.mktemp("retries"))
    playground.create(wipe=False)
    tables = playground.root / "tables"
    tables.mkdir()
    (tables / "live.yaml").write_text("live_*.csv: raw_live\n")
    with (
        running.s3(tmp_path_factory.mktemp("store")) as emulator,
        troubled(emulator.url) as store,
        pytest.MonkeyPatch.context() as patch,
    ):
        for name, value in emulator.environ.items():
            patch.setenv(name, value)
        bucket = S3Bucket("retries-bucket")
        options = {
            **{f"{SECTION}{z.upper()}_PATH": f"{bucket.uri}/{z}" for z in ("landing", "archive")},
            f"{SECTION}FAILED_PATH": f"{bucket.uri}/failed",
            f"{SECTION}TABLE_CONFIG_PATH": str(tables),
            f"{SECTION}DBT_MODE": "off",
            f"{SECTION}RETRY_WAITS_TIMEOUT": ", ".join(map(str, TIMEOUT)),
            "AWS_ENDPOINT_URL_S3": store.url,
            # The client's own tries are not what is looked at here.
            "AWS_MAX_ATTEMPTS": "1",
        }
        made = PrivateAirflow(playground, port=free_port(), options=options)
        try:
            yield Stage(made, store, bucket)
        finally:
            made.stop()


@pytest.fixture(scope="module")
def ended(stage: Stage) -> dict[str, Task]:
    """How the files were validated in the run that met the trouble, by name."""
    waiter = Waiter(Console(), seconds=SECONDS, check=stage.airflow.check)
    stage.store.bad = {
        "live_network.csv": [Bad(500, body=_FAILS)] * (len(NETWORK) + 1),
        "live_limit.csv": [Bad(429, {"Retry-After": str(ASKED_FOR)}, _SLOW_DOWN)] * 3,
        "live_timeout.csv": [Bad(504)] * (len(TIMEOUT) + 1),
        "live_broken.csv": [],
    }
    for name in stage.store.bad:
        content = 'id\n"1\n' if name == "live_broken.csv" else f"id\n{name}\n"
        stage.bucket.put(f"landing/{name}", content)
    stage.airflow.begin_preparing()
    waiter.until("Airflow's database is made", stage.airflow.preparing)
    stage.airflow.start_servers()
    api = AirflowApi(stage.airflow.url)
    waiter.until("Airflow's api server answers", api.silent)
    stage.airflow.start_workers()
    waiter.until("All files have an end", lambda: ", ".join(unfinished(stage.bucket)))
    first = next(run for run in api.runs(DAG_ID) if run.state in ("success", "failed"))
    tasks = [task for task in api.tasks(first) if task.task_id == "file.validate"]
    return {str(task.label): task for task in tasks}


def unfinished(bucket: S3Bucket) -> set[str]:
    """What is not yet where it belongs."""
    good = {f"archive/live_{name}.csv" for name in ("network", "limit", "timeout")}
    bad = {"failed/live_broken.csv", "failed/live_broken.csv.error.json"}
    return set(lasting(bucket)) ^ (good | bad)


def tries(number: int) -> int:
    """What Airflow counts: before 3.3 the waits for another machine lie within one try."""
    return number if WAITS_AS_TOLD else 1


def waited(stage: Stage, name: str, least: list[int]) -> None:
    seconds = stage.store.waits(name)[: len(least)]
    assert len(seconds) == len(least)
    assert all(real >= told for real, told in zip(seconds, least, strict=True)), seconds


def test_the_network_has_five_retries(stage: Stage, ended: dict[str, Task]) -> None:
    task = ended["live_network.csv"]
    waited(stage, "live_network.csv", NETWORK)
    # Then it is left to the next run, as other files that could not be read.
    assert (task.state, task.try_number) == ("skipped", tries(6))


def test_a_rate_limit_waits_as_it_is_asked_to(stage: Stage, ended: dict[str, Task]) -> None:
    task = ended["live_limit.csv"]
    waited(stage, "live_limit.csv", [ASKED_FOR] * 3)
    assert (task.state, task.try_number) == ("success", tries(4))


def test_settings_say_the_retries_of_a_timeout(stage: Stage, ended: dict[str, Task]) -> None:
    task = ended["live_timeout.csv"]
    waited(stage, "live_timeout.csv", TIMEOUT)
    assert (task.state, task.try_number) == ("skipped", tries(3))


def test_a_wrong_file_has_one_try(stage: Stage, ended: dict[str, Task]) -> None:
    task = ended["live_broken.csv"]
    assert (task.state, task.try_number) == ("failed", 1)


def test_nothing_is_lost(stage: Stage, ended: dict[str, Task]) -> None:
    answer = stage.airflow.run("landing-loader", "status")
    assert answer.returncode == 0, answer.stderr
    for name in ended:
        assert name in answer.stdout
    log = Path(stage.airflow.playground.logs, "triggerer.log").read_text()
    assert "Traceback" not in log
