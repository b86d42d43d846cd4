"""How the text of a data file is written."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SerializerFunctionWrapHandler,
    field_validator,
    model_serializer,
)
from pydantic_core.core_schema import ValidationInfo

from airflow_landing_loader.exceptions import ErrorCode
from airflow_landing_loader.mapping import rules
from airflow_landing_loader.mapping.fields import MAX_COLUMNS, Flag, MappingModel, Text, Whole
from airflow_landing_loader.mapping.rules import refusal

_ColumnName = Annotated[
    str,
    AfterValidator(rules.check_column_name),
    Field(json_schema_extra=rules.COLUMN_NAME_SCHEMA),
]


class CsvDialect(MappingModel):
    """How the text of a data file is written; RFC 4180 unless told otherwise."""

    auto: Flag = Field(
        default=False,
        description="Whether delimiter, quote, escape, header and skip_rows are detected for each "
        "file, as far as they are not written here.",
    )
    delimiter: Annotated[str, AfterValidator(rules.check_delimiter)] = Field(
        default=",",
        description='Between two fields: one character, or up to four ASCII ones. Tab: "\\t".',
        json_schema_extra=rules.DELIMITER_SCHEMA,
    )
    quote: Annotated[str, AfterValidator(rules.check_quote)] = Field(
        default='"',
        validate_default=True,
        description="Around a field; '' if the sender quotes nothing.",
        json_schema_extra=rules.QUOTE_SCHEMA,
    )
    escape: Annotated[str, AfterValidator(rules.check_escape)] | None = Field(
        default=None,
        description="Before a quote inside quotes. Without it such a quote is doubled.",
        json_schema_extra=rules.ESCAPE_SCHEMA,
    )
    encoding: Annotated[str, AfterValidator(rules.check_encoding)] = Field(
        default="utf-8",
        description="Encoding of the file. utf-16 needs a byte order mark. Usual spellings count.",
        json_schema_extra=rules.ENCODING_SCHEMA,
    )
    header: Flag = Field(default=True, description="Whether the first record holds the names.")
    columns: tuple[_ColumnName, ...] | None = Field(
        default=None,
        validate_default=True,
        min_length=1,
        max_length=MAX_COLUMNS,
        description="Column names of a file without a header, in file order.",
    )
    skip_rows: Whole = Field(
        default=0, ge=0, le=10_000, description="Lines before the header that are no CSV."
    )
    null_values: tuple[Text, ...] = Field(
        default=(), description="Texts that mean NULL, besides the empty field."
    )
    row_number: Flag = Field(
        default=False, description="Whether each row keeps its record number in its file."
    )

    @field_validator("quote")
    @classmethod
    def _quote_is_no_delimiter(cls, value: str, info: ValidationInfo) -> str:
        if value and value in info.data.get("delimiter", ""):
            raise refusal(
                ErrorCode.MAPPING_CONTRADICTION,
                f"The delimiter contains the quote {value!r}.",
                hint="Change one of them; quote: '' if the sender quotes nothing.",
                at=("delimiter",),
            )
        return value

    @field_validator("escape")
    @classmethod
    def _escape_has_a_quote(cls, value: str | None, info: ValidationInfo) -> str | None:
        quote = info.data.get("quote")
        if value is None or quote is None:
            return value
        if quote == "":
            raise refusal(
                ErrorCode.MAPPING_CONTRADICTION,
                "An escape works inside quotes, but quote is empty.",
                hint="Leave escape out, or give a quote.",
            )
        if value in info.data.get("delimiter", ""):
            raise refusal(
                ErrorCode.MAPPING_CONTRADICTION,
                f"The delimiter contains the escape {value!r}.",
                hint="Change one of them.",
            )
        return None if value == quote else value  # the quote doubled: what None means

    @field_validator("columns")
    @classmethod
    def _columns_without_header(
        cls, value: tuple[str, ...] | None, info: ValidationInfo
    ) -> tuple[str, ...] | None:
        header = info.data.get("header")
        if header is False and value is None:
            raise refusal(
                ErrorCode.MAPPING_MISSING_KEY,
                "A file without a header needs csv.columns: nothing else names its columns.",
                hint="Add columns: [first, second, ...] in file order.",
            )
        if header and value is not None:
            raise refusal(
                ErrorCode.MAPPING_CONTRADICTION,
                "csv.columns names the columns, but the file has a header that does.",
                hint="Leave columns out; to replace a header, add header: false and skip_rows: 1.",
            )
        return value if value is None else rules.check_different(value)

    def is_open(self, key: str) -> bool:
        """Whether a key is to be detected: ``auto`` is true and the key is not written."""
        return self.auto and key not in self.model_fields_set

    @model_serializer(mode="wrap")
    def _with_open_keys_left_out(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Read back, a default that was never written must not count as written."""
        fields: dict[str, Any] = handler(self)
        return {key: value for key, value in fields.items() if not self.is_open(key)}


def _short_form(value: object) -> object:
    return {"auto": True} if value == "auto" else value


CsvKeys = Annotated[CsvDialect, BeforeValidator(_short_form)]
"""A dialect as a mapping writes it: keys, or ``auto`` for ``{auto: true}``."""
