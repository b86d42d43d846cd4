"""What senders write besides RFC 4180, on all warehouses: equal rows, rejects and numbers."""

from __future__ import annotations

import gzip
from typing import Any

import pytest

TSV = {"delimiter": "\t", "quote": ""}
FILES: dict[str, tuple[bytes, dict[str, Any], list[tuple[str | None, str | None]]]] = {
    "trailing": (
        b"id|a|\n1|x|\n2||\n3|y\n",
        {"delimiter": "|", "trailing_delimiter": "ignore"},
        [("1", "x"), ("2", None), ("3", "y")],
    ),
    "blanks": (
        b'"id" , "a"\n"1" ,\t"x, y"\n2, z \n',
        {"blank_around_quotes": True},
        [("1", "x, y"), ("2", " z ")],
    ),
    "formulas": (
        b'id,a\n1,="001"\n2,"=""0""""2"""\n3,=""\n',
        {"excel_formulas": True},
        [("1", "001"), ("2", '0"2'), ("3", "")],
    ),
    "comments": (
        b'# "\nid,a\n1,x\n#2,y\n3,"\n# z"\n#',
        {"comments": "#"},
        [("1", "x"), ("3", "\n# z")],
    ),
    "mixed": (
        b'id,a\r\n1,x\n2,"y\r\n"\r3,',
        {"mixed_line_ends": True},
        [("1", "x"), ("2", "y\r\n"), ("3", None)],
    ),
    "mysql": (
        b'id\ta\n1\t\\N\n2\t\n3\tx\\ty\\\nz\n4\t"\\\\\n',
        {"escape_sequences": "mysql", **TSV},
        [("1", None), ("2", ""), ("3", "x\ty\nz"), ("4", '"\\')],
    ),
    "postgres": (
        b'id\ta\n1\t\\N\n2\t\n3\t{"k": "\\\\n"}\n4\t\\x41\\n\n',
        {"escape_sequences": "postgres", **TSV},
        [("1", None), ("2", ""), ("3", '{"k": "\\n"}'), ("4", "A\n")],
    ),
    "spark": (
        b'id,a\n1,"C:\\dir \\"x\\""\n2,\n3,""\n',
        {"escape_sequences": "spark"},
        [("1", 'C:\\dir "x"'), ("2", None), ("3", "")],
    ),
}


def _rows(both: Any) -> list[tuple[str | None, str | None]]:
    rows = both.bigquery.sql("SELECT id, a FROM raw_a ORDER BY id")
    return [(row["id"], row["a"]) for row in rows]


@pytest.mark.parametrize("form", FILES)
def test_each_form(both: Any, form: str) -> None:
    content, csv, expected = FILES[form]
    both.map(csv={**csv, "row_number": True})
    assert both.load(content).rows == len(expected)
    assert _rows(both) == expected


def test_small_files_are_read_together(both: Any) -> None:
    content, csv, expected = FILES["postgres"]
    both.map(csv=csv)
    for number in range(4):
        both.deliver(f"a_{number}.csv", content.replace(b"\n4\t", b"\n4%d\t" % number))
    assert {outcome.rows for outcome in both.run().values()} == {len(expected)}


def test_rejects_with_a_trailer_and_a_packed_file(both: Any) -> None:
    writing = {"trailing_delimiter": "ignore", "comments": "#", "mixed_line_ends": True}
    both.map(
        "a_*.gz",
        csv={**writing, "row_number": True},
        on_bad_row="reject",
        max_rejected=0.5,
        trailer={"row_count_column": 1, "tag": "END"},
    )
    content = b"id,a,\r\n1,x,\n# y\n2,y,z\r3,,\n4,w\nEND,4,\n# end"
    outcome = both.load(gzip.compress(content, mtime=0), "a_1.gz")
    assert (outcome.status, outcome.rows) == ("loaded", 3)
    rejects = both.bigquery.sql("SELECT record, line, text FROM load_rejects")
    assert [tuple(row.values()) for row in rejects] == [(2, 4, "2,y,z")]
    numbers = both.bigquery.sql("SELECT _row_number FROM raw_a ORDER BY _row_number")
    assert [row["_row_number"] for row in numbers] == [1, 3, 4]
