from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from airflow.providers.common.compat.sdk import (
    AirflowException,
    AirflowFailException,
    AirflowSensorTimeout,
    AirflowSkipException,
    TaskDeferred,
)

from airflow_landing_loader.exceptions import ErrorCode, TransientError
from airflow_landing_loader.loading.model import DbtDue
from airflow_landing_loader.runs import dbt_due
from airflow_landing_loader.sensors.landing import WaitForFilesSensor
from airflow_landing_loader.settings import Settings
from airflow_landing_loader.xcom.keys import ALARM_KEY, NEWS_KEY

if TYPE_CHECKING:
    from tests.support.zones import Zones

HELD = {"name": "a_1.csv", "token": None, "code": "x", "since": 0.0, "until": 4e9, "failed": True}
MAPPING = {"pattern": "a_*.csv", "table": "raw_a", "settle_seconds": 0}


@dataclass
class FakeTaskInstance:
    """Keeps XComs by run, task and key."""

    task_id: str = "wait"
    run_id: str = "run-2"
    previous_run: str | None = None
    xcoms: dict[tuple[str, str, str], Any] = field(default_factory=dict)

    def xcom_push(self, key: str, value: Any) -> None:
        self.xcoms[self.run_id, self.task_id, key] = value

    def xcom_pull(self, task_ids: str, key: str, run_id: str | None = None) -> Any:
        return self.xcoms.get((run_id or self.run_id, task_ids, key))

    def get_previous_dagrun(self) -> Any:
        return SimpleNamespace(run_id=self.previous_run) if self.previous_run else None


@pytest.fixture
def ti() -> FakeTaskInstance:
    return FakeTaskInstance()


@pytest.fixture
def context(ti: FakeTaskInstance) -> dict[str, Any]:
    return {"ti": ti, "run_id": ti.run_id}


@pytest.fixture
def sensor(settings: Callable[..., Settings]) -> Callable[..., WaitForFilesSensor]:
    def make(**arguments: Any) -> WaitForFilesSensor:
        from airflow.sdk import DAG

        common: dict[str, Any] = {
            "task_id": "wait",
            "dag": DAG("by_hand", schedule=None),
            "mapping": MAPPING,
            "settings": settings(lock_timeout=0.0),
            "timeout": 100.0,
            "deferrable": True,
        }
        return WaitForFilesSensor(**(common | arguments))

    return make


def deliver(zones: Zones, name: str) -> None:
    (zones.landing / name).write_text("id\n1\n")
    os.utime(zones.landing / name, (1, 1))


def deferred(task: WaitForFilesSensor, context: Any, event: Any = None) -> Any:
    """The trigger that the sensor leaves behind."""
    with pytest.raises(TaskDeferred) as caught:
        task.execute(context) if event is None else task.execute_complete(context, event)
    return caught.value.trigger


def woken(status: str = "ready", **more: Any) -> dict[str, Any]:
    return {"status": status, "deadline": time.time() + 50, "trouble_since": None, **more}


def due(monkeypatch: pytest.MonkeyPatch, *answers: Any) -> list[int]:
    """Let the warehouse say this, answer by answer."""
    asked: list[int] = []

    def answer(pipeline: Any) -> Any:
        asked.append(1)
        said = answers[min(len(asked), len(answers)) - 1]
        if isinstance(said, Exception):
            raise said
        return said

    monkeypatch.setattr(dbt_due, "all_due", answer)
    return asked


def failed_ago(seconds: float) -> tuple[DbtDue, ...]:
    at = datetime.fromtimestamp(time.time() - seconds, UTC).replace(tzinfo=None)
    return (DbtDue(table="raw_a", sequence=1, last_attempt=at),)


def test_files_that_are_there_are_taken_at_once(sensor: Any, zones: Zones, context: Any) -> None:
    deliver(zones, "a_1.csv")
    deliver(zones, "a_2.csv")
    assert sensor().execute(context) == [["a_1.csv"], ["a_2.csv"]]


def test_it_waits_in_the_triggerer_with_its_own_deadline(
    sensor: Any, zones: Zones, context: Any
) -> None:
    trigger = deferred(sensor(), context)
    assert trigger.landing_path == str(zones.landing)
    assert [m["pattern"] for m in trigger.mappings] == ["a_*.csv"]
    assert trigger.deadline == pytest.approx(time.time() + 100, abs=30)
    assert trigger.wake_at is None


def test_it_looks_again_when_it_wakes_and_keeps_its_deadline(
    sensor: Any, zones: Zones, context: Any
) -> None:
    event = woken()
    trigger = deferred(sensor(), context, event)
    assert trigger.deadline == event["deadline"]
    assert trigger.start_at >= time.time() + 5  # no loop between the two
    deliver(zones, "a_1.csv")
    assert sensor().execute_complete(context, event) == [["a_1.csv"]]


def test_the_mappings_of_now_count_when_it_wakes(sensor: Any, zones: Zones, context: Any) -> None:
    deliver(zones, "a_1.txt")
    task = sensor(mapping={**MAPPING, "pattern": "a_*.txt"})
    assert task.execute_complete(context, woken("timeout") | {"status": "ready"}) == [["a_1.txt"]]


def test_no_file_in_time(sensor: Any, context: Any) -> None:
    with pytest.raises(AirflowSkipException, match="100 seconds"):
        sensor().execute_complete(context, woken("timeout"))
    with pytest.raises(AirflowSensorTimeout):
        sensor(skip_on_timeout=False).execute_complete(context, woken("timeout"))


def test_a_zone_that_stays_away_fails_the_task(sensor: Any, context: Any) -> None:
    error = {"kind": "ErrorDetail", "code": "zone.unavailable", "message": "not mounted"}
    with pytest.raises(AirflowFailException, match="not mounted"):
        sensor().execute_complete(context, woken("error", error=error))


def test_a_zone_that_is_away_is_waited_for_with_a_pause(
    sensor: Any, zones: Zones, context: Any
) -> None:
    zones.landing.rmdir()
    trigger = deferred(sensor(), context)
    assert trigger.trouble_since == pytest.approx(time.time(), abs=30)
    assert trigger.start_at > time.time() + 30
    assert trigger.wake_at < trigger.start_at  # back to the sensor, which looks into more
    later = deferred(sensor(), context, woken(trouble_since=time.time() - 600))
    assert later.trouble_since < time.time() - 590
    with pytest.raises(AirflowFailException, match=r"zone\.unavailable"):
        sensor().execute_complete(context, woken(trouble_since=time.time() - 901))


def test_without_a_trigger_the_zone_is_waited_for_too(
    sensor: Any, zones: Zones, context: Any
) -> None:
    zones.landing.rmdir()
    task = sensor(deferrable=False)
    assert task.poke(context) is False
    task._trouble_since = time.time() - 901
    with pytest.raises(AirflowFailException):
        task.poke(context)
    with pytest.raises(AirflowException) as caught:
        sensor(deferrable=False, mode="reschedule").poke(context)
    assert not isinstance(caught.value, AirflowFailException)


def test_a_mistake_in_the_mapping_is_tried_again_slowly(sensor: Any, context: Any) -> None:
    with pytest.raises(AirflowException) as caught:
        sensor(mapping={"pattern": "a_*.csv"}).execute(context)
    assert not isinstance(caught.value, AirflowFailException)
    assert "mapping.bad_value" in str(caught.value)


class TestHeldFiles:
    def test_they_are_left_out_and_handed_on(
        self, sensor: Any, zones: Zones, context: Any, ti: Any
    ) -> None:
        deliver(zones, "a_1.csv")
        deliver(zones, "a_2.csv")
        ti.previous_run = "run-1"
        ti.xcoms["run-1", "report", "landing_held"] = [HELD]
        assert sensor(report_task_id="report").execute(context) == [["a_2.csv"]]
        assert ti.xcoms["run-2", "wait", "landing_held"] == [HELD]

    def test_the_trigger_knows_them(self, sensor: Any, zones: Zones, context: Any, ti: Any) -> None:
        deliver(zones, "a_1.csv")
        ti.previous_run = "run-1"
        ti.xcoms["run-1", "report", "landing_held"] = [HELD]
        assert deferred(sensor(report_task_id="report"), context).held == [HELD]

    def test_without_a_report_nobody_is_asked(
        self, sensor: Any, zones: Zones, context: Any, ti: Any
    ) -> None:
        deliver(zones, "a_1.csv")
        ti.previous_run = "run-1"
        ti.xcoms["run-1", "report", "landing_held"] = [HELD]
        assert sensor().execute(context) == [["a_1.csv"]]


class TestRefusedFiles:
    def test_a_new_one_ends_the_waiting_without_lanes_and_is_told_to_the_report(
        self, sensor: Any, zones: Zones, context: Any, ti: Any
    ) -> None:
        (zones.landing / "a_1.csv").mkdir()
        assert sensor(report_task_id="report").execute(context) == []
        (alarm,) = ti.xcom_pull("wait", ALARM_KEY)
        assert (alarm["name"], alarm["code"]) == ("a_1.csv", "landing.not_a_file")

    def test_a_known_one_is_waited_beside_in_all_later_runs(
        self, sensor: Any, zones: Zones, context: Any, ti: Any
    ) -> None:
        (zones.landing / "a_1.csv").mkdir()
        sensor(report_task_id="report").execute(context)
        for number in range(3, 6):
            ti.previous_run, ti.run_id = ti.run_id, f"run-{number}"
            trigger = deferred(sensor(report_task_id="report"), context)
            assert [entry["name"] for entry in trigger.refused] == ["a_1.csv"]
            assert ti.xcom_pull("wait", ALARM_KEY) is None

    def test_files_that_are_ready_go_on_beside_it(
        self, sensor: Any, zones: Zones, context: Any, ti: Any
    ) -> None:
        (zones.landing / "a_1.csv").mkdir()
        deliver(zones, "a_2.csv")
        assert sensor(report_task_id="report").execute(context) == [["a_2.csv"]]
        assert ti.xcom_pull("wait", ALARM_KEY)

    def test_without_a_report_nobody_could_tell(
        self, sensor: Any, zones: Zones, context: Any, ti: Any
    ) -> None:
        (zones.landing / "a_1.csv").mkdir()
        assert deferred(sensor(), context).refused is None


def test_what_no_run_takes_is_told_once_however_many_runs_follow(
    sensor: Any, zones: Zones, context: Any, ti: Any
) -> None:
    (zones.landing / "a_1.csv").mkdir()
    told = []
    for number in range(3, 8):
        deferred(sensor(), context)
        told.append(ti.xcom_pull("wait", NEWS_KEY))
        ti.previous_run, ti.run_id = ti.run_id, f"run-{number}"
    assert [bool(news) for news in told] == [True, False, False, False, False]


def test_what_no_mapping_matches_is_told_elsewhere(
    sensor: Any, zones: Zones, context: Any, ti: Any
) -> None:
    (zones.landing / "stranger.csv").touch()
    deferred(sensor(), context)
    assert not ti.xcom_pull("wait", NEWS_KEY)


class TestDbt:
    def test_due_ends_the_waiting_without_lanes(
        self, sensor: Any, context: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        due(monkeypatch, failed_ago(601))
        assert sensor(wake_for_dbt=True).execute(context) == []

    def test_due_later_is_waited_for(
        self, sensor: Any, context: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        due(monkeypatch, failed_ago(100))
        trigger = deferred(sensor(wake_for_dbt=True), context)
        assert trigger.wake_at == pytest.approx(time.time() + 500, abs=30)

    def test_files_come_first(
        self, sensor: Any, zones: Zones, context: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        due(monkeypatch, failed_ago(601))
        deliver(zones, "a_1.csv")
        assert sensor(wake_for_dbt=True).execute(context) == [["a_1.csv"]]

    def test_a_busy_warehouse_is_asked_again_in_ten_minutes(
        self, sensor: Any, context: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        due(monkeypatch, TransientError(ErrorCode.WAREHOUSE_LOCKED, "held by x"))
        trigger = deferred(sensor(wake_for_dbt=True), context)
        assert trigger.wake_at == pytest.approx(time.time() + 600, abs=30)
        assert trigger.trouble_since is None

    def test_it_is_asked_only_when_it_may_have_changed(
        self, sensor: Any, context: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked = due(monkeypatch, ())
        task = sensor(wake_for_dbt=True, deferrable=False)
        assert task.poke(context) is False
        assert task.poke(context) is False
        assert len(asked) == 1

    def test_nobody_asks_where_dbt_does_not_run(
        self, sensor: Any, context: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked = due(monkeypatch, failed_ago(601))
        assert deferred(sensor(), context).wake_at is None
        assert not asked


def test_lanes_never_pass_what_airflow_can_map(
    sensor: Any, zones: Zones, context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__MAX_MAP_LENGTH", "3")
    for number in range(5):
        deliver(zones, f"a_{number}.csv")
    assert len(sensor(max_lanes=5000, batch_files=1).execute(context)) == 3
