"""How a file proves that it is complete: its go file, its trailer record."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator
from pydantic_core.core_schema import ValidationInfo

from airflow_landing_loader.config.mapping.fields import (
    MAX_COLUMNS,
    ColumnRef,
    Counted,
    FilePattern,
    MappingModel,
    Tag,
    Text,
    Whole,
)
from airflow_landing_loader.config.yaml.values import refusal
from airflow_landing_loader.exceptions import ErrorCode

_ROW_COUNT_COLUMN = (
    "Column that holds the count, from 1; the name of the column where the go file has a header."
)
_COUNT_INCLUDES = "Records of the data file that the sender counts although they are no data."


class GoFile(MappingModel):
    """A control file that says its data file is complete and how many records it has."""

    pattern: FilePattern = Field(
        description="Name of the go file; each * stands for the same text as in the data file."
    )
    format: Literal["properties", "csv"] = Field(
        description="properties: lines key=value. csv: one line of fields, or one per data file."
    )
    row_count_key: Text | None = Field(
        default=None,
        validate_default=True,
        description="Key that holds the count; required for properties.",
    )
    row_count_column: ColumnRef | None = Field(
        default=None, validate_default=True, description=_ROW_COUNT_COLUMN + " Required for csv."
    )
    status_key: Text | None = Field(
        default=None, description="Key that holds the sender's status; properties only."
    )
    status_column: ColumnRef | None = Field(
        default=None, description="Column that holds the sender's status; csv only."
    )
    status_ok: tuple[Text, ...] = Field(
        default=("SUCCESS",),
        min_length=1,
        description="Values of the status that let the file load; any other one fails it.",
    )
    count_includes: Counted = Field(default=(), description=_COUNT_INCLUDES)

    @field_validator("row_count_key", "row_count_column")
    @classmethod
    def _count_of_format(cls, value: Any, info: ValidationInfo) -> Any:
        return _belongs(value, info, required=True)

    @field_validator("status_key", "status_column")
    @classmethod
    def _status_of_format(cls, value: Any, info: ValidationInfo) -> Any:
        return _belongs(value, info, required=False)

    @field_validator("status_ok")
    @classmethod
    def _status_is_read(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        read = ("status_key", "status_column")
        unread = all(key in info.data and info.data[key] is None for key in read)
        if value != ("SUCCESS",) and unread:
            raise refusal(
                ErrorCode.MAPPING_MISSING_KEY,
                "status_ok says which status is good, but nothing says where the status stands.",
                hint="Add status_key (properties) or status_column (csv).",
            )
        return value


def _belongs(value: Any, info: ValidationInfo, *, required: bool) -> Any:
    """Keys end in ``_key`` for properties and in ``_column`` for csv."""
    form = info.data.get("format")
    name = info.field_name or ""
    stem, _, ending = name.rpartition("_")
    if form is None:
        return value
    own = "key" if form == "properties" else "column"
    if ending == own and required and value is None:
        raise refusal(
            ErrorCode.MAPPING_MISSING_KEY,
            f"A {form} go file needs {name}: it says where the count stands.",
            hint=f"Add {name}: {'record_count' if own == 'key' else '2'}.",
        )
    if ending != own and value is not None:
        raise refusal(
            ErrorCode.MAPPING_UNKNOWN_KEY,
            f"{name} is not for a {form} go file.",
            hint=f"Use {stem}_{own}, or change format.",
        )
    return value


USUAL_TAG = "TRAILER"
"""Begins a trailer that has the shape of a data record, where the mapping names no tag."""


class Trailer(MappingModel):
    """The last record of a data file, with the count; never loaded."""

    row_count_column: Whole = Field(
        ge=1,
        le=MAX_COLUMNS,
        description="Field that holds the count, from 1; the leading tag is not counted.",
    )
    tag: Tag | None = Field(
        default=None,
        description="First field of the trailer, and of no data record. Without it the trailer "
        "begins with TRAILER, or has a number of fields that no data record has; false: no tag.",
    )
    count_includes: Counted = Field(default=(), description=_COUNT_INCLUDES)

    @property
    def expected_tag(self) -> str | None:
        """The tag that tells the trailer from data whatever its shape, if it may have one."""
        return USUAL_TAG if self.tag is None else self.tag or None
