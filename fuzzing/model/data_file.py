"""What the inspection should say of a whole file: encoding, skipped lines, header, trailer."""

from __future__ import annotations

import codecs
import re
import unicodedata
from dataclasses import dataclass, field
from itertools import groupby

from airflow_landing_loader.exceptions import ErrorCode
from airflow_landing_loader.landing.model import TrailerContent
from airflow_landing_loader.mapping.model import TableMapping, Trailer
from fuzzing.model.csv_text import Cell, Row, SlowReader, Verdict

_LINE_END = re.compile(rb"\r\n|\n|\r")
_COUNT = re.compile(r"[ \t]*0*([0-9]{1,19})[ \t]*")
_MARKS = {
    codecs.BOM_UTF8: ("utf-8",),
    codecs.BOM_UTF16_LE: ("utf-16", "utf-16-le"),
    codecs.BOM_UTF16_BE: ("utf-16", "utf-16-be"),
}


@dataclass
class Judgement:
    """What a file holds.

    :param text: its text in UTF-8, up to the first bytes that cannot be decoded.
    :param rows: all rows of it; offsets count bytes of the text.
    :param header: the record that names the columns.
    :param columns: how many.
    :param records: the data records.
    :param last: the trailer.
    :param trailer: what the trailer says.
    :param kind: the line end.
    :param verdict: what is wrong first; ``None``: the file is good.
    """

    text: bytes
    rows: list[Row] = field(default_factory=list)
    header: Row | None = None
    columns: int = 0
    records: list[Row] = field(default_factory=list)
    last: Row | None = None
    trailer: TrailerContent | None = None
    kind: bytes | None = None
    verdict: Verdict | None = None

    @property
    def blank_run(self) -> int:
        """Bytes of the longest run of blank lines."""
        runs = groupby(self.rows, key=lambda row: row.blank)
        return max(
            (sum(row.stop - row.start for row in run) for blank, run in runs if blank), default=0
        )

    @property
    def names(self) -> tuple[str, ...]:
        """The names in the header."""
        cells = () if self.header is None else self.header.cells
        return tuple(clean(cell.text) for cell in cells)

    @property
    def ragged(self) -> list[Row]:
        """Records with a wrong number of fields."""
        return [row for row in self.records if row.fields != self.columns]

    def cells(self, row: Row, null_values: tuple[str, ...]) -> tuple[str | None, ...]:
        """The values of a record, ``None`` for NULL."""
        nulls = ("", *null_values)
        return tuple(
            None if not cell.quoted and cell.text in nulls else cell.text for cell in row.cells
        )


def judge(content: bytes, mapping: TableMapping) -> Judgement:
    """Say what a file holds and what is wrong with it.

    :param content: the file, not compressed.
    :param mapping: its table mapping.
    """
    if not content:
        return Judgement(b"", verdict=Verdict(ErrorCode.FILE_EMPTY))
    text, cut = _text_of(content, mapping.csv.encoding)
    found = Judgement(text)
    start, line, wrong = _skipped(text, cut, mapping)
    if wrong is not None:
        found.verdict = wrong
        return found
    reader = SlowReader(text[start:], mapping, line=line, cut=cut).read()
    for row in reader.rows:
        row.start, row.stop = row.start + start, row.stop + start
    found.rows, found.kind, found.verdict = reader.rows, reader.kind, reader.verdict
    found.verdict = _records(found, mapping)
    return found


def clean(name: str) -> str:
    """A column name as it is meant."""
    return unicodedata.normalize("NFC", name.strip())


def _text_of(content: bytes, encoding: str) -> tuple[bytes, bool]:
    """The text that can be decoded, in UTF-8, and whether bytes follow that cannot."""
    mark = next((mark for mark in _MARKS if content.startswith(mark)), b"")
    if mark and encoding not in _MARKS[mark]:
        return b"", True
    if encoding == "utf-16":
        if not mark:
            return b"", True
        encoding = _MARKS[mark][1]
    content = content[len(mark) :]
    try:
        return content.decode(encoding).encode(), False
    except UnicodeDecodeError as error:
        return content[: error.start].decode(encoding).encode(), True


def _skipped(text: bytes, cut: bool, mapping: TableMapping) -> tuple[int, int, Verdict | None]:
    """Where the rows begin and in which line, or what is wrong before them."""
    start = 0
    for line in range(1, mapping.csv.skip_rows + 1):
        end = _LINE_END.search(text, start)
        stop = end.end() if end else len(text)
        nul = text.find(b"\0", start, stop)
        limit = start + mapping.max_record_bytes
        if 0 <= nul <= limit:
            return start, line, Verdict(ErrorCode.ENCODING_NUL_BYTE, line)
        if stop > limit:
            return start, line, Verdict(ErrorCode.CSV_RECORD_TOO_LONG, line)
        if end is None:
            wrong = Verdict(ErrorCode.ENCODING_INVALID, line) if cut else None
            return stop, line, wrong
        start = stop
    return start, mapping.csv.skip_rows + 1, None


def _records(found: Judgement, mapping: TableMapping) -> Verdict | None:
    """Tell header, records and trailer apart; return what is wrong first."""
    found.columns = len(mapping.csv.columns or ())
    rows = found.rows
    if mapping.csv.header:
        filled = [index for index, row in enumerate(rows) if not row.blank]
        if not filled:
            return found.verdict or Verdict(ErrorCode.FILE_EMPTY)
        found.header = rows[filled[0]]
        found.columns = found.header.fields
        rows = rows[filled[0] + 1 :]
    found.records = [row for row in rows if found.columns == 1 or not row.blank]
    if mapping.trailer is not None and found.verdict is None:
        filled = [index for index, row in enumerate(found.records) if not row.blank]
        if not filled:
            return _no_trailer(found, mapping.trailer)
        found.last = found.records[filled[-1]]
        found.records = found.records[: filled[-1]]
    if found.ragged and mapping.on_bad_row == "fail":
        return Verdict(ErrorCode.CSV_RAGGED, found.ragged[0].line)
    if not (found.records or found.header or found.last):
        return found.verdict or Verdict(ErrorCode.FILE_EMPTY)
    if found.last is not None and mapping.trailer is not None:
        said = read_last(found.last.cells, mapping.trailer, found.columns)
        if isinstance(said, ErrorCode):
            return Verdict(said, found.last.line)
        found.trailer = TrailerContent(expected_records=said[0], tag=said[1], line=found.last.line)
    return found.verdict


def _no_trailer(found: Judgement, trailer: Trailer) -> Verdict:
    if found.header is not None:
        only_trailer = clean(found.header.cells[0].text) == trailer.tag
        code = ErrorCode.HEADER_MISSING if only_trailer else ErrorCode.TRAILER_MISSING
        return Verdict(code, found.header.line)
    return Verdict(ErrorCode.TRAILER_MISSING if found.records else ErrorCode.FILE_EMPTY)


def read_last(
    cells: tuple[Cell, ...], trailer: Trailer, columns: int
) -> tuple[int, str | None] | ErrorCode:
    """Read a last record: its count and tag, or why it is no trailer.

    :param columns: how many the file has.
    """
    like_data = len(cells) == columns
    named = isinstance(trailer.tag, str)
    tag = None if trailer.tag is False else cells[0].text
    if named and tag != trailer.tag:
        if like_data:
            return ErrorCode.TRAILER_MISSING
        begun = len(cells) == 1 and str(trailer.tag).startswith(str(tag))
        return ErrorCode.TRAILER_CUT if begun else ErrorCode.TRAILER_WRONG_TAG
    behind_tag = cells if trailer.tag is False else cells[1:]
    is_data = like_data and not named
    if len(behind_tag) < trailer.row_count_column:
        return ErrorCode.TRAILER_MISSING if is_data else ErrorCode.TRAILER_CUT
    text = behind_tag[trailer.row_count_column - 1].text
    digits = text.strip(" \t")
    if not (digits.isascii() and digits.isdigit()):
        return ErrorCode.TRAILER_MISSING if is_data else ErrorCode.TRAILER_BAD_COUNT
    count = _COUNT.fullmatch(text)
    if count is None or int(count[1]) >= 2**63:
        return ErrorCode.TRAILER_BAD_COUNT
    return int(count[1]), tag
