"""What the pass over a file adds up: header, records, the trailer behind them."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from airflow_landing_loader.config.mapping.column_names import clean_name
from airflow_landing_loader.config.mapping.fields import MAX_COLUMNS
from airflow_landing_loader.config.mapping.lines import LineMark
from airflow_landing_loader.config.mapping.model import TableMapping, Trailer
from airflow_landing_loader.exceptions import ErrorCode, TerminalError
from airflow_landing_loader.landing.control.numbers import form_of
from airflow_landing_loader.landing.control.trailer import (
    LastRecord,
    has_tag,
    no_record,
    not_last,
    read_trailer,
)
from airflow_landing_loader.landing.formats.csv.batches import Place
from airflow_landing_loader.landing.formats.csv.bitmasks import Offsets
from airflow_landing_loader.landing.formats.csv.dialect import Dialect
from airflow_landing_loader.landing.formats.csv.ends.rules import rule_for
from airflow_landing_loader.landing.formats.csv.header.promise import check_header, check_places
from airflow_landing_loader.landing.formats.csv.header.record import (
    column_names,
    fields_of,
    split,
    without_line_end,
)
from airflow_landing_loader.landing.formats.csv.header.repeated import (
    finder_of,
    header_again,
    header_in_other_order,
)
from airflow_landing_loader.landing.formats.csv.rows import Batch, Rows
from airflow_landing_loader.landing.formats.csv.totals.counting import TotalsCounter
from airflow_landing_loader.landing.model import TrailerContent
from airflow_landing_loader.landing.text.stream import empty
from airflow_landing_loader.safe_text import counted

_ANY_LINE_END = re.compile(r"\r\n|\n|\r")


@dataclass(slots=True)
class _Held:
    """The last record so far, which is the trailer unless another record follows.

    :param row: the record alone.
    :param text: its text, with its line end.
    :param tagged: index of the row where it begins with the tag.
    :param blank_rows: blank lines behind it; records of a one-column file if a record follows.
    :param blank_end: offset behind them.
    """

    row: Rows
    text: str
    tagged: int | None
    blank_rows: int = 0
    blank_end: int = 0


class Tally:
    """Adds up batches of rows, in file order.

    :param name: file name, for errors.
    :param mapping: the table mapping.
    :param totals: adds up columns.
    :ivar skipping: which lines are left out right behind the header; ``None`` once a record came.
    """

    def __init__(self, name: str, mapping: TableMapping, totals: TotalsCounter) -> None:
        self._name = name
        self._mapping = mapping
        self._totals = totals
        self._dialect = Dialect.of(mapping.csv)
        trailer = mapping.trailer
        self._trailer = trailer if trailer and trailer.match is None else None
        self._tagged = beginnings(self._trailer, self._dialect) if self._trailer else ()
        self._held: _Held | None = None
        self._header_pending = mapping.csv.header
        named = () if mapping.csv.header else mapping.csv.columns or ()
        self.columns = tuple(clean_name(column) for column in named)
        if named:
            totals.begin(self.columns, None)
        self._headers = finder_of(mapping.csv, self.columns)
        self.skipped_headers = 0
        self.header_line: int | None = None
        self.header_text: bytes | None = None
        self.skipping = mapping.csv.skip_lines if mapping.csv.header else None
        self.body_start = self.body_end = 0
        self.body_line = 1
        self.records = self.ragged = self.longest = self.comments = 0
        self._longest_gap = self._filled_end = 0
        self.multiline = False
        self.trailer: TrailerContent | None = None

    def skipped_line(self, number: int, line: bytes) -> None:
        """Take note of a line that is skipped.

        :raises TerminalError: ``HEADER_NOT_AS_PROMISED``.
        """
        if not self._mapping.csv.header:
            self._check_places(line, number, skipped=True)

    def begin(self, place: Place) -> None:
        """Take note of where the rows begin."""
        self.body_start = self.body_end = place.offset
        self.body_line = place.line

    def add(self, batch: Batch) -> None:
        """Add a batch; a fault behind its rows is left to the caller.

        :raises TerminalError: ``CSV_RAGGED``, ``CSV_REPEATED_HEADER`` under ``on_bad_row:
            fail``; ``HEADER_TOO_MANY_COLUMNS``, ``HEADER_NOT_AS_PROMISED``,
            ``TRAILER_NOT_LAST``.
        """
        self.multiline = self.multiline or batch.multiline
        self.comments += batch.comments
        rows = self._after_header(batch) if self._header_pending else batch.rows
        rows = rows.narrowed(len(self.columns))
        if len(self.columns) != 1:
            rows = rows.without_blank()
        if self.skipping is not None and not self._header_pending:
            rows = self._behind_skipped(self.skipping, batch, rows)
        if self._trailer is not None:
            rows = self._hold_back(batch, rows)
        tagged = self._first_tagged(batch, rows)
        self._count(batch, rows, tagged)
        if batch.fault is not None and self._held is not None:
            self._held.tagged = None  # it may well be the trailer
            self._release()

    @property
    def longest_gap(self) -> int:
        """Bytes of the longest run of lines without text, of which the last ones may be records."""
        at_end = self.body_end - self._filled_end if self.records else 0
        return max(self._longest_gap, at_end)

    def next_record(self) -> int | None:
        """Number of the record that comes next; ``None`` while the header has not come."""
        return None if self._header_pending else self.records + 1

    def finish(self, *, ended: bool, may_be_empty: bool) -> None:
        """The text has ended: read the trailer.

        :param ended: something says that the data are all there.
        :param may_be_empty: it is right that there is neither header nor record.
        :raises TerminalError: ``FILE_EMPTY``, ``HEADER_MISSING``, ``TRAILER_*``.
        """
        if self._header_pending or not (
            self.header_line or self.records or self.skipped_headers or self._held or ended
        ):
            if not may_be_empty:
                raise empty(self._name)
            if self._mapping.csv.header:
                self.columns = ()
        trailer = self._trailer
        if trailer is None:
            return
        if self._held is not None:
            text = without_line_end(self._held.text)
            fields = fields_of(text, self._dialect, len(self.columns))
            last = LastRecord(
                fields=tuple(field.text for field in fields),
                ended=text != self._held.text,
                file=self._name,
                line=self._held.row.line(0),
            )
            ragged = self._mapping.on_bad_row == "reject"
            form = form_of(self._mapping)
            self.trailer = read_trailer(last, trailer, len(self.columns), form, ragged=ragged)
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
        self.columns = column_names(without_line_end(text), self._dialect)
        check_header(self.columns, self._mapping.csv, file=self._name, line=self.header_line)
        self._totals.begin(self.columns, self.header_line)
        self._headers = finder_of(self._mapping.csv, self.columns)
        self.body_start = self.body_end = int(rows.stops[index])
        self.body_line = self.header_line + len(_ANY_LINE_END.findall(text))
        self.header_text = without_line_end(text).encode()
        return rows.since(index + 1)

    def _behind_skipped(self, mark: LineMark, batch: Batch, rows: Rows) -> Rows:
        """The rows behind the lines below the header that are no records."""
        rule = rule_for(mark.expression)
        for index in range(len(rows)):
            if not rule.matches(without_line_end(batch.text(rows, index)).encode()):
                self.skipping = None
                return rows.since(index)
        return rows.before(0)

    def _first_tagged(self, batch: Batch, rows: Rows) -> int | None:
        """Index of the first of some rows, taken from the batch's, that begins with the tag."""
        if not self._tagged or not self._dialect.has_own_fields:
            return batch.first_beginning(rows, self._tagged)
        tag = self._mapping.trailer.expected_tag if self._mapping.trailer else None
        for index in np.flatnonzero(rows.delimiters).tolist():
            if next(split(batch.text(rows, index), self._dialect)).text == tag:
                return int(index)
        return None

    def _hold_back(self, batch: Batch, rows: Rows) -> Rows:
        """Keep the last record, which may be the trailer; return the rows before it."""
        last = rows.last_record()
        if last is not None:
            self._release()
            row = rows.since(last).before(1)
            tagged = self._first_tagged(batch, row)
            self._held = _Held(row, batch.text(row, 0), tagged)
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
        alone = Batch(held.text.encode(), int(held.row.starts[0]), held.row, None)
        self._count(alone, held.row, held.tagged)
        if held.blank_rows:
            self.records += held.blank_rows
            self.body_end = held.blank_end

    def _count(self, batch: Batch, rows: Rows, tagged: int | None) -> None:
        """Count rows as records.

        :param batch: what holds them.
        :param tagged: index of the first that begins with the trailer's tag.
        """
        again = self._headers.find(batch.chunk, batch.offset, rows, batch.form)
        if len(again) and self._mapping.csv.repeated_header == "skip":
            self._require_order(again, batch, rows, tagged)
            if tagged is not None:
                again = again[again != tagged]  # it is refused, header or not
                tagged -= int((again < tagged).sum())
            rows, again = rows.without(again), self._left_out(again)
        if not len(rows):
            return
        if not self.records:
            self._begin_body(batch, rows)
        wrong = rows.delimiters != len(self.columns) - 1
        wrong[again] = True
        ragged = int(np.count_nonzero(wrong))
        bad = int(wrong.argmax()) if ragged and self._mapping.on_bad_row == "fail" else None
        ends = [index for index in (tagged, bad) if index is not None]
        self._add_up(batch, rows.before(min(ends)) if ends else rows, again)
        if tagged is not None and (bad is None or tagged <= bad):
            raise not_last(self._name, rows.line(tagged), self.records + tagged + 1)
        if bad is not None:
            raise self._ragged(rows, bad)
        self.records += len(rows)
        self.ragged += ragged
        self.longest = max(self.longest, int((rows.stops - rows.starts).max()))
        self._measure_gaps(rows.without_blank())
        self.body_end = int(rows.stops[-1])

    def _measure_gaps(self, filled: Rows) -> None:
        """Take note of what lies before some records, of which none is a blank line."""
        if len(filled):
            before = np.concatenate(([self._filled_end], filled.stops[:-1]))
            self._longest_gap = max(self._longest_gap, int((filled.starts - before).max()))
            self._filled_end = int(filled.stops[-1])

    def _add_up(self, batch: Batch, rows: Rows, again: Offsets) -> None:
        """Add up the columns of records.

        :param again: indices of those that are headers, which say nothing of their columns.
        """
        if self._totals.is_idle:
            return
        left = np.arange(len(rows))
        if len(again):
            left = np.delete(left, again[again < len(rows)])
            rows = rows.only(left)
        self._totals.add(batch, rows, self.records + 1 + left)

    def _begin_body(self, batch: Batch, rows: Rows) -> None:
        """Take note of where the records begin; the first one may be a header where none is read.

        :raises TerminalError: ``HEADER_NOT_AS_PROMISED``.
        """
        self.body_start = self._filled_end = int(rows.starts[0])
        self.body_line = rows.line(0)
        if not self._mapping.csv.header and self._mapping.csv.repeated_header != "load":
            self._check_places(_text_of(rows, 0, batch), self.body_line, skipped=False)

    def _require_order(self, again: Offsets, batch: Batch, rows: Rows, tagged: int | None) -> None:
        """See that headers which are left out have the columns in order.

        :raises TerminalError: ``HEADER_NOT_AS_PROMISED``; or as :meth:`_count`, of rows before.
        """
        for index in again.tolist():
            if self._headers.in_order(_text_of(rows, index, batch)):
                continue
            earlier = None if tagged is None or tagged >= index else tagged
            self._count(batch, rows.before(index), earlier)
            if not self.records:
                self._begin_body(batch, rows.since(index))
            raise header_in_other_order(self._name, rows.line(index), self.records + 1)

    def _check_places(self, text: bytes, line: int, *, skipped: bool) -> None:
        try:
            names = column_names(without_line_end(text.decode()), self._dialect)
        except ValueError:
            return  # a skipped line need not be CSV
        check_places(names, self._mapping.csv, skipped=skipped, file=self._name, line=line)

    def _left_out(self, again: Offsets) -> Offsets:
        """Count headers that are left out; none of them is left."""
        self.skipped_headers += len(again)
        return again[:0]

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
        if rows.fields(index) == len(self.columns):
            line, record = rows.line(index), self.records + index + 1
            return header_again(self._name, line, record, header=self._mapping.csv.header)
        surplus = rows.fields(index) - len(self.columns)
        # A delimiter behind the last field, of the record or of the header.
        is_surplus = surplus == 1 or (surplus == -1 and self.columns[-1] == "")
        ignored = "; csv.trailing_delimiter: ignore takes no delimiter at the end for a field"
        return TerminalError(
            ErrorCode.CSV_RAGGED,
            f"The record has {counted(rows.fields(index), 'field')}, the file has "
            f"{counted(len(self.columns), 'column')}.",
            hint="Ask the sender to mend it (a delimiter inside a field needs quotes), or set "
            f"on_bad_row: reject{ignored if is_surplus and not self._dialect.trailing else ''}.",
            file=self._name,
            line=rows.line(index),
            record=self.records + index + 1,
        )


def _text_of(rows: Rows, index: int, batch: Batch) -> bytes:
    """A row, cut out of the batch that holds it."""
    start, stop = int(rows.starts[index]), int(rows.stops[index])
    return batch.chunk[start - batch.offset : stop - batch.offset]


def beginnings(trailer: Trailer, dialect: Dialect) -> tuple[bytes, ...]:
    """How a record of several fields begins whose first one is the trailer's tag."""
    tag = trailer.expected_tag
    if tag is None:
        return ()
    delimiter = dialect.delimiter.decode()
    found = [tag + delimiter] if delimiter not in tag else []
    if dialect.quote is not None:
        quote = chr(dialect.quote)
        escape = quote if dialect.escape is None else chr(dialect.escape)
        inside = "".join(escape + one if one in (quote, escape) else one for one in tag)
        found.append(f"{quote}{inside}{quote}{delimiter}")
    return tuple(text.encode() for text in found)
