"""Files that are counted, on all warehouses: the same are held, loaded and told."""

from __future__ import annotations

from typing import Any

GOOD = "id,name\n{},x\n"


def test_gaps_hold_and_are_told(both: Any) -> None:
    both.map("a_{seq:0d}.csv", sequence={"part": "seq"})
    both.map("b_{seq:0d}.csv", "raw_b", sequence={"part": "seq", "on_gap": "report"})
    for n in (1, 3, 9, 10):
        both.deliver(f"a_{n}.csv", GOOD.format(n))
        both.deliver(f"b_{n}.csv", GOOD.format(n))
    outcomes = both.run()
    assert sorted(outcomes) == ["a_1.csv", "b_1.csv", "b_10.csv", "b_3.csv", "b_9.csv"]
    assert outcomes["b_9.csv"].notes == ("number 4 of its sequence is missing before it",)
    both.deliver("a_2.csv", "id,name\n1\n")  # refused
    assert {n: o.status for n, o in both.run().items()} == {"a_2.csv": "failed", "a_3.csv": "left"}
    both.deliver("a_02.csv", GOOD.format(2))
    assert {n: o.status for n, o in both.run().items()} == {
        "a_02.csv": "loaded",
        "a_3.csv": "loaded",
    }
    for side in both.sides:
        assert side.pipeline.warehouse.sequences(["raw_a", "raw_b"]) == {
            ("raw_a", "{}"): 3,
            ("raw_b", "{}"): 10,
        }


def test_numbers_stand_in_go_files(both: Any) -> None:
    go_file = {
        "pattern": "a_*.go",
        "format": "json",
        "sequence_number": "$.batch",
        "row_count": "$.n",
    }
    both.map("a_*.csv", go_file=go_file, sequence={})
    for name, number in (("z", 1), ("y", 2), ("x", 4)):
        both.deliver(f"a_{name}.csv", GOOD.format(number))
        both.deliver(f"a_{name}.go", f'{{"batch": {number}, "n": 1}}')
    assert sorted(both.run()) == ["a_y.csv", "a_z.csv"]
    for side in both.sides:
        assert side.pipeline.warehouse.sequences(["raw_a"]) == {("raw_a", "{}"): 2}
