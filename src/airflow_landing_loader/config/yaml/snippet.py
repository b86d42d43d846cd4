"""The line at fault, as a person sees it."""

from __future__ import annotations

import unicodedata

_SNIPPET_WIDTH = 100


def snippet(lines: tuple[str, ...], line: int, column: int) -> str:
    """A line of a file with its number, and a caret under one column.

    :param lines: all lines of the file.
    :param line: which one, from 1.
    :param column: character from 1; one past the end is allowed.
    """
    text = lines[line - 1] if line <= len(lines) else ""
    start = max(0, column - 1 - _SNIPPET_WIDTH // 2) if len(text) > _SNIPPET_WIDTH else 0
    visible = "".join(_printable(char) for char in text[start : start + _SNIPPET_WIDTH])
    indent = sum(_width(char) for char in visible[: column - 1 - start])
    number = f"{line:>5}"
    return f"{number} | {visible}\n{' ' * len(number)} | {' ' * indent}^"


def _printable(char: str) -> str:
    if char == "\t":
        return " "
    return char if char.isprintable() else "\ufffd"


def _width(char: str) -> int:
    """Columns of a terminal that a character takes, so that the caret stands right."""
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
