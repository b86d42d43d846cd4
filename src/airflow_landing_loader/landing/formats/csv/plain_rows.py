"""Rows of a text in whatever dialect, written in RFC 4180.

Whole arrays at a time: bytes that stand for nothing are left out, backslashes and what follows them
are translated, and quotes are set around fields that need them now. What is too rare for that is
taken apart and written record by record.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from airflow_landing_loader.config.mapping.model import CsvDialect
from airflow_landing_loader.landing.formats.csv.bitmasks import Bytes, Mask, Offsets
from airflow_landing_loader.landing.formats.csv.cells import CellReader
from airflow_landing_loader.landing.formats.csv.dialect import BACKSLASH, Dialect, null_texts
from airflow_landing_loader.landing.formats.csv.escapes import escaped, letters
from airflow_landing_loader.landing.formats.csv.header.record import without_line_end
from airflow_landing_loader.landing.formats.csv.plain_form import PlainForm, between, without
from airflow_landing_loader.landing.formats.csv.rows import Batch, Rows
from airflow_landing_loader.landing.formats.csv.tokenizer import line_end_bytes
from airflow_landing_loader.landing.model import LineEnd

_LF, _N = 0x0A, 0x4E
_LINE_ENDS = np.frombuffer(b"\r\n", np.uint8)
_NUMBERS = np.frombuffer(b"x01234567", np.uint8)
_NONE = np.empty(0, np.int64)


@dataclass(slots=True)
class _Draft:
    """A chunk on its way to RFC 4180.

    :param chunk: as delivered.
    :param data: as it is written.
    :param kept: which bytes of that are.
    :param starts: where the rows begin.
    :param ends: where their fields end, and what stands for none.
    :param quotes: how many quotes are set before each byte; ``None``: none is set.
    :param odd: bytes whose rows are written one by one.
    """

    chunk: Bytes
    data: Bytes
    kept: Mask
    starts: Offsets
    ends: Offsets
    quotes: Offsets | None = None
    odd: Offsets = field(default_factory=lambda: _NONE)

    def row_of(self, at: Offsets) -> Offsets:
        """The rows in whose fields some bytes lie; -1: in none."""
        row = np.searchsorted(self.starts, at, side="right") - 1
        row[(row >= 0) & (at >= self.ends[row])] = -1
        return row


class PlainRows:
    """Writes the records of one file in RFC 4180.

    :param csv: how they are written.
    :param columns: how many the file has.
    :param quote: around fields that need it.
    :param escape: before quotes and escapes within quotes.
    :param line_end: behind each record.
    :param left_out: where records begin, in the text, that are not written.
    """

    def __init__(
        self,
        csv: CsvDialect,
        columns: int,
        *,
        quote: str,
        escape: str,
        line_end: LineEnd,
        left_out: Sequence[int] = (),
    ) -> None:
        self._dialect, self._columns = Dialect.of(csv), columns
        self._nulls, self._cells = null_texts(csv), CellReader(csv, columns)
        self._inside = str.maketrans({mark: escape + mark for mark in (quote, escape) if mark})
        self._quote, self._mark = quote, ord(quote) if quote else -1
        self._delimiter, self._line_end = csv.delimiter, line_end
        self._left_out = np.array(left_out, np.int64)
        special = (quote, csv.delimiter[0], "\r", "\n")
        self._special = re.compile(f"[{''.join(map(re.escape, special))}]")

    def text(self, batch: Batch, rows: Rows) -> bytes:
        """Write some rows of a batch, which are records, and have the right number of fields if
        they are not left out."""
        rows = rows.without(np.flatnonzero(np.isin(rows.starts, self._left_out)))
        if not len(rows):
            return b""
        starts, stops = rows.starts - batch.offset, rows.stops - batch.offset
        draft, anew = self._draft(batch, rows, starts, stops)
        edges = _merged(np.array([0, len(rows)]), anew, anew + 1)
        written = frozenset(anew.tolist())
        if draft.quotes is not None:
            starts, stops = _with_quotes(draft, draft.quotes, self._mark, starts, stops)
        parts: list[bytes] = []
        for first, behind in pairwise(edges.tolist()):
            if first in written:
                parts.append(self._record(batch.text(rows, first)))
            else:
                part = slice(int(starts[first]), int(stops[behind - 1]))
                parts.append(draft.data[part][draft.kept[part]].tobytes())
        return b"".join(parts)

    def _draft(
        self, batch: Batch, rows: Rows, starts: Offsets, stops: Offsets
    ) -> tuple[_Draft, Offsets]:
        """What is written of a batch, and the rows that are written one by one."""
        dialect, chunk = self._dialect, np.frombuffer(batch.chunk, np.uint8)
        line_ends = line_end_bytes(chunk, stops)
        draft = _Draft(
            chunk, chunk.copy(), np.ones(len(chunk), np.bool_), starts, stops - line_ends
        )
        if batch.form is not None:
            draft.data, draft.kept = batch.form.data.copy(), ~batch.form.dropped
        if rows.surplus is not None:
            for _ in dialect.delimiter:
                draft.ends = draft.ends - rows.surplus
                draft.kept[draft.ends[rows.surplus]] = False
        if dialect.sequences and batch.form is not None:
            self._translate(draft, batch.form)
        if dialect.lenient:
            self._double_quotes(draft)
        draft.kept[between(stops[:-1], starts[1:])] = False
        if dialect.mixed:
            draft.kept[stops[line_ends > 1] - 2] = False
            draft.data[stops[line_ends > 0] - 1] = _LF
        # The last row of a text may lack its line end.
        anew = _merged(draft.row_of(draft.odd), np.flatnonzero(line_ends == 0))
        if self._columns == 1 and "" not in self._nulls:
            # To the engine a blank line is no empty text.
            anew = _merged(anew, np.flatnonzero(draft.starts == draft.ends))
        return draft, anew[anew >= 0]

    def _double_quotes(self, draft: _Draft) -> None:
        """Take the escapes before quotes and escapes off; others inside quotes are text."""
        second = escaped(draft.data, BACKSLASH)
        quotes = without(np.flatnonzero(draft.data == self._mark), second, len(draft.data))
        at = second - 1
        at = at[np.searchsorted(quotes, at) % 2 == 1]
        behind = draft.data[at + 1]
        draft.kept[at[behind == BACKSLASH]] = False
        draft.data[at[behind == self._mark]] = self._mark

    def _translate(self, draft: _Draft, form: PlainForm) -> None:
        """Write what backslash sequences stand for; their fields get quotes."""
        chunk, every = draft.chunk, form.sequences
        at = every[~self._are_nulls(form.data, chunk, every)]
        for written_over in (every, every + 1):
            draft.data[written_over] = chunk[written_over]
        bare = self._dialect.quote is None
        inside = np.flatnonzero(chunk == self._mark) if bare else _NONE
        inside = without(inside, every + 1, len(chunk))
        draft.odd = self._too_rare(chunk, at, inside)
        table = letters(self._dialect)
        draft.data[at + 1] = table[chunk[at + 1]]
        doubled = draft.data[at + 1] == self._mark
        draft.data[at[doubled]] = self._mark
        draft.kept[at[~doubled]] = False
        if len(self._dialect.delimiter) == 1:
            self._set_quotes(draft, form, _merged(at, inside), inside)

    def _too_rare(self, chunk: Bytes, at: Offsets, inside: Offsets) -> Offsets:
        """Bytes whose rows are written one by one.

        :param at: backslashes of sequences.
        :param inside: quotes that are text.
        """
        if len(self._dialect.delimiter) > 1:
            return _merged(at, inside)
        second = chunk[at + 1]
        if self._dialect.sequences == "postgres":
            odd = at[np.isin(second, _NUMBERS)]
        else:  # within quotes it may be NULL
            odd = at[(second == _N) & (chunk[at - 1] == self._mark)]
        nulls = any(self._quote in text for text in self._nulls)
        return _merged(odd, inside) if nulls else odd

    def _set_quotes(self, draft: _Draft, form: PlainForm, at: Offsets, inside: Offsets) -> None:
        """Set quotes around the fields that hold some bytes, and before quotes that are text."""
        quotes = np.flatnonzero(form.data == self._mark) if self._dialect.quote else _NONE
        delimiters = np.flatnonzero(form.data == self._dialect.delimiter[0])
        delimiters = delimiters[np.searchsorted(quotes, delimiters) % 2 == 0]
        delimiters = delimiters[draft.row_of(delimiters) >= 0]
        lefts = _merged(draft.starts, delimiters + 1)
        rights = np.sort(np.concatenate((draft.ends, delimiters)))
        at, inside = (each[draft.row_of(each) >= 0] for each in (at, inside))
        fields = _merged(np.searchsorted(lefts, at, side="right") - 1)
        if self._dialect.quote:
            fields = fields[form.data[lefts[fields]] != self._mark]
        set_before = np.zeros(len(draft.data) + 1, np.int64)
        set_before[lefts[fields]] += 1
        set_before[rights[fields]] += 1
        set_before[inside] += 1
        draft.quotes = set_before

    def _are_nulls(self, plain: Bytes, chunk: Bytes, at: Offsets) -> Mask:
        r"""Which sequences are a field that is ``\N`` and nothing else, without quotes.

        :param plain: the chunk as RFC 4180 has it.
        :param at: where they begin.
        """
        delimiter = self._dialect.delimiter
        around = np.full(len(delimiter), _LF, np.uint8)
        padded, at = np.concatenate((around, plain, around)), at + len(delimiter)
        begins, ends = np.ones((2, len(at)), np.bool_)
        for index, byte in enumerate(delimiter):
            begins &= padded[at - len(delimiter) + index] == byte
            ends &= padded[np.minimum(at + 2 + index, len(padded) - 1)] == byte
        begins |= np.isin(padded[at - 1], _LINE_ENDS)
        ends |= np.isin(padded[at + 2], _LINE_ENDS)
        quotes = np.flatnonzero(padded == self._dialect.quote) if self._dialect.quote else _NONE
        outside = np.searchsorted(quotes, at) % 2 == 0
        found: Mask = begins & ends & outside & (chunk[at - len(delimiter) + 1] == _N)
        return found

    def _record(self, text: str) -> bytes:
        cells = self._cells.cells(without_line_end(text))
        written = self._delimiter.join(map(self._field, cells))
        return (written + self._line_end).encode()

    def _field(self, cell: str | None) -> str:
        nulls, quote = self._nulls, self._quote
        if cell is None:
            return nulls[0]
        if cell and cell not in nulls and not self._special.search(cell):
            return cell
        return f"{quote}{cell.translate(self._inside)}{quote}"


def _merged(*offsets: Offsets) -> Offsets:
    """Offsets in order, each once."""
    found = np.sort(np.concatenate(offsets))
    first = np.ones(len(found), np.bool_)
    first[1:] = found[1:] != found[:-1]
    once: Offsets = found[first]
    return once


def _with_quotes(
    draft: _Draft, quotes: Offsets, quote: int, starts: Offsets, stops: Offsets
) -> tuple[Offsets, Offsets]:
    """Set the quotes of a draft; return where its rows are then."""
    places = np.repeat(np.arange(len(quotes)), quotes)
    draft.data = np.insert(draft.data, places, quote)
    draft.kept = np.insert(draft.kept, places, True)
    before = np.concatenate(([0], np.cumsum(quotes)))
    return starts + before[starts], stops + before[stops]
