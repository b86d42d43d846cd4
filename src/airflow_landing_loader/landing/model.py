"""What is known of files at rest, as frozen values that grow from step to step.

``TableMapping`` + zone listing -> :class:`Delivery` -> :class:`Inspection` -> :class:`Validated`.
Airflow hands them from task to task as JSON (:mod:`airflow_landing_loader.xcom`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from airflow_landing_loader.config.mapping.fields import Compression
from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.config.mapping.patterns.parts import NamePart
from airflow_landing_loader.config.mapping.sequence import Turn
from airflow_landing_loader.config.mapping.totals import TotalKind
from airflow_landing_loader.storage.model import LandedFile

Algorithm = Literal["md5", "sha1", "sha256", "sha512"]
LineEnd = Literal["\n", "\r\n", "\r", "mixed"]


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One arrival of one data file with its go file, ready to be inspected.

    :param members: how many data files its go file names, of which it is one; 0 where a go file is
        of one data file.
    :param number: the one that its go file gives it; ``None``: the mapping asks for none, or it
        could not be read.
    """

    mapping: TableMapping
    data: LandedFile
    go: LandedFile | None = None
    members: int = 0
    number: int | None = None

    @property
    def identity_key(self) -> str | None:
        """What it is of, as the books have it; ``None``: of its name."""
        identity = self.mapping.identity
        return identity.of(self._parts) if identity.key else None

    @property
    def turn(self) -> Turn | None:
        """Its place in its sequence; ``None``: nothing counts it."""
        sequence = self.mapping.sequence
        return None if sequence is None else sequence.turn(self._parts)

    @property
    def _parts(self) -> tuple[NamePart, ...]:
        return self.mapping.parts_of(self.data.name, self.number)


@dataclass(frozen=True, kw_only=True)
class Checksum:
    """A digest of the bytes of a data file as they were delivered, in hexadecimal digits."""

    algorithm: Algorithm
    hexdigest: str


@dataclass(frozen=True, kw_only=True)
class Total:
    """What the cells of one column come to, as a sender says or as they were added up.

    :param column: as the mapping names it.
    :param value: a decimal number in its shortest form, of any length; ``None``: there is no number
        that could be the least or the greatest one.
    :param width: how many of its last digits a hash total has; ``None``: all, or it is none.
    """

    column: str
    kind: TotalKind
    value: str | None
    width: int | None = None


@dataclass(frozen=True, kw_only=True)
class GoFileContent:
    """What a go file says, as far as the mapping asks for it, and its own bytes' hash.

    :param sha256: hex digest of the go file's bytes.
    :param expected_records: count as written in the go file (before ``count_includes``).
    :param status: one that lets the data file load.
    :param checksum: of the data file as delivered.
    :param size: bytes of the data file as delivered.
    :param business_date: the day that the data are of, ``YYYY-MM-DD``.
    :param sequence_number: the one that the data file is counted by.
    :param totals: of columns.
    """

    sha256: str
    expected_records: int | None = None
    status: str | None = None
    checksum: Checksum | None = None
    size: int | None = None
    business_date: str | None = None
    sequence_number: int | None = None
    totals: tuple[Total, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TrailerContent:
    """What the trailer, or the header record, says. ``line`` is its physical line from 1."""

    expected_records: int
    tag: str | None
    line: int
    totals: tuple[Total, ...] = ()


@dataclass(frozen=True, kw_only=True)
class LineSpan:
    """Physical lines that are no records.

    :param line: the first of them, from 1.
    :param lines: how many.
    :param start: offset in the text.
    :param end: offset behind them.
    """

    line: int
    lines: int
    start: int
    end: int

    @property
    def last(self) -> int:
        """The last of them."""
        return self.line + self.lines - 1


@dataclass(frozen=True, kw_only=True)
class Inspection:
    """What one streaming pass over a data file found. Offsets count bytes of the *text*: the
    decompressed file, transcoded to UTF-8, without byte order mark.

    :param sha256: hex digest of the delivered bytes (compressed as delivered).
    :param size: delivered bytes.
    :param compression: how the delivered bytes are compressed.
    :param line_end: the one kind of line end outside quotes (``"\\n"`` if the file has none);
        ``"mixed"`` where the mapping allows all kinds.
    :param columns: the sender's column names in file order, trimmed and NFC, from the header or
        from the mapping's ``csv.columns``.
    :param body_start: offset of the first data record.
    :param body_end: offset after the last data record; the trailer lies behind it.
    :param body_line: physical line of the first data record, from 1.
    :param records: data records between the two, header and trailer not counted.
    :param ragged: of these, records with a wrong number of fields, or that are the header again.
    :param skipped_headers: records that are the header again and are left out, not counted.
    :param comments: comment lines behind the skipped ones, which are no records.
    :param longest_record: bytes of the longest data record, its line end included.
    :param longest_gap: bytes of the longest run of lines without text in the midst of the records,
        or at their end; in a file of one column these are records, too.
    :param multiline: whether a record, or the header, has line ends within quotes
        or behind backslashes.
    :param header_line: physical line of the header record, ``None`` without one.
    :param checksum: of the delivered bytes, by the algorithm that was asked for, if one was.
    :param trailer: content of the trailer, if the mapping has one.
    :param header_record: content of the header record, if the mapping has one.
    :param head: the lines above the header, or above the first record where there is no header.
    :param footer: the lines behind the data, a trailer that is a record not counted.
    :param totals: of columns, hash totals with all their digits.
    """

    sha256: str
    size: int
    compression: Compression
    line_end: LineEnd
    columns: tuple[str, ...]
    body_start: int
    body_end: int
    body_line: int
    records: int
    ragged: int
    longest_record: int
    longest_gap: int = 0
    multiline: bool = True
    skipped_headers: int = 0
    comments: int = 0
    header_line: int | None = None
    trailer: TrailerContent | None = None
    checksum: Checksum | None = None
    header_record: TrailerContent | None = None
    head: LineSpan | None = None
    footer: LineSpan | None = None
    totals: tuple[Total, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RaggedRecord:
    """Where one record lies in the text, from ``start`` to behind its line end, and its fields."""

    record: int
    line: int
    start: int
    end: int
    fields: int


@dataclass(frozen=True, kw_only=True)
class Validated:
    """A delivery that keeps its word: counts met, header legal. Ready to load.

    :param expected_records: what go file or trailer promised as data records, ``None`` without
        either.
    :param detected: in words, the dialect that was detected and that the delivery's mapping says
        now; ``None`` where the mapping as written says it.
    """

    delivery: Delivery
    inspection: Inspection
    expected_records: int | None = None
    go: GoFileContent | None = None
    detected: str | None = None


def files_of(delivery: Delivery) -> tuple[LandedFile, ...]:
    """The data file and, where there is one, the go file."""
    return (delivery.data,) if delivery.go is None else (delivery.data, delivery.go)


def names_of(delivery: Delivery) -> set[str]:
    """The names of :func:`files_of`."""
    return {file.name for file in files_of(delivery)}
