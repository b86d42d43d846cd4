"""The line behind the last record, found where a record would begin: never within quotes.

A file that is cut must not pass for a whole one. So in a whole file no record may have a beginning
that would be taken for that line if the file were cut there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.exceptions import ErrorCode, TerminalError
from airflow_landing_loader.landing.formats.csv.dialect import Dialect
from airflow_landing_loader.landing.formats.csv.ends.rules import LineRule, line_at, rule_for
from airflow_landing_loader.landing.formats.csv.scanner import Scan


class Found(NamedTuple):
    """Where the data end in a chunk.

    :param row: index of the row that is no record.
    :param at: its offset.
    :param doubtful: it only begins as that line does.
    :param remark: it is a comment that holds what is looked for somewhere behind its beginning.
    """

    row: int
    at: int
    doubtful: bool
    remark: bool = False


@dataclass(frozen=True)
class Ending:
    """What ends the data of a file.

    :param rule: for the line behind the last record.
    :param is_trailer: that line is the trailer itself, by its ``match``.
    :param is_apart: that line stands in a footer that is not in the text: no record may be as it.
    :param dialect: tells comments.
    :param file: file name, for errors.
    """

    rule: LineRule
    is_trailer: bool
    is_apart: bool
    dialect: Dialect
    file: str

    @classmethod
    def of(cls, mapping: TableMapping, file: str) -> Ending | None:
        """The ending that a mapping speaks of; ``None``: the end of the text."""
        dialect = Dialect.of(mapping.csv)
        if mapping.csv.data_end is not None:
            return cls(rule_for(mapping.csv.data_end.expression), False, False, dialect, file)
        if mapping.trailer is None or mapping.trailer.match is None:
            return None
        is_apart = mapping.csv.footer_rows > 0
        return cls(rule_for(mapping.trailer.match), True, is_apart, dialect, file)

    def find(self, chunk: bytes, scan: Scan, *, final: bool) -> Found | None:
        """Find the end of the data in a chunk.

        :param chunk: text from the start of a row.
        :param scan: the chunk's rows, up to its first problem.
        :param final: the text ends with the chunk.
        """
        used = int(scan.stops[-1]) if len(scan.stops) else 0
        starts = np.append(scan.starts, used) if used < len(chunk) else scan.starts
        for hit in self.rule.candidates(chunk):
            row = int(np.searchsorted(starts, hit, side="right")) - 1
            start = int(starts[row])
            line, ended = line_at(chunk, start)
            if hit > start + len(line):  # in a later line of a record
                if self.is_apart and self._is_meant(chunk, hit):
                    return Found(row, start, True)
                continue
            if not (ended or final):
                continue  # the line is not all there
            if self.rule.matches(line) and (ended or self.rule.tells_beginnings):
                return Found(row, start, self.is_apart, self._is_remark(line))
            if self.rule.is_begun(line):
                return Found(row, start, True)
        return None

    def _is_meant(self, chunk: bytes, hit: int) -> bool:
        """Whether a line within a record is as one of the footer: in a file that is cut behind it,
        it would be one."""
        start = max(chunk.rfind(end, 0, hit) for end in (b"\n", b"\r")) + 1
        line, _ = line_at(chunk, start)
        return self.rule.matches(line) or self.rule.is_begun(line)

    def _is_remark(self, line: bytes) -> bool:
        """Whether a line that matches may only speak of the end of the data. Behind a trailer that
        is meant nothing follows; behind ``data_end`` whatever follows is lost."""
        speaks = self.dialect.is_comment(line) and not self.rule.matches_from_start(line)
        return speaks and not self.is_trailer

    def require(self, found: Found | None, line: int) -> None:
        """Refuse a file without that line, or with one of which nobody knows.

        :param found: where the data end, as :meth:`find` says; ``None``: nowhere.
        :param line: physical line there.
        :raises TerminalError: ``TRAILER_*``, ``CSV_DATA_END_*``.
        """
        if found is None and not self.is_apart:
            raise self._missing()
        if found is not None and found.remark:
            raise self._remark(line)
        if found is not None and found.doubtful:
            raise self._doubtful(line)

    def _missing(self) -> TerminalError:
        if self.is_trailer:
            return TerminalError(
                ErrorCode.TRAILER_MISSING,
                "No line behind the records is the trailer that trailer.match describes.",
                hint="Ask the sender to deliver the file again, whole; or correct trailer.match.",
                file=self.file,
            )
        return TerminalError(
            ErrorCode.CSV_DATA_END_MISSING,
            "The file ends without the line that ends its data (csv.data_end): it was cut.",
            hint="Ask the sender to deliver the file again, whole; or correct csv.data_end.",
            file=self.file,
        )

    def _remark(self, line: int) -> TerminalError:
        return TerminalError(
            ErrorCode.CSV_DATA_END_DOUBTFUL,
            "The line is a comment and holds what csv.data_end describes: whether the data end "
            "here, or it speaks of their end, nothing tells.",
            hint="Let csv.data_end describe the line from its beginning, with ^ and, where it is a "
            "comment, with what comments begin with.",
            file=self.file,
            line=line,
        )

    def _doubtful(self, line: int) -> TerminalError:
        key = "trailer.match" if self.is_trailer else "csv.data_end"
        code = ErrorCode.TRAILER_NOT_LAST if self.is_trailer else ErrorCode.CSV_DATA_END_DOUBTFUL
        return TerminalError(
            code,
            f"The line begins as the one that {key} describes and is none: a file that is cut here "
            "could pass for a whole one.",
            hint=f"Let {key} describe what no record begins with; if this line is meant, correct "
            f"{'csv.footer_rows' if self.is_apart else 'what it asks of the end of the line'}.",
            file=self.file,
            line=line,
        )


def may_be_the_line(chunk: bytes, scan: Scan) -> bool:
    """Whether what is wrong with the last row of a chunk may be no fault: its line goes on behind
    the chunk, and may be the one behind the data."""
    used = int(scan.stops[-1]) if len(scan.stops) else 0
    too_long = scan.problem is not None and scan.problem.code is ErrorCode.CSV_RECORD_TOO_LONG
    return not too_long and not line_at(chunk, used)[1]


def cut_at(scan: Scan, row: int) -> Scan:
    """The rows of a scan before one of them; what is wrong behind them is no fault."""
    return scan._replace(
        stops=scan.stops[:row],
        starts=scan.starts[:row],
        delimiters=scan.delimiters[:row],
        extra_lines=None if scan.extra_lines is None else scan.extra_lines[:row],
        blank=None if scan.blank is None else scan.blank[:row],
        surplus=None if scan.surplus is None else scan.surplus[:row],
        comments=scan.comments[scan.comments < row],
        problem=None,
    )
