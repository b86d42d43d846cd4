"""Rows of a text, by where they lie, and batches of them with the text that holds them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np

from airflow_landing_loader.exceptions import ErrorCode
from airflow_landing_loader.landing.formats.csv.bitmasks import Mask, Offsets
from airflow_landing_loader.landing.formats.csv.plain_form import PlainForm
from airflow_landing_loader.landing.formats.csv.scanner import Counts
from airflow_landing_loader.landing.text.encoding import UndecodableTextError

_WORD = 8
_WORDS = np.dtype("<u8")
_NO_WORDS = np.empty(0, _WORDS)


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
