"""The lines above the header, or above the first record where there is no header."""

from __future__ import annotations

from collections.abc import Callable

from airflow_landing_loader.config.mapping.model import CsvDialect, TableMapping
from airflow_landing_loader.config.mapping.totals import places_of
from airflow_landing_loader.exceptions import ErrorCode, TerminalError
from airflow_landing_loader.landing.control.numbers import form_of
from airflow_landing_loader.landing.formats.csv.batches import Blocks, Place, pass_lines
from airflow_landing_loader.landing.formats.csv.dialect import Dialect
from airflow_landing_loader.landing.formats.csv.ends.counted import CountedLine
from airflow_landing_loader.landing.formats.csv.ends.ending import Ending
from airflow_landing_loader.landing.formats.csv.ends.rules import LineRule, rule_for
from airflow_landing_loader.landing.formats.csv.scanner import Limits
from airflow_landing_loader.landing.model import LineSpan, TrailerContent

MAX_LINES = 10_000
"""Lines in which ``csv.data_start`` is looked for, and that ``csv.skip_lines`` may leave out."""


def is_above(line: bytes, csv: CsvDialect, ending: Ending | None) -> bool:
    """Whether a line belongs to those that ``csv.skip_lines`` leaves out above the data: it is one
    of them, or stands between them and is no header, no record and not the end of the data.

    :param line: without its line end.
    """
    if csv.skip_lines is not None and rule_for(csv.skip_lines.expression).matches(line):
        return True
    if ending is not None and ending.rule.matches(line):
        return False
    if not line:
        return csv.header or len(csv.columns or ()) != 1
    return Dialect.of(csv).is_comment(line)


def lines_above(mapping: TableMapping) -> int:
    """How many lines stand above the data, where a number says it; a header record is one."""
    return max(mapping.csv.skip_rows, mapping.header_record is not None)


class LinesAbove:
    """Passes over the lines above the data.

    :param mapping: the table mapping.
    :param file: file name, for errors.
    :ivar span: the lines, once they were passed over; ``None`` if there are none.
    """

    def __init__(self, mapping: TableMapping, file: str) -> None:
        self._csv = mapping.csv
        self._ending = Ending.of(mapping, file)
        self._number = lines_above(mapping)
        self._started = self._unended = False
        self._file = file
        self.span: LineSpan | None = None
        self._counted: CountedLine | None = None
        if mapping.header_record is not None:
            self._counted = CountedLine(
                rule_for(mapping.header_record.match),
                "header record",
                file,
                ErrorCode.HEADER_RECORD_BAD_COUNT,
                ErrorCode.HEADER_RECORD_TWICE,
                ErrorCode.HEADER_RECORD_BAD_TOTAL,
                places_of(mapping.header_record.totals),
                form_of(mapping),
            )

    @property
    def record(self) -> TrailerContent | None:
        """What the header record says."""
        return None if self._counted is None else self._counted.found

    def pass_over(
        self, blocks: Blocks, limits: Limits, on_line: Callable[[int, bytes], None]
    ) -> Place:
        """Pass over the lines.

        :param blocks: the text from its start.
        :param limits: a line may have as many bytes as a record.
        :param on_line: called with the number of each of them, and the line with its line end.
        :returns: where the rows begin, or what was wrong before.
        :raises TerminalError: ``CSV_DATA_START_MISSING``, ``HEADER_RECORD_*``.
        """

        def passed(number: int, line: bytes) -> None:
            on_line(number, line)
            text = line.rstrip(b"\r\n")
            if self._counted is None:
                return
            if len(text) < len(line):
                self._counted.look(number, text)
            else:  # it may be cut within the count
                self._unended = self._counted.rule.matches(text)

        place = Place()
        if self._csv.data_start is not None:
            rule = rule_for(self._csv.data_start.expression)
            place = self._up_to(rule, blocks, limits, passed)
        elif self._number:
            place = pass_lines(
                blocks, place, lambda number, _: number <= self._number, limits, passed
            )
        if self._csv.skip_lines is not None:
            place = self._over(place, blocks, limits, passed)
        if place.fault is None and (place.offset or place.rest):
            self.require()
        if place.offset:
            self.span = LineSpan(line=1, lines=place.line - 1, start=0, end=place.offset)
        return place

    def require(self) -> None:
        """Refuse a file that is not empty and has not the lines that it should have.

        :raises TerminalError: ``CSV_DATA_START_MISSING``, ``HEADER_RECORD_MISSING``.
        """
        if self._csv.data_start is not None and not self._started:
            raise self._missing(
                ErrorCode.CSV_DATA_START_MISSING,
                f"None of the first {MAX_LINES:,} lines is the one that the data follow "
                "(csv.data_start).",
                "csv.data_start",
            )
        if self._counted is not None and self.record is None:
            raise self._missing(
                ErrorCode.HEADER_RECORD_MISSING,
                "The line that header_record describes has no line end: it may be cut in its count."
                if self._unended
                else "No line above the data is the one that header_record describes.",
                "header_record",
            )

    def _up_to(
        self,
        rule: LineRule,
        blocks: Blocks,
        limits: Limits,
        passed: Callable[[int, bytes], None],
    ) -> Place:
        """Pass over the lines up to the one that a rule means, and over that one."""

        def wants(number: int, line: bytes) -> bool:
            if self._started or number > MAX_LINES:
                return False
            self._started = rule.matches(line.rstrip(b"\r\n"))
            return True

        return pass_lines(blocks, Place(), wants, limits, passed)

    def _over(
        self,
        place: Place,
        blocks: Blocks,
        limits: Limits,
        passed: Callable[[int, bytes], None],
    ) -> Place:
        """Pass over lines as long as ``csv.skip_lines`` leaves them out."""
        last = place.line + MAX_LINES

        def wants(number: int, line: bytes) -> bool:
            return number < last and is_above(line.rstrip(b"\r\n"), self._csv, self._ending)

        return pass_lines(blocks, place, wants, limits, passed)

    def _missing(self, code: ErrorCode, message: str, key: str) -> TerminalError:
        return TerminalError(
            code,
            message,
            hint=f"Ask the sender to deliver the file again, whole; or correct {key} in the "
            "mapping.",
            file=self._file,
        )
