"""The head of a text, read by one dialect: its rows, or the first rule that it breaks.

A reading is a dialect that breaks no rule in the head: its grammar holds, every record has as many
fields as the first, that one may hold names, and no field that it takes as it stands begins or ends
with a double quote.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from airflow_landing_loader.config.mapping.column_names import clean_name, same
from airflow_landing_loader.config.mapping.model import CsvDialect, TableMapping
from airflow_landing_loader.landing.formats.csv.bitmasks import Offsets
from airflow_landing_loader.landing.formats.csv.detection.header_signs import (
    are_names,
    tells_header,
)
from airflow_landing_loader.landing.formats.csv.dialect import Dialect
from airflow_landing_loader.landing.formats.csv.ends.above import is_above
from airflow_landing_loader.landing.formats.csv.ends.ending import Ending, cut_at
from airflow_landing_loader.landing.formats.csv.ends.rules import LineRule, line_at, rule_for
from airflow_landing_loader.landing.formats.csv.header.promise import effective_names
from airflow_landing_loader.landing.formats.csv.header.record import (
    fields_of,
    split,
    without_line_end,
)
from airflow_landing_loader.landing.formats.csv.inspection import limits_of
from airflow_landing_loader.landing.formats.csv.scanner import Scan, Scanner
from airflow_landing_loader.safe_text import counted

DELIMITERS = (",", ";", "\t", "|", "||", ":", "^", "~", "\x1f", "\x01")
QUOTES = ('"', "", "'")  # of equal readings the first is taken
LINE_END = re.compile(rb"\r\n|\n|\r")
_ONE_WORD = re.compile(r"\w+")

Row = tuple[str | None, ...]
"""The cells of a record; ``None`` is NULL."""


@dataclass(frozen=True, slots=True)
class Head:
    """The beginning of a text, and whether that is all of it.

    :param line: physical line of its first line.
    """

    text: bytes
    whole: bool
    line: int = 1


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read the head.

    :param csv: a plain dialect.
    :param rows: all whole records, the header too, as cells; not the trailer.
    :param lines: their physical lines, from 1.
    :param doubt: why it is not taken though it breaks no rule, and though no other may be taken
        beside it; as the end of a sentence that begins with the first record.
    """

    csv: CsvDialect
    rows: tuple[Row, ...]
    lines: tuple[int, ...]
    doubt: str | None = None

    def tells_header(self, *, below_text: bool = False) -> bool:
        """Whether its first record can be told from data; the same again is no data.

        A name that the mapping gives counts as one that stands there.

        :param below_text: as :func:`tells_header`.
        """
        first = self.rows[0]
        header = effective_names([clean_name(cell or "") for cell in first], self.csv)
        again = self.csv.repeated_header != "load"
        records = [r for r in self.rows[1:] if not (again and r == first)]
        return tells_header(header, records, below_text=below_text)

    def first_difference(self, other: Reading) -> int | None:
        """Index of the first record that two readings read in another way, as far as both go."""
        pairs = zip(self.rows, other.rows, strict=False)
        return next((index for index, (a, b) in enumerate(pairs) if a != b), None)


@dataclass(frozen=True, slots=True)
class Broken:
    """Where a dialect breaks a rule.

    :param csv: the dialect.
    :param good: records before that place.
    :param columns: fields of the first record.
    :param line: physical line.
    :param why: as the end of a sentence that begins with the line.
    :param fits: records of the whole head that are read as the first one, as far as is known.
    """

    csv: CsvDialect
    good: int
    columns: int
    line: int
    why: str
    fits: int

    @property
    def explained(self) -> tuple[bool, int]:
        """How much of the head it makes a table of; the largest is the nearest dialect.

        A sender's delimiter is met in all fields of most records, another one here and there.
        """
        return self.columns > 1, self.fits * max(1, self.columns - 1)


def cells(record: str, dialect: Dialect, columns: int) -> Row | None:
    """The cells of a record; ``None`` if a field that is not quoted looks as if it were.

    :param record: a whole record without its line end.
    :param dialect: how it is written.
    :param columns: how many the file has.
    """
    if (
        dialect.is_readable
        and '"' not in record
        and (dialect.quote is None or chr(dialect.quote) not in record)
    ):
        return tuple(text or None for text in record.split(dialect.delimiter.decode()))
    fields = fields_of(record, dialect, columns)
    if '"' in record and any(not field.quoted and _has_edge(field.text) for field in fields):
        return None
    return tuple(field.text if field.quoted or field.text else None for field in fields)


def _has_edge(text: str) -> bool:
    bare = text.strip()
    return bare.startswith('"') or bare.endswith('"')


def read_by(head: Head, mapping: TableMapping, csv: CsvDialect) -> Reading | Broken | None:
    """Read the head by a dialect; ``None`` if there is no record behind the skipped lines."""
    ending = Ending.of(mapping, "")
    chunk, first_line = _above_left_out(head, csv, ending)
    if not chunk:
        return None
    scanner = Scanner(Dialect.of(csv), limits_of(mapping))
    scan = scanner.scan(chunk, final=head.whole)
    end = None if ending is None else ending.find(chunk, scan, final=head.whole)
    if end is not None:
        scan = cut_at(scan, end.row)
    has_trailer = mapping.trailer is not None and mapping.trailer.match is None
    found = _Scanned(
        csv,
        chunk,
        scan,
        first_line=first_line,
        has_trailer=has_trailer and (head.whole or end is not None),
    )
    if not found.records:
        return None
    broken = found.ragged() or found.fault()
    if broken:
        return broken
    rows: list[Row] = []
    dialect = Dialect.of(csv)
    texts = [found.text(index) for index in found.records]
    for index, text in zip(found.records, texts, strict=True):
        row = cells(text, dialect, found.columns)
        if row is None:
            why = "has a double quote at the edge of a field that is not quoted"
            return found.broken(len(rows), index, why)
        rows.append(row)
    misfit = _misfit(rows[0], csv)
    if misfit:
        return found.broken(0, found.records[0], misfit)
    doubt = _doubt(texts, csv) if found.columns == 1 and mapping.csv.is_open("delimiter") else None
    return Reading(csv, tuple(rows), tuple(map(found.line, found.records)), doubt)


class _Scanned:
    """What a scan has found, by index of its rows.

    :param first_line: physical line at which the chunk begins.
    :param has_trailer: the last record is the trailer.
    """

    def __init__(
        self, csv: CsvDialect, chunk: bytes, scan: Scan, *, first_line: int, has_trailer: bool
    ) -> None:
        self._csv, self._chunk, self._scan = csv, chunk, scan
        self._first_line = first_line
        is_record = np.ones(len(scan.starts), np.bool_)
        is_record[scan.comments] = False
        filled = np.flatnonzero(is_record if scan.blank is None else is_record & ~scan.blank)
        self._fields = scan.delimiters.astype(np.int64) + 1
        self.columns = int(self._fields[filled[0]]) if len(filled) else 0
        if scan.surplus is not None and len(filled):
            self.columns -= int(scan.surplus[filled[0]])
            self._fields -= scan.surplus & (self._fields == self.columns + 1)
        kept = filled
        if self.columns == 1:  # a blank line is a record
            kept = np.flatnonzero(is_record)
            kept = kept[kept >= filled[0]]
        if has_trailer and scan.problem is None:
            kept = kept[kept < filled[-1]]
        if csv.header and csv.skip_lines is not None:
            kept = self._without_skipped(kept, rule_for(csv.skip_lines.expression))
        self._kept = kept
        self.records: list[int] = kept.tolist()

    def _without_skipped(self, kept: Offsets, rule: LineRule) -> Offsets:
        """The records without the lines below the header that are none."""
        first = next(
            (at for at, index in enumerate(kept[1:], 1) if not rule.matches(self._line(index))),
            len(kept),
        )
        return np.concatenate((kept[:1], kept[first:]))

    def _line(self, index: int) -> bytes:
        return self.text(index).encode()

    def ragged(self) -> Broken | None:
        """The first record that has not as many fields as the first."""
        fields = self._fields[self._kept]
        wrong = np.flatnonzero(fields != self.columns)
        if not len(wrong):
            return None
        at = int(wrong[0])
        why = f"has {counted(int(fields[at]), 'field')}, while the first record has {self.columns}"
        dialect = Dialect.of(self._csv)
        alike = [int(index) for index in self._kept[fields == self.columns]]
        fits = sum(cells(self.text(index), dialect, self.columns) is not None for index in alike)
        return replace(self.broken(at, self.records[at], why), fits=fits)

    def fault(self) -> Broken | None:
        """What breaks the grammar."""
        problem = self._scan.problem
        if problem is None:
            return None
        why = f"breaks the grammar ({problem.code.value})"
        return self.broken(len(self.records), len(self._scan.starts), why)

    def broken(self, good: int, index: int, why: str) -> Broken:
        """A rule is broken in a row."""
        return Broken(self._csv, good, self.columns, self.line(index), why, good)

    def line(self, index: int) -> int:
        """Physical line at which a row begins; the one behind the last row is known too."""
        extra = self._scan.extra_lines
        inside = 0 if extra is None else int(extra[:index].sum())
        return self._first_line + index + inside

    def text(self, index: int) -> str:
        """A row without its line end."""
        start, stop = int(self._scan.starts[index]), int(self._scan.stops[index])
        return without_line_end(self._chunk[start:stop].decode())


def _above_left_out(head: Head, csv: CsvDialect, ending: Ending | None) -> tuple[bytes, int]:
    """The head without the lines above the table, and the physical line at which that begins."""
    text, line = behind(head.text, csv.skip_rows), head.line + csv.skip_rows
    if csv.skip_lines is not None:
        while text and is_above(line_at(text, 0)[0], csv, ending):
            text, line = behind(text, 1), line + 1
    return text, line


def behind(text: bytes, lines: int) -> bytes:
    """What is left of a text behind some physical lines."""
    if not lines:
        return text
    ends = islice(LINE_END.finditer(text), lines - 1, None)
    last = next(ends, None)
    return text[last.end() :] if last else b""


def _misfit(first: Row, csv: CsvDialect) -> str | None:
    """Why a first record cannot be that of a table, if so."""
    if not csv.header:
        named = len(csv.columns or ())
        if len(first) == named:
            return None
        return f"has {counted(len(first), 'field')}, csv.columns {named}"
    names = effective_names([clean_name(cell or "") for cell in first], csv)
    if csv.columns is not None and set(map(same, names)) != {
        same(clean_name(name)) for name in csv.columns
    }:
        return "does not hold the names of csv.columns"
    return (
        None
        if are_names(names)
        else "holds an empty or a repeated column name (csv.rename gives one)"
    )


def _doubt(texts: Sequence[str], csv: CsvDialect) -> str | None:
    """Why a table of one column may be one of several with a delimiter that was not found."""
    fields = [next(split(text, Dialect.of(csv)), None) for text in texts]
    sure = csv.quote == QUOTES[0]
    bare = [field.text for field in fields if field and not (field.quoted and sure)]
    if any(delimiter in text for text in bare for delimiter in DELIMITERS):
        return "is one field, but there are delimiters in the text"
    if csv.header and bare[:1] == [texts[0]] and not _ONE_WORD.fullmatch(texts[0]):
        return "is one field of more than one word: it may have another delimiter"
    return None
