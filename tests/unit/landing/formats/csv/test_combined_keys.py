"""Two keys of a mapping in one file, where one of them could blind the other."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.inspecting import Landing
from tests.support.written import read

COMMENTS: dict[str, Any] = {"comments": "#"}
COUNT = {"match": r"^T(?P<count>\d+)$"}
DASHES = {"match": "^--"}
SEQUENCES = {"escape_sequences": "mysql", "delimiter": "\t", "quote": ""}
DUMP: dict[str, Any] = {
    "header": False,
    "columns": ["id", "a"],
    "delimiter": "\t",
    "quote": "",
    "escape_sequences": "postgres",
    "data_start": {"match": "^COPY "},
    "data_end": "\\.",
}

WHOLE: dict[str, tuple[bytes, dict[str, Any], list[tuple[str | None, ...]]]] = {
    "comments above and below skip_lines": (
        b"--\n# c\n--\nid,a\n# d\n--\n1,x\n",
        {**COMMENTS, "skip_lines": DASHES},
        [("1", "x")],
    ),
    "blank lines beside skip_lines": (
        b"\n--\n\nid,a\n--\n1,x\n",
        {"skip_lines": DASHES},
        [("1", "x")],
    ),
    "a dump of Postgres": (
        b"COPY t (id, a) FROM stdin;\n1\tx\\ny\n2\t\\N\n\\.\n\nSELECT 1;\n",
        DUMP,
        [("1", "x\ny"), ("2", None)],
    ),
    "a backslash before a line like data_end": (
        b"id\ta\n1\tx\\\nEND\nEND\n",
        {**SEQUENCES, "data_end": "END"},
        [("1", "x\nEND")],
    ),
    "data_end as a comment": (
        b'id,a\n1,x\n# 5" END\n2,y\n# END\n"\n',
        {**COMMENTS, "data_end": "# END"},
        [("1", "x"), ("2", "y")],
    ),
    "a blank line in the footer": (b"id,a\n1,x\n\nTotal 1\n", {"footer_rows": 2}, [("1", "x")]),
    "line ends of data_end": (
        b"id,a\r1,x\r\nEND\ry",
        {"mixed_line_ends": True, "data_end": "END"},
        [("1", "x")],
    ),
    "a formula below data_start": (
        b'"\nGO\nid,a\n="1",="x\ny"\n',
        {"data_start": "GO", "excel_formulas": True},
        [("1", "x\ny")],
    ),
}


@pytest.mark.parametrize("keys", WHOLE)
def test_a_whole_file(keys: str) -> None:
    content, csv, cells = WHOLE[keys]
    found = read(content, **csv)
    assert found.cells == cells


def test_a_trailer_that_is_a_record_proves_what_stands_above_a_footer(landing: Landing) -> None:
    keys = {"trailer": {"row_count_column": 1, "tag": "T"}, "on_bad_row": "reject"}
    content = b"id,a\n1,x\n2,y,z\nT,2\nTotal\n"
    assert landing.inspect(content, csv={"footer_rows": 1}, **keys).records == 2
    for size in range(len(content) - len(b"Total\n") + 1):
        landing.refused(content[:size], csv={"footer_rows": 1}, **keys)


def test_comments_behind_a_trailer() -> None:
    for trailer, line in ((COUNT, b"T1"), ({"row_count_column": 1, "tag": "T"}, b"T,1")):
        found = read(b"id,a\n1,x\n" + line + b"\n# end\n", trailer=trailer, **COMMENTS)
        assert found.inspection.records == 1
        assert found.inspection.trailer is not None


@pytest.mark.parametrize(
    ("cut", "csv"),
    [
        (b"id,a\n1,x\n# c\n", {**COMMENTS, "footer_rows": 1}),
        (b"id,a\n1,x\n\n", {"footer_rows": 1}),
        (b"id\n1\n\nTotal,1\n", {"footer_rows": 2}),
        (b"id,a\n1,x\n\n2,y\n", {"footer_rows": 2}),
        (b"id,a\n1,x\n# c\n2,y\n", {**COMMENTS, "footer_rows": 2}),
        (b"id,a\n--\n", {"skip_lines": DASHES, "footer_rows": 1}),
        (b"id\ta\n1\\\ny\tx\n", {**SEQUENCES, "footer_rows": 2}),
        (b'id,a\n "1\n",x\n', {"blank_around_quotes": True, "footer_rows": 2}),
        (b'id,a\n="1\n",x\n', {"excel_formulas": True, "footer_rows": 2}),
    ],
)
def test_no_footer_is_made_of_what_stands_between_records(
    landing: Landing, cut: bytes, csv: dict[str, Any]
) -> None:
    assert landing.code(cut, csv=csv)[0] == "csv.footer_missing"


@pytest.mark.parametrize("mark", [{"match": "END"}, {"match": "END$"}])
def test_a_comment_that_speaks_of_the_end_does_not_end_the_data(
    landing: Landing, mark: dict[str, str]
) -> None:
    content = b"id,a\n1,x\n# all up to END\n2,y\nEND\n"
    code = landing.code(content, csv={**COMMENTS, "data_end": mark})
    assert code == ("csv.data_end_doubtful", 3)
    anchored = {**COMMENTS, "data_end": {"match": "^END"}}
    assert landing.inspect(content, csv=anchored).records == 2
