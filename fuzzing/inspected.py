"""The inspection of a file, held against the model and against Python's ``csv`` module."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.exceptions import ErrorCode, TerminalError
from airflow_landing_loader.landing.formats.csv import inspection as inspection_module
from airflow_landing_loader.landing.formats.csv.cells import read_records
from airflow_landing_loader.landing.formats.csv.dialect import Dialect
from airflow_landing_loader.landing.formats.csv.inspection import (
    inspect,
    locate,
    ragged_records,
    skipped_headers,
)
from airflow_landing_loader.landing.model import Inspection
from airflow_landing_loader.landing.text import stream
from airflow_landing_loader.storage.content import FileContent
from fuzzing.model.data_file import Judgement, judge
from fuzzing.promises import check_refusal

_AREAS = ("csv", "encoding", "file", "header", "header_record", "trailer")
_LINE_END = re.compile(rb"\r\n|\n|\r")


@contextmanager
def blocks_of(size: int) -> Iterator[None]:
    """Let the inspection read blocks of so many bytes, so that small files have boundaries."""
    with (
        patch.object(stream, "BLOCK_BYTES", size),
        patch.object(inspection_module, "BLOCK_BYTES", size),
    ):
        yield


def check_inspection(
    source: FileContent, content: bytes, mapping: TableMapping
) -> tuple[Inspection | None, Judgement]:
    """Inspect a file; hold what is found, or why it is refused, against what is right.

    :param source: where the inspection reads it.
    :param content: the same file, not compressed.
    :returns: ``None`` where the file is refused, and rightly so.
    :raises AssertionError: the inspection is wrong.
    """
    judged = judge(content, mapping)
    try:
        found = inspect(source, mapping)
    except TerminalError as error:
        _check_refused(error, judged, content)
        return None, judged
    assert judged.verdict is None, f"accepted, but {judged.verdict}"
    _check_found(found, judged)
    _check_ends(found, judged)
    _check_parts(found, judged)
    _check_second_pass(source, mapping, found, judged)
    _check_cells(source, mapping, found, judged)
    _check_csv_module(mapping, found, judged)
    return found, judged


def _check_refused(error: TerminalError, judged: Judgement, content: bytes) -> None:
    lines = len(_LINE_END.findall(judged.text)) + 1
    check_refusal(error.detail, lines=lines, areas=_AREAS)
    verdict = judged.verdict
    assert verdict is not None, f"refused: {error}"
    if error.code is ErrorCode.FILE_BINARY:
        assert any(byte < 0x20 or byte > 0x7E for byte in content), "plain text is no binary file"
        return
    if verdict.code is None:
        return
    assert error.code in (verdict.code, verdict.or_code), f"{error}, not {verdict}"
    assert verdict.line in (0, error.detail.line), f"{error}, not {verdict}"
    assert verdict.column in (None, error.detail.column), f"{error}, not {verdict}"


def _check_found(found: Inspection, judged: Judgement) -> None:
    records = judged.records
    assert found.records == len(records), f"{found.records} records of {len(records)}"
    assert found.ragged == len(judged.ragged)
    assert found.comments == judged.comments
    assert found.skipped_headers == len(judged.left_out)
    assert len(found.columns) == judged.columns
    assert found.longest_record == max((row.stop - row.start for row in records), default=0)
    if records:
        filled = [row for row in records if not row.blank]
        ends = [records[0].start, *(row.stop for row in filled)]
        starts = [*(row.start for row in filled), records[-1].stop]
        assert found.longest_gap == max(b - a for a, b in zip(ends, starts, strict=True))
    if judged.rows or judged.ends is None:
        assert found.line_end.encode() == (judged.kind or b"\n")
    assert found.trailer == judged.trailer
    if judged.header is not None:
        assert found.columns == judged.names
        assert found.header_line == judged.header.line
    if records:
        assert found.body_start == records[0].start
        assert found.body_line == records[0].line
        assert found.body_end == records[-1].stop


def _check_ends(found: Inspection, judged: Judgement) -> None:
    """What is above the data and below them is no part of them, and nothing is lost between."""
    ends = judged.ends
    if ends is None:
        return
    assert found.header_record == ends.header_record
    assert (found.head.end if found.head else 0) == ends.start, "another beginning of the data"
    footer = (found.footer.start, found.footer.end) if found.footer else None
    assert footer == ((ends.stop, len(judged.text)) if ends.below else None), "another footer"


def _check_parts(found: Inspection, judged: Judgement) -> None:
    """Header, records and trailer are all there is, apart from blank lines, and in this order."""
    rows = [row for row in judged.rows if not row.blank and row not in judged.left_out]
    before = [row for row in rows if row.stop <= found.body_start]
    inside = [row for row in rows if found.body_start <= row.start and row.stop <= found.body_end]
    behind = [row for row in rows if row.start >= found.body_end]
    assert before == [row for row in (judged.header,) if row], "bytes before the records"
    assert inside == [row for row in judged.records if not row.blank], "bytes of the records"
    assert behind == [row for row in (judged.last,) if row], "bytes behind the records"
    assert len(before) + len(inside) + len(behind) == len(rows), "bytes are lost"


def _check_second_pass(
    source: FileContent, mapping: TableMapping, found: Inspection, judged: Judgement
) -> None:
    numbers = range(1, found.records + 1)
    places = [
        (place.record, place.line, place.start, place.end, place.fields)
        for place in locate(source, mapping, found, numbers)
    ]
    assert places == [
        (number, row.line, row.start, row.stop, row.fields)
        for number, row in zip(numbers, judged.records, strict=True)
    ]
    ragged = [(place.start, place.end) for place in ragged_records(source, mapping, found)]
    assert ragged == [(row.start, row.stop) for row in judged.ragged]
    between = list(skipped_headers(source, mapping, found))
    assert between == [
        (row.start, row.stop)
        for row in judged.left_out
        if found.body_start <= row.start < found.body_end
    ]


def _check_cells(
    source: FileContent, mapping: TableMapping, found: Inspection, judged: Judgement
) -> None:
    nulls = mapping.csv.null_values
    read = [record.cells for record in read_records(source, mapping, found)]
    assert read == [judged.cells(row, nulls) for row in judged.records], "cells differ"


def _check_csv_module(mapping: TableMapping, found: Inspection, judged: Judgement) -> None:
    """Where the grammars agree, the module of Python finds the same fields."""
    dialect = mapping.csv
    if (
        judged.ends is not None
        or dialect.escape is not None
        or len(dialect.delimiter) > 1
        or not Dialect.of(dialect).is_readable
    ):
        return
    reader = csv.reader(
        io.StringIO(judged.text[_start_of(judged) :].decode(), newline=""),
        delimiter=dialect.delimiter,
        quotechar=dialect.quote or None,
        quoting=csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE,
        strict=True,
    )
    # To the module a blank line is a row without a field.
    rows = [row for row in reader if row]
    assert rows == [[cell.text for cell in row.cells] for row in judged.rows if not row.blank], (
        "the csv module finds other fields"
    )
    others = len(judged.left_out) + (judged.header is not None) + (judged.last is not None)
    records = len(rows) - others
    blank = sum(row.blank for row in judged.records)
    assert found.records == records + blank, "the csv module counts other records"


def _start_of(judged: Judgement) -> int:
    return judged.rows[0].start if judged.rows else len(judged.text)
