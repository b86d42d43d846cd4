"""Go files: what a sender says of its data file, read once, never guessed.

Text is UTF-8, with or without byte order mark; lines end in LF, CRLF or CR. Two forms:

* ``properties``: ``key=value`` or ``key: value``, whichever of the two signs comes first; blanks
  around both are dropped; ``#`` and ``!`` begin a comment line. A line without a sign says nothing.
  Java's line continuations and escapes are not known.
* ``csv``: fields between commas, quoted as in RFC 4180, but never over a line end; blanks around a
  field are dropped. If a column is given by its name, the first line is a header.

A count is a text of ASCII digits: no sign, no thousands separator, no decimal point. A go file that
names another data file is not this one's. One Ctrl-Z at its end is no text.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import NoReturn

from airflow_landing_loader.config.mapping.model import GoFile
from airflow_landing_loader.exceptions import ErrorCode, TerminalError, shown
from airflow_landing_loader.landing.control.counts import MAX_COUNT
from airflow_landing_loader.landing.control.named_files import is_file_key, other_file
from airflow_landing_loader.landing.model import Delivery, GoFileContent
from airflow_landing_loader.storage.model import LandedFile
from airflow_landing_loader.storage.zone import Zone

SIZE_LIMIT = 1024 * 1024

_BLANKS = " \t"
_LINE_END = re.compile(r"\r\n|\n|\r")
_DIGITS = re.compile(r"[0-9]+")
_MAX_DIGITS = len(str(MAX_COUNT))
_MAX_VALUE = 200
_MAX_KEYS_SHOWN = 8


@dataclass(frozen=True, kw_only=True)
class _Text:
    """A text from a go file and the line it stands in, from 1."""

    text: str
    line: int


@dataclass(frozen=True, kw_only=True)
class _Property:
    key: str
    value: _Text


@dataclass(frozen=True, kw_only=True)
class _Record:
    fields: tuple[str, ...]
    line: int


def read_go_file(zone: Zone, delivery: Delivery) -> GoFileContent:
    """Read a delivery's go file once, and take its count and status.

    :param zone: where it lies.
    :param delivery: with a go file, and a mapping that asks for one.
    :raises TerminalError: ``GO_FILE_UNREADABLE`` (not UTF-8, NUL byte, over 1 MiB, broken quote),
        ``GO_FILE_NO_KEY``, ``GO_FILE_NO_LINE``, ``GO_FILE_OTHER_FILE``, ``GO_FILE_BAD_COUNT`` or
        ``GO_FILE_BAD_STATUS``, all with file and line; ``LANDING_NOT_A_FILE``.
    :raises TransientError: ``LANDING_DISAPPEARED``, ``LANDING_CHANGED`` or ``LANDING_UNREADABLE``.
    """
    rules = delivery.mapping.go_file
    if delivery.go is None or rules is None:
        raise ValueError(f"{delivery.data.name!r} has no go file")
    content = _read(zone, delivery.go)
    reader = _Reader(delivery, delivery.go.name)
    lines = _LINE_END.split(reader.decode(content))
    if rules.format == "properties":
        count, status = reader.from_properties(lines, rules)
    else:
        count, status = reader.from_csv(lines, rules)
    return GoFileContent(
        expected_records=reader.count(count),
        sha256=hashlib.sha256(content).hexdigest(),
        status=None if status is None else reader.good_status(status, rules.status_ok),
    )


class _Reader:
    """Takes a go file's text apart; knows its name, so that every error has one."""

    def __init__(self, delivery: Delivery, name: str) -> None:
        self._delivery = delivery
        self._name = name

    def decode(self, content: bytes) -> str:
        if len(content) > SIZE_LIMIT:
            self._fail(
                ErrorCode.GO_FILE_UNREADABLE,
                f"The go file is larger than {SIZE_LIMIT:,} bytes.",
                hint="Check the go file's pattern: does it match data files?",
            )
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            before = content[: error.start].decode("utf-8-sig", "replace")
            self._fail(
                ErrorCode.GO_FILE_UNREADABLE,
                f"The go file is not UTF-8 text: byte {error.start + 1} is wrong.",
                hint="Write go files in UTF-8 or plain ASCII.",
                line=_line_of(before),
            )
        if "\0" in text:
            self._fail(
                ErrorCode.GO_FILE_UNREADABLE,
                "The go file holds a NUL byte: it is binary, UTF-16, or was cut by a crash.",
                hint="Write go files in UTF-8 or plain ASCII.",
                line=_line_of(text[: text.index("\0")]),
            )
        return text.removesuffix("\x1a")

    def from_properties(self, lines: Sequence[str], rules: GoFile) -> tuple[_Text, _Text | None]:
        properties = tuple(_properties(lines))
        self._require_own_name([(found.value, is_file_key(found.key)) for found in properties])
        count = self._value_of(properties, rules.row_count_key or "", ErrorCode.GO_FILE_BAD_COUNT)
        if count is None:
            self._fail(
                ErrorCode.GO_FILE_NO_KEY,
                f"The go file has no key {rules.row_count_key!r}.",
                hint=f"{_keys_found(properties)} Correct the go file, or row_count_key.",
            )
        if rules.status_key is None:
            return count, None
        status = self._value_of(properties, rules.status_key, ErrorCode.GO_FILE_BAD_STATUS)
        if status is None:
            self._fail(
                ErrorCode.GO_FILE_BAD_STATUS,
                f"The go file has no key {rules.status_key!r} with the status.",
                hint=f"{_keys_found(properties)} Correct the go file, or status_key.",
            )
        return count, status

    def from_csv(self, lines: Sequence[str], rules: GoFile) -> tuple[_Text, _Text | None]:
        records = [
            _Record(fields=self._fields(text, number), line=number)
            for number, text in enumerate(lines, start=1)
            if text.strip(_BLANKS)
        ]
        named = isinstance(rules.row_count_column, str) or isinstance(rules.status_column, str)
        header = records.pop(0) if named and records else None
        record = self._record_of(records)
        count = self._field(record, header, rules.row_count_column, ErrorCode.GO_FILE_NO_KEY)
        if rules.status_column is None:
            return count, None
        return count, self._field(record, header, rules.status_column, ErrorCode.GO_FILE_BAD_STATUS)

    def count(self, found: _Text) -> int:
        problem = None
        digits = found.text.lstrip("0")
        if not found.text:
            problem = "is empty"
        elif found.text[0] in "-\N{MINUS SIGN}":
            problem = "is negative"
        elif _DIGITS.fullmatch(found.text) is None:
            problem = "is not a whole number written in digits alone"
        elif len(digits) > _MAX_DIGITS or int(digits or "0") > MAX_COUNT:
            problem = f"is larger than {MAX_COUNT}"
        if problem:
            self._fail(
                ErrorCode.GO_FILE_BAD_COUNT,
                f"The count in the go file {problem}.",
                hint="Write it as 12345: no sign, separator, decimal point or quotes around it.",
                line=found.line,
                value=found.text[:_MAX_VALUE],
            )
        return int(digits or "0")

    def good_status(self, found: _Text, good: Sequence[str]) -> str:
        if found.text not in good:
            self._fail(
                ErrorCode.GO_FILE_BAD_STATUS,
                "The status in the go file is not one that lets the file load.",
                hint=f"Good ones are: {', '.join(good)}. Ask the sender for a complete delivery, "
                "or add the status to status_ok.",
                line=found.line,
                value=found.text[:_MAX_VALUE],
            )
        return found.text

    def _value_of(self, properties: Sequence[_Property], key: str, code: ErrorCode) -> _Text | None:
        values = [found.value for found in properties if found.key == key]
        if len({value.text for value in values}) > 1:
            self._fail(
                code,
                f"The key {key!r} is duplicated: lines {values[0].line} and {values[1].line} "
                "contradict each other.",
                hint="Write the key once.",
                line=values[1].line,
            )
        return values[0] if values else None

    def _fields(self, text: str, line: int) -> tuple[str, ...]:
        # Python's own reader, when it is strict, refuses a blank behind a quoted field.
        fields, position = [], 0
        while True:
            field, position = self._field_at(text, position, line)
            fields.append(field)
            if position >= len(text):
                return tuple(fields)
            position += 1
            if position == len(text):
                return (*fields, "")

    def _field_at(self, text: str, position: int, line: int) -> tuple[str, int]:
        """The field that begins at ``position``, and where the comma behind it stands."""
        start = position
        while start < len(text) and text[start] in _BLANKS:
            start += 1
        if text[start : start + 1] != '"':
            end = text.find(",", position)
            end = len(text) if end < 0 else end
            return text[position:end].strip(_BLANKS), end
        pieces: list[str] = []
        while True:
            close = text.find('"', start + 1)
            if close < 0:
                self._broken_quote("is not closed in its line", line)
            pieces.append(text[start + 1 : close])
            if text[close + 1 : close + 2] != '"':
                break
            pieces.append('"')
            start = close + 1
        end = close + 1
        while end < len(text) and text[end] in _BLANKS:
            end += 1
        if end < len(text) and text[end] != ",":
            self._broken_quote("is followed by something else than a comma", line)
        return "".join(pieces).strip(_BLANKS), end

    def _broken_quote(self, what: str, line: int) -> NoReturn:
        self._fail(
            ErrorCode.GO_FILE_UNREADABLE,
            f"A quoted field of the go file {what}.",
            hint='Write a quote inside a quoted field twice ("").',
            line=line,
        )

    def _require_own_name(self, texts: Sequence[tuple[_Text, bool]]) -> None:
        """Refuse texts of which one names another data file, and none this one."""
        named = other_file([(text.text, any_name) for text, any_name in texts], self._delivery)
        if named is not None:
            self._fail(
                ErrorCode.GO_FILE_OTHER_FILE,
                f"The go file of {shown(self._delivery.data.name)} names another file: "
                f"{shown(named[:_MAX_VALUE])}.",
                hint="It may be the go file of an earlier delivery under this one's name: ask the "
                "sender for the right one.",
                line=next(text.line for text, _ in texts if text.text == named),
            )

    def _record_of(self, records: Sequence[_Record]) -> _Record:
        data_name = self._delivery.data.name
        naming = [record for record in records if data_name in record.fields]
        if len({record.fields for record in naming}) > 1:
            self._fail(
                ErrorCode.GO_FILE_BAD_COUNT,
                f"The data file is duplicated in the go file: lines {naming[0].line} and "
                f"{naming[1].line} contradict each other.",
                hint="Write one line for each data file.",
                line=naming[1].line,
            )
        if naming:
            return naming[0]
        if len(records) != 1:
            self._fail(
                ErrorCode.GO_FILE_NO_LINE,
                f"The go file has {len(records)} lines with fields, and none names "
                f"{shown(data_name)}.",
                hint="Write one line, or name the data file in one field of its line.",
            )
        only = records[0]
        self._require_own_name([(_Text(text=text, line=only.line), True) for text in only.fields])
        return only

    def _field(
        self, record: _Record, header: _Record | None, column: int | str | None, code: ErrorCode
    ) -> _Text:
        place = column
        if isinstance(column, str):
            names = header.fields if header else ()
            if names.count(column) != 1:
                self._fail(
                    code,
                    f"The header of the go file has {names.count(column)} columns "
                    f"named {column!r}.",
                    hint="Correct the go file's header, or the column in the mapping; a number is "
                    "a position from 1.",
                    line=header.line if header else None,
                )
            place = names.index(column) + 1
        if not isinstance(place, int) or place > len(record.fields):
            self._fail(
                code,
                f"The line has {len(record.fields)} fields, so it has no column {place}.",
                hint="Correct the go file, or the column in the mapping.",
                line=record.line,
            )
        return _Text(text=record.fields[place - 1], line=record.line)

    def _fail(
        self,
        code: ErrorCode,
        message: str,
        *,
        hint: str,
        line: int | None = None,
        value: str | None = None,
    ) -> NoReturn:
        raise TerminalError(code, message, hint=hint, file=self._name, line=line or 1, value=value)


def _read(zone: Zone, file: LandedFile) -> bytes:
    with closing(zone.source(file).open()) as content:
        return content.read_at(SIZE_LIMIT + 1, 0)


def _properties(lines: Sequence[str]) -> Iterable[_Property]:
    for number, line in enumerate(lines, start=1):
        text = line.strip(_BLANKS)
        signs = [text.index(sign) for sign in "=:" if sign in text]
        if text[:1] in ("#", "!") or not signs:
            continue
        at = min(signs)
        yield _Property(
            key=text[:at].rstrip(_BLANKS),
            value=_Text(text=text[at + 1 :].lstrip(_BLANKS), line=number),
        )


def _keys_found(properties: Sequence[_Property]) -> str:
    keys = list(dict.fromkeys(shown(found.key[:40]) for found in properties))
    more = ", ..." if len(keys) > _MAX_KEYS_SHOWN else ""
    listed = ", ".join(keys[:_MAX_KEYS_SHOWN])
    return f"Its keys are: {listed}{more}." if keys else "It has no line of the form key=value."


def _line_of(text_before: str) -> int:
    return len(_LINE_END.findall(text_before)) + 1
