"""A line that a regular expression finds, with given texts where its named groups stand."""

from __future__ import annotations

import re._parser as regex  # type: ignore[import-not-found]
from collections.abc import Mapping
from typing import Any

from airflow_landing_loader.config.mapping.expressions import compiled
from airflow_landing_loader.exceptions import ConfigurationError, ErrorCode

_OF_CATEGORY = {
    "DIGIT": "7",
    "NOT_DIGIT": "x",
    "SPACE": " ",
    "NOT_SPACE": "x",
    "WORD": "x",
    "NOT_WORD": ":",
}
_LIKELY = "x7- _.:;/#=XQ"
_ANY = "x"


def example(expression: str, groups: Mapping[str, str] | None = None) -> str:
    """A line in which the expression is found.

    :param expression: as a mapping has it.
    :param groups: what its named groups have to find.
    :raises ConfigurationError: ``GENERATE_NO_EXAMPLE``.
    """
    groups = groups or {}
    try:
        parsed = regex.parse(expression)
        numbers = parsed.state.groupdict
        line = _text(parsed, {numbers[name]: text for name, text in groups.items()})
    except (regex.error, KeyError, RecursionError):
        raise _no_example(expression) from None
    found = compiled(expression).search(line.encode())
    if found is None or "\n" in line or "\r" in line:
        raise _no_example(expression)
    for name, text in groups.items():
        if found.group(name.encode()) != text.encode():
            raise _no_example(expression, name)
    return line


def _no_example(expression: str, group: str | None = None) -> ConfigurationError:
    why = "" if group is None else f" and in whose group {group!r} stands what has to"
    return ConfigurationError(
        ErrorCode.GENERATE_NO_EXAMPLE,
        f"No line could be made that {expression!r} finds{why}.",
        hint="Only a delivery by hand can try this mapping.",
    )


def _text(parsed: Any, groups: Mapping[int, str]) -> str:
    return "".join(_piece(str(code), argument, groups) for code, argument in parsed)


def _piece(code: str, argument: Any, groups: Mapping[int, str]) -> str:
    if code == "LITERAL":
        return chr(argument)
    if code in ("ANY", "NOT_LITERAL"):
        return _ANY if argument != ord(_ANY) else "y"
    if code == "IN":
        return _one_of(argument)
    if code == "CATEGORY":
        return _OF_CATEGORY[str(argument).removeprefix("CATEGORY_")]
    if code in ("MAX_REPEAT", "MIN_REPEAT"):
        least, _, inner = argument
        return _text(inner, groups) * max(1, int(least))
    if code == "BRANCH":
        return _text(argument[1][0], groups)
    if code == "SUBPATTERN":
        given = groups.get(argument[0])
        return _text(argument[-1], groups) if given is None else given
    if code == "AT":
        return ""
    raise KeyError(code)


def _one_of(items: Any) -> str:
    """A character of a class."""
    said = [(str(code), argument) for code, argument in items]
    if said[0][0] == "NEGATE":
        return next(char for char in _LIKELY if not any(_has(one, char) for one in said[1:]))
    code, argument = said[0]
    if code == "RANGE":
        return chr(argument[0])
    return _piece(code, argument, {})


def _has(one: tuple[str, Any], char: str) -> bool:
    code, argument = one
    if code == "LITERAL":
        return bool(argument == ord(char))
    if code == "RANGE":
        return bool(argument[0] <= ord(char) <= argument[1])
    return _piece(code, argument, {}) == char or (
        code == "CATEGORY" and str(argument) == "CATEGORY_DIGIT" and char.isdigit()
    )
