"""Where line ends and delimiters of a chunk of CSV text stand, outside of quotes.

Text without quotes, by far most of it, is marked byte by byte in one step each. Where there are
quotes, parity tells what lies inside them, and every rule is a few operations on bits. Up to the
first problem parity and meaning agree; what is marked behind it has no meaning, and is not used.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from airflow_landing_loader.exceptions import ErrorCode
from airflow_landing_loader.landing.formats.csv import bitmasks
from airflow_landing_loader.landing.formats.csv.bitmasks import Bits, Bytes, Mask, Offsets
from airflow_landing_loader.landing.formats.csv.dialect import BACKSLASH, Dialect
from airflow_landing_loader.landing.formats.csv.escapes import bad_sequence, escaped
from airflow_landing_loader.landing.formats.csv.plain_form import PlainForm, plain_form
from airflow_landing_loader.landing.model import LineEnd

_LF, _CR = 0x0A, 0x0D


class Problem(NamedTuple):
    """The first place of a chunk that breaks the grammar.

    :param code: what is wrong.
    :param at: offset in the chunk of the byte where it shows; the chunk's size at end of file.
    """

    code: ErrorCode
    at: int


@dataclass(slots=True)
class Marks:
    """What one chunk holds outside of quotes.

    :param line_end: the file's kind of line end, ``None`` while none was seen.
    :param ends: last byte of each line end.
    :param delimiters: first byte of each delimiter.
    :param problems: first problem of each kind.
    :param open_at_end: the chunk ends inside quotes.
    :param breaks: last byte of each line end inside quotes, or behind a backslash; ``None`` if
        there is none.
    :param form: the chunk as RFC 4180 has it; ``None``: it has all of it as it stands.
    """

    line_end: LineEnd | None
    ends: Mask
    delimiters: Mask
    problems: list[Problem] = field(default_factory=list)
    open_at_end: bool = False
    breaks: Offsets | None = None
    form: PlainForm | None = None


class Scratch:
    """Memory for the masks of one chunk after the other: to ask for it anew costs more than to fill
    it."""

    def __init__(self) -> None:
        self._memory = np.empty(0, np.bool_)

    def two(self, size: int) -> tuple[Mask, Mask]:
        """Return two masks of one size; they are those of the call before."""
        if len(self._memory) < 2 * size:
            self._memory = np.empty(2 * size, np.bool_)
        return self._memory[:size], self._memory[size : 2 * size]


def mark(
    chunk: bytes, dialect: Dialect, line_end: LineEnd | None, *, final: bool, scratch: Scratch
) -> Marks:
    """Mark a chunk.

    :param chunk: text from the start of a row; not empty.
    :param dialect: how the text is written.
    :param line_end: the one kind of line end; ``None``: the first one decides.
    :param final: the text ends with the chunk; else what its next byte decides is left open.
    :param scratch: memory; the marks are valid until it is used again.
    """
    if not dialect.is_disguised:
        return _mark(chunk, dialect, line_end, final=final, scratch=scratch)
    form = plain_form(chunk, dialect, final=final)
    plain = form.data.tobytes()
    marks = _mark(plain, dialect, line_end, final=final, scratch=scratch)
    marks.form = form
    if dialect.sequences:
        _mark_sequences(marks, chunk, dialect, form, final=final)
    return marks


def _mark_sequences(
    marks: Marks, chunk: bytes, dialect: Dialect, form: PlainForm, *, final: bool
) -> None:
    """Mark what backslash sequences bring: lines that go on, and sequences without a meaning."""
    if len(form.breaks):
        inside = form.breaks[:0] if marks.breaks is None else marks.breaks
        marks.breaks = np.sort(np.concatenate((inside, form.breaks)))
    last = len(chunk) - 1
    # Behind a backslash the text does not end, nor does a record.
    unended = form.data[last] == BACKSLASH or last in form.breaks[-1:]
    for at in (
        bad_sequence(chunk, form.sequences, dialect, final=final),
        last if final and unended else None,
    ):
        if at is not None:
            marks.problems.append(Problem(ErrorCode.CSV_BAD_ESCAPE, at))


def _mark(
    chunk: bytes, dialect: Dialect, line_end: LineEnd | None, *, final: bool, scratch: Scratch
) -> Marks:
    data = np.frombuffer(chunk, np.uint8)
    ends, delimiters = scratch.two(len(chunk))
    if dialect.quote is None or chunk.find(dialect.quote) < 0:
        if line_end is None:
            found = [at for at in (chunk.find(_LF), chunk.find(_CR)) if at >= 0]
            line_end = _line_end_at(chunk, min(found), final=final) if found else None
        marks = Marks(line_end, ends, delimiters)
        _mark_plain(marks, chunk, data, final=final)
        _mark_delimiters(delimiters, data, dialect.delimiter)
        if len(dialect.delimiter) > 1:
            found_bits = bitmasks.pack(delimiters)
            marks.delimiters = bitmasks.unpack(_apart(found_bits, dialect, len(chunk)), len(chunk))
        return marks
    quoted = _Quoted(chunk, data, dialect, dialect.quote, ends, final=final)
    if line_end is None:
        at = bitmasks.first((quoted.line_feeds | quoted.returns) & ~quoted.inside)
        line_end = None if at is None else _line_end_at(chunk, at, final=final)
    _mark_delimiters(delimiters, data, dialect.delimiter)
    return quoted.marks(line_end, bitmasks.pack(delimiters))


def _line_end_at(chunk: bytes, at: int, *, final: bool) -> LineEnd | None:
    """The kind of the line end whose first byte is at an offset, ``None`` if that is open."""
    if chunk[at] == _LF:
        return "\n"
    if at + 1 < len(chunk):
        return "\r\n" if chunk[at + 1] == _LF else "\r"
    return "\r" if final else None


def _mark_plain(marks: Marks, chunk: bytes, data: Bytes, *, final: bool) -> None:
    """Mark the line ends of a chunk without quotes, and find the first of another kind."""
    at: int | None
    if marks.line_end is None:
        marks.ends[:] = False
        return
    if marks.line_end == "mixed":
        line_feeds = bitmasks.pack(np.equal(data, _LF, out=marks.ends))
        returns = bitmasks.pack(np.equal(data, _CR, out=marks.ends))
        ends = _any_end(returns, line_feeds, len(chunk), final=final)
        marks.ends[:] = bitmasks.unpack(ends, len(chunk))
        return
    if marks.line_end == "\r\n":
        returns = bitmasks.pack(np.equal(data, _CR, out=marks.ends))
        line_feeds = bitmasks.pack(np.equal(data, _LF, out=marks.ends))
        at = _lone_end(returns, line_feeds, len(chunk), final=final)
    elif marks.line_end == "\n":
        np.equal(data, _LF, out=marks.ends)
        at = chunk.find(_CR)
    else:
        np.equal(data, _CR, out=marks.ends)
        at = chunk.find(_LF)
        if at > 0 and chunk[at - 1] == _CR:
            at -= 1
        if not final:
            # It may be half of a CRLF, which is of another kind.
            marks.ends[-1] = False
    if at is not None and at >= 0:
        marks.problems.append(Problem(ErrorCode.CSV_MIXED_LINE_ENDS, at))


def _any_end(returns: Bits, line_feeds: Bits, size: int, *, final: bool) -> Bits:
    """Last byte of each line end of whatever kind; a CR at the end of the chunk may be open."""
    ends = line_feeds | (returns & ~bitmasks.earlier(line_feeds))
    if not final and not bitmasks.get(line_feeds, size - 1):
        bitmasks.clear(ends, size - 1)
    return ends


def _lone_end(returns: Bits, line_feeds: Bits, size: int, *, final: bool) -> int | None:
    """First CR without its LF or LF without its CR; a CR at the end of the chunk may be open."""
    at = bitmasks.first(line_feeds ^ bitmasks.later(returns))
    if at is None or at == size:
        return size - 1 if final and bitmasks.get(returns, size - 1) else None
    return at if bitmasks.get(line_feeds, at) else at - 1


def line_end_bytes(data: Bytes, stops: Offsets) -> Offsets:
    """How many bytes of a line end, of whatever kind, stand before some places."""
    last, before = data[stops - 1], data[np.maximum(stops - 2, 0)]
    pairs = (last == _LF) & (before == _CR) & (stops > 1)
    found: Offsets = ((last == _LF) | (last == _CR)).astype(np.int64) + pairs
    return found


def _mark_delimiters(marks: Mask, data: Bytes, delimiter: bytes) -> None:
    """Mark the first byte of each delimiter, wherever it stands."""
    np.equal(data, delimiter[0], out=marks)
    for offset, value in enumerate(delimiter[1:], start=1):
        marks[:-offset] &= data[offset:] == value
        marks[-offset:] = False


def _apart(delimiters: Bits, dialect: Dialect, size: int) -> Bits:
    """Delimiters without those that overlap an earlier one, as one reads from left to right."""
    width = len(dialect.delimiter)
    if width == 1:
        return delimiters
    offsets = bitmasks.positions(delimiters, size)
    if len(offsets) > 1 and int(np.diff(offsets).min()) < width:
        free = 0
        for offset in offsets.tolist():
            if offset < free:
                bitmasks.clear(delimiters, offset)
            else:
                free = offset + width
    return delimiters


class _Quoted:
    """A chunk that has quotes."""

    def __init__(
        self,
        chunk: bytes,
        data: Bytes,
        dialect: Dialect,
        quote: int,
        scratch: Mask,
        *,
        final: bool,
    ) -> None:
        self._chunk = chunk
        self._data = data
        self._dialect = dialect
        self._final = final
        self._size = len(chunk)
        self._escaped: Offsets = np.empty(0, np.int64)
        quotes = np.equal(data, quote, out=scratch)
        if dialect.escape is not None and chunk.find(dialect.escape) >= 0:
            self._escaped = escaped(data, dialect.escape)
            quotes[self._escaped] = False
        self.quotes = bitmasks.pack(quotes)
        self.inside = bitmasks.parity(self.quotes)
        self.line_feeds = bitmasks.pack(np.equal(data, _LF, out=scratch))
        self.returns = bitmasks.pack(np.equal(data, _CR, out=scratch))

    def marks(self, line_end: LineEnd | None, delimiters: Bits) -> Marks:
        """Mark the chunk.

        :param line_end: the kind of line end.
        :param delimiters: first byte of each delimiter, wherever it stands.
        """
        delimiters = _apart(delimiters & ~self.inside, self._dialect, self._size)
        ends, mixed = self._line_ends(line_end)
        open_at_end = bitmasks.get(self.inside, self._size - 1)
        found = [
            (ErrorCode.CSV_MIXED_LINE_ENDS, mixed),
            (ErrorCode.CSV_STRAY_QUOTE, self._bad_opening(delimiters)),
            (ErrorCode.CSV_STRAY_QUOTE, self._bad_closing(delimiters)),
            (ErrorCode.CSV_UNCLOSED_QUOTE, self._size if open_at_end and self._final else None),
            *self._bad_escapes(),
        ]
        return Marks(
            line_end,
            bitmasks.unpack(ends, self._size),
            bitmasks.unpack(delimiters, self._size),
            [Problem(code, at) for code, at in found if at is not None],
            open_at_end,
            self._breaks(),
        )

    def _line_ends(self, line_end: LineEnd | None) -> tuple[Bits, int | None]:
        """Last byte of each line end, and the first line end of another kind."""
        line_feeds, returns = self.line_feeds & ~self.inside, self.returns & ~self.inside
        if line_end is None:
            return np.zeros_like(line_feeds), None
        if line_end == "mixed":
            return _any_end(returns, line_feeds, self._size, final=self._final), None
        if line_end == "\n":
            return line_feeds, bitmasks.first(returns)
        if line_end == "\r\n":
            return line_feeds, _lone_end(returns, line_feeds, self._size, final=self._final)
        at = bitmasks.first(line_feeds)
        if at and bitmasks.get(returns, at - 1):
            at -= 1
        if not self._final:
            # It may be half of a CRLF, which is of another kind.
            bitmasks.clear(returns, self._size - 1)
        return returns, at

    def _edges(self) -> Bits:
        """Bytes beside which a quote may stand: line ends, and the other quote of a pair."""
        edges = self.line_feeds | self.returns
        return edges | self.quotes if self._dialect.escape is None else edges

    def _bad_opening(self, delimiters: Bits) -> int | None:
        """First opening quote that does not begin a field."""
        good = bitmasks.later(self._edges()) | bitmasks.later(
            delimiters, len(self._dialect.delimiter)
        )
        bad = self.quotes & self.inside & ~good
        bitmasks.clear(bad, 0)
        return bitmasks.first(bad)

    def _bad_closing(self, delimiters: Bits) -> int | None:
        """First byte behind a closing quote that does not end the field."""
        bad = self.quotes & ~self.inside & ~bitmasks.earlier(self._edges() | delimiters)
        # What follows the last byte is the end of the text, or not known yet.
        bitmasks.clear(bad, self._size - 1)
        at = bitmasks.first(bad)
        if at is None or (not self._final and self._may_be_delimiter(at + 1)):
            return None
        return at + 1

    def _may_be_delimiter(self, at: int) -> bool:
        """Whether the chunk ends with the beginning of a delimiter."""
        return self._dialect.delimiter.startswith(self._chunk[at:])

    def _bad_escapes(self) -> list[tuple[ErrorCode, int | None]]:
        if not len(self._escaped):
            return []
        value = self._data[self._escaped]
        inside = bitmasks.unpack(self.inside, self._size)[self._escaped]
        quoted = value == self._dialect.quote
        unfit = self._escaped[inside & ~quoted & (value != self._dialect.escape)]
        if self._dialect.lenient:
            unfit = unfit[:0]
        # An escape outside of quotes is plain text, and the quote after it is a stray one.
        stray = self._escaped[quoted & ~inside]
        return [
            (ErrorCode.CSV_BAD_ESCAPE, int(unfit[0]) if len(unfit) else None),
            (ErrorCode.CSV_STRAY_QUOTE, int(stray[0]) if len(stray) else None),
        ]

    def _breaks(self) -> Offsets | None:
        """Last byte of each line end inside quotes, ``None`` if there is none."""
        returns = self.returns & self.inside & ~bitmasks.earlier(self.line_feeds)
        if not self._final:
            bitmasks.clear(returns, self._size - 1)
        breaks = (self.line_feeds & self.inside) | returns
        return bitmasks.positions(breaks, self._size) if breaks.any() else None
