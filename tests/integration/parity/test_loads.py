"""Every load behaviour, on both warehouses: tables, books, zones and verdicts must be equal."""

from __future__ import annotations

import gzip
from typing import Any

import pytest

from airflow_landing_loader.exceptions import ErrorCode as Code

A = "id,name\n1,Ann\n2,Bob\n"
B = "id,name\n3,Cid\n"


def test_a_first_load(both: Any) -> None:
    both.map()
    outcome = both.load('id,name\n1,Zoë\n2,""\n3,\n')
    assert (outcome.status, outcome.rows) == ("loaded", 3)


def test_drift_and_missing_columns(both: Any) -> None:
    both.map()
    both.load(A)
    both.load('NAME,x y,id,z\nCid,"a ""b""\nc",3,\nDan,€,4,"\\"\n', "a_2.csv")
    both.load("id\n5\n", "a_3.csv")
    both.load("other\n5\n", "a_4.csv")
    rows = both.bigquery.sql("SELECT _extra FROM raw_a WHERE id = '3'")
    assert rows == [{"_extra": '{"x_y":"a \\"b\\"\\nc","z":null}'}]


@pytest.mark.parametrize("on_redelivery", ["append", "replace", "fail"])
def test_restatements(both: Any, on_redelivery: str) -> None:
    both.map(on_redelivery=on_redelivery)
    both.load(A)
    both.load(B)
    both.load(A)


@pytest.mark.parametrize("on_duplicate", ["skip", "load", "fail"])
def test_duplicates(both: Any, on_duplicate: str) -> None:
    both.map(on_duplicate=on_duplicate)
    both.load(A)
    both.load(A)
    both.load(A, "a_2.csv")


def test_identity_by_content_also_within_a_batch(both: Any) -> None:
    both.map(identity="content")
    for number in range(3):
        both.deliver(f"a_{number}.csv", A)
    both.run()
    assert both.load(A, "a_9.csv").status == "duplicate"


def test_a_duplicate_of_a_file_that_fails_is_decided_anew(both: Any) -> None:
    """Both fail, each for itself: the second is no duplicate of what was never loaded."""
    both.map(identity="content")
    both.load(A)
    for number in (2, 3):
        both.deliver(f"a_{number}.csv", "other\n1\n")
    assert {o.status for o in both.run().values()} == {"failed"}


def test_ragged_records_are_set_aside(both: Any) -> None:
    both.map(on_bad_row="reject", max_rejected=0.5, csv={"row_number": True})
    both.load("id,name\n1,Ann\n2\n3,Cid,x\n4,Dan\n5,Eva\n6,Fay\n")
    numbers = both.bigquery.sql("SELECT _row_number FROM raw_a ORDER BY _row_number")
    assert [row["_row_number"] for row in numbers] == [1, 4, 5, 6]
    both.load("id,name\n1\n2\n3,c\n", "a_2.csv")


def test_ragged_records_fail_a_file(both: Any) -> None:
    both.map()
    both.load("id,name\n1,Ann\n2\n")


TYPED = [
    ("BIGINT", "INT64", ["1", "+2", "-3", "", "9223372036854775807"]),
    ("DOUBLE", "FLOAT64", ["1.5", "-1e-3", ".5", ""]),
    ("DECIMAL(10, 2)", "NUMERIC(10, 2)", ["1.5", "12", "-3.25", "99999999.99"]),
    ("BOOLEAN", "BOOL", ["true", "FALSE", ""]),
    ("DATE", "DATE", ["2024-02-29", "", "0001-01-01"]),
    ("TIMESTAMP", "DATETIME", ["2024-02-29 23:59:59.123456", "2024-02-29T00:00:00"]),
    (
        "TIMESTAMP WITH TIME ZONE",
        "TIMESTAMP",
        ["2024-02-29 12:00:00Z", "2024-02-29T12:00:00.5+01:30"],
    ),
    ("TIME", "TIME", ["23:59:59.5", "00:00:00"]),
]
BAD = ["12.7", "x", "1,5", "2023-02-29", "0000-01-01", "24:00:00", "9223372036854775808", "1e3"]


def _typed(both: Any, ours: str, theirs: str) -> None:
    both.map(on_bad_row="reject", max_rejected=0.99)
    columns = "v {}, id {text}, _load_id {text}, _extra {text}"
    both.duckdb.sql(f"CREATE TABLE raw_a ({columns.format(ours, text='VARCHAR')})")
    both.bigquery.sql(f"CREATE TABLE raw_a ({columns.format(theirs, text='STRING')})")


@pytest.mark.parametrize(("ours", "theirs", "good"), TYPED, ids=lambda v: str(v)[:12])
def test_typed_columns(both: Any, ours: str, theirs: str, good: list[str]) -> None:
    _typed(both, ours, theirs)
    lines = "".join(f'"{value}",{n}\n' for n, value in enumerate([*good, *BAD]))
    outcome = both.load(f"v,id\n{lines}")
    assert outcome.status == "loaded"
    assert outcome.rows >= len(good)


def test_a_bad_value_fails_the_file_where_the_mapping_says_so(both: Any) -> None:
    both.map()
    both.duckdb.sql("CREATE TABLE raw_a (v DATE)")
    both.bigquery.sql("CREATE TABLE raw_a (v DATE)")
    outcome = both.load("v\n2024-01-01\n2024-13-01\n")
    assert (outcome.error.code, outcome.error.line) == (Code.LOAD_BAD_VALUE, 3)


def test_a_type_that_takes_no_text(both: Any) -> None:
    both.map()
    both.duckdb.sql("CREATE TABLE raw_a (v BLOB)")
    both.bigquery.sql("CREATE TABLE raw_a (v BYTES)")
    assert both.load("v\n1\n").error.code == Code.LOAD_TABLE_UNFIT


def test_a_table_made_by_hand_gets_our_columns(both: Any) -> None:
    both.map(csv={"row_number": True})
    both.duckdb.sql("CREATE TABLE raw_a (id VARCHAR)")
    both.bigquery.sql("CREATE TABLE raw_a (id STRING)")
    both.load(A)


def test_header_only(both: Any) -> None:
    both.map()
    both.load("id,name\n")
    both.load(A, "a_2.csv")


def test_go_files_and_trailers(both: Any) -> None:
    go = {"pattern": "a_*.go", "format": "properties", "row_count_key": "n"}
    both.map(go_file=go, grace_seconds=0)
    both.map("b_*.csv", "raw_b", trailer={"row_count_column": 1}, grace_seconds=0)
    for number, count in ((1, 2), (2, 3)):
        both.deliver(f"a_{number}.csv", A)
        both.deliver(f"a_{number}.go", f"n={count}\n")
        both.deliver(f"b_{number}.csv", f"{A}TRAILER,{count}\n")
    outcomes = both.run()
    assert sorted(o.status for o in outcomes.values()) == ["failed", "failed", "loaded", "loaded"]


@pytest.mark.parametrize(
    ("name", "content", "keys"),
    [
        ("a_1.csv.gz", gzip.compress(A.encode()), {}),
        ("a_1.csv", "id,name\n1,Zoë\n".encode("cp1252"), {"csv": {"encoding": "windows-1252"}}),
        ("a_1.csv", 'id,name\r\n1,"two\r\nlines"\r\n', {}),
        ("a_1.csv", "id;name\n1;N/A\n", {"csv": {"delimiter": ";", "null_values": ["N/A"]}}),
        ("a_1.csv", 'id,name,日付,a`b,"q\'u"\n1,2,3,4,5\n', {}),
        ("a_1.csv", "id,select,group\n1,\\,`;--\n", {}),
        ("a_'1`.csv", A, {}),
        ("a_1.csv", "1,2\n", {"csv": {"header": False, "columns": ["x", "y"]}}),
    ],
)
def test_ways_of_writing(both: Any, name: str, content: bytes | str, keys: Any) -> None:
    both.map("a_*", **keys)
    outcome = both.load(content, name)
    assert outcome.status == "loaded", outcome


def test_fifty_small_files_with_a_bad_one(both: Any) -> None:
    both.map()
    for number in range(50):
        both.deliver(f"a_{number:02}.csv", f"id,name\n{number},x\n")
    both.deliver("a_25.csv", "nothing,known\n1,2\n")
    both.load(A, "a_00.csv")  # the table comes from the first good one
    assert [c.name for c in both.bigquery.pipeline.warehouse.columns_of("raw_a")][:2] == [
        "id",
        "name",
    ]
    assert len(both.bigquery.table("load_metadata")) == 49


def test_several_tables_and_mappings_in_one_batch(both: Any) -> None:
    both.map()
    both.map("b_*.csv", "raw_b")
    both.map("c_*.csv", "raw_a", csv={"row_number": True})
    for name in ("a_1.csv", "b_1.csv", "c_1.csv"):
        both.deliver(name, A)
    assert {o.status for o in both.run().values()} == {"loaded"}
