"""What a person is told about text that breaks the grammar."""

from __future__ import annotations

from airflow_landing_loader.exceptions import ErrorCode, TerminalError
from airflow_landing_loader.landing.formats.csv.rows import Fault
from airflow_landing_loader.landing.formats.csv.scanner import Limits

_QUOTE_HINT = (
    "Ask the sender to quote fields that hold quotes, delimiters or line ends and to double the "
    "quotes in them (RFC 4180); if the file is written otherwise, set csv.quote, csv.escape or "
    "csv.delimiter in the mapping."
)
_BLANK_HINT = (
    "Blanks between delimiters and quotes are dropped with csv.blank_around_quotes: true in the "
    "mapping. "
)
_FORMULA_HINT = 'What is written for Excel (="00123") is read with csv.excel_formulas: true. '
_LIMIT_HINT = (
    "Usually a stray quote at this line swallows the records after it: look there first. If the "
    "records really are that large, raise {key} in the mapping."
)
# Where these show depends on what follows; the record where they begin is what a person looks for.
_AT_ROW = {
    ErrorCode.CSV_STRAY_QUOTE,
    ErrorCode.CSV_UNCLOSED_QUOTE,
    ErrorCode.CSV_BAD_ESCAPE,
    ErrorCode.CSV_RECORD_TOO_LONG,
    ErrorCode.CSV_RECORD_TOO_MANY_LINES,
}
_AT_CHARACTER = {
    ErrorCode.ENCODING_INVALID,
    ErrorCode.ENCODING_NUL_BYTE,
    ErrorCode.ENCODING_CTRL_Z,
}
_BINARY_MAGICS = (
    (b"PK\x03\x04", "a ZIP archive or an Excel workbook"),
    (b"\xd0\xcf\x11\xe0", "an old Microsoft Office file"),
    (b"PAR1", "a Parquet file"),
    (b"Obj\x01", "an Avro file"),
    (b"ORC", "an ORC file"),
    (b"ARROW1", "an Arrow file"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"%PDF-", "a PDF document"),
    (b"\x1f\x8b", "compressed with gzip once more"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd once more"),
    (b"BZh", "compressed with bzip2"),
    (b"\xfd7zXZ\x00", "compressed with xz"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"\x7fELF", "a program"),
)
_TEXT_CONTROLS = b"\t\n\v\f\r\x1a\x1b"


def terminal_error(
    fault: Fault, *, file: str, record: int | None, limits: Limits, utf8: bool
) -> TerminalError:
    """The error for a fault.

    :param fault: what was found and where.
    :param file: file name.
    :param record: number of the data record that it is in, ``None`` for the header and before.
    :param limits: the mapping's limits.
    :param utf8: the file is UTF-8: its columns are bytes; otherwise characters.
    """
    message, hint = _words(fault, limits)
    at_row = fault.code in _AT_ROW
    column: int | None = None
    if fault.code in _AT_CHARACTER:
        column = (len(fault.before) if utf8 else len(fault.before.decode())) + 1
    return TerminalError(
        fault.code,
        message,
        hint=hint,
        file=file,
        line=fault.row_line if at_row else fault.line,
        record=record,
        column=column,
    )


def not_text(head: bytes, *, encoding: str, plain: bytes, file: str) -> TerminalError | None:
    """The error for a file that is no text at all, ``None`` for text, even if it is broken.

    Asked only for a file that was refused, so that no text is ever taken for something else: it
    must hold control bytes, and either begin like a known format or hold NUL bytes among others.

    :param head: the first bytes of the file, decompressed.
    :param encoding: what the text is read in: in some of them every other byte is NUL.
    :param plain: bytes that the mapping uses as delimiter, quote or escape.
    :param file: file name.
    """
    kind = _binary_kind(head, encoding, plain)
    if kind is None:
        return None
    return TerminalError(
        ErrorCode.FILE_BINARY,
        f"The file is not text but {kind}.",
        hint="Ask the sender for CSV; if it is compressed, its name has to say so (.gz, .zst, "
        ".bz2, .xz, or .zip for an archive of one file), or compression in the mapping.",
        file=file,
    )


def _binary_kind(head: bytes, encoding: str, plain: bytes) -> str | None:
    text = head if encoding == "utf-8" else head.decode(encoding, "ignore").encode()
    controls = {byte for byte in text if byte < 0x20 or byte == 0x7F}
    controls.difference_update(_TEXT_CONTROLS, plain)
    magic = next((words for magic, words in _BINARY_MAGICS if head.startswith(magic)), None)
    if magic is not None and (controls or not _is_utf8(head)):
        return magic
    return "binary data" if 0 in controls and len(controls) > 1 else None


def _is_utf8(head: bytes) -> bool:
    try:
        head.decode()
    except UnicodeDecodeError as error:
        # The end of the head may cut a character.
        return error.end == len(head) and error.reason == "unexpected end of data"
    return True


def _words(fault: Fault, limits: Limits) -> tuple[str, str | None]:
    """Message and hint."""
    where = "" if fault.line == fault.row_line else f" It shows at line {fault.line}."
    if fault.error is not None:
        return fault.error.detail.message, fault.error.detail.hint
    texts = {
        ErrorCode.ENCODING_NUL_BYTE: (
            "The text holds a NUL byte.",
            "A file that was not written to its end often has them, and so has UTF-16 (then set "
            "csv.encoding: utf-16-le or utf-16-be); else ask the sender for a clean file.",
        ),
        ErrorCode.ENCODING_CTRL_Z: (
            "The record begins with a Ctrl-Z (byte 0x1A), which is an end mark only as the very "
            "last character of the file.",
            "Ask the sender for a clean file: often several files with end marks were put into "
            "one. Within a record it is text.",
        ),
        ErrorCode.CSV_MIXED_LINE_ENDS: (
            "The line end here is of another kind than the first one of the file.",
            "Ask the sender to write one kind of line end; line ends within a field need quotes. "
            "csv.mixed_line_ends: true in the mapping lets all kinds end a record.",
        ),
        ErrorCode.CSV_STRAY_QUOTE: (
            "A quote stands inside a field that is not quoted, or text stands beside a quoted "
            f"field, in the record that begins here.{where}",
            _cure(fault) + _QUOTE_HINT,
        ),
        ErrorCode.CSV_BAD_ESCAPE: (
            "What follows an escape has no meaning there (inside quotes: it is neither a quote nor "
            f"an escape), in the record that begins here.{where}",
            "Ask the sender to escape every escape and quote inside quotes, or correct csv.escape; "
            "csv.escape_sequences reads those of MySQL, Postgres and Spark, see docs/csv.md.",
        ),
        ErrorCode.CSV_UNCLOSED_QUOTE: (
            "A quoted field of the record that begins here is not closed before the end of the "
            "file.",
            "Either the file was cut, or a quote here is a stray one. " + _QUOTE_HINT,
        ),
        ErrorCode.CSV_RECORD_TOO_LONG: (
            f"The record that begins here is longer than {limits.bytes} bytes.",
            _LIMIT_HINT.format(key="max_record_bytes"),
        ),
        ErrorCode.CSV_RECORD_TOO_MANY_LINES: (
            f"The record that begins here has more than {limits.lines} lines.",
            _LIMIT_HINT.format(key="max_record_lines"),
        ),
    }
    return texts[fault.code]


def _cure(fault: Fault) -> str:
    """Which key may be what a quote that stands wrongly needs, told by what stands before it."""
    before = fault.before[-1:]
    if before == b"=":
        return _FORMULA_HINT
    # The fault of a closing quote shows behind it.
    return _BLANK_HINT if before in (b" ", b"\t", b'"', b"'") else ""
