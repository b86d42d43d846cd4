"""`csv: auto` from landing to archive or failed, and afterwards."""

from __future__ import annotations

import gzip
from random import Random
from typing import Any

import pytest
from tests.support.hostile import dialects
from tests.support.proofs import proof_of

from airflow_landing_loader.landing.model import Validated
from airflow_landing_loader.xcom.batches import dump_batch, load_batch


def test_each_file_is_read_by_its_own_dialect(world: Any) -> None:
    world.map("a_*", csv="auto")
    files = {
        "a_1.csv": b"id,note\n1,x\n",
        "a_2.csv": b'id;note\n2;"a;b"\n3;2,5\n',
        "a_3.csv": b"Report\n\nid\tnote\n4\tx\n5\ty\n6\tz\n",
        "a_4.csv.gz": gzip.compress(b'id|note\n7|"say \\"x\\""\n'),
    }
    for name, content in files.items():
        world.deliver(name, content)
    outcomes = world.run()  # holds rows against files by `verify`, too
    assert {o.status for o in outcomes.values()} == {"loaded"}
    assert world.rows(columns="id, note") == [
        ("1", "x"), ("2", "a;b"), ("3", "2,5"), ("4", "x"), ("5", "y"), ("6", "z"),
        ("7", 'say "x"'),
    ]  # fmt: skip
    note = "dialect detected: delimiter tab, quote '\"', 2 lines before the header"
    assert outcomes["a_3.csv"].notes == (note,)


def test_what_can_be_read_in_two_ways_fails(world: Any) -> None:
    error = world.refused("id;a,b\n1;2,5\n2;3,5\n", csv="auto")
    assert error.code == "csv.ambiguous_dialect"
    assert error.line == 1


def test_what_fits_no_dialect_fails(world: Any) -> None:
    error = world.refused("id,a\n1,x\n2,y,z\n", csv="auto")
    assert (error.code, error.line) == ("csv.no_dialect", 3)


def test_a_later_refusal_says_what_was_detected(world: Any) -> None:
    lines = "".join(f"{n};x\n" for n in range(40_000))
    error = world.refused(f"id;a\n{lines}1;2;3\n", csv="auto")
    assert (error.code, error.line) == ("csv.ragged", 40_002)
    assert "dialect that was detected: delimiter ';', quote '\"'" in error.message


def test_a_file_that_may_still_grow_is_not_refused(world: Any) -> None:
    world.map(csv="auto")
    world.deliver("a_1.csv", 'id,a\n1,"x', age=5)
    outcome = world.run()["a_1.csv"]
    assert outcome.status == "left"
    assert outcome.error is not None
    assert (outcome.error.code, outcome.error.transient) == ("csv.no_dialect", True)


def test_the_dialect_survives_between_two_tasks(world: Any) -> None:
    world.map(csv="auto", trailer={"row_count_column": 1, "tag": "END"})
    world.deliver("a_1.csv", "id;a\n1;x\nEND;1\n")
    world.deliver("a_2.csv", "id|a\n2|x\nEND|1\n")
    pipeline = world.pipeline
    names = [d.data.name for d in pipeline.discover().ready]
    sent = dump_batch(pipeline.validate_batch(names))
    received = load_batch(sent)
    assert [v.delivery.mapping.csv.delimiter for v in received] == [";", "|"]
    assert all(isinstance(v, Validated) and v.detected for v in received)
    outcomes = world.pipeline.finish(world.pipeline.load(received))
    assert {o.status for o in outcomes} == {"loaded"}
    assert world.rows(columns="id, a") == [("1", "x"), ("2", "x")]


def test_a_mapping_that_is_handed_on_still_detects(world: Any) -> None:
    written = world.map(csv={"auto": True, "quote": "'"})
    again = type(written).model_validate(written.model_dump(mode="json"))
    assert again == written
    assert again.csv.is_open("delimiter")
    assert not again.csv.is_open("quote")


def test_verify_detects_again(world: Any) -> None:
    outcome = world.load("id;a\n1;x\n2;y\n", csv="auto")
    proof = proof_of(world.settings, world.mappings, outcome.load_id)
    assert proof.equal
    assert proof.records == 2


@pytest.mark.parametrize("number", range(25))
def test_hostile_tables(world: Any, number: int) -> None:
    """The sender's cells are in the table, or the file is in failed."""
    sent = dialects.some_table(Random(f"loaded {number}"))
    world.map("a_*", on_duplicate="load", **sent.keys)
    world.deliver(sent.name, sent.content)
    outcome = world.run()[sent.name]
    if outcome.status == "failed":
        assert world.count("raw_a") == 0
        return
    assert outcome.status == "loaded"
    names = world.sql("SELECT column_name FROM load_columns ORDER BY position")
    columns = ", ".join(f'"{name}"' for (name,) in names)
    rows = world.sql(f"SELECT {columns} FROM raw_a")
    assert sorted(tuple(c or "" for c in row) for row in rows) == sorted(sent.rows)
