"""Sets on all warehouses: what one go file names is committed as one, or nothing of it is."""

from __future__ import annotations

from typing import Any

from tests.support.sets import GO, A, B, deliver

from airflow_landing_loader.exceptions import ErrorCode as Code
from airflow_landing_loader.loading.warehouses.bigquery import warehouse

DIRECT = {"commit": "load_job"}


def two_tables(world: Any, **keys: Any) -> None:
    for letter in "ab":
        world.map(f"{letter}_*.csv", f"raw_{letter}", go_file=GO, **keys)


def test_a_set_of_two_tables(both: Any) -> None:
    two_tables(both)
    deliver(both, a=A)
    assert both.run() == {}
    both.deliver("b_1.csv", B)
    assert {n: (o.status, o.rows) for n, o in both.run().items()} == {
        "a_1.csv": ("loaded", 1),
        "b_1.csv": ("loaded", 2),
    }
    deliver(both)  # the same again
    assert {o.status for o in both.run().values()} == {"duplicate"}
    deliver(both, listed="a_1.csv,2\nb_1.csv,2\n", a="id\n7\n8\n", b=B)
    assert {n: o.status for n, o in both.run().items()} == {
        "a_1.csv": "loaded",
        "b_1.csv": "duplicate",
    }


def test_where_one_is_refused_nothing_is_loaded(both: Any) -> None:
    two_tables(both)
    both.map("x_*.csv", "raw_x")
    for letter, content in (("a", A), ("b", B)):  # makes the tables
        both.deliver(f"{letter}_0.csv", content)
    both.deliver("day_0.ctl", "a_0.csv,1\nb_0.csv,2\n")
    both.run()
    deliver(both, listed="a_1.csv,1\nb_1.csv,3\n", a="id\n5\n", b="id\n6\n7\n")
    both.deliver("a_2.csv", "id\n8\n")
    both.deliver("b_2.csv", "other\n9\n")  # the table knows none of its columns
    both.deliver("day_2.ctl", "a_2.csv,1\nb_2.csv,1\n")
    both.deliver("x_1.csv", A)
    codes = {n: o.error and o.error.code for n, o in both.run().items()}
    assert codes == {
        "a_1.csv": Code.SET_INCOMPLETE,
        "b_1.csv": Code.COUNT_TOO_FEW,
        "a_2.csv": Code.SET_INCOMPLETE,
        "b_2.csv": Code.HEADER_NO_KNOWN_COLUMN,
        "x_1.csv": None,
    }
    for side in both.sides:
        assert len(side.table("raw_a") or []) == 1


def test_load_jobs_are_for_files_of_no_set(both: Any) -> None:
    """Rows that are in before their books could be rows of half a set."""
    two_tables(both, bigquery=DIRECT)
    deliver(both)
    assert {o.status for o in both.run().values()} == {"loaded"}
    assert both.bigquery.staged() == []
    jobs = [job for job in both.bigquery._client().list_jobs() if job.job_type == "load"]
    dataset = both.bigquery.settings.bq_dataset
    into = [j.destination.table_id for j in jobs if j.destination.dataset_id == dataset]
    assert len(into) == 2
    assert all(table.startswith("_landing_stage") for table in into)


def test_a_set_is_cut_by_nothing(both: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(warehouse, "_LIMITS", (3, 10**6, 50))
    two_tables(both)
    for day in "12":
        both.deliver(f"a_{day}.csv", f"id\n{day}\n")
        both.deliver(f"b_{day}.csv", f"id\n{day}\n")
        both.deliver(f"day_{day}.ctl", f"a_{day}.csv,1\nb_{day}.csv,1\n")
    assert {o.status for o in both.run().values()} == {"loaded"}


def test_what_cannot_be_committed_at_once_is_refused(both: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(warehouse, "_LIMITS", (1, 10**6, 50))
    side = both.bigquery
    two_tables(side)
    side.map("x_*.csv", "raw_x")
    deliver(side)
    side.deliver("x_1.csv", A)
    outcomes = side.run()
    assert outcomes["x_1.csv"].status == "loaded"
    assert {outcomes[n].error.code for n in ("a_1.csv", "b_1.csv")} == {Code.SET_TOO_LARGE}
    assert "day_1.ctl" in side.zones()["failed"]
