"""What the inspection should say of a whole file: encoding, skipped lines, header, trailer."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field

from airflow_landing_loader.config.mapping.model import TableMapping, Trailer
from airflow_landing_loader.exceptions import ErrorCode
from airflow_landing_loader.landing.model import TrailerContent
from fuzzing.model import names_said
from fuzzing.model.csv_text import Row, SlowReader, Verdict
from fuzzing.model.ends import Ends, RefusedError, check_below, ends_of, matches, speaks_of_lines
from fuzzing.model.names_said import clean

_LINE_END = re.compile(rb"\r\n|\n|\r")
_EBCDIC = ("cp037", "cp273", "cp500", "cp1140")
_COUNT = re.compile(r"[ \t]*0*([0-9]{1,19})[ \t]*")
_MARKS = {
    codecs.BOM_UTF32_LE: ("utf-32", "utf-32-le"),
    codecs.BOM_UTF32_BE: ("utf-32", "utf-32-be"),
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
    :param said: what the mapping says of their names.
    :param records: the data records.
    :param left_out: records that are the header again, and no data.
    :param last: the trailer.
    :param trailer: what the trailer says.
    :param comments: how many lines are comments.
    :param kind: the line end; ``b"mixed"`` where all kinds are allowed.
    :param ends: where the data are, if the mapping speaks of lines.
    :param verdict: what is wrong first; ``None``: the file is good.
    """

    text: bytes
    rows: list[Row] = field(default_factory=list)
    header: Row | None = None
    columns: int = 0
    said: names_said.Names = names_said.NOTHING
    records: list[Row] = field(default_factory=list)
    left_out: list[Row] = field(default_factory=list)
    last: Row | None = None
    trailer: TrailerContent | None = None
    comments: int = 0
    kind: bytes | None = None
    ends: Ends | None = None
    verdict: Verdict | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The names in the header."""
        cells = () if self.header is None else self.header.cells
        return tuple(clean(cell.text) for cell in cells)

    @property
    def ragged(self) -> list[Row]:
        """Records with a wrong number of fields, or that are the header again."""
        return [r for r in self.records if r.fields != self.columns or self.said.is_header(r)]

    def leave_out(self) -> None:
        """Take headers out of the records where the mapping says so."""
        if self.said.csv.repeated_header == "skip":
            self.left_out = [row for row in self.records if self.said.is_header(row)]
            self.records = [row for row in self.records if not self.said.is_header(row)]

    def cells(self, row: Row, null_values: tuple[str, ...]) -> tuple[str | None, ...]:
        """The values of a record, ``None`` for NULL."""
        sequences = self.said.csv.escape_sequences in ("mysql", "postgres")
        nulls = (r"\N" if sequences else "", *null_values)
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
    if speaks_of_lines(mapping):
        return _between_ends(found, mapping)
    start, line, wrong = _skipped(text, cut, mapping)
    if wrong is not None:
        found.verdict = wrong
        return found
    _read(found, mapping, start, line, len(text), cut=cut)
    found.verdict = _records(found, mapping)
    return found


def _between_ends(found: Judgement, mapping: TableMapping) -> Judgement:
    """Judge a text of whose lines the mapping speaks; why it is refused is not said."""
    try:
        found.ends = ends_of(found.text, mapping)
        _table(found, found.ends, mapping)
    except RefusedError:
        found.verdict = Verdict(None)
    if found.verdict is not None:
        found.verdict = Verdict(None)
    return found


def _table(found: Judgement, ends: Ends, mapping: TableMapping) -> None:
    by_record = mapping.trailer is not None and mapping.trailer.match is None
    table = mapping if by_record else mapping.model_copy(update={"trailer": None})
    _read(found, table, ends.start, ends.line, ends.stop)
    found.verdict = _records(found, table)
    header = found.header and found.text[found.header.start : found.header.stop].decode()
    check_below(ends, found.text, header, found.columns, mapping, records=len(found.records))
    found.trailer = found.trailer or ends.trailer
    ended = mapping.csv.data_end is not None and bool(ends.below)
    told = ended or ends.header_record is not None or ends.trailer is not None
    empty = found.verdict is not None and found.verdict.code is ErrorCode.FILE_EMPTY
    if empty and told and not mapping.csv.header and not by_record:
        found.verdict = None


def _read(
    found: Judgement, mapping: TableMapping, start: int, line: int, stop: int, *, cut: bool = False
) -> None:
    """Find the rows of a part of the text."""
    reader = SlowReader(found.text[start:stop], mapping, line=line, cut=cut).read()
    for row in reader.rows:
        row.start, row.stop = row.start + start, row.stop + start
    found.rows, found.kind, found.verdict = reader.rows, reader.kind, reader.verdict
    found.comments = reader.comments


def _text_of(content: bytes, encoding: str) -> tuple[bytes, bool]:
    """The text that can be decoded, in UTF-8, and whether bytes follow that cannot."""
    mark = next((mark for mark in _MARKS if content.startswith(mark)), b"")
    if mark and encoding not in _MARKS[mark]:
        return b"", True
    if encoding in ("utf-16", "utf-32"):
        if not mark:
            return b"", True
        encoding = _MARKS[mark][1]
    content = content[len(mark) :]
    text, cut = _decoded(content, encoding)
    if encoding in _EBCDIC:
        text = text.replace("\x85", "\n")
    text = text.lstrip("\ufeff")
    return (text if cut else text.removesuffix("\x1a")).encode(), cut


def _decoded(content: bytes, encoding: str) -> tuple[str, bool]:
    try:
        return content.decode(encoding), False
    except UnicodeDecodeError as error:
        return content[: error.start].decode(encoding), True


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
            return stop, line, wrong or names_said.of_skipped(text[start:stop], line, mapping.csv)
        wrong = names_said.of_skipped(text[start:stop], line, mapping.csv)
        if wrong is not None:
            return start, line, wrong
        start = stop
    return start, mapping.csv.skip_rows + 1, None


def _records(found: Judgement, mapping: TableMapping) -> Verdict | None:
    """Tell header, records and trailer apart; return what is wrong first."""
    found.columns = len(mapping.csv.columns or ())
    found.said = names_said.Names.of(mapping.csv.columns or (), mapping.csv)
    rows = found.rows
    if mapping.csv.header:
        filled = [index for index, row in enumerate(rows) if not row.blank]
        if not filled:
            return found.verdict or Verdict(ErrorCode.FILE_EMPTY)
        wrong = _header(found, filled[0], mapping)
        if wrong is not None:
            return wrong
        rows = _behind_skipped(found, rows[filled[0] + 1 :], mapping)
    rows = _narrowed(found, rows, mapping)
    found.records = [row for row in rows if found.columns == 1 or not row.blank]
    if mapping.trailer is not None and found.verdict is None:
        filled = [index for index, row in enumerate(found.records) if not row.blank]
        if not filled:
            return _no_trailer(found, mapping.trailer)
        found.last = found.records[filled[-1]]
        found.records = found.records[: filled[-1]]
    early = _first_bad(found, mapping)
    found.leave_out()
    if early is not None:
        return early
    if not (found.records or found.header or found.last or found.left_out):
        return found.verdict or Verdict(ErrorCode.FILE_EMPTY)
    if found.last is not None and mapping.trailer is not None:
        said = read_last(found, found.last, mapping)
        if isinstance(said, ErrorCode):
            return Verdict(said, found.last.line)
        found.trailer = TrailerContent(expected_records=said[0], tag=said[1], line=found.last.line)
    return found.verdict


def _header(found: Judgement, index: int, mapping: TableMapping) -> Verdict | None:
    """Take a row for the header; return what is wrong with it."""
    if mapping.csv.trailing_delimiter == "ignore":
        found.rows[index] = found.rows[index].narrowed()
    found.header = found.rows[index]
    found.columns = found.header.fields
    found.said = names_said.Names.of(found.names, mapping.csv)
    wrong = found.said.against_promise()
    return None if wrong is None else Verdict(wrong, found.header.line)


def _behind_skipped(found: Judgement, rows: list[Row], mapping: TableMapping) -> list[Row]:
    """The rows behind the lines below the header that are none."""
    if mapping.csv.skip_lines is None:
        return rows
    first = len(rows)
    for at, row in enumerate(rows):
        record = found.columns == 1 or not row.blank
        text = found.text[row.start : row.stop].decode().rstrip("\r\n")
        if record and not matches(mapping.csv.skip_lines, text):
            first = at
            break
    found.rows = [row for row in found.rows if row not in rows[:first]]
    return rows[first:]


def _narrowed(found: Judgement, rows: list[Row], mapping: TableMapping) -> list[Row]:
    """The rows behind the header, without a field that is one too many."""
    if mapping.csv.trailing_delimiter == "ignore":
        rows = [row.narrowed(found.columns) for row in rows]
        found.rows[len(found.rows) - len(rows) :] = rows
    return rows


def _first_bad(found: Judgement, mapping: TableMapping) -> Verdict | None:
    """The first record that has a wrong number of fields, or the trailer's tag."""
    tag = "TRAILER" if mapping.trailer and mapping.trailer.tag is None else None
    if mapping.trailer and isinstance(mapping.trailer.tag, str):
        tag = mapping.trailer.tag
    # The record before a fault may be the trailer.
    filled = [row for row in found.records if not row.blank]
    spared = filled[-1] if filled and found.verdict else None
    first = not mapping.csv.header
    for row in found.records:
        skipped = mapping.csv.repeated_header == "skip" and found.said.is_header(row)
        if not skipped and found.said.is_in_other_order(row, first=first):
            return Verdict(ErrorCode.HEADER_NOT_AS_PROMISED, row.line)
        if row is not spared and row.fields > 1 and row.cells[0].text == tag:
            return Verdict(ErrorCode.TRAILER_NOT_LAST, row.line)
        if skipped:
            continue
        first = False
        if row.fields != found.columns and mapping.on_bad_row == "fail":
            return Verdict(ErrorCode.CSV_RAGGED, row.line)
        if found.said.is_header(row) and mapping.on_bad_row == "fail":
            return Verdict(ErrorCode.CSV_REPEATED_HEADER, row.line)
    return None


def _no_trailer(found: Judgement, trailer: Trailer) -> Verdict:
    if found.header is not None:
        only_trailer = clean(found.header.cells[0].text) == trailer.tag
        code = ErrorCode.HEADER_MISSING if only_trailer else ErrorCode.TRAILER_MISSING
        return Verdict(code, found.header.line)
    return Verdict(ErrorCode.TRAILER_MISSING if found.records else ErrorCode.FILE_EMPTY)


def read_last(
    found: Judgement, last: Row, mapping: TableMapping
) -> tuple[int, str | None] | ErrorCode:
    """Read a last record: its count and tag, or why it is no trailer."""
    trailer, cells, columns = mapping.trailer, last.cells, found.columns
    assert trailer is not None
    tag = None if trailer.tag is False else cells[0].text
    if isinstance(trailer.tag, str) and tag != trailer.tag:
        if len(cells) == columns:
            return ErrorCode.TRAILER_MISSING
        begun = len(cells) == 1 and trailer.tag.startswith(str(tag))
        return ErrorCode.TRAILER_CUT if begun else ErrorCode.TRAILER_WRONG_TAG
    no_data = len(cells) != columns and mapping.on_bad_row == "fail"
    if len(cells) < columns:
        no_data = no_data and found.text[: last.stop].endswith((b"\n", b"\r"))
    if not no_data and trailer.tag is False:
        return ErrorCode.TRAILER_MISSING
    if not no_data and trailer.tag is None and tag != "TRAILER":
        return ErrorCode.TRAILER_MISSING
    behind_tag = cells if trailer.tag is False else cells[1:]
    if len(behind_tag) < trailer.row_count_column:
        return ErrorCode.TRAILER_CUT
    text = behind_tag[trailer.row_count_column - 1].text
    ended = found.text[: last.stop].endswith((b"\n", b"\r"))
    if not (text or ended) and len(behind_tag) == trailer.row_count_column:
        return ErrorCode.TRAILER_CUT
    digits = text.strip(" \t")
    if not (digits.isascii() and digits.isdigit()):
        return ErrorCode.TRAILER_BAD_COUNT
    count = _COUNT.fullmatch(text)
    if count is None or int(count[1]) >= 2**63:
        return ErrorCode.TRAILER_BAD_COUNT
    return int(count[1]), tag
