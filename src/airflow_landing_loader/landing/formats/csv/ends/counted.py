"""The number of records in a line that is no record."""

from __future__ import annotations

from dataclasses import dataclass

from airflow_landing_loader.config.mapping.expressions import COUNT
from airflow_landing_loader.config.mapping.totals import TotalPlace
from airflow_landing_loader.exceptions import ErrorCode, TerminalError
from airflow_landing_loader.landing.control.counts import read_count
from airflow_landing_loader.landing.control.numbers import NumberForm
from airflow_landing_loader.landing.control.totals import bad_total, read_total
from airflow_landing_loader.landing.formats.csv.ends.rules import LineRule
from airflow_landing_loader.landing.model import Total, TrailerContent


@dataclass
class CountedLine:
    """Looks for the one line that holds a count.

    :param rule: tells it, and where its count stands.
    :param what: what the line is called, as in ``trailer``.
    :param file: file name, for errors.
    :param bad_count: code for a count that is none, or that is there twice.
    :param twice: code for a second such line.
    :param bad_total: code for a total that is none.
    :param totals: whose groups hold them.
    :param form: of the numbers that totals are.
    """

    rule: LineRule
    what: str
    file: str
    bad_count: ErrorCode
    twice: ErrorCode
    bad_total: ErrorCode
    totals: tuple[TotalPlace, ...]
    form: NumberForm
    found: TrailerContent | None = None

    def look(self, number: int, line: bytes) -> None:
        """Look at a line.

        :param number: its physical line.
        :param line: without its line end.
        :raises TerminalError: ``bad_count``, ``bad_total`` or ``twice``.
        """
        text = self.rule.group(line, COUNT)
        if text is None:
            return
        if self.found is not None:
            raise TerminalError(
                self.twice,
                f"This line is a {self.what} too, after that of line {self.found.line}.",
                hint="If several files were put into one, ask the sender for single ones; else let "
                "match describe one line only.",
                file=self.file,
                line=number,
            )
        count = read_count(text)
        if count is None:
            raise TerminalError(
                self.bad_count,
                f"The count of the {self.what} is not a whole number from 0 to 2**63-1 in plain "
                "digits.",
                hint="Ask the sender to correct the count, or correct match in the mapping.",
                file=self.file,
                line=number,
                value=text,
            )
        totals = tuple(self._total(place, line, number) for place in self.totals)
        self.found = TrailerContent(expected_records=count, tag=None, line=number, totals=totals)

    def _total(self, place: TotalPlace, line: bytes, number: int) -> Total:
        text = self.rule.group(line, str(place.place)) or ""
        total = read_total(place, text, self.form)
        if total is None:
            message, hint = bad_total(place, text)
            raise TerminalError(
                self.bad_total, message, hint=hint, file=self.file, line=number, value=text
            )
        return total
