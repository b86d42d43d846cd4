from __future__ import annotations

from collections.abc import Iterator

import pytest

from airflow_landing_loader.config.mapping.model import CsvDialect
from airflow_landing_loader.exceptions import ErrorCode
from airflow_landing_loader.landing.formats.csv.batches import Blocks, Place, batches, pass_lines
from airflow_landing_loader.landing.formats.csv.dialect import Dialect
from airflow_landing_loader.landing.formats.csv.rows import Batch
from airflow_landing_loader.landing.formats.csv.scanner import Limits, Scanner
from airflow_landing_loader.landing.text.encoding import decoded

LIMITS = Limits(bytes=50, lines=5)


def blocks(text: bytes, size: int) -> Blocks:
    pieces: Iterator[bytes] = (text[i : i + size] for i in range(0, len(text), size))
    return Blocks(decoded(pieces, "utf-8", "t.csv"))


def read(text: bytes, size: int) -> list[Batch]:
    return list(batches(blocks(text, size), Scanner(Dialect.of(CsvDialect()), LIMITS), Place()))


def skipped(source: Blocks, count: int) -> Place:
    return pass_lines(source, Place(), lambda number, _: number <= count, LIMITS, lambda *_: None)


def all_rows(found: list[Batch]) -> list[tuple[int, int, int, int]]:
    """(start, stop, line, fields) of each row."""
    return [
        (
            int(batch.rows.starts[i]),
            int(batch.rows.stops[i]),
            batch.rows.line(i),
            batch.rows.fields(i),
        )
        for batch in found
        for i in range(len(batch.rows))
    ]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 100])
class TestBatches:
    def test_rows_have_offsets_and_lines(self, size: int) -> None:
        found = read(b'a,b\n\n"x\r\ny",2\n3,4', size)
        assert all_rows(found) == [(0, 4, 1, 2), (4, 5, 2, 1), (5, 14, 3, 2), (14, 17, 5, 2)]
        text = "".join(batch.text(batch.rows, i) for batch in found for i in range(len(batch.rows)))
        assert text == 'a,b\n\n"x\r\ny",2\n3,4'

    def test_a_fault_ends_the_last_batch(self, size: int) -> None:
        found = read(b'a\n"b\nc"d\ne\n', size)
        assert all_rows(found) == [(0, 2, 1, 1)]
        assert [batch.fault for batch in found[:-1]] == [None] * (len(found) - 1)
        fault = found[-1].fault
        assert fault is not None
        assert (fault.code, fault.row_line, fault.line) == (ErrorCode.CSV_STRAY_QUOTE, 2, 3)

    def test_text_that_cannot_be_decoded(self, size: int) -> None:
        for text, line, before in (
            (b"\xff", 1, b""),
            (b"a\n\xff", 2, b""),
            (b'a\n"x\n\xc3\xa9y\xff', 3, "éy".encode()),
        ):
            fault = read(text, size)[-1].fault
            assert fault is not None
            assert fault.code is ErrorCode.ENCODING_INVALID
            assert (fault.line, fault.before) == (line, before)

    def test_a_row_without_end_does_not_fill_the_memory(self, size: int) -> None:
        taken = 0

        def endless() -> Iterator[bytes]:
            nonlocal taken
            while True:
                taken += size
                yield b"x" * size

        scanner = Scanner(Dialect.of(CsvDialect()), LIMITS)
        found = list(batches(Blocks(endless()), scanner, Place()))
        assert found[-1].fault is not None
        assert found[-1].fault.code is ErrorCode.CSV_RECORD_TOO_LONG
        assert taken <= 4 * (LIMITS.bytes + size)


@pytest.mark.parametrize("size", [1, 2, 3, 100])
class TestSkippedLines:
    def place(self, text: bytes, count: int, size: int) -> tuple[int, int, bytes]:
        source = blocks(text, size)
        place = skipped(source, count)
        assert place.fault is None
        return place.offset, place.line, place.rest + source.take(1000)

    def test_any_line_end_counts(self, size: int) -> None:
        text = b'# "x\r\ry\r\n\nid\n'
        assert self.place(text, 0, size) == (0, 1, text)
        assert self.place(text, 1, size) == (5, 2, text[5:])
        assert self.place(text, 2, size) == (6, 3, text[6:])
        assert self.place(text, 3, size) == (9, 4, text[9:])
        assert self.place(text, 4, size) == (10, 5, b"id\n")

    def test_a_text_may_be_shorter(self, size: int) -> None:
        assert self.place(b"a\nb", 2, size)[0] == 3
        assert self.place(b"a\r", 1, size) == (2, 2, b"")
        assert self.place(b"a\n", 9, size)[2] == b""
        assert self.place(b"", 9, size) == (0, 1, b"")

    def test_they_are_text_of_bounded_length(self, size: int) -> None:
        for text, code, line in (
            (b"ab\nc\0d\ne", ErrorCode.ENCODING_NUL_BYTE, 2),
            (b"ab\n\0", ErrorCode.ENCODING_NUL_BYTE, 2),
            (b"ab\n" + b"x" * 51, ErrorCode.CSV_RECORD_TOO_LONG, 2),
            (b"ab\n" + b"x" * 500 + b"\n", ErrorCode.CSV_RECORD_TOO_LONG, 2),
            (b"ab\nxy\xff", ErrorCode.ENCODING_INVALID, 2),
        ):
            fault = skipped(blocks(text, size), 5).fault
            assert fault is not None
            assert (fault.code, fault.line) == (code, line)
