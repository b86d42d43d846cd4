"""CSV: fields between delimiters, quoted as in RFC 4180, but never over a line end.

Blanks around a field are dropped. Of several lines the one that names the data file counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn, cast

from airflow_landing_loader.exceptions import ErrorCode
from airflow_landing_loader.landing.control.go_file.at_hand import (
    BLANKS,
    AtHand,
    ByName,
    Entry,
    Hand,
    Listed,
    Said,
    Words,
)
from airflow_landing_loader.landing.control.go_file.text import LINE_END

_Record = Entry[tuple[str, ...]]
_LINES = "lines with fields"


def read(text: str, hand: AtHand) -> Said:
    """What a go file in this form says.

    :raises TerminalError: as ``read_go_file``.
    """
    header, records = _records(text, hand)
    record = hand.own(records, _LINES, ErrorCode.GO_FILE_BAD_COUNT)
    return _said(record, header, hand)


def listed(text: str, hand: Hand) -> Listed:
    """What a go file in this form says of each data file that it names.

    :raises TerminalError: as ``read_go_file``.
    """
    header, records = _records(text, hand)
    place = cast("int | str", hand.rules.lists_files)
    missing = ErrorCode.GO_FILE_NO_KEY
    names = [_field(record, header, place, missing, hand) for record in records]
    by_name = ByName([(words.text, each) for words, each in zip(names, records, strict=True)])

    def said(hand: AtHand) -> Said:
        own = by_name.of(hand.delivery)
        return _said(hand.agreed(own, _LINES, ErrorCode.GO_FILE_BAD_COUNT), header, hand)

    return Listed(names=tuple(names), said=said)


def _records(text: str, hand: Hand) -> tuple[_Record | None, list[_Record]]:
    """The header, where there is to be one, and the lines below it."""
    fields = _Fields(hand)
    records = [
        fields.of(line, number)
        for number, line in enumerate(LINE_END.split(text), start=1)
        if line.strip(fields.blanks)
    ]
    header = records.pop(0) if hand.rules.has_header and records else None
    return header, records


def _said(record: _Record, header: _Record | None, hand: AtHand) -> Said:
    return hand.said(lambda column, codes: _field(record, header, column, codes.missing, hand))


def _field(
    record: _Record, header: _Record | None, column: int | str, missing: ErrorCode, hand: Hand
) -> Words:
    if isinstance(column, str):
        names = header.texts if header else ()
        if names.count(column) != 1:
            hand.fail(
                missing,
                f"The header of the go file has {names.count(column)} columns named {column!r}.",
                hint="Correct the go file's header, or the column in the mapping; a number is "
                "a position from 1.",
                line=header.line if header else None,
            )
        column = names.index(column) + 1
    if column > len(record.texts):
        hand.fail(
            missing,
            f"The line has {len(record.texts)} fields, so it has no column {column}.",
            hint="Correct the go file, or the column in the mapping.",
            line=record.line,
        )
    return Words(text=record.texts[column - 1], line=record.line)


@dataclass(frozen=True)
class _Fields:
    """Takes lines apart. Python's own reader, when it is strict, refuses a blank behind a quote."""

    hand: Hand

    @property
    def delimiter(self) -> str:
        return self.hand.rules.delimiter or ","

    @property
    def blanks(self) -> str:
        """What is dropped around a field: not what separates two of them."""
        return "".join(blank for blank in BLANKS if blank not in self.delimiter)

    def of(self, text: str, line: int) -> _Record:
        fields: list[str] = []
        position = -len(self.delimiter)
        while position < len(text):
            field, position = self._field_at(text, position + len(self.delimiter), line)
            fields.append(field)
        return Entry(texts=tuple(fields), content=tuple(fields), line=line)

    def _field_at(self, text: str, position: int, line: int) -> tuple[str, int]:
        """The field that begins at ``position``, and where the delimiter behind it stands."""
        start = self._behind_blanks(text, position)
        if text[start : start + 1] != '"':
            end = text.find(self.delimiter, position)
            end = len(text) if end < 0 else end
            return text[position:end].strip(self.blanks), end
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
        end = self._behind_blanks(text, close + 1)
        if end < len(text) and not text.startswith(self.delimiter, end):
            self._broken_quote("is followed by something else than a delimiter", line)
        return "".join(pieces).strip(self.blanks), end

    def _behind_blanks(self, text: str, position: int) -> int:
        while position < len(text) and text[position] in self.blanks:
            position += 1
        return position

    def _broken_quote(self, what: str, line: int) -> NoReturn:
        self.hand.fail(
            ErrorCode.GO_FILE_UNREADABLE,
            f"A quoted field of the go file {what}.",
            hint='Write a quote inside a quoted field twice ("").',
            line=line,
        )
