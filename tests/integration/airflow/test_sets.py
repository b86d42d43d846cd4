"""Sets of several tables: one DAG takes them for all, whole, and tells of each table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb

if TYPE_CHECKING:
    from tests.support.dag_runs import Lab
    from tests.support.zones import Zones

MAPPINGS = """
{a}_*.csv:
  table: raw_{a}
  settle_seconds: 0
  go_file: {{pattern: {a}day_*.ctl, format: csv, lists_files: 1, row_count: 2}}
{b}_*.csv:
  table: raw_{b}
  settle_seconds: 0
  go_file: {{pattern: {a}day_*.ctl, format: csv, lists_files: 1, row_count: 2}}
"""


def counts(lab: Lab, *tables: str) -> list[int]:
    with duckdb.connect(lab.settings.duckdb_path, read_only=True) as con:
        return [con.execute(f"SELECT count(*) FROM {t}").fetchall()[0][0] for t in tables]


def deliver(lab: Lab, a: str, b: str, rows: int = 1) -> None:
    lab.deliver(f"{a}_1.csv")
    lab.deliver(f"{b}_1.csv", "id,name\n1,a\n2,b\n")
    lab.deliver(f"{a}day_1.ctl", f"{a}_1.csv,{rows}\n{b}_1.csv,2\n")


def test_the_first_table_takes_a_set_for_all(lab: Lab, zones: Zones) -> None:
    lab.mapping(MAPPINGS.format(a="seta", b="setb"))
    deliver(lab, "seta", "setb")
    other = lab.run("raw_setb")
    assert other.states["wait_for_files"] == "skipped"
    assert len(zones.names()["landing"]) == 3
    run = lab.run("raw_seta")
    assert run.state == "success"
    assert zones.names()["landing"] == []
    assert counts(lab, "raw_seta", "raw_setb") == [1, 2]
    assert run.labels["file.load_0"].startswith("2 files: seta_1.csv")
    events: list[Any] = sorted(run.events, key=lambda event: event["files"])
    assert [event["files"] for event in events] == [["seta_1.csv"], ["setb_1.csv"]]


def test_a_set_that_is_refused_goes_to_failed_whole(lab: Lab, zones: Zones) -> None:
    lab.mapping(MAPPINGS.format(a="setc", b="setd"))
    deliver(lab, "setc", "setd", rows=5)
    run = lab.run("raw_setc")
    assert run.state == "failed"
    assert run.states_of("2 files: setc_1.csv … setd_1.csv")["file.fail"] == "success"
    failed = ["setc_1.csv", "setc_1.csv.error.json", "setcday_1.ctl", "setd_1.csv"]
    assert zones.names() == {
        "landing": [],
        "archive": [],
        "failed": [*failed, "setd_1.csv.error.json"],
    }


def test_the_page_says_which_dag_takes_it(lab: Lab) -> None:
    lab.mapping(MAPPINGS.format(a="sete", b="setf"))
    for table in ("raw_sete", "raw_setf"):
        page = str(lab.dag(table).doc_md)
        assert "for `raw_sete`, `raw_setf`" in page
        assert "one DAG, `landing__raw_sete`" in page
