"""Which text a typed column takes: one list of literal forms for both warehouses.

Raw tables are text. Where a person gave a column a type, a value is taken only in the form below,
so that nothing is rounded, cut or guessed (a plain cast turns 12.7 into 13). Empty text is NULL.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_YEAR = r"(\d{3}[1-9]|\d{2}[1-9]\d|\d[1-9]\d{2}|[1-9]\d{3})"  # BigQuery knows no year 0
_DATE = rf"{_YEAR}-\d{{2}}-\d{{2}}"
_TIME = r"([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6})?"
_INTEGERS = frozenset(
    prefix + name
    for name in ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
    for prefix in ("", "U")
)
_DECIMAL = re.compile(r"DECIMAL\((\d+),\s*(\d+)\)")
_FIXED = {
    "DOUBLE": (
        r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?",
        "a decimal number such as -12.5 or 1e-3",
    ),
    "BOOLEAN": (r"(?i)(true|false)", "true or false"),
    "DATE": (_DATE, "YYYY-MM-DD"),
    "TIME": (_TIME, "HH:MM:SS, up to six decimals"),
    "TIMESTAMP": (rf"{_DATE}[ T]{_TIME}", "YYYY-MM-DD HH:MM:SS, up to six decimals"),
    "TIMESTAMP WITH TIME ZONE": (
        rf"{_DATE}[ T]{_TIME}(Z|[+-]\d{{2}}:\d{{2}})",
        "YYYY-MM-DD HH:MM:SS with Z or an offset such as +01:00",
    ),
    "UUID": (r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", "a UUID with hyphens"),
}
TEXT_TYPES = frozenset({"VARCHAR"})


@dataclass(frozen=True)
class LiteralForm:
    """The form that a typed column takes.

    :param pattern: RE2 pattern that the whole value must match.
    :param words: the form in words, for messages and docs.
    """

    pattern: str
    words: str


def literal_form(column_type: str) -> LiteralForm | None:
    """Return the form for a type as DuckDB spells it; ``None`` for a type that cannot be loaded.

    Integers take ``[+-]digits`` within the type's range; decimals no more places than their scale.
    """
    name = column_type.upper()
    if name in _INTEGERS:
        return LiteralForm(r"[+-]?\d+", "a whole number within the type's range")
    if match := _DECIMAL.fullmatch(name):
        scale = int(match[2])
        pattern = rf"[+-]?(\d+(\.\d{{0,{scale}}})?|\.\d{{1,{scale}}})" if scale else r"[+-]?\d+"
        return LiteralForm(pattern, f"a number with at most {scale} decimal places")
    fixed = _FIXED.get(name)
    return None if fixed is None else LiteralForm(*fixed)
