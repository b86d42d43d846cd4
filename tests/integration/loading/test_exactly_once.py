"""Exactly once, whatever step is repeated and whatever changes meanwhile."""

from __future__ import annotations

import hashlib
import shutil
from typing import Any

import pytest
from tests.support.deliveries import A, B

from airflow_landing_loader.exceptions import ErrorCode as Code
from airflow_landing_loader.loading.model import Duplicate, Loaded

GO = {"pattern": "a_*.go", "format": "properties", "row_count_key": "count"}


def test_every_step_may_be_repeated(world: Any) -> None:
    world.map(go_file=GO)
    world.deliver("a_1.go", "count=1\n")
    world.deliver("a_1.csv", A)
    validated = world.pipeline.validate_batch(["a_1.csv"])
    assert validated == world.pipeline.validate_batch(["a_1.csv"])
    first, again = world.pipeline.load(validated), world.pipeline.load(validated)
    assert isinstance(first[0], Loaded)
    assert isinstance(again[0], Loaded)
    assert first[0].load == again[0].load
    done = world.pipeline.finish(again)
    assert done[0].status == "loaded"
    assert world.pipeline.finish(again)[0].uri == done[0].uri
    # also a load that is tried again after the file has moved
    once_more = world.pipeline.load(validated)[0]
    assert (once_more.load, once_more.notes) == (again[0].load, again[0].notes)
    assert world.count("raw_a") == 1
    assert world.zones.names() == {
        "landing": [],
        "archive": ["a_1.csv", "a_1.go"],
        "failed": [],
    }
    go_sha256 = hashlib.sha256(b"count=1\n").hexdigest()
    assert world.sql("SELECT go_filename, go_sha256 FROM load_metadata") == [("a_1.go", go_sha256)]


def test_a_crash_between_commit_and_archive_ends_with_one_load(world: Any) -> None:
    world.map()
    world.deliver("a_1.csv", A)
    world.pipeline.load(world.pipeline.validate_batch(["a_1.csv"]))
    outcome = world.run()["a_1.csv"]
    assert (outcome.status, outcome.notes) == ("loaded", ("loaded by an earlier try",))
    assert world.count("raw_a") == 1
    assert world.count("load_metadata") == 1
    assert world.outcomes() == [("a_1.csv", "loaded")]


def test_a_file_that_grows_after_validation_is_validated_again(world: Any) -> None:
    world.map()
    world.deliver("a_1.csv", A)
    validated = world.pipeline.validate_batch(["a_1.csv"])
    world.deliver("a_1.csv", B)
    verdict = world.pipeline.load(validated)[0]
    assert isinstance(verdict, Loaded)
    assert verdict.load.row_count == 2
    assert world.rows(columns="id, x") == [("1", "b"), ("2", "b")]


def test_a_file_that_is_written_on_after_validation_has_to_come_to_rest(world: Any) -> None:
    world.map(settle_seconds=30)
    world.deliver("a_1.csv", A)
    validated = world.pipeline.validate_batch(["a_1.csv"])
    world.deliver("a_1.csv", B, age=0)
    refused = world.pipeline.load(validated)[0]
    assert (refused.error.code, refused.error.transient) == (Code.LANDING_UNSETTLED, True)
    assert world.count("raw_a") == 0
    assert world.pipeline.finish([refused])[0].status == "left"
    assert (world.zones.landing / "a_1.csv").read_text() == B


def test_a_file_that_changes_while_it_is_read_does_not_commit(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The swap happens between the check at the start of the load and its commit."""
    from airflow_landing_loader.loading.warehouses.duckdb.rows import RowWriter

    world.map()
    world.deliver("a_1.csv", A)
    validated = world.pipeline.validate_batch(["a_1.csv"])
    write = RowWriter.write

    def write_then_swap(self: Any, *args: Any, **keys: Any) -> Any:
        written = write(self, *args, **keys)
        world.deliver("a_1.csv", B)
        return written

    monkeypatch.setattr(RowWriter, "write", write_then_swap)
    verdict = world.pipeline.load(validated)[0]
    monkeypatch.undo()
    assert verdict.error.code == Code.LANDING_CHANGED
    assert verdict.error.transient
    assert world.count("raw_a") == 0
    assert world.pipeline.finish([verdict])[0].status == "left"
    assert world.run()["a_1.csv"].rows == 2


def test_a_file_that_disappears_is_left_to_its_sender(world: Any) -> None:
    world.map()
    path = world.deliver("a_1.csv", A)
    validated = world.pipeline.validate_batch(["a_1.csv"])
    path.unlink()
    verdict = world.pipeline.load(validated)[0]
    assert (verdict.error.code, verdict.error.transient) == (Code.LANDING_DISAPPEARED, True)
    assert world.pipeline.validate_batch(["a_1.csv"])[0].error.code == Code.LANDING_DISAPPEARED
    assert world.count("raw_a") == 0


def test_an_archive_that_cannot_be_written_loses_nothing(world: Any) -> None:
    world.map()
    world.deliver("a_1.csv", A)
    shutil.rmtree(world.zones.archive)
    world.zones.archive.write_text("in the way")
    pipeline = world.pipeline
    outcome = pipeline.finish(pipeline.load(pipeline.validate_batch(["a_1.csv"])))[0]
    assert outcome.status == "left"
    assert outcome.error.transient
    assert (world.zones.landing / "a_1.csv").read_text() == A
    world.zones.archive.unlink()
    world.zones.archive.mkdir()
    assert world.run()["a_1.csv"].status == "loaded"
    assert world.count("raw_a") == 1


def test_a_failed_file_can_be_mended_and_replayed(world: Any) -> None:
    from airflow_landing_loader.landing.replay.replay import replay

    world.map(csv={"delimiter": ";"})
    assert world.load("id,x\n1;2\n").status == "failed"
    world.mappings.clear()
    world.map()
    world.zones.failed.joinpath("a_1.csv").write_text(A)
    pipeline = world.pipeline
    replay(pipeline.zones.failed, pipeline.zones.landing, ["a_1.csv"])
    assert world.zones.names()["failed"] == []
    assert world.run()["a_1.csv"].status == "loaded"
    assert world.rows(columns="id, x") == [("1", "a")]


def test_the_archived_file_is_the_delivered_one(world: Any) -> None:
    content = b'\xef\xbb\xbfid,x\r\n1,"a\nb"\r\n\r\n2,\xc3\xa9'
    world.load(content, archive_layout="{table}/{yyyy}")
    (path,) = world.zones.names()["archive"]
    assert path.startswith("raw_a/20")
    assert (world.zones.archive / path).read_bytes() == content


def test_dbt_is_due_until_it_has_seen_the_newest_load(world: Any) -> None:
    warehouse = world.pipeline.warehouse
    assert warehouse.dbt_due(["raw_a"]) == ()
    world.load(A)
    due = warehouse.dbt_due(["raw_a"])
    assert [(d.table, d.last_attempt) for d in due] == [("raw_a", None)]
    warehouse.record_dbt_run(due, succeeded=False)
    assert warehouse.dbt_due(["raw_a"])[0].last_attempt is not None
    # a load that comes while dbt runs is not covered by that run
    world.load(B, "a_2.csv")
    warehouse.record_dbt_run(due, succeeded=True)
    assert [d.table for d in warehouse.dbt_due(["raw_a", "raw_b"])] == ["raw_a"]
    warehouse.record_dbt_run(warehouse.dbt_due(["raw_a"]), succeeded=True)
    assert warehouse.dbt_due(["raw_a"]) == ()


def test_verdicts_survive_json(world: Any) -> None:
    import json

    from airflow_landing_loader.xcom import values

    world.map(on_redelivery="append")
    world.deliver("a_1.csv", A)
    pipeline = world.pipeline
    for steps in (
        pipeline.validate_batch(["a_1.csv"]),
        pipeline.load(pipeline.validate_batch(["a_1.csv"])),
        pipeline.finish(pipeline.load(pipeline.validate_batch(["a_1.csv"]))),
    ):
        for value in steps:
            assert values.load(json.loads(json.dumps(values.dump(value)))) == value
    world.deliver("a_1.csv", A)
    duplicate = pipeline.load(pipeline.validate_batch(["a_1.csv"]))[0]
    assert isinstance(duplicate, Duplicate)
    assert values.load(json.loads(json.dumps(values.dump(duplicate)))) == duplicate
