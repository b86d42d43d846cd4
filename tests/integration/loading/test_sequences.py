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


GO_FILE = {"pattern": "t_*.go", "format": "properties", "sequence_number": "n", "size": "bytes"}


class Counted:
    """A side with a feed that is counted, by its names or by its go files."""

    def __init__(self, side: Side, by: str, keys: dict[str, Any], **sequence: Any) -> None:
        self.side = side
        self._by_go = by == "go_file"
        if self._by_go:
            side.map("t_*.csv", "raw_t", go_file=GO_FILE, sequence=sequence, **keys)
        else:
            side.map("t_{seq:0d}.csv", "raw_t", sequence={"part": "seq", **sequence}, **keys)

    def deliver(
        self, number: int, content: str, name: str | None = None, age: float = 3600
    ) -> None:
        """Deliver a number, at rest for ``age`` seconds."""
        name = f"t_{number}" if name is None else name
        self.side.deliver(f"{name}.csv", content, age)
        if self._by_go:
            self.side.deliver(f"{name}.go", f"n={number:03}\nbytes={len(content)}\n")


@pytest.fixture(params=["name", "go_file"])
def by(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def feed(tmp_path: Path, by: str) -> Counted:
    return Counted(duckdb_side(tmp_path), by, {})


@pytest.fixture
def side(feed: Counted) -> Side:
    return feed.side


def numbers(side: Side) -> list[int]:
    """The numbers in the table, in the order in which they were loaded."""
    rows = side.sql(
        "SELECT sequence_number FROM load_metadata WHERE removed_sequence IS NULL ORDER BY sequence"
    )
    return [row["sequence_number"] for row in rows]


def held(side: Side) -> list[tuple[str, int]]:
    return [(one.delivery.data.name, one.missing) for one in side.pipeline.discover().held]


def test_a_gap_holds_what_follows_and_its_number_lets_it_go(feed: Counted, side: Side) -> None:
    for n in (3, 9, 10, 11):
        feed.deliver(n, GOOD.format(n))
    assert list(side.run()) == ["t_3.csv"]
    assert held(side) == [(f"t_{n}.csv", 4) for n in (9, 10, 11)]
    assert side.run() == {}
    for n in (4, 5, 6, 7, 8):
        feed.deliver(n, GOOD.format(n))
    side.run()
    assert numbers(side) == [3, 4, 5, 6, 7, 8, 9, 10, 11]
    assert not held(side)


def test_a_refused_number_holds_what_follows_also_in_its_batch(feed: Counted, side: Side) -> None:
    for n, content in ((1, GOOD), (2, BAD), (3, GOOD)):
        feed.deliver(n, content.format(n))
    outcomes = side.run()
    assert [outcomes[f"t_{n}.csv"].status for n in (1, 2, 3)] == ["loaded", "failed", "left"]
    error = outcomes["t_3.csv"].error
    assert error is not None
    assert error.code == ErrorCode.SEQUENCE_GAP
    assert "number 2" in error.message
    feed.deliver(2, GOOD.format(2))
    side.run()
    assert numbers(side) == [1, 2, 3]


def test_a_number_that_comes_back_restates(feed: Counted, by: str, tmp_path: Path) -> None:
    replaced = Counted(duckdb_side(tmp_path / "replaced"), by, {"on_redelivery": "replace"})
    for one in (feed, replaced):
        for n in (1, 2):
            one.deliver(n, GOOD.format(n))
        one.side.run()
        one.deliver(1, GOOD.format(7), name="t_01")
        assert one.side.run()["t_01.csv"].status == "loaded"
        one.deliver(3, GOOD.format(3))
        assert one.side.run()["t_3.csv"].status == "loaded"
    assert numbers(feed.side) == [1, 2, 1, 3]
    assert numbers(replaced.side) == [2, 1, 3]


def test_an_unloaded_last_number_is_the_next_one_again(feed: Counted, side: Side) -> None:
    for n in (1, 2):
        feed.deliver(n, GOOD.format(n))
    side.run()
    (load,) = side.pipeline.warehouse.find_loads("t_2.csv", None, 1)
    side.pipeline.warehouse.unload(load.load_id)
    feed.deliver(3, GOOD.format(3))
    assert held(side) == [("t_3.csv", 2)]
    feed.deliver(2, GOOD.format(2))
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


def test_a_loader_that_did_not_look_cannot_pass_a_gap(feed: Counted, side: Side) -> None:
    """The warehouse decides again: a second loader may have looked before the gap was there."""
    feed.deliver(1, GOOD.format(1))
    side.run()
    feed.deliver(3, GOOD.format(3))
    pipeline = side.pipeline
    (outcome,) = pipeline.run_batch([pipeline.delivery("t_3.csv")])
    assert (outcome.status, outcome.error and outcome.error.code) == ("left", "sequence.gap")
    assert numbers(side) == [1]


class TestInGoFiles:
    """What is said in a go file, and not by a name."""

    @pytest.fixture
    def feed(self, tmp_path: Path) -> Counted:
        return Counted(duckdb_side(tmp_path), "go_file", {})

    def test_the_order_is_that_of_the_numbers(self, feed: Counted, side: Side) -> None:
        for number, name in ((1, "t_c"), (2, "t_b"), (3, "t_a"), (5, "t_0")):
            feed.deliver(number, GOOD.format(number), name=name)
        side.run()
        assert numbers(side) == [1, 2, 3]
        assert held(side) == [("t_0.csv", 4)]
        ids = [row["id"] for row in side.sql("SELECT id FROM raw_t ORDER BY _load_id")]
        assert sorted(ids) == ["1", "2", "3"]

    def test_of_one_number_the_one_that_was_written_first_is_the_first(
        self, feed: Counted, side: Side
    ) -> None:
        feed.deliver(1, GOOD.format(7), name="t_z", age=7200)
        feed.deliver(1, GOOD.format(8), name="t_a")
        assert list(side.run()) == ["t_z.csv"]
        assert list(side.run()) == ["t_a.csv"]
        (load,) = side.pipeline.warehouse.find_loads("t_a.csv", None, 1)
        assert load.restates_load_id is not None

    @pytest.mark.parametrize(
        ("said", "code"),
        [
            ("bytes=5\n", ErrorCode.GO_FILE_NO_KEY),
            ("n=\nbytes=5\n", ErrorCode.GO_FILE_BAD_NUMBER),
            ("n=-1\nbytes=5\n", ErrorCode.GO_FILE_BAD_NUMBER),
            ("n=1e3\nbytes=5\n", ErrorCode.GO_FILE_BAD_NUMBER),
            ("n=99999999999999999999\nbytes=5\n", ErrorCode.GO_FILE_BAD_NUMBER),
        ],
    )
    def test_what_is_no_number_is_refused_and_holds_nobody(
        self, feed: Counted, side: Side, said: str, code: ErrorCode
    ) -> None:
        feed.deliver(1, GOOD.format(1))
        feed.deliver(2, GOOD.format(2))
        side.deliver("t_0.csv", GOOD.format(0))
        side.deliver("t_0.go", said)
        outcomes = side.run()
        error = outcomes["t_0.csv"].error
        assert (outcomes["t_0.csv"].status, error and error.code) == ("failed", code)
        assert numbers(side) == [1, 2]

    def test_a_go_file_that_is_written_again_has_its_new_number(
        self, feed: Counted, side: Side
    ) -> None:
        feed.deliver(1, GOOD.format(1))
        side.run()
        feed.deliver(3, GOOD.format(2), name="t_x")
        assert held(side) == [("t_x.csv", 2)]
        feed.deliver(2, GOOD.format(2), name="t_x")
        assert not held(side)
        side.run()
        assert numbers(side) == [1, 2]


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    by=st.sampled_from(["name", "go_file"]),
    order=st.permutations(range(1, 8)),
    cuts=st.lists(st.integers(1, 3), min_size=7, max_size=7),
    bad=st.sets(st.integers(1, 7), max_size=2),
)
def test_what_is_loaded_is_always_a_prefix_and_nothing_is_lost(
    by: str, order: list[int], cuts: list[int], bad: set[int]
) -> None:
    folder = Path(tempfile.mkdtemp())
    try:
        _arrive(Counted(duckdb_side(folder), by, {}, start=1), order, cuts, bad)
    finally:
        shutil.rmtree(folder)


def _arrive(feed: Counted, order: list[int], cuts: list[int], bad: set[int]) -> None:
    side = feed.side
    waiting = list(order)
    for count in cuts:
        for n in waiting[:count]:
            feed.deliver(n, (BAD if n in bad else GOOD).format(n))
        del waiting[:count]
        side.run()
        _check(side, set(order) - set(waiting))
    for n in sorted(bad):  # mended, and sent again
        feed.deliver(n, GOOD.format(n))
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
