"""Runs with their layers, and how good their data are, on every warehouse."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from tests.support import worlds

from airflow_landing_loader.loading.ledger.tables import now
from airflow_landing_loader.loading.operations import ExecutionRecord, Layer
from airflow_landing_loader.monitoring.quality import KeptQuality, QualityFigures
from airflow_landing_loader.runs.executions import RunKey, id_of, models_of

RUN = RunKey("landing__raw_a", "manual__2024-01-15T07:00:00+00:00")
AT = now()


def record(layer: Layer, run: RunKey = RUN, **changes: object) -> ExecutionRecord:
    made = ExecutionRecord(
        execution_id=id_of(run),
        dag_id=run.dag_id,
        run_id=run.run_id,
        table_name="raw_a",
        layer=layer,
        status="completed",
        completed_at=AT,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def test_a_run_with_its_layers_and_dbt_at_once(side: worlds.Side) -> None:
    side.map()
    side.deliver("a_1.csv", "id\n1\n")
    side.run()
    warehouse = side.pipeline.warehouse
    due = warehouse.dbt_due(["raw_a"])
    gold = record(
        "gold",
        result='{"models": ["mart_é"], "failed": [], "warned": []}',
        records_processed=2**40,
        started_at=AT - timedelta(seconds=2),
        duration_ms=2000,
    )
    silver = record("silver", status="failed", error="dbt failed in stg_a", result="no json")
    records = [gold, record("run"), silver, record("bronze", size_bytes=5)]
    for _ in range(2):  # a report that is tried again writes over it
        warehouse.record_dbt_run(due, succeeded=True, executions=records)
    assert warehouse.dbt_due(["raw_a"]) == ()
    unknown = id_of(RunKey("landing__raw_a", "nobody"))
    found = {r.layer: r for r in warehouse.history.executions([id_of(RUN), unknown])}
    assert found == {one.layer: one for one in records}
    assert models_of(found["gold"]) == ("mart_é",)
    assert models_of(found["silver"]) == ()
    assert warehouse.history.executions([]) == ()


def test_a_run_for_no_table(side: worlds.Side) -> None:
    run = RunKey("landing_dbt", "scheduled__1")
    side.pipeline.warehouse.record_executions([record("silver", run, table_name=None)])
    (found,) = side.pipeline.warehouse.history.executions([id_of(run)])
    assert found.table_name is None
    (row,) = side.sql("SELECT table_name FROM load_executions")
    assert row["table_name"] is None


def test_before_the_first_load(side: worlds.Side) -> None:
    history = side.pipeline.warehouse.history
    assert history.executions([id_of(RUN)]) == ()
    assert KeptQuality(history).quality(AT - timedelta(days=1)) == {}
    assert side.pipeline.warehouse.row_counts({("main", "nothing")}) == {}


def test_how_many_rows_tables_have(side: worlds.Side) -> None:
    side.map()
    side.deliver("a_1.csv", "id\n1\n2\n3\n")
    side.run()
    side.sql("CREATE TABLE Staged AS SELECT id FROM raw_a WHERE id <> '3'")
    side.sql("CREATE VIEW seen AS SELECT id FROM raw_a")
    where = side.settings.bq_dataset or "main"
    raw, staged = (where, "raw_a"), (where, "Staged")
    asked = {raw, staged, (where, "seen"), (where, "missing"), ("nowhere", "raw_a")}
    assert side.pipeline.warehouse.row_counts(asked) == {raw: 3, staged: 2}
    assert side.pipeline.warehouse.row_counts(set()) == {}


def test_how_good_the_data_are(side: worlds.Side) -> None:
    rules = {"required": ["x"], "unique": ["id"], "types": {"n": "BIGINT"}}
    side.map(quality=rules, on_bad_row="reject", max_rejected=0.5)
    side.map("b_*.csv", "raw_b", on_bad_row="reject", max_rejected=0.5)
    side.deliver("a_1.csv", "id,x,n\n1,a,1\n2,,2\n3,c,three\n1,d,4\n5,,five\n6\n")
    side.deliver("a_2.csv", "id,x,n\n7,a,1\n")
    side.deliver("b_1.csv", "id,y\n1,2\n3\n")
    side.run()
    books = KeptQuality(side.pipeline.warehouse.history)
    found = books.quality(AT - timedelta(hours=1))
    assert found["raw_b"] == QualityFigures(total_records=2, valid_records=1)
    a = found["raw_a"]
    assert (a.total_records, a.missing_fields, a.invalid_types) == (7, 2, 2)
    assert a.duplicates >= 1
    assert a.valid_records == 7 - bad_records(side)
    assert books.quality(now() + timedelta(hours=1)) == {}


def bad_records(side: worlds.Side) -> int:
    """Records that break any rule, as the books have them."""
    (row,) = side.sql("SELECT SUM(failed_count) AS n FROM load_quality WHERE rule = 'all'")
    return int(row["n"])
