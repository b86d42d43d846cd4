"""Files whose names say how many records they hold."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.worlds import Side, duckdb_side

from airflow_landing_loader.exceptions import ErrorCode as Code


@pytest.fixture
def side(tmp_path: Path) -> Side:
    return duckdb_side(tmp_path)


def test_what_a_name_promises_is_proved_and_kept_in_the_books(side: Side) -> None:
    side.map("a_{day:%Y%m%d}_{rows:0d}.csv", name_count={"part": "rows"}, identity={"key": ["day"]})
    side.deliver("a_20240115_0002.csv", "id\n1\n2\n")
    side.deliver("a_20240116_3.csv", "id\n1\n2\n")
    side.deliver("a_20240117_1.csv", "id\n1\n2\n")
    outcomes = side.run()
    codes = {name[2:10]: one.error and one.error.code for name, one in outcomes.items()}
    assert codes == {
        "20240115": None,
        "20240116": Code.COUNT_TOO_FEW,
        "20240117": Code.COUNT_TOO_MANY,
    }
    error = outcomes["a_20240116_3.csv"].error
    assert error is not None
    assert error.message == "2 records counted, the file's name promises 3"
    (load,) = side.table("load_metadata") or []
    assert (load["expected_count"], load["record_count"]) == (2, 2)
    side.deliver("a_20240115_1.csv", "id\n9\n")
    assert "restates" in side.run()["a_20240115_1.csv"].notes[0]


def test_what_the_sender_counts_besides(side: Side) -> None:
    includes = ["header", "trailer"]
    side.map(
        "a_{rows:04d}.csv",
        name_count={"part": "rows", "count_includes": includes},
        trailer={"row_count_column": 1, "tag": "T"},
    )
    side.deliver("a_0004.csv", "id,n\n1,2\n2,3\nT,2\n")
    side.deliver("a_0001.csv", "id,n\nT,0\n")
    outcomes = side.run()
    assert outcomes["a_0004.csv"].rows == 2
    error = outcomes["a_0001.csv"].error
    assert error is not None
    assert error.code == Code.NAME_BAD_COUNT


@pytest.mark.parametrize("digits", ["0", "000", "0" * 150])
def test_nothing_is_promised(side: Side, digits: str) -> None:
    side.map("a_{rows:0d}.csv", name_count={"part": "rows"})
    side.deliver(f"a_{digits}.csv", "")
    outcome = side.run()[f"a_{digits}.csv"]
    assert (outcome.status, outcome.rows) == ("loaded", 0)


@pytest.mark.parametrize("digits", [str(2**63), "9" * 150])
def test_a_number_that_is_none_of_records(side: Side, digits: str) -> None:
    side.map("a_{rows:0d}.csv", name_count={"part": "rows"})
    side.deliver(f"a_{digits}.csv", "id\n1\n")
    error = side.run()[f"a_{digits}.csv"].error
    assert error is not None
    assert (error.code, error.file) == (Code.NAME_BAD_COUNT, f"a_{digits}.csv")


def test_a_file_that_is_still_written_is_waited_for(side: Side) -> None:
    side.map("a_{rows:0d}.csv", name_count={"part": "rows"}, grace_seconds=60)
    side.deliver("a_2.csv", "id\n1\n", age=1)
    outcome = side.run()["a_2.csv"]
    assert (outcome.status, outcome.error and outcome.error.code) == ("left", Code.COUNT_TOO_FEW)


def test_a_footer_is_told_by_the_count(side: Side) -> None:
    side.map(
        "a_{rows:0d}.csv",
        name_count={"part": "rows"},
        csv={"footer_rows": 1},
        on_bad_row="reject",
        max_rejected=0.9,
    )
    side.deliver("a_2.csv", "id,n\n1,2\n3\n4,5\n")
    side.deliver("a_3.csv", "id,n\n1,2\n3\n4,5\n")
    outcomes = side.run()
    assert (outcomes["a_2.csv"].rows, outcomes["a_2.csv"].rejected) == (1, 1)
    error = outcomes["a_3.csv"].error
    assert error is not None
    assert error.code == Code.COUNT_TOO_FEW
