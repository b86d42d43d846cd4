"""Types and values between our tables, the reader and BigQuery."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from google.cloud import bigquery

from airflow_landing_loader.loading.columns.drift import TableColumn
from airflow_landing_loader.loading.ledger.tables import OwnTable, plain

_OWN = {
    "VARCHAR": "STRING",
    "BIGINT": "INT64",
    "DOUBLE": "FLOAT64",
    "TIMESTAMP": "TIMESTAMP",
    "BOOLEAN": "BOOL",
    "VARCHAR[]": "ARRAY<STRING>",
}
_FIELDS = {"INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL", "RECORD": "STRUCT"}
_READER = {
    "STRING": "VARCHAR",
    "INT64": "BIGINT",
    "FLOAT64": "DOUBLE",
    "BOOL": "BOOLEAN",
    "DATE": "DATE",
    "TIME": "TIME",
    "DATETIME": "TIMESTAMP",
    "TIMESTAMP": "TIMESTAMP WITH TIME ZONE",
    "NUMERIC": "DECIMAL(38, 9)",
}
_DECIMAL = re.compile(r"(?:BIG)?NUMERIC\((\d+), (\d+)\)")
_READER_DECIMAL = re.compile(r"DECIMAL\((\d+),\s*(\d+)\)")
_MOST_DIGITS = 38  # of the reader's decimals
_NUMERIC_PLACES, _NUMERIC_DIGITS = 9, 29  # behind the point and before it
_TYPES = {theirs: ours for ours, theirs in reversed(_READER.items())}


def own_type(type_: str) -> str:
    """Return BigQuery's word for a type of our own tables."""
    return _OWN[type_]


def type_of_field(field: bigquery.SchemaField) -> str:
    """Return a column's type as SQL writes it."""
    name = _FIELDS.get(field.field_type, field.field_type)
    if field.precision is not None:
        name = f"{name}({field.precision}, {field.scale or 0})"
    return f"ARRAY<{name}>" if field.mode == "REPEATED" else name


def schema_field(name: str, type_: str) -> bigquery.SchemaField:
    """Return a column of a type as SQL writes it."""
    if match := _DECIMAL.fullmatch(type_):
        kind = type_.partition("(")[0]
        return bigquery.SchemaField(name, kind, precision=int(match[1]), scale=int(match[2]))
    return bigquery.SchemaField(name, type_)


def reader_type(type_: str) -> str | None:
    """Return the reader's word for BigQuery's, ``None`` if text is not loaded into it."""
    if match := _DECIMAL.fullmatch(type_):
        precision, scale = int(match[1]), int(match[2])
        return f"DECIMAL({precision}, {scale})" if precision <= _MOST_DIGITS else None
    return _READER.get(type_)


def type_word(type_: str) -> str:
    """Return BigQuery's word for one of the types that a mapping may give a column."""
    if match := _READER_DECIMAL.fullmatch(type_):
        digits, places = int(match[1]), int(match[2])
        small = places <= _NUMERIC_PLACES and digits - places <= _NUMERIC_DIGITS
        return f"{'' if small else 'BIG'}NUMERIC({digits}, {places})"
    return _TYPES[type_]


def reader_columns(columns: Sequence[TableColumn]) -> tuple[TableColumn, ...]:
    """Return columns with the reader's words for their types, where it has any."""
    return tuple(replace(c, type=reader_type(c.type) or c.type) for c in columns)


def cast_type(type_: str) -> str:
    """Return a type as ``CAST`` takes it: without precision, which the column enforces."""
    return type_.partition("(")[0]


def texts(name: str, values: Sequence[str]) -> bigquery.ArrayQueryParameter:
    """Return a list of texts as a parameter."""
    return bigquery.ArrayQueryParameter(name, "STRING", list(values))


def text(name: str, value: str | None) -> bigquery.ScalarQueryParameter:
    """Return a text as a parameter."""
    return bigquery.ScalarQueryParameter(name, "STRING", value)


def whole(name: str, value: int) -> bigquery.ScalarQueryParameter:
    """Return a whole number as a parameter."""
    return bigquery.ScalarQueryParameter(name, "INT64", value)


def instant(name: str, value: datetime) -> bigquery.ScalarQueryParameter:
    """Return a time as a parameter."""
    return bigquery.ScalarQueryParameter(name, "TIMESTAMP", plain(value))


def rows(
    name: str, columns: Sequence[tuple[str, str]], values: Sequence[Sequence[Any]]
) -> bigquery.ArrayQueryParameter:
    """Return rows as a parameter: an array of structs.

    :param columns: (name, type of our own tables) in the order of the values.
    """
    fields = [_parameter_type(n, t) for n, t in columns]
    kind = bigquery.StructQueryParameterType(*fields)  # type: ignore[no-untyped-call]
    structs = [
        bigquery.StructQueryParameter(
            None, *(_parameter(n, t, v) for (n, t), v in zip(columns, row, strict=True))
        )
        for row in values
    ]
    return bigquery.ArrayQueryParameter(name, kind if not structs else "STRUCT", structs)


def table_rows(table: OwnTable, values: Sequence[Sequence[Any]]) -> bigquery.ArrayQueryParameter:
    """Return rows of one of our tables as a parameter of its name."""
    return rows(table.name, table.columns, values)


def ours(value: Any) -> Any:
    """Return a value of a result as our models hold it: times in UTC without zone, tuples."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None)
    return tuple(value) if isinstance(value, list) else value


def _parameter(name: str, type_: str, value: Any) -> Any:
    if type_.endswith("[]"):
        return bigquery.ArrayQueryParameter(name, _OWN[type_[:-2]], list(value or ()))
    return bigquery.ScalarQueryParameter(name, _OWN[type_], plain(value))


def _parameter_type(name: str, type_: str) -> Any:
    element = bigquery.ScalarQueryParameterType(  # type: ignore[no-untyped-call]
        _OWN[type_.removesuffix("[]")], name=None if type_.endswith("[]") else name
    )
    if type_.endswith("[]"):
        return bigquery.ArrayQueryParameterType(element, name=name)  # type: ignore[no-untyped-call]
    return element
