"""One text for each value of a typed column, from the file's literal and from the table's value.

The file says ``+007`` or ``007``, the table holds 7: both are written ``7``. Only the forms of
:mod:`~airflow_landing_loader.loading.columns.literals` are known. No engine is asked, so that this
stays a witness of what an engine made of the text.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from airflow_landing_loader.loading.columns.literals import TEXT_TYPES, literal_form

INSTANT = "TIMESTAMP WITH TIME ZONE"
"""Its values are written as microseconds since 1970, which a warehouse may give as they are."""

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 (differences of times without zones)
_MICROSECOND = timedelta(microseconds=1)


def plain(value: Any) -> str:
    """Write a value as a warehouse's client gives it."""
    match value:
        case str():
            return value
        case bool():
            return str(value).lower()
        case int():
            return str(value)
        case float():
            return repr(value + 0.0)  # no minus before zero
        case Decimal():
            return _decimal(value)
        case datetime() if value.tzinfo is not None:
            return _instant(value)
        case datetime():
            return value.isoformat(" ", "microseconds")
        case date() | time():
            return value.isoformat()
        case _:
            return str(value)


def reader_of(column_type: str) -> Callable[[str], str | None] | None:
    """Return what writes a literal of the file for a column of this type.

    Text that has not the type's form comes back as it is, since a table that holds it otherwise
    holds something else.

    :param column_type: in the reader's words.
    :return: ``None`` for a type without a documented form: its values cannot be compared.
    """
    name = column_type.upper()
    if name in TEXT_TYPES:
        return lambda text: text
    if literal_form(name) is None:
        return None
    parse = _parser(name)

    def read(text: str) -> str | None:
        if text == "":
            return None
        try:
            return plain(parse(text))
        except (ValueError, ArithmeticError, LookupError):
            return text

    return read


def _parser(name: str) -> Callable[[str], Any]:
    if name.startswith("DECIMAL"):
        return Decimal
    parsers: dict[str, Callable[[str], Any]] = {
        "DOUBLE": float,
        "BOOLEAN": lambda text: text.lower() == "true",
        "DATE": date.fromisoformat,
        "TIME": time.fromisoformat,
        "TIMESTAMP": datetime.fromisoformat,
        INSTANT: _zoned,
        "UUID": UUID,
    }
    return parsers.get(name, int)


def _decimal(value: Decimal) -> str:
    text = f"{value:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _instant(value: datetime) -> str:
    return _microseconds(value.replace(tzinfo=None), value.utcoffset() or timedelta())


def _zoned(text: str) -> int:
    """Microseconds since 1970: early hours of the year 1 have no date in every zone."""
    if text[-1] in "zZ":
        return int(_microseconds(datetime.fromisoformat(text[:-1]), timedelta()))
    local, sign, hours, minutes = text[:-6], text[-6], int(text[-5:-3]), int(text[-2:])
    offset = timedelta(hours=hours, minutes=minutes)
    return int(_microseconds(datetime.fromisoformat(local), -offset if sign == "-" else offset))


def _microseconds(local: datetime, offset: timedelta) -> str:
    return str((local - _EPOCH - offset) // _MICROSECOND)
