"""One DAG for each deadline, at its time, whatever the clocks do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from tests.support.airflow_homes import as_scheduled

from airflow_landing_loader.config.mapping.expectation import Expectation
from airflow_landing_loader.monitoring.windows import Windows

if TYPE_CHECKING:
    from airflow.sdk import DAG
    from tests.support.zones import Zones

LONDON = "timezone: Europe/London, days: mon-fri, calendar: GB"
ID = "landing_arrivals__0700_europe_london_mon-fri_not_gb"


def arrivals(dags: dict[str, DAG]) -> list[str]:
    return [dag_id for dag_id in dags if dag_id.startswith("landing_arrivals")]


def test_a_dag_for_each_deadline(zones: Zones, build: Callable[..., dict[str, DAG]]) -> None:
    (zones.tables / "a.yaml").write_text(
        f'a_*.csv: {{table: raw_a, expect: {{by: "07:00", {LONDON}}}}}\n'
        f'b_*.csv: {{table: raw_b, expect: {{by: "07:00", until: "09:00", {LONDON}}}}}\n'
        'c_*.csv: {table: raw_c, expect: {by: "07:00"}}\n'
        "d_*.csv: raw_d\n"
    )
    dags = build()
    assert arrivals(dags) == [ID, "landing_arrivals__0700_utc"]
    dag = dags[ID]
    assert (dag.catchup, dag.max_active_runs, dag.is_paused_upon_creation) == (False, 1, False)
    (task,) = dag.tasks
    assert [mapping.table for mapping in task.mapping] == ["raw_a", "raw_b"]
    assert (task.retries, task.retry_by_trouble) == (8, True)
    assert dag.max_consecutive_failed_dag_runs == 0  # it would silence the alarm
    for text in ("07:00 Europe/London", "`b_*.csv` for `raw_b`", "Until 09:00 they are late"):
        assert text in (dag.doc_md or "")
    (told,) = dags["landing_arrivals__0700_utc"].tasks
    assert [mapping.table for mapping in told.mapping] == ["raw_c"]


def test_a_thousand_tables_of_one_deadline_have_one(
    zones: Zones, build: Callable[..., dict[str, DAG]]
) -> None:
    lines = [f"t{n}_*.csv: {{table: t{n}, expect: {{by: '06:00'}}}}\n" for n in range(1000)]
    (zones.tables / "many.yaml").write_text("".join(lines))
    dags = build()
    assert len(dags) == 1003
    (task,) = dags["landing_arrivals__0600_utc"].tasks
    assert len(task.mapping) == 1000


def test_a_task_gets_its_dag_alone(
    zones: Zones, build: Callable[..., dict[str, DAG]], asked_for: Callable[[str, str], None]
) -> None:
    for name, by in (("a", "07:00"), ("b", "07:00"), ("c", "08:00")):
        (zones.tables / f"{name}.yaml").write_text(
            f"{name}_*.csv: {{table: {name}, expect: {{by: '{by}'}}}}\n"
        )
    asked_for("landing_arrivals__0700_utc", "check_arrivals")
    ((dag_id, dag),) = build().items()
    assert dag_id == "landing_arrivals__0700_utc"
    assert [mapping.table for mapping in dag.tasks[0].mapping] == ["a", "b"]
    asked_for("landing__c", "report")
    assert list(build()) == ["landing__c"]


def test_ids_of_their_own(
    zones: Zones, build: Callable[..., dict[str, DAG]], settings: Callable[..., Any]
) -> None:
    from airflow_landing_loader.dag_factory import build_landing_dags

    (zones.tables / "a.yaml").write_text(
        "a_*.csv: {table: arrivals__0700_utc, expect: {by: '07:00'}}\n"
    )
    # The table's DAG is another one, though it sounds alike.
    assert {"landing__arrivals__0700_utc", "landing_arrivals__0700_utc"} <= build().keys()
    for prefix, found in ((None, []), ("two__", ["two__0700_utc"])):
        dags = build_landing_dags(settings(dbt_mode="off"), arrivals_prefix=prefix)
        assert [
            dag_id for dag_id in dags if dag_id.endswith("0700_utc") and "__a" not in dag_id
        ] == found


def test_a_broken_mapping_hides_no_deadline(
    zones: Zones, build: Callable[..., dict[str, DAG]]
) -> None:
    (zones.tables / "a.yaml").write_text(
        "a_*.csv: {table: raw_a, expect: {by: '07:00'}}\n"
        "b_*.csv: {table: raw_b, expect: {by: '7 in the morning'}}\n"
    )
    assert arrivals(build()) == ["landing_arrivals__0700_utc"]


def runs(dag: DAG, after: datetime, until: datetime) -> Iterator[datetime]:
    """When Airflow's scheduler runs a DAG."""
    from airflow.timetables.base import TimeRestriction
    from pendulum import instance

    timetable = as_scheduled(dag).timetable
    earliest, last = instance(after), None
    restriction = TimeRestriction(earliest=earliest, latest=None, catchup=True)
    while True:
        info = timetable.next_dagrun_info(
            last_automated_data_interval=last, restriction=restriction
        )
        assert info is not None
        if info.run_after > until:
            return
        yield info.run_after.astimezone(UTC)
        last = info.data_interval


@pytest.mark.parametrize(
    "zone", ["Europe/London", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"]
)
@pytest.mark.parametrize("by", ["07:00", "00:30", "01:00", "01:30", "02:00", "02:15", "03:00"])
def test_it_runs_once_for_each_deadline_and_never_before(
    zones: Zones, build: Callable[..., dict[str, DAG]], zone: str, by: str
) -> None:
    """Over both changes of the clocks."""
    expect = Expectation(by=by, until="12:00", timezone=zone)
    (zones.tables / "a.yaml").write_text(
        f'a_*.csv: {{table: raw_a, expect: {{by: "{by}", until: "12:00", timezone: {zone}}}}}\n'
    )
    built = build()
    (dag_id,) = arrivals(built)
    start, end = date(2024, 1, 2), date(2024, 12, 30)
    ran = list(
        runs(
            built[dag_id],
            datetime(2024, 1, 1, 23, tzinfo=ZoneInfo(zone)),
            datetime(2024, 12, 30, 22, tzinfo=ZoneInfo(zone)),
        )
    )
    windows = [
        Windows(expect).of_day(start + timedelta(days=n)) for n in range((end - start).days + 1)
    ]
    assert len(ran) == 2 * len(windows)
    for window, first, second in zip(windows, ran[::2], ran[1::2], strict=True):
        assert window.by <= first <= window.by + timedelta(hours=1)
        assert second == window.until
        if by == "07:00":
            assert first == window.by


def test_days_of_the_week_and_of_the_day_after(
    zones: Zones, build: Callable[..., dict[str, DAG]]
) -> None:
    (zones.tables / "a.yaml").write_text(
        'a_*.csv: {table: raw_a, expect: {by: "22:00", until: "06:00", days: fri-sat}}\n'
    )
    dag = build()["landing_arrivals__2200_utc_fri-sat"]
    monday = datetime(2024, 1, 15, tzinfo=UTC)
    ran = list(runs(dag, monday, monday + timedelta(days=7)))
    assert [f"{moment:%a %H}" for moment in ran] == ["Fri 22", "Sat 06", "Sat 22", "Sun 06"]
