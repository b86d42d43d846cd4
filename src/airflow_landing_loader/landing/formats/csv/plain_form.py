"""A chunk of CSV text as RFC 4180 has it, every byte at its place.

Senders write more than RFC 4180 knows: blanks beside quotes, ``="00123"``, comments, backslash
sequences. Where the mapping allows them they are written over here, in as many bytes: a quote moves
to where RFC 4180 has it, and what stood between becomes blanks within the quotes; what a backslash
takes the meaning of becomes a letter. So one tokenizer knows the structure of all texts, and each
offset means the same in both. Like its marks, the form has a meaning up to the first problem only.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass

import numpy as np

from airflow_landing_loader.landing.formats.csv.bitmasks import Bytes, Mask, Offsets
from airflow_landing_loader.landing.formats.csv.dialect import BACKSLASH, Dialect
from airflow_landing_loader.landing.formats.csv.escapes import escaped

_LF, _CR, _BLANK, _EQUALS = 0x0A, 0x0D, 0x20, 0x3D
_LINE_END = re.compile(rb"\r\n|\r|\n")
_DOUBLED = re.compile(b'"' * 4)
_FORMULA = rb'"=""((?:[^"]|"""")*)"""'
_QUOTED_FORMULA, _QUOTES_OF_FORMULA = b'"=""', 6
_NONE = np.empty(0, np.int64)


@dataclass(frozen=True, slots=True)
class PlainForm:
    """A chunk, brought to RFC 4180.

    :param data: as many bytes as the chunk has.
    :param dropped: which of them stand for nothing, beside a quote that has moved.
    :param comments: where the comment lines begin.
    :param sequences: the backslashes of the sequences that were written over.
    :param breaks: last bytes of the line ends that a backslash has taken the meaning of.
    """

    data: Bytes
    dropped: Mask
    comments: Offsets
    sequences: Offsets
    breaks: Offsets


def plain_form(chunk: bytes, dialect: Dialect, *, final: bool) -> PlainForm:
    """Bring a chunk to RFC 4180.

    :param chunk: text from the start of a row.
    :param dialect: how it is written.
    :param final: the text ends with the chunk.
    """
    data = np.frombuffer(chunk, np.uint8).copy()
    letter = _letter(dialect)
    at = escaped(data, BACKSLASH) - 1 if dialect.sequences else _NONE
    inside = escaped(data, dialect.escape) if dialect.escape is not None else _NONE
    comments = _NONE
    if dialect.comment and dialect.comment in chunk:
        lines = _comment_lines(chunk, dialect, at + 1, inside)
        for start, end in lines:
            data[start:end] = letter
        comments = np.array([start for start, _ in lines], np.int64)
        at, inside = (_outside(lines, each) for each in (at, inside))
    breaks = _write_over(data, at, letter, final=final) if len(at) else _NONE
    dropped = np.zeros(len(data), np.bool_)
    if dialect.quote is not None and (dialect.blanks or dialect.formulas):
        quotes = np.flatnonzero(data == dialect.quote)
        quotes = without(quotes, inside, len(data))
        _Quotes(data, dropped, quotes, dialect, final=final).move()
    return PlainForm(data, dropped, comments, at, breaks)


def between(starts: Offsets, stops: Offsets) -> Offsets:
    """All offsets from some places up to before others."""
    lengths = stops - starts
    passed = np.cumsum(lengths)
    before = np.repeat(starts - (passed - lengths), lengths)
    found: Offsets = before + np.arange(len(before))
    return found


def without(offsets: Offsets, others: Offsets, size: int) -> Offsets:
    """Those of some offsets that are not among others.

    :param size: all of them are less.
    """
    if not len(others):
        return offsets
    among = np.zeros(size, np.bool_)
    among[others] = True
    return offsets[~among[offsets]]


def _letter(dialect: Dialect) -> int:
    """A byte that means nothing in the dialect."""
    return next(
        byte for byte in b"_x0-." if byte not in dialect.delimiter and byte != dialect.quote
    )


def _outside(lines: list[tuple[int, int]], offsets: Offsets) -> Offsets:
    """Those of some offsets that lie in none of some lines, nor right behind them."""
    if not lines or not len(offsets):
        return offsets
    starts = np.array([start for start, _ in lines])
    ends = np.array([end for _, end in lines])
    line = np.searchsorted(starts, offsets, side="right") - 1
    return offsets[(line < 0) | (offsets > ends[line])]


def _write_over(data: Bytes, at: Offsets, letter: int, *, final: bool) -> Offsets:
    """Write over backslash sequences; return the last bytes of the line ends among them."""
    second = at + 1
    # A CR that the chunk ends with may be half of a CRLF.
    returns = (data[second] == _CR) & (final | (second < len(data) - 1))
    line_ends: Offsets = second[(data[second] == _LF) | returns]
    data[at] = data[second] = letter
    return line_ends


def _comment_lines(
    chunk: bytes, dialect: Dialect, written_over: Offsets, inside: Offsets
) -> list[tuple[int, int]]:
    """Where comments begin and end, their line ends left out, in order.

    A line within quotes is none, and a quote within a comment opens nothing: so they are decided
    one after the other.

    :param written_over: bytes that a backslash takes the meaning of.
    :param inside: bytes that an escape takes the meaning of, if they lie within quotes.
    """
    data = np.frombuffer(chunk, np.uint8)
    quotes = np.flatnonzero(data == dialect.quote) if dialect.quote is not None else _NONE
    places = without(without(quotes, written_over, len(data)), inside, len(data)).tolist()
    meaningless = set(written_over[np.isin(data[written_over], (_LF, _CR))].tolist())
    found: list[tuple[int, int]] = []
    behind = passed = 0  # the last comment's end, and how many quotes the comments hold
    for start in _beginnings(data, dialect.comment):
        if start != behind:
            before = bisect_left(places, start) - passed
            if before % 2 or _is_meaningless(chunk, start, meaningless):
                continue
        line = _LINE_END.search(chunk, start)
        end, behind = line.span() if line else (len(chunk), len(chunk))
        passed += bisect_left(places, end) - bisect_left(places, start)
        found.append((start, end))
    return found


def _is_meaningless(chunk: bytes, start: int, meaningless: set[int]) -> bool:
    """Whether the line end before a line belongs to a value."""
    crlf = chunk[max(0, start - 2) : start] == b"\r\n"
    return start - 1 in meaningless or (crlf and start - 2 in meaningless)


def _beginnings(data: Bytes, comment: bytes) -> list[int]:
    """Where a line begins like a comment."""
    at = np.flatnonzero(data == comment[0])
    before = data[np.maximum(at - 1, 0)]
    at = at[(at == 0) | (before == _LF) | (before == _CR)]
    for index, byte in enumerate(comment[1:], start=1):
        at = at[at + index < len(data)]
        at = at[data[at + index] == byte]
    found: list[int] = at.tolist()
    return found


class _Quotes:
    """The quotes of a chunk that do not stand where RFC 4180 has them.

    :param data: the chunk, which is written over.
    :param dropped: is told which bytes stand for nothing.
    :param quotes: where quotes stand that no escape takes the meaning of.
    """

    def __init__(
        self, data: Bytes, dropped: Mask, quotes: Offsets, dialect: Dialect, *, final: bool
    ) -> None:
        self._data, self._dropped, self._dialect, self._final = data, dropped, dialect, final
        self._quote, self._quotes = dialect.quote or 0, quotes
        blanks = np.frombuffer(dialect.blanks, np.uint8)
        self._blank = np.isin(data, blanks) if len(blanks) else np.zeros(len(data), np.bool_)

    def move(self) -> None:
        """Move them to the edges of their fields."""
        if self._dialect.formulas and _QUOTED_FORMULA in self._data.tobytes():
            self._take_off(self._bare_formulas())
            if _QUOTED_FORMULA in self._data.tobytes():
                self._take_off(self._formulas_with_quotes())
        self._move_openings(self._quotes[0::2])
        self._move_closings(self._quotes[1::2])

    def _take_off(self, offsets: Offsets) -> None:
        """Write blanks for what makes quoted texts formulas."""
        self._data[offsets] = _BLANK
        self._dropped[offsets] = True
        self._quotes = self._quotes[~self._dropped[self._quotes]]

    def _bare_formulas(self) -> Offsets:
        """What makes formulas of quoted texts without quotes in them: six quotes, in two groups."""
        at = self._quotes
        if len(at) < _QUOTES_OF_FORMULA:
            return _NONE
        first = np.arange(0, len(at) - _QUOTES_OF_FORMULA + 1, 2)
        start, inner, end = at[first], at[first + 2], at[first + 3]
        good = (at[first + 1] == start + 2) & (inner == start + 3)
        good &= (at[first + 4] == end + 1) & (at[first + 5] == end + 2)
        start, end = start[good], end[good] + 2
        good = (self._data[start + 1] == _EQUALS) & (self._data[start - 1] != _EQUALS)
        start, end = start[good], end[good]
        good = self._ends_fields(self._behind_blanks(end + 1))
        start, end = start[good], end[good]
        return np.concatenate((start + 1, start + 2, start + 3, end - 2, end - 1))

    def _formulas_with_quotes(self) -> Offsets:
        """What makes formulas of the other quoted texts."""
        openings = frozenset(self._quotes[0::2].tolist())
        delimiter, blanks = re.escape(self._dialect.delimiter), re.escape(self._dialect.blanks)
        behind = rb"[%b]*" % blanks if blanks else b""
        formula = re.compile(_FORMULA + rb"(?=%b(?:%b|[\r\n]|\Z))" % (behind, delimiter))
        found: list[int] = []
        for match in formula.finditer(self._data.tobytes()):
            start, end = match.span()
            if start not in openings or (start and self._data[start - 1] == _EQUALS):
                continue
            found += [start + 1, start + 2, start + 3, end - 3, end - 2]
            for two in _DOUBLED.finditer(match[1]):
                found += [match.start(1) + two.start(), match.start(1) + two.start() + 1]
        return np.array(found, np.int64)

    def _move_openings(self, openings: Offsets) -> None:
        """Let each opening quote stand where its field begins."""
        behind = openings
        if self._dialect.formulas:
            behind = openings - (self._data[np.maximum(openings - 1, 0)] == _EQUALS)
            behind = np.maximum(behind, 0)
        places = np.where(self._blank, 0, np.arange(1, len(self._data) + 1, dtype=np.int32))
        # Where the blanks before each byte begin.
        runs = np.concatenate(([0], np.maximum.accumulate(places)))
        starts = runs[behind]
        moved = (starts < openings) & self._begin_fields(starts)
        quotes, to = openings[moved], starts[moved]
        self._move(quotes, to, to + 1, quotes)

    def _move_closings(self, closings: Offsets) -> None:
        """Let each closing quote stand where its field ends."""
        stops = self._behind_blanks(closings + 1)
        moved = (stops > closings + 1) & self._ends_fields(stops)
        quotes, to = closings[moved], stops[moved] - 1
        self._move(quotes, to, quotes, to - 1)

    def _behind_blanks(self, at: Offsets) -> Offsets:
        """Where the blanks that begin in some places end."""
        size = np.int32(len(self._data))
        places = np.append(np.where(self._blank, size, np.arange(size, dtype=np.int32)), size)
        ends: Offsets = np.minimum.accumulate(places[::-1])[::-1][at].astype(np.int64)
        return ends

    def _begin_fields(self, starts: Offsets) -> Mask:
        """Whether the chunk, a line or a field begins with a byte."""
        before = self._data[np.maximum(starts - 1, 0)]
        good: Mask = (starts == 0) | (before == _LF) | (before == _CR)
        width = len(self._dialect.delimiter)
        delimited = starts >= width
        for index, byte in enumerate(self._dialect.delimiter):
            delimited &= self._data[np.maximum(starts - width + index, 0)] == byte
        return good | delimited

    def _ends_fields(self, stops: Offsets) -> Mask:
        """Whether the chunk, a line or a field ends before a byte; what the chunk cuts may be a
        delimiter."""
        last = len(self._data) - 1
        there = self._data[np.minimum(stops, last)]
        good: Mask = (stops > last) | (there == _LF) | (there == _CR)
        delimited = np.ones(len(stops), np.bool_)
        for index, byte in enumerate(self._dialect.delimiter):
            at = stops + index
            is_open = (at > last) & (not self._final)
            delimited &= is_open | ((at <= last) & (self._data[np.minimum(at, last)] == byte))
        return good | delimited

    def _move(self, quotes: Offsets, to: Offsets, first: Offsets, last: Offsets) -> None:
        """Move quotes.

        :param first: first bytes that stand for nothing then.
        :param last: last ones.
        """
        self._data[quotes] = _BLANK
        self._data[to] = self._quote
        self._dropped[between(first, last + 1)] = True
