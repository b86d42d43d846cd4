"""Columns, on all warehouses: names of all scripts, drift, types, and tables made by hand."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.deliveries import PEOPLE

from airflow_landing_loader.exceptions import ErrorCode as Code


def test_drift_and_missing_columns(both: Any) -> None:
    both.map()
    both.load(PEOPLE)
    both.load('NAME,x y,id,z\nCid,"a ""b""\nc",3,\nDan,€,4,"\\"\n', "a_2.csv")
    both.load("id\n5\n", "a_3.csv")
    both.load("other\n5\n", "a_4.csv")
    rows = both.bigquery.sql("SELECT _extra FROM raw_a WHERE id = '3'")
    assert rows == [{"_extra": '{"x y":"a \\"b\\"\\nc","z":null}'}]


_HEADERS = (
    "id,Yield %,Дата,取引日",
    "id,Yield $,Цена",
    "YIELD %,ID,дата",
    "id,כמות‏,مولّ,मूल्य,🚀,_PARTITIONTIME,_id,select",
    'id,"a""b","c\nd",é,Ä,ẞ,`x`,$.y',
)


@pytest.mark.parametrize("commit", ["transaction", "load_job"])
def test_names_of_all_scripts_and_whose_columns_are(both: Any, commit: str) -> None:
    both.map(bigquery={"commit": commit})
    for number, header in enumerate(_HEADERS):
        cells = ",".join("abcdefgh"[: header.count(",") + 1])
        both.deliver(f"a_{number}.csv", f"{header}\n{cells}\n")
    both.map(pattern="b_*.csv", table="raw_b", bigquery={"commit": commit})
    both.deliver("b_1.csv", f"{_HEADERS[3]}\na,b,c,d,e,f,g,h\n")
    both.deliver("b_2.csv", f"{_HEADERS[4]}\na,b,c,d,e,f,g,h\n")
    both.run()
    both.load(f"{_HEADERS[0]}\n1,2,3,4\n", "a_9.csv")


def test_names_within_a_batch(both: Any) -> None:
    both.map()
    for number, name in enumerate(("a b", "a-b", "A B", "a.b", "a b")):
        both.deliver(f"a_{number}.csv", f"id,{name}\n{number},x{number}\n")
    both.run()
    assert both.bigquery.sql("SELECT id FROM raw_a WHERE a_b IS NULL ORDER BY id") == [
        {"id": "1"},
        {"id": "3"},
    ]


def test_renamed_and_promised_columns(both: Any) -> None:
    both.map(csv={"rename": {"": "filler", "_load_id": "их id"}, "columns": ["filler", "их id"]})
    both.load("_load_id,\n1,2\n")
    both.load(",_load_id\n3,4\n", "a_2.csv")
    assert both.load("_load_id,x\n3,4\n", "a_3.csv").error.code == Code.HEADER_NOT_AS_PROMISED


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
    both.load(PEOPLE)


def test_a_schema_of_the_table_is_made(both: Any) -> None:
    both.map(table="other_place.raw_a")
    assert both.load(PEOPLE).status == "loaded"
