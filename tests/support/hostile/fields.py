"""Fields in each form that senders write: what a cell looks like in a file."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

Draw = Callable[[Any], Any]

ENDS = st.sampled_from(("\n", "\r\n", "\r"))
_MYSQL = {"\b": "b", "\n": "n", "\r": "r", "\t": "t", "\x1a": "Z", "\\": "\\"}
_POSTGRES = {"\b": "b", "\f": "f", "\n": "n", "\r": "r", "\t": "t", "\v": "v", "\\": "\\"}

# They mean something else behind a backslash, or what they mean there depends on who wrote them.
CONTROLS = "\b\f\v\r"

texts = st.text(st.sampled_from('ab ,"\n\r\t\\=#é€N\v\b'), max_size=6)


def quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _spread(cell: str | None, draw: Draw) -> str:
    """A field with blanks beside its quotes."""
    blanks = st.text(st.sampled_from(" \t"), max_size=2)
    return "" if cell is None else draw(blanks) + quoted(cell) + draw(blanks)


def _formula(cell: str | None, draw: Draw) -> str:
    """A field as it is written for Excel, as CSV or not."""
    if cell is None:
        return ""
    forms = [f"={quoted(cell)}", quoted(f"={quoted(cell)}")]
    if not re.fullmatch('="(?:[^"]|"")*"', cell):
        forms.append(quoted(cell))
    return str(draw(st.sampled_from(forms)))


def _sequences(table: dict[str, str]) -> Callable[[str | None, Draw], str]:
    def field(cell: str | None, draw: Draw) -> str:
        if cell is None:
            return "\\N"
        # A letter behind the backslash, or, but for a CR, the character itself.
        return "".join(
            f"\\{table[c] if c in CONTROLS or draw(st.booleans()) else c}" if c in table else c
            for c in cell
        )

    return field


def _of_mysql_in_quotes(cell: str | None, draw: Draw) -> str:
    if cell is None:
        return str(draw(st.sampled_from(("\\N", '"\\N"'))))
    if not cell:
        return str(draw(st.sampled_from(("", '""'))))
    doubled = "".join(
        draw(st.sampled_from(('""', '\\"'))) if c == '"' else c for c in cell.replace("\\", "\\\\")
    )
    return f'"{doubled}"'


def _of_spark(cell: str | None, _: Draw) -> str:
    if cell is None:
        return ""
    special = any(c in ',"\n\r\\' for c in cell) or not cell
    return '"' + cell.replace("\\", "\\\\").replace('"', '\\"') + '"' if special else cell


def _plain(cell: str | None, _: Draw) -> str:
    return "" if cell is None else quoted(cell)


FORMS: dict[str, tuple[Callable[[str | None, Draw], str], dict[str, Any]]] = {
    "trailing": (_plain, {"trailing_delimiter": "ignore"}),
    "blanks": (_spread, {"blank_around_quotes": True}),
    "formulas": (_formula, {"excel_formulas": True}),
    "comments": (_plain, {"comments": "#"}),
    "mixed": (_plain, {"mixed_line_ends": True}),
    "mysql": (
        _sequences(_MYSQL),
        {"escape_sequences": "mysql", "delimiter": "\t", "quote": ""},
    ),
    "mysql in quotes": (_of_mysql_in_quotes, {"escape_sequences": "mysql"}),
    "postgres": (
        _sequences(_POSTGRES),
        {"escape_sequences": "postgres", "delimiter": "\t", "quote": ""},
    ),
    "spark": (_of_spark, {"escape_sequences": "spark"}),
}
