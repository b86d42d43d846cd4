"""Control totals, on all warehouses: proved, kept beside the rows, or the file fails."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_landing_loader.exceptions import ErrorCode as Code

FILE = "id,account,amount\n1,A-0007,10.50\n2,A-0009,-0.75\n3,,\n"
TRAILER = {
    "row_count_column": 1,
    "tag": "T",
    "totals": {"amount": 2, "account": {"hash_total_at": 3, "width": 1, "distinct_at": 4}},
}
GO_FILE = {
    "pattern": "a_*.go",
    "format": "properties",
    "totals": {"amount": {"min_at": "lo", "max_at": "hi"}},
}


def booked(side: Any) -> list[tuple[Any, ...]]:
    rows = side.sql(
        "SELECT filename, column_name, kind, promised, computed, promised_by, width "
        "FROM load_totals ORDER BY filename, column_name, kind"
    )
    return [tuple(row.values()) for row in rows]


def test_totals_are_proved_and_kept(both: Any) -> None:
    both.map(trailer=TRAILER, go_file=GO_FILE)
    both.deliver("a_1.csv", FILE + "T,3,9.75,6,2\n")
    both.deliver("a_1.go", "lo=-0.75\nhi=10.50\n")
    both.deliver("a_2.csv", FILE + "T,3,9.74,6,2\n")
    both.deliver("a_2.go", "lo=-0.75\nhi=10.50\n")
    both.deliver("a_3.csv", FILE + "T,3,9.75,6,2\n")
    both.deliver("a_3.go", "lo=-0.75\nhi=10.51\n")
    outcomes = both.run()
    assert {name: o.status for name, o in outcomes.items()} == {
        "a_1.csv": "loaded",
        "a_2.csv": "failed",
        "a_3.csv": "failed",
    }
    told = [outcomes[name].error for name in ("a_2.csv", "a_3.csv")]
    assert [(error.code, error.column) for error in told] == [(Code.TOTALS_DIFFER, "amount")] * 2
    assert "the sum of the column 'amount' is 9.75, the trailer on line 5 promises 9.74" in (
        told[0].message
    )
    assert "is 10.5, the go file a_3.go promises 10.51" in told[1].message
    for side in (both.duckdb, both.bigquery):
        assert booked(side) == [
            ("a_1.csv", "account", "distinct", "2", "2", "trailer", None),
            ("a_1.csv", "account", "hash_total", "6", "6", "trailer", 1),
            ("a_1.csv", "amount", "max", "10.5", "10.5", "go_file", None),
            ("a_1.csv", "amount", "min", "-0.75", "-0.75", "go_file", None),
            ("a_1.csv", "amount", "sum", "9.75", "9.75", "trailer", None),
        ]


def test_no_record_comes_to_nothing(both: Any) -> None:
    both.map(go_file={**GO_FILE, "totals": {"amount": {"min_at": "lo", "sum_at": "sum"}}})
    both.deliver("a_1.csv", "id,amount\n")
    both.deliver("a_1.go", "lo=\nsum=0.00\n")
    assert both.run()["a_1.csv"].status == "loaded"
    for side in (both.duckdb, both.bigquery):
        assert booked(side) == [
            ("a_1.csv", "amount", "min", None, None, "go_file", None),
            ("a_1.csv", "amount", "sum", "0", "0", "go_file", None),
        ]


@pytest.mark.parametrize("replayed", [False, True])
def test_a_file_that_comes_again_has_its_totals_again(both: Any, replayed: bool) -> None:
    both.map(on_redelivery="replace", trailer=TRAILER, on_duplicate="load")
    both.deliver("a_1.csv", FILE + "T,3,9.75,6,2\n")
    assert both.run()["a_1.csv"].status == "loaded"
    content = FILE if replayed else FILE.replace("10.50", "11.50")
    both.deliver("a_1.csv", content + f"T,3,{'9.75' if replayed else '10.75'},6,2\n")
    assert both.run()["a_1.csv"].status == "loaded"
    for side in (both.duckdb, both.bigquery):
        sums = [row for row in booked(side) if row[2] == "sum"]
        assert len(sums) == 2


def test_rejected_records_count_as_the_sender_has_counted_them(both: Any) -> None:
    keys: dict[str, Any] = {
        "on_bad_row": "reject",
        "max_rejected": 0.9,
        "csv": {"null_values": ["-"]},
    }
    both.map(trailer={**TRAILER, "totals": {"amount": 2}}, **keys)
    ragged = "id,account,amount\n1,A,1.5\n2,B,-\n3,C,2.5,surplus\n4,D\nT,4,{}\n"
    both.deliver("a_1.csv", ragged.format("4"))
    both.deliver("a_2.csv", ragged.format("1.5"))
    both.deliver("a_3.csv", ragged.replace("4,D", "4,D,x").format("4"))
    outcomes = both.run()
    assert (outcomes["a_1.csv"].status, outcomes["a_1.csv"].rejected) == ("loaded", 2)
    refused = [outcomes[f"a_{number}.csv"].error for number in (2, 3)]
    assert [error.code for error in refused] == [Code.TOTALS_DIFFER, Code.TOTALS_NOT_A_NUMBER]
    assert (refused[1].line, refused[1].record, refused[1].column) == (5, 4, "amount")
