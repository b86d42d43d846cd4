"""The structure of CSV text: where rows end, how many fields they have, what breaks the grammar.

:class:`Scanner` looks at one chunk that begins where a row begins. It works on whole arrays, so
that text costs about a nanosecond per byte, a little more where there are quotes. No CSV engine is
involved: this count is the witness that the loading engine's count is held against.
``docs/csv.md`` has the grammar in words.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from airflow_landing_loader.exceptions import ErrorCode
from airflow_landing_loader.landing.formats.csv.bitmasks import Mask, Offsets
from airflow_landing_loader.landing.formats.csv.dialect import Dialect
from airflow_landing_loader.landing.formats.csv.plain_form import PlainForm
from airflow_landing_loader.landing.formats.csv.tokenizer import (
    Marks,
    Problem,
    Scratch,
    line_end_bytes,
    mark,
)
from airflow_landing_loader.landing.model import LineEnd

Counts = npt.NDArray[np.unsignedinteger]

_BYTE = 256
_CTRL_Z = 0x1A
_LINE_ENDS = np.frombuffer(b"\r\n", np.uint8)
# Where two problems show at the same byte, the one that explains the other comes first.
_PRECEDENCE = (
    ErrorCode.ENCODING_NUL_BYTE,
    ErrorCode.ENCODING_CTRL_Z,
    ErrorCode.CSV_RECORD_TOO_LONG,
    ErrorCode.CSV_BAD_ESCAPE,
    ErrorCode.CSV_STRAY_QUOTE,
    ErrorCode.CSV_RECORD_TOO_MANY_LINES,
    ErrorCode.CSV_MIXED_LINE_ENDS,
    ErrorCode.CSV_UNCLOSED_QUOTE,
)


class Scan(NamedTuple):
    """What one chunk holds, up to its first problem. A row is a record or a blank line.

    :param stops: offset after each complete row, its line end included.
    :param starts: offset of each row.
    :param delimiters: delimiters outside quotes per row, one less than its fields.
    :param extra_lines: line ends inside quotes per row; ``None`` if there are none.
    :param blank: which rows are blank lines; ``None`` if there are none.
    :param surplus: which rows end in a delimiter; ``None``: none does, or none may.
    :param comments: indices of rows that are comments.
    :param form: the chunk as RFC 4180 has it; ``None``: as it stands.
    :param marks: the first byte of each delimiter outside quotes, up to the problem; valid until
        the next chunk is scanned.
    :param problem: what ended the scan early; no row reaches beyond it.
    """

    stops: Offsets
    starts: Offsets
    delimiters: Counts
    extra_lines: Offsets | None
    blank: Mask | None
    surplus: Mask | None
    comments: Offsets
    form: PlainForm | None
    marks: Mask
    problem: Problem | None


class Limits(NamedTuple):
    """What one record may take, its line end included."""

    bytes: int
    lines: int


class Scanner:
    """Scans the chunks of one text, in order.

    :param dialect: how the text is written.
    :param limits: what one record may take.
    :param line_end: the one kind of line end; ``None``: the first one outside quotes decides,
        unless the dialect allows all kinds.
    """

    def __init__(self, dialect: Dialect, limits: Limits, line_end: LineEnd | None = None) -> None:
        self.line_end: LineEnd | None = "mixed" if dialect.mixed else line_end
        self._dialect = dialect
        self._limits = limits
        self._scratch = Scratch()

    def scan(self, chunk: bytes, *, final: bool) -> Scan:
        """Find the rows of a chunk and its first problem.

        :param chunk: text from the start of a row; not empty.
        :param final: the text ends with the chunk. Else what follows its last complete row is left
            to the next chunk.
        """
        marks = mark(chunk, self._dialect, self.line_end, final=final, scratch=self._scratch)
        self.line_end = marks.line_end
        problems = [*_nul(chunk), *marks.problems]
        stops = np.flatnonzero(marks.ends)
        stops += 1
        used = int(stops[-1]) if len(stops) else 0
        unterminated = final and used < len(chunk) and not marks.open_at_end
        if unterminated:
            stops = np.append(stops, len(chunk))
            used = len(chunk)
        starts = np.empty_like(stops)
        starts[:1] = 0
        starts[1:] = stops[:-1]
        lengths = stops - starts
        problems += _ctrl_z(chunk, starts, used)
        problems += self._too_long(starts, lengths, len(chunk) - used)
        extra_lines = None
        if marks.breaks is not None:
            extra_lines, too_many = self._extra_lines(marks.breaks, stops)
            problems += too_many
        scan = Scan(
            stops=stops,
            starts=starts,
            delimiters=_per_row(marks.delimiters, starts, used, lengths),
            extra_lines=extra_lines,
            blank=self._blank(chunk, starts, lengths, unterminated=unterminated),
            surplus=self._surplus(chunk, marks, starts, stops),
            comments=_comments(marks, starts, used),
            form=marks.form,
            marks=marks.delimiters,
            problem=None,
        )
        return _cut_at(scan, problems) if problems else scan

    def _too_long(self, starts: Offsets, lengths: Offsets, rest: int) -> list[Problem]:
        limit = self._limits.bytes
        if len(lengths) and int(lengths.max()) > limit:
            at = int(starts[int((lengths > limit).argmax())]) + limit
        elif rest > limit:
            at = (int(starts[-1] + lengths[-1]) if len(starts) else 0) + limit
        else:
            return []
        return [Problem(ErrorCode.CSV_RECORD_TOO_LONG, at)]

    def _extra_lines(self, breaks: Offsets, stops: Offsets) -> tuple[Offsets, list[Problem]]:
        """Line ends inside quotes per row, and the first row that has too many."""
        # The row after the last complete one is the rest of the chunk.
        row_of = np.searchsorted(stops, breaks, side="right")
        per_row = np.bincount(row_of, minlength=len(stops) + 1)
        too_many = np.flatnonzero(per_row >= self._limits.lines)
        problems = []
        if len(too_many):
            first = int(np.searchsorted(row_of, too_many[0]))
            at = int(breaks[first + self._limits.lines - 1])
            problems.append(Problem(ErrorCode.CSV_RECORD_TOO_MANY_LINES, at))
        return per_row[: len(stops)], problems

    def _blank(
        self, chunk: bytes, starts: Offsets, lengths: Offsets, *, unterminated: bool
    ) -> Mask | None:
        longest = 2 if self.line_end == "mixed" else len(self.line_end or "\n")
        if not len(lengths) or int(lengths.min()) > longest:
            return None
        if self.line_end == "mixed":
            blank: Mask = np.isin(np.frombuffer(chunk, np.uint8)[starts], _LINE_ENDS)
        else:
            blank = lengths == longest
        if unterminated:
            blank[-1] = False
        return blank if blank.any() else None

    def _surplus(self, chunk: bytes, marks: Marks, starts: Offsets, stops: Offsets) -> Mask | None:
        """Which rows end in a delimiter, where one may stand behind the last field."""
        if not self._dialect.trailing or not len(stops):
            return None
        ends = stops - line_end_bytes(np.frombuffer(chunk, np.uint8), stops)
        at = ends - len(self._dialect.delimiter)
        surplus: Mask = (at >= starts) & marks.delimiters[np.maximum(at, 0)]
        return surplus if surplus.any() else None


def _comments(marks: Marks, starts: Offsets, used: int) -> Offsets:
    """Indices of the complete rows that are comments."""
    if marks.form is None:
        return starts[:0]
    return np.searchsorted(starts, marks.form.comments[marks.form.comments < used])


def _nul(chunk: bytes) -> list[Problem]:
    at = chunk.find(0)
    return [] if at < 0 else [Problem(ErrorCode.ENCODING_NUL_BYTE, at)]


def _ctrl_z(chunk: bytes, starts: Offsets, rest: int) -> list[Problem]:
    """A Ctrl-Z that begins a row: the end mark of a file that another one follows.

    The one that ends a text is no part of it. Within a row it is a character like others.

    :param rest: where what is behind the last complete row begins.
    """
    if _CTRL_Z not in chunk:
        return []
    begins = np.append(starts, rest) if rest < len(chunk) else starts
    marked = begins[np.frombuffer(chunk, np.uint8)[begins] == _CTRL_Z]
    return [Problem(ErrorCode.ENCODING_CTRL_Z, int(marked[0]))] if len(marked) else []


def _per_row(delimiters: Mask, starts: Offsets, used: int, lengths: Offsets) -> Counts:
    if not len(starts):
        return np.empty(0, np.uint8)
    marks = delimiters[:used].view(np.uint8)
    counts: Counts = np.add.reduceat(marks, starts, dtype=np.uint8)
    # A byte may overflow in a long row, and then the sum falls short by a multiple of 256.
    if int(lengths.max()) >= _BYTE and int(counts.sum(dtype=np.int64)) != np.count_nonzero(marks):
        counts = np.add.reduceat(marks, starts, dtype=np.uint32)
    return counts


def _cut_at(scan: Scan, problems: list[Problem]) -> Scan:
    """The scan up to its first problem."""
    problem = min(problems, key=lambda p: (p.at, _PRECEDENCE.index(p.code)))
    rows = int(np.searchsorted(scan.stops, problem.at, side="right"))
    return Scan(
        scan.stops[:rows],
        scan.starts[:rows],
        scan.delimiters[:rows],
        None if scan.extra_lines is None else scan.extra_lines[:rows],
        None if scan.blank is None else scan.blank[:rows],
        None if scan.surplus is None else scan.surplus[:rows],
        scan.comments[scan.comments < rows],
        scan.form,
        scan.marks,
        problem,
    )
