"""From blocks of text to batches of whole rows, each with its offsets and physical lines.

A batch is cut where a row ends; what follows goes into the next one. A row that grows past its
limits is refused before it can fill the memory.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from airflow_landing_loader.exceptions import ErrorCode
from airflow_landing_loader.landing.formats.csv.bitmasks import Offsets
from airflow_landing_loader.landing.formats.csv.ends.ending import (
    Ending,
    Found,
    cut_at,
    may_be_the_line,
)
from airflow_landing_loader.landing.formats.csv.rows import Batch, Fault, Rows
from airflow_landing_loader.landing.formats.csv.scanner import Limits, Scan, Scanner
from airflow_landing_loader.landing.formats.csv.tokenizer import Problem
from airflow_landing_loader.landing.text.encoding import UndecodableTextError

_LINE_END = re.compile(rb"\r\n|\n|\r")


class Blocks:
    """Blocks of text that remember how they ended.

    :ivar behind_data: where the data end, once :func:`batches` has come there.
    """

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self.ended = False
        self.undecodable: UndecodableTextError | None = None
        self.behind_data: Place | None = None

    def take(self, size: int) -> bytes:
        """Return at least ``size`` bytes and at least one block, less only when the text ends."""
        parts: list[bytes] = []
        while not self.ended and (size > 0 or not parts):
            try:
                block = next(self._blocks, b"")
            except UndecodableTextError as error:
                self.undecodable, self.ended = error, True
                break
            self.ended = not block
            size -= len(block)
            parts.append(block)
        return parts[0] if len(parts) == 1 else b"".join(parts)


@dataclass(frozen=True, slots=True)
class Place:
    """Where rows begin: offset in the text, physical line, and text from there already read."""

    offset: int = 0
    line: int = 1
    rest: bytes = b""
    fault: Fault | None = None


def pass_lines(
    blocks: Blocks,
    place: Place,
    wants: Callable[[int, bytes], bool],
    limits: Limits,
    on_line: Callable[[int, bytes], None],
) -> Place:
    """Pass over physical lines, whatever their line ends; they are text, but not CSV.

    :param blocks: the text from ``place`` on, without ``place.rest``.
    :param place: where the lines begin.
    :param wants: whether to pass over a line, by its number and the line with its line end; it is
        not asked for any behind the first that it does not want.
    :param limits: a line may have as many bytes as a record.
    :param on_line: called in the same way with each of them.
    :returns: where the first line begins that was not passed over; with a fault, if one of them
        is no text.
    """
    while place.fault is None:
        match = _LINE_END.search(place.rest)
        fault: Fault | None = None
        # A CR at the end of what was read may be half of a CRLF.
        if match and (match.end() < len(place.rest) or blocks.ended or match[0] != b"\r"):
            size = match.end()
        elif blocks.ended or len(place.rest) > limits.bytes:
            size = len(place.rest)
            if blocks.undecodable:
                fault = _undecodable_fault(place.rest, 0, place.line, blocks.undecodable)
            elif not size:
                return place
        else:
            place = replace(place, rest=place.rest + blocks.take(len(place.rest)))
            continue
        line, rest = place.rest[:size], place.rest[size:]
        if not wants(place.line, line):
            return place
        fault = _line_fault(line, place.line, limits) or fault
        if fault is None:
            on_line(place.line, line)
        place = Place(place.offset + size, place.line + 1, rest, fault)
    return place


def _line_fault(line: bytes, number: int, limits: Limits) -> Fault | None:
    nul = line.find(0, 0, limits.bytes + 1)
    if nul >= 0:
        return Fault(ErrorCode.ENCODING_NUL_BYTE, number, line[:nul], number)
    if len(line) > limits.bytes:
        return Fault(ErrorCode.CSV_RECORD_TOO_LONG, number, b"", number)
    return None


def text_fault(head: bytes, undecodable: UndecodableTextError | None) -> Fault | None:
    """The first place of a text at which it is no text, whatever its dialect.

    :param head: the text from its start.
    :param undecodable: what the decoder said behind the head, if it said something.
    """
    nul = head.find(0)
    if nul >= 0:
        line, before = _place_of(head, 0, 1, nul)
        return Fault(ErrorCode.ENCODING_NUL_BYTE, line, before, line)
    return _undecodable_fault(head, 0, 1, undecodable) if undecodable else None


def batches(
    blocks: Blocks, scanner: Scanner, place: Place, ending: Ending | None = None
) -> Iterator[Batch]:
    """Yield the rows of a text in batches; the last batch may end in a fault.

    :param blocks: the text from ``place`` on, without ``place.rest``.
    :param scanner: knows the grammar.
    :param place: where the rows begin.
    :param ending: what ends the data before the text ends.
    :raises TerminalError: the text ends without it, or something may be it and may not.
    """
    offset, line, chunk = place.offset, place.line, place.rest
    while True:
        # Rows longer than a block: twice as much each time, so that no byte is scanned too often.
        chunk += blocks.take(len(chunk))
        fault: Fault | None = None
        found: Found | None = None
        used = 0
        if chunk:
            scan, found = _scan(blocks, scanner, chunk, ending)
            rows, next_line = _rows(scan, offset, line)
            used = int(scan.stops[-1]) if len(rows) else 0
            if scan.problem:
                fault = _fault(scan.problem, chunk, used, next_line)
            elif blocks.undecodable and not found:
                fault = _undecodable_fault(chunk, used, next_line, blocks.undecodable)
            yield Batch(
                chunk,
                offset,
                rows.without(scan.comments),
                fault,
                multiline=scan.extra_lines is not None,
                comments=len(scan.comments),
                form=scan.form,
                marks=scan.marks,
            )
            offset, line, chunk = offset + used, next_line, chunk[used:]
        elif blocks.undecodable:
            fault = _undecodable_fault(b"", 0, line, blocks.undecodable)
            yield Batch(b"", offset, _no_rows(line), fault)
        if fault or found or blocks.ended:
            break
    if ending is not None and not fault and (offset or chunk):
        ending.require(found, line)
    blocks.behind_data = Place(offset, line, chunk)


def _scan(
    blocks: Blocks, scanner: Scanner, chunk: bytes, ending: Ending | None
) -> tuple[Scan, Found | None]:
    """The rows of a chunk before the end of the data, and where that is."""
    final = blocks.ended and blocks.undecodable is None
    scan = scanner.scan(chunk, final=final)
    if ending is None:
        return scan, None
    found = ending.find(chunk, scan, final=final)
    if found is not None:
        return cut_at(scan, found.row), found
    if scan.problem and not blocks.ended and may_be_the_line(chunk, scan):
        scan = scan._replace(problem=None)
    return scan, None


def _rows(scan: Scan, offset: int, line: int) -> tuple[Rows, int]:
    """The scan's rows with offsets in the text and lines, and the line after them."""
    lines: Offsets | None = None
    after = line + len(scan.stops)
    if scan.extra_lines is not None:
        ends = np.cumsum(scan.extra_lines + 1) + line
        lines = ends - scan.extra_lines - 1
        after = int(ends[-1]) if len(ends) else line
    rows = Rows(
        scan.starts + offset,
        scan.stops + offset,
        scan.delimiters,
        line,
        lines,
        scan.blank,
        scan.surplus,
    )
    return rows, after


def _no_rows(line: int) -> Rows:
    none = np.empty(0, np.int64)
    return Rows(none, none, np.empty(0, np.uint8), line, None, None)


def _fault(problem: Problem, chunk: bytes, row_start: int, row_line: int) -> Fault:
    line, before = _place_of(chunk, row_start, row_line, problem.at)
    return Fault(problem.code, line, before, row_line)


def _undecodable_fault(
    chunk: bytes, row_start: int, row_line: int, error: UndecodableTextError
) -> Fault:
    line, before = _place_of(chunk, row_start, row_line, len(chunk))
    return Fault(ErrorCode.ENCODING_INVALID, line, before, row_line, error)


def _place_of(chunk: bytes, row_start: int, row_line: int, at: int) -> tuple[int, bytes]:
    """Physical line of a byte in the row that begins at ``row_start``, and the line before it."""
    line, line_start = row_line, row_start
    for match in _LINE_END.finditer(chunk, row_start):
        if match.end() > at:
            break
        line, line_start = line + 1, match.end()
    return line, chunk[line_start:at]
