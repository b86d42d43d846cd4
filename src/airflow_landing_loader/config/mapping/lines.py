"""Lines of a data file that a mapping speaks of: by their whole text, or by an expression."""

from __future__ import annotations

import re
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_serializer, model_validator

from airflow_landing_loader.config.mapping.expressions import EXPRESSION_SCHEMA, check_expression
from airflow_landing_loader.config.mapping.fields import MappingModel, Text
from airflow_landing_loader.config.yaml.values import refusal
from airflow_landing_loader.exceptions import ErrorCode

Expression = Annotated[
    str, AfterValidator(check_expression), Field(json_schema_extra=EXPRESSION_SCHEMA)
]
LINE_KEYS = ("skip_lines", "data_start", "data_end")
"""Keys of ``csv`` that speak of lines."""

_SIGN = re.compile(r"[^\w ]", re.ASCII)


class LineMark(MappingModel):
    """Which lines are meant."""

    line: Text | None = Field(default=None, description="The whole text of the line.")
    match: Expression | None = Field(
        default=None, description="A regular expression (RE2) that is found in the line."
    )

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.line is None) == (self.match is None):
            raise refusal(
                ErrorCode.MAPPING_BAD_VALUE,
                "A line is given either by its whole text or by match, a regular expression.",
                hint="For example END-OF-DATA, or {match: '^END'}.",
            )
        return self

    @property
    def expression(self) -> str:
        """The regular expression for both forms."""
        if self.line is None:
            return self.match or ""
        return f"^{_SIGN.sub(_escaped, self.line)}$"

    @model_serializer
    def _as_written(self) -> str | dict[str, str | None]:
        return {"match": self.match} if self.line is None else self.line


def _escaped(sign: re.Match[str]) -> str:
    return f"\\{sign[0]}" if sign[0].isascii() and sign[0].isprintable() else sign[0]


def _short_form(value: Any) -> Any:
    return {"line": value} if isinstance(value, str) else value


LineKeys = Annotated[LineMark, BeforeValidator(_short_form)]
"""Lines as a mapping writes them: ``END-OF-DATA``, or ``{match: '^END'}``."""
