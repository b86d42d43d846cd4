"""The grammar of ``docs/csv.md``, one byte after the other."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.exceptions import ErrorCode
from fuzzing.model.sequences import sequence_at

NUL = 0
CTRL_Z = 0x1A


@dataclass(frozen=True)
class Cell:
    """One field, quotes and escapes resolved; with sequences it counts as quoted."""

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

    def narrowed(self, columns: int | None = None) -> Row:
        """The row without an empty field at its end, where that is one too many.

        :param columns: ``None``: it is, however many there are.
        """
        empty = self.fields > 1 and self.cells[-1] == Cell("", False)
        if empty and columns in (None, self.fields - 1):
            return replace(self, cells=self.cells[:-1])
        return self


@dataclass
class Verdict:
    """What is wrong first.

    :param code: which error; ``None``: whatever shows first.
    :param line: physical line, 0: any.
    :param column: of a byte that is wrong.
    :param or_code: is right as well: what is seen first depends on where a block ends.
    """

    code: ErrorCode | None
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
    comments: int = 0
    kind: bytes | None = None
    verdict: Verdict | None = None

    def __post_init__(self) -> None:
        csv = self.mapping.csv
        self.kind = b"mixed" if csv.mixed_line_ends else None
        whose = csv.escape_sequences
        self._whose = whose if whose in ("mysql", "postgres") else None
        self._escape = "\\" if whose == "spark" else csv.escape or ""
        blanks = "".join(c for c in " \t" if c not in csv.delimiter) * csv.blank_around_quotes
        blank = f"[{blanks}]*" if blanks else ""
        quote, delimiter = re.escape(csv.quote), re.escape(csv.delimiter)
        self._lead = re.compile(
            f"{blank}{'=?' if csv.excel_formulas else ''}{quote}".encode() if quote else b"(?!)"
        )
        self._tail = re.compile(f"{blank}(?:{delimiter}|[\r\n]|\\Z)".encode())
        self._blanks = blanks.encode()

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
        self._raw, self._is_formula = bytearray(), False

    def _end_cell(self) -> None:
        if self._whose and self._raw == rb"\N":
            self._cells.append(Cell(r"\N", False))
            return
        text = self._value.decode()
        formula = re.fullmatch('="((?:[^"]|"")*)"', text)
        if self.mapping.csv.excel_formulas and self._quote_seen and formula:
            text = text if self._is_formula else formula[1].replace('""', '"')
        self._cells.append(
            Cell(text, self._quote_seen or (b"\\" in self._raw and bool(self._whose)))
        )

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
            if at == self._row_start and self._is_comment(at):
                self._state = "comment"
            at = self._step(at, self.text[at : at + 1])
        if self.cut:
            end = len(self.text)
            self._fail(ErrorCode.ENCODING_INVALID, self.line, self._column(end))
        if self._state in ("quoted", "escaped"):
            self._fail(ErrorCode.CSV_UNCLOSED_QUOTE, self._row_line)
        if at > self._row_start:
            self._end_row(at, at)

    def _is_comment(self, at: int) -> bool:
        mark = (self.mapping.csv.comments or "").encode()
        return bool(mark) and self.text.startswith(mark, at)

    def _column(self, at: int) -> int:
        before = self.text[self._line_start : at]
        return (len(before) if self.mapping.csv.encoding == "utf-8" else len(before.decode())) + 1

    def _is_open(self, at: int) -> bool:
        """Whether what stands here has no meaning without the bytes that cannot be decoded."""
        rest = self.text[at:]
        if self._whose and self._state not in ("comment", "closed") and rest[:1] == b"\\":
            return self._is_open_sequence(rest)
        if rest == b"\r" and not (self.kind == b"\n" and self._state not in ("quoted", "escaped")):
            self.line, self._line_start = self.line + 1, len(self.text)
            return True
        delimiter, rest = self.mapping.csv.delimiter.encode(), rest.lstrip(self._blanks)
        return self._state == "closed" and delimiter != rest and delimiter.startswith(rest)

    def _is_open_sequence(self, rest: bytes) -> bool:
        if rest == b"\\\r":
            self.line, self._line_start = self.line + 1, len(self.text)
        number = rb"|x[0-9a-fA-F]{0,2}|[0-7]{1,3}" if self._whose == "postgres" else b""
        return bool(re.fullmatch(rb"\\(\r%b)?" % number, rest))

    def _step(self, at: int, byte: bytes) -> int:
        quote, escape = self.mapping.csv.quote.encode(), self._escape.encode()
        if self._state == "comment":
            return self._line_end(at) if byte in (b"\n", b"\r") else at + 1
        if self._whose and byte == b"\\" and self._state != "closed":
            return self._sequence(at, self._whose)
        if self._state == "escaped":
            return self._behind_escape(at, byte, quote, escape)
        if self._state == "quoted":
            return self._quoted(at, byte, quote, escape)
        if self._is_beside_quote(at, byte, quote):
            self._is_formula = byte == b"="
            return at + 1
        if self._state == "closed" and byte == quote and not escape:
            self._value += byte
            self._raw += byte
            self._state = "quoted"
        elif byte == quote:
            if self._state != "start":
                self._fail(ErrorCode.CSV_STRAY_QUOTE, self._row_line)
            self._state, self._quote_seen = "quoted", True
        else:
            return self._bare(at, byte)
        return at + 1

    def _bare(self, at: int, byte: bytes) -> int:
        """A byte outside quotes that is no quote."""
        delimiter = self.mapping.csv.delimiter.encode()
        if self.text.startswith(delimiter, at):
            after = at + len(delimiter)
            self._check_size(after - 1)
            self._end_cell()
            self._new_cell()
            return after
        if byte in (b"\n", b"\r"):
            return self._line_end(at)
        if self._state == "closed":
            raise BrokenError(self._stray(at))
        self._value += byte
        self._raw += byte
        self._state = "plain"
        return at + 1

    def _is_beside_quote(self, at: int, byte: bytes, quote: bytes) -> bool:
        """Whether a byte stands between a quote and the edge of its field, and for nothing."""
        if self._state == "start":
            return byte != quote and bool(self._lead.match(self.text, at))
        blank = self._state == "closed" and byte in _bytes(self._blanks)
        return blank and bool(self._tail.match(self.text, at))

    def _behind_escape(self, at: int, byte: bytes, quote: bytes, escape: bytes) -> int:
        self._state = "quoted"
        if byte in (quote, escape):
            self._value += byte
            return at + 1
        if self.mapping.csv.escape_sequences != "spark":
            self._fail(ErrorCode.CSV_BAD_ESCAPE, self._row_line)
        self._value += escape
        return self._quoted(at, byte, quote, escape)

    def _sequence(self, at: int, whose: str) -> int:
        """A backslash and what it takes the meaning of."""
        size, value = sequence_at(self.text, at, whose)
        if value is None:
            # A number may go on behind the limit.
            limit = self._row_start + self.mapping.max_record_bytes
            or_code = ErrorCode.CSV_RECORD_TOO_LONG if at + size >= limit else None
            raise BrokenError(Verdict(ErrorCode.CSV_BAD_ESCAPE, self._row_line, or_code=or_code))
        for place in range(at + 1, min(at + size, len(self.text))):
            self._check_size(place)
            if self.text[place] == NUL:
                self._fail(ErrorCode.ENCODING_NUL_BYTE, self.line, self._column(place))
        self._value += value
        self._raw += self.text[at : at + size]
        if self._state == "start":
            self._state = "plain"
        if self.text[at + 1 : at + 2] in (b"\n", b"\r"):
            if at + size == len(self.text) and not self.cut:
                too_many = ErrorCode.CSV_RECORD_TOO_MANY_LINES
                raise BrokenError(
                    Verdict(ErrorCode.CSV_BAD_ESCAPE, self._row_line, or_code=too_many)
                )
            self._next_line(at + size)
        return at + size

    def _next_line(self, start: int) -> None:
        self._row_lines += 1
        if self._row_lines > self.mapping.max_record_lines:
            self._fail(ErrorCode.CSV_RECORD_TOO_MANY_LINES, self._row_line)
        self.line, self._line_start = self.line + 1, start

    def _stray(self, at: int) -> Verdict:
        """What is wrong with text beside a quoted field.

        It may look like a delimiter up to where the record is too long.
        """
        rest = self.text[at : self._row_start + self.mapping.max_record_bytes + 1]
        rest = rest.lstrip(self._blanks)
        delimiter = self.mapping.csv.delimiter.encode()
        is_open = len(rest) < len(delimiter) and delimiter.startswith(rest)
        or_code = ErrorCode.CSV_RECORD_TOO_LONG if is_open else None
        whose = self.mapping.csv.escape_sequences
        if whose in ("mysql", "postgres") and self.text[at : at + 1] == b"\\":
            meaningless = sequence_at(self.text, at, whose)[1] is None
            or_code = ErrorCode.CSV_BAD_ESCAPE if meaningless else or_code
        return Verdict(ErrorCode.CSV_STRAY_QUOTE, self._row_line, or_code=or_code)

    def _quoted(self, at: int, byte: bytes, quote: bytes, escape: bytes) -> int:
        if byte == quote:
            self._state = "closed"
            return at + 1
        if byte == escape:
            self._state = "escaped"
            return at + 1
        self._value += byte
        self._raw += byte
        if byte == b"\n" or (byte == b"\r" and self.text[at + 1 : at + 2] != b"\n"):
            self._next_line(at + 1)
        return at + 1

    def _line_end(self, at: int) -> int:
        end = b"\r\n" if self.text.startswith(b"\r\n", at) else self.text[at : at + 1]
        self.kind = self.kind or end
        if self.kind not in (end, b"mixed"):
            self._fail(ErrorCode.CSV_MIXED_LINE_ENDS, self.line)
        after = at + len(end)
        self._check_size(after - 1)
        self._end_row(at, after)
        self.line, self._line_start = self.line + 1, after
        self._new_row(after)
        return after

    def _end_row(self, at: int, after: int) -> None:
        if self._state == "comment":
            self.comments += 1
            return
        self._end_cell()
        blank = at == self._row_start
        self.rows.append(Row(self._row_start, after, tuple(self._cells), self._row_line, blank))


def _bytes(text: bytes) -> set[bytes]:
    return {bytes((byte,)) for byte in text}
