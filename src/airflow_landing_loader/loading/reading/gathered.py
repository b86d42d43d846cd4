"""The records of several small deliveries as one text, each delivery's behind a mark of its own.

To open a file costs the engine as much as to read thousands of records. So small files are given to
it as one text, in which a record that nobody can have delivered stands before those of each file:
as each mark is found in its place, with as many records behind it as were counted, so every record
is known to belong to its own delivery.
"""

from __future__ import annotations

import secrets
import string
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product

from airflow_landing_loader.config.mapping.model import CsvDialect
from airflow_landing_loader.loading.reading.csv import ReadOptions, RecordsSource
from airflow_landing_loader.loading.reading.shared_view import SharedView

_PREFIX_LETTERS = 32
_OWN_LETTERS = 8


@dataclass(frozen=True, kw_only=True)
class GatheredText:
    """What the engine reads.

    :param content: marks and records in UTF-8.
    :param prefix: what all marks begin with, and no delivered value.
    :param marks: the first field of each delivery's mark, in their order; the others are empty.
    :param mark_size: bytes of a whole mark, its line end included.
    """

    content: bytes
    prefix: str
    marks: tuple[str, ...]
    mark_size: int

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self.content)

    @property
    def modified(self) -> datetime:
        """Now: it is in memory only."""
        return datetime.now(UTC)

    def open(self) -> SharedView:
        """Open it for reading."""
        return _ContentView(self.content)


class _ContentView(SharedView):
    def __init__(self, content: bytes) -> None:
        super().__init__(len(content))
        self._content = content

    def read_at(self, position: int, size: int) -> bytes:
        return self._content[position : position + size]


def gather(sources: Sequence[RecordsSource]) -> GatheredText:
    """Read deliveries of one dialect, line end and number of columns; together they are small.

    :raises LandingError: one of them cannot be read.
    """
    first = sources[0].validated
    csv, line_end = first.delivery.mapping.csv, ReadOptions.of(first).line_end.encode()
    rest = csv.delimiter.encode() * (len(first.inspection.columns) - 1) + line_end
    letters = _letters(csv)
    prefix = "".join(secrets.choice(letters) for _ in range(_PREFIX_LETTERS))
    # Nobody knows the prefix, so what follows it need not be secret, only another one each time.
    numbers = product(letters, repeat=_OWN_LETTERS)
    marks = tuple(prefix + "".join(number) for _, number in zip(sources, numbers, strict=False))
    parts: list[bytes] = []
    for source, mark in zip(sources, marks, strict=True):
        records = source.read()
        ended = not records or records.endswith(line_end)
        parts += [mark.encode(), rest, records, b"" if ended else line_end]
    return GatheredText(
        content=b"".join(parts),
        prefix=prefix,
        marks=marks,
        mark_size=len(marks[0]) + len(rest),
    )


def _letters(csv: CsvDialect) -> list[str]:
    """The letters and digits that mean nothing in the dialect."""
    special = {*csv.delimiter, *csv.quote, *(csv.escape or "")}
    return sorted({*string.ascii_letters, *string.digits} - special)
