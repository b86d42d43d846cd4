"""Types that a mapping or a command may give a column: one closed list, for all warehouses."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from airflow_landing_loader.config.mapping.column_names import check_different
from airflow_landing_loader.config.mapping.dialect import ColumnName
from airflow_landing_loader.config.mapping.fields import MAX_COLUMNS
from airflow_landing_loader.config.yaml.values import any_case, did_you_mean, matches, refusal
from airflow_landing_loader.exceptions import ErrorCode

MOST_DIGITS = 38
TEXT = "VARCHAR"
PLAIN_TYPES = (TEXT, "BIGINT", "DOUBLE", "BOOLEAN", "DATE", "TIMESTAMP")
ALLOWED = f"{', '.join(PLAIN_TYPES)} and DECIMAL(digits, places)"

_SYNONYMS = {
    **dict.fromkeys(("STRING", "TEXT", "CHAR"), TEXT),
    **dict.fromkeys(("INT64", "INTEGER", "INT", "LONG"), "BIGINT"),
    **dict.fromkeys(("FLOAT64", "FLOAT", "REAL"), "DOUBLE"),
    "BOOL": "BOOLEAN",
    "DATETIME": "TIMESTAMP",
    **dict.fromkeys(("NUMERIC", "BIGNUMERIC", "DECIMAL", "NUMBER"), "DECIMAL(18, 4)"),
}
_DIGITS = r"0*(?:[1-9]|[12][0-9]|3[0-8])"
_PLACES = r"0*(?:[0-9]|[12][0-9]|3[0-8])"
TYPE_PATTERN = (
    rf"^(?:{any_case('|'.join(PLAIN_TYPES).lower())}"
    rf"|{any_case('decimal')} *\( *{_DIGITS} *, *{_PLACES} *\))$"
)
_NUMBERS = re.compile("[0-9]+")
TYPE_SCHEMA: dict[str, Any] = {
    "pattern": TYPE_PATTERN,
    "patternErrorMessage": f"One of {ALLOWED}.",
}


def column_type(text: str) -> str:
    """The type that a text names, spelled in the one way that is used: ``DECIMAL(18,4)``.

    :raises PydanticCustomError: ``mapping.bad_value``: it names none.
    """
    if not matches(TYPE_PATTERN, text):
        meant = _SYNONYMS.get(text.upper().partition("(")[0].strip())
        raise refusal(
            ErrorCode.MAPPING_BAD_VALUE,
            f"{text!r} is not a type. Allowed: {ALLOWED}, with 1 to {MOST_DIGITS} digits, of which "
            "places stand behind the point.",
            hint=f"Did you mean {meant!r}?" if meant else did_you_mean(text, PLAIN_TYPES),
        )
    numbers = [int(number) for number in _NUMBERS.findall(text)]
    if not numbers:
        return text.upper()
    digits, places = numbers
    if places > digits:
        raise refusal(
            ErrorCode.MAPPING_BAD_VALUE,
            f"{text!r} has more places behind the point than digits.",
            hint=f"Digits are all of them: DECIMAL({places},{places}) has none before the point.",
        )
    return f"DECIMAL({digits},{places})"


ColumnType = Annotated[
    str,
    Field(min_length=1, max_length=100, json_schema_extra=TYPE_SCHEMA),
    AfterValidator(column_type),
]


def _different(types: dict[str, str]) -> dict[str, str]:
    check_different(types)
    return types


ColumnTypes = Annotated[
    dict[ColumnName, ColumnType], Field(max_length=MAX_COLUMNS), AfterValidator(_different)
]
"""Types by names of columns."""
