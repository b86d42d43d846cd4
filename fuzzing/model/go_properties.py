"""Properties, read once more character by character, as Java's own reader goes about it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress

from airflow_landing_loader.exceptions import ErrorCode
from fuzzing.model.go_names import CSV, FITS, OWN, Find, UnfitError, names, of_file, other

_BLANKS = " \t\f"


def logical_lines(text: str) -> Iterator[list[str]]:
    """Lines as the pieces that they are made of, without comments and blank lines."""
    pieces: list[str] = []
    line, at_start, is_comment, escaped, skipping = "", True, False, False, True
    for char in text.replace("\r\n", "\n").replace("\r", "\n") + "\n":
        if char == "\n":
            if escaped:  # goes on: its blanks at the beginning are nothing
                pieces.append(line[:-1])
                line, escaped, skipping = "", False, True
                continue
            if not is_comment and not at_start:
                yield [*pieces, line]
            pieces = []
            line, at_start, is_comment, skipping = "", True, False, True
            continue
        if skipping and char in _BLANKS:
            continue
        if at_start and char in "#!":
            is_comment = True
        skipping = at_start = False
        line += char
        escaped = char == "\\" and not escaped and not is_comment
    if not at_start:
        yield pieces  # it was to go on, and does not


def key_and_value(line: str) -> tuple[str, str]:
    """The two parts of a line: its key ends before the first sign or blank without a backslash."""
    at = 0
    while at < len(line) and line[at] not in "=:" + _BLANKS:
        at += 2 if line[at] == "\\" else 1
    rest = line[at:].lstrip(_BLANKS)
    if rest[:1] in ("=", ":"):
        rest = rest[1:].lstrip(_BLANKS)
    return line[:at], rest


def unescaped(text: str) -> str:
    """What the backslashes mean."""
    units, at = "", 0
    while at < len(text):
        char, step = text[at], 1
        if char == "\\" and at + 1 < len(text):
            char, step = text[at + 1], 2
            if char == "u":
                digits = text[at + 2 : at + 6]
                if len(digits) < 4 or any(d not in "0123456789abcdefABCDEF" for d in digits):
                    raise UnfitError(ErrorCode.GO_FILE_UNREADABLE)
                char, step = chr(int(digits, 16)), 6
            else:
                char = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}.get(char, char)
        units, at = units + char, at + step
    try:
        return units.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError as error:
        raise UnfitError(ErrorCode.GO_FILE_UNREADABLE) from error


def _value(text: str) -> str:
    try:
        return unescaped(text)
    except UnfitError:
        if re.match(r"[A-Za-z]:\\|\\\\", text):
            return text
        raise


def reader(text: str) -> Find:
    """What finds the value of a key."""
    cut_lines = list(logical_lines(text))
    lines = ["".join(pieces) for pieces in cut_lines]
    pairs = [key_and_value(line) for line in lines]
    found = [(unescaped(key).strip(_BLANKS), _value(v).strip(_BLANKS)) for key, v in pairs]
    both = [
        (key, text) for (key, v), (_, raw) in zip(found, pairs, strict=True) for text in (v, raw)
    ]
    both += [key_and_value(piece) for pieces in cut_lines for piece in pieces]
    named = [text for key, text in both if of_file(key)]
    texts = [text for _, text in both]
    if OWN not in names(texts) and (other(texts, FITS) or other(named, CSV)):
        raise UnfitError(ErrorCode.GO_FILE_OTHER_FILE)

    def find(key: str | int, missing: ErrorCode, wrong: ErrorCode) -> str:
        values = {value for name, value in found if name == key}
        if not values and " " in str(key):
            cut = [re.fullmatch(r"((?:\\.|[^=:\\])*)[=:](.*)", line, re.DOTALL) for line in lines]
            for part in filter(None, cut):
                with suppress(UnfitError):
                    if unescaped(part[1]).strip(_BLANKS) == key:
                        values.add(_value(part[2]).strip(_BLANKS))
        if not values:
            raise UnfitError(missing)
        if len(values) > 1:
            raise UnfitError(wrong)
        return values.pop()

    return find
