"""Lines of a data file that are no data and say what it holds: its trailer, its header record."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, field_validator
from pydantic_core.core_schema import ValidationInfo

from airflow_landing_loader.config.mapping.expressions import (
    EXPRESSION_SCHEMA,
    check_counting,
    require_groups,
)
from airflow_landing_loader.config.mapping.fields import (
    COUNT_INCLUDES,
    MAX_COLUMNS,
    Counted,
    MappingModel,
    Tag,
)
from airflow_landing_loader.config.mapping.totals import (
    TOTALS_DESCRIPTION,
    TotalPlace,
    Totals,
    places_of,
)
from airflow_landing_loader.config.yaml.values import refusal, whole_number
from airflow_landing_loader.exceptions import ErrorCode

CountingExpression = Annotated[
    str, AfterValidator(check_counting), Field(json_schema_extra=EXPRESSION_SCHEMA)
]
_Position = Annotated[int, Field(strict=True, ge=1, le=MAX_COLUMNS), BeforeValidator(whole_number)]

USUAL_TAG = "TRAILER"
"""Begins a trailer that has the shape of a data record, where the mapping names no tag."""


class Trailer(MappingModel):
    """The last record of a data file, or a line behind its data, with the count; never loaded."""

    row_count_column: _Position | None = Field(
        default=None,
        description="Field that holds the count, from 1; the leading tag is not counted.",
    )
    tag: Tag | None = Field(
        default=None,
        description="First field of the trailer, and of no data record. Without it the trailer "
        "begins with TRAILER, or has a number of fields that no data record has; false: no tag.",
    )
    match: CountingExpression | None = Field(
        default=None,
        validate_default=True,
        description="For a trailer that is no CSV: a regular expression (RE2) that is found in its "
        "line, with a group (?P<count>...) for the count.",
    )
    totals: Totals | None = Field(
        default=None,
        validate_default=True,
        description=f"{TOTALS_DESCRIPTION}sum_at, min_at, max_at, distinct_at, hash_total_at. A "
        "place is a field, counted as row_count_column is; with match it is a named group.",
    )
    count_includes: Counted = Field(default=(), description=COUNT_INCLUDES)

    @field_validator("match")
    @classmethod
    def _record_or_line(cls, value: str | None, info: ValidationInfo) -> str | None:
        by_column = info.data.get("row_count_column") is not None
        if value is None and not by_column and "row_count_column" in info.data:
            raise refusal(
                ErrorCode.MAPPING_MISSING_KEY,
                "A trailer needs row_count_column, or match where it is no CSV: they say where the "
                "count stands.",
                hint="Add row_count_column: 1.",
                at=("row_count_column",),
            )
        if value is not None and (by_column or info.data.get("tag") is not None):
            raise refusal(
                ErrorCode.MAPPING_CONTRADICTION,
                "match says what the trailer is and where its count stands; row_count_column and "
                "tag say it in another way.",
                hint="Leave match out, or the other two.",
            )
        return value

    @field_validator("totals")
    @classmethod
    def _in_fields_or_groups(cls, value: Totals | None, info: ValidationInfo) -> Totals | None:
        if info.data.get("match") is not None:
            return _in_groups(value, info)
        if "match" in info.data:
            for found in places_of(value):
                _require_field(found)
        return value

    @property
    def column(self) -> int:
        """``row_count_column`` of a trailer that is a record."""
        return self.row_count_column or 0

    @property
    def expected_tag(self) -> str | None:
        """The tag that tells the trailer from data whatever its shape, if it may have one."""
        return USUAL_TAG if self.tag is None else self.tag or None


class HeaderRecord(MappingModel):
    """A line above the data, with the count; never loaded."""

    match: CountingExpression = Field(
        description="A regular expression (RE2) that is found in the line, with a group "
        "(?P<count>...) for the count."
    )
    totals: Totals | None = Field(
        default=None,
        validate_default=True,
        description=f"{TOTALS_DESCRIPTION}sum_at, min_at, max_at, distinct_at, hash_total_at. A "
        "place is a named group of match.",
    )
    count_includes: Counted = Field(default=(), description=COUNT_INCLUDES)

    @field_validator("totals")
    @classmethod
    def _in_named_groups(cls, value: Totals | None, info: ValidationInfo) -> Totals | None:
        return _in_groups(value, info)


def _in_groups(totals: Totals | None, info: ValidationInfo) -> Totals | None:
    """Totals of a line that an expression describes."""
    for found in places_of(totals):
        _require_group(found)
    if info.data.get("match") is not None:
        require_groups(info.data["match"], [str(found.place) for found in places_of(totals)])
    return totals


def _require_group(found: TotalPlace) -> None:
    if not isinstance(found.place, str):
        raise refusal(
            ErrorCode.MAPPING_BAD_VALUE,
            f"{found.key} is the number {found.place}; where match describes the line, it is a "
            "named group.",
            hint="Write (?P<total>...) in match, and total here.",
            at=found.key_path,
        )


def _require_field(found: TotalPlace) -> None:
    if not isinstance(found.place, int):
        raise refusal(
            ErrorCode.MAPPING_BAD_VALUE,
            f"{found.key} is a field of the trailer, but is the text {found.place!r}.",
            hint="Give its position, from 1, the tag not counted; or describe the line by match.",
            at=found.key_path,
        )
