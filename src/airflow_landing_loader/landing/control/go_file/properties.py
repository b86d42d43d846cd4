r"""Properties, as Java reads them (``java.util.Properties.load``).

A key ends at the first ``=``, ``:`` or blank; blanks around the sign are dropped, at the end of the
value too. ``#`` and ``!`` begin a comment line. A line that ends in a backslash goes on in the next
one, whose leading blanks are dropped. ``\t``, ``\n``, ``\r``, ``\f`` and ``\uXXXX`` are characters,
a backslash before any other one is dropped. Two things are added for go files that no Java program
writes: a key with blanks in it is found without escapes, too, and a value that is a Windows path is
taken as it stands where ``\u`` in it is no escape.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NoReturn

from airflow_landing_loader.exceptions import ErrorCode, shown
from airflow_landing_loader.landing.control.go_file.at_hand import AtHand, Codes, Said, Words
from airflow_landing_loader.landing.control.go_file.named_files import is_file_key
from airflow_landing_loader.landing.control.go_file.text import LINE_END

_BLANKS = " \t\f"
_CONTINUED = re.compile(r"(?:\\\\)*\\")
_KEY = re.compile(r"((?:\\.|[^\\=: \t\f])*)[ \t\f]*[=:]?[ \t\f]*(.*)", re.DOTALL)
_KEY_WITH_BLANKS = re.compile(r"((?:\\.|[^\\=:])*)[=:](.*)", re.DOTALL)
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_MEANT = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}
_WINDOWS_PATH = re.compile(r"[A-Za-z]:\\|\\\\")
_MAX_KEYS_SHOWN = 8


@dataclass(frozen=True, kw_only=True)
class _Line:
    """A line, as the pieces of which those behind the first continue it; and where it begins."""

    pieces: tuple[str, ...]
    line: int

    @property
    def text(self) -> str:
        return "".join(self.pieces)


@dataclass(frozen=True, kw_only=True)
class _Property:
    """A key and its value; ``raw`` is the value with its backslashes."""

    key: str
    value: Words
    raw: str


def read(text: str, hand: AtHand) -> Said:
    """What a go file in this form says.

    :raises TerminalError: as ``read_go_file``.
    """
    lines = tuple(_lines(text))
    found = tuple(_property(line, _KEY) or _malformed(line, hand) for line in lines)
    hand.require_own_name(tuple(_names(found, lines)))

    def find(key: str | int, codes: Codes) -> Words:
        values = [each.value for each in found if each.key == key]
        if not values and any(blank in str(key) for blank in _BLANKS):
            with_blanks = (_property(line, _KEY_WITH_BLANKS) for line in lines)
            values = [each.value for each in with_blanks if each and each.key == key]
        if not values:
            goes_on = any(len(line.pieces) > 1 for line in lines)
            hand.fail(
                codes.missing,
                f"The go file has no key {key!r}.",
                hint=f"{_keys_found(found, goes_on=goes_on)} Correct the go file, or the mapping.",
            )
        for value in values[1:]:
            if value.text != values[0].text:
                hand.fail(
                    codes.wrong,
                    f"The key {key!r} is duplicated: lines {values[0].line} and {value.line} "
                    "contradict each other.",
                    hint="Write the key once.",
                    line=value.line,
                )
        return values[0]

    return hand.said(find)


def _lines(text: str) -> Iterator[_Line]:
    """The lines that say something, each with those that continue it."""
    pieces: list[str] = []
    first = 0
    for number, natural in enumerate(LINE_END.split(text), start=1):
        piece = natural.lstrip(_BLANKS)
        if not pieces and (not piece or piece[0] in "#!"):
            continue
        first = first if pieces else number
        if goes_on := _CONTINUED.fullmatch(piece[len(piece.rstrip("\\")) :]) is not None:
            piece = piece[:-1]
        pieces.append(piece)
        if not goes_on:
            yield _Line(pieces=tuple(pieces), line=first)
            pieces = []
    if pieces:
        yield _Line(pieces=tuple(pieces), line=first)


def _property(line: _Line, form: re.Pattern[str]) -> _Property | None:
    """A line as a property of this form; ``None`` if it is none, or has a malformed escape."""
    matched = form.fullmatch(line.text)
    if matched is None:
        return None
    key, value = map(_unescaped, matched.groups())
    raw = matched[2]
    if value is None and _WINDOWS_PATH.match(raw):
        value = raw
    if key is None or value is None:
        return None
    return _Property(
        key=key.strip(_BLANKS),
        value=Words(text=value.strip(_BLANKS), line=line.line),
        raw=raw,
    )


def _malformed(line: _Line, hand: AtHand) -> NoReturn:
    hand.fail(
        ErrorCode.GO_FILE_UNREADABLE,
        r"A \u in the go file is not followed by four hexadecimal digits, or these are half of "
        "a character.",
        hint=r"Where a backslash is meant, write two: \\users.",
        line=line.line,
    )


def _unescaped(text: str) -> str | None:
    """What a text means; ``None`` if it has an escape that means nothing."""
    if "\\" not in text:
        return text
    try:  # two of the escapes may be the halves of one character
        units = _ESCAPE.sub(_meant, text).encode("utf-16", "surrogatepass")
        return units.decode("utf-16")
    except ValueError:
        return None


def _meant(escape: re.Match[str]) -> str:
    char = escape[1]
    return chr(int(char[1:], 16)) if char[0] == "u" else _MEANT.get(char, char)


def _names(found: Sequence[_Property], lines: Sequence[_Line]) -> Iterator[tuple[Words, bool]]:
    """All values; also as they stand, which is what many senders mean by a path: its backslashes
    are no escapes, and one at its end takes nothing from the next line.
    """
    for each, line in zip(found, lines, strict=True):
        yield each.value, is_file_key(each.key)
        yield Words(text=each.raw, line=line.line), is_file_key(each.key)
        for number, piece in enumerate(line.pieces):
            if matched := _KEY.fullmatch(piece):
                yield Words(text=matched[2], line=line.line + number), is_file_key(matched[1])


def _keys_found(found: Sequence[_Property], *, goes_on: bool) -> str:
    keys = list(dict.fromkeys(shown(each.key[:40]) for each in found))
    more = ", ..." if len(keys) > _MAX_KEYS_SHOWN else ""
    listed = ", ".join(keys[:_MAX_KEYS_SHOWN])
    told = f"Its keys are: {listed}{more}." if keys else "It has no line of the form key=value."
    return f"{told} A line that ends in a backslash goes on in the next one." if goes_on else told
