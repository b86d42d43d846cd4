"""What has not come by its deadline is told by a DAG, once; its runs go well."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from airflow_landing_loader.config.mapping.reader import read_mappings
from airflow_landing_loader.loading.model import ArrivalRecord
from airflow_landing_loader.loading.warehouses.duckdb.lock import DatabaseLock
from airflow_landing_loader.loading.warehouses.opening import open_warehouse
from airflow_landing_loader.monitoring.expected import look
from airflow_landing_loader.storage.opening import open_zones
from airflow_landing_loader.xcom import values

if TYPE_CHECKING:
    from tests.support.dag_runs import Lab, Run

RETURNED = ("check_arrivals", "return_value")


def clock(ago: timedelta) -> str:
    """A time of day, UTC."""
    return f"{datetime.now(UTC) - ago:%H:%M}"


def expecting(name: str, by: timedelta, until: timedelta, more: str = "") -> str:
    """A mapping whose files were due so long ago, and missing from so long ago on."""
    times = f'by: "{clock(by)}", until: "{clock(until)}"'
    keys = f"{{table: raw_{name}, settle_seconds: 0, grace_seconds: 0, expect: {{{times}{more}}}}}"
    return f"{name}_*.csv: {keys}\n"


def minutes(number: int) -> timedelta:
    return timedelta(minutes=number)


def watched_since_yesterday(lab: Lab) -> None:
    """Look as somebody did yesterday."""
    warehouse = open_warehouse(lab.settings, open_zones(lab.settings))
    mappings = read_mappings(Path(lab.settings.table_config_path)).mappings
    found = look(warehouse, mappings, datetime.now(UTC) - timedelta(days=1), timedelta())
    warehouse.record_arrivals(found.news)


def check(lab: Lab, notify: Any = None) -> Run:
    """Run the DAG of the only deadline."""
    from tests.support.dag_runs import forget_tasks

    from airflow_landing_loader.dag_factory import build_landing_dags

    forget_tasks()
    (dag_id,) = [i for i in build_landing_dags(lab.settings) if i.startswith("landing_arrivals")]
    dag = lab.dag_with_id(dag_id)
    dag.tasks[0].notify = notify
    return lab.run(dag)


def told(run: Run) -> list[tuple[str, str]]:
    """What a run has told: table and outcome."""
    records = [values.load(fields) for fields in run.xcoms[RETURNED]]
    assert all(isinstance(record, ArrivalRecord) for record in records)
    return [(record.table_name, record.outcome) for record in records]


def kept(lab: Lab) -> list[tuple[str, str]]:
    with duckdb.connect(lab.settings.duckdb_path) as con:
        return con.execute(
            "SELECT table_name, outcome FROM load_arrivals WHERE outcome != 'expected' ORDER BY ALL"
        ).fetchall()


def test_late_and_too_small_is_told_at_the_deadline(
    lab: Lab, capfd: pytest.CaptureFixture[str]
) -> None:
    times = (minutes(10), timedelta(hours=-11))
    lab.mapping(
        expecting("none", *times)
        + expecting("small", *times, ", rows: {min: 2}")
        + expecting("good", *times)
    )
    lab.deliver("small_1.csv")
    lab.deliver("good_1.csv")
    for table in ("raw_small", "raw_good"):
        assert lab.run(table).state == "success"
    with duckdb.connect(lab.settings.duckdb_path) as con:
        con.execute("UPDATE load_metadata SET completed_at = completed_at - INTERVAL 1 HOUR")
    capfd.readouterr()
    first = check(lab)
    assert first.state == "success"
    assert told(first) == [("raw_none", "late"), ("raw_small", "wrong")]
    output = "".join(capfd.readouterr())
    assert "small_1.csv has 1 row, at least 2 expected" in output
    assert kept(lab) == []
    again = check(lab)
    assert (again.state, told(again)) == ("success", [])
    lab.deliver("none_1.csv")
    assert lab.run("raw_none").state == "success"
    assert told(check(lab)) == []


def test_what_is_missing_at_the_end_is_told_again_and_written(lab: Lab) -> None:
    lab.mapping(expecting("gone", minutes(10), minutes(5)))
    watched_since_yesterday(lab)
    calls: list[Sequence[ArrivalRecord]] = []
    run = check(lab, lambda context, records: calls.append(records))
    assert told(run) == [("raw_gone", "missing")]
    assert [[r.outcome for r in records] for records in calls] == [["missing"]]
    assert kept(lab) == [("raw_gone", "missing")]
    assert told(check(lab, lambda context, records: calls.append(records))) == []
    assert len(calls) == 1
    lab.deliver("gone_1.csv")
    assert lab.run("raw_gone").state == "success"
    mended = check(lab).xcoms[RETURNED]
    assert [entry["mended_at"] is not None for entry in mended] == [True]


def test_what_could_not_be_told_is_told_by_the_next_run(lab: Lab) -> None:
    lab.mapping(expecting("mute", minutes(10), minutes(5)))
    watched_since_yesterday(lab)

    def fails(context: Any, records: Any) -> None:
        raise RuntimeError("no way to anybody")

    assert check(lab, fails).state == "failed"
    assert kept(lab) == [("raw_mute", "missing")]
    assert told(check(lab)) == [("raw_mute", "missing")]
    assert told(check(lab)) == []


def test_a_check_that_cannot_look_fails_and_tells_nothing_untrue(lab: Lab) -> None:
    lab.mapping(expecting("busy", minutes(10), timedelta(hours=-11)))
    lab.deliver("busy_1.csv")
    assert lab.run("raw_busy").state == "success"
    with DatabaseLock(Path(lab.settings.duckdb_path)).exclusive("a long load", timeout=0):
        run = check(lab)
    assert run.state == "failed"
    assert RETURNED not in run.xcoms
    (error,) = run.xcoms[("check_arrivals", "landing_error")]["errors"]
    assert (error["code"], error["transient"]) == ("warehouse.locked", True)
    assert "a long load" in error["message"]


def test_an_unknown_calendar_fails_and_the_others_are_told(
    lab: Lab, capfd: pytest.CaptureFixture[str]
) -> None:
    times = (minutes(10), timedelta(hours=-11), ", calendar: ZZZZ")
    lab.mapping(expecting("odd", *times))
    run = check(lab)
    assert run.state == "failed"
    assert run.xcoms[RETURNED] == []
    assert "mapping.unknown_calendar" in "".join(capfd.readouterr())
