"""What the rows hold: text, NULL, drift, typed columns, rejects, record numbers."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
from dataclasses import replace
from typing import Any

import pytest
import zstandard
from tests.support.packing import zipped

from airflow_landing_loader.exceptions import ErrorCode as Code
from airflow_landing_loader.loading.warehouses.duckdb import session


def test_the_first_load_makes_the_table_all_text(world: Any) -> None:
    outcome = world.load("trade id,price\n001,1.50\n2,\n")
    assert (outcome.status, outcome.rows) == ("loaded", 2)
    assert world.sql("SELECT column_name, data_type FROM duckdb_columns() WHERE table_name='raw_a'"
                     " ORDER BY column_index") == [
        ("trade_id", "VARCHAR"),
        ("price", "VARCHAR"),
        ("_load_id", "VARCHAR"),
        ("_extra", "VARCHAR"),
    ]  # fmt: skip
    assert world.rows() == [("001", "1.50", None), ("2", None, None)]
    assert world.sql("SELECT DISTINCT _load_id FROM raw_a") == [(outcome.load_id,)]
    assert world.sql(
        "SELECT position, sender_name, column_name, destination FROM load_columns"
    ) == [
        (1, "trade id", "trade_id", "column"),
        (2, "price", "price", "column"),
    ]


def test_unquoted_empty_is_null_and_quoted_empty_is_text(world: Any) -> None:
    world.load('id,x,y\n1,,""\n2,NA,"NA"\n', csv={"null_values": ["NA"]})
    assert world.rows() == [("1", None, "", None), ("2", None, "NA", None)]


@pytest.mark.parametrize("on_bad_row", ["fail", "reject"])
def test_blank_lines_of_megabytes_are_none_of_the_next_record(world: Any, on_bad_row: str) -> None:
    gap = "\n" * (2 * 1024 * 1024)
    bad = f"bad{gap}" * 2 if on_bad_row == "reject" else ""
    good = "".join(f"{n},x\n" for n in range(3, 401))
    outcome = world.load(f"id,x\n{gap}1,x\n{bad}{gap}2,x\n{good}", on_bad_row=on_bad_row)
    assert (outcome.status, outcome.rows) == ("loaded", 400)
    assert world.sql("SELECT count(DISTINCT id), min(id::INT), max(id::INT) FROM raw_a") == [
        (400, 1, 400)
    ]


def test_a_header_alone_loads_no_row_but_metadata(world: Any) -> None:
    outcome = world.load("id,x\n")
    assert (outcome.status, outcome.rows) == ("loaded", 0)
    assert world.sql("SELECT row_count, record_count FROM load_metadata") == [(0, 0)]
    assert world.zones.names()["archive"] == ["a_1.csv"]


def test_metadata_begins_with_the_six_columns_and_tells_the_rest(world: Any) -> None:
    outcome = world.load("id,x\n1,a\nTRAILER,1,EOF\n", trailer={"row_count_column": 1})
    columns = world.sql("SELECT column_name FROM duckdb_columns() WHERE table_name='load_metadata'"
                        " ORDER BY column_index LIMIT 6")  # fmt: skip
    names = ["load_id", "filename", "table_name", "row_count", "started_at", "completed_at"]
    assert [c for (c,) in columns] == names
    assert world.sql(
        "SELECT load_id, filename, table_name, row_count, record_count, expected_count, "
        "rejected_count, started_at <= completed_at, archive_uri, sequence FROM load_metadata"
    ) == [
        (
            outcome.load_id,
            "a_1.csv",
            "raw_a",
            1,
            1,
            1,
            0,
            True,
            str(world.zones.archive / "a_1.csv"),
            1,
        )
    ]
    assert world.rows() == [("1", "a", None)]


def test_drift_goes_to_extra_in_file_order_and_missing_columns_are_null(world: Any) -> None:
    world.load("id,x\n1,a\n")
    with world.database() as con:
        con.execute("ALTER TABLE raw_a ADD COLUMN y VARCHAR DEFAULT 'never'")
        con.execute("UPDATE raw_a SET y = NULL")
    outcome = world.load('zz,ID,"new ""col"""\n"q""1€",2,\n', "a_2.csv")
    assert outcome.notes == (
        'new columns went to _extra: zz, new "col"',
        "more than half of the table's columns are missing: 2",
    )
    extra = world.sql("SELECT id, x, y, _extra FROM raw_a WHERE id = '2'")
    assert extra == [("2", None, None, '{"zz":"q\\"1€","new \\"col\\"":null}')]
    assert list(json.loads(extra[0][3])) == ["zz", 'new "col"']
    assert world.sql(
        "SELECT drift_columns, missing_columns FROM load_metadata WHERE filename = 'a_2.csv'"
    ) == [(["zz", 'new "col"'], ["x", "y"])]


def test_a_drift_column_can_be_promoted(world: Any) -> None:
    world.load("id\n1\n")
    world.load("id,new\n2,b\n", "a_2.csv")
    with world.database() as con:
        con.execute("ALTER TABLE raw_a ADD COLUMN new VARCHAR")
        con.execute("UPDATE raw_a SET new = _extra->>'$.new' WHERE _extra IS NOT NULL")
    world.load("id,new\n3,c\n", "a_3.csv")
    assert world.rows(columns="id, new") == [("1", None), ("2", "b"), ("3", "c")]


def test_a_table_made_by_a_person_gets_our_columns(world: Any) -> None:
    with world.database() as con:
        con.execute("CREATE SCHEMA s")
        con.execute('CREATE TABLE s."Mine" (x VARCHAR, "select" VARCHAR)')
        con.execute("INSERT INTO s.\"Mine\" VALUES ('old', NULL)")
    world.map(table="s.mine")
    assert world.load("select,x\n1,a\n").status == "loaded"
    assert world.rows("s.mine") == [("a", "1", None), ("old", None, None)]


def test_a_view_is_no_table_to_load_into(world: Any) -> None:
    with world.database() as con:
        con.execute("CREATE VIEW raw_a AS SELECT 1 AS id")
    outcome = world.load("id\n1\n")
    assert outcome.error.code == Code.LOAD_TABLE_UNFIT


TYPED = (
    "CREATE TABLE raw_a (id INTEGER, price DECIMAL(10,2), day DATE, ok BOOLEAN, note VARCHAR, "
    "_load_id VARCHAR, _extra VARCHAR)"
)
TYPED_GOOD = "id,price,day,ok,note\n1,1.50,2024-02-29,TRUE,a\n,,,,\n"


def test_typed_columns_take_their_literal_forms_and_empty_is_null(world: Any) -> None:
    with world.database() as con:
        con.execute(TYPED)
    assert world.load(TYPED_GOOD + '2,"",2024-01-01,false,\n').status == "loaded"
    assert world.sql(
        "SELECT id, price::VARCHAR, day::VARCHAR, ok, note FROM raw_a ORDER BY id"
    ) == [
        (1, "1.50", "2024-02-29", True, "a"),
        (2, None, "2024-01-01", False, None),
        (None, None, None, None, None),
    ]


@pytest.mark.parametrize(
    ("record", "column"),
    [
        ("12.7,1,2024-01-01,true,", "id"),
        ("1,1.505,2024-01-01,true,", "price"),
        ("1,1,2024-1-1,true,", "day"),
        ("1,1,2024-01-01,1,", "ok"),
        ("99999999999,1,2024-01-01,true,", "id"),
    ],
)
def test_a_value_of_another_form_fails_the_file_at_its_line(
    world: Any, record: str, column: str
) -> None:
    with world.database() as con:
        con.execute(TYPED)
    outcome = world.load(TYPED_GOOD + '2,2,2024-01-01,true,"two\nlines"\n' + record + "\n")
    error = outcome.error
    assert (error.code, error.line, error.record, error.column) == (
        Code.LOAD_BAD_VALUE,
        6,
        4,
        column,
    )
    assert world.count("raw_a") == 0


def test_bad_records_are_set_aside_under_reject(world: Any) -> None:
    with world.database() as con:
        con.execute("CREATE TABLE raw_a (id INTEGER, x VARCHAR)")
    world.map(on_bad_row="reject", max_rejected=0.5, csv={"row_number": True})
    content = 'id,x\n1,a\n2,b,c\n3,"c\nc"\nfour,d\n5\n6,f\n7,g\n8,h\n'
    outcome = world.load(content)
    assert (outcome.status, outcome.rows, outcome.rejected) == ("loaded", 5, 3)
    assert world.rows(columns="id, x, _row_number") == [
        (1, "a", 1),
        (3, "c\nc", 3),
        (6, "f", 6),
        (7, "g", 7),
        (8, "h", 8),
    ]
    assert world.sql("SELECT record, line, code, column_name, text FROM load_rejects"
                     " ORDER BY record") == [
        (2, 3, "csv.ragged", None, "2,b,c"),
        (4, 6, "load.bad_value", "id", "four,d"),
        (5, 7, "csv.ragged", None, "5"),
    ]  # fmt: skip
    assert world.sql("SELECT record_count, row_count, rejected_count FROM load_metadata") == [
        (8, 5, 3)
    ]


def test_too_many_bad_values_fail_the_file(world: Any) -> None:
    with world.database() as con:
        con.execute("CREATE TABLE raw_a (id INTEGER)")
    outcome = world.load("id\n1\nx\n", on_bad_row="reject", max_rejected=0.1)
    assert outcome.error.code == Code.CSV_TOO_MANY_REJECTED
    assert world.count("raw_a") == 0
    assert world.count("load_rejects") == 0


def test_a_broken_constraint_fails_the_file(world: Any) -> None:
    with world.database() as con:
        con.execute("CREATE TABLE raw_a (id VARCHAR UNIQUE, x VARCHAR)")
    outcome = world.load("id,x\n1,a\n1,b\n")
    assert outcome.error.code == Code.LOAD_BAD_VALUE
    assert world.count("raw_a") == 0


@pytest.mark.parametrize(
    ("column", "kind", "place"),
    [
        ("x VARCHAR NOT NULL DEFAULT 'secret'", "NOT NULL", "x"),
        ('"a.""b" VARCHAR NOT NULL', "NOT NULL", 'a."b'),
        ("x VARCHAR, UNIQUE (id)", "UNIQUE", None),
        ("x VARCHAR, PRIMARY KEY (id)", "PRIMARY KEY", None),
        ("x VARCHAR, CHECK (id <> 'secret')", "CHECK", None),
        ("x VARCHAR, FOREIGN KEY (id) REFERENCES others (id)", "FOREIGN KEY", None),
    ],
)
def test_a_broken_constraint_is_named_with_its_cure(
    world: Any, column: str, kind: str, place: str | None
) -> None:
    """A default never stands in for what nobody sent, and no cell is told."""
    world.sql("CREATE TABLE others (id VARCHAR PRIMARY KEY)")
    world.sql(f"CREATE TABLE raw_a (id VARCHAR, {column})")
    error = world.refused("id\nsecret\nsecret\n")
    assert error.code == Code.LOAD_BAD_VALUE
    assert kind in error.message
    assert "dbt" in error.hint
    assert error.column == place
    assert "secret" not in error.text()


@pytest.mark.parametrize(
    ("name", "pack", "keys"),
    [
        ("a_1.csv", lambda t: t.encode(), {}),
        ("a_1.csv", lambda t: b"\xef\xbb\xbf" + t.encode(), {}),
        ("a_1.csv.gz", lambda t: gzip.compress(t.encode()), {}),
        ("a_1.csv.gz", lambda t: gzip.compress(t[:9].encode()) + gzip.compress(t[9:].encode()), {}),
        ("a_1.csv.zst", lambda t: zstandard.compress(t.encode()), {}),
        ("a_1.csv.bz2", lambda t: bz2.compress(t.encode()), {}),
        ("a_1.csv.xz", lambda t: lzma.compress(t.encode()), {}),
        ("a_1.zip", lambda t: zipped(t.encode()), {}),
        ("a_1.csv", lambda t: t.encode("utf-16"), {"encoding": "utf-16"}),
        ("a_1.csv", lambda t: t.encode("cp1252"), {"encoding": "windows-1252"}),
        ("a_1.csv", lambda t: t.replace("\n", "\r\n").encode(), {}),
        ("a_1.csv", lambda t: t.replace("\n", "\r").encode(), {}),
        ("a_1.csv", lambda t: t.replace(",", ";").encode(), {"delimiter": ";"}),
        ("a_1.csv", lambda t: ("made by x\n\n" + t).encode(), {"skip_rows": 2}),
        (
            "a_1.csv",
            lambda t: t.split("\n", 1)[1].encode(),
            {"header": False, "columns": ["id", "x"]},
        ),
    ],
)
def test_every_packing_of_the_same_records_gives_the_same_rows(
    world: Any, name: str, pack: Any, keys: dict[str, Any]
) -> None:
    world.map("a_*", csv=keys, trailer={"row_count_column": 1})
    outcome = world.load(pack("id,x\n1,a\n2,dé\nTRAILER,2\n"), name)
    assert outcome.status == "loaded", outcome.error
    assert world.rows() == [("1", "a", None), ("2", "dé", None)]


def test_quoted_line_ends_and_escapes_come_through_untouched(world: Any) -> None:
    world.load('id,x\r\n1,"a\r\nb\nc"\r\n2,"say ""hi"", ok"\r\n3," pad "\r\n')
    assert world.rows(columns="id, x") == [
        ("1", "a\r\nb\nc"),
        ("2", 'say "hi", ok'),
        ("3", " pad "),
    ]


def test_backslash_escapes(world: Any) -> None:
    world.load('id,x\n1,"say \\"hi\\", c:\\\\d"\n', csv={"escape": "\\"})
    assert world.rows(columns="id, x") == [("1", 'say "hi", c:\\d')]


def test_one_column_keeps_its_blank_lines_as_null(world: Any) -> None:
    world.load('id\n1\n\n""\n')
    assert world.rows(columns="id") == [("",), ("1",), (None,)]


def test_a_record_longer_than_the_readers_default_limit(world: Any) -> None:
    world.map(max_record_bytes=64 * 1024 * 1024)
    long = "x" * (5 * 1024 * 1024)
    outcome = world.load(f"id,x\n1,a\n2,{long}\n3,b\n")
    assert outcome.status == "loaded", outcome.error
    assert world.sql("SELECT id, length(x) FROM raw_a ORDER BY id") == [
        ("1", 1),
        ("2", len(long)),
        ("3", 1),
    ]


WIDE = "".join(",".join(f"{x}{i}" for i in range(1_000)) + "\n" for x in ("c", *range(500)))


def test_a_file_that_needs_more_memory_than_the_bound_gets_it(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "MEMORY_PER_THREAD", 16_000_000)
    world.settings = replace(world.settings, duckdb_threads=2)
    outcome = world.load(WIDE)
    assert (outcome.status, outcome.rows) == ("loaded", 500)
    assert world.sql("SELECT count(DISTINCT c0), count(DISTINCT c999) FROM raw_a") == [(500, 500)]


def test_a_memory_limit_that_somebody_set_is_kept(world: Any) -> None:
    world.settings = replace(world.settings, duckdb_memory_limit="32MB")
    outcome = world.load(WIDE)
    assert (outcome.status, outcome.error.code) == ("left", Code.WAREHOUSE_UNAVAILABLE)
    assert "duckdb_memory_limit" in outcome.error.hint
    assert world.count("load_metadata") == 0
    assert world.zones.names()["landing"] == ["a_1.csv"]


def test_names_are_never_patterns_or_folders_for_the_engine(world: Any) -> None:
    names = [
        "a_[1].csv",
        "a_1.csv",
        "a_?.csv",
        "a_{x}.csv",
        "a_ 'quoted' \"name\".csv",
        "a_100%.csv",
        "a_ü€.csv",
        "a_new\nline.csv",
        "a_*.csv",
        "a_year=2024.csv",
    ]
    world.map()
    for number, name in enumerate(names):
        world.deliver(name, f"id,x\n{number},{'y' * number}\n")
    outcomes = world.run()
    assert {o.status for o in outcomes.values()} == {"loaded"}
    assert world.zones.names()["archive"] == sorted(names)
    found = world.sql("SELECT m.filename, r.id FROM raw_a r JOIN load_metadata m"
                      " ON m.load_id = r._load_id")  # fmt: skip
    assert sorted(found) == sorted((name, str(i)) for i, name in enumerate(names))
    assert len(world.sql("DESCRIBE raw_a")) == 4


def test_hostile_headers_and_cells_stay_data(world: Any) -> None:
    header = "id,x'); DROP TABLE load_metadata; --,$1,c0"
    world.load(header + "\n1,'); DROP TABLE raw_a; --,{},?\n")
    world.load("id,evil'; SELECT 1; --\n2,x\n", "a_2.csv")
    assert world.count("raw_a") == 2
    assert world.count("load_metadata") == 2
    assert world.sql("SELECT _extra FROM raw_a WHERE id = '2'") == [
        ('{"evil\'; SELECT 1; --":"x"}',)
    ]
