"""From blocks of text to batches of whole rows, each with its offsets and physical lines.

A batch is cut where a row ends; what follows goes into the next one. A row that grows past its
limits is refused before it can fill the memory.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np

from airflow_landing_loader.exceptions import ErrorCode
from airflow_landing_loader.landing.formats.csv.bitmasks import Mask, Offsets
from airflow_landing_loader.landing.formats.csv.ends.ending import (
    Ending,
    Found,
    cut_at,
    may_be_the_line,
)
from airflow_landing_loader.landing.formats.csv.plain_form import PlainForm
from airflow_landing_loader.landing.formats.csv.scanner import Counts, Limits, Scan, Scanner
from airflow_landing_loader.landing.formats.csv.tokenizer import Problem
from airflow_landing_loader.landing.text.encoding import UndecodableTextError

_WORD = 8
_WORDS = np.dtype("<u8")
_NO_WORDS = np.empty(0, _WORDS)
_LINE_END = re.compile(rb"\r\n|\n|\r")


@dataclass(frozen=True, slots=True)
class Rows:
    """Consecutive rows of a text. A row is a record or a blank line.

    :param starts: offset in the text of each row.
    :param stops: offset after each row, its line end included.
    :param delimiters: delimiters outside quotes per row.
    :param first_line: physical line of the first row.
    :param lines: physical line of each row; ``None``: one line each.
    :param blank: which rows are blank lines; ``None``: none is.
    :param surplus: which rows end in a delimiter; of narrowed rows, those to whose fields that one
        adds none. ``None``: none does.
    """

    starts: Offsets
    stops: Offsets
    delimiters: Counts
    first_line: int
    lines: Offsets | None
    blank: Mask | None
    surplus: Mask | None = None

    def __len__(self) -> int:
        return len(self.starts)

    def line(self, index: int) -> int:
        """Physical line, from 1, at which a row begins."""
        return self.first_line + index if self.lines is None else int(self.lines[index])

    def fields(self, index: int) -> int:
        """Number of fields of a row."""
        return int(self.delimiters[index]) + 1

    def since(self, index: int) -> Rows:
        """The rows from one on."""
        return self._take(slice(index, None), self.first_line + index)

    def before(self, index: int) -> Rows:
        """The rows before one."""
        return self._take(slice(0, index), self.first_line)

    def narrowed(self, columns: int) -> Rows:
        """The rows of a file of so many columns: the empty field behind a delimiter that ends a
        row is none where it would be one too many."""
        if self.surplus is None:
            return self
        surplus = self.surplus & (self.delimiters == columns)
        return replace(self, delimiters=self.delimiters - surplus, surplus=surplus)

    def without_blank(self) -> Rows:
        """The rows that are records, in a file in which blank lines are none."""
        if self.blank is None:
            return self
        return replace(self._kept(np.flatnonzero(~self.blank)), blank=None)

    def without(self, indices: Offsets) -> Rows:
        """The rows but some."""
        if not len(indices):
            return self
        return self._kept(np.delete(np.arange(len(self)), indices))

    def only(self, indices: Offsets) -> Rows:
        """Some of the rows."""
        return self._kept(indices)

    def _kept(self, keep: Offsets) -> Rows:
        lines = keep + self.first_line if self.lines is None else self.lines[keep]
        return Rows(
            self.starts[keep],
            self.stops[keep],
            self.delimiters[keep],
            self.first_line,
            lines,
            None if self.blank is None else self.blank[keep],
            None if self.surplus is None else self.surplus[keep],
        )

    def last_record(self) -> int | None:
        """Index of the last row that is not blank."""
        if self.blank is None:
            return len(self) - 1 if len(self) else None
        filled = np.flatnonzero(~self.blank)
        return int(filled[-1]) if len(filled) else None

    def first_record(self) -> int | None:
        """Index of the first row that is not blank."""
        if self.blank is None:
            return 0 if len(self) else None
        filled = np.flatnonzero(~self.blank)
        return int(filled[0]) if len(filled) else None

    def _take(self, part: slice, first_line: int) -> Rows:
        return Rows(
            self.starts[part],
            self.stops[part],
            self.delimiters[part],
            first_line,
            None if self.lines is None else self.lines[part],
            None if self.blank is None else self.blank[part],
            None if self.surplus is None else self.surplus[part],
        )


@dataclass(frozen=True, slots=True)
class Fault:
    """The first place of a text that breaks the grammar or cannot be decoded.

    :param code: what is wrong.
    :param line: physical line where it shows.
    :param before: that line up to where it shows.
    :param row_line: physical line where its row begins.
    :param error: what the decoder said, for ``ENCODING_INVALID``.
    """

    code: ErrorCode
    line: int
    before: bytes
    row_line: int
    error: UndecodableTextError | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """Some whole rows, and the fault behind them that ends the text, if there is one.

    :param multiline: whether a row has line ends within it.
    :param comments: lines between the rows that are comments.
    :param form: the chunk as RFC 4180 has it; ``None``: as it stands.
    :param marks: the first byte of each delimiter outside quotes, valid until the next batch is
        taken; ``None``: nobody has marked them.
    """

    chunk: bytes
    offset: int
    rows: Rows
    fault: Fault | None
    multiline: bool = False
    comments: int = 0
    form: PlainForm | None = None
    marks: Mask | None = None

    def first_beginning(self, rows: Rows, texts: Sequence[bytes]) -> int | None:
        """Index of the first of some rows, taken from the batch's, that begins with a text."""
        if not texts or not len(rows):
            return None
        starts = rows.starts - self.offset
        stops = rows.stops - self.offset
        inside, words = 0, _NO_WORDS
        if len(rows) > 1 and len(self.chunk) >= _WORD:
            # The first eight bytes of a row as one number; of the last rows there are fewer.
            reach = len(self.chunk) - _WORD + 1
            inside = int(np.searchsorted(starts, reach))
            words = np.ndarray((reach,), _WORDS, self.chunk, strides=(1,))[starts[:inside]]
        firsts = []
        for text in texts:
            mask = np.uint64((1 << 8 * min(len(text), _WORD)) - 1)
            alike = (words & mask) == np.uint64(int.from_bytes(text[:_WORD], "little"))
            for index in chain(alike.nonzero()[0].tolist(), range(inside, len(rows))):
                if self.chunk.startswith(text, int(starts[index]), int(stops[index])):
                    firsts.append(index)
                    break
        return min(firsts, default=None)

    def text(self, rows: Rows, index: int) -> str:
        """Text of one of the rows, or of some taken from them, its line end included."""
        start, stop = int(rows.starts[index]), int(rows.stops[index])
        return self.chunk[start - self.offset : stop - self.offset].decode()


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
