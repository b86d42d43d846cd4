"""What files' names say, on all warehouses: columns, folders, and which delivery restates which."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.deliveries import MORE_PEOPLE, PEOPLE

from airflow_landing_loader.exceptions import ErrorCode

POSITIONS = "pos_{business_date:%Y%m%d}*.csv"
BY_DATE = {"identity": {"key": ["business_date"]}}


@pytest.mark.parametrize("on_redelivery", ["append", "replace", "fail"])
def test_a_restatement_under_another_name(both: Any, on_redelivery: str) -> None:
    both.map(POSITIONS, on_redelivery=on_redelivery, **BY_DATE)
    both.load(PEOPLE, "pos_20240115.csv")
    second = both.load(MORE_PEOPLE, "pos_20240115_v2.csv")
    both.load(PEOPLE, "pos_20240116.csv")
    assert second.status == ("failed" if on_redelivery == "fail" else "loaded")
    loads = {load["filename"]: load for load in both.duckdb.table("load_metadata")}
    if on_redelivery == "fail":
        assert second.error.code == ErrorCode.DELIVERY_REDELIVERED
        return
    first, restated = loads["pos_20240115.csv"], loads["pos_20240115_v2.csv"]
    assert restated["restates_load_id"] == first["load_id"]
    assert restated["identity_key"] == '{"business_date": "2024-01-15"}'
    assert (first["removed_sequence"] is None) == (on_redelivery == "append")
    assert loads["pos_20240116.csv"]["restates_load_id"] is None


def test_the_same_content_under_another_name_of_the_same_key_is_a_duplicate(both: Any) -> None:
    both.map(POSITIONS, **BY_DATE)
    both.load(PEOPLE, "pos_20240115.csv")
    assert both.load(PEOPLE, "pos_20240115_v2.csv").status == "duplicate"
    assert both.load(PEOPLE, "pos_20240116.csv").status == "loaded"
    assert both.load(MORE_PEOPLE, "pos_20240115.csv").status == "loaded"
    assert both.load(PEOPLE, "pos_20240115_v2.csv").status == "loaded"


@pytest.mark.parametrize("on_redelivery", ["append", "replace", "fail"])
def test_one_name_whose_go_file_says_another_number_is_another_thing(
    both: Any, on_redelivery: str
) -> None:
    both.map(
        "pos.csv",
        go_file={
            "pattern": "pos.go",
            "format": "properties",
            "size": "bytes",
            "sequence_number": "batch",
        },
        on_redelivery=on_redelivery,
        on_duplicate="fail",
        sequence={},
    )
    for batch, content in enumerate((PEOPLE, MORE_PEOPLE, MORE_PEOPLE), start=1):
        both.deliver("pos.go", f"batch={batch}\nbytes={len(content)}\n")
        assert both.load(content, "pos.csv").status == "loaded"
    loads = sorted(both.duckdb.table("load_metadata"), key=lambda load: str(load["identity_key"]))
    keys = [f'{{"sequence_number": "{batch}"}}' for batch in (1, 2, 3)]
    assert [load["identity_key"] for load in loads] == keys
    assert {(ld["restates_load_id"], ld["removed_sequence"]) for ld in loads} == {(None, None)}


def test_of_all_versions_that_lie_there_the_one_that_came_last_stays(both: Any) -> None:
    both.map(POSITIONS, on_redelivery="replace", **BY_DATE)
    ages = {"_v10": 10.0, "_v2": 30.0, "": 40.0, "_v9": 20.0}
    for version, age in ages.items():
        both.deliver(f"pos_20240115{version}.csv", f"id,v\n1,{version or 'v1'}\n", age=age)
    both.deliver("pos_20240116.csv", "id,v\n2,x\n")
    taken = [set(both.run()) for _ in range(4)]
    assert taken == [
        {"pos_20240115.csv", "pos_20240116.csv"},
        {"pos_20240115_v2.csv"},
        {"pos_20240115_v9.csv"},
        {"pos_20240115_v10.csv"},
    ]
    rows = both.duckdb.table("raw_a")
    assert sorted((row["id"], row["v"]) for row in rows) == [("1", "_v10"), ("2", "x")]


def test_a_key_of_several_parts(both: Any) -> None:
    both.map(
        "{region}_{day:%d%b%Y}_*.csv",
        on_redelivery="replace",
        identity={"key": ["day", "region"]},
    )
    both.load(PEOPLE, "eu_15JAN2024_1.csv")
    both.load(PEOPLE, "us_15JAN2024_1.csv")
    both.load(MORE_PEOPLE, "eu_15Jan2024_2.csv")
    loads = both.duckdb.table("load_metadata")
    removed = [load["filename"] for load in loads if load["removed_sequence"] is not None]
    assert removed == ["eu_15JAN2024_1.csv"]


def test_a_key_that_a_mapping_gets_later_finds_loads_by_their_names(both: Any) -> None:
    both.map(POSITIONS, on_redelivery="replace")
    both.load(PEOPLE, "pos_20240115.csv")
    for side in both.sides:
        side.mappings.clear()
    both.map(POSITIONS, on_redelivery="replace", **BY_DATE)
    both.load(MORE_PEOPLE, "pos_20240115.csv")
    (first, second) = sorted(both.duckdb.table("load_metadata"), key=lambda row: row["sequence"])
    assert second["restates_load_id"] == first["load_id"]


def test_parts_become_columns(both: Any) -> None:
    both.map(
        "{region}_{day:%Y%m%d}_*.csv",
        add_columns={"region": "{region}", "day": "{day}", "feed": "a{{b}}'\"", "none": "{region}"},
        archive_layout="{table}/{day}/{region}",
    )
    both.load(PEOPLE, "eu_20240115_1.csv")
    both.load("name,id\nx,9\n", "u's\"; DROP TABLE raw_a; --_20240116_1.csv")
    both.load("id,name,feed\n1,a,b\n", "eu_20240117_1.csv")  # has the column itself
    rows = both.duckdb.table("raw_a")
    assert {(row["region"], row["day"], row["feed"]) for row in rows} == {
        ("eu", "2024-01-15", "a{b}'\""),
        ("u's\"; DROP TABLE raw_a; --", "2024-01-16", "a{b}'\""),
    }


def test_columns_that_are_added_later_are_drift(both: Any) -> None:
    both.map("{region}_*.csv")
    both.load(PEOPLE, "eu_1.csv")
    for side in both.sides:
        side.mappings.clear()
    both.map("{region}_*.csv", add_columns={"region": "{region}"})
    both.load(MORE_PEOPLE, "eu_2.csv")
    assert {row["_extra"] for row in both.duckdb.table("raw_a")} == {None, '{"region":"eu"}'}


@pytest.mark.parametrize("together", [False, True])
def test_added_columns_of_many_files_with_rejects(both: Any, together: bool) -> None:
    both.map(
        "{region}_{seq:0d}.csv",
        add_columns={"region": "{region}", "seq": "{seq}"},
        on_bad_row="reject",
        max_rejected=0.9,
    )
    for number in range(6):
        name = f"{'eu' if number % 2 else ''}_{number // 2:03d}.csv"
        both.deliver(name, f"id,name\n{number},a\n{number}\n")
        if not together:
            both.run()
    if together:
        both.run()
    rows = both.duckdb.table("raw_a")
    assert sorted((row["id"], row["region"], row["seq"]) for row in rows) == [
        ("0", None, "0"),
        ("1", "eu", "0"),
        ("2", None, "1"),
        ("3", "eu", "1"),
        ("4", None, "2"),
        ("5", "eu", "2"),
    ]


def test_added_columns_of_a_table_with_types(both: Any) -> None:
    both.map("{day}_*.csv", add_columns={"day": "{day}", "region": "eu"})
    both.sql("CREATE TABLE raw_a (id STRING, day DATE, region STRING, _load_id STRING)")
    assert both.load("id\n1\n", "2024-01-15_1.csv").status == "loaded"
    refused = both.load("id\n1\n", "someday_1.csv")
    assert refused.error.code == ErrorCode.LOAD_BAD_VALUE
    assert "day" in refused.error.text()


def test_a_file_without_any_record_has_no_added_columns_either(both: Any) -> None:
    go = {"pattern": "a_{region}.go", "format": "properties", "row_count_key": "n"}
    both.map("a_{region}.csv", add_columns={"region": "{region}"}, go_file=go)
    both.deliver("a_x.go", "n=0\n")
    both.load("", "a_x.csv")
    both.deliver("a_y.go", "n=0\n")
    both.load("id\n", "a_y.csv")


def test_names_in_any_case(both: Any) -> None:
    go = {"pattern": "trades_*.go", "format": "properties", "row_count_key": "n"}
    both.map("trades_*.csv", go_file=go, ignore_case=True)
    both.deliver("Trades_A.Go", "n=2\n")
    both.load(PEOPLE, "TRADES_A.CSV")
