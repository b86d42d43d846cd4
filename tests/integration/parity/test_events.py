"""Events stand in the books with what they tell of, on every warehouse, through every death."""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.support import worlds

from airflow_landing_loader.config.channels.channel_set import ChannelSet
from airflow_landing_loader.config.channels.model import EVENT_TYPES
from airflow_landing_loader.loading.ledger.events import Event, record_of
from airflow_landing_loader.loading.ledger.tables import now
from airflow_landing_loader.loading.model import ArrivalRecord, RunContext
from airflow_landing_loader.loading.operations import EventRecord
from airflow_landing_loader.monitoring.late import late_records

BOTH = RunContext(dag_id="d", run_id="r", events=(("all", EVENT_TYPES), ("few", ("file.refused",))))
GOOD, DRIFTED, BAD = "id,x\n1,a\n2,\n", "id,x,venue\n1,secret-cell,L\n", 'id,x\n"secret-cell'
SEEN = "channel, event_type, table_name, dag_id, run_id, published_at, body"


def told(side: worlds.Side) -> list[dict[str, Any]]:
    rows = side.sql(f"SELECT {SEEN}, event_id, load_id, occurred_at FROM load_events")
    return sorted(rows, key=lambda r: (r["channel"], r["event_type"], r["body"]))


def plain(rows: list[dict[str, Any]]) -> list[Any]:
    """Without what differs from one world to another by its nature."""
    found = []
    for row in rows:
        body = json.loads(row["body"])
        assert body["event_id"] == row["event_id"]
        assert body["load_id"] == row["load_id"]
        for key in ("event_id", "load_id", "occurred_at"):
            body.pop(key)
        for key in ("duration_ms", "delivery_id", "reason", "restates_load_id"):
            body["data"].pop(key, None)
        found.append((row["channel"], row["event_type"], row["published_at"], body))
    return sorted(found, key=str)


def test_both_tell_the_same(both: worlds.Sides) -> None:
    for side in both.sides:
        side.loader = BOTH
    both.map("a_*.csv", "raw_a", quality={"required": ["x"]}, on_bad_row="reject", max_rejected=0.9)
    both.map("b_*.csv", "raw_b")
    both.deliver("a_1.csv", GOOD)
    both.deliver("a_2.csv", "id,x\n1,a\n1,2,3\n")
    both.deliver("b_1.csv", BAD)
    both.run()
    both.deliver("a_3.csv", DRIFTED)
    both.run()
    first, *others = [plain(told(side)) for side in both.sides]
    for other in others:
        assert other == first
    counts = Counter((channel, kind) for channel, kind, _, _ in first)
    assert counts == {
        ("all", "execution.started"): 1,
        ("all", "layer.completed"): 3,
        ("all", "quality.issue_detected"): 2,
        ("all", "file.refused"): 1,
        ("few", "file.refused"): 1,
    }
    assert all(published is None for _, _, published, _ in first)
    assert "secret-cell" not in str(first)
    issues = [body["data"]["issues"] for _, kind, _, body in first if kind.startswith("quality")]
    assert sorted(issue["metric_type"] for some in issues for issue in some) == [
        "missing_fields",
        "rejected_records",
    ]


def test_nothing_is_written_where_nobody_listens(both: worlds.Sides) -> None:
    both.map()
    both.deliver("a_1.csv", GOOD)
    both.deliver("a_2.csv", BAD)
    both.run()
    for side in both.sides:
        assert side.sql("SELECT event_id FROM load_events") == []


def test_a_file_that_rolls_back_tells_nothing_of_a_load(side: worlds.Side) -> None:
    side.loader = BOTH
    side.map()
    side.deliver("a_1.csv", GOOD)
    side.run()
    side.deliver("a_2.csv", GOOD.replace("id", "other").replace("x", "columns"))
    side.deliver("a_3.csv", DRIFTED)
    side.run()
    loads = {row["load_id"] for row in side.sql("SELECT load_id FROM load_metadata")}
    events = [r for r in told(side) if r["event_type"] == "layer.completed"]
    assert {row["load_id"] for row in events} == loads
    assert len(events) == 2


def events(count: int, **changes: Any) -> list[EventRecord]:
    at = now()
    return [
        replace(
            record_of(
                Event(
                    type="layer.completed",
                    key=(str(n),),
                    at=at + timedelta(seconds=n),
                    table=f"t{n % 2}",
                    data={"file": "\\x80'\"\u2028${:}@x.csv"},
                ),
                RunContext(),
                f"c{n % 3}",
            ),
            **changes,
        )
        for n in range(count)
    ]


def test_the_outbox(side: worlds.Side) -> None:
    warehouse = side.pipeline.warehouse
    assert warehouse.pending_events(None, (), 10) == ()
    records = events(12)
    warehouse.record_events(records[::-1])
    assert warehouse.pending_events(None, (), 100) == tuple(records)  # the oldest first
    assert warehouse.pending_events(["t0"], ("c0",), 2) == (records[2], records[4])
    assert warehouse.pending_events([], (), 2) == ()
    warehouse.mark_published(records[:5])
    assert warehouse.pending_events(None, (), 100) == tuple(records[5:])
    # What is there stays as it is, sent or not.
    warehouse.record_events([replace(r, body="{}") for r in records] * 2)
    assert warehouse.pending_events(None, (), 100) == tuple(records[5:])
    assert len(side.sql("SELECT event_id FROM load_events")) == 12
    # The same event for another channel is another row.
    warehouse.record_events([replace(records[0], channel="new")])
    assert warehouse.pending_events(None, (), 1) == (replace(records[0], channel="new"),)


def test_late_windows_are_told_once_with_their_own_rows(side: worlds.Side) -> None:
    side.map("a_*.csv", "raw_a", notify={"to": ["log"]})
    at = now()
    record = ArrivalRecord(
        table_name="raw_a",
        pattern="a_*.csv",
        day="2024-01-15",
        opens_at=at,
        due_at=at,
        until_at=at,
        outcome="missing",
        reason="no file",
        file_count=0,
        row_count=0,
        arrived_at=None,
        mended_at=None,
        recorded_at=at,
    )
    run = RunContext(events=(("all", EVENT_TYPES),))
    for records in (
        [record],
        [replace(record, recorded_at=now())],
        [replace(record, mended_at=at)],
    ):
        tells = late_records(records, side.mappings, ChannelSet(), run, "https://h")
        side.pipeline.warehouse.record_arrivals(records, tells)
    rows = told(side)
    assert [(r["channel"], r["event_type"]) for r in rows] == [
        ("all", "file.late"),
        ("log", "notification"),
    ]
    assert json.loads(rows[0]["body"])["data"]["outcome"] == "missing"
    assert "missing: no file" in rows[1]["body"]


DUCKDB_STEPS = ("rows", "events", "before commit", "after commit", "refusals told", "recorded")
DIES = """
import os, pickle, signal, sys
from pathlib import Path
from airflow_landing_loader.loading.warehouses.duckdb import batch, warehouse
from airflow_landing_loader.loading.warehouses.duckdb.rows import RowWriter
from chaos.watched import at_statement

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

def after(owner, name):
    original = getattr(owner, name)
    setattr(owner, name, lambda *a, **k: (original(*a, **k), die()))

side, where = pickle.loads(Path(sys.argv[1]).read_bytes())
{
    "rows": lambda: after(RowWriter, "write"),
    "events": lambda: after(batch, "put_events"),
    "before commit": lambda: at_statement("COMMIT", before=die),
    "after commit": lambda: at_statement("COMMIT", after=die),
    "refusals told": lambda: after(warehouse, "put_events"),
    "recorded": lambda: after(warehouse.Ledger, "put_deliveries"),
}[where]()
side.run()
"""


@pytest.mark.parametrize("where", DUCKDB_STEPS)
def test_a_death_of_a_loader_on_duckdb_doubles_and_loses_no_event(
    where: str, tmp_path: Path, new_side: Any
) -> None:
    with new_side("duckdb") as side:
        side.loader = BOTH
        side.map()
        side.deliver("a_1.csv", BAD if where in ("refusals told", "recorded") else GOOD)
        pickled = tmp_path / "side.pickle"
        pickled.write_bytes(pickle.dumps((side, where)))
        died = subprocess.run(
            [sys.executable, "-c", DIES, str(pickled)],
            check=False,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([*sys.path, str(ROOT)])},
        )
        assert died.returncode == -signal.SIGKILL
        side.run()
        check_told_once(side)


def check_told_once(side: worlds.Side) -> None:
    """Every load and every refusal has its event, once for each channel, and nothing else has."""
    rows = told(side)
    assert Counter(r["event_id"] for r in rows if r["channel"] == "all").most_common(1)[0][1] == 1
    loads = {row["load_id"] for row in side.sql("SELECT load_id FROM load_metadata")}
    assert {r["load_id"] for r in rows if r["event_type"] == "layer.completed"} == loads
    failed = side.sql("SELECT delivery_id FROM load_deliveries WHERE outcome = 'failed'")
    refused = {
        json.loads(r["body"])["data"]["delivery_id"]
        for r in rows
        if r["event_type"] == "file.refused"
    }
    assert refused == {row["delivery_id"] for row in failed}
    assert loads or refused


ROOT = Path(__file__).parents[3]
BIGQUERY = ROOT / "tests/integration/bigquery"
BIGQUERY_STEPS = (
    "after the manifest",
    "after a load is done",
    "after the commit is submitted",
    "after the transaction",
    "before archiving",
)


@pytest.mark.parametrize("where", BIGQUERY_STEPS)
def test_a_death_of_a_loader_on_bigquery_doubles_and_loses_no_event(
    where: str, tmp_path: Path, new_side: Any
) -> None:
    with new_side("bigquery") as side:
        side.loader = BOTH
        side.map()
        side.deliver("a_1.csv", GOOD)
        pickled = tmp_path / "side.pickle"
        pickled.write_bytes(pickle.dumps(side))
        died = subprocess.run(
            [sys.executable, str(BIGQUERY / "dying.py"), str(pickled), where],
            check=False,
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join([str(BIGQUERY.parents[2]), *sys.path]),
            },
        )
        assert died.returncode == -signal.SIGKILL
        side.run()
        check_told_once(side)
