"""What should be found of lines above and below the data: by trying all cuts of a line.

Where a file is to be refused, only that is said here, not why.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from airflow_landing_loader.config.mapping.lines import LineMark
from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.exceptions import ErrorCode
from airflow_landing_loader.landing.model import TrailerContent
from fuzzing.model import names_said
from fuzzing.model.csv_text import SlowReader

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+\Z")
_OPEN = (ErrorCode.CSV_UNCLOSED_QUOTE, ErrorCode.CSV_BAD_ESCAPE)
_COUNT = re.compile("0*([0-9]{1,19})")


class RefusedError(Exception):
    """The file is to be refused."""


class UnsureError(Exception):
    """The definition does not say what is right."""


@dataclass(frozen=True)
class Line:
    """A physical line."""

    text: str
    ended: bool
    start: int
    number: int


@dataclass
class Ends:
    """Where the data of a text begin and end.

    :param start: offset of the first row in the text.
    :param line: its physical line.
    :param stop: offset behind the last row.
    :param below: the lines behind it.
    :param header_record: what the line above the data says.
    :param trailer: what the line below the data says.
    """

    start: int
    line: int
    stop: int
    below: list[Line] = field(default_factory=list)
    header_record: TrailerContent | None = None
    trailer: TrailerContent | None = None


def speaks_of_lines(mapping: TableMapping) -> bool:
    """Whether a mapping says more of lines than how many are skipped."""
    csv, trailer = mapping.csv, mapping.trailer
    marks = (csv.data_start, csv.data_end, csv.skip_lines, mapping.header_record)
    return any(marks) or csv.footer_rows > 0 or bool(trailer and trailer.match)


def ends_of(text: bytes, mapping: TableMapping) -> Ends:
    """Find them.

    :raises RefusedError: they are not there, or not for sure.
    """
    _refuse_if(b"\0" in text)
    lines, csv = _lines(text), mapping.csv
    held = lines[len(lines) - min(csv.footer_rows, len(lines)) :] if csv.footer_rows else []
    kept = lines[: len(lines) - len(held)]
    above = _above(kept, mapping)
    found = Ends(start=_start(lines, len(above), text), line=len(above) + 1, stop=len(text))
    found.stop = held[0].start if held else len(text)
    found.header_record = _header_record(above, mapping) if text else None
    at = _ending(text, kept[len(above) :], found, mapping)
    if at is not None:
        found.stop, held = at.start, [line for line in lines if line.start >= at.start]
    found.below = held
    return found


def check_below(
    found: Ends,
    text: bytes,
    header: str | None,
    columns: int,
    mapping: TableMapping,
    *,
    records: int,
) -> None:
    """Hold the lines below the data against the mapping, once header and records are known.

    :param header: the header's text, with its line end.
    :raises RefusedError: they are not as they should be.
    """
    csv, trailer, below = mapping.csv, mapping.trailer, found.below
    texts = [line.text for line in below]
    once = [mark for mark in (csv.data_start, csv.data_end) if mark]
    if csv.data_end is not None and csv.data_end.line is None:
        once.remove(csv.data_end)
    _refuse_if(any(matches(mark, text) for mark in once for text in texts[1:]))
    _refuse_if(bool(header) and header.rstrip("\r\n") in texts)
    _refuse_if(_records_behind(below, columns, mapping, records=records))
    if trailer is not None and trailer.match is not None:
        counts = [line for line in below if re.search(trailer.match, line.text)]
        _refuse_if(len(counts) != 1 and bool(text))
        found.trailer = _counted(counts[0], trailer.match) if counts else None
        if csv.data_end is None and not csv.footer_rows:
            _refuse_if(any(t and not _is_comment(t, mapping) for t in texts[1:]))
    if csv.footer_rows and text:
        _refuse_if(len(below) < csv.footer_rows)
        counted = found.trailer is not None and (
            below[-1].ended or found.trailer.line < below[-1].number
        )
        by_record = trailer is not None and trailer.match is None
        if not (counted or by_record or mapping.header_record):
            _refuse_if(_may_be_data(below, columns, mapping, records=records))


def _refuse_if(wrong: bool) -> None:
    if wrong:
        raise RefusedError


def _lines(text: bytes) -> list[Line]:
    found, at = [], 0
    for number, match in enumerate(_LINE.findall(text.decode()), start=1):
        bare = match.rstrip("\r\n")
        found.append(Line(bare, bare != match, at, number))
        at += len(match.encode())
    return found


def _start(lines: list[Line], above: int, text: bytes) -> int:
    return lines[above].start if above < len(lines) else len(text)


def _above(lines: list[Line], mapping: TableMapping) -> list[Line]:
    csv = mapping.csv
    number = max(csv.skip_rows, mapping.header_record is not None)
    if csv.data_start is not None:
        starts = [at for at, line in enumerate(lines) if matches(csv.data_start, line.text)]
        _refuse_if(not starts and bool(lines))
        number = starts[0] + 1 if starts else 0
    number = min(number, len(lines))
    while csv.skip_lines is not None and number < len(lines):
        text = lines[number].text
        blank = not text and (csv.header or len(csv.columns or ()) != 1)
        between = (blank or _is_comment(text, mapping)) and not _ends_data(text, mapping)
        if not (between or matches(csv.skip_lines, text)):
            break
        number += 1
    for line in lines[:number]:
        wrong = names_said.of_skipped(line.text.encode(), line.number, csv)
        _refuse_if(wrong is not None)
    return lines[:number]


def _ends_data(text: str, mapping: TableMapping) -> bool:
    expression = _ending_expression(mapping)
    return expression is not None and re.search(expression, text) is not None


def _ending_expression(mapping: TableMapping) -> str | None:
    """What the line behind the last record is found by."""
    if mapping.csv.data_end is not None:
        return _expression(mapping.csv.data_end)
    return mapping.trailer.match if mapping.trailer is not None else None


def _header_record(above: list[Line], mapping: TableMapping) -> TrailerContent | None:
    if mapping.header_record is None:
        return None
    match = mapping.header_record.match
    found = [line for line in above if line.ended and re.search(match, line.text)]
    _refuse_if(len(found) != 1)
    return _counted(found[0], match)


def _counted(line: Line, match: str) -> TrailerContent:
    said = re.search(match, line.text)
    digits = _COUNT.fullmatch((said["count"] if said else "").strip(" \t"))
    if digits is None or int(digits[1]) >= 2**63:
        raise RefusedError
    return TrailerContent(expected_records=int(digits[1]), tag=None, line=line.number)


def _ending(text: bytes, lines: list[Line], found: Ends, mapping: TableMapping) -> Line | None:
    """The line behind the last record; a record begins where all before it is whole."""
    expression = _ending_expression(mapping)
    if expression is None:
        return None
    by_trailer = mapping.csv.data_end is None
    is_apart = by_trailer and mapping.csv.footer_rows > 0
    tells = re.search(_begun(expression), "") is None
    for line in lines:
        cut = tells and any(re.search(expression, line.text[:n]) for n in range(len(line.text) + 1))
        whole = re.search(expression, line.text) is not None and (line.ended or tells)
        if not (cut or whole):
            continue
        if not _begins_record(text, found, line, mapping):
            _refuse_if(is_apart)  # in a file that is cut behind it, it would be of the footer
            continue
        said = re.search(expression, line.text)
        remark = _is_comment(line.text, mapping) and not by_trailer
        _refuse_if(is_apart or not whole or bool(remark and said and said.start()))
        return line
    _refuse_if(not is_apart and bool(text))
    return None


def _begun(expression: str) -> str:
    return expression.replace("$", "")


def _begins_record(text: bytes, found: Ends, line: Line, mapping: TableMapping) -> bool:
    before = text[found.start : line.start]
    wrong = SlowReader(before, mapping, line=found.line).read().verdict
    _refuse_if(wrong is not None and wrong.code not in _OPEN)
    return wrong is None


def _records_behind(
    below: list[Line], columns: int, mapping: TableMapping, *, records: int
) -> bool:
    """Whether the line that ends the data may be a record by itself, and others follow it."""
    end, counts = mapping.csv.data_end, (mapping.trailer, mapping.header_record)
    if end is None or end.line is not None or any(counts) or not below or columns == 1:
        return False
    telling = _telling(below, columns, mapping, records=records)
    if below[0] not in telling or not _is_record(below[0], columns, mapping):
        return False
    return any(
        _is_record(line, columns, mapping) for line in telling if not matches(end, line.text)
    )


def _is_record(line: Line, columns: int, mapping: TableMapping) -> bool:
    reader = SlowReader(line.text.encode() + b"\n", mapping).read()
    if reader.verdict is not None:
        raise UnsureError  # a record that is no good, or none
    row = reader.rows[0]
    row = row.narrowed(columns) if mapping.csv.trailing_delimiter == "ignore" else row
    return row.fields == columns


def _telling(below: list[Line], columns: int, mapping: TableMapping, *, records: int) -> list[Line]:
    """The lines that may not stand anywhere."""
    skipping = mapping.csv.skip_lines if mapping.csv.header and not records else None

    def tells(line: Line) -> bool:
        if _is_comment(line.text, mapping) or (skipping and matches(skipping, line.text)):
            return False
        return bool(line.text) or columns == 1

    return [line for line in below if tells(line)]


def _may_be_data(below: list[Line], columns: int, mapping: TableMapping, *, records: int) -> bool:
    told = _telling(below, columns, mapping, records=records)
    if not told:
        return True
    reader = SlowReader(told[0].text.encode() + b"\n", mapping).read()
    sequence = reader.verdict and reader.verdict.code == ErrorCode.CSV_BAD_ESCAPE
    if sequence and not told[0].text.endswith("\\"):
        raise UnsureError  # it stands for nothing: a record that is no good, or none
    if reader.verdict is not None and reader.verdict.code in _OPEN:
        return True
    if reader.verdict is not None:
        raise UnsureError
    row = reader.rows[0]
    row = row.narrowed(columns) if mapping.csv.trailing_delimiter == "ignore" else row
    return (
        mapping.on_bad_row == "reject"
        or row.fields == columns
        or (row.fields < columns and not told[0].ended)
    )


def matches(mark: LineMark, text: str) -> bool:
    """Whether a line is one that the mapping means."""
    return re.search(_expression(mark), text) is not None


def _expression(mark: LineMark) -> str:
    return rf"\A{re.escape(mark.line)}\Z" if mark.line is not None else mark.match or ""


def _is_comment(text: str, mapping: TableMapping) -> bool:
    comments = mapping.csv.comments
    return comments is not None and text.startswith(comments)
