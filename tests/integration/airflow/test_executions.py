"""What the books keep of the runs of generated DAGs."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import duckdb

from airflow_landing_loader.runs.executions import RunKey, id_of

if TYPE_CHECKING:
    from tests.support.dag_runs import Lab, Run

BROKEN = 'id,name\n1,"secret-cell\n'


def kept(lab: Lab, run: Run) -> dict[str, dict[str, Any]]:
    """The rows of a run by layer."""
    with duckdb.connect(lab.settings.duckdb_path, read_only=True) as con:
        found = con.execute("SELECT * FROM load_executions WHERE run_id = ?", [run.run_id])
        names = [column[0] for column in found.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    return {row["layer"]: row for row in rows}


def test_a_load(lab: Lab) -> None:
    lab.mapping("good_*.csv: {table: raw_good, settle_seconds: 0}")
    lab.deliver("good_1.csv")
    lab.deliver("good_2.csv", "id,name\n1,a\n2,b\n")
    began = datetime.now(UTC).replace(tzinfo=None)
    dag = lab.dag("raw_good")
    run = lab.run(dag)
    rows = kept(lab, run)
    assert set(rows) == {"run", "bronze"}
    whole, bronze = rows["run"], rows["bronze"]
    assert whole["execution_id"] == id_of(RunKey("landing__raw_good", run.run_id))
    for row in (whole, bronze):
        assert row["status"] == "completed"
        assert row["table_name"] == "raw_good"
        assert (row["records_processed"], row["records_failed"]) == (3, 0)
        assert row["size_bytes"] == len("id,name\n1,a\n") + len("id,name\n1,a\n2,b\n")
        assert row["error"] is row["config"] is None
        worked = row["completed_at"] - row["started_at"]
        assert abs(worked - timedelta(milliseconds=row["duration_ms"])) <= timedelta(milliseconds=1)
        assert began <= row["started_at"] <= row["completed_at"]
    assert json.loads(bronze["result"]) == {
        "loaded": 2,
        "duplicate": 0,
        "failed": 0,
        "left": 0,
        "waiting": 0,
    }
    assert bronze["completed_at"] <= whole["completed_at"]


def test_a_failed_run_says_why_without_a_cell(lab: Lab) -> None:
    lab.mapping("mixed_*.csv: {table: raw_mixed, settle_seconds: 0}")
    lab.deliver("mixed_1.csv")
    lab.deliver("mixed_2.csv", BROKEN)
    rows = kept(lab, lab.run("raw_mixed"))
    for row in rows.values():
        assert row["status"] == "failed"
        assert "mixed_2.csv is in the failed zone" in row["error"]
        assert "log" not in row["error"]
        assert "secret-cell" not in str(row)
    assert rows["bronze"]["records_processed"] == 1
    assert json.loads(rows["bronze"]["result"])["failed"] == 1


def test_a_run_in_which_nothing_happened(lab: Lab) -> None:
    lab.mapping("none_*.csv: {table: raw_none, settle_seconds: 0}")
    lab.run("raw_none")
    lab.deliver("none_1.csv")
    lab.run("raw_none")
    with duckdb.connect(lab.settings.duckdb_path, read_only=True) as con:
        assert con.execute("SELECT count(*) FROM load_executions").fetchone() == (2,)


def test_what_it_was_triggered_with(lab: Lab) -> None:
    from tests.support.dag_runs import read_run

    lab.mapping("conf_*.csv: {table: raw_conf, settle_seconds: 0}")
    small, large = {"force": True, "note": "it's \u00e9"}, {"a": "x" * 10_000}
    for conf, is_kept in ((small, True), (large, False)):
        lab.deliver("conf_1.csv", f"id\n{len(str(conf))}\n")
        run = read_run(lab.dag("raw_conf").test(run_conf=conf))
        config = kept(lab, run)["run"]["config"]
        assert (config is not None and json.loads(config) == conf) is is_kept
