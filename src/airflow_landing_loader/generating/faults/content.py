"""Bytes, records and fields that are not as they should be."""

from __future__ import annotations

from dataclasses import replace

from airflow_landing_loader.exceptions import ErrorCode
from airflow_landing_loader.generating.draft import Expected
from airflow_landing_loader.generating.faults.ground import SEVERAL, Faulty, Ground, records_of
from airflow_landing_loader.generating.records import field_of, record_of

_PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00"
_BAD_BYTES = {"utf-8": b"\xff", "ascii": b"\xff", "windows-1252": b"\x81", "windows-1250": b"\x81"}


def ragged(at: Ground) -> Faulty | None:
    """A record has more fields than the header."""
    draft, csv = at.draft, at.mapping.csv
    records = records_of(draft)
    middle = len(records) // 2
    records[middle] += f"{csv.delimiter}x{csv.delimiter}x"
    more = replace(draft, records=tuple(records))
    if not at.rejects or csv.auto:
        return Faulty("ragged_record", more, at.failed(at.ragged))
    if at.mapping.max_rejected * len(records) < 1 or len(records) == 1:
        return Faulty("ragged_record", more, at.failed(ErrorCode.CSV_TOO_MANY_REJECTED))
    quality = at.mapping.quality
    good = 100 * (1 - 1 / len(records))
    if quality is not None and quality.fail_below is not None and good < quality.fail_below:
        return Faulty("ragged_record", more, at.failed(ErrorCode.QUALITY_TOO_LOW))
    rows = (*draft.rows[:middle], *draft.rows[middle + 1 :])
    return Faulty("ragged_record", more, Expected(status="loaded", rows=rows, rejected=1))


def unclosed_quote(at: Ground) -> Faulty | None:
    """A quote is opened and never closed."""
    draft, csv = at.draft, at.mapping.csv
    if not csv.quote or len(draft.header) < SEVERAL or csv.auto:
        return None
    records = records_of(draft)
    first = draft.rows[-1][0]
    opened = csv.delimiter + csv.quote + "open"
    records[-1] = record_of((first,), csv).removesuffix(csv.delimiter) + opened
    broken = replace(draft, records=tuple(records))
    lines = broken.lines()
    if any(csv.quote in line for line in lines[lines.index(records[-1]) + 1 :]):
        return None  # a trailer closes it
    return Faulty("unclosed_quote", broken, at.failed(ErrorCode.CSV_UNCLOSED_QUOTE))


def bad_encoding(at: Ground) -> Faulty | None:
    """A byte that is none of the character set."""
    encoding = at.mapping.csv.encoding
    if encoding not in _BAD_BYTES:
        return None
    return _with_byte(at, "bad_encoding", _BAD_BYTES[encoding], ErrorCode.ENCODING_INVALID)


def nul(at: Ground) -> Faulty | None:
    if at.mapping.csv.encoding not in _BAD_BYTES:
        return None
    return _with_byte(at, "nul_character", b"\0", ErrorCode.ENCODING_NUL_BYTE)


def _with_byte(at: Ground, kind: str, byte: bytes, code: ErrorCode) -> Faulty:
    """A byte in place of the first character of the last record."""
    mark = at.draft.rows[-1][0] or ""
    before = mark.encode()
    after = byte + before[1:]
    return Faulty(
        kind, replace(at.draft, edit=lambda text: text.replace(before, after)), at.failed(code)
    )


def mixed_line_ends(at: Ground) -> Faulty | None:
    csv = at.mapping.csv
    if csv.mixed_line_ends or csv.encoding not in _BAD_BYTES or csv.auto:
        return None
    mark = field_of(at.draft.rows[-1][0], csv).encode()
    end = at.draft.line_end.encode()
    other = b"\r\n" if end == b"\n" else b"\n"
    edited = replace(at.draft, edit=lambda text: text.replace(end + mark, other + mark))
    return Faulty("mixed_line_ends", edited, at.failed(ErrorCode.CSV_MIXED_LINE_ENDS))


def empty(at: Ground) -> Faulty | None:
    if at.is_packed:
        return None
    nothing = replace(at.draft, spoil=lambda _: b"", go_of=at.draft)
    return Faulty("no_bytes", nothing, at.spoiled(ErrorCode.FILE_EMPTY))


def binary(at: Ground) -> Faulty | None:
    if at.is_packed or at.mapping.csv.encoding != "utf-8":
        return None
    picture = replace(at.draft, spoil=lambda _: _PNG * 20)
    return Faulty("picture", picture, at.failed(ErrorCode.FILE_BINARY))


def plain_under_packed_name(at: Ground) -> Faulty | None:
    if not at.is_packed:
        return None
    text = at.draft.text()
    plain = replace(at.draft, spoil=lambda _: text)
    return Faulty("not_compressed", plain, at.failed(ErrorCode.COMPRESSION_WRONG_NAME))
