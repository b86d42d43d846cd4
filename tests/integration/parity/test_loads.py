"""Every load behaviour, on all warehouses: tables, books, zones and verdicts must be equal."""

from __future__ import annotations

import csv
import gzip
import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.support import worlds

from airflow_landing_loader.exceptions import ErrorCode as Code
from airflow_landing_loader.settings import BACKENDS

A = "id,name\n1,Ann\n2,Bob\n"
B = "id,name\n3,Cid\n"


def test_every_warehouse_takes_part() -> None:
    assert set(worlds.WORLDS) == set(BACKENDS)


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


def test_content_that_was_replaced_is_no_duplicate(both: Any) -> None:
    both.map(identity="content", on_redelivery="replace")
    both.load(A)
    both.load(A)
    both.load(B)
    assert both.load(A, "a_2.csv").status == "loaded"


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


def test_deliveries_of_no_rows(both: Any) -> None:
    go = {"pattern": "z_*.go", "format": "properties", "row_count_key": "n"}
    both.map("z_*.csv", "raw_z", go_file=go, grace_seconds=0)
    columns = {"header": False, "columns": ["id", "name"]}
    both.map("c_*.csv", "raw_c", csv=columns, go_file={**go, "pattern": "c_*.go"})
    names = ["z_1.csv", "z_2.csv", "z_4.csv", "c_1.csv", "c_2.csv"]
    contents = [b"", b"id\n7\n", b"\n\n", b"", b"\n"]
    for name, content in zip(names, contents, strict=True):
        both.deliver(name, content)
        both.deliver(name.replace(".csv", ".go"), f"n={content.count(b'7')}\n".encode())
        outcomes = both.run()
        assert [o.status for o in outcomes.values()] == ["loaded"], outcomes
    both.deliver("z_3.csv", b"id\n7\n")
    both.deliver("z_3.go", b"n=0\n")
    assert [o.status for o in both.run().values()] == ["failed"]


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
        ("a_1.csv.gz", gzip.compress(A.encode(), mtime=0), {}),
        ("a_1.csv", "id,name\n1,Zoë\n".encode("cp1252"), {"csv": {"encoding": "windows-1252"}}),
        ("a_1.csv", 'id,name\r\n1,"two\r\nlines"\r\n', {}),
        ("a_1.csv", "id;name\n1;N/A\n", {"csv": {"delimiter": ";", "null_values": ["N/A"]}}),
        ("a_1.csv", 'Report\n\nid;name\n1;"a;b"\n2;2,5\n3;x\n', {"csv": "auto"}),
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


PACKED = "id,x\n1,a\n2,dé\nTRAILER,2\n"


def test_every_packing_of_the_same_records(both: Any) -> None:
    """One mapping and table for each, all in one poll."""
    packings: list[tuple[str, bytes, dict[str, Any]]] = [
        (".csv", PACKED.encode(), {}),
        (".csv", b"\xef\xbb\xbf" + PACKED.encode(), {}),
        (".csv.gz", gzip.compress(PACKED[:9].encode()) + gzip.compress(PACKED[9:].encode()), {}),
        (".csv.zst", zstandard.compress(PACKED.encode()), {}),
        (".csv", PACKED.encode("utf-16"), {"encoding": "utf-16"}),
        (".csv", PACKED.replace("\n", "\r\n").encode(), {}),
        (".csv", PACKED.replace("\n", "\r").encode(), {}),
        (".csv", ("made by x\n\n" + PACKED).encode(), {"skip_rows": 2}),
        (".csv", b'id,x\n1,"say \\"hi\\""\n2," \\\\ "\nTRAILER,2\n', {"escape": "\\"}),
    ]
    for number, (ending, content, keys) in enumerate(packings):
        both.map(f"p{number}_*", f"raw_{number}", csv=keys, trailer={"row_count_column": 1})
        both.deliver(f"p{number}_1{ending}", content)
    assert {o.status for o in both.run().values()} == {"loaded"}


def test_hostile_names_headers_and_cells(both: Any) -> None:
    both.map()
    names = [
        "[1]",
        "?",
        "{x}",
        " 'quoted' \"name\"",
        "100%",
        "ü€",
        "new\nline",
        "year=2024",
        "*",
        "@x",
    ]
    for number, name in enumerate(names):
        both.deliver(f"a_{name}.csv", f"id,x\n{number},{'y' * number}\n")
    both.deliver("a_zz.csv", "id,x'); DROP TABLE load_metadata; --,$1,@ids\n1,'); --,`{},?\n")
    assert {o.status for o in both.run().values()} == {"loaded"}


def test_blank_lines_long_records_and_wide_files(both: Any) -> None:
    both.map("one_*", "raw_one")
    both.map("long_*", "raw_long", max_record_bytes=8 * 1024 * 1024)
    both.map("wide_*", "raw_wide")
    both.deliver("one_1", 'id\n1\n\n""\n')
    both.deliver("long_1", f"id,x\n1,a\n2,{'x' * 3_000_000}\n3,b\n")
    both.deliver("wide_1", ",".join(f"c{i}" for i in range(300)) + "\n" + "1," * 299 + "1\n")
    assert {o.status for o in both.run().values()} == {"loaded"}


def test_a_broken_constraint_fails_its_file_alone(both: Any) -> None:
    """Only the warehouse itself knows: it refuses the batch, and the good ones load without it."""
    both.map()
    both.duckdb.sql("CREATE TABLE raw_a (id VARCHAR NOT NULL, name VARCHAR)")
    both.bigquery.sql("CREATE TABLE raw_a (id STRING NOT NULL, name STRING)")
    for number in range(4):
        both.deliver(f"a_{number}.csv", f"id,name\n{'' if number == 2 else number},x\n")
    outcomes = both.run()
    assert [o.status for o in outcomes.values()] == ["loaded", "loaded", "failed", "loaded"]
    assert outcomes["a_2.csv"].error.code == Code.LOAD_BAD_VALUE


def test_a_schema_of_the_table_is_made(both: Any) -> None:
    both.map(table="other_place.raw_a")
    assert both.load(A).status == "loaded"


def test_a_failed_file_that_is_replayed(both: Any) -> None:
    both.map()
    both.load('id,name\n1,"\n')
    at = datetime.now(UTC).replace(tzinfo=None)
    for side in both.sides:
        side.pipeline.warehouse.mark_replayed(["a_1.csv"], at)
    (record,) = both.bigquery.table("load_deliveries")
    assert record["outcome"] == "replayed"
    assert both.duckdb.state() == both.bigquery.state()


def test_dbt_is_due_until_it_succeeds(both: Any) -> None:
    both.map()
    both.map("b_*.csv", "raw_b")
    both.deliver("b_1.csv", A)
    both.load(A)
    warehouses = [side.pipeline.warehouse for side in both.sides]
    for warehouse in warehouses:
        due = warehouse.dbt_due(["raw_a", "raw_b"])
        assert [(d.table, d.last_attempt) for d in due] == [("raw_a", None), ("raw_b", None)]
        warehouse.record_dbt_run(due[:1], succeeded=True)
        warehouse.record_dbt_run(due[1:], succeeded=False)
        (left,) = warehouse.dbt_due(["raw_a", "raw_b"])
        assert left.table == "raw_b"
        assert left.last_attempt is not None
    both.load(B, "a_2.csv")
    for warehouse in warehouses:
        assert [d.table for d in warehouse.overview(5).dbt_due] == ["raw_a", "raw_b"]
        assert ("raw_a" in {name for _, name in warehouse.relations()}) is True


def test_the_real_files(both: Any, shared_data: Path) -> None:
    files = sorted((shared_data / "italy_covid_regions").glob("*.csv"))
    both.map("dpc-covid19-ita-regioni-*.csv", "raw_regions")
    for file in files:
        both.deliver(file.name, file.read_bytes())
    outcomes = both.run()
    assert sum(o.rows for o in outcomes.values()) == 1890
    assert {o.status for o in outcomes.values()} == {"loaded"}


@pytest.mark.parametrize("commit", ["transaction", "load_job"])
def test_the_free_path_ends_in_the_same_state(both: Any, commit: str) -> None:
    both.map(bigquery={"commit": commit}, on_bad_row="reject", max_rejected=0.5)
    both.load(A)
    both.load("id,name,new\n4,Dan,x\n", "a_2.csv")
    both.load("id,name\n5,Eva\n6\n", "a_3.csv")
    both.load(B)


NAMES = st.sampled_from(["id", "name", "Name", "x y", "é", "new"])
CELLS = st.sampled_from(["", "1", "a,b", 'q"q', "l\nl", " pad ", "NULL", "ü", "'", "\\", "`{}"])


@st.composite
def files(draw: st.DrawFn) -> dict[str, str]:
    """Some files of one mapping: well formed or not, equal or not, with headers that vary."""
    made = {}
    for number in draw(st.lists(st.integers(1, 4), min_size=1, max_size=4, unique=True)):
        header = ["id", *draw(st.lists(NAMES, max_size=3, unique=True))]
        rows = draw(
            st.lists(st.lists(CELLS, min_size=len(header), max_size=len(header)), max_size=4)
        )
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([header, *rows])
        made[f"a_{number}.csv"] = text.getvalue() + draw(
            st.sampled_from(["", "", "", "1,2,3,4,5,6\n"])
        )
    return made


@settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    # An example takes seconds: a smaller one is not worth the minutes of looking for it.
    phases=[Phase.explicit, Phase.generate],
)
@given(
    polls=st.lists(files(), min_size=1, max_size=2),
    keys=st.fixed_dictionaries(
        {
            "on_redelivery": st.sampled_from(["append", "replace", "fail"]),
            "on_duplicate": st.sampled_from(["skip", "load", "fail"]),
            "identity": st.sampled_from(["name", "content"]),
            "on_bad_row": st.sampled_from(["fail", "reject"]),
            "bigquery": st.sampled_from([{}, {"commit": "load_job"}]),
        }
    ),
)
def test_whatever_comes(new_worlds: Any, polls: list[dict[str, str]], keys: dict[str, Any]) -> None:
    with new_worlds() as both:
        both.map(max_rejected=0.6, **keys)
        for made in polls:
            for name, text in made.items():
                both.deliver(name, text)
            both.run()
