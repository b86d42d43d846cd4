from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.landing.model import Delivery
from airflow_landing_loader.loading.planning.cuts import BATCH_BYTES
from airflow_landing_loader.runs.lanes import (
    MAX_LABEL,
    SMALL_FILE_BYTES,
    lane_label,
    plan_lanes,
    printable,
)
from airflow_landing_loader.storage.model import LandedFile

MAPPING = TableMapping(pattern="*.csv", table="raw")


def delivery(name: str, *, size: int = 100, mtime_ns: int = 0) -> Delivery:
    data = LandedFile(name=name, path=f"/l/{name}", size=size, mtime_ns=mtime_ns, token=name)
    return Delivery(mapping=MAPPING, data=data)


def named(lanes: Sequence[Sequence[str]]) -> set[str]:
    return {name for lane in lanes for name in lane}


def test_a_few_files_get_a_lane_each() -> None:
    plan = plan_lanes([delivery("b.csv"), delivery("a.csv")], max_lanes=2, batch_files=500)
    assert plan.lanes == (("a.csv",), ("b.csv",))
    assert plan.waiting == 0


def test_ten_thousand_small_files_make_twenty_lanes() -> None:
    files = [delivery(f"f{i:05}.csv") for i in range(10_000)]
    plan = plan_lanes(files, max_lanes=50, batch_files=500)
    assert len(plan.lanes) == 20
    assert {len(lane) for lane in plan.lanes} == {500}
    assert named(plan.lanes) == {f.data.name for f in files}


GO = LandedFile(name="go", path="/l/go", size=1, mtime_ns=0, token="go")


def set_of(number: int, *, files: int = 3, size: int = 100) -> list[Delivery]:
    """A set of some files."""
    go = replace(GO, name=f"{number}.go", token=str(number))
    plain = [delivery(f"{number}_{i}.csv", size=size, mtime_ns=number) for i in range(files)]
    return [replace(one, go=go, members=files) for one in plain]


def test_a_set_is_in_one_lane() -> None:
    sets = [set_of(number) for number in range(4)]
    alone = delivery("a.csv", mtime_ns=9)
    ready = [alone, *(one for each in sets for one in each)]
    for max_lanes, batch_files in ((9, 9), (5, 1), (2, 1), (2, 4), (1, 100)):
        plan = plan_lanes(ready, max_lanes=max_lanes, batch_files=batch_files)
        for lane in plan.lanes:
            for each in sets:
                names = {one.data.name for one in each}
                assert names <= set(lane) or not names & set(lane)
        assert plan.waiting == len(ready) - len(named(plan.lanes))
    large = set_of(7, size=SMALL_FILE_BYTES // 2)
    plan = plan_lanes([*large, alone, delivery("b.csv")], max_lanes=2, batch_files=9)
    assert plan.lanes == (("a.csv", "b.csv"), ("7_0.csv", "7_1.csv", "7_2.csv"))


def test_more_files_than_one_run_takes_wait_for_the_next() -> None:
    plan = plan_lanes([delivery(f"{i}.csv") for i in range(100)], max_lanes=3, batch_files=10)
    assert len(plan.lanes) == 3
    assert plan.waiting == 70


def test_a_big_file_keeps_its_own_lane_among_small_ones() -> None:
    big = delivery("big.csv", size=SMALL_FILE_BYTES + 1)
    small = [delivery(f"{i}.csv") for i in range(10)]
    plan = plan_lanes([*small, big], max_lanes=5, batch_files=100)
    assert ("big.csv",) in plan.lanes
    assert len(plan.lanes) == 2


def test_batches_are_even() -> None:
    plan = plan_lanes([delivery(f"{i}.csv") for i in range(300)], max_lanes=5, batch_files=250)
    assert [len(lane) for lane in plan.lanes] == [150, 150]


def test_the_first_to_arrive_go_first_whatever_their_names() -> None:
    late = [delivery(f"a{i}.csv", mtime_ns=1_000 + i) for i in range(20)]
    early = delivery("z.csv", mtime_ns=1)
    plan = plan_lanes([*late, early], max_lanes=1, batch_files=5)
    assert "z.csv" in named(plan.lanes)


sizes = st.integers(0, 2 * SMALL_FILE_BYTES)


@given(
    st.lists(st.tuples(sizes, st.integers(0, 9)), max_size=200),
    st.integers(1, 9),
    st.integers(1, 9),
)
def test_every_file_is_in_one_lane_or_waits(
    files: list[tuple[int, int]], max_lanes: int, batch_files: int
) -> None:
    arrived = [delivery(f"{i}.csv", size=s, mtime_ns=m) for i, (s, m) in enumerate(files)]
    by_name = {d.data.name: d.data.size for d in arrived}
    plan = plan_lanes(arrived, max_lanes=max_lanes, batch_files=batch_files)
    taken = [name for lane in plan.lanes for name in lane]
    assert len(taken) == len(set(taken)) == len(arrived) - plan.waiting
    assert len(plan.lanes) <= max_lanes
    assert bool(plan.lanes) == bool(arrived)
    for lane in plan.lanes:
        assert 1 <= len(lane) <= max(1, batch_files)
        assert list(lane) == sorted(lane)
        if len(lane) > 1:
            assert sum(by_name[name] for name in lane) <= BATCH_BYTES
            assert max(by_name[name] for name in lane) <= SMALL_FILE_BYTES


def test_labels() -> None:
    assert lane_label(["a.csv"]) == "a.csv"
    assert lane_label(["a.csv", "b.csv", "c.csv"]) == "3 files: a.csv \u2026 c.csv"
    assert lane_label([]) == "no file"


@given(st.lists(st.text(max_size=300), max_size=3))
def test_a_label_is_one_short_printable_line(names: list[str]) -> None:
    label = lane_label(names)
    assert label.isprintable()
    assert len(label) <= MAX_LABEL


def test_what_cannot_be_printed_is_replaced() -> None:
    assert printable("a\n\x1b[31m\udcffb", 20) == "a\ufffd\ufffd[31m\ufffdb"


def counted(seq: int, region: str = "EU", **more: int) -> Delivery:
    mapping = TableMapping.model_validate(
        {
            "pattern": "t_{region}_{seq:0d}.csv",
            "table": "raw",
            "sequence": {"part": "seq", "by": ["region"]},
        }
    )
    name = f"t_{region}_{seq}.csv"
    data = LandedFile(name=name, path=f"/l/{name}", size=100, token=name, mtime_ns=0, **more)
    return Delivery(mapping=mapping, data=data)


def test_files_of_a_sequence_share_a_lane_in_the_order_of_their_numbers() -> None:
    deliveries = [counted(10), counted(9), counted(2, "US"), delivery("a.csv"), counted(11)]
    plan = plan_lanes(deliveries, max_lanes=50, batch_files=250)
    assert set(plan.lanes) == {
        ("t_EU_9.csv", "t_EU_10.csv", "t_EU_11.csv"),
        ("t_US_2.csv",),
        ("a.csv",),
    }
    assert plan.waiting == 0


def test_a_lane_of_a_sequence_is_cut_behind_its_first_numbers() -> None:
    plan = plan_lanes([counted(n) for n in range(9, 0, -1)], max_lanes=50, batch_files=4)
    assert plan.lanes == (tuple(f"t_EU_{n}.csv" for n in range(1, 5)),)
    assert plan.waiting == 5
