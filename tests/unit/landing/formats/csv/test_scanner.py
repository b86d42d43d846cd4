from __future__ import annotations

import pytest

from airflow_landing_loader.config.mapping.model import CsvDialect
from airflow_landing_loader.exceptions import ErrorCode
from airflow_landing_loader.landing.formats.csv.dialect import Dialect
from airflow_landing_loader.landing.formats.csv.scanner import Limits, Scan, Scanner

LIMITS = Limits(bytes=10_000, lines=100)


def scan(text: bytes, *, final: bool = True, limits: Limits = LIMITS, **csv: str) -> Scan:
    return Scanner(Dialect.of(CsvDialect(**csv)), limits).scan(text, final=final)


def rows(found: Scan) -> list[tuple[int, int, int]]:
    """(start, stop, fields) of each row."""
    columns = (found.starts.tolist(), found.stops.tolist(), found.delimiters.tolist())
    return [(start, stop, count + 1) for start, stop, count in zip(*columns, strict=True)]


def problem(found: Scan) -> tuple[ErrorCode, int] | None:
    return None if found.problem is None else (found.problem.code, found.problem.at)


def test_a_dialect_is_bytes() -> None:
    assert Dialect.of(CsvDialect()) == Dialect(b",", ord('"'), None)
    assert Dialect.of(CsvDialect(delimiter="§", quote="")) == Dialect("§".encode(), None, None)
    assert Dialect.of(CsvDialect(escape="\\")).escape == ord("\\")
    assert Dialect.of(CsvDialect(escape='"')).escape is None


@pytest.mark.parametrize("fields", [1, 254, 255, 256, 257, 511, 512, 513, 70_000])
def test_fields_are_counted_beyond_a_byte(fields: int) -> None:
    text = b"," * (fields - 1) + b"\na,b\n" + b"," * (fields - 1) + b"\n"
    limits = Limits(bytes=100_000, lines=1)
    assert [count for _, _, count in rows(scan(text, limits=limits))] == [fields, 2, fields]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_rows_of_each_kind_of_line_end(line_end: str) -> None:
    text = line_end.join(["a,b", "", '"x' + line_end + '",', "c"]).encode()
    found = scan(text)
    width = len(line_end)
    assert [fields for _, _, fields in rows(found)] == [2, 1, 2, 1]
    assert rows(found)[-1][1] == len(text)
    assert found.blank is not None
    assert found.blank.tolist() == [False, True, False, False]
    assert found.extra_lines is not None
    assert found.extra_lines.tolist() == [0, 0, 1, 0]
    assert rows(found)[0][1] == 3 + width
    assert found.problem is None


def test_a_short_last_row_is_not_blank() -> None:
    assert scan(b"ab\r\nxy").blank is None
    assert scan(b"ab\nx").blank is None


def test_an_incomplete_row_is_left_to_the_next_chunk() -> None:
    assert rows(scan(b"a\nb", final=False)) == [(0, 2, 1)]
    assert rows(scan(b'a\n"b\n', final=False)) == [(0, 2, 1)]
    assert rows(scan(b"a\r\nb\r", final=False)) == [(0, 3, 1)]
    assert rows(scan(b"a\rb\r", final=False)) == [(0, 2, 1)]
    assert rows(scan(b"a\r", final=False)) == []
    assert rows(scan(b"a", final=False)) == []


def test_the_first_line_end_decides_for_all_chunks() -> None:
    scanner = Scanner(Dialect.of(CsvDialect()), LIMITS)
    scanner.scan(b'"\n"\r\n', final=False)
    assert scanner.line_end == "\r\n"
    assert problem(scanner.scan(b"a\n", final=True)) == (ErrorCode.CSV_MIXED_LINE_ENDS, 1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"a||b||c\n", 3),
        (b"|||b\n", 2),
        (b"||||\n", 3),
        (b'"||"||"a"\n', 2),
        (b'"a"|||b\n', 2),
    ],
)
def test_a_long_delimiter_is_read_from_left_to_right(text: bytes, expected: int) -> None:
    found = scan(text, delimiter="||")
    assert [fields for _, _, fields in rows(found)] == [expected]
    assert found.problem is None


def test_a_delimiter_may_be_cut_by_the_chunk() -> None:
    assert scan(b'"a"|', final=False, delimiter="||").problem is None
    stray = (ErrorCode.CSV_STRAY_QUOTE, 3)
    assert problem(scan(b'"a"|', delimiter="||")) == stray
    assert problem(scan(b'"a"x', final=False, delimiter="||")) == stray


@pytest.mark.parametrize(
    ("text", "code", "at"),
    [
        (b'a"b\n', ErrorCode.CSV_STRAY_QUOTE, 1),
        (b'"a"b\n', ErrorCode.CSV_STRAY_QUOTE, 3),
        (b'"a" ,b\n', ErrorCode.CSV_STRAY_QUOTE, 3),
        (b'a, "b"\n', ErrorCode.CSV_STRAY_QUOTE, 3),
        (b'x\n"a\n', ErrorCode.CSV_UNCLOSED_QUOTE, 5),
        (b"a\nb\r\n", ErrorCode.CSV_MIXED_LINE_ENDS, 3),
        (b"a\r\nb\n", ErrorCode.CSV_MIXED_LINE_ENDS, 4),
        (b"a\r\nb\rc\r\n", ErrorCode.CSV_MIXED_LINE_ENDS, 4),
        (b"a\r\nb\r", ErrorCode.CSV_MIXED_LINE_ENDS, 4),
        (b"a\rb\r\n", ErrorCode.CSV_MIXED_LINE_ENDS, 3),
        (b"a\rb\n", ErrorCode.CSV_MIXED_LINE_ENDS, 3),
        (b'"a"\r"b"\r\n', ErrorCode.CSV_MIXED_LINE_ENDS, 7),
        (b'"a"\0\n', ErrorCode.ENCODING_NUL_BYTE, 3),
    ],
)
def test_problems(text: bytes, code: ErrorCode, at: int) -> None:
    found = scan(text)
    assert problem(found) == (code, at)
    assert all(stop <= at for _, stop, _ in rows(found))


def test_the_first_problem_counts() -> None:
    found = scan(b'a\nb"c\n"d\n"\0')
    assert problem(found) == (ErrorCode.CSV_STRAY_QUOTE, 3)
    assert rows(found) == [(0, 2, 1)]


def test_limits_include_the_line_end() -> None:
    limits = Limits(bytes=4, lines=2)
    assert scan(b'abc\n"\n"\n', limits=limits).problem is None
    too_long = (ErrorCode.CSV_RECORD_TOO_LONG, 4)
    assert problem(scan(b"abcd\n", limits=limits)) == too_long
    assert problem(scan(b"abcde", final=False, limits=limits)) == too_long
    assert scan(b"abcd", final=False, limits=limits).problem is None
    too_many = (ErrorCode.CSV_RECORD_TOO_MANY_LINES, 2)
    assert problem(scan(b'"\n\n"', limits=limits)) == too_many
    assert problem(scan(b'"\n\n', final=False, limits=limits)) == too_many


def test_escapes_matter_inside_quotes_only() -> None:
    assert rows(scan(b'a\\,"\\",\\\\",\\\n', escape="\\")) == [(0, 13, 3)]
    assert problem(scan(b'"\\a"\n', escape="\\")) == (ErrorCode.CSV_BAD_ESCAPE, 2)
    assert problem(scan(b'"a""b"\n', escape="\\")) == (ErrorCode.CSV_STRAY_QUOTE, 3)
    assert problem(scan(b'\\"a"\n', escape="\\")) == (ErrorCode.CSV_STRAY_QUOTE, 1)
    assert problem(scan(b'"a\\"\n', escape="\\")) == (ErrorCode.CSV_UNCLOSED_QUOTE, 5)


def test_without_quoting_a_quote_is_text() -> None:
    assert rows(scan(b'a"b,"\n"\n', quote="")) == [(0, 6, 2), (6, 8, 1)]
