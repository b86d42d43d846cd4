"""What the pass over a file adds up: header, records, the trailer behind them."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from airflow_landing_loader.exceptions import ErrorCode, TerminalError
from airflow_landing_loader.landing.header import clean_name, column_names, fields_of
from airflow_landing_loader.landing.marks import Dialect
from airflow_landing_loader.landing.model import LineEnd, TrailerContent
from airflow_landing_loader.landing.records import Batch, Place, Rows
from airflow_landing_loader.landing.text import empty
from airflow_landing_loader.landing.trailer import LastRecord, has_tag, no_record, read_trailer
from airflow_landing_loader.mapping.fields import MAX_COLUMNS
from airflow_landing_loader.mapping.model import TableMapping

_ANY_LINE_END = re.compile(r"\r\n|\n|\r")


@dataclass(slots=True)
class _Held:
    """The last record so far, which is the trailer unless another record follows.

    :param row: the record alone.
    :param text: its text, with its line end.
    :param blank_rows: blank lines behind it; records of a one-column file if a record follows.
    :param blank_end: offset behind them.
    """

    row: Rows
    text: str
    blank_rows: int = 0
    blank_end: int = 0


class Tally:
    """Adds up batches of rows, in file order.

    :param name: file name, for errors.
    :param mapping: the table mapping.
    """

    def __init__(self, name: str, mapping: TableMapping) -> None:
        self._name = name
        self._mapping = mapping
        self._dialect = Dialect.of(mapping.csv)
        self._held: _Held | None = None
        self._header_pending = mapping.csv.header
        self.columns = tuple(clean_name(column) for column in mapping.csv.columns or ())
        self.header_line: int | None = None
        self.body_start = self.body_end = 0
        self.body_line = 1
        self.records = self.ragged = self.longest = 0
        self.multiline = False
        self.trailer: TrailerContent | None = None

    def begin(self, place: Place) -> None:
        """Take note of where the rows begin."""
        self.body_start = self.body_end = place.offset
        self.body_line = place.line

    def add(self, batch: Batch) -> None:
        """Add a batch; a fault behind its rows is left to the caller.

        :raises TerminalError: ``CSV_RAGGED`` under ``on_bad_row: fail``;
            ``HEADER_TOO_MANY_COLUMNS``.
        """
        self.multiline = self.multiline or batch.rows.lines is not None
        rows = self._after_header(batch) if self._header_pending else batch.rows
        if len(self.columns) != 1:
            rows = rows.without_blank()
        if self._mapping.trailer is not None:
            rows = self._hold_back(batch, rows)
        self._count(rows)
        if batch.fault is not None:
            self._release()

    def next_record(self) -> int | None:
        """Number of the record that comes next; ``None`` while the header has not come."""
        return None if self._header_pending else self.records + 1

    def finish(self, line_end: LineEnd) -> None:
        """The text has ended: read the trailer.

        :param line_end: the file's kind of line end.
        :raises TerminalError: ``FILE_EMPTY``, ``HEADER_MISSING``, ``TRAILER_*``.
        """
        if self._header_pending or not (self.header_line or self.records or self._held):
            raise empty(self._name)
        trailer = self._mapping.trailer
        if trailer is None:
            return
        if self._held is not None:
            fields = fields_of(self._held.text.removesuffix(line_end), self._dialect)
            last = LastRecord(fields=fields, file=self._name, line=self._held.row.line(0))
            self.trailer = read_trailer(last, trailer, len(self.columns))
        elif self.header_line is not None and has_tag(self.columns, trailer):
            raise TerminalError(
                ErrorCode.HEADER_MISSING,
                "The only record of the file is its trailer; the header is missing.",
                hint="Ask the sender for the header, or set csv.header: false and csv.columns.",
                file=self._name,
                line=self.header_line,
            )
        else:
            raise no_record(self._name, self.header_line)

    def _after_header(self, batch: Batch) -> Rows:
        """Take the header from the first record, if it has come; return the rows behind it."""
        rows = batch.rows
        index = rows.first_record()
        if index is None:
            return rows.before(0)
        text = batch.text(rows, index)
        self._header_pending = False
        self.header_line = rows.line(index)
        if rows.fields(index) > MAX_COLUMNS:
            raise self._too_many_columns(rows.fields(index))
        self.columns = column_names(_without_line_end(text), self._dialect)
        self.body_start = self.body_end = int(rows.stops[index])
        self.body_line = self.header_line + len(_ANY_LINE_END.findall(text))
        return rows.since(index + 1)

    def _hold_back(self, batch: Batch, rows: Rows) -> Rows:
        """Keep the last record, which may be the trailer; return the rows before it."""
        last = rows.last_record()
        if last is not None:
            self._release()
            row = rows.since(last).before(1)
            self._held = _Held(row, batch.text(row, 0))
            behind = rows.since(last + 1)
            rows = rows.before(last)
        elif self._held is not None:
            behind, rows = rows, rows.before(0)
        else:
            return rows
        if len(behind):
            self._held.blank_rows += len(behind)
            self._held.blank_end = int(behind.stops[-1])
        return rows

    def _release(self) -> None:
        """Count the record that was held back: another one follows, so it is not the trailer."""
        held, self._held = self._held, None
        if held is None:
            return
        self._count(held.row)
        if held.blank_rows:
            self.records += held.blank_rows
            self.body_end = held.blank_end

    def _count(self, rows: Rows) -> None:
        if not len(rows):
            return
        wrong = rows.delimiters != len(self.columns) - 1
        ragged = int(np.count_nonzero(wrong))
        if ragged and self._mapping.on_bad_row == "fail":
            raise self._ragged(rows, int(wrong.argmax()))
        if not self.records:
            self.body_start, self.body_line = int(rows.starts[0]), rows.line(0)
        self.records += len(rows)
        self.ragged += ragged
        self.longest = max(self.longest, int((rows.stops - rows.starts).max()))
        self.body_end = int(rows.stops[-1])

    def _too_many_columns(self, columns: int) -> TerminalError:
        return TerminalError(
            ErrorCode.HEADER_TOO_MANY_COLUMNS,
            f"The header has {columns:,} columns, {MAX_COLUMNS:,} are allowed.",
            hint="Check csv.delimiter and csv.quote in the mapping; a missing line end after the "
            "header looks like this too.",
            file=self._name,
            line=self.header_line,
        )

    def _ragged(self, rows: Rows, index: int) -> TerminalError:
        return TerminalError(
            ErrorCode.CSV_RAGGED,
            f"The record has {rows.fields(index)} field(s), the file has "
            f"{len(self.columns)} column(s).",
            hint="Ask the sender to mend it (a delimiter inside a field needs quotes), or set "
            "on_bad_row: reject.",
            file=self._name,
            line=rows.line(index),
            record=self.records + index + 1,
        )


def _without_line_end(text: str) -> str:
    return text.removesuffix("\n").removesuffix("\r")
