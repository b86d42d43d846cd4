"""The inspection against two other opinions: a state machine that reads byte by byte, and Python's
``csv`` module where the grammars agree. Blocks are tiny, so that every boundary is met."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from airflow_landing_loader.exceptions import ErrorCode, TerminalError
from airflow_landing_loader.landing import inspection as inspection_module
from airflow_landing_loader.landing import text as text_module
from airflow_landing_loader.landing.inspection import inspect, locate, ragged_records
from airflow_landing_loader.landing.local_zone import LocalSource
from airflow_landing_loader.landing.model import Inspection
from airflow_landing_loader.mapping.model import TableMapping

LF, CR, NUL = 10, 13, 0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("landing")


@dataclass
class Row:
    start: int
    stop: int
    fields: int
    line: int
    blank: bool


@dataclass
class Verdict:
    """What is wrong first: code, line, and the column of a byte."""

    code: ErrorCode
    line: int
    column: int | None = None


class BrokenError(Exception):
    def __init__(self, verdict: Verdict) -> None:
        self.verdict = verdict


@dataclass
class SlowReader:
    """RFC 4180 and our additions, one byte after the other."""

    text: bytes
    mapping: TableMapping
    rows: list[Row] = field(default_factory=list)
    kind: bytes | None = None
    verdict: Verdict | None = None

    def read(self) -> SlowReader:
        try:
            self._read()
        except BrokenError as error:
            self.verdict = error.verdict
        return self

    def _fail(self, code: ErrorCode, line: int, column: int | None = None) -> None:
        raise BrokenError(Verdict(code, line, column))

    def _new_row(self, at: int) -> None:
        self.row_start, self.row_line, self.row_lines = at, self.line, 1
        self.fields, self.state = 1, "start"

    def _check_size(self, at: int) -> None:
        if at - self.row_start >= self.mapping.max_record_bytes:
            self._fail(ErrorCode.CSV_RECORD_TOO_LONG, self.row_line)

    def _read(self) -> None:
        self.line, self.line_start, at = 1, 0, 0
        self._new_row(0)
        while at < len(self.text):
            if self.text[at] == NUL:
                self._fail(ErrorCode.ENCODING_NUL_BYTE, self.line, at - self.line_start + 1)
            self._check_size(at)
            at = self._step(at, self.text[at : at + 1])
        if self.state in ("quoted", "escaped"):
            self._fail(ErrorCode.CSV_UNCLOSED_QUOTE, self.row_line)
        if at > self.row_start:
            self.rows.append(Row(self.row_start, at, self.fields, self.row_line, False))

    def _step(self, at: int, byte: bytes) -> int:
        dialect = self.mapping.csv
        quote, escape = dialect.quote.encode(), (dialect.escape or "").encode()
        if self.state == "quoted":
            return self._quoted(at, byte, quote, escape)
        if self.state == "escaped":
            if byte not in (quote, escape):
                self._fail(ErrorCode.CSV_BAD_ESCAPE, self.row_line)
            self.state = "quoted"
        elif self.state == "closed" and byte == quote and not escape:
            self.state = "quoted"
        elif byte == quote:
            if self.state != "start":
                self._fail(ErrorCode.CSV_STRAY_QUOTE, self.row_line)
            self.state = "quoted"
        elif self.text.startswith(dialect.delimiter.encode(), at):
            after = at + len(dialect.delimiter.encode())
            self._check_size(after - 1)
            self.fields, self.state = self.fields + 1, "start"
            return after
        elif byte in (b"\n", b"\r"):
            return self._line_end(at)
        elif self.state == "closed":
            self._fail(ErrorCode.CSV_STRAY_QUOTE, self.row_line)
        else:
            self.state = "plain"
        return at + 1

    def _quoted(self, at: int, byte: bytes, quote: bytes, escape: bytes) -> int:
        if byte == quote:
            self.state = "closed"
        elif byte == escape:
            self.state = "escaped"
        elif byte == b"\n" or (byte == b"\r" and self.text[at + 1 : at + 2] != b"\n"):
            self.row_lines += 1
            if self.row_lines > self.mapping.max_record_lines:
                self._fail(ErrorCode.CSV_RECORD_TOO_MANY_LINES, self.row_line)
            self.line, self.line_start = self.line + 1, at + 1
        return at + 1

    def _line_end(self, at: int) -> int:
        end = b"\r\n" if self.text.startswith(b"\r\n", at) else self.text[at : at + 1]
        self.kind = self.kind or end
        if end != self.kind:
            self._fail(ErrorCode.CSV_MIXED_LINE_ENDS, self.line)
        after = at + len(end)
        self._check_size(after - 1)
        blank = at == self.row_start
        self.rows.append(Row(self.row_start, after, self.fields, self.row_line, blank))
        self.line, self.line_start = self.line + 1, after
        self._new_row(after)
        return after


def slow_inspect(
    text: bytes, mapping: TableMapping
) -> tuple[SlowReader, list[Row], Verdict | None]:
    """Reader, data records, and what is wrong first."""
    reader = SlowReader(text, mapping).read()
    rows = reader.rows
    columns = len(mapping.csv.columns or ())
    if mapping.csv.header:
        filled = [i for i, row in enumerate(rows) if not row.blank]
        if not filled:
            return reader, [], reader.verdict or Verdict(ErrorCode.FILE_EMPTY, 0)
        columns = rows[filled[0]].fields
        rows = rows[filled[0] + 1 :]
    records = [row for row in rows if columns == 1 or not row.blank]
    if mapping.trailer and reader.verdict is None:
        filled = [i for i, row in enumerate(records) if not row.blank]
        if filled:
            records = records[: filled[-1]]
        else:
            some = records or mapping.csv.header
            code = ErrorCode.TRAILER_MISSING if some else ErrorCode.FILE_EMPTY
            return reader, records, Verdict(code, 0)
    wrong = [row for row in records if row.fields != columns]
    if wrong and mapping.on_bad_row == "fail":
        return reader, records, Verdict(ErrorCode.CSV_RAGGED, wrong[0].line)
    if not records and not mapping.csv.header and not mapping.trailer:
        return reader, records, reader.verdict or Verdict(ErrorCode.FILE_EMPTY, 0)
    return reader, records, reader.verdict


@contextmanager
def blocks_of(size: int) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_module, "BLOCK_BYTES", size)
        patch.setattr(inspection_module, "BLOCK_BYTES", size)
        yield


DIALECTS = (
    {},
    {"escape": "\\"},
    {"quote": ""},
    {"delimiter": ";;"},
    {"delimiter": "a,a", "escape": "\\"},
    {"delimiter": "§"},
    {"delimiter": "\t", "quote": "'"},
)
PIECES = (b"a", b",", b'"', b"\n", b"\r", b"\r\n", b"\\", b" ", b";", b'""', b'","', b'"\n"', b"'")
PIECES_OF_DIALECTS = (*PIECES, b"a,a", b";;", "§".encode(), b"\t", b"\xc3\xa9", b"b")
# Half of the texts keep to the grammar's heart, so that many go a long way before they break.
TAME = (b"a", b"b,c", b",", b'"x"', b'"y""\n"', b'"\r\n"', b"\n", b"\n", b",a\n", b'\n"q\n"\n')

tame_texts = st.lists(st.sampled_from(TAME), max_size=24).map(b"".join)
wild_texts = st.lists(st.sampled_from((*PIECES_OF_DIALECTS, b"\0")), max_size=24).map(b"".join)
mappings = st.builds(
    lambda dialect, columns, on_bad_row, trailer, size, lines: TableMapping.model_validate(
        {
            "pattern": "*.csv",
            "table": "t",
            "csv": {**dialect, **({"header": False, "columns": columns} if columns else {})},
            "on_bad_row": on_bad_row,
            "trailer": {"row_count_column": 1} if trailer else None,
            "max_record_bytes": size,
            "max_record_lines": lines,
        }
    ),
    dialect=st.sampled_from(DIALECTS),
    columns=st.sampled_from((None, None, ["a"], ["a", "b"])),
    on_bad_row=st.sampled_from(("fail", "reject")),
    trailer=st.booleans(),
    size=st.sampled_from((3, 7, 20, 1000)),
    lines=st.sampled_from((1, 2, 3, 50)),
)
# The trailer's own fields are another test's matter.
OF_TRAILER = {ErrorCode.TRAILER_CUT, ErrorCode.TRAILER_BAD_COUNT, ErrorCode.TRAILER_MISSING}
PLAIN = TableMapping(pattern="*.csv", table="t", on_bad_row="reject")


@settings(max_examples=max(600, settings().max_examples))
@given(st.one_of(tame_texts, wild_texts), mappings, st.sampled_from((1, 2, 3, 5, 16, 64)))
@example(b"a\r\na\r", PLAIN, 1)
@example(b"a\ra\r\n", PLAIN, 1)
@example(b'"a"\r', PLAIN, 1)
@example(b'a,"' + b"x" * 999, PLAIN, 64)
def test_agrees_with_a_state_machine(
    folder: Path, text: bytes, mapping: TableMapping, block: int
) -> None:
    path = folder / "wild.csv"
    path.write_bytes(text)
    reader, records, verdict = slow_inspect(text, mapping)
    with blocks_of(block):
        result = attempt(path, mapping)
        if isinstance(result, Inspection):
            assert verdict is None
            check_agreement(result, records, reader)
            check_second_pass(str(path), mapping, result, records)
        elif verdict is None:
            assert mapping.trailer
            assert result.code in OF_TRAILER
        else:
            assert result.code is verdict.code
            assert verdict.line in (0, result.detail.line)
            assert verdict.column in (None, result.detail.column)


def attempt(path: Path, mapping: TableMapping) -> Inspection | TerminalError:
    try:
        return inspect(LocalSource(str(path)), mapping)
    except TerminalError as error:
        return error


def check_agreement(result: Inspection, records: list[Row], reader: SlowReader) -> None:
    assert result.records == len(records)
    assert result.ragged == sum(row.fields != len(result.columns) for row in records)
    assert result.longest_record == max((row.stop - row.start for row in records), default=0)
    assert result.line_end.encode() == (reader.kind or b"\n")
    if records:
        assert result.body_start == records[0].start
        assert result.body_line == records[0].line
        assert result.body_end == records[-1].stop
    else:
        assert result.body_start == result.body_end


def check_second_pass(
    path: str, mapping: TableMapping, result: Inspection, records: list[Row]
) -> None:
    found = [
        (r.record, r.line, r.start, r.end, r.fields) for r in all_places(path, mapping, result)
    ]
    expected = [(i, r.line, r.start, r.stop, r.fields) for i, r in enumerate(records, 1)]
    assert found == expected
    ragged = [(r.record, r.start) for r in ragged_records(LocalSource(path), mapping, result)]
    columns = len(result.columns)
    assert ragged == [(i, r.start) for i, r in enumerate(records, 1) if r.fields != columns]


def all_places(path: str, mapping: TableMapping, result: Inspection) -> list:
    return list(locate(LocalSource(path), mapping, result, range(1, result.records + 1)))


values = st.text(st.sampled_from('ab ,"\n\ré§€\U0001f600;'), max_size=5)


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[list[str]], bytes]:
    """A table, and the same table written with quotes wherever they are needed, and elsewhere."""
    width = draw(st.integers(1, 4))
    rows = draw(st.lists(st.lists(values, min_size=width, max_size=width), min_size=1, max_size=8))
    line_end = draw(st.sampled_from(("\n", "\r\n", "\r")))
    lines = []
    for row in rows:
        fields = []
        for value in row:
            needed = any(c in value for c in '",\r\n') or (width == 1 and not value)
            fields.append(
                '"' + value.replace('"', '""') + '"' if needed or draw(st.booleans()) else value
            )
        lines.append(",".join(fields))
    text = line_end.join(lines) + (line_end if draw(st.booleans()) else "")
    return rows, text.encode()


@settings(max_examples=max(300, settings().max_examples))
@given(tables(), st.integers(1, 40), st.booleans())
def test_agrees_with_the_csv_module(
    folder: Path, table: tuple[list[list[str]], bytes], block: int, bom: bool
) -> None:
    written, text = table
    read = list(csv.reader(io.StringIO(text.decode(), newline=""), strict=True))
    assert read == written
    path = folder / "table.csv"
    path.write_bytes((b"\xef\xbb\xbf" if bom else b"") + text)
    with blocks_of(block):
        result = inspect(LocalSource(str(path)), PLAIN)
    assert result.columns == tuple(unicodedata.normalize("NFC", name.strip()) for name in read[0])
    assert (result.records, result.ragged) == (len(read) - 1, 0)
    body = text[result.body_start : result.body_end].decode()
    assert list(csv.reader(io.StringIO(body, newline=""), strict=True)) == read[1:]


@given(tables(), st.integers(1, 40), st.sampled_from(("", '"', " ")), st.integers(0, 10**19))
def test_the_trailer_is_the_last_record(
    folder: Path, table: tuple[list[list[str]], bytes], block: int, dress: str, count: int
) -> None:
    written, text = table
    line_end = SlowReader(text, PLAIN).read().kind or b"\n"
    text = text if text.endswith(line_end) else text + line_end
    path = folder / "trailer.csv"
    path.write_bytes(text + f"END,{dress}{count}{dress},".encode() + b"x" * 9 + line_end * 3)
    mapping = TableMapping.model_validate(
        {"pattern": "*", "table": "t", "trailer": {"row_count_column": 1, "tag": "END"}}
    )
    with blocks_of(block):
        result = attempt(path, mapping)
    if isinstance(result, TerminalError):
        assert count > 2**63 - 1
        assert result.code is ErrorCode.TRAILER_BAD_COUNT
        return
    assert result.records == len(written) - 1
    assert result.body_end == (len(text) if result.records else result.body_start)
    assert result.trailer is not None
    assert result.trailer.expected_records == count
    assert result.trailer.tag == "END"
