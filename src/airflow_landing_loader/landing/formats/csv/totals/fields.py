"""The fields of one column in a batch of rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

import numpy as np

from airflow_landing_loader.landing.control.numbers import (
    BLANKS,
)
from airflow_landing_loader.landing.formats.csv.bitmasks import Bytes, Mask, Offsets
from airflow_landing_loader.landing.formats.csv.dialect import BACKSLASH, Dialect
from airflow_landing_loader.landing.formats.csv.header.record import (
    Field,
    fields_of,
    without_line_end,
)
from airflow_landing_loader.landing.formats.csv.rows import Batch, Rows
from airflow_landing_loader.landing.formats.csv.tokenizer import line_end_bytes
from airflow_landing_loader.landing.formats.csv.totals import digits
from airflow_landing_loader.landing.formats.csv.totals.digits import Cells

_FAR = np.int64(2**62)
NO_ROWS = np.empty(0, np.int64)
"""No indices."""


class Fields:
    """The fields of some rows, found by the delimiters that the scan has marked.

    Where none are marked, each row is taken apart.

    :param width: columns of the file.
    """

    def __init__(self, batch: Batch, rows: Rows, dialect: Dialect, width: int) -> None:
        self._batch, self._rows, self._dialect, self._width = batch, rows, dialect, width
        if batch.marks is None:
            return
        self._data = digits.padded(batch.chunk)
        self._starts = rows.starts - batch.offset
        self._stops = rows.stops - batch.offset
        begin, end = int(self._starts[0]), int(self._stops[-1])
        marks = batch.marks[begin:end].nonzero()[0] + begin
        self._quoted = dialect.quote is not None and dialect.quote in batch.chunk
        self._even = self._in_even_rows(marks)
        if self._even is None:
            self._marks = np.append(marks, _FAR)
            self._first = np.searchsorted(self._marks, self._starts)

    @property
    def are_marked(self) -> bool:
        """Whether delimiters are marked."""
        return self._batch.marks is not None

    def _in_even_rows(self, marks: Offsets) -> Offsets | None:
        """The marks by row and place in it, where each row has as many fields as the file has
        columns and nothing between them has any; ``None``: it is not so."""
        each = self._width - 1
        if not each or len(marks) != len(self._rows) * each:
            return None
        return marks.reshape(-1, each) if (self._rows.delimiters == each).all() else None

    @cached_property
    def _ends(self) -> Offsets:
        """Where each row ends, without its line end."""
        chunk: Bytes = np.frombuffer(self._batch.chunk, np.uint8)
        return self._stops - line_end_bytes(chunk, self._stops)

    def cells(self, column: int, nulls: Sequence[str]) -> tuple[Offsets, Cells]:
        """The rows that have a cell in a column which may count, and the cells, their quotes taken
        off if they are of one pair; only where delimiters are marked."""
        lefts, rights = self._edges(column)
        rows = self._filled(lefts, rights, nulls)
        if len(rows) < len(lefts):
            lefts, rights = lefts[rows], rights[rows]
        lefts, rights = digits.in_padded(lefts), digits.in_padded(rights)
        if self._quoted:
            quoted = self._data[lefts] == self._dialect.quote
            if quoted.any():
                quoted &= lefts + 1 < rights
                lefts, rights = lefts + quoted, rights - quoted
        return rows, Cells(self._data, lefts, rights)

    def texts(self, rows: Offsets, column: int, nulls: Sequence[str]) -> Iterator[tuple[int, str]]:
        """Cells of a column that count, one by one: the index of the row, and the text.

        :param rows: which rows; all where no delimiters are marked.
        """
        found: Iterable[tuple[int, Field]] = ()
        if self._batch.marks is None:
            found = self._whole(column)
        elif len(rows):
            raws = self._raws(rows, column)
            found = zip(rows.tolist(), map(self._field, raws), strict=True)
        for index, cell in found:
            if _counts(cell, nulls):
                yield index, cell.text

    def different(self, column: int, nulls: Sequence[str]) -> Iterator[bytes]:
        """The texts of a column's cells that count; few of them come several times."""
        if self._batch.marks is None:
            yield from (text.encode() for _, text in self.texts(NO_ROWS, column, nulls))
            return
        everywhere = np.arange(len(self._rows))
        for raw in {*self._raws(everywhere, column)}:
            cell = self._field(raw)
            if _counts(cell, nulls):
                yield cell.text.encode()

    def _raws(self, rows: Offsets, column: int) -> list[bytes]:
        """The fields of a column as they stand there; empty where a row has none."""
        chunk = self._batch.chunk
        lefts, rights = self._edges(column)
        edges = zip(lefts[rows].tolist(), rights[rows].tolist(), strict=True)
        return [chunk[left:right] for left, right in edges]

    def _field(self, raw: bytes) -> Field:
        text, quote = raw.decode(), self._dialect.quote
        if BACKSLASH in raw or (quote is not None and quote in raw):
            return fields_of(text, self._dialect)[0]
        return Field(text, quoted=False)

    def _whole(self, column: int) -> Iterator[tuple[int, Field]]:
        for index in range(len(self._rows)):
            text = without_line_end(self._batch.text(self._rows, index))
            found = fields_of(text, self._dialect, self._width)
            if column < len(found):
                yield index, found[column]

    def _edges(self, column: int) -> tuple[Offsets, Offsets]:
        """Where the fields of a column begin and end; where a row has none, at one place."""
        if self._even is not None:
            return self._even_edges(self._even, column)
        at = np.minimum(self._first + column, len(self._marks) - 1)
        rights = np.minimum(self._marks[at], self._ends)
        if not column:
            return self._starts, rights
        before = self._marks[np.minimum(self._first + column - 1, len(self._marks) - 1)]
        lefts = np.minimum(before + len(self._dialect.delimiter), rights)
        return np.where(before < self._ends, lefts, rights), rights

    def _even_edges(self, marks: Offsets, column: int) -> tuple[Offsets, Offsets]:
        rights = marks[:, column] if column < self._width - 1 else self._ends
        if not column:
            return self._starts, rights
        return marks[:, column - 1] + len(self._dialect.delimiter), rights

    def _filled(self, lefts: Offsets, rights: Offsets, nulls: Sequence[str]) -> Offsets:
        """The rows whose fields are neither empty nor NULL."""
        filled = lefts < rights
        if any(nulls):
            filled &= ~self._are_nulls(lefts, rights, nulls)
        return np.flatnonzero(filled)

    def _are_nulls(self, lefts: Offsets, rights: Offsets, nulls: Sequence[str]) -> Mask:
        """Which fields are, without quotes, a text that means NULL."""
        chunk: Bytes = np.frombuffer(self._batch.chunk, np.uint8)
        found = np.zeros(len(lefts), np.bool_)
        for text in (null.encode() for null in nulls if null):
            alike = np.flatnonzero(rights - lefts == len(text))
            for at, byte in enumerate(text):
                alike = alike[chunk[lefts[alike] + at] == byte]
            found[alike] = True
        return found


def _counts(cell: Field, nulls: Sequence[str]) -> bool:
    return bool(cell.text.strip(BLANKS)) and (cell.quoted or cell.text not in nulls)
