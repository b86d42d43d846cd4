"""What records of a file should be like: counted for each load, and no reason to leave one out."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema, field_validator

from airflow_landing_loader.config.mapping.column_names import (
    COLUMN_NAME_SCHEMA,
    check_different,
)
from airflow_landing_loader.config.mapping.column_types import ColumnTypes
from airflow_landing_loader.config.mapping.dialect import ColumnName
from airflow_landing_loader.config.mapping.fields import MappingModel, Number

_MOST = 100
_NAME_SCHEMA: dict[str, Any] = {
    "type": "string",
    **COLUMN_NAME_SCHEMA,
}
_KEY_SCHEMA: dict[str, Any] = {
    "anyOf": [
        _NAME_SCHEMA,
        {"type": "array", "items": _NAME_SCHEMA, "minItems": 1, "maxItems": _MOST},
    ]
}


def _as_key(value: object) -> object:
    return (value,) if isinstance(value, str) else value


Key = Annotated[
    tuple[ColumnName, ...],
    Field(min_length=1, max_length=_MOST),
    BeforeValidator(_as_key),
    WithJsonSchema(_KEY_SCHEMA),
]
"""Columns whose values together belong to one record; of one column as its name alone."""


class Quality(MappingModel):
    """Rules for records. Names of columns are the table's."""

    required: Annotated[tuple[ColumnName, ...], Field(max_length=_MOST)] = Field(
        default=(), description="Columns in which no value may be missing: neither NULL nor blank."
    )
    types: ColumnTypes = Field(
        default={}, description="Types whose form each value must have, NULL and empty aside."
    )
    unique: Annotated[tuple[Key, ...], Field(max_length=_MOST)] = Field(
        default=(),
        description="Columns, or lists of columns, whose values no two records of a load share.",
    )
    fail_below: Annotated[Number, Field(gt=0, le=100)] | None = Field(
        default=None,
        description="A file with a smaller share of good records, in percent, fails.",
    )

    @field_validator("required")
    @classmethod
    def _each_once(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        check_different(value)
        return value

    @field_validator("unique")
    @classmethod
    def _of_different_parts(cls, value: tuple[Key, ...]) -> tuple[Key, ...]:
        for key in value:
            check_different(key)
        return value

    def __hash__(self) -> int:
        # Types are a dict, which pydantic cannot hash.
        return hash(self.model_dump_json())

    def sentences(self) -> tuple[str, ...]:
        """What it asks for, one short text for each rule."""
        texts = [f"{name} has a value" for name in self.required]
        texts += [f"{name} is a {type_}" for name, type_ in self.types.items()]
        texts += [f"{' and '.join(key)} {'are' if key[1:] else 'is'} unique" for key in self.unique]
        return tuple(texts)
