"""Names that are nearly equal are different files, in both warehouses."""

from __future__ import annotations

import pytest
from tests.support import worlds

NAMES = (
    "a_\udcff.csv",  # a byte that is not UTF-8, as Python has it
    r"a_\xff.csv",
    r"a_\\xff.csv",
    "a_\u00e9.csv",
    "a_e\u0301.csv",
    "a_x.csv",
    "a_X.csv",
    "a_x .csv",
    "a_x\n.csv",
)


def check(sides: tuple[worlds.Side, ...]) -> None:
    for side in sides:
        side.map(on_redelivery="replace")
    for side in sides:
        for number, name in enumerate(NAMES):
            side.deliver(name, f"a,b\n{number},1\n")
        assert {o.status for o in side.run().values()} == {"loaded"}
        rows = side.table("raw_a") or []
        assert sorted(row["a"] for row in rows) == [str(number) for number in range(len(NAMES))]
        # the same content is a duplicate under its own name only
        for number, name in enumerate(NAMES):
            side.deliver(name, f"a,b\n{number},1\n")
        assert {o.status for o in side.run().values()} == {"duplicate"}
        # and other content takes the place of its own rows only
        for number, name in enumerate(NAMES[:3]):
            side.deliver(name, f"a,b\nnew {number},1\n")
        assert {o.status for o in side.run().values()} == {"loaded"}
        rows = side.table("raw_a") or []
        assert sorted(row["a"] for row in rows) == [
            *(str(number) for number in range(3, len(NAMES))),
            "new 0",
            "new 1",
            "new 2",
        ]


def test_a_file_takes_no_other_file_s_rows(both: worlds.Sides) -> None:
    check(both.sides)


def test_a_file_takes_no_other_file_s_rows_in_duckdb(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    check((worlds.duckdb_side(tmp_path_factory.mktemp("side")),))
