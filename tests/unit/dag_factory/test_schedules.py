"""A DAG whose schedule changes goes on: no run is due on a date that another run has."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pendulum
import pytest
from airflow.serialization import serialized_objects
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from tests.support.zones import Zones

from airflow_landing_loader.dag_factory import build_landing_dags
from airflow_landing_loader.dag_factory.defaults import START_DATE
from airflow_landing_loader.settings import Settings

# Airflow 3.1 has the one, later ones the other.
_module: Any = serialized_objects
_Serialized: Any = getattr(_module, "DagSerialization", None) or _module.SerializedDAG
MAPPINGS = {
    "continuous": "a_*.csv: raw_a\n",
    "hourly": "a_*.csv: {table: raw_a, schedule: hourly}\n",
    "cron": 'a_*.csv: {table: raw_a, schedule: "*/20 * * * *"}\n',
    "broken": "a_*.csv: {table: raw_a, on_duplicate: never}\n",
}


@pytest.fixture(scope="module")
def now() -> list[datetime]:
    """What Airflow takes for the time."""
    return [START_DATE]


@pytest.fixture
def timetables(
    zones: Zones,
    settings: Callable[..., Settings],
    now: list[datetime],
    monkeypatch: pytest.MonkeyPatch,
) -> dict[str, Any]:
    """The scheduler's timetables of one table's DAG, by what its mapping says."""
    from airflow.timetables import simple, trigger

    found = {}
    for name, text in MAPPINGS.items():
        (zones.tables / "a.yaml").write_text(text)
        dag = build_landing_dags(settings(), unmatched_dag_id=None)["landing__raw_a"]
        found[name] = _Serialized.from_dict(_Serialized.to_dict(dag)).timetable
    monkeypatch.setattr(simple.timezone, "utcnow", lambda: pendulum.instance(now[0]))
    monkeypatch.setattr(trigger, "utcnow", lambda: pendulum.instance(now[0]))
    return found


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    changes=st.lists(
        st.tuples(st.sampled_from(sorted(MAPPINGS)), st.integers(1, 90)), min_size=2, max_size=8
    )
)
def test_no_run_is_due_on_a_date_that_another_run_has(
    timetables: dict[str, Any], now: list[datetime], changes: list[tuple[str, int]]
) -> None:
    from airflow.timetables.base import TimeRestriction

    earliest = pendulum.instance(START_DATE)
    restriction = TimeRestriction(earliest=earliest, latest=None, catchup=False)
    now[0] = START_DATE + timedelta(days=1)
    last, dates = None, set()
    for name, minutes in changes:
        until = now[0] + timedelta(minutes=minutes)
        while now[0] < until:
            due = timetables[name].next_dagrun_info(
                last_automated_data_interval=last, restriction=restriction
            )
            if due.run_after <= now[0]:
                assert due.logical_date not in dates, name
                dates.add(due.logical_date)
                last = due.data_interval
            now[0] += timedelta(minutes=5, seconds=7 if name == "continuous" else 0)
