"""The same name, or the same content, again: a duplicate, a restatement, or another delivery."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.deliveries import A, B

from airflow_landing_loader.exceptions import ErrorCode as Code


def test_the_same_name_and_content_again_is_a_duplicate(world: Any) -> None:
    first = world.load(A)
    again = world.load(A)
    assert (again.status, again.rows, again.load_id) == ("duplicate", 0, first.load_id)
    assert world.zones.names() == {"landing": [], "archive": ["a_1.csv"], "failed": []}
    assert world.rows(columns="id, x") == [("1", "a")]
    assert [o for _, o in world.outcomes()] == ["loaded", "duplicate"]
    assert world.count("load_metadata") == 1


def test_a_duplicate_may_be_loaded_or_refused(world: Any) -> None:
    world.load(A, on_duplicate="load")
    second = world.load(A)
    assert (second.status, second.rows) == ("loaded", 1)
    assert world.count("raw_a") == 2
    world.mappings.clear()
    third = world.load(A, on_duplicate="fail")
    assert third.error.code == Code.DELIVERY_DUPLICATE
    assert world.count("raw_a") == 2


def test_content_that_comes_back_is_a_new_delivery(world: Any) -> None:
    loads = [world.load(content) for content in (A, B, A)]
    assert [load.status for load in loads] == ["loaded"] * 3
    assert len({load.load_id for load in loads}) == 3
    assert world.count("raw_a") == 4
    archived = world.zones.names()["archive"]
    assert len(archived) == 2  # the third is equal to the first, which counts as its copy
    assert sorted((world.zones.archive / n).read_text() for n in archived) == sorted([A, B])


def test_a_restatement_appends_and_says_so(world: Any) -> None:
    first = world.load(A)
    second = world.load(B)
    assert second.notes == (f"restates load {first.load_id[:8]}",)
    assert world.sql("SELECT restates_load_id FROM load_metadata ORDER BY sequence") == [
        (None,),
        (first.load_id,),
    ]
    suffixed = f"a_1~{second.load_id[:8]}.csv"
    assert world.zones.names()["archive"] == ["a_1.csv", suffixed]
    assert world.sql("SELECT archive_uri FROM load_metadata ORDER BY sequence") == [
        (str(world.zones.archive / "a_1.csv"),),
        (str(world.zones.archive / suffixed),),
    ]


def test_a_restatement_may_replace(world: Any) -> None:
    first = world.load(A, on_redelivery="replace")
    world.load("id,x\n9,other\n", "a_2.csv")
    second = world.load(B)
    assert world.rows(columns="id, x") == [("1", "b"), ("2", "b"), ("9", "other")]
    assert world.sql("SELECT outcome FROM load_deliveries WHERE load_id = ?", first.load_id) == [
        ("superseded",)
    ]
    assert second.status == "loaded"


def test_what_was_a_duplicate_of_a_replaced_load_stays_one(world: Any) -> None:
    world.load(A, on_redelivery="replace")
    world.load(A)
    world.load(B)
    outcomes = world.sql("SELECT outcome FROM load_deliveries ORDER BY recorded_at")
    assert outcomes == [("superseded",), ("duplicate",), ("loaded",)]


@pytest.mark.parametrize("together", [False, True])
def test_content_whose_rows_were_replaced_is_loaded_under_another_name(
    world: Any, together: bool
) -> None:
    world.load(A, on_redelivery="replace", identity="content")
    world.deliver("a_1.csv", B)
    if not together:
        world.run()
    world.deliver("a_2.csv", A)
    assert world.run()["a_2.csv"].status == "loaded"
    assert world.rows(columns="id, x") == [("1", "a"), ("1", "b"), ("2", "b")]
    assert world.load(A, "a_3.csv").status == "duplicate"


def test_a_replacement_that_fails_leaves_the_old_rows(world: Any) -> None:
    world.load(A, on_redelivery="replace")
    with world.database() as con:
        con.execute("ALTER TABLE raw_a ALTER COLUMN id TYPE INTEGER")
    assert world.load("id,x\n1,b\nbad,b\n").error.code == Code.LOAD_BAD_VALUE
    assert world.sql("SELECT id, x FROM raw_a") == [(1, "a")]


def test_a_restatement_may_be_refused(world: Any) -> None:
    world.load(A, on_redelivery="fail")
    assert world.load(B).error.code == Code.DELIVERY_REDELIVERED
    assert world.rows(columns="id, x") == [("1", "a")]
    assert (world.zones.failed / "a_1.csv").read_text() == B


def test_equal_content_under_another_name_loads_unless_content_is_the_identity(world: Any) -> None:
    first = world.load(A)
    second = world.load(A, "a_2.csv")
    assert second.notes == (f"content equals load {first.load_id[:8]} of another file",)
    world.mappings.clear()
    third = world.load(A, "a_3.csv", identity="content")
    assert third.status == "duplicate"
    assert world.count("raw_a") == 2


def test_equal_files_of_one_batch_are_told_apart(world: Any) -> None:
    world.map(identity="content")
    for number in range(3):
        world.deliver(f"a_{number}.csv", A)
    statuses = sorted(o.status for o in world.run().values())
    assert statuses == ["duplicate", "duplicate", "loaded"]
    assert world.count("raw_a") == 1


def test_the_clock_may_go_backwards(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import timedelta

    from airflow_landing_loader.loading.warehouses.duckdb import batch

    world.load(A)
    now = batch.now
    monkeypatch.setattr(batch, "now", lambda: now() - timedelta(days=400))
    world.load(B)
    # B is the latest though its clock says otherwise: A again is new, B again a duplicate
    assert world.load(B).status == "duplicate"
    assert world.load(A).status == "loaded"
