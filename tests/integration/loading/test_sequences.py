"""Files that are counted: whatever the order in which they arrive, none overtakes a missing one."""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.worlds import Side, duckdb_side

from airflow_landing_loader.exceptions import ErrorCode

GOOD, BAD = "id\n{}\n", "id\n{},x\n"


@pytest.fixture
def side(tmp_path: Path) -> Side:
    found = duckdb_side(tmp_path)
    found.map("t_{seq:0d}.csv", "raw_t", sequence={"part": "seq"})
    return found


def numbers(side: Side) -> list[int]:
    """The numbers in the table, in the order in which they were loaded."""
    rows = side.sql(
        "SELECT sequence_number FROM load_metadata WHERE removed_sequence IS NULL ORDER BY sequence"
    )
    return [row["sequence_number"] for row in rows]


def held(side: Side) -> list[tuple[str, int]]:
    return [(one.delivery.data.name, one.missing) for one in side.pipeline.discover().held]


def test_a_gap_holds_what_follows_and_its_number_lets_it_go(side: Side) -> None:
    for n in (3, 9, 10, 11):
        side.deliver(f"t_{n}.csv", GOOD.format(n))
    assert list(side.run()) == ["t_3.csv"]
    assert held(side) == [(f"t_{n}.csv", 4) for n in (9, 10, 11)]
    assert side.run() == {}
    for n in (4, 5, 6, 7, 8):
        side.deliver(f"t_{n}.csv", GOOD.format(n), age=10)
    side.run()
    assert numbers(side) == [3, 4, 5, 6, 7, 8, 9, 10, 11]
    assert not held(side)


def test_a_refused_number_holds_what_follows_also_in_its_batch(side: Side) -> None:
    for n, content in ((1, GOOD), (2, BAD), (3, GOOD)):
        side.deliver(f"t_{n}.csv", content.format(n))
    outcomes = side.run()
    assert [outcomes[f"t_{n}.csv"].status for n in (1, 2, 3)] == ["loaded", "failed", "left"]
    error = outcomes["t_3.csv"].error
    assert error is not None
    assert error.code == ErrorCode.SEQUENCE_GAP
    assert "number 2" in error.message
    side.deliver("t_2.csv", GOOD.format(2))
    side.run()
    assert numbers(side) == [1, 2, 3]


def test_a_number_that_comes_back_restates(side: Side, tmp_path: Path) -> None:
    replaced = duckdb_side(tmp_path / "replaced")
    replaced.map("t_{seq:0d}.csv", "raw_t", sequence={"part": "seq"}, on_redelivery="replace")
    for one in (side, replaced):
        for n in (1, 2):
            one.deliver(f"t_{n}.csv", GOOD.format(n))
        one.run()
        one.deliver("t_01.csv", GOOD.format(7))
        assert one.run()["t_01.csv"].status == "loaded"
        one.deliver("t_3.csv", GOOD.format(3))
        assert one.run()["t_3.csv"].status == "loaded"
    assert numbers(side) == [1, 2, 1, 3]
    assert numbers(replaced) == [2, 1, 3]


def test_an_unloaded_last_number_is_the_next_one_again(side: Side) -> None:
    for n in (1, 2):
        side.deliver(f"t_{n}.csv", GOOD.format(n))
    side.run()
    (load,) = side.pipeline.warehouse.find_loads("t_2.csv", None, 1)
    side.pipeline.warehouse.unload(load.load_id)
    side.deliver("t_3.csv", GOOD.format(3))
    assert held(side) == [("t_3.csv", 2)]
    side.deliver("t_2.csv", GOOD.format(2))
    side.run()
    assert numbers(side) == [1, 2, 3]


def test_a_gap_that_is_reported_is_loaded_with_a_note(tmp_path: Path) -> None:
    side = duckdb_side(tmp_path)
    side.map("t_{seq:04d}.csv", "raw_t", sequence={"part": "seq", "on_gap": "report"})
    side.deliver("t_0001.csv", GOOD.format(1))
    side.deliver("t_0003.csv", GOOD.format(3))
    outcomes = side.run()
    assert outcomes["t_0003.csv"].notes == ("number 2 of its sequence is missing before it",)
    assert outcomes["t_0001.csv"].notes == ()
    page = Path(__file__).parents[3] / "docs/production.md"
    (query,) = re.findall(r"```sql\n([^`]*sequence_number[^`]*);\n```", page.read_text())
    assert [row["filename"] for row in side.sql(query)] == ["t_0003.csv"]


def test_a_loader_that_did_not_look_cannot_pass_a_gap(side: Side) -> None:
    """The warehouse decides again: a second loader may have looked before the gap was there."""
    side.deliver("t_1.csv", GOOD.format(1))
    side.run()
    side.deliver("t_3.csv", GOOD.format(3))
    pipeline = side.pipeline
    (outcome,) = pipeline.run_batch([pipeline.delivery("t_3.csv")])
    assert (outcome.status, outcome.error and outcome.error.code) == ("left", "sequence.gap")
    assert numbers(side) == [1]


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    order=st.permutations(range(1, 8)),
    cuts=st.lists(st.integers(1, 3), min_size=7, max_size=7),
    bad=st.sets(st.integers(1, 7), max_size=2),
)
def test_what_is_loaded_is_always_a_prefix_and_nothing_is_lost(
    order: list[int], cuts: list[int], bad: set[int]
) -> None:
    folder = Path(tempfile.mkdtemp())
    try:
        _arrive(duckdb_side(folder), order, cuts, bad)
    finally:
        shutil.rmtree(folder)


def _arrive(side: Any, order: list[int], cuts: list[int], bad: set[int]) -> None:
    side.map("t_{seq:0d}.csv", "raw_t", sequence={"part": "seq", "start": 1})
    waiting = list(order)
    for count in cuts:
        for n in waiting[:count]:
            side.deliver(f"t_{n}.csv", (BAD if n in bad else GOOD).format(n))
        del waiting[:count]
        side.run()
        _check(side, set(order) - set(waiting))
    for n in sorted(bad):  # mended, and sent again
        side.deliver(f"t_{n}.csv", GOOD.format(n))
        side.run()
        _check(side, set(order) - set(waiting))
    side.run()
    assert numbers(side) == list(range(1, 8))


def _check(side: Any, delivered: set[int]) -> None:
    loaded = numbers(side) if side.table("load_metadata") is not None else []
    assert loaded == list(range(1, len(loaded) + 1))
    landing, failed = (
        {int(path.name[2:-4]) for path in side.folder(zone).glob("t_*.csv")}
        for zone in ("landing", "failed")
    )
    assert set(loaded) | landing | failed == delivered
    assert not set(loaded) & landing
