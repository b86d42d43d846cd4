from __future__ import annotations

import asyncio
import json
import pkgutil
import subprocess
import sys
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.runs.holdback import HeldBack, dump_held
from airflow_landing_loader.runs.refusals import Refusal, dump_refusals
from airflow_landing_loader.triggers import landing as module
from airflow_landing_loader.triggers.landing import LandingFilesTrigger

if TYPE_CHECKING:
    from tests.support.zones import Zones

START = time.time()
MAPPING = TableMapping(pattern="a_*.csv", table="raw_a", settle_seconds=0)


class Clock:
    """Time that passes only when somebody sleeps; told what to do when it does."""

    def __init__(self) -> None:
        self.now = START
        self.slept: list[float] = []
        self.at: dict[int, Callable[[], Any]] = {}

    def time(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        if seconds:
            self.slept.append(seconds)
            self.now += seconds
            self.at.pop(len(self.slept), lambda: None)()

    async def to_thread(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    fake = SimpleNamespace(sleep=clock.sleep, to_thread=clock.to_thread)
    monkeypatch.setattr(module, "asyncio", fake)
    monkeypatch.setattr(module, "time", clock)
    return clock


@pytest.fixture
def trigger(zones: Zones) -> Callable[..., LandingFilesTrigger]:
    def make(**changes: Any) -> LandingFilesTrigger:
        arguments: dict[str, Any] = {
            "landing_path": str(zones.landing),
            "mappings": [MAPPING.model_dump(mode="json")],
            "deadline": START + 100,
            "poll_interval": 10.0,
        }
        return LandingFilesTrigger(**(arguments | changes))

    return make


def event(trigger: LandingFilesTrigger) -> dict[str, Any]:
    """The only event of a trigger that went to the database and back."""
    path, arguments = trigger.serialize()
    again = pkgutil.resolve_name(path)(**json.loads(json.dumps(arguments)))

    async def collect() -> list[Any]:
        return [event.payload async for event in again.run()]

    (payload,) = asyncio.run(collect())
    found: dict[str, Any] = json.loads(json.dumps(payload))
    return found


def test_a_file_that_is_there_fires_at_once(clock: Clock, trigger: Any, zones: Zones) -> None:
    (zones.landing / "a_1.csv").write_text("id\n1\n")
    assert event(trigger())["status"] == "ready"
    assert clock.slept == []


def test_a_file_that_comes_fires_at_the_next_look(clock: Clock, trigger: Any, zones: Zones) -> None:
    clock.at[2] = lambda: (zones.landing / "a_1.csv").write_text("id\n1\n")
    assert event(trigger())["status"] == "ready"
    assert clock.slept == [10.0, 10.0]


def test_a_file_that_is_not_at_rest_is_looked_at_again_soon(
    clock: Clock, trigger: Any, zones: Zones
) -> None:
    (zones.landing / "a_1.csv").write_text("id\n1\n")
    mapping = MAPPING.model_copy(update={"settle_seconds": 3.0}).model_dump(mode="json")
    assert event(trigger(mappings=[mapping]))["status"] == "ready"
    assert set(clock.slept) == {1.0}


def test_time_is_up(clock: Clock, trigger: Any, zones: Zones) -> None:
    (zones.landing / "other.csv").write_text("id\n1\n")
    said = event(trigger(poll_interval=30.0, trouble_since=5.0))
    assert (said["status"], said["deadline"]) == ("timeout", START + 100)
    assert said["trouble_since"] == 5.0
    assert clock.slept == [30.0, 30.0, 30.0, pytest.approx(10.0)]


def test_a_moment_has_come(clock: Clock, trigger: Any) -> None:
    assert event(trigger(wake_at=START + 15))["status"] == "due"
    assert sum(clock.slept) == 20.0


def test_held_files_do_not_fire(clock: Clock, trigger: Any, zones: Zones) -> None:
    (zones.landing / "a_1.csv").write_text("id\n1\n")
    held = HeldBack(name="a_1.csv", token=None, code="x", since=0, until=START + 25, failed=True)
    assert event(trigger(held=dump_held([held])))["status"] == "ready"
    assert sum(clock.slept) == 30.0


def test_a_refused_file_fires_when_it_is_new(clock: Clock, trigger: Any, zones: Zones) -> None:
    (zones.landing / "a_1.csv").mkdir()
    known = [Refusal(name="a_1.csv", code="x", due=0, failed_at=START - 590)]
    clock.at[1] = lambda: (zones.landing / "a_2.csv").mkdir()
    assert event(trigger(refused=[]))["status"] == "refused"
    assert event(trigger(refused=dump_refusals(known)))["status"] == "refused"
    assert sum(clock.slept) == 10.0  # ten minutes after the run that failed


def test_a_refused_file_that_is_known_or_that_nobody_asks_for_does_not_fire(
    clock: Clock, trigger: Any, zones: Zones
) -> None:
    (zones.landing / "a_1.csv").mkdir()
    known = [Refusal(name="a_1.csv", code="x", due=0, failed_at=START - 5000)]
    assert event(trigger(refused=dump_refusals(known)))["status"] == "timeout"
    assert event(trigger())["status"] == "timeout"


def test_the_first_look_can_be_put_off(clock: Clock, trigger: Any, zones: Zones) -> None:
    (zones.landing / "a_1.csv").write_text("id\n1\n")
    assert event(trigger(start_at=START + 60))["status"] == "ready"
    assert clock.slept == [60.0]


def test_a_zone_that_comes_back_is_no_error(clock: Clock, trigger: Any, zones: Zones) -> None:
    zones.landing.rmdir()
    clock.at[50] = lambda: zones.landing.mkdir()
    clock.at[60] = lambda: (zones.landing / "a_1.csv").write_text("id\n1\n")
    assert event(trigger(deadline=START + 3600))["status"] == "ready"


@pytest.mark.parametrize("deadline", [60.0, 3600.0])
def test_a_zone_that_stays_away_is_an_error_after_fifteen_minutes(
    clock: Clock, trigger: Any, zones: Zones, deadline: float
) -> None:
    zones.landing.rmdir()
    said = event(trigger(deadline=START + deadline))
    assert said["status"] == "error"
    assert said["error"]["code"] == "zone.unavailable"
    assert 900 <= sum(clock.slept) <= 920


def test_one_that_was_deferred_by_an_earlier_version_goes_on(
    clock: Clock, trigger: Any, zones: Zones
) -> None:
    (zones.landing / "a_1.csv").write_text("id\n1\n")
    names = {"gcp_conn_id": "g", "gcp_impersonation_chain": "a", "aws_conn_id": "s"}
    path, arguments = trigger(**names).serialize()
    assert path == "airflow_landing_loader.triggers.landing.LandingFilesTrigger"
    assert arguments == {
        "landing_path": str(zones.landing),
        "mappings": [MAPPING.model_dump(mode="json")],
        "deadline": START + 100,
        "wake_at": None,
        "held": [],
        "refused": None,
        "start_at": 0.0,
        "trouble_since": None,
        "poll_interval": 10.0,
        **names,
        "azure_conn_id": None,
    }
    assert event(LandingFilesTrigger(**arguments))["status"] == "ready"


def test_a_connection_of_no_known_cloud_is_a_mistake(trigger: Any) -> None:
    with pytest.raises(TypeError, match="gpc_conn_id"):
        trigger(gpc_conn_id="g")


def test_it_needs_no_duckdb() -> None:
    program = (
        "import sys; before = set(sys.modules);"
        "import airflow_landing_loader.triggers.landing;"
        "print(*sorted({'duckdb', 'dbt'} & (set(sys.modules) - before)))"
    )
    output = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
    assert output.stdout.strip() == b""
