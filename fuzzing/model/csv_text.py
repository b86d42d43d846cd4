"""The grammar of ``docs/csv.md``, one byte after the other."""

from __future__ import annotations

from dataclasses import dataclass, field

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.exceptions import ErrorCode

NUL = 0
CTRL_Z = 0x1A


@dataclass(frozen=True)
class Cell:
    """One field, quotes and escapes resolved."""

    text: str
    quoted: bool


@dataclass
class Row:
    """A record or a blank line, from ``start`` to behind its line end; ``line`` counts from 1."""

    start: int
    stop: int
    cells: tuple[Cell, ...]
    line: int
    blank: bool

    @property
    def fields(self) -> int:
        """Number of its fields."""
        return len(self.cells)


@dataclass
class Verdict:
    """What is wrong first.

    :param code: which error.
    :param line: physical line, 0: any.
    :param column: of a byte that is wrong.
    :param or_code: is right as well: what is seen first depends on where a block ends.
    """

    code: ErrorCode
    line: int = 0
    column: int | None = None
    or_code: ErrorCode | None = None


class BrokenError(Exception):
    """The text breaks the grammar."""

    def __init__(self, verdict: Verdict) -> None:
        self.verdict = verdict


@dataclass
class SlowReader:
    """RFC 4180 and our additions, as a state machine.

    :param text: the text, in UTF-8, from its first row on.
    :param line: physical line of its beginning.
    :param cut: bytes that cannot be decoded follow the text.
    """

    text: bytes
    mapping: TableMapping
    line: int = 1
    cut: bool = False
    rows: list[Row] = field(default_factory=list)
    kind: bytes | None = None
    verdict: Verdict | None = None

    def read(self) -> SlowReader:
        """Find all rows and what is wrong first."""
        try:
            self._read()
        except BrokenError as error:
            self.verdict = error.verdict
        return self

    def _fail(self, code: ErrorCode, line: int, column: int | None = None) -> None:
        raise BrokenError(Verdict(code, line, column))

    def _new_row(self, at: int) -> None:
        self._row_start, self._row_line, self._row_lines = at, self.line, 1
        self._cells: list[Cell] = []
        self._new_cell()

    def _new_cell(self) -> None:
        self._state, self._value, self._quote_seen = "start", bytearray(), False

    def _end_cell(self) -> None:
        self._cells.append(Cell(self._value.decode(), self._quote_seen))

    def _check_size(self, at: int) -> None:
        if at - self._row_start >= self.mapping.max_record_bytes:
            self._fail(ErrorCode.CSV_RECORD_TOO_LONG, self._row_line)

    def _read(self) -> None:
        self._line_start, at = 0, 0
        self._new_row(0)
        while at < len(self.text):
            if self.text[at] == NUL:
                self._fail(ErrorCode.ENCODING_NUL_BYTE, self.line, self._column(at))
            if self.text[at] == CTRL_Z and at == self._row_start:
                self._fail(ErrorCode.ENCODING_CTRL_Z, self.line, self._column(at))
            self._check_size(at)
            if self.cut and self._is_open(at):
                break
            at = self._step(at, self.text[at : at + 1])
        if self.cut:
            end = len(self.text)
            self._fail(ErrorCode.ENCODING_INVALID, self.line, self._column(end))
        if self._state in ("quoted", "escaped"):
            self._fail(ErrorCode.CSV_UNCLOSED_QUOTE, self._row_line)
        if at > self._row_start:
            self._end_row(at, at)

    def _column(self, at: int) -> int:
        before = self.text[self._line_start : at]
        return (len(before) if self.mapping.csv.encoding == "utf-8" else len(before.decode())) + 1

    def _is_open(self, at: int) -> bool:
        """Whether what stands here has no meaning without the bytes that cannot be decoded."""
        rest = self.text[at:]
        if rest == b"\r" and not (self.kind == b"\n" and self._state not in ("quoted", "escaped")):
            self.line, self._line_start = self.line + 1, len(self.text)
            return True
        delimiter = self.mapping.csv.delimiter.encode()
        return self._state == "closed" and delimiter != rest and delimiter.startswith(rest)

    def _step(self, at: int, byte: bytes) -> int:
        dialect = self.mapping.csv
        quote, escape = dialect.quote.encode(), (dialect.escape or "").encode()
        if self._state == "quoted":
            return self._quoted(at, byte, quote, escape)
        if self._state == "escaped":
            if byte not in (quote, escape):
                self._fail(ErrorCode.CSV_BAD_ESCAPE, self._row_line)
            self._value += byte
            self._state = "quoted"
        elif self._state == "closed" and byte == quote and not escape:
            self._value += byte
            self._state = "quoted"
        elif byte == quote:
            if self._state != "start":
                self._fail(ErrorCode.CSV_STRAY_QUOTE, self._row_line)
            self._state, self._quote_seen = "quoted", True
        elif self.text.startswith(dialect.delimiter.encode(), at):
            after = at + len(dialect.delimiter.encode())
            self._check_size(after - 1)
            self._end_cell()
            self._new_cell()
            return after
        elif byte in (b"\n", b"\r"):
            return self._line_end(at)
        elif self._state == "closed":
            raise BrokenError(self._stray(at))
        else:
            self._value += byte
            self._state = "plain"
        return at + 1

    def _stray(self, at: int) -> Verdict:
        """What is wrong with text beside a quoted field.

        It may look like a delimiter up to where the record is too long.
        """
        rest = self.text[at : self._row_start + self.mapping.max_record_bytes + 1]
        delimiter = self.mapping.csv.delimiter.encode()
        is_open = len(rest) < len(delimiter) and delimiter.startswith(rest)
        or_code = ErrorCode.CSV_RECORD_TOO_LONG if is_open else None
        return Verdict(ErrorCode.CSV_STRAY_QUOTE, self._row_line, or_code=or_code)

    def _quoted(self, at: int, byte: bytes, quote: bytes, escape: bytes) -> int:
        if byte == quote:
            self._state = "closed"
            return at + 1
        if byte == escape:
            self._state = "escaped"
            return at + 1
        self._value += byte
        if byte == b"\n" or (byte == b"\r" and self.text[at + 1 : at + 2] != b"\n"):
            self._row_lines += 1
            if self._row_lines > self.mapping.max_record_lines:
                self._fail(ErrorCode.CSV_RECORD_TOO_MANY_LINES, self._row_line)
            self.line, self._line_start = self.line + 1, at + 1
        return at + 1

    def _line_end(self, at: int) -> int:
        end = b"\r\n" if self.text.startswith(b"\r\n", at) else self.text[at : at + 1]
        self.kind = self.kind or end
        if end != self.kind:
            self._fail(ErrorCode.CSV_MIXED_LINE_ENDS, self.line)
        after = at + len(end)
        self._check_size(after - 1)
        self._end_row(at, after)
        self.line, self._line_start = self.line + 1, after
        self._new_row(after)
        return after

    def _end_row(self, at: int, after: int) -> None:
        self._end_cell()
        blank = at == self._row_start
        self.rows.append(Row(self._row_start, after, tuple(self._cells), self._row_line, blank))
