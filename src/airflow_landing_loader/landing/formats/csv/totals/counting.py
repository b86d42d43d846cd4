"""The totals of a file's columns, batch by batch, over the fields of these columns alone.

A cell that is NULL, empty or nothing but blanks counts nothing. A record with a wrong number of
fields counts with the field that stands in the column's place, if it has one: the sender has added
it up as well, and a total over a shifted field is not the promised one. A header that is rejected
is no record of the sender's, and counts nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from airflow_landing_loader.config.mapping.column_names import clean_name, same
from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.config.mapping.totals import TotalKind
from airflow_landing_loader.exceptions import ErrorCode, TerminalError
from airflow_landing_loader.landing.control.numbers import (
    Amount,
    digits_of,
    form_of,
)
from airflow_landing_loader.landing.control.totals import wanted_totals
from airflow_landing_loader.landing.formats.csv.bitmasks import Offsets
from airflow_landing_loader.landing.formats.csv.dialect import Dialect, null_texts
from airflow_landing_loader.landing.formats.csv.header.promise import effective_names
from airflow_landing_loader.landing.formats.csv.rows import Batch, Rows
from airflow_landing_loader.landing.formats.csv.totals import digits
from airflow_landing_loader.landing.formats.csv.totals.adding import (
    MAX_DISTINCT,
    Adder,
    Distinct,
    Extreme,
    Sum,
)
from airflow_landing_loader.landing.formats.csv.totals.digits import Cells, Parsed
from airflow_landing_loader.landing.formats.csv.totals.fields import NO_ROWS, Fields
from airflow_landing_loader.landing.model import Total

_NOT_DIGITS = digits.table_of(
    np.array([byte for byte in range(128) if not chr(byte).isdigit()], np.uint8)
)


@dataclass(slots=True)
class _Column:
    """One column of which totals are wanted.

    :param name: as the mapping names it.
    :param numbers: what adds its numbers.
    :param hash_total: what adds its digits.
    :param distinct: what counts its texts.
    :param index: its place in the file, from 0.
    """

    name: str
    numbers: list[Adder] = field(default_factory=list)
    hash_total: Sum | None = None
    distinct: Distinct | None = None
    index: int = -1


class TotalsCounter:
    """Adds up the columns of one file.

    :param file: its name, for errors.
    :param mapping: its mapping.
    :param wanted: columns and kinds; ``None``: those that the mapping speaks of.
    """

    def __init__(
        self,
        file: str,
        mapping: TableMapping,
        wanted: Sequence[tuple[str, TotalKind]] | None = None,
    ) -> None:
        self._file, self._csv = file, mapping.csv
        self._dialect, self._nulls = Dialect.of(mapping.csv), null_texts(mapping.csv)
        self._form = form_of(mapping)
        marks = (mapping.csv.quote, mapping.csv.escape or "")
        self._digits_are_digits = not any(mark.isdigit() for mark in marks)
        self._width = 0
        self._columns: dict[str, _Column] = {}
        self._values: list[tuple[str, TotalKind, Adder | Distinct]] = []
        for name, kind in wanted_totals(mapping) if wanted is None else wanted:
            column = self._columns.setdefault(name, _Column(name))
            self._values.append((name, kind, _adder(column, kind)))

    def begin(self, columns: Sequence[str], line: int | None) -> None:
        """Find the columns.

        :param columns: the file's, as the sender names them.
        :param line: of the header; ``None`` without one.
        :raises TerminalError: ``TOTALS_NO_COLUMN``; ``HEADER_DUPLICATE_NAME``: two have the name.
        """
        if self.is_idle:
            return
        self._width = len(columns)
        names = [same(name) for name in effective_names(tuple(columns), self._csv)]
        for column in self._columns.values():
            wanted = same(clean_name(column.name))
            if names.count(wanted) != 1:
                raise self._no_one_column(column.name, line, found=wanted in names)
            column.index = names.index(wanted)

    @property
    def is_idle(self) -> bool:
        """Whether no totals are wanted."""
        return not self._columns

    def add(self, batch: Batch, rows: Rows, records: Offsets) -> None:
        """Add records.

        :param batch: what holds them.
        :param rows: those of the batch's rows that they are.
        :param records: their numbers.
        :raises TerminalError: ``TOTALS_NOT_A_NUMBER``, ``TOTALS_TOO_MANY_DISTINCT``.
        """
        if not len(rows):
            return
        if not self._digits_are_digits:
            batch = replace(batch, marks=None)
        fields = Fields(batch, rows, self._dialect, self._width)
        faults = [self._add(fields, column) for column in self._columns.values()]
        found = [(index, column) for index, column in faults if index is not None]
        if found:
            index, name = min(found, key=lambda fault: fault[0])
            raise self._no_number(name, rows.line(index), int(records[index]))
        for column in self._columns.values():
            texts = fields.different(column.index, self._nulls) if column.distinct else ()
            if column.distinct and not column.distinct.add(texts):
                raise self._too_many(column.name, rows.line(0), int(records[0]))

    def totals(self) -> tuple[Total, ...]:
        """What they come to."""
        return tuple(
            Total(column=name, kind=kind, value=adder.value()) for name, kind, adder in self._values
        )

    def _add(self, fields: Fields, column: _Column) -> tuple[int | None, str]:
        """Add the cells of a column; the index of the first row whose cell is no number."""
        first: list[int] = []
        if column.numbers:
            first += self._add_numbers(fields, column)
        if column.hash_total is not None:
            first += self._add_digits(fields, column.index, column.hash_total)
        return min(first, default=None), column.name

    def _add_numbers(self, fields: Fields, column: _Column) -> list[int]:
        parsed, odd = None, NO_ROWS
        if fields.are_marked:
            parsed, odd = self._parsed(*fields.cells(column.index, self._nulls))
        amounts = []
        for index, text in fields.texts(odd, column.index, self._nulls):
            amount = self._form.read(text)
            if amount is None:
                return [index]
            amounts.append(amount)
        for adder in column.numbers:
            if parsed is not None:
                adder.add(parsed)
            adder.add_odd(amounts)
        return []

    def _parsed(self, rows: Offsets, cells: Cells) -> tuple[Parsed, Offsets]:
        """The numbers in cells, and the rows of those that have to be read one by one."""
        parsed = digits.even_numbers(cells, self._form)
        if parsed is not None:
            return parsed, NO_ROWS
        cells = digits.without_blanks(cells)
        filled = cells.starts < cells.ends
        if not filled.all():
            rows, cells = rows[filled], Cells(cells.data, cells.starts[filled], cells.ends[filled])
        parsed = digits.numbers(cells, self._form)
        return parsed, _odd(rows, parsed)

    def _add_digits(self, fields: Fields, at: int, adder: Sum) -> list[int]:
        parsed, odd = None, NO_ROWS
        if fields.are_marked:
            rows, cells = fields.cells(at, self._nulls)
            if not self._dialect.sequences:
                # What stands around the digits adds none, blanks and quotes among it.
                cells = cells.trimmed(_NOT_DIGITS)
            parsed = digits.whole_numbers(cells)
            odd = _odd(rows, parsed)
        amounts = []
        for index, text in fields.texts(odd, at, self._nulls):
            found = digits_of(text)
            if found is None:
                return [index]
            amounts.append(Amount(int(found)))
        if parsed is not None:
            adder.add(parsed)
        adder.add_odd(amounts)
        return []

    def _no_one_column(self, column: str, line: int | None, *, found: bool) -> TerminalError:
        what = f"The sender gives a total of the column {column!r}, which the file "
        if found:
            return TerminalError(
                ErrorCode.HEADER_DUPLICATE_NAME,
                f"{what}has more than once (upper and lower case do not count).",
                hint="Ask the sender to mend the header, or name the columns by their positions "
                "with csv.rename in the mapping, see docs/csv.md.",
                file=self._file,
                line=line,
                column=column,
            )
        return TerminalError(
            ErrorCode.TOTALS_NO_COLUMN,
            f"{what}does not have.",
            hint="Correct its name under totals in the mapping to what the sender writes "
            "now, or to what csv.rename makes of it; or ask the sender for the column.",
            file=self._file,
            line=line,
            column=column,
        )

    def _no_number(self, column: str, line: int, record: int) -> TerminalError:
        return TerminalError(
            ErrorCode.TOTALS_NOT_A_NUMBER,
            "The cell is no number of the form that the mapping's numbers gives, and the sender "
            "gives a total of its column.",
            hint="Say by numbers how the sender writes them, or what means NULL by "
            "csv.null_values; else ask the sender to mend the record: without it no total is "
            "proved.",
            file=self._file,
            line=line,
            record=record,
            column=column,
        )

    def _too_many(self, column: str, line: int, record: int) -> TerminalError:
        return TerminalError(
            ErrorCode.TOTALS_TOO_MANY_DISTINCT,
            f"The column has more than {MAX_DISTINCT:,} different texts: more are not told apart "
            "for distinct_at.",
            hint="Take distinct_at out of the mapping; hash_total_at and sum_at take a column of "
            "any size.",
            file=self._file,
            line=line,
            record=record,
            column=column,
        )


def _odd(rows: Offsets, parsed: Parsed) -> Offsets:
    """The rows whose cells have to be read one by one."""
    return rows[:0] if parsed.good.all() else rows[~parsed.good]


def _adder(column: _Column, kind: TotalKind) -> Adder | Distinct:
    if kind == "distinct":
        column.distinct = Distinct()
        return column.distinct
    if kind == "hash_total":
        column.hash_total = Sum()
        return column.hash_total
    adder: Adder = Sum() if kind == "sum" else Extreme(least=kind == "min")
    column.numbers.append(adder)
    return adder
