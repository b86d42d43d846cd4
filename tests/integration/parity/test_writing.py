"""Ways to write a file, on all warehouses: dialects, packings, counts, no rows, ragged ones."""

from __future__ import annotations

import bz2
import gzip
import lzma
from typing import Any

import pytest
import zstandard
from tests.support.deliveries import PEOPLE
from tests.support.packing import zipped


def test_a_first_load(both: Any) -> None:
    both.map()
    outcome = both.load('id,name\n1,Zoë\n2,""\n3,\n')
    assert (outcome.status, outcome.rows) == ("loaded", 3)


def test_ragged_records_are_set_aside(both: Any) -> None:
    both.map(on_bad_row="reject", max_rejected=0.5, csv={"row_number": True})
    both.load("id,name\n1,Ann\n2\n3,Cid,x\n4,Dan\n5,Eva\n6,Fay\n")
    numbers = both.bigquery.sql("SELECT _row_number FROM raw_a ORDER BY _row_number")
    assert [row["_row_number"] for row in numbers] == [1, 4, 5, 6]
    both.load("id,name\n1\n2\n3,c\n", "a_2.csv")


def test_ragged_records_fail_a_file(both: Any) -> None:
    both.map()
    both.load("id,name\n1,Ann\n2\n")


def test_header_only(both: Any) -> None:
    both.map()
    both.load("id,name\n")
    both.load(PEOPLE, "a_2.csv")


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
        both.deliver(f"a_{number}.csv", PEOPLE)
        both.deliver(f"a_{number}.go", f"n={count}\n")
        both.deliver(f"b_{number}.csv", f"{PEOPLE}TRAILER,{count}\n")
    outcomes = both.run()
    assert sorted(o.status for o in outcomes.values()) == ["failed", "failed", "loaded", "loaded"]


@pytest.mark.parametrize(
    ("name", "content", "keys"),
    [
        ("a_1.csv.gz", gzip.compress(PEOPLE.encode(), mtime=0), {}),
        ("a_1.csv", "id,name\n1,Zoë\n".encode("cp1252"), {"csv": {"encoding": "windows-1252"}}),
        ("a_1.csv", 'id,name\r\n1,"two\r\nlines"\r\n', {}),
        ("a_1.csv", "id;name\n1;N/A\n", {"csv": {"delimiter": ";", "null_values": ["N/A"]}}),
        ("a_1.csv", 'Report\n\nid;name\n1;"a;b"\n2;2,5\n3;x\n', {"csv": "auto"}),
        ("a_1.csv", 'id,name,日付,a`b,"q\'u"\n1,2,3,4,5\n', {}),
        ("a_1.csv", "id,select,group\n1,\\,`;--\n", {}),
        ("a_'1`.csv", PEOPLE, {}),
        ("a_1.csv", "1,2\n", {"csv": {"header": False, "columns": ["x", "y"]}}),
    ],
)
def test_ways_of_writing(both: Any, name: str, content: bytes | str, keys: Any) -> None:
    both.map("a_*", **keys)
    outcome = both.load(content, name)
    assert outcome.status == "loaded", outcome


@pytest.mark.parametrize(
    ("content", "keys"),
    [
        (
            'a"b\nSTART\nid|x\n1|a\n2|"END\nEND"\nEND\nROWS=2\n"x\n',
            {
                "csv": {"delimiter": "|", "data_start": "START", "data_end": "END"},
                "trailer": {"match": r"^ROWS=(?P<count>\d+)$"},
            },
        ),
        (
            "id,name\r\n--,----\r\n1,a\r\n2,b\r\n\r\n(2 rows affected)\r\n",
            {
                "csv": {"skip_lines": {"match": "^--"}},
                "trailer": {"match": r"^\((?P<count>\d+) rows? affected\)$"},
            },
        ),
        (
            "H|2\n1|a\n2|b\n3\nT|3",
            {
                "csv": {"delimiter": "|", "header": False, "columns": ["id", "x"]},
                "header_record": {"match": r"^H\|(?P<count>\d+)$", "count_includes": []},
                "trailer": {"match": r"^T\|(?P<count>\d+)$"},
                "on_bad_row": "reject",
                "max_rejected": 0.9,
            },
        ),
        (
            "Report\n\nid;amount\n1;5,5\n2;6,5\n3;7\nTotal;;19\n",
            {"csv": {"auto": True, "footer_rows": 1}},
        ),
    ],
)
def test_lines_above_and_below(both: Any, content: str, keys: Any) -> None:
    both.map("a_*", grace_seconds=0, **keys)
    outcome = both.load(content)
    assert outcome.status == ("failed" if content.startswith("H|2") else "loaded"), outcome
    outcome = both.load(content.replace("H|2", "H|3"), "a_2.csv")
    assert (outcome.status, outcome.rows) == ("loaded", 3 if "Report" in content else 2)
    cut = both.load(content[: content.rindex("2") - 1], "a_3.csv")
    assert cut.status == "failed"


PACKED = "id,x\n1,a\n2,dé\nTRAILER,2\n"


def test_every_packing_of_the_same_records(both: Any) -> None:
    """One mapping and table for each, all in one poll."""
    packings: list[tuple[str, bytes, dict[str, Any]]] = [
        (".csv", PACKED.encode(), {}),
        (".csv", b"\xef\xbb\xbf" + PACKED.encode(), {}),
        (".csv.gz", gzip.compress(PACKED[:9].encode()) + gzip.compress(PACKED[9:].encode()), {}),
        (".csv.zst", zstandard.compress(PACKED.encode()), {}),
        (".csv.bz2", bz2.compress(PACKED.encode()), {}),
        (".csv.xz", lzma.compress(PACKED.encode()), {}),
        (".csv.zip", zipped(PACKED.encode()), {}),
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


def test_blank_lines_long_records_and_wide_files(both: Any) -> None:
    both.map("one_*", "raw_one")
    both.map("long_*", "raw_long", max_record_bytes=8 * 1024 * 1024)
    both.map("wide_*", "raw_wide")
    both.deliver("one_1", 'id\n1\n\n""\n')
    both.deliver("long_1", f"id,x\n1,a\n2,{'x' * 3_000_000}\n3,b\n")
    both.deliver("wide_1", ",".join(f"c{i}" for i in range(300)) + "\n" + "1," * 299 + "1\n")
    assert {o.status for o in both.run().values()} == {"loaded"}
