"""The lines behind the last record: read to their end, and never loaded."""

from __future__ import annotations

from airflow_landing_loader.config.mapping.lines import LineMark
from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.config.mapping.totals import places_of
from airflow_landing_loader.exceptions import ErrorCode, TerminalError
from airflow_landing_loader.landing.control.numbers import form_of
from airflow_landing_loader.landing.control.trailer import LastRecord
from airflow_landing_loader.landing.formats.csv.batches import Blocks, Place, pass_lines
from airflow_landing_loader.landing.formats.csv.dialect import Dialect
from airflow_landing_loader.landing.formats.csv.ends.counted import CountedLine
from airflow_landing_loader.landing.formats.csv.ends.rules import LineRule, rule_for
from airflow_landing_loader.landing.formats.csv.header.record import fields_of
from airflow_landing_loader.landing.formats.csv.scanner import Limits, Scanner
from airflow_landing_loader.landing.model import LineSpan, TrailerContent
from airflow_landing_loader.safe_text import counted

MAX_LINES = 10_000
"""Lines of a footer; where there are more, data are among them."""


class LinesBelow:
    """Reads what stands behind the data.

    :param mapping: the table mapping.
    :param file: file name, for errors.
    :param columns: number of columns of the file.
    :param header: the text of the header, without its line end; ``None`` without one.
    :param limits: a line may have as many bytes as a record.
    :param skipped: lines that may still follow the header; ``None`` once a record came.
    :ivar span: the lines, once they were read; ``None`` if there are none.
    """

    def __init__(
        self,
        mapping: TableMapping,
        file: str,
        *,
        columns: int,
        header: bytes | None,
        limits: Limits,
        skipped: LineMark | None,
    ) -> None:
        csv, trailer = mapping.csv, mapping.trailer
        self._mapping = mapping
        self._file = file
        self._columns = columns
        self._header = header
        self._limits = limits
        self._skipped = None if skipped is None else rule_for(skipped.expression)
        self._dialect = Dialect.of(csv)
        # A line that is given by its whole text stands there once.
        end = csv.data_end
        once = end if end is not None and end.line else None
        self._once = [rule_for(mark.expression) for mark in (csv.data_start, once) if mark]
        # No count tells of a record that matches by chance, and of those that follow it; in a
        # table of one column their shape does not, either.
        unproved = once is None and not _tells_count(mapping) and columns > 1
        self._end = rule_for(end.expression) if end is not None and unproved else None
        self._is_trailer = csv.data_end is None and not csv.footer_rows
        self._counted: CountedLine | None = None
        if trailer is not None and trailer.match is not None:
            self._counted = CountedLine(
                rule_for(trailer.match),
                "trailer",
                file,
                ErrorCode.TRAILER_BAD_COUNT,
                ErrorCode.TRAILER_NOT_LAST,
                ErrorCode.TRAILER_BAD_TOTAL,
                places_of(trailer.totals),
                form_of(mapping),
            )
        self._may_be_data: bool | None = None
        self._lines = 0
        self._last_ended = False
        self.span: LineSpan | None = None

    @property
    def trailer(self) -> TrailerContent | None:
        """What the trailer says, where ``trailer.match`` describes it."""
        return None if self._counted is None else self._counted.found

    def read(self, blocks: Blocks, place: Place) -> Place:
        """Read the lines.

        :param blocks: the text from ``place`` on, without ``place.rest``.
        :param place: where they begin.
        :returns: the end of the text, or what was wrong before.
        :raises TerminalError: ``TRAILER_*``, ``CSV_DATA_*``, ``CSV_FOOTER_MISSING``.
        """
        end = pass_lines(blocks, place, lambda _, __: True, self._limits, self._look)
        if end.fault is not None:
            return end
        if self._lines:
            self.span = LineSpan(
                line=place.line, lines=self._lines, start=place.offset, end=end.offset
            )
        if self._counted is not None and self.trailer is None and end.offset:
            raise self._refusal(
                ErrorCode.TRAILER_MISSING,
                "No line behind the records is the trailer that trailer.match describes.",
                "Ask the sender to deliver the file again, whole; or correct trailer.match.",
                place.line,
            )
        if self._mapping.csv.footer_rows and end.offset:
            self._require_footer(place.line, end.line - 1)
        return end

    def _look(self, number: int, line: bytes) -> None:
        self._lines += 1
        text = line.rstrip(b"\r\n")
        self._last_ended = len(text) < len(line)
        if self._may_be_data is None and not self._may_stand_anywhere(text):
            self._may_be_data = self._goes_on(text) or self._is_like_data(number, text)
        if self._is_trailer and self._lines > 1 and text and not self._dialect.is_comment(text):
            raise self._refusal(
                ErrorCode.TRAILER_NOT_LAST,
                "A line follows the trailer.",
                "If several files were put into one, ask the sender for single ones; if lines "
                "follow the trailer, say by csv.data_end where the data end.",
                number,
            )
        if self._counted is not None:
            self._counted.look(number, text)
        again = self._lines > 1 and any(rule.matches(text) for rule in self._once)
        if again or self._lines > MAX_LINES or (text and text == self._header):
            raise self._refusal(
                ErrorCode.CSV_DATA_AFTER_END,
                f"More than {MAX_LINES:,} lines follow the data."
                if self._lines > MAX_LINES
                else "Data begin again behind their end.",
                "If several files were put into one, ask the sender for single ones.",
                number,
            )
        if self._end is not None:
            self._look_for_records(self._end, number, text)

    def _look_for_records(self, end: LineRule, number: int, text: bytes) -> None:
        """Refuse records behind a line that ``data_end.match`` describes and that may be one, too:
        they would be lost. What matches as well is of the footer."""
        if self._lines == 1:
            self._end = end if self._is_record(text) else None
        elif self._is_record(text) and not end.matches(text):
            raise self._refusal(
                ErrorCode.CSV_DATA_END_DOUBTFUL,
                "The line may be a record, and the one above that ends the data (csv.data_end) may "
                "be one that only begins alike: the records from there on would be lost.",
                "Let csv.data_end describe what no record begins with; if these lines are the "
                "footer, let it describe each of them that has as many fields as a record.",
                number,
            )

    def _may_stand_anywhere(self, text: bytes) -> bool:
        """Whether a line is no record, and may stand between records all the same."""
        skipped = self._skipped is not None and self._skipped.matches(text)
        blank = not text and self._columns != 1
        return blank or skipped or self._dialect.is_comment(text)

    def _goes_on(self, text: bytes) -> bool:
        """Whether a record that begins with a line would not end with it."""
        scanner = Scanner(self._dialect, self._limits)
        scan = scanner.scan(text + b"\n", final=False)
        return scan.problem is None and not len(scan.stops)

    def _is_record(self, text: bytes) -> bool:
        """Whether a line is a record, with as many fields as there are columns."""
        if self._may_stand_anywhere(text):
            return False
        try:
            return len(fields_of(text.decode(), self._dialect, self._columns)) == self._columns
        except ValueError:
            return False

    def _is_like_data(self, number: int, text: bytes) -> bool:
        """Whether a line may be a data record, or the beginning of one."""
        try:
            fields = fields_of(text.decode(), self._dialect, self._columns)
        except ValueError:
            return True
        texts = tuple(field.text for field in fields)
        line = LastRecord(fields=texts, ended=self._last_ended, file=self._file, line=number)
        return line.may_be_data(self._columns, ragged=self._mapping.on_bad_row == "reject")

    def _require_footer(self, first: int, last: int) -> None:
        """Where only the number of lines tells the footer, its first one must be no data, those
        aside that may stand anywhere: it is, if the file was cut, unless a count is there that
        would be wrong then.

        :param first: physical line of the first one.
        :param last: of the last one.
        """
        mapping, found = self._mapping, self.trailer
        if self._lines < mapping.csv.footer_rows:
            raise self._refusal(
                ErrorCode.CSV_FOOTER_MISSING,
                f"The file has {counted(self._lines, 'line')} below its header, its footer should "
                f"have {mapping.csv.footer_rows} (csv.footer_rows).",
                "Ask the sender to deliver the file again, whole.",
                first,
            )
        whole = found is not None and (self._last_ended or found.line < last)
        others = (mapping.go_file, mapping.header_record, mapping.name_count)
        if whole or any(others) or (self._counted is None and mapping.trailer):
            return
        if self._may_be_data is not False:
            raise self._refusal(
                ErrorCode.CSV_FOOTER_MISSING,
                "The first line of the footer (csv.footer_rows) may be a record: nothing tells it "
                "from the end of a file that was cut.",
                "Ask the sender to deliver the file again, whole; if this is its footer, say by "
                "csv.data_end how it begins, or by trailer.match where it holds the count.",
                first,
            )

    def _refusal(self, code: ErrorCode, message: str, hint: str, line: int) -> TerminalError:
        return TerminalError(code, message, hint=hint, file=self._file, line=line)


def _tells_count(mapping: TableMapping) -> bool:
    """Whether the sender tells how many records there are."""
    go = mapping.go_file
    others = (mapping.trailer, mapping.header_record, mapping.name_count)
    return any(others) or (go is not None and go.count_place is not None)
