"""What comes again, on all warehouses: restated, a duplicate, replayed, of the same content."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from tests.support.deliveries import MORE_PEOPLE, PEOPLE


@pytest.mark.parametrize("on_redelivery", ["append", "replace", "fail"])
def test_restatements(both: Any, on_redelivery: str) -> None:
    both.map(on_redelivery=on_redelivery)
    both.load(PEOPLE)
    both.load(MORE_PEOPLE)
    both.load(PEOPLE)


@pytest.mark.parametrize("on_duplicate", ["skip", "load", "fail"])
def test_duplicates(both: Any, on_duplicate: str) -> None:
    both.map(on_duplicate=on_duplicate)
    both.load(PEOPLE)
    both.load(PEOPLE)
    both.load(PEOPLE, "a_2.csv")


def test_identity_by_content_also_within_a_batch(both: Any) -> None:
    both.map(identity="content")
    for number in range(3):
        both.deliver(f"a_{number}.csv", PEOPLE)
    both.run()
    assert both.load(PEOPLE, "a_9.csv").status == "duplicate"


def test_content_that_was_replaced_is_no_duplicate(both: Any) -> None:
    both.map(identity="content", on_redelivery="replace")
    both.load(PEOPLE)
    both.load(PEOPLE)
    both.load(MORE_PEOPLE)
    assert both.load(PEOPLE, "a_2.csv").status == "loaded"


def test_a_duplicate_of_a_file_that_fails_is_decided_anew(both: Any) -> None:
    """Both fail, each for itself: the second is no duplicate of what was never loaded."""
    both.map(identity="content")
    both.load(PEOPLE)
    for number in (2, 3):
        both.deliver(f"a_{number}.csv", "other\n1\n")
    assert {o.status for o in both.run().values()} == {"failed"}


def test_a_failed_file_that_is_replayed(both: Any) -> None:
    both.map()
    both.load('id,name\n1,"\n')
    at = datetime.now(UTC).replace(tzinfo=None)
    for side in both.sides:
        warehouse = side.pipeline.warehouse
        (failed,) = warehouse.overview(5).deliveries
        warehouse.mark_replayed([failed.delivery_id], at)
    (record,) = both.bigquery.table("load_deliveries")
    assert record["outcome"] == "replayed"
    assert both.duckdb.state() == both.bigquery.state()


def test_dbt_is_due_until_it_succeeds(both: Any) -> None:
    both.map()
    both.map("b_*.csv", "raw_b")
    both.deliver("b_1.csv", PEOPLE)
    both.load(PEOPLE)
    warehouses = [side.pipeline.warehouse for side in both.sides]
    for warehouse in warehouses:
        due = warehouse.dbt_due(["raw_a", "raw_b"])
        assert [(d.table, d.last_attempt) for d in due] == [("raw_a", None), ("raw_b", None)]
        warehouse.record_dbt_run(due[:1], succeeded=True)
        warehouse.record_dbt_run(due[1:], succeeded=False)
        (left,) = warehouse.dbt_due(["raw_a", "raw_b"])
        assert left.table == "raw_b"
        assert left.last_attempt is not None
    both.load(MORE_PEOPLE, "a_2.csv")
    for warehouse in warehouses:
        assert [d.table for d in warehouse.overview(5).dbt_due] == ["raw_a", "raw_b"]
        assert ("raw_a" in {name for _, name in warehouse.relations()}) is True
