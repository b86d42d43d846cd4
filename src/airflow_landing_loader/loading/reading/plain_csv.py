"""Records that no CSV engine reads as they stand, written in RFC 4180 for the one reader.

Where a mapping allows more than RFC 4180 knows, the engine is not given the sender's text, but the
same records as our own code reads them: what has to be is written anew, the rest is copied. It is
one more kind of text, and no other way of loading: records, their numbers and the places of those
that are set aside are those of the sender's file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from airflow_landing_loader.landing.formats.csv.dialect import Dialect
from airflow_landing_loader.landing.formats.csv.inspection import record_batches
from airflow_landing_loader.landing.formats.csv.plain_rows import PlainRows
from airflow_landing_loader.landing.model import Validated
from airflow_landing_loader.loading.reading.csv import MARK, ReadOptions, RecordsSource
from airflow_landing_loader.loading.reading.shared_view import SharedView
from airflow_landing_loader.storage.content import FileContent, changed


def records_source(
    validated: Validated, file: FileContent, skipped: tuple[tuple[int, int], ...]
) -> RecordsSource:
    """The records of a delivery as the engine is given them: as they stand, if it reads them so.

    :param file: where the delivered bytes are read.
    :param skipped: (start, end) offsets in the text of records that are left out, in order.
    """
    source = RecordsSource(validated, file, skipped)
    readable = Dialect.of(validated.delivery.mapping.csv).is_readable
    return source if readable and _has_short_gaps(source) else PlainSource(validated, file, skipped)


def _has_short_gaps(source: RecordsSource) -> bool:
    """Whether the engine reads over the blank lines, which to it are of the line behind them."""
    inspection = source.validated.inspection
    longest = source.longest_gap + inspection.longest_record + len("\r\n")
    return len(inspection.columns) == 1 or longest <= ReadOptions.of(source.validated).line_limit


@dataclass(frozen=True)
class PlainSource(RecordsSource):
    """The records of one delivery, in RFC 4180."""

    @cached_property
    def size(self) -> int:
        """Bytes of the view; found by a pass over the file, as the engine asks before it reads."""
        return sum(map(len, self.blocks()))

    def read(self) -> bytes:
        """Return the records of a small file at once."""
        return b"".join(self.blocks()).removeprefix(MARK)

    def open(self) -> SharedView:
        """Open the view for reading."""
        return _PlainView(self)

    def blocks(self) -> Iterator[bytes]:
        """Yield the view from its start.

        :raises LandingError: as the inspection's second pass.
        """
        yield MARK
        mapping, inspection = self.validated.delivery.mapping, self.validated.inspection
        options = ReadOptions.of(self.validated)
        writer = PlainRows(
            mapping.csv,
            len(inspection.columns),
            quote=options.quote,
            escape=options.escape,
            line_end=options.line_end,
            left_out=[start for start, _ in self.skipped],
        )
        for batch, rows, _ in record_batches(self.file, mapping, inspection):
            yield writer.text(batch, rows)


class _PlainView(SharedView):
    """A read-only file of blocks: forward it reads on, back it starts again."""

    def __init__(self, source: PlainSource) -> None:
        super().__init__(source.size)
        self._source = source
        self._blocks: Iterator[bytes]
        self._block: bytes
        self._at: int
        self._rewind()

    def read_at(self, position: int, size: int) -> bytes:
        if position < self._at:
            self._rewind()
        parts: list[bytes] = []
        got = 0
        while got < size:
            inside = position + got - self._at
            parts.append(self._block[inside : inside + size - got])
            got += len(parts[-1])
            if got < size:
                self._next()
        return b"".join(parts)

    def _next(self) -> None:
        self._at += len(self._block)
        block = next(self._blocks, None)
        if block is None:
            raise changed(self._source.file.name)
        self._block = block

    def _rewind(self) -> None:
        self._blocks, self._block, self._at = self._source.blocks(), b"", 0
