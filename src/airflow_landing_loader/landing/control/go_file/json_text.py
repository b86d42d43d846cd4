"""JSON text (RFC 8259) as values that know their lines; strict, and bounded in depth.

Python's own reader takes NaN and a key that stands twice, forgets where a value stood and what
digits a number had.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from json import JSONDecodeError, JSONDecoder
from typing import NoReturn

from airflow_landing_loader.exceptions import ErrorCode
from airflow_landing_loader.landing.control.go_file.at_hand import Hand
from airflow_landing_loader.landing.control.go_file.text import LINE_END

MAX_DEPTH = 50
"""Arrays and objects in each other."""

_BLANKS = re.compile(r"[ \t\r\n]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_WORD = re.compile("true|false|null")
_STRINGS = JSONDecoder()


@dataclass(frozen=True, kw_only=True)
class Scalar:
    """A string as it is meant, or a number, ``true``, ``false`` or ``null`` as it is written.

    :param line: where it begins, from 1; no part of what it says.
    """

    text: str
    is_string: bool
    line: int = field(compare=False)


@dataclass(frozen=True, kw_only=True)
class Array:
    """Values in their order."""

    items: tuple[Value, ...]
    line: int = field(compare=False)


@dataclass(frozen=True, kw_only=True)
class Object:
    """Values by name, no name twice."""

    members: tuple[tuple[str, Value], ...]
    line: int = field(compare=False)


Value = Scalar | Array | Object


def parse(text: str, hand: Hand) -> Value:
    """The one value of a JSON text.

    :raises TerminalError: ``GO_FILE_UNREADABLE`` with line and column.
    """
    return _Parser(text, hand).document()


class _Parser:
    def __init__(self, text: str, hand: Hand) -> None:
        self._text = text
        self._hand = hand
        self._at = 0
        self._lines = [0, *(end.end() for end in LINE_END.finditer(text))]

    def document(self) -> Value:
        value = self._value(0)
        if self._next():
            self._fail("there is more behind its value")
        return value

    def _value(self, depth: int) -> Value:
        first = self._next()
        if depth > MAX_DEPTH:
            self._fail(f"it is nested deeper than {MAX_DEPTH} levels")
        if first == "{":
            return self._object(depth)
        if first == "[":
            return self._array(depth)
        line = self._line()
        if first == '"':
            return Scalar(text=self._string(), is_string=True, line=line)
        found = _NUMBER.match(self._text, self._at) or _WORD.match(self._text, self._at)
        if found is None:
            self._fail("a value should stand here" if first else "it ends too early")
        self._at = found.end()
        return Scalar(text=found[0], is_string=False, line=line)

    def _object(self, depth: int) -> Object:
        line = self._line()
        members: dict[str, Value] = {}
        self._at += 1
        while self._goes_on("}", first=not members):
            if self._next() != '"':
                self._fail("a name in double quotes should stand here")
            start = self._at
            name = self._string()
            if name in members:
                self._at = start
                self._fail("a name stands twice in one object")
            if self._next() != ":":
                self._fail("a colon should stand here")
            self._at += 1
            members[name] = self._value(depth + 1)
        return Object(members=tuple(members.items()), line=line)

    def _array(self, depth: int) -> Array:
        line = self._line()
        items: list[Value] = []
        self._at += 1
        while self._goes_on("]", first=not items):
            items.append(self._value(depth + 1))
        return Array(items=tuple(items), line=line)

    def _goes_on(self, end: str, *, first: bool) -> bool:
        """Whether another item follows; passes over what stands before it."""
        sign = self._next()
        if not sign:
            self._fail("it ends too early")
        if sign not in (end, ",") and not first:
            self._fail(f"a comma or {end} should stand here")
        if sign == end or not first:
            self._at += 1
        return sign != end

    def _string(self) -> str:
        try:
            text, self._at = _STRINGS.raw_decode(self._text, self._at)
            str(text).encode()
        except JSONDecodeError as error:
            self._at = error.pos
            self._fail("the text in double quotes is broken here, or is not closed")
        except UnicodeEncodeError:
            self._fail("the text before this holds half of a character")
        return str(text)

    def _next(self) -> str:
        """The next character that is no blank; empty at the end."""
        found = _BLANKS.match(self._text, self._at)
        self._at = found.end() if found else self._at
        return self._text[self._at : self._at + 1]

    def _line(self) -> int:
        return bisect_right(self._lines, self._at)

    def _fail(self, why: str) -> NoReturn:
        line = self._line()
        self._hand.fail(
            ErrorCode.GO_FILE_UNREADABLE,
            f"The go file is not JSON: {why}.",
            hint="Ask the sender for a proper go file, or correct its format in the mapping.",
            line=line,
            column=self._at - self._lines[line - 1] + 1,
        )
