"""Field types that several models of a mapping share, and the base of those models."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from airflow_landing_loader.config.mapping import rules
from airflow_landing_loader.config.yaml.values import refusal, whole_number
from airflow_landing_loader.exceptions import ErrorCode

Compression = Literal["none", "gzip", "zstd", "bzip2", "xz", "zip"]
"""How the bytes of a file are compressed."""

CompressionKey = Literal["auto", "none", "gzip", "zstd", "bzip2", "xz", "zip"]

MAX_COLUMNS = 10_000
"""More columns than any warehouse here has."""


class MappingModel(BaseModel):
    """A frozen part of a mapping that refuses keys it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _position_or_name(value: object) -> object:
    value = whole_number(value)
    if isinstance(value, str) and 1 <= len(value) <= 255:
        return value
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MAX_COLUMNS:
        return value
    raise refusal(
        ErrorCode.MAPPING_BAD_VALUE,
        "A column is given by its position, counted from 1, or by its header name.",
        hint="For example 2, or record_count where the go file has a header.",
    )


def _tag(value: object) -> object:
    if value is False or (isinstance(value, str) and 1 <= len(value) <= 255):
        return value
    raise refusal(
        ErrorCode.MAPPING_BAD_VALUE,
        "A tag is the text of the trailer's first field, or false if there is none.",
        hint="For example TRAILER; a number or true must be in quotes to be text.",
    )


Text = Annotated[str, Field(min_length=1, max_length=255)]
Whole = Annotated[int, Field(strict=True), BeforeValidator(whole_number)]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Flag = Annotated[bool, Field(strict=True)]
FilePattern = Annotated[
    str, AfterValidator(rules.check_pattern), Field(json_schema_extra=rules.FILE_PATTERN_SCHEMA)
]
Exclude = Annotated[
    str, AfterValidator(rules.check_exclude), Field(json_schema_extra=rules.EXCLUDE_SCHEMA)
]
TableName = Annotated[
    str, AfterValidator(rules.check_table), Field(json_schema_extra=rules.TABLE_SCHEMA)
]
_TEXT_SCHEMA: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": 255}
ColumnRef = Annotated[
    int | str,
    BeforeValidator(_position_or_name),
    WithJsonSchema(
        {"anyOf": [{"type": "integer", "minimum": 1, "maximum": MAX_COLUMNS}, _TEXT_SCHEMA]}
    ),
]
Tag = Annotated[
    str | Literal[False],
    BeforeValidator(_tag),
    WithJsonSchema({"anyOf": [_TEXT_SCHEMA, {"const": False}]}),
]
Counted = tuple[Literal["header", "trailer"], ...]
COUNT_INCLUDES = "Records of the data file that the sender counts although they are no data."
"""What ``count_includes`` is, in all three places."""
