"""How a sender writes numbers: in the cells of a data file, and where it gives their totals."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator
from pydantic_core.core_schema import ValidationInfo

from airflow_landing_loader.config.mapping.fields import MappingModel
from airflow_landing_loader.config.yaml.values import refusal
from airflow_landing_loader.exceptions import ErrorCode


class Numbers(MappingModel):
    """The one form that numbers have; what does not fit it is no number."""

    decimal: Literal[".", ","] = Field(
        default=".", description="Between the whole number and its fraction."
    )
    group: Literal[",", ".", " ", "'", "_", "\u2019", "\u00a0", "\u202f"] | None = Field(
        default=None,
        description="Between groups of three digits. A number may stand without it, but not with "
        "it in another place.",
    )
    negative: Literal["minus", "trailing_minus", "parentheses"] = Field(
        default="minus", description="How less than zero is written: -5.00, 5.00- or (5.00)."
    )

    @field_validator("group")
    @classmethod
    def _is_not_the_decimal_sign(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and value == info.data.get("decimal"):
            raise refusal(
                ErrorCode.MAPPING_CONTRADICTION,
                f"{value!r} cannot stand between groups of digits and before the fraction.",
                hint="Write the other sign for decimal: numbers: {decimal: ',', group: '.'} is "
                "1.234,56.",
            )
        return value
