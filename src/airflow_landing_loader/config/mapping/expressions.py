"""Regular expressions in mappings: RE2's, which cannot be made to run for ever.

They run over delivered lines, and Python's own engine takes years for ``(a+)+$`` and fifty letters.
An expression sees one line at a time; ``^`` and ``$`` are its ends.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from airflow_landing_loader.config.yaml.values import refusal
from airflow_landing_loader.exceptions import ErrorCode

MAX_EXPRESSION_LENGTH = 1000
COUNT = "count"
"""The named group that holds a number of records."""

EXPRESSION_SCHEMA: dict[str, Any] = {"minLength": 1, "maxLength": MAX_EXPRESSION_LENGTH}
_OF_TEXT = re.compile(r"\\(.)|\(\?[a-zA-Z]*-?[a-zA-Z]*m", re.DOTALL)
_NOT_OF_A_LINE = frozenset("AzCQE")
_TOKEN = re.compile(r"\\.|\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\]|\$", re.DOTALL)
_ENDS = ("$", r"\b", r"\B")


def check_expression(text: str) -> str:
    """A regular expression for a line.

    :raises PydanticCustomError: ``mapping.bad_value``.
    """
    if not 1 <= len(text) <= MAX_EXPRESSION_LENGTH:
        raise refusal(
            ErrorCode.MAPPING_BAD_VALUE,
            f"A regular expression has 1 to {MAX_EXPRESSION_LENGTH} characters.",
        )
    for found in _OF_TEXT.finditer(text):
        if found[1] is None or found[1] in _NOT_OF_A_LINE:
            raise refusal(
                ErrorCode.MAPPING_BAD_VALUE,
                f"{text!r} is no regular expression for a line: {found[0]!r} speaks of other text.",
                hint="Use ^ for the beginning of the line and $ for its end.",
            )
    try:
        compiled(text)
    except ValueError as error:
        raise refusal(
            ErrorCode.MAPPING_BAD_VALUE,
            f"{text!r} is no regular expression: {error}.",
            hint="Its syntax is that of RE2, which has no look-around and no back-references; in "
            "YAML write it in single quotes.",
        ) from error
    return text


def check_counting(text: str) -> str:
    """A regular expression for a line with a named group for the number of records.

    :raises PydanticCustomError: ``mapping.bad_value``.
    """
    check_expression(text)
    if COUNT not in groups_of(text):
        raise refusal(
            ErrorCode.MAPPING_BAD_VALUE,
            f"{text!r} needs a named group {COUNT}: it holds the number of records.",
            hint=r"For example '^TRL\|(?P<count>\d+)$'.",
        )
    return text


def groups_of(expression: str) -> tuple[str, ...]:
    """The named groups of a regular expression, in order."""
    return tuple(re.findall(r"\(\?P?<(\w+)>", expression))


def require_groups(expression: str, totals: Iterable[str]) -> None:
    """See that the named groups of an expression are the count and those that hold totals.

    :param totals: the groups that are said to hold them.
    :raises PydanticCustomError: ``mapping.contradiction``.
    """
    there, asked = groups_of(expression), {COUNT, *totals}
    for group in asked - {*there}:
        raise refusal(
            ErrorCode.MAPPING_CONTRADICTION,
            f"totals speaks of the group {group!r}, which match does not have.",
            hint=f"Write (?P<{group}>...) around what holds it in the line.",
        )
    for group in there:
        if group not in asked:
            raise refusal(
                ErrorCode.MAPPING_CONTRADICTION,
                f"match has a group {group!r}, and nothing says what it holds.",
                hint=f"Name it under totals, or write (?:...) in place of (?P<{group}>...).",
                at=("match",),
            )


@lru_cache(maxsize=256)
def compiled(expression: str, *, of_lines: bool = False) -> Any:
    """Compile an expression for UTF-8 bytes; no match goes over a line feed.

    :param of_lines: it is searched in a text of several lines.
    :raises ValueError: it is none.
    """
    import re2  # type: ignore[import-untyped]

    options = re2.Options()
    options.never_nl = True
    options.log_errors = False
    source = f"(?m:{expression})" if of_lines else expression
    try:
        return re2.compile(source.encode(), options)
    except re2.error as error:
        raise ValueError(str(error.args[0].decode("utf-8", "replace"))) from error


def begun(expression: str) -> str:
    """An expression for every line that has a beginning which the given one matches.

    What an expression asks of the end of a line holds wherever the line is cut.
    """
    return _TOKEN.sub(lambda found: "(?:)" if found[0] in _ENDS else found[0], expression)
