"""What senders write besides RFC 4180, each by its key: cells, counts, lines and refusals."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.written import read

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.exceptions import ErrorCode, LandingError, TerminalError
from airflow_landing_loader.landing.model import Delivery
from airflow_landing_loader.loading.columns.names import file_columns
from airflow_landing_loader.pipeline.validation import validate
from fuzzing.memory import MemoryZone

ALL_BUT_ESCAPES = {
    "trailing_delimiter": "ignore",
    "blank_around_quotes": True,
    "excel_formulas": True,
    "comments": "#",
    "mixed_line_ends": True,
}
TSV = {"delimiter": "\t", "quote": ""}


def refused(content: bytes, **csv: Any) -> TerminalError:
    with pytest.raises(TerminalError) as caught:
        read(content, **csv)
    return caught.value


def rows(content: bytes, **csv: Any) -> list[tuple[str | None, ...]]:
    found = read(content, **csv)
    return [found.columns, *found.cells]


@pytest.mark.parametrize(
    "content",
    [
        b"a|b|c|\n1|2|3|\n4||6|\n",
        b"a|b|c|\n1|2|3\n4||6\n",
        b"a|b|c\n1|2|3|\n4||6|",
        b'"a"|b|c|\r\n1|"2"|3|\r\n4||6\r\n',
    ],
)
def test_a_delimiter_behind_the_last_field(content: bytes) -> None:
    found = rows(content, delimiter="|", trailing_delimiter="ignore")
    assert found == [("a", "b", "c"), ("1", "2", "3"), ("4", None, "6")]


def test_an_empty_last_field_that_is_not_one_too_many_is_null() -> None:
    found = rows(b"a,b,c\n1,2,\n3,4,,\n", trailing_delimiter="ignore")
    assert found[1:] == [("1", "2", None), ("3", "4", None)]


@pytest.mark.parametrize("last", [b"x", b'""', b" "])
def test_a_surplus_field_that_is_not_empty_is_ragged(last: bytes) -> None:
    error = refused(b"a,b,\n1,2,\n3,4," + last + b"\n", trailing_delimiter="ignore")
    assert (error.code, error.detail.line) == (ErrorCode.CSV_RAGGED, 3)
    assert "trailing_delimiter" not in (error.detail.hint or "")


def test_the_hints_name_the_key() -> None:
    for content in (b"a,b\n1,2,\n", b"a,b,\n1,2\n"):
        assert "csv.trailing_delimiter: ignore" in (refused(content).detail.hint or "")
    with pytest.raises(TerminalError) as caught:
        file_columns(("a", "b", ""), None, file="a.csv", line=1)
    assert "trailing_delimiter: ignore" in (caught.value.detail.hint or "")
    for content in (b'a,b\n1, "x"\n', b'a,b\n"x" ,1\n'):
        assert "csv.blank_around_quotes: true" in (refused(content).detail.hint or "")
    assert "csv.excel_formulas: true" in (refused(b'a,b\n1,="01"\n').detail.hint or "")
    assert "csv.mixed_line_ends: true" in (refused(b"a\n1\r\n").detail.hint or "")
    assert "csv.escape_sequences" in (refused(b'a\n"\\n"\n', escape="\\").detail.hint or "")


def test_an_unnamed_index_column_is_named_by_rename() -> None:
    found = read(b",a,b\n0,x,y\n", rename={"": "row"})
    assert found.cells == [("0", "x", "y")]


def test_blanks_beside_quotes() -> None:
    content = b' "id" ,\t"name", n\n"1" , "Smith, Jane"\t, 5 \n 2 ,"a ""q"" ",\n'
    assert rows(content, blank_around_quotes=True) == [
        ("id", "name", "n"), ("1", "Smith, Jane", " 5 "), (" 2 ", 'a "q" ', None),
    ]  # fmt: skip
    assert rows(b'a\tb\n "x" \t1\n', delimiter="\t", blank_around_quotes=True)[1:] == [("x", "1")]


@pytest.mark.parametrize("field", [b'"a" x', b'x "a"', b'"a" "b"', b'\xc2\xa0"a"'])
def test_more_than_blanks_beside_a_quote_is_refused(field: bytes) -> None:
    error = refused(b"a,b\n1," + field + b"\n", blank_around_quotes=True)
    assert (error.code, error.detail.line) == (ErrorCode.CSV_STRAY_QUOTE, 2)


def test_formulas() -> None:
    content = (
        b'a,b\n="00123","=""00124"""\n="x,""y""","=""x,""""y"""""""\n'
        b'="","="""""\n=SUM(A1),"=1+1"\n"=""a""&""b""",=\n'
    )
    assert rows(content, excel_formulas=True)[1:] == [
        ("00123", "00124"), ('x,"y"', 'x,"y"'), ("", ""), ("=SUM(A1)", "=1+1"), ('="a"&"b"', "="),
    ]  # fmt: skip
    assert rows(b'a\n"=""00123"""\n')[1:] == [('="00123"',)]


def test_comments_are_counted_and_are_no_records() -> None:
    content = b'# it\'s "so\na,b\n#\n1,"x\n# text"\n# 2,3\n3,#4\n #5,6\n# end'
    found = read(content, comments="#")
    assert found.columns == ("a", "b")
    assert found.cells == [("1", "x\n# text"), ("3", "#4"), (" #5", "6")]
    assert found.lines == [4, 7, 8]
    assert (found.inspection.comments, found.inspection.records) == (4, 3)


def test_a_comment_in_a_file_of_one_column_is_no_null() -> None:
    assert read(b"a\n-- x\n\n1\n--", comments="--").cells == [(None,), ("1",)]


def test_the_trailer_may_stand_before_comments() -> None:
    content = b"a,b\n1,2\nTRAILER,1\n# sent at night\n"
    found = read(content, trailer={"row_count_column": 1}, comments="#")
    assert found.inspection.trailer is not None
    assert found.inspection.trailer.line == 3


def test_mixed_line_ends() -> None:
    found = read(b'a,b\r\n1,2\n\r\n\r3,"4\r\n"\r5,6', mixed_line_ends=True)
    assert found.cells == [("1", "2"), ("3", "4\r\n"), ("5", "6")]
    assert found.lines == [2, 5, 7]
    assert found.inspection.line_end == "mixed"
    assert read(b"a\r\n\n\r1\n", mixed_line_ends=True).cells == [(None,), (None,), ("1",)]


def test_mysql() -> None:
    content = (
        b'id\ta\tb\n1\t\\N\t\n2\tx\\ty\\\\\t\\Z\\b\n3\tline\\\nbreak\tta\\\tb\n4\t\\Nn\t\\q"\n'
        b"5\t\\r\\n\tN\n"
    )
    found = read(content, escape_sequences="mysql", **TSV)
    assert found.cells == [
        ("1", None, ""), ("2", "x\ty\\", "\x1a\b"), ("3", "line\nbreak", "ta\tb"),
        ("4", "Nn", 'q"'), ("5", "\r\n", "N"),
    ]  # fmt: skip
    assert found.lines == [2, 3, 4, 6, 7]
    quoted = read(
        b'id,a\n"1","a \\"q\\" ""d"" \\, \\\n"\n2,\\N\n3,"\\N"\n4,NULL\n5,"NULL"\n6,a\\,b\n',
        escape_sequences="mysql",
        null_values=["NULL"],
    )
    assert [cells[1] for cells in quoted.cells] == [
        'a "q" "d" , \n', None, None, None, "NULL", "a,b",
    ]  # fmt: skip


def test_postgres() -> None:
    content = (
        b'id\ta\n1\t\\N\n2\t\n3\t\\b\\f\\n\\r\\t\\v\\\\\n4\t{"k": "v\\\\n"}\n5\t\\x41\\102\\x\n'
        b"6\ta\\\nb\n7\tN\n8\t\\\\N\n"
    )
    assert read(content, escape_sequences="postgres", **TSV).cells == [
        ("1", None), ("2", ""), ("3", "\b\f\n\r\t\v\\"), ("4", '{"k": "v\\n"}'), ("5", "ABx"),
        ("6", "a\nb"), ("7", "N"), ("8", "\\N"),
    ]  # fmt: skip


def test_spark() -> None:
    content = b'id,a\n1,"say \\"x\\" \\\\"\n2,"C:\\dir\\new"\n3,C:\\dir\n4,\n5,""\n'
    assert [cells[1] for cells in read(content, escape_sequences="spark").cells] == [
        'say "x" \\', "C:\\dir\\new", "C:\\dir", None, "",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("whose", "field"),
    [
        ("mysql", b"\\0"),
        ("mysql", b"x\\"),
        ("mysql", b"x\\\n"),
        ("mysql", b"\\\r\n"),
        ("postgres", b"\\0"),
        ("postgres", b"\\x00"),
        ("postgres", b"\\xe9"),
        ("postgres", b"\\351"),
        ("postgres", b"\\."),
        ("postgres", b"x\\"),
    ],
)
def test_a_sequence_that_stands_for_no_character_is_refused(whose: str, field: bytes) -> None:
    line_end = b"" if field.startswith(b"x") else b"\n"
    error = refused(b"id\ta\n1\t" + field + line_end, escape_sequences=whose, **TSV)
    assert (error.code, error.detail.line) == (ErrorCode.CSV_BAD_ESCAPE, 2)


def test_all_keys_together_with_a_header_that_stands_again() -> None:
    content = b'# x\n "id" ,="n",\r\n1,="01",\n"ID" , n \n# y\n2,"=""02""" ,\r'
    error = refused(content, **ALL_BUT_ESCAPES)
    assert (error.code, error.detail.line) == (ErrorCode.CSV_REPEATED_HEADER, 4)
    found = read(content, repeated_header="skip", **ALL_BUT_ESCAPES)
    assert found.cells == [("1", "01"), ("2", "02")]
    assert (found.inspection.comments, found.inspection.skipped_headers) == (2, 1)


@pytest.mark.parametrize("first", [b'"TRAILER" ', b' "TRAILER"', b'="TRAILER"', b"TRAILER"])
def test_a_record_with_the_tag_is_no_data_however_it_is_written(first: bytes) -> None:
    content = b"a,b,c\n1,2,3\n" + first + b",1,x\n4,5,6\nTRAILER,3\n"
    error = refused(content, trailer={"row_count_column": 1, "tag": "TRAILER"}, **ALL_BUT_ESCAPES)
    assert (error.code, error.detail.line) == (ErrorCode.TRAILER_NOT_LAST, 3)


def test_a_data_record_with_a_delimiter_behind_it_is_no_trailer() -> None:
    error = refused(
        b"a,b,c,\n7,x,y,\n1,2,3,\n",
        trailer={"row_count_column": 1, "tag": False},
        trailing_delimiter="ignore",
    )
    assert error.code == ErrorCode.TRAILER_MISSING


def test_no_beginning_of_a_file_passes_for_all_of_it() -> None:
    content = b'# "\n"a" ,b,c,\n1 , "x\r\n# y" ,="2",\r\n# z\n"3",,5\rT,2,\n'
    keys = {"csv": ALL_BUT_ESCAPES, "trailer": {"row_count_column": 1, "tag": "T"}}
    mapping = TableMapping.model_validate({"pattern": "*", "table": "t", **keys})
    for size in range(len(content) + 1):
        zone = MemoryZone({"a_1.csv": content[:size]})
        delivery = Delivery(mapping=mapping, data=zone.file("a_1.csv"))
        try:
            found = validate(zone, delivery, now=1e12)
        except LandingError:
            continue
        assert size >= len(content) - 2
        assert found.inspection.records == 2


def test_encodings_are_decoded_first() -> None:
    content = '"a" ,b,\r\n="é" ,ü,\n'.encode("utf-16")
    assert read(content, encoding="utf-16", **ALL_BUT_ESCAPES).cells == [("é", "ü")]
