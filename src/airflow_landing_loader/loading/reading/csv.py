"""The one CSV reader: DuckDB's, over a view of our own on the bytes of the records.

No delivered name ever reaches an engine: ``a[1]_x.csv`` would be read as a pattern and a folder
``year=2024`` would add a column. The engine sees ``landing://<number>``, a file system of ours that
gives exactly the bytes between header and trailer, decompressed and in UTF-8, without the records
that were set aside. Columns come explicitly and in file order, nothing is sniffed, and the
inspection has proved the grammar before, so that the engine's lenient corners are never reached.
"""

from __future__ import annotations

import codecs
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from airflow_landing_loader.landing.formats.csv.dialect import null_texts
from airflow_landing_loader.landing.model import LineEnd, Validated
from airflow_landing_loader.landing.text.stream import TextStream, open_text
from airflow_landing_loader.loading.reading.shared_view import SharedView
from airflow_landing_loader.loading.sql import sql_text
from airflow_landing_loader.storage.content import FileContent, changed

MARK = codecs.BOM_UTF8
"""The engine drops a byte order mark where a file begins; so it gets one of ours, and does not drop
one that is text: the beginning of the first cell."""

_MIB = 1024 * 1024
_DEFAULT_LINE_LIMIT = 2 * _MIB
# Lines of that limit that a buffer of the engine holds, 16 by default. So much is copied through
# Python into memory that is new each time, which the system must clear first; half of it is used
# again: a load takes a tenth less.
_BUFFER_LINES = 8
_LINE_END_WORDS = {"\n": r"\n", "\r\n": r"\r\n", "\r": r"\r"}


@dataclass(frozen=True)
class RecordsSource:
    """The bytes of one delivery's records.

    :param file: where the delivered bytes are read.
    :param skipped: (start, end) offsets in the text of records that are left out, in order.
    """

    validated: Validated
    file: FileContent
    skipped: tuple[tuple[int, int], ...] = ()

    def spans(self) -> tuple[tuple[int, int], ...]:
        """Return the (start, end) offsets of the text that is read, in order, none empty."""
        inspection = self.validated.inspection
        starts = [inspection.body_start, *(end for _, end in self.skipped)]
        ends = [*(start for start, _ in self.skipped), inspection.body_end]
        return tuple((a, b) for a, b in zip(starts, ends, strict=True) if a < b)

    @property
    def size(self) -> int:
        """Bytes of the view."""
        return len(MARK) + sum(end - start for start, end in self.spans())

    @property
    def modified(self) -> datetime:
        """When the delivered file was modified."""
        mtime_ns = self.validated.delivery.data.mtime_ns
        return datetime.fromtimestamp(mtime_ns / 1e9, tz=UTC)

    @property
    def longest_gap(self) -> int:
        """Bytes before a record that hold none: runs of blank lines become one where what stands
        between them is left out."""
        return self.validated.inspection.longest_gap * (len(self.skipped) + 1)

    def options(self) -> ReadOptions:
        """Return how the engine reads them."""
        options = ReadOptions.of(self.validated)
        if len(self.validated.inspection.columns) == 1 and self.longest_gap:
            # Blank lines are records, but to the engine they are of the line behind them, too.
            return options.with_line_of(options.line_limit + self.longest_gap)
        return options

    def read(self) -> bytes:
        """Return the records of a small file at once."""
        with self._text() as text:
            return b"".join([_span_of(text, start, end) for start, end in self.spans()])

    def open(self) -> SharedView:
        """Open the view for reading."""
        return RecordsView(self._text(), self.spans())

    def _text(self) -> TextStream:
        csv = self.validated.delivery.mapping.csv
        return open_text(self.file, self.validated.inspection.compression, csv.encoding)


def _span_of(text: TextStream, start: int, end: int) -> bytes:
    if text.tell() != start:
        text.seek(start)
    part = text.read(end - start)
    if len(part) != end - start:
        raise changed(text.name)
    return part


class RecordsView(SharedView):
    """A read-only file made of a byte order mark and spans of a text stream, back to back."""

    def __init__(self, text: TextStream, spans: Sequence[tuple[int, int]]) -> None:
        self._text = text
        self._spans = spans
        # _starts[i] is the offset in the view at which span i begins.
        self._starts = [len(MARK)]
        for start, end in spans:
            self._starts.append(self._starts[-1] + end - start)
        super().__init__(self._starts[-1])

    def read_at(self, position: int, size: int) -> bytes:
        parts = [MARK[position:][:size]] if position < len(MARK) else []
        got = sum(map(len, parts))
        while got < size:
            parts.append(self._read_span(position + got, size - got))
            got += len(parts[-1])
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def close(self) -> None:
        if not self.closed:
            self._text.close()
        super().close()

    def _read_span(self, position: int, wanted: int) -> bytes:
        index = bisect_right(self._starts, position) - 1
        start, _ = self._spans[index]
        inside = position - self._starts[index]
        room = self._starts[index + 1] - position
        if self._text.tell() != start + inside:
            self._text.seek(start + inside)
        part = self._text.read(min(wanted, room))
        if not part:
            raise changed(self._text.name)
        return part


@dataclass(frozen=True)
class ReadOptions:
    """What decides how the engine reads; deliveries with equal options are read together.

    :param null_values: the unquoted fields that are NULL, the empty one too if it is.
    :param line_end: of what the engine is given.
    """

    columns: int
    delimiter: str
    quote: str
    escape: str
    null_values: tuple[str, ...]
    line_end: LineEnd
    line_limit: int = field(default=_DEFAULT_LINE_LIMIT)
    parallel: bool = True

    @classmethod
    def of(cls, validated: Validated) -> ReadOptions:
        """Return the options for one inspected delivery."""
        inspection, csv = validated.inspection, validated.delivery.mapping.csv
        quote, escape = csv.quote, csv.escape or csv.quote
        longest = inspection.longest_record + len("\r\n")  # the last one may be given its line end
        brings_lines = False
        if csv.escape_sequences is not None:  # such records are written anew, with quotes
            quote = escape = csv.quote or ("'" if '"' in csv.delimiter else '"')
            longest = 2 * (longest + len(inspection.columns) + 1)
            brings_lines = csv.escape_sequences != "spark"
        return cls(
            columns=len(inspection.columns),
            delimiter=csv.delimiter,
            quote=quote,
            escape=escape,
            null_values=null_texts(csv),
            line_end="\n" if inspection.line_end == "mixed" else inspection.line_end,
            line_limit=_line_limit(longest),
            parallel=not (inspection.multiline or brings_lines),
        )

    def with_line_of(self, size: int) -> ReadOptions:
        """Return options that also read a line of so many bytes."""
        return replace(self, line_limit=max(self.line_limit, _line_limit(size)))

    def read_csv(self, path: str) -> str:
        """Return the ``read_csv(...)`` call; its columns are ``c0``, ``c1``, ... all text.

        ``strict_mode`` is left at its default, which is strict: DuckDB 2.0 misreads CRLF files when
        it is given together with ``new_line``.
        """
        names = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(self.columns))
        options = {
            "columns": f"{{{names}}}",
            "auto_detect": "false",
            "header": "false",
            "delim": sql_text(self.delimiter),
            "quote": sql_text(self.quote),
            "escape": sql_text(self.escape),
            "new_line": f"'{_LINE_END_WORDS[self.line_end]}'",
            "nullstr": f"[{', '.join(sql_text(v) for v in self.null_values)}]",
            "allow_quoted_nulls": "false",
            "hive_partitioning": "false",
            "compression": "'none'",
            "max_line_size": str(self.line_limit),
            # Parallel, the engine begins anew every 8 MB, and may take a line within quotes for the
            # beginning of a record there.
            "parallel": str(self.parallel).lower(),
            # The engine wants room for several records in a buffer.
            "buffer_size": str(max(_BUFFER_LINES * _DEFAULT_LINE_LIMIT, 4 * self.line_limit)),
        }
        arguments = ", ".join(f"{key}={value}" for key, value in options.items())
        return f"read_csv({sql_text(path)}, {arguments})"


def _line_limit(longest: int) -> int:
    return max(_DEFAULT_LINE_LIMIT, 1 << longest.bit_length())
