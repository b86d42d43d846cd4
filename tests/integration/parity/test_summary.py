"""The summary tells what the books hold, whatever it was carried on from, on every warehouse."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support import worlds

from airflow_landing_loader.codec import adapter_of
from airflow_landing_loader.loading.history import LoadQuery
from airflow_landing_loader.loading.ledger.tables import now
from airflow_landing_loader.loading.operations import ExecutionRecord
from airflow_landing_loader.loading.summary import DAYS, Summary, TableSummary
from airflow_landing_loader.loading.warehouses.duckdb import kept_summary
from airflow_landing_loader.loading.warehouses.duckdb.lock import DatabaseLock
from airflow_landing_loader.maintenance.replaying import bring_back

GOOD = ("id,x\n1,a\n", "id,x\n1,a\n2,b\n", "id,x,venue\n1,a,L\n", "id,x,venue,tick\n1,a,L,2\n")
BAD = 'id,x\n"1'
EXECUTION_COLUMNS = [
    *("id", "pipeline_id", "org_id", "status", "layer", "config", "result", "error"),
    *("records_processed", "records_failed", "size_bytes", "duration_ms"),
    *("started_at", "completed_at"),
]
METRIC_COLUMNS = [
    *("id", "pipeline_id", "org_id", "execution_id", "layer", "metric_type", "count", "severity"),
    *("details", "timestamp"),
]

WHAT = st.sampled_from(["deliver", "deliver", "deliver", "unload", "replay", "promote"])
STEPS = st.lists(
    st.tuples(WHAT, st.sampled_from("ab"), st.integers(1, 2), st.sampled_from([*GOOD, BAD])),
    min_size=1,
    max_size=6,
)


def told(table: TableSummary) -> TableSummary:
    """A summary without what differs from one warehouse to the other by its nature."""
    last = table.last_load and replace(table.last_load, load_id="", completed_at=now().min)
    failure = table.last_failure and replace(table.last_failure, recorded_at=now().min)
    at = now().min
    return replace(
        table,
        mark="",
        last_load=last,
        last_failure=failure,
        drift=tuple(replace(d, first_at=at, last_at=at) for d in table.drift),
    )


def step(side: worlds.Side, what: str, letter: str, number: int, content: str) -> None:
    warehouse = side.pipeline.warehouse
    table = f"raw_{letter}"
    if what == "deliver":
        side.deliver(f"{letter}_{number}.csv", content)
        side.run()
    elif what == "unload":
        for load in warehouse.overview(100).loads:
            if load.table_name == table and load.removed_sequence is None:
                warehouse.unload(load.load_id)
                break
    elif what == "replay":
        zones = side.pipeline.zones
        names = [n for n in zones.failed.list().names if not n.endswith(".error.json")]
        if names and not side.folder("landing").joinpath(names[0]).exists():
            bring_back(names[:1], zones=zones, ledger=lambda: warehouse)
            side.folder("landing").joinpath(names[0]).unlink()
    else:
        found = [t for t in warehouse.summary().tables if t.table == table and t.drift]
        if found:
            warehouse.promote(table, found[0].drift[0].name, None)


def told_of(summary: TableSummary) -> dict[str, Any]:
    """What a summary says of a table, as far as rows of the books say it alone."""
    return {
        "loads": summary.loads,
        "rows": summary.rows,
        "last": summary.last_load and summary.last_load.load_id,
        "open failures": summary.open_failures,
        "drift": {column.name: column.loads for column in summary.drift},
        "loads of days": sum(day.loads for day in summary.days),
        "rows of days": sum(day.rows for day in summary.days),
        "failures of days": sum(day.failed for day in summary.days),
    }


def by_the_books(side: worlds.Side) -> dict[str, dict[str, Any]]:
    """The same from all rows of the books, by table."""
    loads, deliveries = side.table("load_metadata") or [], side.table("load_deliveries") or []
    columns = side.table("load_columns") or []
    found = {}
    for name in {row["table_name"] for row in (*loads, *deliveries)}:
        own = sorted((r for r in loads if r["table_name"] == name), key=lambda r: r["sequence"])
        there = {r["load_id"]: r["row_count"] for r in own if r["removed_sequence"] is None}
        mine = [r for r in deliveries if r["table_name"] == name]
        extra = (c for c in columns if c["destination"] == "extra" and c["load_id"] in there)
        found[name] = {
            "loads": len(there),
            "rows": sum(there.values()),
            "last": own[-1]["load_id"] if own else None,
            "open failures": sum(r["outcome"] == "failed" for r in mine),
            "drift": dict(Counter(c["column_name"] for c in extra)),
            "loads of days": len(own),
            "rows of days": sum(r["row_count"] for r in own),
            "failures of days": sum(r["failed_at"] is not None for r in mine),
        }
    return found


def summary_of(side: worlds.Side, table: str) -> TableSummary:
    return {t.table: t for t in side.pipeline.warehouse.summary().tables}[table]


@pytest.mark.parametrize("name", worlds.WORLDS)
@settings(
    deadline=None, max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
def test_what_is_carried_on_is_what_is_counted_anew(
    name: str,
    new_side: Callable[[str], AbstractContextManager[worlds.Side]],
    steps: list[tuple[str, str, int, str]],
) -> None:
    with new_side(name) as side:
        for letter in "ab":
            side.map(f"{letter}_*.csv", f"raw_{letter}", on_redelivery="replace")
        for each in steps:
            step(side, *each)
        carried_on = side.pipeline.warehouse.summary().tables
        assert {t.table: told_of(t) for t in carried_on} == by_the_books(side)
        kept_summary.path_of(Path(side.settings.duckdb_path)).unlink(missing_ok=True)
        assert side.pipeline.warehouse.summary().tables == carried_on


def test_all_warehouses_tell_the_same(both: worlds.Sides) -> None:
    both.map("a_*.csv", "raw_a", quality={"required": ["x"]})
    both.deliver("a_1.csv", "id,x,venue\n1,a,L\n2,,L\n")
    both.deliver("a_2.csv", BAD)
    both.run()
    first, *others = ([told(t) for t in s.pipeline.warehouse.summary().tables] for s in both.sides)
    assert first[0].quality == 50.0
    assert first[0].open_failures == 1
    assert [d.name for d in first[0].drift] == []
    for other in others:
        assert other == first


def test_days_slide_out_without_a_new_load(side: worlds.Side) -> None:
    side.map()
    side.deliver("a_1.csv", GOOD[0])
    side.run()
    old = now() - timedelta(days=DAYS)
    side.sql(f"UPDATE load_metadata SET completed_at = TIMESTAMP '{old:%F %T}' WHERE true")
    kept_summary.path_of(Path(side.settings.duckdb_path)).unlink(missing_ok=True)
    assert summary_of(side, "raw_a").days == ()
    assert summary_of(side, "raw_a").loads == 1


def test_the_archive_has_what_lies_beside_the_database(side: worlds.Side) -> None:
    side.map()
    side.deliver("a_1.csv", GOOD[0])
    side.run()
    copy = kept_summary.read_copy(side.pipeline.zones.archive)
    if side.settings.loader_backend == "duckdb":
        assert copy == kept_summary.read(Path(side.settings.duckdb_path))
    else:
        assert copy is None


def test_while_a_writer_works_the_summary_says_who(tmp_path: Path) -> None:
    side = worlds.duckdb_side(tmp_path)
    side.map()
    side.deliver("a_1.csv", GOOD[0])
    side.run()
    with DatabaseLock(Path(side.settings.duckdb_path)).exclusive("counting beans", timeout=0):
        summary = side.pipeline.warehouse.summary()
    assert summary.overview.busy_with is not None
    assert "counting beans" in summary.overview.busy_with
    assert [t.rows for t in summary.tables] == [1]
    assert side.pipeline.warehouse.summary().overview.busy_with is None


def test_the_views_have_the_columns_that_everybody_knows(side: worlds.Side) -> None:
    side.map(quality={"required": ["x"]}, on_bad_row="reject", max_rejected=0.5)
    side.deliver("a_1.csv", "id,x\n1,a\n2,\n3\n")
    side.run()
    at = now()
    run = ExecutionRecord(
        execution_id="exec_1",
        dag_id="landing__raw_a",
        run_id="r1",
        table_name="raw_a",
        layer="run",
        status="completed",
        completed_at=at,
    )
    bronze = replace(run, layer="bronze", records_processed=2, records_failed=1, error="it's")
    for _ in range(2):  # a report that is tried again writes the same
        side.pipeline.warehouse.record_executions([run, bronze])
    rows = side.sql("SELECT * FROM etl_executions ORDER BY id")
    assert [(r["id"], r["layer"], r["records_processed"], r["error"]) for r in rows] == [
        ("exec_1", None, None, None),
        ("exec_1.bronze", "bronze", 2, "it's"),
    ]
    assert list(rows[0]) == EXECUTION_COLUMNS
    metrics = side.sql("SELECT * FROM data_quality_metrics ORDER BY metric_type")
    assert list(metrics[0]) == METRIC_COLUMNS
    assert [(m["metric_type"], m["count"]) for m in metrics] == [
        ("missing_fields", 1),
        ("rejected_records", 1),
    ]
    assert json.loads(metrics[0]["details"])["column_name"] == "x"


def test_who_has_not_the_disk_of_the_database_reads_the_copy(tmp_path: Path) -> None:
    side = worlds.duckdb_side(tmp_path)
    side.map()
    side.deliver("a_1.csv", GOOD[0])
    side.run()
    elsewhere = replace(side, settings=replace(side.settings, duckdb_path="/nowhere/w.duckdb"))
    warehouse = elsewhere.pipeline.warehouse
    assert [t.rows for t in warehouse.summary().tables] == [1]
    page = warehouse.history.loads(LoadQuery(tables=("raw_a",)))
    assert [load.filename for load in page.rows] == ["a_1.csv"]
    assert page.newest_only


def test_a_copy_that_was_left_out_is_made_up_for(tmp_path: Path) -> None:
    side = worlds.duckdb_side(tmp_path)
    side.map()
    side.deliver("a_1.csv", GOOD[0])
    side.run()
    database, warehouse = Path(side.settings.duckdb_path), side.pipeline.warehouse
    kept = kept_summary.read(database)
    assert kept is not None
    behind = replace(kept, copied_at=kept.overview.as_of - timedelta(minutes=1))
    kept_summary.path_of(database).write_bytes(adapter_of(Summary).dump_json(behind))
    warehouse.publish_summary()
    copy = kept_summary.read_copy(side.pipeline.zones.archive)
    assert copy == kept_summary.read(database)
    assert copy is not None
    assert copy.overview.as_of > kept.overview.as_of
    warehouse.publish_summary()
    assert kept_summary.read(database) == copy
