"""Records that are the header again: where files were put together, or where none should be.

All records of a batch are looked at by their first and last bytes, whole arrays at a time; only
what may be a header by them is taken apart: where there is none that costs next to nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from airflow_landing_loader.config.mapping.column_names import spelling_of
from airflow_landing_loader.config.mapping.model import CsvDialect
from airflow_landing_loader.exceptions import ErrorCode, TerminalError
from airflow_landing_loader.landing.formats.csv.bitmasks import Bytes, Mask, Offsets
from airflow_landing_loader.landing.formats.csv.dialect import BACKSLASH, Dialect
from airflow_landing_loader.landing.formats.csv.header.edges import (
    LETTERS,
    Edge,
    edge_of,
    lead_bytes,
)
from airflow_landing_loader.landing.formats.csv.header.promise import effective_names
from airflow_landing_loader.landing.formats.csv.header.record import column_names, without_line_end
from airflow_landing_loader.landing.formats.csv.plain_form import PlainForm, plain_form
from airflow_landing_loader.landing.formats.csv.rows import Rows
from airflow_landing_loader.landing.formats.csv.tokenizer import line_end_bytes
from airflow_landing_loader.once import once_with

_LINE_ENDS = b"\r\n"
_BLANK = 0x20
_NONE = np.empty(0, np.int64)


class _Written:
    """Rows as RFC 4180 has them, as far as a header's first and last bytes are concerned.

    :param chunk: text that holds the rows.
    :param offset: of the chunk in the text.
    :param form: the chunk as RFC 4180 has it, if that is known and something else.
    :ivar data: the text; what stands for nothing is a blank.
    :ivar starts: offset in it of each row.
    :ivar lasts: offset of each row's last byte, which a line end may take.
    :ivar odd: indices of rows that hold what says nothing of names, as it stands.
    """

    def __init__(
        self, chunk: bytes, offset: int, rows: Rows, dialect: Dialect, form: PlainForm | None
    ) -> None:
        self.data: Bytes = np.frombuffer(chunk, np.uint8)
        self.starts, self.lasts, self.odd = rows.starts - offset, rows.stops - (offset + 1), _NONE
        if dialect.is_disguised:
            form = form or plain_form(chunk, dialect, final=False)
            self.data = form.data
            self.odd = np.unique(np.searchsorted(self.lasts, form.sequences))
            self.odd = self.odd[self.odd < len(rows)]
        if dialect.mixed:
            plain = self.data.tobytes().replace(b"\r\n", b" \n").replace(b"\r", b"\n")
            self.data = np.frombuffer(plain, np.uint8)
        if rows.surplus is not None:
            self._blank_surplus(rows.surplus, len(dialect.delimiter))

    def _blank_surplus(self, surplus: Mask, width: int) -> None:
        """Write blanks for the delimiters that stand behind the last field."""
        self.data = self.data.copy()
        stops = self.lasts[surplus] + 1
        ends = stops - line_end_bytes(self.data, stops)
        for back in range(1, width + 1):
            self.data[ends - back] = _BLANK


class HeaderFinder:
    """Finds the records whose fields are a header's names, however they are quoted or spelled; as
    the sender calls them, or as ``csv.rename`` does. Where such records are left out, in any order
    too: what follows one in another order must not be taken for what the first header says.

    Made once for the files of one table by :func:`finder_of`.

    :param names: the header's, clean. If none of them is a text, no record can be told from it.
        Where no header is read they are the mapping's: a header may write them with other signs.
    :param csv: the mapping's; where such records are data, none is found.
    """

    def __init__(self, names: Sequence[str], csv: CsvDialect) -> None:
        known = {tuple(names), effective_names(names, csv)} if csv.repeated_header != "load" else ()
        self._as_sent = csv.header
        self._spelled = spelling_of(names, as_sent=csv.header)
        self._headers = [tuple(map(self._spelled, header)) for header in known if any(header)]
        self._any_order = csv.repeated_header == "skip"
        self._count = len(names)
        self._dialect = Dialect.of(csv)
        if self._headers:
            everywhere = set.intersection(*({*"".join(header)} for header in self._headers))
            self._letters = tuple(map(lead_bytes, sorted(everywhere & LETTERS)))
            self._front, self._back = self._edge(0), self._edge(-1)

    def find(self, chunk: bytes, offset: int, rows: Rows, form: PlainForm | None = None) -> Offsets:
        """Return the indices of such records among some rows.

        :param chunk: text that holds the rows.
        :param offset: of the chunk in the text.
        :param form: the chunk as RFC 4180 has it, if that is known and something else.
        """
        if not self._headers or not len(rows) or not self._has_letters(chunk):
            return _NONE
        written = _Written(chunk, offset, rows, self._dialect, form)
        found = self._front.first(written.data.take(written.starts))
        if len(found):
            found = found[rows.delimiters[found] == self._count - 1]
        if len(found):
            found = self._narrowed(written.data, found, written.starts, written.lasts)
        if len(written.odd):
            odd = written.odd[rows.delimiters[written.odd] == self._count - 1]
            found = np.union1d(found, odd)
        kept = [i for i in found.tolist() if self._is_header(chunk, rows, i, offset)]
        return np.array(kept, np.int64)

    def _has_letters(self, chunk: bytes) -> bool:
        """Whether there are all letters that the names have: figures seldom have them. A sequence
        may stand for any."""
        if self._dialect.sequences and BACKSLASH in chunk:
            return True
        for letter in self._letters:
            for byte in letter:
                if byte in chunk:
                    break
            else:
                return False
        return True

    def _narrowed(self, data: Bytes, found: Offsets, starts: Offsets, lasts: Offsets) -> Offsets:
        """Those that go on as the header does, and end as it does.

        :param lasts: offset of each row's last byte, which a line end may take.
        """
        # All rows end alike, but for the last one of the text, which may have no line end.
        longest = max(_line_end(data, int(lasts[0])), _line_end(data, int(lasts[-1])))
        short = longest - _line_end(data, int(lasts[-1]))
        lasts = lasts - longest
        lasts[-1] += short
        return self._back.narrowed(data, self._front.narrowed(data, found, starts, 1), lasts, -1)

    def _is_header(self, chunk: bytes, rows: Rows, index: int, offset: int) -> bool:
        start, stop = int(rows.starts[index]) - offset, int(rows.stops[index]) - offset
        names = self._names_in(chunk[start:stop])
        return names in self._headers or (
            self._any_order and sorted(names) in map(sorted, self._headers)
        )

    def in_order(self, record: bytes) -> bool:
        """Whether a record that was found has the names in the header's own order."""
        return self._names_in(record) in self._headers

    def _names_in(self, record: bytes) -> tuple[str, ...]:
        text = without_line_end(record.decode())
        return tuple(map(self._spelled, column_names(text, self._dialect, self._count)))

    def _edge(self, edge: int) -> Edge:
        """What may stand at an edge of a record, by all names that it may have there."""
        names = {n for h in self._headers for n in (h if self._any_order else (h[edge],))}
        return edge_of(frozenset(names), edge, self._dialect, signs=not self._as_sent)


@once_with
def finder_of(csv: CsvDialect, names: tuple[str, ...]) -> HeaderFinder:
    """What finds the records that are the header again; as :class:`HeaderFinder`."""
    return HeaderFinder(names, csv)


def _line_end(data: Bytes, last: int) -> int:
    """How many bytes of a line end there are up to a byte."""
    if data[last] == 0x0A and last and data[last - 1] == 0x0D:
        return len(_LINE_ENDS)
    return int(data[last] in _LINE_ENDS)


def header_again(file: str, line: int, record: int, *, header: bool) -> TerminalError:
    """The error for a record that is the header again.

    :param header: whether the mapping's files have one.
    """
    where = "Where" if header else "Where all files have a header now, set csv.header: true; where"
    return TerminalError(
        ErrorCode.CSV_REPEATED_HEADER,
        "The record holds the column names: it is a header in the middle of the data, or in a file "
        "that should have none.",
        hint=f"Ask the sender. {where} several files are put into one, csv.repeated_header: skip "
        "leaves such records out, or set on_bad_row: reject; if it is data, csv.repeated_header: "
        "load.",
        file=file,
        line=line,
        record=record,
    )


def header_in_other_order(file: str, line: int, record: int) -> TerminalError:
    """The error for a header among the records whose names stand in another order."""
    return TerminalError(
        ErrorCode.HEADER_NOT_AS_PROMISED,
        "A header among the records has the columns in another order: what follows it would load "
        "into the wrong ones.",
        hint="Ask the sender for single files: they were put together, and their columns differ.",
        file=file,
        line=line,
        record=record,
    )
