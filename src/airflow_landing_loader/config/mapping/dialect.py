"""How the text of a data file is written."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SerializerFunctionWrapHandler,
    field_validator,
    model_serializer,
)
from pydantic_core.core_schema import ValidationInfo

from airflow_landing_loader.config.mapping import encodings, rules
from airflow_landing_loader.config.mapping.column_names import (
    COLUMN_NAME_SCHEMA,
    check_column_name,
    check_different,
    check_rename,
)
from airflow_landing_loader.config.mapping.fields import (
    MAX_COLUMNS,
    Flag,
    MappingModel,
    Text,
    Whole,
)
from airflow_landing_loader.config.mapping.lines import LineKeys, LineMark
from airflow_landing_loader.config.yaml.values import refusal
from airflow_landing_loader.exceptions import ErrorCode

ColumnName = Annotated[
    str, AfterValidator(check_column_name), Field(json_schema_extra=COLUMN_NAME_SCHEMA)
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
    encoding: Annotated[str, AfterValidator(encodings.check_encoding)] = Field(
        default="utf-8",
        description="Character set of the file, by its usual name. utf-16 and utf-32 need a byte "
        "order mark.",
        json_schema_extra=encodings.ENCODING_SCHEMA,
    )
    header: Flag = Field(default=True, description="Whether the first record holds the names.")
    columns: tuple[ColumnName, ...] | None = Field(
        default=None,
        validate_default=True,
        min_length=1,
        max_length=MAX_COLUMNS,
        description="Column names: in file order for a file without a header; beside a header the "
        "names that it has, in any order.",
    )
    rename: Annotated[dict[str, ColumnName], Field(max_length=MAX_COLUMNS)] = Field(
        default={},
        description="Other names for columns of the header, by their names there; '' is a column "
        "without a name, '#3' the third one.",
    )
    repeated_header: Literal["refuse", "skip", "load"] = Field(
        default="refuse",
        description="A record that holds the column names again: it is refused as a bad row, left "
        "out, or loaded as data.",
    )
    skip_rows: Whole = Field(
        default=0, ge=0, le=10_000, description="Lines before the header that are no CSV."
    )
    skip_lines: LineKeys | None = Field(
        default=None,
        description="Lines right before the header or right behind it that are no records, such as "
        "a line of dashes.",
    )
    data_start: LineKeys | None = Field(
        default=None,
        description="The line behind which the header comes, or the first record where there is "
        "none. All lines up to it are no CSV.",
    )
    data_end: LineKeys | None = Field(
        default=None,
        description="The line behind the last record. It and all that follow are no CSV; a file "
        "without it is not complete.",
    )
    footer_rows: Whole = Field(
        default=0,
        ge=0,
        le=100,
        validate_default=True,
        description="Lines at the end of the file that are no CSV, blank ones counted.",
    )
    null_values: tuple[Text, ...] = Field(
        default=(), description="Texts that mean NULL, besides the empty field."
    )
    row_number: Flag = Field(
        default=False, description="Whether each row keeps its record number in its file."
    )

    @field_validator("data_start")
    @classmethod
    def _one_start(cls, value: LineMark | None, info: ValidationInfo) -> LineMark | None:
        if value is not None and info.data.get("skip_rows"):
            raise refusal(
                ErrorCode.MAPPING_CONTRADICTION,
                "skip_rows and data_start both say where the lines above the data end.",
                hint="Leave skip_rows out; lines behind data_start may be left out by skip_lines.",
            )
        return value

    @field_validator("footer_rows")
    @classmethod
    def _one_end(cls, value: int, info: ValidationInfo) -> int:
        if value and info.data.get("data_end") is not None:
            raise refusal(
                ErrorCode.MAPPING_CONTRADICTION,
                "data_end and footer_rows both say where the data end.",
                hint="Leave footer_rows out: all that follows data_end is footer.",
            )
        return value

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
    def _columns_where_no_header_is(
        cls, value: tuple[str, ...] | None, info: ValidationInfo
    ) -> tuple[str, ...] | None:
        header = info.data.get("header")
        if header is False and value is None:
            raise refusal(
                ErrorCode.MAPPING_MISSING_KEY,
                "A file without a header needs csv.columns: nothing else names its columns.",
                hint="Add columns: [first, second, ...] in file order.",
            )
        check_different(value or ())
        return value

    @field_validator("rename")
    @classmethod
    def _names_in_a_header(cls, value: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        if "columns" in info.data:
            check_rename(value, header=info.data.get("header"), columns=info.data["columns"])
        return value

    def __hash__(self) -> int:
        # The new names are a dict, which pydantic cannot hash.
        return hash(self.model_dump_json())

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
