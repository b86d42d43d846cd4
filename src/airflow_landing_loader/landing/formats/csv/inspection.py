"""One streaming pass over a data file, by code of our own: the witness of what was delivered.

The pass takes the hash of the delivered bytes, follows compression to its last checksum, decodes,
and finds header, records and trailer after the grammar in ``docs/csv.md``. What breaks it is
refused at the first place in file order, with its physical line. Memory does not grow with the
file: the pass holds a few blocks and one record.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.config.mapping.totals import TotalKind
from airflow_landing_loader.exceptions import TerminalError
from airflow_landing_loader.landing.formats.csv.batches import Blocks, Place, batches
from airflow_landing_loader.landing.formats.csv.counter import Tally
from airflow_landing_loader.landing.formats.csv.dialect import Dialect
from airflow_landing_loader.landing.formats.csv.ends.above import LinesAbove
from airflow_landing_loader.landing.formats.csv.ends.below import LinesBelow
from airflow_landing_loader.landing.formats.csv.ends.ending import Ending
from airflow_landing_loader.landing.formats.csv.ends.held_back import HeldBack
from airflow_landing_loader.landing.formats.csv.errors import not_text, terminal_error
from airflow_landing_loader.landing.formats.csv.header.record import without_line_end
from airflow_landing_loader.landing.formats.csv.header.repeated import finder_of
from airflow_landing_loader.landing.formats.csv.rows import Batch, Rows
from airflow_landing_loader.landing.formats.csv.scanner import Limits, Scanner
from airflow_landing_loader.landing.formats.csv.totals.counting import TotalsCounter
from airflow_landing_loader.landing.model import (
    Algorithm,
    Inspection,
    LineSpan,
    RaggedRecord,
    TrailerContent,
)
from airflow_landing_loader.landing.text.compression import Expansion
from airflow_landing_loader.landing.text.stream import BLOCK_BYTES, TextPass, TextStream, open_text
from airflow_landing_loader.storage.content import FileContent, OnBlock, changed, nothing


def inspect(
    source: FileContent,
    mapping: TableMapping,
    on_block: OnBlock = nothing,
    *,
    may_be_empty: bool = False,
    algorithm: Algorithm | None = None,
    totals: Sequence[tuple[str, TotalKind]] | None = None,
) -> Inspection:
    """Inspect a data file in one streaming pass.

    :param source: the data file.
    :param mapping: the table mapping that the file belongs to.
    :param on_block: called for each block of the text; what it raises ends the pass.
    :param may_be_empty: a file without records needs no header either: somebody says that it has
        none. It has no columns then, unless the mapping names them.
    :param algorithm: of the digest that is taken besides SHA-256, of the same bytes.
    :param totals: columns that are added up, and how; ``None``: as the mapping says.
    :returns: hash and size of the delivered bytes, and header, records and trailer of the text.
        Whether the column names are legal, and whether the count is the promised one, is asked
        later.
    :raises TerminalError: ``LANDING_NOT_A_FILE``, ``FILE_EMPTY``, ``FILE_BINARY``,
        ``COMPRESSION_*``, ``ENCODING_*``, ``CSV_*``, ``HEADER_MISSING``, ``TRAILER_*``,
        ``TOTALS_*``; for text with line, record and column as far as they apply. ``CSV_RAGGED``
        only under ``on_bad_row: fail``.
    :raises TransientError: ``LANDING_DISAPPEARED``, ``LANDING_UNREADABLE``.
    """
    with text_pass(source, mapping, algorithm) as delivered:
        scanner = _scanner(mapping)
        counter = TotalsCounter(delivered.name, mapping, totals)
        tally = Tally(delivered.name, mapping, counter)
        try:
            ends = _read(delivered, mapping, scanner, tally, on_block)
            tally.finish(ended=ends.are_told(mapping), may_be_empty=may_be_empty)
        except TerminalError as error:
            csv = mapping.csv
            plain = csv.delimiter + csv.quote + (csv.escape or "")
            explain(error, delivered, encoding=csv.encoding, plain=plain)
            raise
        return Inspection(
            sha256=delivered.sha256(),
            size=delivered.size,
            compression=delivered.compression,
            line_end=scanner.line_end or "\n",
            columns=tally.columns,
            body_start=tally.body_start,
            body_end=tally.body_end,
            body_line=tally.body_line,
            records=tally.records,
            ragged=tally.ragged,
            longest_record=tally.longest,
            longest_gap=tally.longest_gap,
            multiline=tally.multiline,
            skipped_headers=tally.skipped_headers,
            comments=tally.comments,
            header_line=tally.header_line,
            trailer=tally.trailer or ends.trailer,
            header_record=ends.header_record,
            head=ends.head,
            footer=ends.footer,
            checksum=delivered.checksum(),
            totals=counter.totals(),
        )


def ragged_records(
    source: FileContent, mapping: TableMapping, inspection: Inspection
) -> Iterator[RaggedRecord]:
    """Find the records that cannot be loaded, in file order, in a second pass: those with a wrong
    number of fields, and those that are the header again.

    :param source: the file that was inspected.
    :param mapping: its table mapping.
    :param inspection: what :func:`inspect` found in it.
    :returns: offsets count bytes of the text; ``end`` lies behind the record's line end.
    :raises TransientError: ``LANDING_CHANGED`` where the file is not the one that was inspected;
        otherwise as :func:`inspect`.
    """
    expected = len(inspection.columns) - 1
    passed = found = 0
    headers = finder_of(mapping.csv, inspection.columns)
    for batch, rows, _ in record_batches(source, mapping, inspection):
        wrong = rows.delimiters != expected
        wrong[headers.find(batch.chunk, batch.offset, rows, batch.form)] = True
        for index in wrong.nonzero()[0].tolist():
            found += 1
            yield _span(rows, index, passed)
        passed += len(rows)
    if found != inspection.ragged:
        raise changed(source.name)


def skipped_headers(
    source: FileContent, mapping: TableMapping, inspection: Inspection
) -> Iterator[tuple[int, int]]:
    """Find the headers that are left out between the records, in a second pass.

    :param source: the file that was inspected.
    :param mapping: its table mapping.
    :param inspection: what :func:`inspect` found in it.
    :returns: (start, end) offsets in the text.
    :raises TransientError: as :func:`ragged_records`.
    """
    for _, _, headers in record_batches(source, mapping, inspection):
        yield from zip(headers.starts.tolist(), headers.stops.tolist(), strict=True)


def locate(
    source: FileContent, mapping: TableMapping, inspection: Inspection, records: Iterable[int]
) -> Iterator[RaggedRecord]:
    """Find where records lie, given their numbers, in a second pass that ends with the last one.

    :param source: the file that was inspected.
    :param mapping: its table mapping.
    :param inspection: what :func:`inspect` found in it.
    :param records: numbers of data records from 1, ragged ones counted too, in ascending order; a
        number may come again.
    :returns: one place for each number, as :func:`ragged_records` gives it, whatever the record's
        number of fields.
    :raises ValueError: the file has no such record, or the numbers are not ascending.
    :raises TransientError: as :func:`ragged_records`.
    """
    batches_of_rows = _body(source, mapping, inspection)
    rows: Rows | None = None
    passed = behind = 0
    last = 1
    for number in records:
        if not last <= number <= inspection.records:
            raise ValueError(f"record {number} after {last} of {inspection.records}")
        while rows is None or number > behind:
            rows = next(batches_of_rows)
            passed, behind = behind, behind + len(rows)
        yield _span(rows, number - passed - 1, passed)
        last = number


def record_texts(
    source: FileContent, mapping: TableMapping, inspection: Inspection
) -> Iterator[str]:
    """Read the text of each data record, without its line end, in file order, in a second pass.

    :param source: the file that was inspected.
    :param mapping: its table mapping.
    :param inspection: what :func:`inspect` found in it.
    :raises TransientError: as :func:`ragged_records`.
    """
    for batch, rows, _ in record_batches(source, mapping, inspection):
        for index in range(len(rows)):
            yield without_line_end(batch.text(rows, index))


def explain(error: TerminalError, delivered: TextPass, *, encoding: str, plain: str) -> None:
    """Raise the deeper cause of a text that was refused, if there is one.

    Damaged compression gives broken text long before its checksum fails, and no line of a ZIP
    archive is worth a look.

    :param encoding: what the text is read in.
    :param plain: characters that may be delimiter, quote or escape.
    """
    delivered.finish()
    if error.detail.code.startswith("compression."):
        return
    cause = not_text(delivered.head(), encoding=encoding, plain=plain.encode(), file=delivered.name)
    if cause is not None:
        raise cause from error


def text_pass(
    source: FileContent, mapping: TableMapping, algorithm: Algorithm | None = None
) -> TextPass:
    """Begin the one pass over a file of a mapping; as :class:`TextPass`."""
    expansion = Expansion(mapping.max_expansion, mapping.free_expansion_bytes)
    return TextPass(source, mapping.csv.encoding, expansion, mapping.compression, algorithm)


def limits_of(mapping: TableMapping) -> Limits:
    """What one record of a mapping's files may take."""
    return Limits(mapping.max_record_bytes, mapping.max_record_lines)


def _scanner(mapping: TableMapping) -> Scanner:
    return Scanner(Dialect.of(mapping.csv), limits_of(mapping))


class _Ends(NamedTuple):
    """What stands above and below the data."""

    head: LineSpan | None
    footer: LineSpan | None
    header_record: TrailerContent | None
    trailer: TrailerContent | None

    def are_told(self, mapping: TableMapping) -> bool:
        """Whether they say that the data are all there."""
        ended = mapping.csv.data_end is not None and self.footer is not None
        return ended or self.header_record is not None or self.trailer is not None


def _read(
    delivered: TextPass, mapping: TableMapping, scanner: Scanner, tally: Tally, on_block: OnBlock
) -> _Ends:
    limits, name = limits_of(mapping), delivered.name
    held_back = HeldBack(delivered.blocks(), mapping.csv.footer_rows, limits.bytes)
    blocks = Blocks(iter(held_back))
    above = LinesAbove(mapping, name)
    place = above.pass_over(blocks, limits, tally.skipped_line)
    tally.begin(place)
    fault = place.fault
    if fault is None:
        for batch in batches(blocks, scanner, place, Ending.of(mapping, name)):
            on_block()
            tally.add(batch)
            fault = batch.fault
    record = tally.next_record() if fault is not None else None
    below = LinesBelow(
        mapping,
        name,
        columns=len(tally.columns),
        header=tally.header_text,
        limits=limits,
        skipped=tally.skipping,
    )
    if fault is None and blocks.behind_data is not None:
        place = blocks.behind_data
        if mapping.csv.footer_rows:
            blocks = Blocks(iter((held_back.footer,)))
        fault = below.read(blocks, place).fault
        if below.span is not None:
            above.require()
    if fault is not None:
        utf8 = mapping.csv.encoding == "utf-8"
        raise terminal_error(fault, file=name, record=record, limits=limits, utf8=utf8)
    return _Ends(above.span, below.span, above.record, below.trailer)


def _body(source: FileContent, mapping: TableMapping, inspection: Inspection) -> Iterator[Rows]:
    """Find the data records once more, in batches."""
    return (rows for _, rows, _ in record_batches(source, mapping, inspection))


def record_batches(
    source: FileContent, mapping: TableMapping, inspection: Inspection
) -> Iterator[tuple[Batch, Rows, Rows]]:
    """Read the data records once more, in batches; the rows are those of them that are records, and
    the headers among them that are left out.

    :param source: the file that was inspected.
    :param mapping: its table mapping.
    :param inspection: what :func:`inspect` found in it.
    :raises TransientError: as :func:`ragged_records`.
    """
    found = 0
    headers = finder_of(mapping.csv, inspection.columns if inspection.skipped_headers else ())
    scanner = Scanner(Dialect.of(mapping.csv), limits_of(mapping), inspection.line_end)
    with open_text(source, inspection.compression, mapping.csv.encoding) as text:
        text.seek(inspection.body_start)
        blocks = Blocks(_until(text, inspection.body_end))
        place = Place(inspection.body_start, inspection.body_line)
        for batch in batches(blocks, scanner, place):
            rows = batch.rows if len(inspection.columns) == 1 else batch.rows.without_blank()
            rows = rows.narrowed(len(inspection.columns))
            again = headers.find(batch.chunk, batch.offset, rows, batch.form)
            left_out, rows = rows.only(again), rows.without(again)
            found += len(rows)
            if batch.fault or found > inspection.records:
                raise changed(source.name)
            yield batch, rows, left_out
    if found != inspection.records:
        raise changed(source.name)


def _until(text: TextStream, end: int) -> Iterator[bytes]:
    while block := text.read(min(BLOCK_BYTES, end - text.tell())):
        yield block


def _span(rows: Rows, index: int, passed: int) -> RaggedRecord:
    return RaggedRecord(
        record=passed + index + 1,
        line=rows.line(index),
        start=int(rows.starts[index]),
        end=int(rows.stops[index]),
        fields=rows.fields(index),
    )
